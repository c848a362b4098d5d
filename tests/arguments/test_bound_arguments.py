"""Bound arguments: signed into a form, and what an ID says of the form that failed."""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from decimal import Decimal
from typing import Any, Literal

import pytest
from flask import Flask, render_template_string
from itsdangerous.encoding import base64_encode

from flask_serveractions import ActionError, Bound
from flask_serveractions.app_state import state_of
from flask_serveractions.security.signing import sign_id
from tests.callers import BROWSER, Form, app_with, form_in, open_form, submit

calls: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


class Colour(enum.Enum):
    RED = "red"


class Level(enum.Enum):
    LOW = 1


def maybe(number: Bound[int | None], text: str = "") -> None:
    calls.append(number)


def many(
    text: Bound[str],
    price: Bound[Decimal],
    day: Bound[dt.date],
    key: Bound[uuid.UUID],
    colour: Bound[Colour],
    size: Bound[Literal["S", "M"]],
    tags: Bound[list[int]],
    on: Bound[bool],
) -> None:
    calls.append((text, price, day, key, colour, size, tags, on))


def rename(number: Bound[int], text: str) -> None:
    raise ActionError("No.", field="text")


def create(text: str) -> None:
    raise ActionError("No.", field="text")


def app_for(action: str, **bound: Any) -> Flask:
    """Return an app whose start page has one form, with its arguments bound."""
    template = """{% call(form) action_form(action, **bound) %}{{ form.fields() }}{% endcall %}"""
    app = app_with(maybe, many, rename, create, page="")
    app.view_functions["index"] = lambda: render_template_string(template, action=action, bound=bound)
    return app


@pytest.mark.parametrize("number", [7, 0, -1, None])
def test_an_optional_argument_is_bound_as_it_is(number: int | None) -> None:
    client = app_for("maybe", number=number).test_client()
    assert submit(client, open_form(client)).status_code == 303
    assert calls == [number]


def test_every_type_survives_the_way_through_a_form() -> None:
    bound = {
        "text": "caf\N{LATIN SMALL LETTER E WITH ACUTE} & \"<b>'",
        "price": Decimal("1.10"),
        "day": dt.date(2026, 1, 31),
        "key": uuid.UUID(int=7),
        "colour": Colour.RED,
        "size": "M",
        "tags": [1, 2],
        "on": False,
    }
    client = app_for("many", **bound).test_client()
    assert submit(client, open_form(client)).status_code == 303
    assert calls == [tuple(bound.values())]


def stale(form: Form, payload: str) -> Form:
    name = form.action
    return Form({**form.attributes, "action": f"/?_action={name}/{payload}.void"}, form.inputs)


def spelled(text: str) -> str:
    return base64_encode(text).decode()


@pytest.mark.parametrize(
    "payload", [spelled('{"number":7}'), spelled('{ "number": 7 }'), spelled('{"number":7}') + "="]
)
def test_the_form_of_a_void_id_is_chosen_by_what_its_payload_says(payload: str) -> None:
    client = app_for("rename", number=7).test_client()
    answer = submit(client, stale(open_form(client), payload), text="typed")
    assert answer.status_code == 404
    assert form_in(answer).inputs["text"]["value"] == "typed"


@pytest.mark.parametrize(
    "payload", [spelled('{"number":8}'), spelled("{}"), spelled("7"), "", "%", spelled("[" * 9999)]
)
def test_a_payload_that_says_something_else_chooses_no_form(payload: str) -> None:
    client = app_for("rename", number=7).test_client()
    answer = submit(client, stale(open_form(client), payload), text="typed")
    assert answer.status_code == 404
    assert "<form" not in answer.text
    assert "typed" in answer.text


@pytest.mark.parametrize("payload", [spelled("{}"), "", "junk", spelled('{"number":8}')])
def test_without_bound_arguments_the_name_alone_chooses(payload: str) -> None:
    client = app_for("create").test_client()
    answer = submit(client, stale(open_form(client), payload), text="typed")
    assert answer.status_code == 404
    assert form_in(answer).inputs["text"]["value"] == "typed"


def test_an_unverified_payload_is_for_display_alone() -> None:
    client = app_for("maybe", number=7).test_client()
    form = open_form(client)
    assert client.post(f"/?_action=maybe/{spelled('{}')}.void", data=form.values, headers=BROWSER).status_code == 404
    assert calls == []


def numbers(
    whole: Bound[int] = 0,
    broken: Bound[float] = 0.0,
    price: Bound[Decimal] = Decimal(0),
    text: Bound[str] = "",
    on: Bound[bool] = False,
    day: Bound[dt.date] = dt.date.min,
    tags: Bound[list[int]] = [],  # noqa: B006
    level: Bound[Level] = Level.LOW,
) -> None:
    calls.append(whole)


ODD: list[dict[str, Any]] = [
    {"whole": 1.5},
    {"whole": True},
    {"whole": Decimal("1.5")},
    {"whole": "1.5"},
    {"broken": True},
    {"broken": float("nan")},
    {"price": True},
    {"text": 5},
    {"text": True},
    {"on": 1},
    {"on": "yes, please"},
    {"day": dt.datetime(2026, 1, 31, 9, 30)},
    {"tags": [1, True]},
    {"tags": [1.5]},
    {"level": True},
    {"level": 1.5},
]


@pytest.mark.parametrize("bound", ODD, ids=str)
def test_what_would_come_back_as_something_else_is_refused_when_the_form_is_rendered(bound: dict[str, Any]) -> None:
    app = app_with(numbers, page="")
    with app.test_request_context(), pytest.raises(TypeError) as caught:
        render_template_string("{% call action_form('numbers', **bound) %}{% endcall %}", bound=bound)
    (name, value) = next(iter(bound.items()))
    assert f"the bound argument {name!r} can't be {value!r}" in str(caught.value)


@pytest.mark.parametrize("bound", [{"whole": "7"}, {"whole": 7.0}, {"tags": (1, 2)}, {"price": 1.1}], ids=str)
def test_another_spelling_of_the_same_value_is_taken(bound: dict[str, Any]) -> None:
    app = app_with(numbers)
    with app.test_request_context():
        assert render_template_string("{{ action_url('numbers', **bound) }}", bound=bound)


@pytest.mark.parametrize(
    "payload",
    [
        '{"whole":1.5}',
        '{"whole":true}',
        '{"whole":"7"}',
        '{"broken":true}',
        '{"text":5}',
        '{"on":1}',
        '{"tags":[true]}',
    ],
)
def test_an_id_that_holds_another_type_is_refused_and_the_log_says_what_it_holds(
    payload: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An ID of the last release, say, whose argument was of another type."""
    app = app_with(numbers, SERVERACTIONS_BIND_SESSION=False)
    with app.test_request_context():
        ring = state_of(app).signing.ring
        signed = sign_id(ring, "numbers", spelled(payload), "", None)
    client = app.test_client()
    form = open_form(client)
    assert client.post(f"/_actions/numbers/{signed}", data=form.values, headers=BROWSER).status_code == 404
    assert calls == []
    assert repr(next(iter(json.loads(payload).values()))) in caplog.text
