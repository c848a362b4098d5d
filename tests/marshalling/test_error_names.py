"""Messages stand under the names that the input has, whatever fields a schema is made of."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validates, validates_schema
from marshmallow.validate import Length

from flask_serveractions.marshalling.error_names import flat_errors, schema_messages


class Tag(Schema):
    name = fields.String(data_key="tagName", validate=Length(1, 3))


class Basket(Schema):
    prices = fields.Dict(keys=fields.String(validate=Length(1, 3)), values=fields.Integer())
    tags = fields.Pluck(Tag, "name", many=True)
    tag = fields.Pluck(Tag, "name")
    whole = fields.Nested(Tag)
    wholes = fields.List(fields.Nested(Tag))
    many = fields.Nested(Tag, many=True)
    matrix = fields.List(fields.List(fields.Integer()))
    pair = fields.Tuple((fields.Integer(), fields.Nested(Tag)))
    shelves = fields.Dict(values=fields.List(fields.Nested(Tag)))
    boxes = fields.List(fields.Dict(values=fields.Pluck(Tag, "name")))
    deep = fields.Dict(values=fields.Dict(values=fields.Integer()))
    named = fields.Dict(keys=fields.Integer(), values=fields.Nested(Tag))


BAD = "Not a valid integer."
LONG = "Length must be between 1 and 3 characters."


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({"prices": {"a": "x"}}, {"prices.a": [BAD]}),
        ({"prices": {"long": 1}}, {"prices.long": [LONG]}),
        ({"prices": {"long": "x"}}, {"prices.long": [LONG, BAD]}),
        ({"prices": 1}, {"prices": ["This does not have the expected form."]}),
        ({"tags": ["a", "long", ""]}, {"tags.1": [LONG], "tags.2": [LONG]}),
        ({"tags": [1]}, {"tags.0": ["Not a valid string."]}),
        ({"tags": "a"}, {"tags": ["This does not have the expected form."]}),
        ({"tag": "long"}, {"tag": [LONG]}),
        ({"whole": {"tagName": "long"}}, {"whole.tagName": [LONG]}),
        ({"whole": {"name": "a"}}, {"whole.name": ["Unknown field."]}),
        ({"whole": 1}, {"whole": ["This does not have the expected form."]}),
        ({"wholes": [{}, {"tagName": "long"}]}, {"wholes.1.tagName": [LONG]}),
        ({"many": [{}, {"tagName": "long"}]}, {"many.1.tagName": [LONG]}),
        ({"matrix": [[1, "x"], ["y"]]}, {"matrix.0.1": [BAD], "matrix.1.0": [BAD]}),
        ({"matrix": [1]}, {"matrix.0": ["This does not have the expected form."]}),
        ({"pair": ["x", {"tagName": "long"}]}, {"pair.0": [BAD], "pair.1.tagName": [LONG]}),
        ({"shelves": {"a": [{}, {"tagName": "long"}]}}, {"shelves.a.1.tagName": [LONG]}),
        ({"boxes": [{"a": "long"}]}, {"boxes.0.a": [LONG]}),
        ({"deep": {"a": {"b": "x"}}}, {"deep.a.b": [BAD]}),
        ({"named": {"x": {}}}, {"named.x": [BAD]}),
        ({"named": {"1": {"tagName": "long"}}}, {"named.1.tagName": [LONG]}),
    ],
)
def test_messages_stand_where_the_input_is(data: Any, errors: dict[str, list[str]]) -> None:
    with pytest.raises(ValidationError) as caught:
        Basket().load(data)
    assert flat_errors(schema_messages(Basket(), caught.value.messages, data), data=data) == errors


class Person(Schema):
    first_name = fields.String(data_key="firstName")
    last_name = fields.String(data_key="lastName", validate=Length(1, 3))

    @validates("first_name")
    def check_first(self, value: str, **kwargs: Any) -> None:
        raise ValidationError("By a validator of the field.")

    @validates_schema(skip_on_field_errors=False)
    def check_all(self, data: Any, **kwargs: Any) -> None:
        raise ValidationError("By a validator of the schema.", "last_name")


@pytest.mark.parametrize("many", [False, True])
def test_a_message_for_a_field_s_own_name_stands_at_its_key(many: bool) -> None:
    person = {"firstName": "a", "lastName": "long"}
    schema = Person(many=many)
    with pytest.raises(ValidationError) as caught:
        schema.load([person] if many else person)
    prefix = "0." if many else ""
    assert flat_errors(schema_messages(schema, caught.value.messages)) == {
        f"{prefix}firstName": ["By a validator of the field."],
        f"{prefix}lastName": [LONG, "By a validator of the schema."],
    }


def test_what_no_field_has_stays_as_it_is() -> None:
    for messages in (["no object"], {"_schema": ["no object"]}, {"stray": ["Unknown field."]}, {"tags": {"x": ["?"]}}):
        assert schema_messages(Basket(), messages) == messages
