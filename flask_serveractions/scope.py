"""The running request, and what belongs to it alone.

Flask's proxies look for what they stand for at each use, which takes some thirty calls: what is used more than once is
taken from behind them first.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

import flask.globals
from flask import current_app, g, has_app_context, request, session

if TYPE_CHECKING:
    from flask import Flask, Request


def running_app() -> Flask:
    """Return the app itself, behind ``current_app``."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def running_request() -> Request:
    """Return the request itself, behind Flask's proxy."""
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    return asked


def running_session() -> Any:
    """Return the session itself, behind Flask's proxy."""
    return session._get_current_object()  # type: ignore[attr-defined]


def scope() -> MutableMapping[str, Any]:
    """Return a mapping that lives as long as the request; outside of one, as long as the app context does.

    It is the environ: ``g`` belongs to the app context, which may be kept open over many requests (tests do so, before
    Flask 3.2).
    """
    try:
        environ: MutableMapping[str, Any] = running_request().environ
    except RuntimeError:  # there is none
        return vars(g._get_current_object()) if has_app_context() else {}
    return environ


def request_context() -> Any:
    """Return Flask's context of the running request."""
    context: Any = flask.globals.app_ctx._get_current_object()  # type: ignore[attr-defined]
    if not hasattr(context, "has_request"):  # before Flask 3.2 a request has a context of its own
        context = flask.globals.request_ctx._get_current_object()  # type: ignore[attr-defined]
    return context


def tear_down_with(error: Exception) -> None:
    """Give a bug that is answered here to the teardown functions, as Flask does with one that it answers itself.

    What commits in them where nothing went wrong must know.
    """
    context = request_context()

    def pop(*_: Any) -> None:
        del context.pop
        context.pop(error)

    context.pop = pop
