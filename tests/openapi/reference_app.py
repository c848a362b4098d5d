"""An app with something of everything, for tests of what is said of it: in OpenAPI, and in TypeScript."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated, Any

from flask import Flask, Response, render_template_string
from flask_wtf import FlaskForm
from marshmallow import Schema, fields
from marshmallow.validate import Length, Range
from werkzeug.datastructures import FileStorage
from wtforms import FieldList, FormField, IntegerField, SelectField, StringField, SubmitField
from wtforms import Form as PlainForm
from wtforms.validators import InputRequired, NumberRange
from wtforms.validators import Length as TextLength

from flask_serveractions import (
    ActionError,
    Body,
    Bound,
    Cookie,
    Header,
    MethodRoute,
    Operation,
    Query,
    ServerActions,
    public,
    requires,
    webhooks,
)
from flask_serveractions.jobs.progress import Progress

__version__ = "1.2.3"


class Kind(enum.Enum):
    CHORE = "chore"
    HOBBY = "hobby"


@dataclass
class Address:
    street: str
    city: str = "Berlin"


@dataclass
class Point:
    x: int
    y: float


class OwnerSchema(Schema):
    name = fields.String(required=True)


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=Length(1, 200))
    done = fields.Boolean(load_default=False)
    owner = fields.Nested(OwnerSchema)


class FilterSchema(Schema):
    kind = fields.Enum(Kind, by_value=True)
    owner = fields.Nested(OwnerSchema)


TodoIn = Annotated[dict[str, Any], TodoSchema()]
TodoOut = Annotated[dict[str, Any], TodoSchema()]
TODO = {"id": 1, "text": "Buy milk", "done": False, "owner": {"name": "ada"}}


class LineForm(PlainForm):
    amount = IntegerField(validators=[InputRequired(), NumberRange(1, 9)])


class OrderForm(FlaskForm):
    name = StringField(validators=[InputRequired(), TextLength(2, 30)], description="Who orders.")
    size = SelectField(choices=["s", "l"])
    first = FormField(LineForm)
    lines = FieldList(FormField(LineForm), max_entries=5)
    send = SubmitField()


class Todos(MethodRoute):
    """Everything there is to do."""

    paginate = True

    def get(self, kind: list[Kind], done: bool | None = None, limit: Annotated[int, Range(1, 50)] = 5) -> list[TodoOut]:
        """List the to-dos.

        Those of everybody.

        :param done: whether they are done
        """
        return [TODO]

    def post(self, todo: TodoIn) -> TodoOut:
        """Add a to-do.

        :returns: the new one
        :status 409: there is one like it
        """
        return TODO, 201, {"Location": "/todos/1"}  # type: ignore[return-value]


class TodoItem(MethodRoute):
    require_if_match = True

    def get(self, todo_id: int) -> TodoOut | None:
        if todo_id > 1:
            raise ActionError("It is gone.", status=410)
        return TODO

    def put(self, todo_id: int, todo: TodoIn) -> TodoOut:
        return TODO

    @requires("admin", "owner")
    def delete(self, todo_id: int) -> None: ...


class Search(MethodRoute):
    paginate = "cursor"

    @public
    def get(
        self,
        area: str,
        words: str,
        where: Query[Address],
        tags: Header[list[str]],
        seen: Cookie[list[int]],
        x_request_id: Header[str] = "none",
        theme: Cookie[str] = "light",
    ) -> list[Annotated[dict[str, Any], OwnerSchema()]]:
        return []


class Filtered(MethodRoute):
    def get(self, by: Annotated[dict[str, Any], FilterSchema()]) -> dict[str, int]:
        return {}

    def delete(self, reason: Body[str]) -> Annotated[dict[str, str], 202]:
        return {"reason": reason}


class Files(MethodRoute):
    def post(self, file: FileStorage, more: list[FileStorage], title: str = "untitled") -> Point:
        return Point(1, 2.5)

    def get(self) -> Response:
        return Response("a file")


class Pages(MethodRoute):
    def get(self) -> str:
        return "<p>A page</p>"

    def post(self, order: OrderForm):  # type: ignore[no-untyped-def]
        return "unknown"


def add_todo(
    text: Annotated[str, Length(1, 200)],
    when: dt.date | None,
    address: Address,
    lines: list[Address],
    tags: dict[str, int],
) -> TodoOut | None:
    """Add a to-do.

    :param text: what is to be done
    """
    return TODO


def rename(todo_id: Bound[int], text: str) -> None: ...


@public
def sign_in(name: str, password: str) -> Response:
    return Response("a page")


def report(months: int) -> Generator[Progress, None, dict[str, int]]:
    yield Progress(1)
    return {"months": months}


def upload(image: FileStorage, caption: str) -> int:
    return len(caption)


def order(form: OrderForm) -> str:
    return str(form.name.data)


def authenticate(operation: Operation) -> str | None:
    return "ada"


def received(event: dict[str, Any]) -> None:
    """Take a payment."""


RESOURCES: dict[str, type[MethodRoute]] = {
    "/todos": Todos,
    "/todos/<int:todo_id>": TodoItem,
    "/search/<any(people, places):area>": Search,
    "/filtered": Filtered,
    "/files": Files,
    "/pages": Pages,
}
PAGE = "<!doctype html><title>Page</title><main></main>{{ serveractions_script('add_todo', 'upload', 'report') }}"


def make_app(*, schemes: dict[str, Any] | None = None, **config: Any) -> Flask:
    """Return the app; its hook knows everybody as ada."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key for tests", TESTING=True, **config)
    actions = ServerActions(app)
    for rule, resource in RESOURCES.items():
        actions.route(rule)(resource)
    for function in (add_todo, rename, sign_in, report, upload, order):
        actions.register(function)
    actions.register(name="pay.once", once=True)(rename)
    actions.register(name="pay.later", background=True)(order)
    actions.webhook("/hooks/payments", webhooks.standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))(received)
    actions.auth_hook(schemes=schemes or {})(authenticate)
    app.add_url_rule("/", "page", lambda: render_template_string(PAGE))
    return app
