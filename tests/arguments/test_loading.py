"""From a request to a function's arguments: what is absent, what is wrong, and where it is said."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from marshmallow import EXCLUDE, INCLUDE, Schema, fields, post_load, pre_load, validates_schema
from marshmallow.validate import URL, And, Email, Length, Range, ValidationError
from werkzeug.routing import BaseConverter

from flask_serveractions import Bound, Query
from flask_serveractions.arguments.loading import errors_below
from tests.calling import Door, door_of, errors_of, function_of

MISSING = ["Please fill in this field."]
UNKNOWN = ["Unknown field."]


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int


class InnerSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True)
    done = fields.Boolean()


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=Length(1, 5))
    done = fields.Boolean(load_default=True)
    inner = fields.Nested(InnerSchema)
    items = fields.List(fields.Nested(InnerSchema))


def query(annotation: Any, *default: Any) -> Door:
    """Return a resource whose GET takes one argument from the query."""
    door = Door()
    door.route(function_of(annotation, *default))
    return door


# What is absent


def test_an_absent_bool_is_false_in_a_form_body() -> None:
    door = door_of(bool)
    door.form({})
    door.form({"other": "x"})
    assert door.calls == [{"value": False}] * 2


def test_an_absent_bool_is_missing_in_json_and_in_a_query() -> None:
    assert errors_of(door_of(bool).json({})) == {"value": MISSING}
    assert errors_of(query(bool).client.get("/resource")) == {"value": MISSING}


def test_an_integer_that_takes_numbers_alone_is_a_number_where_everything_is_text() -> None:
    count = Annotated[int, fields.Integer(strict=True)]
    door, asked = door_of(count), query(count)
    door.form({"value": "-5"})
    door.json({"value": 5})
    asked.client.get("/resource?value=7")
    assert door.calls + asked.calls == [{"value": -5}, {"value": 5}, {"value": 7}]
    for refused in (door.form({"value": "5.0"}), door.json({"value": "5"}), asked.client.get("/resource?value=x")):
        assert errors_of(refused) == {"value": ["Not a valid integer."]}


def test_a_field_says_in_its_own_words_that_it_is_missing() -> None:
    age = Annotated[int, fields.Integer(error_messages={"required": "How old are you?"})]
    expected = {"value": ["How old are you?"]}
    assert errors_of(door_of(age).form({})) == expected
    assert errors_of(door_of(age).json({})) == expected
    assert errors_of(query(age).client.get("/resource")) == expected


def test_an_absent_optional_bool_stays_absent() -> None:
    door = door_of(bool | None)
    door.form({})
    door.form({"value": ""})
    door.form({"value": "off"})
    assert door.calls == [{"value": None}, {"value": None}, {"value": False}]
    door = query(bool | None, None)
    door.client.get("/resource")
    assert door.last == {"value": None}


def test_the_signature_s_own_default_wins_over_the_unticked_box() -> None:
    door = door_of(bool, True)
    door.form({})
    assert door.last == {"value": True}


def test_an_absent_bool_of_a_schema_is_false_in_a_form_unless_it_has_a_default_of_its_own() -> None:
    door = door_of(Annotated[dict, TodoSchema()])
    door.form({"text": "a", "inner.text": "b"})
    assert door.last == {"value": {"text": "a", "done": True, "inner": {"text": "b", "done": False}}}
    door.json({"text": "a", "inner": {"text": "b"}})
    assert door.last == {"value": {"text": "a", "done": True, "inner": {"text": "b"}}}


def test_an_absent_bool_of_a_partial_schema_stays_absent() -> None:
    door = door_of(Annotated[dict, TodoSchema(partial=True)])
    door.form({"inner.text": "b"})
    assert door.last == {"value": {"inner": {"text": "b"}}}


@pytest.mark.parametrize("annotation", [int | None, str | None, list[int] | None, Colour | None, Point | None])
def test_optional_without_a_default_is_none_when_absent_from_form_or_query_and_required_in_json(
    annotation: Any,
) -> None:
    door = door_of(annotation)
    door.form({})
    assert door.last == {"value": None}
    assert errors_of(door.json({})) == {"value": MISSING}
    door.json({"value": None})
    assert door.last == {"value": None}
    door = query(annotation)
    door.client.get("/resource")
    assert door.last == {"value": None}


def test_an_absent_or_empty_list_is_its_default_else_empty() -> None:
    for annotation, default, expected in [(list[int], (), []), (list[int], ([1],), [1]), (list[str], (), [])]:
        door = door_of(annotation, *default)
        door.form({})
        assert door.last == {"value": expected}
        door = query(annotation, *default)
        door.client.get("/resource")
        assert door.last == {"value": expected}
    door = door_of(list[int], [1])
    door.form({"value": ""})
    assert door.last == {"value": [1]}


def test_an_absent_list_is_missing_in_json_and_an_empty_one_is_empty() -> None:
    door = door_of(list[int])
    assert errors_of(door.json({})) == {"value": MISSING}
    door.json({"value": []})
    assert door.last == {"value": []}
    door = door_of(list[int], [1])
    door.json({"value": []})
    assert door.last == {"value": []}


def test_validators_of_a_list_see_the_empty_one() -> None:
    door = door_of(Annotated[list[int], Length(min=1)])
    assert list(errors_of(door.form({}))) == ["value"]


def test_repeated_keys_fill_a_list_and_one_value_is_a_list_of_one() -> None:
    door = door_of(list[int])
    door.form([("value", "1"), ("value", "2")])
    door.form({"value": "3"})
    assert door.calls == [{"value": [1, 2]}, {"value": [3]}]
    door = query(list[int])
    door.client.get("/resource?value=1&value=2")
    assert door.last == {"value": [1, 2]}


@pytest.mark.parametrize(
    "annotation", [list[int], list[Point], Annotated[list, fields.Nested(TodoSchema, many=True, required=True)]]
)
def test_a_list_of_which_a_form_sends_nothing_is_empty(annotation: Any) -> None:
    door = door_of(annotation)
    assert door.form({}).status_code == 200
    assert door.last == {"value": []}
    assert errors_of(door.json({})) == {"value": MISSING}


@pytest.mark.parametrize("annotation", [int, Decimal, dt.date, uuid.UUID, Colour, Literal["a"], Point, dict])
def test_what_is_missing_is_said_at_its_name(annotation: Any) -> None:
    door = door_of(annotation)
    named = "value.x" if annotation is Point else "value"
    for answer in (door.form({}), door.form({"value": ""})):
        assert list(errors_of(answer)) in ([named], ["value"])
    assert errors_of(door.json({})) == {"value": MISSING}
    assert door.calls == []


def test_an_empty_text_is_a_text() -> None:
    door = door_of(str)
    door.form({"value": ""})
    assert door.last == {"value": ""}
    assert errors_of(door.form({})) == {"value": MISSING}


def test_an_address_that_is_left_empty_is_absent_in_a_form() -> None:
    class Contact(Schema):
        mail = fields.Email()
        site = fields.String(validate=And(Length(max=99), URL()))
        note = fields.String()

    door = door_of(Annotated[dict, Contact()])
    door.form({"mail": "", "site": "", "note": ""})
    assert door.last == {"value": {"note": ""}}
    assert list(errors_of(door.json({"mail": ""}))) == ["mail"]
    assert errors_of(door_of(Annotated[str, Email()]).form({"value": ""})) == {"value": MISSING}

    class MayBeEmpty(Email):
        def __call__(self, value: str) -> str:
            return value and super().__call__(value)

    own = door_of(Annotated[str, MayBeEmpty()])
    own.form({"value": ""})
    assert own.last == {"value": ""}


# All at once


def test_all_errors_come_at_once_from_every_place() -> None:
    def taking(*, a: int, b: Annotated[str, Length(1)], c: Query[int], d: list[int], e: Point) -> None: ...

    door = Door(taking)
    errors = errors_of(door.form([("a", "x"), ("b", ""), ("d", "1"), ("d", "y"), ("e.x", "z")]))
    assert set(errors) == {"a", "b", "c", "d.1", "e.x"}
    url, headers = door.signed()
    answer = door.client.post(f"{url}&c=x", headers=headers, json={"a": "1", "d": [1, "y"], "e": {}, "f": 1})
    assert set(errors_of(answer)) == {"a", "b", "c", "d.1", "e.x", "f"}


def test_a_schema_says_all_its_errors_at_once_at_every_depth() -> None:
    door = door_of(Annotated[dict, TodoSchema()])
    items = [{"text": "a"}, {}, {"text": "b", "done": "x"}]
    errors = errors_of(door.json({"text": "", "inner": {}, "items": items}))
    assert set(errors) == {"text", "inner.text", "items.1.text", "items.2.done"}
    pairs = {"text": "", "inner.done": "on", "items.1.text": "a", "items.4.done": "x", "items.4.text": "b"}
    assert set(errors_of(door.form(pairs))) == {"text", "inner.text", "items.4.done"}


# Unknown keys


def test_keys_nobody_declared_are_ignored_in_a_form() -> None:
    door = door_of(int)
    assert door.form({"value": "1", "other": "x", "": "y", "value.z": "1"}).status_code == 200
    assert door.last == {"value": 1}


def test_an_unknown_key_of_json_is_a_422_that_names_it() -> None:
    assert errors_of(door_of(int).json({"value": 1, "other": 2})) == {"other": UNKNOWN}
    assert errors_of(Door(lambda: None).json({"other": 2})) == {"other": UNKNOWN}


def test_undeclared_and_dump_only_keys_of_a_schema_are_ignored_in_a_form_at_every_depth() -> None:
    door = door_of(Annotated[dict, TodoSchema()])
    pairs = {"text": "a", "id": "5", "x": "1", "inner.text": "b", "inner.id": "5", "inner.x": "1"}
    door.form({**pairs, "items.0.text": "c", "items.0.id": "x", "items.0.x": "1"})
    items = [{"text": "c", "done": False}]
    assert door.last == {"value": {"text": "a", "done": True, "inner": {"text": "b", "done": False}, "items": items}}


def test_undeclared_and_dump_only_keys_of_a_schema_are_a_422_in_json_at_every_depth() -> None:
    door = door_of(Annotated[dict, TodoSchema()])
    inner = {"text": "b", "id": 5, "x": 1}
    errors = errors_of(door.json({"text": "a", "id": 5, "x": 1, "inner": inner, "items": [inner]}))
    assert errors == dict.fromkeys(["id", "x", "inner.id", "inner.x", "items.0.id", "items.0.x"], UNKNOWN)


@pytest.mark.parametrize(("unknown", "kept"), [(EXCLUDE, {}), (INCLUDE, {"x": 1, "id": 5})])
def test_a_schema_s_own_unknown_wins_in_json_at_every_depth(unknown: Any, kept: dict[str, Any]) -> None:
    class Inner(InnerSchema):
        class Meta:
            pass

    class Outer(Schema):
        id = fields.Integer(dump_only=True)
        inner = fields.Nested(Inner)
        items = fields.List(fields.Nested(Inner))

        class Meta:
            pass

    Outer.Meta.unknown = Inner.Meta.unknown = unknown  # type: ignore[attr-defined]
    Outer.opts.unknown = Inner.opts.unknown = unknown
    door = door_of(Annotated[dict, Outer()])
    inner = {"text": "a", "id": 5, "x": 1}
    door.json({"id": 5, "x": 1, "inner": inner, "items": [inner]})
    assert door.last == {"value": {**kept, "inner": {"text": "a", **kept}, "items": [{"text": "a", **kept}]}}
    door.form({"id": "5", "x": "1", "inner.text": "a", "inner.x": "1", "inner.done": "on"})
    assert door.last == {"value": {"inner": {"text": "a", "done": True}}}


def test_one_s_own_answer_can_be_put_back_where_the_schema_excludes() -> None:
    class Lenient(TodoSchema):
        class Meta:
            unknown = EXCLUDE

    for schema, status in [(TodoSchema, 422), (Lenient, 204)]:
        door = Door()
        door.route(function_of(Annotated[dict, schema()]), "put")
        own = schema(only=("id", "text", "done")).dump({"id": 1, "text": "a", "done": True})
        assert door.client.put("/resource", json=own).status_code == status


def test_a_json_body_that_is_no_object_is_said_at_the_whole() -> None:
    for door in (door_of(int), door_of(Annotated[dict, TodoSchema()])):
        for body in ([], [1], "text", 5, True, None):
            assert errors_of(door.json(body)) == {"_schema": ["This does not have the expected form."]}


def test_a_function_that_takes_nothing_takes_an_empty_object_and_null() -> None:
    door = Door(lambda: None)
    assert [door.json({}).status_code, door.json(None).status_code, door.post().status_code] == [200, 200, 200]
    assert errors_of(door.json([1])) == {"_schema": ["This does not have the expected form."]}


def test_hooks_of_a_schema_run() -> None:
    class Hooked(Schema):
        first = fields.Integer(required=True)
        second = fields.Integer(required=True)

        @pre_load
        def strip(self, data: Any, **kwargs: Any) -> Any:
            return {**data, "first": str(data["first"]).strip("#")}

        @post_load
        def pair(self, data: Any, **kwargs: Any) -> Any:
            return (data["first"], data["second"])

        @validates_schema
        def ordered(self, data: Any, **kwargs: Any) -> None:
            if data["first"] > data["second"]:
                raise ValidationError({"second": ["Too low."], "_schema": ["Not in order."]})

    door = door_of(Annotated[tuple, Hooked()])
    door.form({"first": "#1", "second": "2"})
    assert door.last == {"value": (1, 2)}
    errors = errors_of(door.json({"first": 3, "second": 2}))
    assert errors == {"second": ["Too low."], "_schema": ["Not in order."]}


# Bound and path arguments


def signed_by(other: Any, annotation: Any, **bound: Any) -> int:
    """Return the status of a call whose ID was signed for other annotations of the same action."""
    door = Door()
    if other is None:
        door.register(lambda: None)
    else:
        door.register(function_of(Bound[other]))
    url, headers = door.signed(**bound)
    second = Door(function_of(Bound[annotation]))
    second.client.set_cookie("session", door.client.get_cookie("session").value)  # type: ignore[union-attr]
    return second.client.post(url, headers=headers).status_code


def test_a_bound_argument_that_the_id_lacks_is_a_404() -> None:
    assert signed_by(None, int) == 404
    assert signed_by(None, int | None) == 200


@pytest.mark.parametrize(
    ("other", "annotation", "value", "status"),
    [
        (str, int, "x", 404),
        (str, int, "5", 404),
        (int, str, 5, 404),
        (int, bool, 1, 404),
        (float, int, 1.5, 404),
        (int, int, 5, 200),
    ],
)
def test_a_bound_argument_of_the_wrong_type_is_a_404(other: Any, annotation: Any, value: Any, status: int) -> None:
    assert signed_by(other, annotation, value=value) == status


def test_a_bound_argument_that_its_validator_rejects_is_a_404() -> None:
    assert signed_by(int, Annotated[int, Range(max=4)], value=5) == 404


def test_a_bound_default_is_passed_where_the_form_gave_none() -> None:
    door = door_of(Bound[int], 7)
    door.form({"value": "8"})
    door.form({}, value=9)
    assert door.calls == [{"value": 7}, {"value": 9}]


def test_a_schema_s_own_field_of_a_bound_name_is_the_schema_s() -> None:
    def taking(*, text: Bound[str], todo: Any) -> None: ...

    taking.__annotations__["todo"] = Annotated[dict, TodoSchema()]
    door = Door(taking)
    door.json({"text": "sent"}, text="signed")
    assert door.last == {"text": "signed", "todo": {"text": "sent", "done": True}}


@pytest.mark.parametrize(
    ("annotation", "path", "status", "expected"),
    [
        (int, "5", 204, 5),
        (int, "x", 404, None),
        (int, "-5", 204, -5),
        (Annotated[int, Range(1)], "0", 404, None),
        (uuid.UUID, "x", 404, None),
        (Colour, "red", 204, Colour.RED),
        (Colour, "blue", 404, None),
        (Literal["a", "b"], "a", 204, "a"),
        (Literal["a", "b"], "c", 404, None),
        (dt.date, "2026-01-31", 204, dt.date(2026, 1, 31)),
        (dt.date, "2026-02-30", 404, None),
        (str, "a%00b", 404, None),
        (str, "%F0%9F%98%80", 204, "😀"),
        (bool, "maybe", 404, None),
    ],
)
def test_a_path_value_that_its_annotation_rejects_is_a_404(
    annotation: Any, path: str, status: int, expected: Any
) -> None:
    door = Door()
    door.route(function_of(annotation), rule="/resource/<value>")
    assert door.client.get(f"/resource/{path}").status_code == status
    assert [call["value"] for call in door.calls] == ([] if status == 404 else [expected])


def test_a_validator_counts_where_the_converter_has_made_the_type() -> None:
    door = Door()
    door.route(function_of(Annotated[int, Range(max=9)]), rule="/resource/<int:value>")
    assert [door.client.get(f"/resource/{number}").status_code for number in (9, 10)] == [204, 404]
    assert [call["value"] for call in door.calls] == [9]


def test_an_unannotated_path_value_passes_unchanged() -> None:
    door = Door()
    door.route(function_of(Any), rule="/resource/<value>")
    assert door.client.get("/resource/5").status_code == 204
    assert door.last == {"value": "5"}


@pytest.mark.parametrize(
    ("annotation", "rule", "path"),
    [
        (None, "<value>", "a%00b"),
        (None, "<float:value>", f"1{'0' * 400}.0"),
        (float, "<float:value>", f"1{'0' * 400}.0"),
    ],
)
def test_a_path_value_that_no_body_may_bring_is_a_404(annotation: Any, rule: str, path: str) -> None:
    door = Door()
    function = function_of(annotation)
    if annotation is None:
        function.__annotations__.clear()
    door.route(function, rule=f"/resource/{rule}")
    assert door.client.get(f"/resource/{path}").status_code == 404
    assert not door.calls


class DayConverter(BaseConverter):
    def to_python(self, value: str) -> dt.date:
        return dt.date.fromisoformat(value)


class PointConverter(BaseConverter):
    def to_python(self, value: str) -> Point:
        return Point(int(value))


class PlainConverter(BaseConverter):
    def to_python(self, value: str) -> SimpleNamespace:
        return SimpleNamespace(size=int(value))


@pytest.mark.parametrize("annotation", [dt.date, dt.date | None])
def test_what_a_converter_of_the_app_made_passes_where_it_is_of_the_type(annotation: Any) -> None:
    door = Door()
    door.app.url_map.converters |= {"day": DayConverter, "point": PointConverter}
    door.route(function_of(annotation), rule="/resource/<day:value>")
    assert door.client.get("/resource/2026-01-31").status_code == 204
    assert door.last == {"value": dt.date(2026, 1, 31)}
    other = Door()
    other.app.url_map.converters |= {"point": PointConverter}
    other.route(function_of(Point), rule="/resource/<point:value>")
    assert other.client.get("/resource/5").status_code == 204
    assert other.last == {"value": Point(5)}


def test_a_validator_counts_for_what_a_converter_of_the_app_made() -> None:
    door = Door()
    door.app.url_map.converters |= {"plain": PlainConverter}
    door.route(function_of(Annotated[SimpleNamespace, lambda made: made.size < 9]), rule="/resource/<plain:value>")
    assert [door.client.get(f"/resource/{size}").status_code for size in (8, 9)] == [204, 404]
    assert door.last == {"value": SimpleNamespace(size=8)}


# The rest


def test_only_the_errors_of_some_fields_and_of_what_nests_in_them_are_kept() -> None:
    errors = {"text": ["a"], "items.0.text": ["b"], "items.1": ["c"], "itemset": ["d"]}
    assert errors_below(errors, ["items"]) == {"items.0.text": ["b"], "items.1": ["c"]}
    assert errors_below(errors, ["items.0"]) == {"items.0.text": ["b"]}
    assert errors_below(errors, ["text", "other"]) == {"text": ["a"]}
    assert errors_below(errors, []) == {}


def test_numbers_of_json_beyond_every_float_are_said_at_their_name() -> None:
    door = door_of(Any)
    assert door.json({"value": 10**400}).status_code == 200
    assert errors_of(door_of(float).json({"value": 10**400})) == {"value": ["This number is too large."]}
