"""A webhook's message: its signature is the caller's identity, and each message is handled once."""

from __future__ import annotations

import time
from typing import Any

from flask import Response

from ..answers.render import answer_route
from ..app_state import run_awaitable
from ..arguments.bodies import Received, check_encoding, check_size, parse_urlencoded, read_whole
from ..arguments.json_bodies import parse_json
from ..arguments.loading import load_arguments
from ..call import Call
from ..errors import Refusal, SignatureError
from ..http.negotiation import URLENCODED
from ..operation import Operation
from ..shared.once import claim_message, complete_message, running
from .execution import invoke

NO_OBJECT = "The message is no JSON object."
NO_EVENT = "The message is not of the kind that is taken here."
NOT_GENUINE = "The signature is missing, wrong or too old."


def deliver(call: Call) -> Response:
    """Verify a message and hand it to its function, unless that was done before."""
    operation: Operation = call.operation  # type: ignore[assignment]
    check_encoding(call.request)
    check_size(call.request, call.limit)
    body = read_whole(call.request, call.limit)
    message = verified(call, operation, body)
    event = event_of(call, operation, body)
    located = load_arguments(operation, call.request, Received())
    held = claim_message(call.state.store, (operation.name, message))
    if held is None:
        return call.app.response_class(b"", 200)
    with running(call.state.store, held):
        returned = invoke(call, operation, {**located, operation.event: event})
    complete_message(call.state.store, held)
    return answer_route(call, operation, returned)


def event_of(call: Call, operation: Operation, body: bytes) -> Any:
    """Return what a message says, in JSON or as a form: what its ``payload`` holds, or else its fields.

    :raises Refusal: 400, it is neither an object nor a list, or not what the function takes.
    """
    event = parse_form(body) if call.request.mimetype == URLENCODED else parse_json(body, "utf-8")
    if not isinstance(event, operation.event_types):
        detail = NO_OBJECT if operation.event_types == (dict,) else NO_EVENT
        raise Refusal(400, f"a webhook's message that is a {type(event).__name__}", detail)
    return event


def parse_form(body: bytes) -> Any:
    fields: dict[str, list[str]] = {}
    for name, value in parse_urlencoded(body, "utf-8"):
        fields.setdefault(name, []).append(value)
    if "payload" in fields:
        return parse_json(fields["payload"][0].encode(), "utf-8")
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}


def verified(call: Call, operation: Operation, body: bytes) -> str:
    """Return the message's ID.

    :raises Refusal: 400.
    """
    verifier: Any = operation.verifier
    try:
        message: str = run_awaitable(call.app, verifier.verify(call.request.headers, body, time.time()))
    except SignatureError as error:
        raise Refusal(400, f"webhook: {error}", NOT_GENUINE) from None
    return message
