"""A list written as JSON at once is what ``json.dumps`` makes of what marshmallow gives."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields, post_dump

from flask_serveractions.marshalling.json_rows import Style, compile_rows
from tests.generated_schemas import schemas, tables_for

SETTINGS = settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))


def name_type(value: Any) -> str:
    """Return a text for what JSON does not know: it holds no address."""
    return type(value).__name__


def dumps(value: Any, style: Style) -> str:
    is_ascii = style.quote is json.encoder.encode_basestring_ascii
    return json.dumps(value, ensure_ascii=is_ascii, sort_keys=style.sort_keys, separators=(",", ":"), default=name_type)


def without_addresses(text: str) -> str:
    """Return a text without the addresses in it: the objects are made once for each of the two ways."""
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def styles() -> list[Style]:
    quotes = (json.encoder.encode_basestring_ascii, json.encoder.encode_basestring)  # type: ignore[attr-defined]
    made = []
    for quote in quotes:
        for sort_keys in (False, True):
            is_ascii = quote is quotes[0]
            encode = json.JSONEncoder(
                ensure_ascii=is_ascii, sort_keys=sort_keys, separators=(",", ":"), default=name_type
            ).encode
            made.append(Style(encode, quote, sort_keys))
    return made


@pytest.mark.parametrize("style", styles(), ids=["ASCII", "ASCII, sorted", "UTF-8", "UTF-8, sorted"])
@given(data=st.data())
@SETTINGS
def test_rows_are_what_json_makes_of_what_marshmallow_gives(style: Style, data: st.DataObject) -> None:
    schema = data.draw(schemas(depth=0, plain=True))
    make = data.draw(tables_for(schema))
    write = compile_rows(schema)
    written = write(list(make()), style) if write is not None else None
    if written is not None:
        assert without_addresses(written) == without_addresses(dumps(schema.dump(make(), many=True), style))


class Row(Schema):
    number = fields.Integer()
    text = fields.String(data_key='a "key" of 100 %s')
    flag = fields.Boolean()
    share = fields.Float()


def rows(*texts: Any) -> list[SimpleNamespace]:
    return [SimpleNamespace(number=1, text=text, flag=None, share=0.5) for text in texts]


@pytest.mark.parametrize(
    "objects", [rows("a", "ü"), rows("a", None), rows("%s", "%d"), [vars(each) for each in rows("a")]]
)
@pytest.mark.parametrize("style", styles(), ids=["ASCII", "ASCII, sorted", "UTF-8", "UTF-8, sorted"])
def test_rows_of_single_values_are_written_at_once(objects: list[Any], style: Style) -> None:
    write = compile_rows(Row())
    assert write is not None
    assert write(objects, style) == dumps(Row().dump(objects, many=True), style)


def test_an_object_that_lacks_a_value_and_one_that_fails_are_left_to_the_schema() -> None:
    write = compile_rows(Row())
    assert write is not None
    (style, *_) = styles()
    assert write([SimpleNamespace(number=1)], style) is None
    assert write([*rows("a"), SimpleNamespace(number="no number", text="", flag=None, share=1.0)], style) is None


class Hooked(Row):
    @post_dump
    def wrap(self, data: Any, **more: Any) -> Any:
        return {"wrapped": data}


class Holding(Schema):
    row = fields.Nested(Row)


class Listing(Schema):
    numbers = fields.List(fields.Integer())


class Empty(Schema):
    pass


@pytest.mark.parametrize("schema", [Hooked(), Holding(), Listing(), Empty()], ids=repr)
def test_a_schema_of_more_than_single_values_writes_no_rows(schema: Schema) -> None:
    assert compile_rows(schema) is None
