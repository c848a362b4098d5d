"""Results as JSON: byte for byte what the app's own provider makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest
from flask import Flask
from flask.json.provider import DefaultJSONProvider
from marshmallow import Schema, fields

from flask_serveractions import MethodRoute, ServerActions
from flask_serveractions.answers.json_texts import json_text, to_json
from flask_serveractions.answers.responses import json_response

APP = Flask(__name__)
SPECIAL = {"b": [1, 2.5, None, True], "a": "Grüße", "c": {"when": date(2026, 5, 1), "price": Decimal("9.90")}}


def changed(**attributes: Any) -> Flask:
    app = Flask(__name__)
    for name, value in attributes.items():
        setattr(app.json, name, value)
    return app


class OtherProvider(DefaultJSONProvider):
    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return f"/* mine */ {super().dumps(obj, **kwargs)}"


def with_other_provider() -> Flask:
    app = Flask(__name__)
    app.json = OtherProvider(app)
    return app


def in_debug() -> Flask:
    app = Flask(__name__)
    app.debug = True
    return app


APPS = pytest.mark.parametrize(
    "app",
    [
        changed(),
        changed(sort_keys=False),
        changed(ensure_ascii=False),
        changed(compact=False),
        changed(compact=True),
        changed(default=lambda value: "special"),
        changed(mimetype="application/vnd.todo+json"),
        in_debug(),
        with_other_provider(),
    ],
)


@APPS
def test_json_is_what_the_provider_of_the_app_makes(app: Flask) -> None:
    with app.app_context():
        theirs, ours = app.json.response(SPECIAL), json_response(app, SPECIAL)
        assert to_json(app, SPECIAL) == app.json.dumps(SPECIAL)
    assert (ours.get_data(), ours.headers.to_wsgi_list()) == (theirs.get_data(), theirs.headers.to_wsgi_list())
    assert json_response(app, SPECIAL, 201).status_code == 201


@dataclass
class Song:
    id: int
    title: str
    published: date | None
    rate: float
    notes: Any = None


class SongSchema(Schema):
    title = fields.String()
    id = fields.Integer()
    published = fields.Date()
    rate = fields.Float()
    notes = fields.Raw(data_key="100 %")


SONGS = [
    Song(2, 'Für "Elise"', date(1810, 4, 27), 4.5, {"b": 1, "a": [None]}),
    Song(1, "</script>", None, float("inf"), Decimal("1.10")),
]


@APPS
def test_a_list_by_schema_is_what_the_provider_makes_of_what_the_schema_gives(app: Flask) -> None:
    actions = ServerActions(app)

    @actions.route("/songs/<int:first>")
    class Songs(MethodRoute):
        def get(self, first: int) -> list[Annotated[Song, SongSchema()]]:
            return SONGS[first:]

    for first in range(3):
        with app.app_context():
            expected = app.json.response(SongSchema().dump(SONGS[first:], many=True)).get_data()
        for query in ("", "?by=the-pipeline"):
            assert app.test_client().get(f"/songs/{first}{query}").data == expected


@pytest.mark.parametrize("value", [float("nan"), [float("-inf")], {"at": {"most": float("inf")}}])
def test_what_python_writes_and_no_browser_reads_is_no_result_of_an_action(value: Any) -> None:
    with pytest.raises(TypeError, match="which can't be JSON"):
        json_text(APP, value, None)
    assert json_text(APP, {"note": "NaN, -Infinity"}, None) == '{"note": "NaN, -Infinity"}'
