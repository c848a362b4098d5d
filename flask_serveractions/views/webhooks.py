"""Webhooks: ``@actions.webhook(rule, verifier)``, and the verifiers of well-known senders."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, request

from ..app_state import state_of
from ..call import Call
from ..operation import ROUTE, Operation, where
from ..pipeline.dispatch import dispatch_webhook
from ..schemas.signature import compile_operation


def compile_webhook(function: Callable[..., Any], *, rule: str, verifier: Any, endpoint: str) -> Operation:
    """Return the operation of a webhook's function ``f(event)``; further parameters come from query and headers.

    :raises TypeError: it takes no event, or the verifier is none.
    """
    if not callable(getattr(verifier, "verify", None)):
        raise TypeError(f"@actions.webhook({rule!r}, {verifier!r}): give a verifier, such as webhooks.github(secret).")
    names = list(inspect.signature(function).parameters)
    if not names:
        raise TypeError(f"{where(function)} takes no argument. Write it as f(event: dict).")
    return compile_operation(
        function,
        name=endpoint,
        kind=ROUTE,
        method="POST",
        is_method=True,  # the first parameter is the event
        event=names[0],
        verifier=verifier,
        endpoint=endpoint,
        rule=rule,
    )


def add_webhook(app: Flask, operation: Operation) -> None:
    """Give a webhook its rule."""

    def view() -> Response:
        serving: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        state = state_of(serving)
        asked = request._get_current_object()  # type: ignore[attr-defined]
        call = Call(serving, state, asked, operation, ROUTE)
        call.function, call.html = operation.function, False
        return dispatch_webhook(call)

    app.add_url_rule(operation.rule, operation.endpoint, view, methods=["POST"])
