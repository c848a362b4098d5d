"""What is measured: requests, the answers that they must get, and what each is held against."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from .visitor import EVENTS, HTML, JSON, JSON_BODY, URLENCODED, Request, Visitor
from .wrk import UNIQUE

TODOS = 10  # on the list that is loaded
FORM, READ, SCRIPT, STREAM = "bare: form", "bare: GET", "bare: JSON", "bare: stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request, sent again and again."""

    title: str
    against: str  # the title of a bare view's case; its own for a bare view
    request: Request
    status: int

    @property
    def streams(self) -> bool:
        return "text/event-stream" in self.request.headers.get("Accept", "")

    def check(self, visitor: Visitor) -> None:
        """Send it once.

        :raises RuntimeError: the answer is another one; its time would mean nothing.
        """
        answer = visitor.send(one_of_a_kind(self.request))
        if answer.status != self.status or (self.streams and "event: result" not in answer.text):
            raise RuntimeError(f"{self.title}: the answer is {answer}, not {self.status}.")


def one_of_a_kind(request: Request) -> Request:
    """Return a request as wrk sends it."""
    number = secrets.token_hex(8)
    headers = {name: value.replace(UNIQUE, number) for name, value in request.headers.items()}
    return replace(request, headers=headers, body=request.body.replace(UNIQUE, number))


def cases(port: int) -> list[Case]:
    """Return the cases, for visitors who sign up at the server."""
    return [*bare(Visitor(port)), *alone(Visitor(port, "/plain")), *example(port)]


def bare(visitor: Visitor) -> list[Case]:
    form = visitor.request("POST", "/bare/form", {**HTML, **URLENCODED}, "text=tea")
    script = visitor.request("POST", "/bare/json", {**JSON, **JSON_BODY}, '{"text": "tea"}')
    stream = visitor.request("POST", "/bare/stream", {**EVENTS, **JSON_BODY}, '{"text": "tea"}')
    return [
        Case(title=READ, against=READ, request=visitor.request("GET", "/bare/", JSON), status=200),
        Case(title=FORM, against=FORM, request=form, status=303),
        Case(title=SCRIPT, against=SCRIPT, request=script, status=200),
        Case(title=STREAM, against=STREAM, request=stream, status=200),
    ]


def alone(visitor: Visitor) -> list[Case]:
    """The extension alone: the functions do nothing, and there is no database."""
    greet, once, count = (visitor.form(name) for name in ("greet", "greet_once", "count"))
    get, form, call = visitor.request, visitor.form_request, visitor.call_request
    return [
        Case(title="resource: GET", against=READ, request=get("GET", "/plain/api/hello", JSON), status=200),
        Case(title="cached function", against=READ, request=get("GET", "/plain/cached", JSON), status=200),
        Case(title="action: form, 303", against=FORM, request=form(greet, text="tea"), status=303),
        Case(title="action: form, 422 page", against=FORM, request=form(greet), status=422),
        Case(title="action: JSON", against=SCRIPT, request=call(greet, text="tea"), status=200),
        Case(title="action: JSON, 422", against=SCRIPT, request=call(greet), status=422),
        Case(title="action: once", against=SCRIPT, request=call(once, key=UNIQUE, text="tea"), status=200),
        Case(title="action: stream", against=STREAM, request=call(count, EVENTS, text="tea"), status=200),
    ]


def example(port: int) -> list[Case]:
    """The to-do example: what it does by hand, then by the extension."""
    reader, writer = Visitor(port), Visitor(port)
    reader.sign_up("reader")
    writer.sign_up("writer")
    for number in range(TODOS):
        reader.send(reader.form_request(reader.form("add_todo"), text=f"Thing number {number} to do"))
    first = reader.get("/api/todos", JSON).json[0]["id"]
    return [*pages(reader, first), *resources(reader, writer, first)]


def pages(reader: Visitor, first: int) -> list[Case]:
    complete, add, report = (reader.form(name) for name in ("complete_todo", "add_todo", "generate_report"))
    by_hand = reader.request(
        "POST",
        f"/hand/complete/{first}",
        {**HTML, **URLENCODED},
        f"csrf_token={complete.hidden['csrf_token']}&completed=false",
    )
    form, call = reader.form_request, reader.call_request
    return [
        Case(title="example: page", against=READ, request=reader.request("GET", "/", HTML), status=200),
        Case(title="by hand: complete, 303", against=FORM, request=by_hand, status=303),
        Case(title="example: complete, 303", against=FORM, request=form(complete, completed="false"), status=303),
        Case(title="example: 422 page", against=FORM, request=form(add, text=""), status=422),
        Case(title="example: complete, JSON", against=SCRIPT, request=call(complete, completed=False), status=200),
        Case(title="example: report, stream", against=STREAM, request=call(report, EVENTS), status=200),
    ]


def resources(reader: Visitor, writer: Visitor, first: int) -> list[Case]:
    one, many = (
        (f"by hand: {name}", f"/hand/todos{path}", f"example: {name}", f"/api/todos{path}")
        for name, path in (("GET one", f"/{first}"), ("GET ten", ""))
    )
    found = [
        Case(title=title, against=READ, request=reader.request("GET", path, JSON), status=200)
        for hand, hand_path, ours, our_path in (one, many)
        for title, path in ((hand, hand_path), (ours, our_path))
    ]
    body = f'{{"text": "written {UNIQUE}"}}'
    return found + [
        Case(title=title, against=SCRIPT, request=writer.request("POST", path, {**JSON, **JSON_BODY}, body), status=201)
        for title, path in (("by hand: POST", "/hand/todos"), ("example: POST", "/api/todos"))
    ]
