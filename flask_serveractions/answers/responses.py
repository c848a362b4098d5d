"""Answers, for whoever asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Response
from markupsafe import Markup, escape
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as WerkzeugResponse

from ..app_state import localize
from ..errors import Errors, status_phrase
from ..http.envelope import NO_PAGE
from ..http.headers import BODY_HEADERS, add_headers, headers_of, names_in, without
from ..http.negotiation import CLOSED_TO_CACHES, HTML_UTF8, JSON, PROBLEM
from .json_texts import is_flasks_own, json_body, plain_body, to_json

if TYPE_CHECKING:
    from flask import Flask

    from ..operation import Answer, Operation, Submission


#: the names of the headers that close an answer to caches
CLOSING = frozenset(name.lower() for name, _ in CLOSED_TO_CACHES)


class Result(NamedTuple):
    """What a function returned, taken apart as Flask does: ``value, status, headers``."""

    value: Any
    status: int | None = None
    headers: Headers | None = None
    status_line: str | None = None  # "299 Strange", where the status was a text


def split_result(returned: Any, answer: Answer) -> Result:
    """Return value, status and headers of a result; ``(value, status)``, ``(value, headers)`` or all three.

    :param answer: what the annotation says: two objects of a list are its items, and the second is no headers.
    """
    if type(returned) is not tuple or not 2 <= len(returned) <= 3:  # a named tuple is a value
        return Result(returned)
    value, *rest = returned
    if len(rest) == 1 and type(rest[0]) is int and 100 <= rest[0] <= 599:  # as nearly every one
        return Result(value, rest[0])
    status, headers = rest if len(rest) == 2 else (rest[0], None)
    if is_status(status):
        line = status if isinstance(status, str) and len(status) > 3 else None
        return Result(value, status_code(status), None if headers is None else Headers(headers), line)
    if len(rest) == 1 and is_headers(status) and not (answer.is_list and isinstance(value, Mapping)):
        return Result(value, None, Headers(status))
    if status is None and is_headers(headers):
        return Result(value, None, Headers(headers))
    return Result(returned)


def is_headers(value: Any) -> bool:
    """Whether the second of two values is headers, in one of the forms that Flask takes."""
    if isinstance(value, (dict, Headers)):
        return True
    pairs = value if isinstance(value, (list, tuple)) else ()
    return bool(pairs) and all(isinstance(each, (list, tuple)) and len(each) == 2 for each in pairs)


def is_status(value: Any) -> bool:
    if isinstance(value, str):
        return value[:3].isdigit()
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599


def status_code(value: int | str) -> int:
    return int(value[:3]) if isinstance(value, str) else int(value)


def dump_value(answer: Answer, value: Any) -> Any:
    """Return a value through the schema of the return annotation, where there is one."""
    return value if answer.dump is None or value is None else answer.dump(value)


def json_response(app: Flask, value: Any, status: int | None = None, operation: Operation | None = None) -> Response:
    """Return what ``app.json.response(value)`` does, with a status.

    :param operation: what returned the value, for messages.
    :raises TypeError: it can't be JSON.
    """
    provider: Any = app.json
    if not is_flasks_own(provider) or provider.mimetype != JSON:
        theirs: Response = provider.response(value)
        if status is not None:
            theirs.status_code = status
        return theirs
    return whole_response(app, json_body(app, provider, value, operation), status)


def whole_response(
    app: Flask, body: bytes, status: int | None = None, media_type: str = JSON, headers: Headers | None = None
) -> Response:
    """Return a response whose body is one element of ``response.response``."""
    response = app.response_class([body], status, headers, content_type=media_type)
    response.headers.add("Content-Length", str(len(body)))
    return response


def plain_json(app: Flask, operation: Operation, returned: Any) -> Response:
    """Return a result that is 200 and JSON."""
    body = plain_body(app, operation, returned)
    if body is not None:
        return whole_response(app, body)
    dump = operation.answer.dump
    return json_response(app, returned if dump is None else dump(returned))


def problem_response(
    app: Flask,
    status: int,
    detail: str,
    *,
    errors: Errors | None = None,
    code: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    with_page: bool = False,
    closed: bool = True,
    **extensions: Any,
) -> Response:
    """Return problem details (RFC 9457).

    :param errors: ``{field: [messages]}``.
    :param with_page: whether a page may come in it.
    :param closed: to caches.
    :param extensions: further members, such as ``login`` or ``instance``; None is left out.
    """
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": status_phrase(status),
        "status": status,
        "detail": detail,
    }
    for name, value in (("code", code), *extensions.items()):
        if value is not None:
            document[name] = value
    if errors is not None:
        document["errors"] = errors
    text = to_json(app, document).rstrip("\n").encode()
    body = b"%b,%b\n" % (text[:-1].rstrip(), NO_PAGE) if with_page else text + b"\n"
    response = whole_response(app, body, status, PROBLEM)
    if headers:
        response.headers.extend(headers)
    if closed:
        close_to_caches(response)
    return response


def see_other(app: Flask, location: str, headers: Headers | None = None) -> Response:
    """Return a redirect that is followed by GET (RFC 9110, 15.4.4), closed to caches."""
    if not headers and app.response_class is Response:  # which has no headers of its own: a seventieth of an action
        response = app.response_class(None, 303, content_type=HTML_UTF8)
        add_headers(response.headers, (("Content-Length", "0"), ("Location", location), *CLOSED_TO_CACHES))
        return response
    response = app.response_class("", 303, headers, content_type=HTML_UTF8)
    response.headers["Location"] = location
    close_to_caches(response)
    return response


def is_redirect(response: WerkzeugResponse) -> bool:
    return response.status_code in (301, 302, 303, 307, 308) and "Location" in response.headers


def without_body_headers(headers: Headers | None) -> Headers:
    return headers_of(without(headers, BODY_HEADERS)) if headers else Headers()


def close_to_caches(response: WerkzeugResponse) -> None:
    """Set the headers of every answer of the action door, unless the function said otherwise."""
    headers = response.headers
    if CLOSING.isdisjoint(names_in(headers)):  # as nearly every answer
        add_headers(headers, CLOSED_TO_CACHES)
        return
    if headers.get("Cache-Control", "no-cache") == "no-cache":  # Flask's send_file says so by itself
        headers["Cache-Control"] = "no-store"
    vary = headers.get("Vary")
    if vary is None:
        headers["Vary"] = "Accept, Cookie"
    elif vary != "Accept, Cookie":
        response.vary.update(("Accept", "Cookie"))
    headers["X-Content-Type-Options"] = "nosniff"


PAGE = Markup(
    """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<main>
<h1>{title}</h1>
<p role="alert">{message}</p>
{errors}{values}<p><a href="{back}">{back_to_page}</a></p>
</main>
</html>
"""
)
VALUES = Markup("<h2>{}</h2>\n<dl>\n{}</dl>\n")


def plain_page(app: Flask, status: int, submission: Submission, back: str, declared: frozenset[str]) -> Response:
    """Return the built-in page: the message, the errors, and what was typed.

    :param back: where the form stood, with ``SCRIPT_NAME``.
    :param declared: the first parts of the names that may be shown.
    """
    errors = [
        f"<li>{escape(text if name.startswith('_') else f'{name}: {text}')}</li>\n"
        for name, texts in submission.errors.items()
        for text in texts
    ]
    values = [
        f"<dt>{escape(name)}</dt>\n<dd><pre>{escape(text)}</pre></dd>\n"  # Markup.format takes five times as long
        for name, value in submission.values.items()
        if re.split("[.-]", name)[0] in declared or name in declared  # WTForms nests with hyphens
        for text in (value if isinstance(value, list) else [value])
    ]
    body = PAGE.format(
        language=localize(app, "en"),
        title=localize(app, status_phrase(status)),
        message=submission.message,
        errors=Markup(f"<ul>\n{''.join(errors)}</ul>\n") if errors else "",  # noqa: S704  # escaped above
        values=VALUES.format(localize(app, "What you sent"), Markup("".join(values))) if values else "",  # noqa: S704  # too
        back=back,
        back_to_page=localize(app, "Back to the page"),
    )
    return app.response_class(body, status, content_type=HTML_UTF8)
