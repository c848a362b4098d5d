"""What a resource's ``get`` answers now: conditional changes are held against it (RFC 9110, 13)."""

from __future__ import annotations

from flask import Response
from werkzeug.exceptions import HTTPException

from ..answers.render import answer_route
from ..app_state import run_awaitable
from ..arguments.bodies import Received
from ..arguments.loading import load_arguments, load_path
from ..call import Call
from ..errors import ActionError
from ..http.conditional import (
    CHANGING_METHODS,
    Conditions,
    Current,
    body_of,
    check_preconditions,
    current_of,
    entity_tag,
    is_whole,
)
from ..operation import Operation
from ..scope import scope
from ..security.access import IDENTITY, authorise
from .listing import paginate_result, requested_page

GONE = frozenset({404, 410})
SENDING_METHODS = frozenset({"PUT", "PATCH"})


def check_conditions(call: Call, operation: Operation) -> None:
    """Hold the conditions of a change against what ``get`` answers now.

    :raises PreconditionFailed: 412.
    :raises PreconditionRequired: 428, where the class sets ``require_if_match``.
    """
    if operation.method not in CHANGING_METHODS:
        return
    conditions = Conditions.of(call.request.environ)
    required = getattr(operation.owner, "require_if_match", False)
    current = current_state(call, operation) if conditions.concern_change() else Current()
    check_preconditions(operation.method, conditions, current, required=required)


def current_state(call: Call, operation: Operation) -> Current:
    """Return what there is now. What is gone is nothing to PUT, which may make it anew; else its 404 comes through."""
    reading = call.siblings.get("GET")
    if reading is None:
        return Current()
    check_may_read(call, operation, reading)
    try:
        return current_of(read(call, reading), bool(reading.paginate))
    except (HTTPException, ActionError) as error:
        status = error.status if isinstance(error, ActionError) else error.code
        if status in GONE and operation.method == "PUT":
            return Current()
        raise


def tag_new_state(call: Call, operation: Operation, response: Response) -> None:
    """Give an answer to PUT or PATCH its entity tag, where it is what ``get`` answers now (RFC 9110, 9.3.4).

    That is seen by asking ``get``, where both may answer alike.
    """
    reading = call.siblings.get("GET")
    if operation.method not in SENDING_METHODS or reading is None or not may_be_alike(operation, reading, response):
        return
    try:
        check_may_read(call, operation, reading)
        current = read(call, reading)
    except Exception:  # it was changed: what reading it would say is another request's
        return
    is_alike = current.status_code == 200 and current.content_type == response.content_type and is_whole(current)
    if is_alike and body_of(current) == body_of(response):
        response.headers["ETag"] = current.headers.get("ETag") or entity_tag(body_of(current))


def may_be_alike(operation: Operation, reading: Operation, response: Response) -> bool:
    """Whether an answer to a change may be the very one that ``get`` gives."""
    if response.status_code not in (200, 201) or "ETag" in response.headers or not is_whole(response):
        return False
    changed, read = operation.answer, reading.answer
    return not reading.paginate and type(changed.schema) is type(read.schema) and changed.many == read.many


def check_may_read(call: Call, operation: Operation, reading: Operation) -> None:
    """Ask the hook where reading takes more than the change does: a tag that fits would tell what there is.

    :raises Refusal: 401; whatever the hook raises comes through.
    """
    if reading.requires <= operation.requires and (reading.public or not operation.public):
        return
    authorise(call.app, call.state.hook, reading, load_path(reading, call.path_values))
    scope()[IDENTITY] = call.identity


def read(call: Call, reading: Operation) -> Response:
    """Return what ``get`` answers now, a list page by page, at the URL of the change."""
    path_values = call.path_values
    arguments = {**load_arguments(reading, call.request, Received()), **load_path(reading, path_values)}
    wanted = requested_page(call, reading)
    function = call.view.get
    if reading.is_async:
        function = call.app.ensure_sync(function)
    returned = run_awaitable(call.app, function(**arguments))
    if wanted is not None:
        returned = paginate_result(call, reading, returned, wanted)
    return answer_route(call, reading, returned)
