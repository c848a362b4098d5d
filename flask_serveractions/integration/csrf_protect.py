"""Flask-WTF's ``CSRFProtect``, which an app may use: it leaves our own views to their rules, and no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, abort, request

from ..app_state import AppState
from ..errors import Refusal
from ..pipeline.dispatch import log_refused
from ..scope import running_request
from ..security.origin import SAFE_METHODS, check_origin
from ..views.own_views import is_own, wraps_own


def exempt_from_csrf_protect(app: Flask, state: AppState) -> None:
    """Let ``CSRFProtect`` pass our views, whichever was initialised first."""
    functions = app.before_request_funcs.get(None, [])
    functions[:] = [except_at_own(app, state, each) if is_csrf_protect(each) else each for each in functions]


def is_csrf_protect(function: Any) -> bool:
    return getattr(function, "__module__", "") == "flask_wtf.csrf"


def except_at_own(app: Flask, state: AppState, protect: Callable[[], Any]) -> Callable[[], Any]:
    def csrf_protect() -> Any:
        view = app.view_functions.get(request.endpoint or "")
        if is_own(view):
            return None
        return check_around_own(state) if wraps_own(view) else protect()

    return csrf_protect


def check_around_own(state: AppState) -> None:
    """Hold what is wrapped around one of our views to the rule of the view itself, which comes too late for it.

    :raises Forbidden: a browser sends it from another origin.
    """
    if request.method in SAFE_METHODS:
        return
    try:
        check_origin(running_request(), state.settings.allowed_origins)
    except Refusal as refusal:
        log_refused(request.path, request.remote_addr, refusal.reason)
        abort(403, refusal.detail)
