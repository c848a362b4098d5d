"""Schemas of which not all must be sent: the document says neither that it must be, nor what would be filled in."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from flask import Flask
from marshmallow import INCLUDE, Schema, fields, pre_load

from flask_serveractions import MethodRoute, ServerActions
from flask_serveractions.openapi import document

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Bed(Schema):
    width = fields.Integer(required=True)
    soft = fields.Boolean(load_default=True)


class Room(Schema):
    name = fields.String(required=True)
    beds = fields.Integer(load_default=1)
    quiet = fields.Boolean(required=True)
    bed = fields.Nested(Bed, required=True)


def app_with(schema: Schema) -> Flask:
    """Return an app that takes a schema's objects at ``/room``."""
    app = Flask(__name__)
    app.secret_key = "a key for tests"

    class RoomItem(MethodRoute):
        def patch(self, room):  # type: ignore[no-untyped-def]
            return room

    RoomItem.patch.__annotations__["room"] = Annotated[Any, schema]
    ServerActions(app).route("/room")(RoomItem)
    return app


def described_body(app: Flask, media: str) -> Any:
    made = document(app)
    schema = made["paths"]["/room"]["patch"]["requestBody"]["content"][media]["schema"]
    return resolve(made, schema)


def resolve(made: Any, schema: Any) -> Any:
    if isinstance(schema, dict) and "$ref" in schema:
        schema = made["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return {key: resolve(made, each) for key, each in schema.items()} if isinstance(schema, dict) else schema


def test_a_partial_schema_requires_nothing_and_fills_in_nothing_at_any_depth() -> None:
    as_json, as_form = (described_body(app_with(Room(partial=True)), media) for media in (JSON, FORM))
    bed = as_json["properties"]["bed"]
    assert [each.get("required", []) for each in (as_json, as_form, bed)] == [[], [], []]
    shown = [as_json["properties"]["beds"], bed["properties"]["soft"]]
    shown += [as_form["properties"]["beds"], as_form["properties"]["bed.soft"]]
    assert [each for each in shown if "default" in each] == []


def test_a_partial_schema_of_some_names_requires_the_others() -> None:
    as_json, as_form = (described_body(app_with(Room(partial=("name", "beds"))), media) for media in (JSON, FORM))
    assert as_json["required"] == ["quiet", "bed"]
    assert as_form.get("required") == ["bed.width"]
    assert "default" not in as_json["properties"]["beds"]


def test_names_of_partial_lead_into_nested_schemas() -> None:
    app = app_with(Room(partial=("bed.width", "bed.soft")))
    as_json = described_body(app, JSON)
    assert as_json["required"] == ["name", "quiet", "bed"]
    assert "required" not in as_json["properties"]["bed"]
    assert "default" not in as_json["properties"]["bed"]["properties"]["soft"]
    given = {"name": "blue", "quiet": True, "bed": {}}
    assert app.test_client().patch("/room", json=given).json == {**given, "beds": 1}


def test_what_the_schema_around_says_wins_over_what_a_nested_one_says() -> None:
    nested = {"bed": fields.Nested(Bed(partial=True))}
    whole, some = (Schema.from_dict(nested, name="House")(partial=partial) for partial in (None, ("other",)))
    assert "required" not in described_body(app_with(whole), JSON)["properties"]["bed"]
    app = app_with(some)
    assert described_body(app, JSON)["properties"]["bed"]["required"] == ["width"]
    assert app.test_client().patch("/room", json={"bed": {}}).status_code == 422


def test_a_partial_list_is_partial_in_each_item() -> None:
    as_json = described_body(app_with(Room(partial=True, many=True)), JSON)
    made = document(app_with(Room(partial=True, many=True)))
    assert "required" not in resolve(made, as_json["items"])


class Wrapped(Room):
    class Meta:
        unknown = INCLUDE

    @pre_load
    def unwrap(self, data: Any, **_: Any) -> Any:
        return data.get("room", data)


def test_what_a_schema_is_given_before_it_loads_need_not_be_what_it_requires() -> None:
    as_json = described_body(app_with(Wrapped()), JSON)
    assert {"required", "additionalProperties"}.isdisjoint(as_json)
    assert sorted(as_json["properties"]) == ["bed", "beds", "name", "quiet"]


class Own(Schema):
    """Whatever it is."""

    name = fields.String(required=True)

    def load(self, data: Any, **_: Any) -> Any:  # type: ignore[override]
        return data


@pytest.mark.parametrize("sent", [["a"], 5, {"name": 1}])
def test_of_a_schema_with_a_load_of_its_own_nothing_is_said(sent: Any) -> None:
    app = app_with(Own())
    assert described_body(app, JSON) == {"description": "Whatever it is."}
    assert described_body(app, FORM) == {"type": "object", "properties": {"name": {}}}
    assert app.test_client().patch("/room", json=sent).json == sent


def test_a_schema_may_say_that_it_is_not_partial_around_one_that_is() -> None:
    class House(Schema):
        room = fields.Nested(Room(partial=True), required=True)

    made = described_body(app_with(House(partial=False)), JSON)
    assert (made["required"], made["properties"]["room"]["required"]) == (["room"], ["name", "quiet", "bed"])
