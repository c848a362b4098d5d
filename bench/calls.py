"""Calls made ready before the clock runs: an environ, a body, and the status to expect."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import urlencode

from werkzeug.test import Client, EnvironBuilder

from .todos import FORM

WSGI = Callable[..., Iterable[bytes]]
ORIGIN = "http://localhost"
BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
    "Origin": ORIGIN,
    "Referer": f"{ORIGIN}/",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}


def ignore_start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
    """Take the head of an answer and do nothing with it; no contender asks for WSGI's ``write``."""


class Sends(Protocol):
    """What can be measured: one request, or several."""

    def send(self) -> bytes: ...

    def status(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to one application, to be sent many times."""

    app: WSGI
    environ: dict[str, Any]
    body: bytes

    def send(self, start_response: Callable[..., Any] = ignore_start) -> bytes:
        """Run the request through the application and return the body of the answer."""
        answer = self.app({**self.environ, "wsgi.input": BytesIO(self.body)}, start_response)
        try:
            return b"".join(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()

    def status(self) -> int:
        statuses: list[str] = []
        self.send(lambda status, *_: statuses.append(status))
        return int(statuses[0].split()[0])


def call(app: WSGI, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Call:
    builder = EnvironBuilder(path=path, method=method, base_url=f"{ORIGIN}/", headers=headers, data=body or None)
    return Call(app=app, environ=builder.get_environ(), body=body)


def json_call(app: WSGI, method: str, path: str, value: object = None) -> Call:
    """Return a call as an API client makes it: it has no session and none of a browser's headers."""
    accept = {"Accept": "application/json"}
    if value is None:
        return call(app, method, path, accept)
    return call(app, method, path, {**accept, "Content-Type": "application/json"}, json.dumps(value).encode())


class Form(HTMLParser):
    """The first form of a page: where it is sent to, and its hidden fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.action = self.action or attributes["action"] or ""
        if tag == "input" and attributes.get("type") == "hidden":
            self.hidden[attributes["name"] or ""] = attributes["value"] or ""


def form_call(app: WSGI, like: Call | None = None) -> Call:
    """Return what a browser sends when the form of the page ``/`` is submitted: cookie, token and all.

    :param like: another application's call, whose cookie and fields to send: for one that has none of its own.
    """
    client = Client(app)
    form = Form(client.get("/").text)
    if like is not None:
        return call(app, "POST", form.action, browser_headers(like.environ["HTTP_COOKIE"]), like.body)
    # sent once before, so that the session is that of a visitor who has been here for a while
    client.post(form.action, data={**form.hidden, **FORM}, headers=BROWSER)
    form = Form(client.get("/").text)
    cookie = client.get_cookie("session")
    assert cookie is not None, "a protected form needs a session"
    body = urlencode({**form.hidden, **FORM}).encode()
    return call(app, "POST", form.action, browser_headers(f"session={cookie.value}"), body)


def browser_headers(cookie: str) -> dict[str, str]:
    return {**BROWSER, "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
