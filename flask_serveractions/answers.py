"""From what a function returned to the answer for whoever asked."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as WerkzeugResponse

from .call import Call
from .locations import path_in_app, redirect_target
from .negotiation import preference
from .operation import Operation, Wish
from .responses import (
    Result,
    close_to_caches,
    dumped,
    envelope,
    is_redirect,
    see_other,
    take_apart,
    without_body_headers,
)
from .revalidation import revalidated_so_far


def answer(call: Call, operation: Operation, returned: Any) -> Response:
    """Return the answer of a call that succeeded."""
    return answer_action(call, operation, returned) if call.is_action else answer_route(call, operation, returned)


def answer_route(call: Call, operation: Operation, returned: Any) -> Response:
    """Return a resource's answer: JSON for values, nothing for None, and what Flask makes of anything else."""
    if type(returned) is tuple:
        result = take_apart(returned)
        value, status, headers = result.value, result.status, result.headers
    else:
        value, status, headers = returned, None, None
    if status is None:
        status = operation.answer.status
    if value is None:
        return no_content(call, 204 if status is None else status, headers)
    dump = operation.answer.dump
    if type(value) not in (dict, list) and (isinstance(value, WerkzeugResponse) or (not dump and is_flasks_own(value))):
        whole: Any = (value, status, headers) if status or headers else value
        return call.app.make_response(whole)
    response: Response = call.app.json.response(dump(value) if dump else value)  # type: ignore[assignment]
    if status is not None:
        response.status_code = status
    if headers:
        response.headers.update(headers)
    return response


def is_flasks_own(value: Any) -> bool:
    """Whether Flask renders a value otherwise than as JSON."""
    return isinstance(value, (str, bytes, bytearray, WerkzeugResponse)) or inspect.isgenerator(value) or callable(value)


def answer_action(call: Call, operation: Operation, returned: Any) -> Response:
    if call.html and not isinstance(returned, (tuple, WerkzeugResponse)):
        return see_other(call.app, call.page_url)
    result = take_apart(returned)
    if isinstance(result.value, WerkzeugResponse):
        response = answer_response(call, result)
    elif result.status is not None and (result.status >= 400 or 300 <= result.status < 400):
        made = call.app.make_response((result.value or "", result.status, result.headers))
        response = answer_response(call, Result(made, None, Headers()))
    elif call.html:
        headers = without_body_headers(result.headers) if result.headers else None
        return see_other(call.app, call.page_url, headers)
    else:
        response = answer_json(
            call, result, data=dumped(operation.answer, result.value), status=operation.answer.status
        )
    close_to_caches(response)
    return response


def answer_response(call: Call, result: Result) -> Response:
    """Answer with a response that the function made: a redirect becomes a 303, anything else passes through."""
    response = call.app.make_response(result.value)
    response.headers.extend(result.headers)
    if result.status is not None:
        response.status_code = result.status
    if not is_redirect(response):
        return response
    location = redirect_target(response.headers["Location"], call.page, call.request.root_path)
    if location is None:
        raise ValueError(
            f"{call.label} redirects to {response.headers['Location']!r}."
            " Redirect to a path of this app, or to an http(s) URL."
        )
    headers = without_body_headers(response.headers)
    if call.html:
        return see_other(call.app, location, headers)
    return answer_json(call, Result(None, None, headers), redirect=location)


def answer_json(
    call: Call, result: Result, *, data: Any = None, redirect: str | None = None, status: int | None = None
) -> Response:
    """Answer the JavaScript client; the page that it wants is put in by the second pass."""
    preferred = preference(call.request)
    target = wished_page(call, redirect, preferred)
    headers = without_body_headers(result.headers)
    if preferred is not None:
        headers["Preference-Applied"] = f"return={preferred}"
    response = envelope(
        call.app,
        data=data,
        redirect=redirect,
        revalidated=revalidated_so_far().as_json(),
        messages=flashed_messages(call, used_up=target is None and redirect is None),
        status=result.status or status or 200,
        headers=headers,
    )
    if target is not None and call.exchange is not None:
        call.exchange.wish = Wish(target=target, as_json=True)
    return response


def wished_page(call: Call, redirect: str | None, preferred: str | None) -> str | None:
    """Return the page that goes into the answer: path and query in this app, or None."""
    if preferred == "minimal":
        return None
    if redirect is not None:
        request = call.request
        prefix = call.state.settings.url_prefix
        return path_in_app(redirect, request.host_url, request.root_path, prefix) if preferred else None
    return call.page if preferred or revalidated_so_far().concerns(call.page) else None


def flashed_messages(call: Call, *, used_up: bool) -> list[Mapping[str, str]]:
    """Return what the function flashed; the session keeps it for the page, unless none comes."""
    flashes = list(call.session.get("_flashes", ()))
    new = flashes[call.flashed :]
    if new and used_up:
        call.session["_flashes"] = flashes[: call.flashed]
    return [{"category": str(category), "message": str(message)} for category, message in new]


def nothing(call: Call) -> Response:
    """Answer a validation that found nothing (204)."""
    response = no_content(call, 204)
    close_to_caches(response)
    return response


def no_content(call: Call, status: int, headers: Headers | None = None) -> Response:
    response: Response = call.app.response_class(b"", status, headers)
    if status == 204:
        response.headers.remove("Content-Type")
    return response
