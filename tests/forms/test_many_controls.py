"""A form of a thousand controls costs a thousand times one: none of them goes through what all the others show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pytest

from flask_serveractions import FormState
from flask_serveractions.forms.controls import describe
from flask_serveractions.schemas.signature import compile_operation
from tests.work import is_linear

Render = Callable[[FormState], Any]


@dataclass
class Row:
    text: str
    tags: list[str]


def action(
    texts: list[str],
    boxes: list[Literal["a", "b"]],
    rows: list[Row],
    counts: dict[int, int],
) -> None: ...


OPERATION = compile_operation(action, name="action", kind="action", method="POST")
describe_once = cache(lambda name: describe(OPERATION, name))


def form_with(**parts: Any) -> FormState:
    return FormState(id="form", describe=describe_once, **parts)


def texts(size: int) -> list[str]:
    return [f"t{number}" for number in range(size)]


def inputs_of(form: FormState) -> None:
    for _ in form.value("texts"):
        form.attrs("texts")


def inputs_with_values(form: FormState) -> None:
    for text in form.value("texts"):
        form.attrs("texts", value=text)


def boxes_for(form: FormState) -> None:
    form.checkboxes("boxes", form.value("boxes"))


def options_for(form: FormState) -> None:
    form.select("boxes", form.value("boxes"))


def field(name: str) -> Render:
    return lambda form: form.field(name)


LISTS: list[tuple[str, Render]] = [
    ("texts", field("texts")),
    ("texts", inputs_of),
    ("texts", inputs_with_values),
    ("boxes", boxes_for),
    ("boxes", options_for),
]


@pytest.mark.parametrize(("name", "render"), LISTS)
def test_a_list_that_was_sent_is_written_in_time_that_grows_with_its_length(name: str, render: Render) -> None:
    assert is_linear(lambda size: render(form_with(values={name: texts(size)}, submitted=True)), 50)


@pytest.mark.parametrize(("name", "render"), LISTS)
def test_and_so_is_a_list_that_a_form_begins_with(name: str, render: Render) -> None:
    assert is_linear(lambda size: render(form_with(initial={name: texts(size)})), 50)


def test_messages_of_items_are_not_gone_through_for_each_input() -> None:
    def render(size: int) -> None:
        errors = {f"texts.{number}": ["No."] for number in range(size)}
        form = form_with(values={"texts": texts(size)}, errors=errors, submitted=True, failed=True)
        assert str(form.field("texts")).count('aria-invalid="true"') == size + 1

    assert is_linear(render, 50)


@pytest.mark.parametrize("ask", [field("rows"), lambda form: form.value("rows")])
def test_rows_that_were_sent_are_found_without_going_through_all_names(ask: Render) -> None:
    def render(size: int) -> None:
        names = [f"rows.{number}.{part}" for number in range(size) for part in ("text", "tags")]
        ask(form_with(values=dict.fromkeys(names, "a"), submitted=True))

    assert is_linear(render, 50)


def test_a_mapping_shows_its_values_by_keys_of_any_kind_and_stays_as_it_is() -> None:
    form = form_with(initial={"counts": {7: 1, "a.b": 2, 0.5: 3}})
    shown = str(form.field("counts"))
    assert form.value("counts") == {7: 1, "a.b": 2, 0.5: 3}
    assert form.value("counts.0.5") == 3
    assert 'name="counts.7"' in shown
    assert 'value="1"' in shown
    assert 'name="counts.a.b"' in shown
    assert 'value="2"' in shown


def test_keys_below_a_name_come_in_the_order_in_which_they_were_sent() -> None:
    values = {"counts.z": "1", "rows.0.text": "a", "counts.a": "2", "counts.m": "3"}
    assert list(form_with(values=values, submitted=True).value("counts")) == ["z", "a", "m"]


def test_what_a_field_is_given_shows_where_its_controls_were_written_before() -> None:
    form = form_with(initial={"rows": [{"text": "old", "tags": []}]})
    assert 'value="old"' in form.attrs("rows.0.text")
    form.field("rows", value=[{"text": "new", "tags": []}])
    assert 'value="new"' in form.attrs("rows.0.text")


def test_a_secret_that_can_not_be_read_is_not_asked_for() -> None:
    class User:
        @property
        def password(self) -> str:
            raise RuntimeError("No.")

    def sign_up(password: str) -> None: ...

    operation = compile_operation(sign_up, name="sign_up", kind="action", method="POST")
    form = FormState(id="form", describe=lambda name: describe(operation, name), initial=User())
    assert "value" not in form.field("password")
