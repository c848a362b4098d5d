"""Schemas that nest themselves are made once, whatever paths are sent."""

from __future__ import annotations

import gc
import random
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from marshmallow import Schema, fields, validates_schema

from flask_serveractions.marshalling.schema_cycles import close_cycles
from tests.calling import door_of


class Knot(Schema):
    name = fields.String(required=True)
    left = fields.Nested(lambda: Knot())
    right = fields.Nested("Knot")
    all = fields.List(fields.Nested(lambda: Knot(many=True)))
    by_name = fields.Dict(fields.String(), fields.Nested(lambda: Knot()))
    pair = fields.Tuple((fields.Nested(lambda: Knot()), fields.Integer()))


class Hooked(Schema):
    name = fields.String()
    left = fields.Nested(lambda: Hooked())

    @validates_schema
    def check(self, data: Any, **kwargs: Any) -> None:
        return None


@dataclass
class Tree:
    name: str
    left: Tree | None = None
    right: Tree | None = None
    all: list[Tree] = field(default_factory=list)


def schemas_alive() -> int:
    gc.collect()
    return sum(issubclass(type(each), Schema) for each in gc.get_objects())


def somewhere(depth: int, rng: random.Random) -> dict[str, Any]:
    """Return JSON that leads along a path which nobody went before."""
    data: dict[str, Any] = {"name": "a"}
    for _ in range(depth):
        step = rng.choice(["left", "right", "by_name"])
        data = {"name": "a", step: {"x": data} if step == "by_name" else data}
    return data


def test_a_recursive_schema_is_made_once_whatever_paths_are_sent() -> None:
    rng = random.Random(1)
    doors = [
        door_of(each) for each in (Annotated[dict, Knot()], Annotated[dict, Hooked()], Tree, Annotated[list, Knot()])
    ]
    for door in doors:
        assert door.json({"value": somewhere(20, rng)}).status_code in (200, 422)
    before = schemas_alive()
    for door in doors:
        for each in [somewhere(20, rng) for _ in range(9)]:
            door.json(each)
            door.json({"value": each})
    assert schemas_alive() <= before


def test_what_is_nested_in_its_like_is_that_very_object() -> None:
    top = Knot()
    assert len(close_cycles(top)) == 2  # one, and one for many
    left: Any = top.fields["left"]
    assert left.schema is top
    assert left.schema.fields["left"].schema is top
    assert top.load({"name": "a", "left": {"name": "b", "right": {"name": "c"}}})["left"]["right"] == {"name": "c"}


def test_schemas_that_were_made_otherwise_stay_apart() -> None:
    class Outer(Schema):
        whole = fields.Nested(Knot)
        part = fields.Nested(lambda: Knot(only=("name",)))
        rest = fields.Nested(Knot, exclude=("name",))
        loose = fields.Nested(lambda: Knot(unknown="exclude"))

    outer = Outer()
    close_cycles(outer)
    made = [nested.schema for nested in outer.fields.values()]  # type: ignore[attr-defined]
    assert len(set(map(id, made))) == 4
    assert set(made[1].fields) == {"name"}
    assert outer.load({"loose": {"name": "a", "more": 1}}) == {"loose": {"name": "a"}}


def test_a_schema_that_makes_another_one_every_time_ends_the_search() -> None:
    class Endless(Schema):
        def __init__(self, depth: int = 0, **options: Any) -> None:
            super().__init__(**options)
            self.depth = depth
            self.fields["below"].nested = lambda: Endless(depth + 1)  # type: ignore[attr-defined]

        below = fields.Nested(lambda: Endless())

    assert 100 < len(close_cycles(Endless())) < 300


def test_a_name_that_is_defined_later_is_left_to_marshmallow() -> None:
    class Early(Schema):
        late = fields.Nested("DefinedAfterThat")

    schema = Early()
    assert close_cycles(schema) == [schema]

    class DefinedAfterThat(Schema):
        name = fields.String()

    assert schema.load({"late": {"name": "a"}}) == {"late": {"name": "a"}}


class Plain(Schema):
    name = fields.String()


@pytest.mark.parametrize(
    "other",
    [
        lambda: fields.Pluck(Plain, "name"),
        lambda: fields.Nested(Plain, only=("name",)),
        lambda: fields.Nested(lambda: Plain(only=("name",))),
        lambda: fields.Nested(Plain(exclude=())),
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_a_schema_of_one_field_may_stand_whole_and_in_part(other: Any, first: bool) -> None:
    pairs = [("whole", fields.Nested(Plain)), ("part", other())]
    schema = Schema.from_dict(dict(reversed(pairs) if first else pairs))()
    assert schema in close_cycles(schema)
