from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from apispec import APISpec
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError, fields, post_dump
from marshmallow.validate import URL, And, ContainsOnly, Email, Equal, Length, NoneOf, OneOf, Range, Regexp

from flask_serveractions.json_schemas.converter import (
    DECIMAL,
    OPENAPI_VERSION,
    Components,
    JsonSchema,
    portable_pattern,
)
from flask_serveractions.schemas.type_hints import field_for
from tests.generated_schemas import schemas


def components() -> Components:
    return Components(APISpec("An API", "1", OPENAPI_VERSION))


def sent(field: fields.Field[Any]) -> JsonSchema:
    return components().sent.field2property(field)


def returned(field: fields.Field[Any]) -> JsonSchema:
    return components().returned.field2property(field)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class TodoSchema(Schema):
    """Something to do."""

    id = fields.Integer(dump_only=True)
    text = fields.String(required=True)
    done = fields.Boolean(load_default=False)
    note = fields.String()
    secret = fields.String(load_only=True)


def test_what_is_sent_and_what_comes_back_are_two_schemas() -> None:
    both = components()
    both.sent.reference(TodoSchema())
    both.returned.reference(TodoSchema())
    given = both.by_name()
    assert list(given) == ["Todo", "TodoInput"]
    assert list(given["Todo"]["properties"]) == ["id", "text", "done", "note"]
    assert list(given["TodoInput"]["properties"]) == ["text", "done", "note", "secret"]


def test_only_what_must_be_sent_is_required() -> None:
    given = components()
    given.sent.reference(TodoSchema())
    assert given.by_name()["TodoInput"]["required"] == ["text"]


def test_what_was_loaded_or_made_here_always_comes_back() -> None:
    given = components()
    given.returned.reference(TodoSchema())
    assert given.by_name()["Todo"]["required"] == ["id", "text", "done"]


def test_what_a_hook_makes_of_it_is_not_promised() -> None:
    class HookedSchema(Schema):
        id = fields.Integer(required=True)

        @post_dump
        def hide(self, data: Any, **kwargs: Any) -> Any:
            return {}

    given = components()
    given.returned.reference(HookedSchema())
    assert "required" not in given.by_name()["Hooked"]


@pytest.mark.parametrize(("unknown", "allowed"), [(None, False), (INCLUDE, True), (EXCLUDE, None)])
def test_unknown_keys_are_allowed_as_the_schema_says(unknown: Any, allowed: bool | None) -> None:
    given = components()
    given.sent.reference(TodoSchema(unknown=unknown) if unknown else TodoSchema())
    assert given.by_name()["TodoInput"].get("additionalProperties") is allowed


@pytest.mark.parametrize(
    ("field", "format_"),
    [
        (fields.Email(), "email"),
        (fields.String(validate=[Length(max=9), Email()]), "email"),
        (fields.Url(), "uri"),
        (fields.String(validate=URL()), "uri"),
        (fields.String(validate=And(Email())), "email"),
        (fields.Url(relative=True), "uri-reference"),
        (fields.String(), None),
    ],
)
def test_an_address_has_its_format_be_it_a_field_s_or_a_validator_s(field: fields.Field[Any], format_: Any) -> None:
    assert sent(field).get("format") == format_


def test_an_item_has_no_default_since_one_that_is_absent_is_none() -> None:
    number = fields.Integer(load_default=3)
    assert sent(fields.List(number)) == {"type": "array", "items": {"type": "integer"}}
    assert sent(fields.Dict(values=number)) == {"type": "object", "additionalProperties": {"type": "integer"}}
    assert sent(number)["default"] == 3


def test_a_partial_schema_requires_nothing_and_neither_do_those_in_it() -> None:
    class ListSchema(Schema):
        todo = fields.Nested(TodoSchema, required=True)

    given = components()
    given.sent.reference(ListSchema(partial=True))
    assert list(given.by_name()) == ["ListPartial", "TodoPartial"]
    assert not any("required" in each for each in given.by_name().values())


def test_a_docstring_describes_the_schema() -> None:
    given = components()
    given.returned.reference(TodoSchema())
    assert given.by_name()["Todo"]["description"] == "Something to do."


def test_a_schema_for_many_is_a_list() -> None:
    given = components()
    made = given.with_final_names(given.returned.reference(TodoSchema(many=True)))
    assert made == {"type": "array", "items": {"$ref": "#/components/schemas/Todo"}}


def test_a_schema_that_nests_itself_is_referred_to() -> None:
    class NodeSchema(Schema):
        children = fields.List(fields.Nested(lambda: NodeSchema()))

    given = components()
    given.returned.reference(NodeSchema())
    children = given.by_name()["Node"]["properties"]["children"]
    assert children == {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}


# Names


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (TodoSchema(), "Todo"),
        (TodoSchema(only=("id", "text")), "Todo_id_text"),
        (TodoSchema(exclude=("note",)), "Todo_without_note"),
        (Schema.from_dict({"a": fields.Integer()}, name="Made")(), "Made"),
        (type("Schema", (Schema,), {})(), "Schema"),
    ],
)
def test_a_component_has_the_name_of_its_class_and_of_its_choice_of_fields(schema: Schema, name: str) -> None:
    given = components()
    given.returned.reference(schema)
    assert list(given.by_name()) == [name]


def test_two_schemas_of_one_name_get_that_of_their_module() -> None:
    other = type("TodoSchema", (Schema,), {"__module__": "app.admin"})
    given = components()
    given.returned.reference(other())
    given.returned.reference(TodoSchema())
    assert list(given.by_name()) == ["app_admin_Todo", f"{__name__.replace('.', '_')}_Todo"]


def test_two_schemas_of_one_name_and_module_are_numbered() -> None:
    given = components()
    for _ in range(2):
        given.returned.reference(type("TodoSchema", (Schema,), {"__module__": "app"})())
    assert list(given.by_name()) == ["app_Todo", "app_Todo-2"]


def test_a_schema_does_not_take_the_name_of_one_of_ours() -> None:
    given = components()
    given.add("Problem", {"type": "object"})
    made = given.with_final_names(given.returned.reference(type("ProblemSchema", (Schema,), {"__module__": "app"})()))
    assert made == {"$ref": "#/components/schemas/app_Problem"}
    assert list(given.by_name()) == ["Problem", "app_Problem"]


def test_two_choices_of_nested_fields_are_two_components() -> None:
    class ListSchema(Schema):
        todo = fields.Nested(TodoSchema)

    given = components()
    for only in ("todo.id", "todo.text"):
        given.returned.reference(ListSchema(only=(only,)))
    names = list(given.by_name())
    assert [re.sub("_[0-9a-f]{6}$", "_#", name) for name in names] == ["List_#", "List_#", "Todo_id", "Todo_text"]


def test_a_dataclass_has_its_own_name() -> None:
    @dataclass
    class Address:
        city: str

    given = components()
    assert given.with_final_names(given.sent.field2property(field_for(Address, strict=True))) == {
        "$ref": "#/components/schemas/AddressInput"
    }


# Fields

LIMITS: list[tuple[fields.Field[Any], JsonSchema]] = [
    (fields.String(validate=Length(1, 200)), {"type": "string", "minLength": 1, "maxLength": 200}),
    (fields.List(fields.Raw(), validate=Length(max=3)), {"type": "array", "items": {}, "maxItems": 3}),
    (fields.Dict(validate=Length(1)), {"type": "object", "additionalProperties": {}, "minProperties": 1}),
    (fields.Integer(validate=Range(1, 5)), {"type": "integer", "minimum": 1, "maximum": 5}),
    (fields.Integer(validate=[Range(1), Range(max=5)]), {"type": "integer", "minimum": 1, "maximum": 5}),
    (fields.Integer(validate=[Range(1, 4), Range(2, 9)]), {"type": "integer", "minimum": 2, "maximum": 4}),
    (
        fields.Float(validate=Range(0, 1, min_inclusive=False, max_inclusive=False)),
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    ),
    (
        fields.Decimal(validate=Range(decimal.Decimal("0.5"))),
        {"type": ["number", "string"], "pattern": DECIMAL, "minimum": 0.5},
    ),
    (
        fields.String(validate=And(Length(1), And(Regexp("a"), Length(max=9)))),
        {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^(?:a)"},
    ),
    (fields.String(validate=OneOf(["a", "b"])), {"type": "string", "enum": ["a", "b"]}),
    (fields.String(validate=Equal("a")), {"type": "string", "enum": ["a"]}),
    (
        fields.List(fields.String(), validate=ContainsOnly(["a"])),
        {"type": "array", "items": {"type": "string", "enum": ["a"]}},
    ),
    (fields.Integer(validate=NoneOf([1, 2])), {"type": "integer", "not": {"enum": [1, 2]}}),
    (
        fields.Dict(keys=fields.Enum(Color, by_value=True), values=fields.Raw()),
        {"type": "object", "additionalProperties": {}, "propertyNames": {"enum": ["red", "blue"]}},
    ),
    (
        fields.Dict(keys=fields.Integer()),
        {"type": "object", "additionalProperties": {}, "propertyNames": {"pattern": "^[+-]?[0-9]+$"}},
    ),
    (
        fields.Dict(keys=fields.String(validate=Length(1))),
        {"type": "object", "additionalProperties": {}, "propertyNames": {"minLength": 1}},
    ),
    (
        fields.Dict(fields.UUID(), fields.Raw()),
        {"type": "object", "additionalProperties": {}, "propertyNames": {"format": "uuid"}},
    ),
    (fields.Boolean(truthy={"yes"}, falsy={"no"}), {"type": "string", "enum": ["no", "yes"]}),
    (
        fields.Boolean(truthy={"yes"}, falsy={"no", 0}),
        {"type": ["boolean", "integer", "string"], "enum": ["no", "yes", 0, False]},
    ),
    (fields.String(validate=Regexp("a|b")), {"type": "string", "pattern": "^(?:a|b)"}),
    (fields.String(validate=Regexp("a", flags=re.IGNORECASE)), {"type": "string"}),
    (fields.Integer(allow_none=True, load_default=None), {"type": ["integer", "null"], "default": None}),
    (fields.Enum(Color, by_value=True), {"type": "string", "enum": ["red", "blue"]}),
    (fields.Enum(Color), {"type": "string", "enum": ["RED", "BLUE"]}),
    (fields.Enum(Color, by_value=True, allow_none=True), {"type": ["null", "string"], "enum": ["red", "blue", None]}),
    (fields.Tuple((fields.Integer(), fields.String())), {
        "type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2,
    }),
    (fields.Constant(3), {"const": 3}),
    (fields.URL(), {"type": "string", "format": "uri"}),
    (fields.IP(), {"type": "string"}),
    (fields.Raw(), {}),
    (
        fields.TimeDelta(),
        {"type": "number", "x-unit": "seconds", "minimum": -86399999913600, "maximum": 86399999999999},
    ),
    (fields.String(metadata={"description": "Words.", "other": 1}), {"type": "string", "description": "Words."}),
    (field_for(Literal["a", 2], strict=True), {"type": ["integer", "string"], "enum": ["a", 2]}),
    (field_for(Literal[1, True, None], strict=True), {"type": ["boolean", "integer", "null"], "enum": [1, True, None]}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "expected"), LIMITS, ids=lambda each: type(each).__name__)
def test_a_field_says_its_type_and_its_limits(field: fields.Field[Any], expected: JsonSchema) -> None:
    assert sent(field) == expected


@pytest.mark.parametrize(
    ("field", "as_sent", "as_returned"),
    [
        (fields.DateTime(), "date-time", "iso-date-time"),
        (fields.AwareDateTime(), "date-time", "date-time"),
        (fields.NaiveDateTime(), "iso-date-time", "iso-date-time"),
        (fields.Date(), "date", "date"),
        (fields.Time(), "iso-time", "iso-time"),
        (fields.DateTime(format="rfc"), None, None),
        (fields.Date(format="%d.%m.%Y"), None, None),
    ],
)
def test_times_have_the_format_that_holds_in_either_direction(
    field: Any, as_sent: str | None, as_returned: str | None
) -> None:
    assert (sent(field).get("format"), returned(field).get("format")) == (as_sent, as_returned)


def test_a_timestamp_is_a_number() -> None:
    assert returned(fields.DateTime(format="timestamp")) == {"type": "number"}
    last = {form: sent(fields.DateTime(format=form))["exclusiveMaximum"] for form in ("timestamp", "timestamp_ms")}
    assert last == {"timestamp": 253402300800, "timestamp_ms": 253402300800000}
    assert sent(fields.DateTime(format="timestamp"))["minimum"] == 0


def test_whether_a_plucked_value_may_be_absent_or_null_is_the_outer_fields_to_say() -> None:
    inner = Schema.from_dict({"name": fields.String(allow_none=True, load_default="me")})
    assert sent(fields.Pluck(inner, "name")) == {"type": "string"}
    assert sent(fields.Pluck(inner, "name", load_default=None)) == {"type": ["string", "null"], "default": None}
    many = {"type": "array", "items": {"type": ["string", "null"]}}
    assert sent(fields.Pluck(inner, "name", many=True)) == many


def test_a_decimal_comes_back_as_flask_writes_it() -> None:
    assert returned(fields.Decimal()) == {"type": "string"}
    assert returned(fields.Integer(as_string=True)) == {"type": "string"}


def test_a_default_stands_where_something_is_sent() -> None:
    field = fields.Boolean(load_default=False)
    assert (sent(field)["default"], returned(field)) == (False, {"type": "boolean"})


@pytest.mark.parametrize(
    ("name", "field"),
    [("password", fields.String()), ("pin", fields.String(load_only=True)), ("api_token", fields.String())],
)
def test_a_secret_has_the_format_of_a_password(name: str, field: fields.Field[Any]) -> None:
    given = components()
    given.sent.reference(Schema.from_dict({name: field}, name="SignIn")())
    assert given.by_name()["SignInInput"]["properties"][name]["format"] == "password"


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"[a-z]{2,3}\Z", ["ab", "abcd", "1ab", "ab\n"]),
        (r"(?P<year>\d{4})-(?P<month>\d\d)$", ["2026-01", "x2026-01"]),
        (r"^ab", ["abc", "xab"]),
        (r"^a|b", ["ab", "b", "xb"]),
    ],
)
def test_a_portable_pattern_finds_what_marshmallow_finds(pattern: str, texts: list[str]) -> None:
    made = portable_pattern(pattern, 0)
    assert made is not None
    found = [bool(re.search(made.replace("(?<", "(?P<").replace("$", r"\Z"), text)) for text in texts]
    assert found == [is_valid(Regexp(pattern.replace("$", r"\Z")), text) for text in texts]


def is_valid(validator: Regexp, text: str) -> bool:
    try:
        validator(text)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("pattern", ["(?i)a", "(?>a)", "a++", "(?#no)a"])
def test_what_ecma_262_can_not_say_is_left_out(pattern: str) -> None:
    assert portable_pattern(pattern, 0) is None


@given(schemas())
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
def test_every_schema_gives_a_json_schema(schema: Schema) -> None:
    given = components()
    given.sent.reference(schema)
    given.returned.reference(schema)
    document = json.loads(json.dumps(given.by_name(), default=str))
    for each in document.values():
        Draft202012Validator.check_schema(each)
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert referred <= set(document)


def test_what_comes_back_holds_against_its_schema() -> None:
    class AllSchema(Schema):
        id = fields.Integer()
        price = fields.Decimal(as_string=True)
        at = fields.DateTime()
        on = fields.Date()
        color = fields.Enum(Color, by_value=True)
        took = fields.TimeDelta()
        todo = fields.Nested(TodoSchema)
        names = fields.Dict(values=fields.Integer())

    value = {
        "id": 1, "price": decimal.Decimal("1.5"), "at": dt.datetime(2026, 1, 1), "on": dt.date(2026, 1, 1),
        "color": Color.RED, "took": dt.timedelta(seconds=3), "todo": {"id": 1, "text": "a", "done": True},
        "names": {"a": 1},
    }  # fmt: skip
    given = components()
    reference = given.with_final_names(given.returned.reference(AllSchema()))
    document = {**reference, "components": {"schemas": given.by_name()}}
    validator = Draft202012Validator(document)
    dumped = AllSchema().dump(value)
    assert list(validator.iter_errors(dumped)) == []
    for name in value:
        assert list(validator.iter_errors({**dumped, name: object})) != [], name


@pytest.mark.parametrize(("unknown", "expected"), [(None, False), (RAISE, False), (INCLUDE, True), (EXCLUDE, None)])
def test_a_nested_field_says_what_happens_to_keys_that_nobody_declared(unknown: Any, expected: bool | None) -> None:
    class Inner(Schema):
        name = fields.String()

    class Outer(Schema):
        inner = fields.Nested(Inner, unknown=unknown)
        plain = fields.Nested(Inner)

    given = components()
    given.sent.reference(Outer())
    schemas = given.by_name()
    (outer,) = (each for name, each in schemas.items() if name.endswith("OuterInput"))
    inner, plain = (schemas[each["$ref"].rpartition("/")[2]] for each in outer["properties"].values())
    assert inner.get("additionalProperties") is expected
    assert plain["additionalProperties"] is False
