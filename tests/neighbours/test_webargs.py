"""webargs' fields: ``DelimitedList`` and ``DelimitedTuple`` are one text of several values."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from webargs.fields import DelimitedList, DelimitedTuple

from flask_serveractions import Header, MethodRoute, Query, ServerActions


class Filter(Schema):
    ids = DelimitedList(fields.Integer(), load_default=list)
    words = DelimitedList(fields.String(), delimiter="|", load_default=None)
    pair = DelimitedTuple((fields.Integer(), fields.String()), load_default=None)


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)
    actions = ServerActions(app)

    @actions.route("/schema")
    class BySchema(MethodRoute):
        def get(self, wanted: Query[Annotated[dict, Filter()]]) -> dict[str, Any]:
            return wanted

        def post(self, wanted: Annotated[dict, Filter()]) -> dict[str, Any]:
            return wanted

    @actions.route("/argument")
    class ByArgument(MethodRoute):
        def get(self, ids: Annotated[list[int], DelimitedList(fields.Integer())]) -> list[int]:
            return ids

        def post(self, ids: Header[Annotated[list[int], DelimitedList(fields.Integer())]]) -> list[int]:
            return ids

        def put(self, ids: Annotated[list[int], DelimitedList(fields.Integer())]) -> list[int]:
            return ids

    return app.test_client()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ids=1,2,3", {"ids": [1, 2, 3]}),
        ("ids=7", {"ids": [7]}),
        ("ids=1,2&ids=3", {"ids": [1, 2, 3]}),
        ("", {"ids": []}),
        ("ids=", {"ids": []}),
        ("words=a|b,c", {"ids": [], "words": ["a", "b,c"]}),
        ("pair=1,one", {"ids": [], "pair": [1, "one"]}),
    ],
)
def test_a_query_and_a_form_fill_it(client: FlaskClient, query: str, expected: dict[str, Any]) -> None:
    expected = {"words": None, "pair": None, **expected}
    assert client.get(f"/schema?{query}").json == expected
    assert client.post("/schema", data=query, content_type="application/x-www-form-urlencoded").json == expected


@pytest.mark.parametrize("place", ["schema", "argument"])
def test_a_bad_item_is_named_by_its_index(client: FlaskClient, place: str) -> None:
    assert client.get(f"/{place}?ids=1,x").json["errors"] == {"ids.1": ["Not a valid integer."]}


def test_an_argument_comes_from_a_query_a_header_a_form_and_json(client: FlaskClient) -> None:
    assert client.get("/argument?ids=1,2").json == [1, 2]
    assert client.get("/argument").json == []
    assert client.post("/argument", headers={"Ids": "1,2"}).json == [1, 2]
    assert client.put("/argument", data={"ids": "1,2"}).json == [1, 2]
    assert client.put("/argument", json={"ids": "1,2"}).json == [1, 2]
    assert client.put("/argument", json={"ids": [1, 2]}).json["errors"] == {"ids": ["Not a valid delimited list."]}
