"""The fields of parameters: equal ones are made once, and those of nobody are gone."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from marshmallow import ValidationError, fields
from marshmallow.validate import Length

from flask_serveractions import Bound, ServerActions
from flask_serveractions.operation import Operation
from flask_serveractions.schemas.bound_fields import SHARED, fields_for, in_order

Text = Annotated[str, Length(1, 200)]


@dataclass
class Point:
    x: int
    y: int


def registered(actions: ServerActions, name: str) -> Operation:
    return actions.registry.actions[name]


def test_equal_parameters_of_two_actions_share_their_fields() -> None:
    actions = ServerActions()

    @actions.register
    def create(text: Text, point: Point) -> None: ...

    @actions.register
    def rename(text: Text, point: Point) -> None: ...

    pairs = zip(registered(actions, "create").parameters, registered(actions, "rename").parameters, strict=True)
    assert all(one.text is other.text and one.json is other.json for one, other in pairs)


def test_parameters_that_differ_have_fields_of_their_own() -> None:
    short, long = Annotated[str, Length(max=2)], Annotated[str, Length(max=5)]
    loaders = [fields_for("text", each, {}).load_text for each in (short, long)]
    assert loaders[1]("milk", "text", {}) == "milk"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Longer than maximum length 2"):
        loaders[0]("milk", "text", {})  # type: ignore[misc]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Literal["s", "m"], Literal["m", "s"]),
        (list[Literal["a", "b"]], list[Literal["b", "a"]]),
        (dict[str, list[Literal[1, 2]]], dict[str, list[Literal[2, 1]]]),
    ],
)
def test_choices_in_another_order_are_another_parameter(ours: Any, theirs: Any) -> None:
    first, second = fields_for("size", ours, {}), fields_for("size", theirs, {})
    assert first.text is not second.text
    assert fields_for("size", ours, {}) is first


def test_a_default_is_each_parameters_own() -> None:
    actions = ServerActions()

    @actions.register
    def first(count: int = 1) -> None: ...

    @actions.register
    def second(count: int) -> None: ...

    assert [registered(actions, name).body[0].required for name in ("first", "second")] == [False, True]


def test_what_has_no_hash_is_not_shared_and_works() -> None:
    made: Any = Annotated[str, {"a": "note"}]
    assert fields_for("text", made, {}).text is not fields_for("text", made, {}).text


def test_a_field_that_stands_in_an_annotation_is_not_bound_itself() -> None:
    given = fields.String()
    bound = fields_for("text", Annotated[str, given], {}).text
    assert bound is not None
    assert (bound.name, given.parent) == ("text", None)


def test_fields_that_no_operation_has_are_gone() -> None:
    local: Any = Annotated[str, Length(max=3)]
    kept = fields_for("text", local, {})
    assert ("text", in_order(local)) in SHARED
    del kept
    gc.collect()
    assert ("text", in_order(local)) not in SHARED


def test_an_action_of_four_arguments_keeps_a_few_kilobytes() -> None:
    actions = ServerActions()

    def register(number: int) -> None:
        @actions.register(name=f"action_{number}")
        def action(todo_id: Bound[int], text: Annotated[str, Length(1, 200)], amount: float, done: bool) -> None: ...

    register(0)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(1, 51):
            register(number)
        gc.collect()
        assert (tracemalloc.get_traced_memory()[0] - before) / 50 < 8 * 1024
    finally:
        tracemalloc.stop()
