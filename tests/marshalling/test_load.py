from __future__ import annotations

import copy
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validate,
    validates,
    validates_schema,
)

from flask_serveractions.marshalling.load import Load, compile_try_load, loader_of
from tests.calling import door_of, errors_of
from tests.generated_schemas import data_for, outcome, schemas, several, values

SETTINGS = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))


def compiled(schema: Schema) -> Load:
    return loader_of(schema, schema.unknown)


@given(st.data())
@SETTINGS
def test_data_are_loaded_as_marshmallow_loads_them(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    one = data_for(schema)
    recipe = data.draw(several(one) if schema.many else one)
    assert outcome(compiled(schema), recipe) == outcome(schema.load, recipe)


@given(st.data())
@SETTINGS
def test_whatever_comes_in_place_of_data_fails_as_in_marshmallow(data: st.DataObject) -> None:
    schema, recipe = data.draw(schemas()), data.draw(values())
    assert outcome(compiled(schema), recipe) == outcome(schema.load, recipe)


@given(st.data())
@SETTINGS
def test_messages_that_are_returned_are_those_that_would_be_raised(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    recipe = data.draw(data_for(schema))

    def load(value: Any) -> Any:
        loaded, messages = compile_try_load(schema)(value)
        if messages is not None:
            raise ValidationError(messages)
        return loaded

    tried, raised = outcome(load, recipe), outcome(schema.load, recipe)
    assert tried[:2] == raised[:2]


def test_messages_that_are_none_at_all_refuse_as_well() -> None:
    class Silent(Schema):
        @validates_schema
        def refuse(self, data: Any, **more: Any) -> None:
            raise ValidationError([])

    assert compile_try_load(Silent())({})[1] is not None


class Address(Schema):
    city = fields.String(required=True, validate=validate.Length(1, 5))
    number = fields.Integer(strict=True)


class Order(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, data_key="TEXT")
    address = fields.Nested(Address)
    others = fields.Nested(Address, many=True, unknown=EXCLUDE)
    tags = fields.List(fields.String(validate=validate.Length(max=2)))


BAD = {
    "id": 1,
    "text": "stray",
    "address": {"city": "far too long", "number": "1", "zip": 1},
    "others": [{"city": "ok", "zip": 1}, 5, {}],
    "tags": ["ok", "long", 5],
}


def messages_of(load: Any, data: Any) -> Any:
    with pytest.raises(ValidationError) as caught:
        load(data)
    return caught.value.messages, caught.value.data, caught.value.valid_data


def outcome_of(load: Any, data: Any) -> Any:
    try:
        return load(data)
    except ValidationError as error:
        return error.messages


def test_all_messages_come_at_once_and_in_their_places() -> None:
    messages, data, valid_data = messages_of(compiled(Order()), BAD)
    assert (messages, data, valid_data) == messages_of(Order().load, BAD)
    assert messages["others"] == {
        1: {"_schema": ["Invalid input type."]},
        2: {"city": ["Missing data for required field."]},
    }
    assert messages["address"]["number"] == ["Not a valid integer."]
    assert messages["text"] == ["Unknown field."]


def test_what_came_is_not_changed() -> None:
    data = {"TEXT": "x", "tags": ["a"], "address": {"city": "b"}}
    before = copy.deepcopy(data)
    loaded = compiled(Order())(data)
    loaded["tags"].append("c")
    loaded["address"]["city"] = "d"
    assert data == before


def test_a_default_is_made_anew_for_each_load() -> None:
    load = compiled(Schema.from_dict({"tags": fields.List(fields.String(), load_default=list)})())
    load({})["tags"].append("x")
    assert load({}) == {"tags": []}


def test_two_fields_with_one_key_both_leave_their_messages() -> None:
    twice = {"a": fields.Integer(data_key="x", load_only=True), "b": fields.Date(data_key="x", load_only=True)}
    schema = Schema.from_dict(twice)()
    assert messages_of(compiled(schema), {"x": "no"}) == messages_of(schema.load, {"x": "no"})
    assert len(messages_of(compiled(schema), {"x": "no"})[0]["x"]) == 2


def test_a_validator_runs_once_whether_it_fails_or_not() -> None:
    seen: list[str] = []

    def note(value: str) -> None:
        seen.append(value)
        if value == "bad":
            raise ValidationError("No.")

    load = compiled(Schema.from_dict({"a": fields.String(validate=note)})())
    load({"a": "good"})
    messages_of(load, {"a": "bad"})
    assert seen == ["good", "bad"]


class Hooked(Schema):
    a = fields.Integer()

    @pre_load
    def double(self, data: Any, **kwargs: Any) -> Any:
        return {"a": data["a"] * 2}

    @validates("a")
    def is_small(self, value: int, **kwargs: Any) -> None:
        if value > 10:
            raise ValidationError("Too large.")

    @post_load
    def wrap(self, data: Any, **kwargs: Any) -> Any:
        return ("made", data["a"])


class Handled(Schema):
    a = fields.Integer()

    def handle_error(self, error: ValidationError, data: Any, **kwargs: Any) -> None:
        raise KeyError("handled")


def test_hooks_validators_and_error_handlers_are_run_by_marshmallow() -> None:
    class Outer(Schema):
        inner = fields.Nested(Hooked, unknown=INCLUDE)
        partly = fields.Nested(Address(partial=True))

    assert compiled(Hooked())({"a": 2}) == ("made", 4)
    assert messages_of(compiled(Hooked()), {"a": 6})[0] == {"a": ["Too large."]}
    with pytest.raises(KeyError, match="handled"):
        compiled(Handled())({"a": "x"})
    assert compiled(Outer())({"inner": {"a": 3}, "partly": {}}) == {"inner": ("made", 6), "partly": {}}


def test_a_partial_schema_stays_partial() -> None:
    assert compiled(Address(partial=True))({}) == {}
    assert compiled(Address(partial=("city",)))({"number": 1}) == {"number": 1}


def test_a_nested_field_with_a_way_of_its_own_keeps_it() -> None:
    class Made(fields.Nested):
        def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
            return ("made", super()._deserialize(value, attr, data, **kwargs))

    schema = Schema.from_dict({"a": Made(Address), "some": fields.Nested(Address, many=True)})()
    assert compiled(schema)({"a": {"city": "x"}}) == {"a": ("made", {"city": "x"})}
    assert messages_of(compiled(schema), {"some": {"city": "x"}})[0] == {"some": ["Invalid type."]}


def test_a_constant_is_there_whatever_comes() -> None:
    schema = Schema.from_dict({"a": fields.Constant(5)})()
    assert compiled(schema)({}) == schema.load({}) == {"a": 5}
    required = Schema.from_dict(
        {"a": fields.Constant(5, required=True)}
    )()  # what it needs has changed in marshmallow 4.3
    assert outcome_of(compiled(required), {}) == outcome_of(required.load, {})
    assert messages_of(compiled(schema), {"a": None}) == messages_of(schema.load, {"a": None})


def test_a_schema_that_nests_itself_loads_as_deep_as_the_data_go() -> None:
    class Tree(Schema):
        name = fields.String()
        below = fields.List(fields.Nested(lambda: Tree()))

    data = {"name": "a", "below": [{"name": "b", "below": [{"name": 5}]}]}
    assert messages_of(compiled(Tree()), data)[0] == {"below": {0: {"below": {0: {"name": ["Not a valid string."]}}}}}


def test_of_many_bad_items_and_unknown_keys_the_first_100_are_told() -> None:
    class Row(Schema):
        number = fields.Integer(required=True)

    class Rows(Schema):
        rows = fields.List(fields.Nested(Row))

    for schema, data in ((Row(many=True), [{}] * 500), (Rows(), {"rows": [{}] * 500})):
        with pytest.raises(ValidationError) as caught:
            compiled(schema)(data)
        messages: Any = caught.value.messages
        assert len(messages.get("rows", messages)) == 100
    with pytest.raises(ValidationError) as caught:
        compiled(Row())({str(number): 1 for number in range(500)})
    assert len(caught.value.messages) == 101  # and the one that is missing


@pytest.mark.parametrize("keys", [None, fields.String(validate=validate.Length(min=2)), fields.Integer()])
def test_a_long_mapping_is_loaded_as_marshmallow_loads_it(keys: Any) -> None:
    schema = Schema.from_dict({"prices": fields.Dict(keys, fields.Integer())})()
    for bad in ([], [7, 450, 1199]):
        prices = {str(number): "x" if number in bad else str(number) for number in range(10, 1200)}
        assert all_of(compiled(schema), {"prices": prices}) == all_of(schema.load, {"prices": prices})


def test_of_a_long_mapping_the_first_500_bad_keys_are_told() -> None:
    schema = Schema.from_dict({"prices": fields.Dict(values=fields.Integer())})()
    messages, _, valid_data = messages_of(
        compiled(schema), {"prices": {str(number): "x" * (number % 2) or "1" for number in range(5_000)}}
    )
    assert [*messages["prices"]] == [str(number) for number in range(1, 1_000, 2)]
    assert "0" in valid_data["prices"]


def test_a_nested_object_that_is_checked_or_comes_in_numbers_fails_as_in_marshmallow() -> None:
    def refuse(value: Any) -> None:
        raise ValidationError({"why": ["No."]})

    class Outer(Schema):
        checked = fields.Nested(Address, validate=refuse)
        silent = fields.Nested(Hooked)
        many = fields.Nested(Address(many=True))
        needed = fields.Nested(lambda: Address(), required=True)

    good, bad = {"city": "x"}, {"city": "far too long"}
    for data in (
        {"checked": good, "silent": {"a": 6}, "many": [good, bad, 1]},
        {"checked": bad, "silent": 5, "many": good, "needed": None},
        {"checked": None, "silent": {}, "many": None, "needed": bad},
    ):
        assert all_of(compiled(Outer()), data) == all_of(Outer().load, data)


@dataclass
class Box:
    name: str
    inner: Box | None = None
    items: list[Box] = dataclass_field(default_factory=list)


class BoxSchema(Schema):
    name = fields.String(required=True)
    inner = fields.Nested(lambda: BoxSchema())
    items = fields.List(fields.Nested(lambda: BoxSchema()))


@pytest.mark.parametrize(("step", "depth"), [("inner", 190), ("items", 95)])
@pytest.mark.parametrize("kind", [Box, BoxSchema])
def test_objects_nest_as_deep_as_json_may(kind: Any, step: str, depth: int) -> None:
    def box(**inside: Any) -> Any:
        return {"name": "a", **inside}

    door = door_of(Annotated[dict, BoxSchema()] if kind is BoxSchema else kind)
    data: Any = box()
    for _ in range(depth):
        data = box(**{step: data if step == "inner" else [data]})
    body = data if kind is BoxSchema else {"value": data}
    with ThreadPoolExecutor() as executor:  # in which no test runs, whose calls would count
        assert executor.submit(door.json, body).result().status_code == 200


def all_of(load: Any, data: Any) -> Any:
    try:
        return load(data)
    except Exception as error:  # a hook's own, too
        return type(error), str(plain(getattr(error, "messages", error))), getattr(error, "valid_data", None)


def plain(messages: Any) -> Any:
    """Return messages in plain dicts: marshmallow 4.0 has those of a mapping in a ``defaultdict``."""
    return {key: plain(each) for key, each in messages.items()} if isinstance(messages, dict) else messages


class Numbers(Schema):
    stamp = fields.DateTime(format="timestamp")
    mail = fields.DateTime(format="rfc")
    local = fields.NaiveDateTime(timezone=dt.timezone.utc)
    weeks = fields.TimeDelta(precision="weeks")
    price = fields.Decimal(allow_nan=True, validate=validate.Range(0, 10))


class Holding(Schema):
    all = fields.List(fields.Nested(Numbers))

    @post_load
    def keep(self, data: Any, **kwargs: Any) -> Any:
        return data


FAR = {
    "stamp": 10**400,
    "mail": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "local": "0001-01-01T00:00:00+14:00",
    "weeks": 10**400,
    "price": "sNaN",
}


@pytest.mark.parametrize("name", FAR)
def test_a_number_that_a_field_can_not_count_to_is_not_valid(name: str) -> None:
    whole = door_of(Annotated[dict, Numbers()]).json({name: FAR[name]})
    hooked = door_of(Annotated[dict, Holding()]).json({"all": [{name: FAR[name]}]})
    alone = door_of(Annotated[Any, Numbers().fields[name]]).json({"value": FAR[name]})
    assert [each.status_code for each in (whole, hooked, alone)] == [422, 422, 422]
    assert [list(each.json["errors"]) for each in (whole, hooked, alone)] == [[name], [f"all.0.{name}"], ["value"]]


def test_a_decimal_that_may_be_no_number_still_may() -> None:
    class Free(Schema):
        price = fields.Decimal(allow_nan=True)

    door = door_of(Annotated[dict, Free()])
    assert door.json({"price": "NaN"}).status_code == 200
    assert door.last["value"]["price"].is_nan()


UTC = dt.timezone.utc


@pytest.mark.parametrize(
    ("kind", "limit", "sent", "status"),
    [
        (dt.datetime, dt.datetime(2026, 1, 1), "2026-05-01T10:00", 200),
        (dt.datetime, dt.datetime(2026, 1, 1), "2026-05-01T10:00:00.000Z", 422),
        (dt.datetime, dt.datetime(2026, 1, 1, tzinfo=UTC), "2026-05-01T10:00:00.000Z", 200),
        (dt.datetime, dt.datetime(2026, 1, 1, tzinfo=UTC), "2026-05-01T10:00", 422),
        (dt.time, dt.time(8), "09:00", 200),
        (dt.time, dt.time(8), "09:00:00+02:00", 422),
        (dt.time, dt.time(8, tzinfo=UTC), "09:00:00+00:00", 200),
        (dt.time, dt.time(8, tzinfo=UTC), "09:00", 422),
    ],
)
def test_a_moment_that_no_range_can_be_held_against_is_not_valid(kind: Any, limit: Any, sent: str, status: int) -> None:
    annotation = Annotated[kind, validate.Range(min=limit)]
    assert door_of(annotation).json({"value": sent}).status_code == status
    assert door_of(list[annotation]).json({"value": [sent]}).status_code == status
    assert door_of(annotation).form({"value": sent}).status_code == status


async def is_even(value: int) -> bool:
    return value % 2 == 0


def is_even_in_the_end(value: int) -> Any:
    return is_even(value)


@pytest.mark.parametrize("validator", [is_even, is_even_in_the_end, validate.And(validate.Range(1), is_even)])
def test_an_async_validator_is_awaited(validator: Any) -> None:
    door = door_of(Annotated[int, validator])
    assert door.json({"value": 2}).status_code == 200
    assert errors_of(door.json({"value": 3})) == {"value": ["This value is not allowed."]}
