"""An app with arguments of every kind behind both doors, for hostile input."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from flask import Flask, abort, current_app, flash, make_response, render_template_string
from flask_wtf import FlaskForm
from marshmallow import Schema, fields
from marshmallow.validate import Length, Range
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FieldList,
    FileField,
    FloatField,
    Form,
    FormField,
    IntegerField,
    PasswordField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import DataRequired, NumberRange
from wtforms.validators import Length as TextLength

from flask_serveractions import (
    ActionError,
    Bound,
    Cookie,
    Header,
    MethodRoute,
    Progress,
    Query,
    ServerActions,
    revalidate_path,
    webhooks,
)
from flask_serveractions.app_state import state_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # one for all senders

ACTIONS = ("scalars", "trees", "boxes", "order", "orders", "upload", "once", "steps", "located")
PAGE = """<!doctype html><title>All</title><main>
{% for message in get_flashed_messages() %}<p>{{ message }}</p>{% endfor %}
{% for name in names %}
{% call(form) action_form(name) %}{{ form.message }}
{% for field in ("text", "tree.name") if takes(name, field) %}<input {{ form.attrs(field) }}>{{ form.error(field) }}
{% endfor %}{% endcall %}
{% endfor %}
{% call(form) action_form("bound", todo_id=7) %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}
</main>{{ serveractions_script("scalars", "once") }}"""


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2


@dataclass
class Tree:
    name: str
    left: Tree | None = None
    right: Tree | None = None
    children: list[Tree] = field(default_factory=list)


@dataclass
class Box:
    width: Annotated[int, Range(1, 100)]
    height: decimal.Decimal
    label: str = ""

    def __post_init__(self) -> None:
        if self.width > self.height:
            raise ValueError("Too wide.")


class HostileLineSchema(Schema):
    text = fields.String(required=True, validate=Length(1, 50))
    amount = fields.Integer(load_default=1)
    below = fields.Nested(lambda: HostileLineSchema())
    other = fields.Nested("HostileLineSchema", many=True)


class OrderSchema(Schema):
    id = fields.Integer(dump_only=True)
    email = fields.Email()
    url = fields.Url()
    address = fields.IP()
    when = fields.AwareDateTime()
    lines = fields.List(fields.Nested(HostileLineSchema))
    pair = fields.Tuple((fields.Integer(), fields.String()))
    prices = fields.Dict(fields.String(validate=Length(max=5)), fields.Decimal())
    done = fields.Boolean()


class LineForm(Form):
    text = StringField(validators=[DataRequired(), TextLength(max=50)])
    tags = FieldList(StringField())
    amount = DecimalField(validators=[NumberRange(0, 100)])


class OrderForm(FlaskForm):
    title = StringField(validators=[DataRequired()])
    count = IntegerField(validators=[NumberRange(1, 9)])
    ratio = FloatField(validators=[NumberRange(0, 1)])
    day = DateField()
    yes = BooleanField()
    password = PasswordField()
    colours = SelectMultipleField(choices=["red", "blue"])
    lines = FieldList(FormField(LineForm))
    codes = FieldList(IntegerField())
    file = FileField()


def takes(action: str, field: str) -> bool:
    """Whether an action has a field of a name, nested ones with dots."""
    parameters = state_of(current_app).actions[action].parameters
    return field.partition(".")[0] in {each.name for each in parameters}


def hostile_app(store_url: str) -> Flask:
    """Return the app; every answer of 500 and above is a bug in what is tested."""
    app = Flask("hostile")
    app.config.update(SECRET_KEY="fuzzing", SERVERACTIONS_STORE_URL=store_url, WTF_CSRF_TIME_LIMIT=None)
    actions = ServerActions(app)
    add_actions(actions)
    add_resources(actions)
    add_webhooks(actions)

    @app.get("/")
    @app.get("/page/<path:below>")
    def page(below: str = "") -> str:
        return render_template_string(PAGE, takes=takes, names=ACTIONS if below == "all" else ("scalars", "order"))

    return app


def scalars(
    text: Annotated[str, Length(max=200)] = "",
    count: int = 0,
    ratio: float = 0.0,
    price: decimal.Decimal = decimal.Decimal(1),
    day: dt.date | None = None,
    moment: dt.datetime | None = None,
    at: dt.time | None = None,
    length: dt.timedelta | None = None,
    key: uuid.UUID | None = None,
    yes: bool = False,
    colour: Colour = Colour.RED,
    size: Literal["S", 1, True, None] = None,
    tags: list[str] | None = None,
    numbers: list[int] | None = None,
    table: list[list[int]] | None = None,
    prices: dict[str, decimal.Decimal] | None = None,
    nested: dict[str, dict[str, int]] | None = None,
    whatever: dict | None = None,  # type: ignore[type-arg]
    anything: Any = None,
) -> dict[str, Any]:
    if text == "no":
        raise ActionError(text, field="text")
    flash(text[:50])
    revalidate_path("/")
    return {"text": text, "count": count, "price": price, "anything": anything, "whatever": whatever}


def bound(todo_id: Bound[int], text: str = "") -> int:
    return todo_id


def trees(tree: Tree) -> str:
    return tree.name


def boxes(boxes: list[Box], box: Box | None = None, tree: Tree | None = None) -> int:
    return len(boxes)


def order(order: Annotated[dict[str, Any], OrderSchema()]) -> Annotated[dict[str, Any], OrderSchema()]:
    return order


def orders(form: OrderForm) -> str:
    return str(form.title.data)


def upload(file: FileStorage, files: list[FileStorage], note: str = "") -> list[str | None]:
    return [each.filename for each in (file, *files)]


def once(text: str, box: Box | None = None) -> str:
    return text


def steps(count: int = 1, text: str = "") -> Iterator[Progress]:
    yield Progress(1, None, text)
    if count < 0:
        raise ActionError(text)
    return text


def located(
    number: Query[int] = 0,
    names: Header[list[int] | None] = None,
    theme: Cookie[str] = "",
    text: str = "",
) -> str:
    return theme


def add_actions(actions: ServerActions) -> None:
    for function in (scalars, bound, trees, boxes, order, orders, upload, steps, located):
        actions.register(function)
    actions.register(once=True)(once)


def add_resources(actions: ServerActions) -> None:
    rows = [{"id": number, "text": f"Todo {number}"} for number in range(1, 50)]

    @actions.route("/api/todos")
    class Todos(MethodRoute):
        paginate = True

        def get(
            self,
            completed: bool | None = None,
            q: str = "",
            ids: list[int] | None = None,
            box: Box | None = None,
        ) -> list[dict[str, Any]]:
            return rows

        def post(self, order: Annotated[dict[str, Any], OrderSchema()]) -> tuple[dict[str, Any], int]:
            return {"lines": len(order.get("lines", []))}, 201

    @actions.route("/api/news")
    class News(MethodRoute):
        paginate = "cursor"

        def get(self) -> list[dict[str, Any]]:
            return rows

    @actions.route("/api/todos/<int:todo_id>")
    class TodoItem(MethodRoute):
        require_if_match = True

        def get(self, todo_id: int, names: Header[list[int] | None] = None) -> dict[str, Any]:
            return rows[todo_id - 1] if 0 < todo_id <= len(rows) else abort(404)

        def put(self, todo_id: int, tree: Tree) -> dict[str, Any]:
            return {"name": tree.name}

        def delete(self, todo_id: int, theme: Cookie[str] = "") -> None:
            return None

    @actions.route("/api/keys/<day>/<uuid:key>")
    class Keys(MethodRoute):
        def get(self, day: dt.date, key: uuid.UUID) -> Any:
            return make_response({"day": day.isoformat(), "key": str(key)})


def add_webhooks(actions: ServerActions) -> None:
    senders = (webhooks.standard, webhooks.github, webhooks.stripe, webhooks.shopify, webhooks.slack)

    def receive(event: dict[str, Any], number: Query[int] = 0) -> None:
        return None

    for sender in senders:
        actions.webhook(f"/hooks/{sender.__name__}", sender(SECRET), endpoint=f"hook_{sender.__name__}")(receive)
