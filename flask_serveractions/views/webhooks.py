"""Webhooks: ``@actions.webhook(rule, verifier)``, and the verifiers of well-known senders."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Any

from flask import Flask, Response

from ..app_state import state_of
from ..call import Call
from ..operation import ROUTE, Operation, where
from ..pipeline.dispatch import dispatch_webhook
from ..schemas.annotations import NOTHING, is_class, unfold, union_members
from ..schemas.results import holds_schema
from ..schemas.signature import compile_operation
from ..schemas.type_hints import local_names, resolved_hints
from ..scope import running_app, running_request


def compile_webhook(
    function: Callable[..., Any], *, rule: str, verifier: Any, endpoint: str, max_content_length: int | None = None
) -> Operation:
    """Return the operation of a webhook's function ``f(event)``; further parameters come from query and headers.

    :raises TypeError: it takes no event, or one that is neither a dict nor a list, or the verifier is none.
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
        event_types=event_types(function, names[0]),
        max_content_length=max_content_length,
        verifier=verifier,
        endpoint=endpoint,
        rule=rule,
    )


def event_types(function: Callable[..., Any], name: str) -> tuple[type[Any], ...]:
    """Return what kinds of message a function takes: ``(dict,)``, ``(list,)``, or both where it does not say.

    :raises TypeError: its annotation says something else, which nothing would load.
    """
    annotation = resolved_hints(function, local_names(function, {})).get(name, Any)
    said = unfold(annotation)
    kinds = {kind_of(unfold(each).plain) for each in union_members(said.plain) or (said.plain,)} - {NOTHING}
    if holds_schema(annotation) or None in kinds:
        raise TypeError(
            f"{where(function)}: the event {name!r} is what the sender wrote. Annotate it as dict, list or dict | list,"
            " and load what it holds in the function."
        )
    both = Any in kinds
    return tuple(each for each in (dict, list) if both or each in kinds)


def kind_of(plain: Any) -> Any:
    """Return dict, list, NoneType, or Any; None for what a message never is."""
    made = typing.get_origin(plain) or plain
    if made in (Any, object, NOTHING):
        return NOTHING if made is NOTHING else Any
    if typing.is_typeddict(made):
        return dict
    if not is_class(made):
        return None
    return next((each for each in (dict, list) if issubclass(each, made)), None)


def add_webhook(app: Flask, operation: Operation) -> None:
    """Give a webhook its rule."""

    def view() -> Response:
        serving = running_app()
        state = state_of(serving)
        asked = running_request()
        call = Call(serving, state, asked, operation, ROUTE)
        call.function, call.html = operation.function, False
        return dispatch_webhook(call)

    app.add_url_rule(operation.rule, operation.endpoint, view, methods=["POST"])
