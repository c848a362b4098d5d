"""``paginate``: what a resource's ``get`` returns is given out page by page."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from ..answers.responses import Result, split_result
from ..call import Call
from ..operation import Operation
from .pagination import (
    MAX_PER_PAGE,
    PER_PAGE,
    PER_PAGE_ARGUMENT,
    CursorRequest,
    PageRequest,
    current_path,
    cursor_headers,
    cursor_request,
    page_headers,
    page_request,
    paginate,
    paginate_by_cursor,
)
from .selects import session_among

BY_CURSOR = "cursor"

Wanted = PageRequest | CursorRequest


def requested_page(call: Call, operation: Operation) -> Wanted | None:
    """Return which page is asked for; None where the resource is not given out in pages.

    :raises Invalid: 422, numbers that are none.
    """
    if not operation.paginate:
        return None
    asked = cursor_request if operation.paginate == BY_CURSOR else page_request
    return asked(call.request.args, per_page=per_page_of(operation))


def per_page_of(operation: Operation) -> int:
    """Return how many there are on a page that says nothing: the default of the function's own ``per_page``."""
    own = [each.default for each in operation.located if each.key == PER_PAGE_ARGUMENT]
    return next((each for each in own if isinstance(each, int) and 1 <= each <= MAX_PER_PAGE), PER_PAGE)


def is_list(result: Result) -> bool:
    """Whether a result is what is given out in pages: neither a response, nor a refusal, nor nothing."""
    return not (result.value is None or isinstance(result.value, Response) or (result.status or 200) >= 300)


def paginate_result(call: Call, operation: Operation, returned: Any, wanted: Wanted) -> Any:
    """Return ``(items, status, headers)`` of the page that is wanted, with its ``Link`` header.

    A response, a refusal and None are returned as they are.

    :raises Invalid: 422, a cursor of another list.
    :raises TypeError: what was returned is neither a sequence nor a Select.
    """
    result = split_result(returned, operation.answer)
    if not is_list(result):
        return returned
    session, path = session_among(call.app.extensions), current_path(call.request)
    if isinstance(wanted, PageRequest):
        page = paginate(result.value, wanted, session)
        items, links = page.items, page_headers(page, path)
    else:
        ring = call.state.signing.ring
        cut = paginate_by_cursor(result.value, wanted, ring, session=session, scope=operation.name)
        items, links = cut.items, cursor_headers(cut, path)
    return items, result.status or operation.answer.status or 200, Headers([*(result.headers or ()), *links])
