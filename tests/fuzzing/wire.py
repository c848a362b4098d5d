"""Requests as a WSGI server hands them over, as raw as they come, and what is wrong with an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from flask import Flask, got_request_exception
from werkzeug.test import run_wsgi_app

CONTENT = ("content-type", "content-length")
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
IN_A_LINE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
MARK = "<i9x>"  # sent everywhere; in no page may it come back as an element
OWN_PLACE = re.compile(r"(http://localhost)?/(?!/)[\x21-\x7e]*", re.ASCII)

Headers = Iterable[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request on its way: bytes, as a client wrote them."""

    method: str
    target: bytes  # path and query
    headers: tuple[tuple[str, bytes], ...] = ()
    body: bytes = b""
    more: Mapping[str, Any] = field(default_factory=dict)  # of the environ


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


def environ_of(sent: Sent) -> dict[str, Any]:
    """Return what a WSGI server makes of a request (PEP 3333): latin-1 text; repeated headers joined."""
    path, _, query = sent.target.partition(b"?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": sent.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": str(len(sent.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(sent.body),
        "wsgi.errors": StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    own: dict[str, str] = {}
    for name, value in sent.headers:
        key = name.upper().replace("-", "_")
        key = key if name.lower() in CONTENT else f"HTTP_{key}"
        text = value.decode("latin-1")
        own[key] = f"{own[key]},{text}" if key in own else text
    return {**environ, **own, **sent.more}


def answer_to(app: Flask, sent: Sent) -> Got:
    """Return the app's answer.

    :raises AssertionError: it is 500 or above, or malformed; the bug that made it so is its cause.
    """
    got, bugs = got_from(app, sent)
    if got.status >= 500:
        raise AssertionError(f"{got.status} for {sent}") from next(iter(bugs), None)
    try:
        check_well_formed(got, sent)
    except (AssertionError, ValueError) as error:
        raise AssertionError(f"{error}: {got} for {sent}") from error
    return got


def got_from(app: Flask, sent: Sent) -> tuple[Got, list[Exception]]:
    """Return the answer, and what was raised on the way to it."""
    bugs: list[Exception] = []

    def note(sender: Flask, exception: Exception, **more: Any) -> None:
        bugs.append(exception)

    with got_request_exception.connected_to(note, app):
        chunks, status, headers = run_wsgi_app(app.wsgi_app, environ_of(sent), buffered=True)
        body = b"".join(chunks)
    return Got(int(status[:3]), list(headers), body), bugs


def check_well_formed(got: Got, sent: Sent) -> None:
    for name, value in got.headers:
        assert HEADER_NAME.fullmatch(name), f"header {name!r}"
        assert IN_A_LINE.fullmatch(value), f"{name}: {value!r}"
    length = got.header("content-length")
    assert not length or sent.method == "HEAD" or got.status == 304 or int(length) == len(got.body), "length"
    if got.status in (204, 304):
        assert not got.body, "a body where none may be"
    if got.status in (301, 302, 303, 307, 308):
        assert OWN_PLACE.fullmatch(got.header("location")), "leads elsewhere"
    kind = got.header("content-type").partition(";")[0]
    check_body(kind, got)


def check_body(kind: str, got: Got) -> None:
    if kind.endswith("json") and got.body:
        document = json.loads(got.body.decode(), parse_constant=not_json)
        if kind == "application/problem+json":
            assert document["status"] == got.status, "another status"
            assert isinstance(document["title"], str), "no title"
    elif kind == "text/html":
        assert MARK not in got.body.decode(), "not escaped"


def not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} in JSON")
