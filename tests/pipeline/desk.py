"""A desk that takes orders: an app with background actions, and what they were called with."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

from flask import Flask, redirect, render_template_string, session
from flask.testing import FlaskClient
from marshmallow import Schema, fields, post_load
from marshmallow.validate import Length

from flask_serveractions import (
    Bound,
    Header,
    Job,
    MethodRoute,
    Progress,
    Query,
    ServerActions,
    current_identity,
    enqueue,
    public,
)
from tests.stores_processes import eventually


class Size(Enum):
    SMALL = "small"


@dataclass
class Line:
    """A line of an order."""

    text: str
    price: Decimal


class Note:
    """What a schema makes."""

    def __init__(self, text: str, secret: str) -> None:
        self.text, self.secret = text, secret


class NoteSchema(Schema):
    text = fields.String(required=True, validate=Length(max=5))
    secret = fields.String(load_only=True)
    id = fields.Integer(dump_only=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Note:
        return Note(**data)


class Desk:
    """An app with background actions, and what they were called with."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.seen: list[Any] = []
        self.go_on = threading.Event()
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update({"SECRET_KEY": "of the tests", **config})
        self.actions = ServerActions(self.app)
        for each in (self.report, self.order, self.keep, self.wait, self.nested, self.look):
            self.actions.register(background=True, name=each.__name__)(each)
        self.actions.register(name="plain")(self.plain)
        self.app.add_url_rule("/in/<name>", "in", self.sign_in)
        self.app.add_url_rule("/jobs", "jobs", self.jobs)
        self.app.add_url_rule("/view", "view", lambda: redirect(enqueue("wait").url), methods=["POST"])

    def report(self, pages: int, day: date | None = None) -> Generator[Progress, None, int]:
        yield Progress(0, pages, "begun")
        self.seen.append((pages, day, str(current_identity or "")))
        return pages

    def order(
        self,
        item: Bound[int],
        lines: list[Line],
        size: Size,
        kind: Literal["a", "b"] = "a",
        part: Query[int] = 1,
        x_tag: Header[str] = "",
    ) -> None:
        self.seen.append((item, lines, size, kind, part, x_tag))

    def keep(self, note: Annotated[Note, NoteSchema()]) -> None:
        self.seen.append((note.text, note.secret))

    def wait(self) -> None:
        self.go_on.wait(60)

    def nested(self, pages: int) -> None:
        enqueue("report", pages=pages)

    def look(self) -> None:
        self.seen.append("looked")

    def plain(self, pages: int = 1) -> Any:
        return enqueue("report", pages=pages)

    def sign_in(self, name: str) -> str:
        session["user"] = name
        return name

    def jobs(self) -> str:
        page = """{% for job in action_jobs(request.args.get("name")) %}{{ job.action }} {{ job.state }} {{ job.done }}
            {{ job.total }} {{ job.message }}<form method="post" action="{{ job.url }}">{{ job.hidden_fields }}</form>
            {% else %}none{% endfor %}"""
        return " ".join(render_template_string(page).split())


def with_hook(desk: Desk) -> Desk:
    desk.actions.auth_hook(lambda operation: session.get("user"))
    return desk


def seen_by(desk: Desk, count: int = 1) -> list[Any]:
    eventually(lambda: len(desk.seen) == count)
    return desk.seen


def client_cookie(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie is not None
    return f"session={cookie.value}"


def api_of(desk: Desk) -> None:
    @desk.actions.route("/api/reports")
    @public
    class Reports(MethodRoute):
        def post(self, pages: int) -> Any:
            return enqueue("report", pages=pages), 202

        def put(self) -> Job:
            return enqueue("wait")
