"""The short way of the commonest call: a GET that takes its path, its function and its answer, and no other step.

The pipeline's other steps would find nothing to do, and take a tenth of a small answer. What fails here, and what
returns something else than JSON, goes the pipeline's own way from there on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Request, Response

from ..answers.json_texts import plain_body
from ..answers.render import answer_resource, is_plain_json, with_entity_tag
from ..answers.responses import whole_response
from ..app_state import AppState
from ..arguments.loading import load_path
from ..call import Call
from ..errors import Refusal
from ..http.negotiation import JSON
from ..operation import ROUTE, Operation
from ..signals import action_called
from .dispatch import handle_exception
from .execution import leave_to_wrappers, send_called_signal


def is_plain_read(operation: Operation) -> bool:
    """Whether a GET has arguments of its path alone, and no mark that asks, counts or varies."""
    steps = (
        operation.has_body,
        operation.located,
        operation.files,
        operation.requires,
        operation.limits,
        operation.checks,
        operation.vary,
        operation.paginate,
        operation.is_async,
    )
    return operation.method == "GET" and not any(steps)


def is_asked_plainly(state: AppState, environ: Mapping[str, Any]) -> bool:
    """Whether no step has anything to look at in a request: nearly every one of a program."""
    accept = environ.get("HTTP_ACCEPT", "*/*")
    return (
        (JSON in accept or "*/*" in accept)
        and "q=0" not in accept
        and state.registry.hook is None
        and not environ.get("QUERY_STRING")  # a flood of arguments is refused
        and "HTTP_AUTHORIZATION" not in environ  # the answer is for one caller
        and "HTTP_IF_NONE_MATCH" not in environ
        and "HTTP_IF_MATCH" not in environ
    )


def read_plainly(
    app: Flask, state: AppState, asked: Request, operation: Operation, view: Any, values: dict[str, Any]
) -> Response:
    """Call the ``get`` of a view, whose operation :func:`is_plain_read`, and answer."""
    try:
        arguments = load_path(operation, values) if values else values
        returned = view.get(**arguments)
    except Exception as error:
        call = call_of(app, state, asked, operation, view, values)
        if operation.is_wrapped and not isinstance(error, Refusal):
            leave_to_wrappers(call, error)
            raise
        return handle_exception(call, error)
    try:
        if action_called.receivers or not is_plain_json(app, operation, returned):
            return answer_otherwise(call_of(app, state, asked, operation, view, values), operation, returned)
        body = plain_body(app, operation, returned)
        if body is None:
            return answer_resource(call_of(app, state, asked, operation, view, values), operation, returned)
        return with_entity_tag(whole_response(app, body))
    except Exception as error:
        return handle_exception(call_of(app, state, asked, operation, view, values), error)


def answer_otherwise(call: Call, operation: Operation, returned: Any) -> Response:
    send_called_signal(call, operation, returned)
    return answer_resource(call, operation, returned)


def call_of(
    app: Flask, state: AppState, asked: Request, operation: Operation, view: Any, values: dict[str, Any]
) -> Call:
    """Return the call of a resource's method."""
    call = Call(app, state, asked, operation, ROUTE)
    call.function = getattr(view, operation.method.lower())
    call.view, call.path_values = view, values
    return call
