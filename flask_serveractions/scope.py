"""What belongs to the running request alone.

It stands in the environ: ``g`` belongs to the app context, which may be kept open over many requests (tests do so,
before Flask 3.2).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import flask.globals
from flask import g, has_app_context, request


def scope() -> MutableMapping[str, Any]:
    """Return a mapping that lives as long as the request; outside of one, as long as the app context does."""
    try:
        environ: MutableMapping[str, Any] = request._get_current_object().environ  # type: ignore[attr-defined]
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
