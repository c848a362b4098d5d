"""Somebody with a session, who reads pages and sends their forms over HTTP."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from typing import Any, TypeVar
from urllib.parse import urlencode

AnyAnswer = TypeVar("AnyAnswer", bound="Answer")

PATIENCE = 30  # seconds
PASSWORD = "correct horse"
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JSON = {"Accept": "application/json"}
EVENTS = {"Accept": "application/json, text/event-stream"}
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
JSON_BODY = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, ready to be sent by anybody."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @classmethod
    def of(cls: type[AnyAnswer], response: HTTPResponse) -> AnyAnswer:
        """Return an answer that was read whole."""
        return cls(status=response.status, headers=dict(response.getheaders()), text=response.read().decode())

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str | None:
        """Return the code of problem details."""
        return self.json.get("code") if "problem+json" in self.headers.get("Content-Type", "") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of a page: where it is sent to, and its hidden fields."""

    name: str
    path: str
    hidden: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return its idempotency key, or an empty text."""
        return self.hidden.get("idempotency_key", "")


class Forms(HTMLParser):
    """The forms of a page, in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(name=given.get("data-serveraction", ""), path=given["action"]))
        elif tag == "input" and given.get("type") == "hidden" and self.found:
            self.found[-1].hidden[given["name"]] = given.get("value", "")


def form_in(page: str, name: str) -> Form:
    """Return the first form of an action.

    :raises LookupError: the page has none.
    """
    for form in Forms(page).found:
        if form.name == name:
            return form
    raise LookupError(f"The page has no form of {name}: {page[:500]!r}")


class Visitor:
    """A browser's session. Each request has a connection of its own, so that threads may share a visitor.

    :param mount: where the app is: ``/plain``.
    """

    def __init__(self, port: int, mount: str = "") -> None:
        self.port = port
        self.mount = mount
        self.cookies: dict[str, str] = {}

    # Requests

    def request(self, method: str, path: str, headers: Mapping[str, str], body: str = "") -> Request:
        own = {"Host": f"127.0.0.1:{self.port}"}
        if method not in ("GET", "HEAD"):
            own |= {"Origin": f"http://127.0.0.1:{self.port}", "Sec-Fetch-Site": "same-origin"}
        if self.cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return Request(method=method, path=path, headers={**own, **headers}, body=body)

    def form_request(self, form: Form, accept: Mapping[str, str] = HTML, **fields: str) -> Request:
        """Return what a browser sends."""
        return self.request("POST", form.path, {**accept, **URLENCODED}, urlencode({**form.hidden, **fields}))

    def call_request(self, form: Form, accept: Mapping[str, str] = JSON, key: str = "", **values: object) -> Request:
        """Return what a script sends to the form's action: JSON, the token and the key in headers."""
        headers = {**accept, **JSON_BODY, "X-CSRFToken": form.hidden["csrf_token"]}
        if key or form.key:
            headers["Idempotency-Key"] = key or form.key
        return self.request("POST", form.path, headers, json.dumps(values))

    # Answers

    def send(self, request: Request) -> Answer:
        """:raises OSError, HTTPException: no whole answer came."""
        with self.streaming(request) as response:
            return Answer.of(response)

    @contextlib.contextmanager
    def streaming(self, request: Request) -> Iterator[HTTPResponse]:
        """Give an answer whose body is still coming; the visitor is gone when the ``with`` ends."""
        with self.asking(request) as connection, connection.getresponse() as response:
            for line in response.headers.get_all("Set-Cookie", []):
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            yield response

    @contextlib.contextmanager
    def asking(self, request: Request) -> Iterator[HTTPConnection]:
        """Give a connection on which the request has been sent; it is closed when the ``with`` ends."""
        with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            body = request.body.encode() if request.body else None
            connection.request(request.method, request.path, body, dict(request.headers))
            yield connection

    def get(self, path: str, headers: Mapping[str, str] = HTML) -> Answer:
        return self.send(self.request("GET", self.mount + path, headers))

    def form(self, name: str, path: str = "/") -> Form:
        return form_in(self.get(path).text, name)

    # The example

    def sign_up(self, name: str) -> None:
        form = self.form("sign_up", "/sign-up")
        answer = self.send(self.form_request(form, name=name, password=PASSWORD))
        if (answer.status, answer.headers.get("Location")) != (303, "/"):
            raise RuntimeError(f"{name} can't sign up: {answer}")

    def token(self) -> str:
        """Return a new token for the API."""
        answer = self.send(self.call_request(self.form("renew_token", "/notes")))
        return next(each["message"] for each in answer.json["messages"] if each["category"] == "token")


def next_event(response: HTTPResponse) -> tuple[str, Any]:
    """Return the next event of a stream: its name and its data.

    :raises EOFError: the stream ended.
    """
    name = ""
    for line in iter(response.readline, b""):
        if line.startswith(b"event: "):
            name = line[7:].strip().decode()
        elif line.startswith(b"data: "):
            return name, json.loads(line[6:])
    raise EOFError("The stream has ended before its last event.")
