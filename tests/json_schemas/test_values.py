"""What JSON can't say is left out of the document, and all the rest stays."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from typing import Annotated, Any

import pytest
from flask import Flask
from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range

from flask_serveractions import MethodRoute, Query, ServerActions
from flask_serveractions.json_schemas.values import fits, type_of_values, without_infinity
from flask_serveractions.openapi import document

NAIVE = dt.datetime(2026, 1, 2, 3, 4)
AWARE = NAIVE.replace(tzinfo=dt.timezone.utc)


class Odd(Schema):
    most = fields.Float(load_default=math.inf, allow_nan=True)
    none = fields.Float(load_default=math.nan, allow_nan=True)
    some = fields.List(fields.Float(), load_default=[1.0, -math.inf])
    limited = fields.Float(validate=Range(0, math.inf))
    chosen = fields.Float(validate=OneOf([1.0, math.inf]))
    told = fields.Float(metadata={"example": math.inf, "default": math.nan})
    naive = fields.DateTime(load_default=NAIVE)
    aware = fields.DateTime(load_default=AWARE)
    listed = fields.List(fields.DateTime(), load_default=[AWARE, NAIVE])
    local = fields.NaiveDateTime(load_default=NAIVE)
    stray = fields.String(validate=OneOf(["a", "b"]), load_default="c")
    plain = fields.Integer(load_default=3)


def odd_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for tests"

    class Things(MethodRoute):
        def post(self, thing: Annotated[dict[str, Any], Odd()]) -> None: ...

        def get(
            self, most: float = math.inf, since: dt.datetime = NAIVE, until: Query[dt.datetime] = AWARE, few: int = 2
        ) -> None: ...

    ServerActions(app).route("/things")(Things)
    return app


def test_defaults_that_json_can_not_say_are_left_out() -> None:
    made = document(odd_app())
    properties = made["components"]["schemas"]["OddInput"]["properties"]
    shown = {name: each["default"] for name, each in properties.items() if "default" in each}
    assert shown == {"aware": "2026-01-02T03:04:00+00:00", "local": "2026-01-02T03:04:00", "plain": 3}
    assert (properties["limited"], properties["chosen"]) == (
        {"type": "number", "minimum": 0},
        {"type": "number", "enum": [1.0]},
    )
    parameters = {
        each["name"]: each["schema"] for each in made["paths"]["/things"]["get"]["parameters"] if "in" in each
    }
    assert {name: each["default"] for name, each in parameters.items() if "default" in each} == {
        "until": "2026-01-02T03:04:00+00:00",
        "few": 2,
    }


def test_the_document_is_json_to_every_reader() -> None:
    json.dumps(document(odd_app()), allow_nan=False)
    assert "Infinity" not in odd_app().test_client().get("/openapi.json").text


def test_numbers_without_a_text_go_with_their_names() -> None:
    assert without_infinity({"a": [1.5, math.nan, {"b": math.inf, "c": 1}]}) == {"a": [1.5, {"c": 1}]}


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ({"a": math.inf}, {}),
        ({"a": "2026-01-02T03:04"}, {"properties": {"a": {"format": "date-time"}}}),
        ({"a": "2026-01-02T03:04"}, {"additionalProperties": {"format": "date-time"}}),
        ([math.nan], {"items": {"type": "number"}}),
        ("c", {"enum": ["a"]}),
    ],
)
def test_a_default_that_its_schema_refuses_does_not_fit(value: Any, schema: dict[str, Any]) -> None:
    assert not fits(value, schema)
    assert fits(None, schema)


def test_choices_of_which_json_has_no_type_say_none() -> None:
    assert type_of_values([Decimal("0.10"), None]) == {}
    assert type_of_values(["a", None]) == {"type": ["null", "string"]}
