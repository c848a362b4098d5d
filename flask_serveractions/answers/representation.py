"""What a resource's ``get`` answers now: conditional changes are held against it (RFC 9110, 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

from ..app_state import run_awaitable
from ..arguments.bodies import Received
from ..arguments.loading import load_arguments, load_path
from ..call import Call
from ..errors import ActionError
from ..http.conditional import CHANGING_METHODS, check_preconditions, entity_tag, has_conditions
from ..operation import Operation
from ..scope import scope
from ..security.access import IDENTITY, authorise
from .render import answer_route

GONE = frozenset({404, 410})


def check_conditions(call: Call, operation: Operation) -> None:
    """Hold ``If-Match`` and ``If-None-Match`` of a change against what ``get`` answers now.

    :raises PreconditionFailed: 412.
    :raises PreconditionRequired: 428, where the class sets ``require_if_match``.
    """
    if operation.method not in CHANGING_METHODS:
        return
    headers = call.request.headers
    if_match, if_none_match = headers.get("If-Match"), headers.get("If-None-Match")
    required = getattr(operation.owner, "require_if_match", False)
    current = current_tag(call, operation, if_match is not None) if has_conditions(if_match, if_none_match) else None
    check_preconditions(operation.method, if_match, if_none_match, current, required=required)


def current_tag(call: Call, operation: Operation, must_be_there: bool) -> str | None:
    """Return the entity tag of the current representation; None where there is none.

    :param must_be_there: let the 404 of a resource that is not there come through.
    """
    reading = call.siblings.get("GET")
    if reading is None:
        return None
    check_may_read(call, operation, reading)
    try:
        response = answer_route(call, reading, read(call, reading, call.path_values))
    except (HTTPException, ActionError) as error:
        status = error.status if isinstance(error, ActionError) else error.code
        if status in GONE and not must_be_there:
            return None
        raise
    return tag_of(response)


def check_may_read(call: Call, operation: Operation, reading: Operation) -> None:
    """Ask the hook where reading takes more than the change does: a tag that fits would tell what there is.

    :raises Refusal: 401; whatever the hook raises comes through.
    """
    if reading.requires <= operation.requires and (reading.public or not operation.public):
        return
    authorise(call.app, call.state.hook, reading, load_path(reading, call.path_values))
    scope()[IDENTITY] = call.identity


def read(call: Call, reading: Operation, path_values: Mapping[str, Any]) -> Any:
    arguments = {**load_arguments(reading, call.request, Received()), **load_path(reading, path_values)}
    function = call.function.__self__.get
    return (
        run_awaitable(call.app, call.app.ensure_sync(function)(**arguments))
        if reading.is_async
        else function(**arguments)
    )


def tag_of(response: Response) -> str | None:
    if response.status_code >= 300 or response.direct_passthrough or not response.is_sequence:
        return response.headers.get("ETag")
    return response.headers.get("ETag") or entity_tag(response.get_data())
