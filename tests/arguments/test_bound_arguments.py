"""Bound arguments: signed into a form, and what an ID says of the form that failed."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any, Literal

import pytest
from flask import Flask, render_template_string
from itsdangerous.encoding import base64_encode

from flask_serveractions import ActionError, Bound
from tests.callers import BROWSER, Form, app_with, form_in, open_form, submit

calls: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


class Colour(enum.Enum):
    RED = "red"


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
    template = """{% call(form) action_form(action, **bound) %}<input {{ form.attrs("text") }}>{% endcall %}"""
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
    return Form({**form.attributes, "action": f"/_actions/{name}/{payload}.void?page=/"}, form.inputs)


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
    assert client.post(f"/_actions/maybe/{spelled('{}')}.void", data=form.values, headers=BROWSER).status_code == 404
    assert calls == []
