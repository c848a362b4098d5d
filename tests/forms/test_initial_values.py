"""``forms.initial_values``: what fills a form that nobody has sent, found by the names of its controls."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from flask import render_template_string
from marshmallow import Schema, fields

from flask_serveractions.testing import ActionsClient
from tests.calling import make_app


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Address:
    city: str
    main: bool = False


@dataclass
class Person:
    name: str
    home: Address
    others: list[Address] = field(default_factory=list)


class KindSchema(Schema):
    id = fields.Integer()


class LineSchema(Schema):
    itemCount = fields.Integer(attribute="count")  # as an API in JavaScript calls it
    note = fields.String(data_key="theNote")


class OrderSchema(Schema):
    first_name = fields.String(data_key="firstName", required=True)
    kind = fields.Pluck(KindSchema, "id")
    lines = fields.List(fields.Nested(LineSchema))


ADA = Person("Ada", Address("London", main=True), [Address("Bath"), Address("York", main=True)])
ORDER = {"first_name": "Ada", "kind": {"id": 3}, "lines": [{"count": 2, "note": "soon"}]}


def sent_unchanged(annotation: Any, template: str, value: Any) -> Any:
    """Return what an action gets whose form is sent as it is rendered."""
    app, actions = make_app()
    app.test_client_class = ActionsClient
    got = []

    def save(value: Any) -> None:
        got.append(value)

    save.__annotations__["value"] = annotation
    actions.register(save)
    page = '{% call(form) action_form("save", values=values) %}' + template + "{% endcall %}"
    values = value if template == WHOLE else {"value": value}
    app.add_url_rule("/", "page", lambda: render_template_string(page, values=values, value=value))
    app.add_url_rule("/bare", "bare", lambda: render_template_string(page, values=None, value=value))
    client = app.test_client()
    answer = client.submit(client.get("/bare" if template == GIVEN else "/"), "save")
    assert answer.status_code == 303, answer.text
    return got[0]


NAMED = '{{ form.field("value") }}'
GIVEN = '{{ form.field("value", value=value) }}'
WHOLE = "{{ form.fields() }}"


@pytest.mark.parametrize("template", [NAMED, GIVEN])
@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (bool, True),
        (bool, False),
        (list[bool], [True, True]),
        (Person, ADA),
        (list[Address], ADA.others),
        (list[list[int]], [[1, 2], [3]]),
        (dict[str, int], {"a": 1}),
        (dict[int, str], {1: "one", 20: "twenty"}),
        (Annotated[Any, fields.Dict(fields.Enum(Colour, by_value=True), fields.Integer())], {Colour.BLUE: 4}),
        (Annotated[Any, fields.Pluck(KindSchema, "id")], {"id": 3}),
        (
            Annotated[Any, fields.Tuple((fields.Integer(), fields.String(), fields.Date()))],
            (5, "five", dt.date(2024, 2, 29)),
        ),
        (Annotated[Any, fields.Nested(OrderSchema)], ORDER),
    ],
)
def test_a_field_of_any_type_begins_with_a_value_that_loads_again(annotation: Any, value: Any, template: str) -> None:
    assert sent_unchanged(annotation, template, value) == value


@pytest.mark.parametrize(
    "values",
    [
        ORDER,
        {"firstName": "Ada", "kind": 3, "lines": [{"itemCount": 2, "theNote": "soon"}]},
        SimpleNamespace(
            first_name="Ada",
            firstName="not this",
            kind=SimpleNamespace(id=3),
            lines=[SimpleNamespace(count=2, note="soon")],
        ),
    ],
    ids=["as loaded", "as in JSON", "an object"],
)
def test_a_value_is_found_by_its_name_in_python_too(values: Any) -> None:
    assert sent_unchanged(Annotated[dict[str, Any], OrderSchema()], WHOLE, values) == ORDER


def test_the_one_box_of_a_field_that_is_given_text_stands_for_that() -> None:
    assert sent_unchanged(bool, '{{ form.field("value", value="yes") }}', True) is True
