"""Form names nest with dots, and errors carry the same names."""

from __future__ import annotations

import enum
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from marshmallow.validate import And, Length, Validator
from werkzeug.datastructures import MultiDict

from flask_serveractions.errors import Unreadable
from flask_serveractions.marshalling.error_names import flat_errors
from flask_serveractions.marshalling.form_data import MAX_DEPTH, data_for, flat_values, is_clean, unclean_names
from tests.calling import door_of, errors_of


class AddressSchema(Schema):
    city = fields.String(required=True)
    main = fields.Boolean()


class ItemSchema(Schema):
    text = fields.String(required=True)
    count = fields.Integer()
    done = fields.Boolean()
    id = fields.Integer(dump_only=True)


class OrderSchema(Schema):
    name = fields.String()
    address = fields.Nested(AddressSchema)
    items = fields.List(fields.Nested(ItemSchema))
    more = fields.Nested(ItemSchema, many=True)
    tags = fields.List(fields.String())
    numbers = fields.List(fields.Integer())
    prices = fields.Dict(keys=fields.String(), values=fields.Integer())
    data = fields.Dict()
    pair = fields.Tuple((fields.String(), fields.Integer()))
    grid = fields.List(fields.List(fields.Integer()))


class TreeSchema(Schema):
    name = fields.String(required=True)
    child = fields.Nested(lambda: TreeSchema())
    children = fields.List(fields.Nested(lambda: TreeSchema()))


def sent(schema: Schema, *pairs: tuple[str, str], is_form: bool = True) -> Any:
    return data_for(schema, MultiDict(pairs), is_form=is_form)


def test_names_with_dots_are_nested_objects() -> None:
    assert sent(OrderSchema(), ("address.city", "Faro"), ("address.main", "on")) == {
        "address": {"city": "Faro", "main": "on"}
    }


def test_names_with_indices_are_items_in_their_order() -> None:
    got = sent(
        OrderSchema(), ("items.10.text", "c"), ("items.2.text", "b"), ("items.0.text", "a"), ("more.0.text", "d")
    )
    assert [item["text"] for item in got["items"]] == ["a", "b", "c"]
    assert got["items"].indices == ["0", "2", "10"]
    assert got["more"] == [{"text": "d", "done": False}]


def test_repeated_names_are_items() -> None:
    assert sent(OrderSchema(), ("tags", "a"), ("tags", "b")) == {"tags": ["a", "b"]}
    assert sent(OrderSchema(), ("tags.1", "b"), ("tags.0", "a")) == {"tags": ["a", "b"]}
    assert sent(OrderSchema(), ("grid.0", "1"), ("grid.0", "2"), ("grid.1", "3")) == {"grid": [["1", "2"], ["3"]]}
    assert sent(OrderSchema(), ("pair", "a"), ("pair", "1")) == {"pair": ["a", "1"]}


def test_one_value_is_a_list_of_one() -> None:
    assert sent(OrderSchema(), ("tags", "a")) == {"tags": ["a"]}


def test_an_empty_item_counts_as_absent_where_it_is_no_text() -> None:
    got = sent(OrderSchema(), ("numbers", ""), ("numbers", "1"), ("tags", ""), ("tags", "a"))
    assert got == {"numbers": ["1"], "tags": ["", "a"]}
    assert got["numbers"].indices == ["1"]


def test_of_a_list_of_text_the_one_empty_input_that_a_form_has_more_than_values_is_no_value() -> None:
    assert sent(OrderSchema(), ("tags", "a"), ("tags", ""), ("tags", "")) == {"tags": ["a", ""]}
    assert sent(OrderSchema(), ("tags", "")) == {}


@pytest.mark.parametrize("length", [Length(1, 5), Length(min=1), Length(equal=1), And(Length(min=1))])
def test_inputs_of_a_list_that_were_left_empty_are_no_values_where_none_may_be_empty(length: Validator) -> None:
    schema = Schema.from_dict({"tags": fields.List(fields.String(validate=length))})()
    pairs = [("tags", text) for text in ("", "a", "", "b", "", "")]
    got = sent(schema, *pairs)["tags"]
    assert (list(got), got.indices) == (["a", "b"], ["1", "3"])
    assert sent(schema, *pairs, is_form=False)["tags"] == ["", "a", "", "b", "", ""]


def test_an_empty_list_counts_as_absent() -> None:
    assert sent(OrderSchema(), ("numbers", "")) == {}


def test_undeclared_and_dump_only_keys_are_ignored_at_every_depth() -> None:
    got = sent(OrderSchema(), ("other", "x"), ("items.0.text", "a"), ("items.0.id", "5"), ("items.0.other", "x"))
    assert got == {"items": [{"text": "a", "done": False}]}
    got = sent(OrderSchema(unknown="include"), ("other", "x"), ("address.other", "x"), ("address.city", "Faro"))
    assert got == {"address": {"city": "Faro", "main": False}}


def test_a_mapping_takes_whatever_stands_below_its_name() -> None:
    assert sent(OrderSchema(), ("prices.milk", "1"), ("prices.eggs", "")) == {"prices": {"milk": "1"}}
    assert sent(OrderSchema(), ("data.a.b", "1"), ("data.a.c", "2"), ("data.d", "")) == {
        "data": {"a": {"b": "1", "c": "2"}, "d": ""}
    }


def test_an_object_wins_over_a_text_of_its_name() -> None:
    for pairs in ([("data.a", "1"), ("data.a.b", "2")], [("data.a.b", "2"), ("data.a", "1")]):
        assert sent(OrderSchema(), *pairs) == {"data": {"a": {"b": "2"}}}


def test_data_keys_are_the_names_of_a_form() -> None:
    class Keyed(Schema):
        city = fields.String(data_key="the-city")
        inner = fields.Nested(lambda: Keyed(only=("city",)), data_key="in")

    got = sent(Keyed(), ("the-city", "a"), ("in.the-city", "b"), ("city", "c"), ("inner.city", "d"))
    assert got == {"the-city": "a", "in": {"the-city": "b"}}


def test_a_plucked_field_is_sent_by_its_own_name() -> None:
    class Picture(Schema):
        owner = fields.Pluck(ItemSchema, "count")
        others = fields.Pluck(ItemSchema, "count", many=True)

    got = sent(Picture(), ("owner", "1"), ("others", "2"), ("others", "3"))
    assert got == {"owner": "1", "others": ["2", "3"]}
    assert Picture().load(got) == {"owner": {"count": 1}, "others": [{"count": 2}, {"count": 3}]}


# Boxes


def test_an_absent_bool_is_false_in_a_form() -> None:
    assert sent(ItemSchema(), ("text", "a")) == {"text": "a", "done": False}


def test_an_absent_bool_stays_absent_in_a_query() -> None:
    assert sent(ItemSchema(), ("text", "a"), is_form=False) == {"text": "a"}


def test_an_absent_bool_stays_absent_where_it_has_a_default_or_may_be_none() -> None:
    class Boxes(Schema):
        default = fields.Boolean(load_default=True)
        none = fields.Boolean(allow_none=True)

    assert sent(Boxes()) == {}


@pytest.mark.parametrize("partial", [True, ("text",)])
def test_an_absent_bool_stays_absent_in_a_partial_schema_at_every_depth(partial: Any) -> None:
    got = sent(OrderSchema(partial=partial), ("address.city", "a"), ("items.0.text", "b"), ("more.0.text", "c"))
    assert got == {"address": {"city": "a"}, "items": [{"text": "b"}], "more": [{"text": "c"}]}


def test_a_required_object_of_boxes_may_have_none_ticked() -> None:
    class Wishes(Schema):
        mail = fields.Boolean()
        letters = fields.Boolean()

    class Person(Schema):
        wishes = fields.Nested(Wishes, required=True)
        perhaps = fields.Nested(Wishes)

    assert sent(Person()) == {"wishes": {"mail": False, "letters": False}}


# Depth


def test_a_schema_that_nests_itself_reads_what_is_there() -> None:
    got = sent(TreeSchema(), ("name", "a"), ("child.name", "b"), ("children.0.children.1.name", "c"))
    assert got == {"name": "a", "child": {"name": "b"}, "children": [{"children": [{"name": "c"}]}]}


@pytest.mark.parametrize("name", ["child." * (MAX_DEPTH + 1) + "name", "child." * 20_000 + "name"])
def test_names_that_nest_too_deep_are_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="nest too deep"):
        sent(TreeSchema(), (name, "x"))


def test_a_mapping_that_nests_too_deep_is_refused() -> None:
    with pytest.raises(Unreadable, match="nest too deep"):
        sent(OrderSchema(), ("data" + ".a" * 20_000, "x"))


def test_a_deep_name_that_nobody_declared_is_ignored() -> None:
    assert sent(OrderSchema(), ("other" + ".a" * 20_000, "x")) == {}


# Errors


def test_errors_of_items_carry_the_index_that_the_form_had() -> None:
    pairs = [("items.2.text", "a"), ("items.7.count", "x"), ("more.5.text", "a"), ("more.9.done", "maybe")]
    pairs += [("numbers", ""), ("numbers", "x"), ("numbers.4", "y"), ("grid.3", "1"), ("grid.3", "z")]
    got = sent(OrderSchema(), *pairs)
    names = set(flat_errors(OrderSchema().validate(got), data=got))
    expected = {"items.7.count", "items.7.text", "more.9.done", "more.9.text", "numbers.1", "numbers.4", "grid.3.1"}
    assert names == expected


def test_errors_of_a_list_itself_stand_at_its_name() -> None:
    assert flat_errors({"items": ["Too many."]}, data={"items": []}) == {"items": ["Too many."]}
    assert flat_errors({"items": {"_schema": ["Too many."]}}) == {"items": ["Too many."]}


def test_errors_of_the_whole_stand_at_schema() -> None:
    assert flat_errors({"_schema": ["No."]}) == {"_schema": ["No."]}
    assert flat_errors(["No."]) == {"_schema": ["No."]}
    assert flat_errors("No.") == {"_schema": ["No."]}


def test_names_that_cannot_be_sent_are_escaped() -> None:
    assert flat_errors({"a\0b": ["Unknown field."], "\ud800": ["No."]}) == {
        "a\\x00b": ["Unknown field."],
        "\\ud800": ["No."],
    }


def test_json_has_the_names_that_a_form_would_have() -> None:
    body = {"address": {"city": "Faro"}, "items": [{"text": "a"}, {"tags": ["b", "c"]}], "tags": ["d"], "n": None}
    assert dict(flat_values(body)) == {
        "address.city": "Faro",
        "items.0.text": "a",
        "items.1.tags": ["b", "c"],
        "tags": ["d"],
        "n": None,
    }
    assert list(flat_values(5)) == []


def test_text_that_cannot_be_stored_is_found_at_every_depth() -> None:
    body = {"a": {"b": ["x", "\0"]}, "c": "\ud800", "d": "ü😀", "\0": 1, "e": {"f\ud800": "g"}}
    assert set(unclean_names(body)) == {"a.b.1", "c", "\\x00", "e.f\\ud800"}
    assert [is_clean(each) for each in (body, "ü😀", ["a"], {"a": "b"}, {"a": {"\0": 1}}, 5)] == [
        False,
        True,
        True,
        True,
        False,
        True,
    ]


# Whatever the names

SCALARS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=5)
STEPS = st.text("abc", min_size=1, max_size=3)


@given(
    st.dictionaries(
        STEPS, st.recursive(SCALARS, lambda inner: st.dictionaries(STEPS, inner, min_size=1, max_size=3), max_leaves=8)
    )
)
@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
def test_nested_objects_come_back_from_their_flat_names(body: dict[str, Any]) -> None:
    pairs = [(f"data.{name}", value) for name, value in flat_values(body)]
    assert sent(OrderSchema(), *pairs) == ({"data": body} if body else {})


NAMES = st.lists(
    st.sampled_from(
        ["items", "more", "tags", "numbers", "grid", "data", "prices", "address", "0", "1", "07", "²", "", "text"]
    ),
    min_size=1,
    max_size=4,
).map(".".join)


@given(st.lists(st.tuples(NAMES, st.text())), st.booleans())
@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
def test_whatever_the_names_errors_stand_at_names_below_declared_ones(
    pairs: list[tuple[str, str]], is_form: bool
) -> None:
    got = sent(OrderSchema(), *pairs, is_form=is_form)
    names = flat_errors(OrderSchema().validate(got), data=got)
    assert {name.partition(".")[0] for name in names} <= set(OrderSchema().fields)


def test_what_has_no_type_loses_nothing() -> None:
    given = {"sizes": ["1", "2"], "rows": [{"text": "a"}, {"text": "b"}], "by": {"1": "x"}, "note": "n"}
    pairs = [(name, text) for name, value in flat_values(given) for text in (value if type(value) is list else [value])]
    data = MultiDict((f"{kind}.{name}", text) for kind in ("data", "any") for name, text in pairs)
    schema = Schema.from_dict({"data": fields.Dict(), "any": fields.Raw()})()
    assert schema.load(data_for(schema, data, is_form=True)) == {"data": given, "any": given}


def test_names_that_lead_through_thousands_of_places_are_a_413() -> None:
    door = door_of(dict[str, dict[str, int]])
    names = {f"value.{number}" + ".a" * 40: "1" for number in range(100)}
    assert door.form(names).status_code == 413
    assert door.form({f"value.{number}.b": "1" for number in range(900)}).status_code == 200


def test_names_in_an_answer_are_cut_where_they_would_multiply_what_was_sent() -> None:
    door = door_of(dict[str, dict[str, int]])
    errors = errors_of(door.json({"value": {"k" * 30_000: {str(number): "x" for number in range(90)}}}))
    assert len(errors) == 90
    assert max(map(len, errors)) < 300
    assert errors_of(door.json({"k" * 30_000: 1})).keys() == {f"{'k' * 200}…", "value"}


def test_no_more_than_500_fields_of_an_argument_are_told_of() -> None:
    class Many(Schema):
        prices = fields.Dict(fields.String(), fields.Integer())

    errors = errors_of(door_of(Annotated[dict, Many()]).json({"prices": {str(each): "x" for each in range(5_000)}}))
    assert len(errors) == 500


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    ONE = 1
    TEXT = "1x"
    YES = True


class StrictSchema(Schema):
    count = fields.Integer(strict=True)
    level = fields.Enum(Level, by_value=True)
    levels = fields.List(fields.Enum(Level, by_value=fields.Integer(strict=True)))
    mixed = fields.List(fields.Enum(Mixed, by_value=True))
    many = fields.List(fields.Integer(strict=True))
    size = fields.Tuple((fields.Integer(strict=True), fields.String()))


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("count", "-3")], {"count": -3}),
        ([("level", "2")], {"level": Level.HIGH}),
        ([("levels", "2"), ("levels", "1")], {"levels": [Level.HIGH, Level.LOW]}),
        ([("mixed", "1"), ("mixed", "1x")], {"mixed": [Mixed.ONE, Mixed.TEXT]}),
        ([("many", "1"), ("many", "2")], {"many": [1, 2]}),
        ([("size", "1"), ("size", "2")], {"size": (1, "2")}),
    ],
)
def test_a_form_fills_a_field_that_takes_no_text(pairs: list[tuple[str, str]], expected: dict[str, Any]) -> None:
    assert StrictSchema().load(data_for(StrictSchema(), MultiDict(pairs), is_form=True)) == expected


class PairsSchema(Schema):
    sizes = fields.Tuple((fields.Integer(), fields.String()))
    words = fields.Tuple((fields.String(), fields.String()))
    maybe = fields.Tuple((fields.Date(), fields.Integer()), allow_none=True)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("sizes", "1"), ("sizes", "")], {"sizes": (1, "")}),
        ([("sizes", ""), ("sizes", "")], {}),
        ([("words", ""), ("words", "")], {"words": ("", "")}),
        ([("maybe", ""), ("maybe", "")], {"maybe": None}),
        ([], {}),
    ],
)
def test_a_tuple_is_what_its_inputs_say_or_none_where_all_are_empty(
    pairs: list[tuple[str, str]], expected: dict[str, Any]
) -> None:
    assert PairsSchema().load(data_for(PairsSchema(), MultiDict(pairs), is_form=True)) == expected


@pytest.mark.parametrize("text", ["1.5", "one", "１", "--1", "1" * 1001])
def test_what_is_no_whole_number_is_the_fields_to_refuse(text: str) -> None:
    assert data_for(StrictSchema(), MultiDict({"count": text}), is_form=True) == {"count": text}
    assert data_for(StrictSchema(), MultiDict({"level": text}), is_form=True) == {"level": text}
