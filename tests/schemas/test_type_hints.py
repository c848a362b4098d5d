"""Type hints: their names are found wherever they stand, and what they say is made into fields."""

from __future__ import annotations

import dataclasses
import enum
import functools
import sys
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Dict, List, NewType, Optional, Union  # noqa: UP035

import pytest
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length

from flask_serveractions import Body, Bound, MethodRoute, Query, ServerActions
from flask_serveractions.schemas.type_hints import NoField, field_for, resolved_hints
from tests.calling import Door, door_of, errors_of, make_app

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForTypeCheckers

UserId = NewType("UserId", int)


@dataclass
class Node:
    name: str
    children: list[Node] = field(default_factory=list)
    parent: Optional[Node] = None  # noqa: UP045


@dataclass
class Address:
    city: str
    main: bool
    tags: list[str]
    zip: Optional[str]  # noqa: UP045
    country: str = "PT"


def loaded(annotation: Any, value: Any, *, strict: bool = True) -> Any:
    return field_for(annotation, strict=strict).deserialize(value)


# Names


def test_types_that_are_local_to_a_function_are_found() -> None:
    _, actions = make_app()

    class Colour(enum.Enum):
        RED = "red"

    @dataclass
    class Inner:
        colour: Colour

    @dataclass
    class Outer:
        inner: Inner
        more: list[Inner] = field(default_factory=list)

    class LocalSchema(Schema):
        colour = fields.Enum(Colour, by_value=True)

    @actions.register
    def paint(outer: Outer, colour: Colour, number: Bound[int]) -> None: ...

    @actions.register
    def whole(data: Annotated[dict, LocalSchema()]) -> Annotated[dict, LocalSchema()]: ...

    @actions.route("/paint")
    class Paint(MethodRoute):
        def post(self, outer: Outer) -> list[Annotated[dict, LocalSchema()]]: ...

    operation = actions.registry.actions["paint"]
    made = operation.body[0].json.deserialize({"inner": {"colour": "red"}})
    assert made == Outer(Inner(Colour.RED))


def test_types_that_are_local_to_an_application_factory_are_found_in_a_plain_view() -> None:
    def create() -> Any:
        app, _ = make_app()

        @dataclass
        class Point:
            x: int

        class Points(MethodRoute):
            def post(self, point: Point) -> dict[str, int]:
                return {"x": point.x}

        app.add_url_rule("/points", view_func=Points.as_view("points"))
        return app

    answer = create().test_client().post("/points", json={"point": {"x": 1}})
    assert answer.json == {"x": 1}


def test_a_name_that_a_function_only_closes_over_is_found() -> None:
    def factory(kind: Any) -> Any:
        def taking(value: kind) -> None:
            assert kind

        return taking

    assert resolved_hints(factory(int), {})["value"] is int


def test_a_forward_reference_to_a_later_class_of_the_module_is_found() -> None:
    def taking(later: Later, some: list[Later]) -> None: ...

    assert resolved_hints(taking, {}) == {"later": Later, "some": list[Later], "return": type(None)}


@dataclass
class Later:
    x: int


def mistake(function: Callable[..., Any]) -> str:
    with pytest.raises(TypeError) as caught:
        ServerActions().register(function)
    return str(caught.value)


def test_an_unknown_forward_reference_is_a_type_error_that_names_function_parameter_and_mend() -> None:
    def create(text: str, amount: OnlyForTypeCheckers) -> None: ...

    said = mistake(create)
    assert "create" in said
    assert "'amount'" in said
    assert "OnlyForTypeCheckers" in said
    assert "TYPE_CHECKING" in said


def test_an_unknown_name_in_the_annotation_of_the_result_is_a_type_error() -> None:
    def create() -> OnlyForTypeCheckers: ...

    assert "the return annotation" in mistake(create)


def test_an_unknown_name_in_a_dataclass_is_a_type_error_that_names_both() -> None:
    @dataclass
    class Order:
        amount: OnlyForTypeCheckers

    def create(order: Order) -> None: ...

    said = mistake(create)
    assert "'order'" in said
    assert "Order.amount: name 'OnlyForTypeCheckers' is not defined" in said
    assert "TYPE_CHECKING" in said


def test_a_module_s_missing_attribute_is_a_type_error() -> None:
    def create(value: dataclasses.Nothing) -> None: ...  # type: ignore[name-defined]

    assert "'value'" in mistake(create)


def test_a_plain_view_with_an_unknown_name_is_a_type_error_where_it_is_made() -> None:
    class Broken(MethodRoute):
        def get(self, value: OnlyForTypeCheckers) -> None: ...

    with pytest.raises(TypeError, match="'value'"):
        Broken.as_view("broken")


def test_a_decorator_of_another_module_does_not_hide_the_names() -> None:
    def create(later: Later) -> None: ...

    wrapped = functools.wraps(create)(lambda *args, **kwargs: create(*args, **kwargs))
    assert resolved_hints(wrapped, {})["later"] is Later


def test_a_partial_function_has_the_hints_of_what_it_wraps() -> None:
    def create(first: int, later: Later) -> None: ...

    assert resolved_hints(functools.partial(create, 1), {})["later"] is Later


def test_a_class_attribute_does_not_shadow_the_type_of_its_name() -> None:
    import datetime

    @dataclass
    class Event:
        date: datetime.date
        datetime: Optional[datetime.date] = None  # noqa: UP045

    hints = field_for(Event, strict=True, names={"datetime": datetime})
    assert hints.deserialize({"date": "2026-01-31"}) == Event(datetime.date(2026, 1, 31))


# Types


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Optional[int], None),  # noqa: UP045
        (Union[int, None], 5),  # noqa: UP007
        (List[int], [1]),  # noqa: UP006
        (Dict[str, int], {"a": 1}),  # noqa: UP006
        (List, [1, "a", None]),  # noqa: UP006
        (Dict, {"a": [None]}),  # noqa: UP006
        (list, [1, None]),
        (dict, {"a": 1}),
        (dict[str, Any], {"a": [1, None]}),
        (list[dict[str, list[int]]], [{"a": [1]}]),
        (Any, {"a": 1}),
        (Any, None),
        (UserId, 5),
        (list[UserId], [5]),
        (Optional[UserId], None),  # noqa: UP045
    ],
)
def test_the_spellings_of_typing_load_as_their_namesakes(annotation: Any, value: Any) -> None:
    assert loaded(annotation, value) == value


def test_an_alias_stands_for_its_type() -> None:
    if sys.version_info >= (3, 12):
        names: dict[str, Any] = {}
        exec("type Number = int\ntype Numbers = list[Number] | None", names)
        assert loaded(names["Numbers"], [1]) == [1]


def test_metadata_that_cannot_be_hashed_does_no_harm() -> None:
    assert loaded(list[Annotated[int, {"unhashable": []}]], [1]) == [1]


def test_a_union_of_several_types_has_no_field() -> None:
    with pytest.raises(NoField, match="several types"):
        field_for(int | str, strict=True)


# Dataclasses


def test_a_dataclass_comes_from_an_object() -> None:
    data = {"city": "Faro", "main": True, "tags": ["a"], "zip": None}
    assert loaded(Address, data) == Address("Faro", True, ["a"], None, "PT")


def test_a_dataclass_comes_from_dotted_names() -> None:
    door = door_of(Address)
    door.form([("value.city", "Faro"), ("value.main", "on"), ("value.tags", "a"), ("value.tags", "b")])
    assert door.last == {"value": Address("Faro", True, ["a", "b"], None, "PT")}


def test_in_a_form_what_a_dataclass_lacks_is_unticked_empty_and_none() -> None:
    door = door_of(Address)
    door.form({"value.city": "Faro"})
    assert door.last == {"value": Address("Faro", False, [], None, "PT")}


def test_in_json_a_dataclass_must_be_given_whole() -> None:
    door = door_of(Address)
    assert set(errors_of(door.json({"value": {}}))) == {"value.city", "value.main", "value.tags", "value.zip"}


def test_an_unknown_key_of_a_dataclass_is_named_in_json_and_ignored_in_a_form() -> None:
    door = door_of(Later)
    assert errors_of(door.json({"value": {"x": 1, "z": 2}})) == {"value.z": ["Unknown field."]}
    assert door.form({"value.x": "1", "value.z": "2"}).status_code == 200


def test_nested_dataclasses_nest_with_dots_and_so_do_their_errors() -> None:
    @dataclass
    class Line:
        text: Annotated[str, Length(1, 5)]
        count: int = 1

    @dataclass
    class Order:
        lines: list[Line]
        address: Later

    def taking(order: Order) -> None: ...

    door = Door(taking)
    door.form(
        {"order.lines.0.text": "a", "order.lines.0.count": "2", "order.lines.1.text": "b", "order.address.x": "1"}
    )
    assert door.last == {"order": Order([Line("a", 2), Line("b", 1)], Later(1))}
    bad = {"order.lines.0.text": "a", "order.lines.2.text": "", "order.lines.4.count": "x", "order.address.x": "y"}
    expected = {"order.lines.2.text", "order.lines.4.text", "order.lines.4.count", "order.address.x"}
    assert set(errors_of(door.form(bad))) == expected
    order = {"lines": [{"text": "a"}, {"text": ""}], "address": {"x": "1"}}
    assert set(errors_of(door.json({"order": order}))) == {"order.lines.1.text", "order.address.x"}


def test_a_dataclass_may_hold_itself() -> None:
    tree = {"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}], "parent": {"name": "d"}}
    made = Node("a", [Node("b", [Node("c")])], Node("d"))
    assert loaded(Node, tree) == made
    door = door_of(Node)
    door.form(
        {
            "value.name": "a",
            "value.children.0.name": "b",
            "value.children.0.children.0.name": "c",
            "value.parent.name": "d",
        }
    )
    assert door.last == {"value": made}


def test_a_value_error_in_post_init_is_a_message_at_the_object() -> None:
    @dataclass
    class Span:
        start: int
        end: int

        def __post_init__(self) -> None:
            if self.end < self.start:
                raise ValueError("It ends before it starts.")

    door = door_of(list[Span])
    bad = [{"start": 1, "end": 2}, {"start": 2, "end": 1}]
    assert errors_of(door.json({"value": bad})) == {"value.1": ["It ends before it starts."]}


def test_a_factory_s_default_is_made_anew() -> None:
    first, second = loaded(Node, {"name": "a"}), loaded(Node, {"name": "a"})
    assert first.children is not second.children


def test_a_default_that_can_be_called_is_not_called() -> None:
    @dataclass
    class Task:
        kind: Any = int

    assert loaded(Task, {}).kind is int


def test_init_vars_are_loaded_and_fields_without_init_are_not() -> None:
    @dataclass
    class Account:
        name: str
        password: InitVar[str]
        digest: str = field(init=False)

        def __post_init__(self, password: str) -> None:
            self.digest = password[::-1]

    door = door_of(Account)
    door.json({"value": {"name": "a", "password": "bc"}})
    assert door.last["value"].digest == "cb"
    assert set(errors_of(door.json({"value": {"name": "a", "password": "b", "digest": "x"}}))) == {"value.digest"}


def test_keyword_only_and_frozen_dataclasses_and_their_bases_load() -> None:
    @dataclass(frozen=True)
    class Base:
        a: int

    @dataclass(frozen=True, kw_only=True)
    class Derived(Base):
        b: int

    assert loaded(Derived, {"a": 1, "b": 2}) == Derived(1, b=2)


def test_exact_fields_in_a_dataclass_are_required_where_it_has_no_default() -> None:
    @dataclass
    class Contact:
        mail: Annotated[str, fields.Email()]
        other: Annotated[str, fields.Email()] = "a@example.org"
        third: Annotated[str, fields.Email(load_default="b@example.org")] = "c@example.org"
        fourth: Annotated[str, fields.Email(required=True)] = "d@example.org"

    door = door_of(Contact)
    assert errors_of(door.json({"value": {}})) == {"value.mail": ["Please fill in this field."]}
    door.json({"value": {"mail": "x@example.org"}})
    assert dataclasses.astuple(door.last["value"])[1:] == ("a@example.org", "c@example.org", "d@example.org")


def test_a_schema_may_stand_in_a_dataclass() -> None:
    class PointSchema(Schema):
        x = fields.Integer(required=True)

    @dataclass
    class Shape:
        points: list[Annotated[dict, PointSchema]]
        middle: Annotated[dict, PointSchema] | None = None

    door = door_of(Shape)
    door.form({"value.points.0.x": "1"})
    assert door.last == {"value": Shape([{"x": 1}])}
    assert set(errors_of(door.json({"value": {"points": [{}], "middle": {}}}))) == {
        "value.points.0.x",
        "value.middle.x",
    }


def test_a_dataclass_from_the_query_has_no_unticked_boxes() -> None:
    door = Door()

    def taking(*, where: Query[Address]) -> None: ...

    door.route(taking)
    assert set(errors_of(door.client.get("/resource?where.city=a"))) == {"where.main"}
    assert door.client.get("/resource?where.city=a&where.main=0").status_code == 204


def test_an_argument_of_a_dataclass_s_own_init_needs_an_annotation() -> None:
    @dataclass(init=False)
    class Odd:
        x: int

        def __init__(self, x, y):  # type: ignore[no-untyped-def]
            self.x = x

    with pytest.raises(NoField, match="'y'"):
        field_for(Odd, strict=True)


def test_a_validator_of_a_field_in_a_dataclass_may_be_any_callable() -> None:
    def even(value: int) -> None:
        if value % 2:
            raise ValidationError("Odd.")

    @dataclass
    class Pair:
        left: Annotated[int, even]

    door = door_of(Pair)
    assert errors_of(door.json({"value": {"left": 1}})) == {"value.left": ["Odd."]}


def test_body_of_a_dataclass_on_a_get_is_a_field_of_the_body() -> None:
    door = Door()

    def taking(*, point: Body[Later]) -> None: ...

    door.route(taking)
    assert door.client.get("/resource", json={"point": {"x": 1}}).status_code == 204
    assert door.last == {"point": Later(1)}
