"""The short way of a GET answers as the pipeline does: each request is sent once by either way."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from flask import Flask, Response, abort, make_response
from flask.json.provider import DefaultJSONProvider
from flask.testing import FlaskClient
from marshmallow import Schema, fields

from flask_serveractions import ActionError, MethodRoute, ServerActions, action_called, action_failed, requires
from flask_serveractions.app_state import state_of
from flask_serveractions.pipeline.plain_reads import is_plain_read

LONG = "?long"  # a query, which may be a flood of arguments: the pipeline looks at it


class DueSchema(Schema):
    id = fields.Integer()
    due = fields.Date()


def bug() -> None:
    raise LookupError("not of HTTP")


def abort_gone() -> None:
    abort(410)


def refuse() -> None:
    raise ActionError("No.", status=409, code="no")


#: what a function may do, by the last part of the path
RESULTS: dict[str, Any] = {
    "object": lambda: {"b": 1, "a": ["ü", None, True, 1.5, Decimal("1.10"), datetime(2026, 5, 1)]},
    "list": lambda: [{"z": "</script>", "a": float("inf")}],
    "nothing": lambda: None,
    "text": lambda: "Hello",
    "created": lambda: ({"a": 1}, 201, {"X-Own": "1"}),
    "response": lambda: make_response({"a": 1}, 202),
    "no JSON": lambda: {"a": object()},
    "circle": lambda: [circle],
    "bug": bug,
    "gone": abort_gone,
    "refused": refuse,
}
circle: list[Any] = []
circle.append(circle)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    actions = ServerActions(app)

    @actions.route("/results/<name>")
    class Results(MethodRoute):
        def get(self, name: str):
            return RESULTS[name]()

    @actions.route("/dues/<int:number>")
    class Dues(MethodRoute):
        def get(self, number: int) -> list[Annotated[Any, DueSchema()]]:
            return [{"id": each, "due": date(2026, 5, 1)} for each in range(number)]

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def both_ways(client: FlaskClient, path: str, **how: Any) -> list[tuple[Any, ...]]:
    """Return status, headers in their order and body by the short way, and by the pipeline."""
    answers = [client.open(path + query, **how) for query in ("", LONG)]
    return [(each.status, list(each.headers), without_instance(each.data)) for each in answers]


def without_instance(body: bytes) -> Any:
    """Return a body; of a bug's less its ``instance``, which is another one each time."""
    if b'"instance"' not in body:
        return body
    return {name: value for name, value in json.loads(body).items() if name != "instance"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", sorted(RESULTS))
def test_whatever_a_function_does_is_answered_alike(client: FlaskClient, name: str, method: str) -> None:
    short, long = both_ways(client, f"/results/{name}", method=method)
    assert short == long


@pytest.mark.parametrize("setting", [{"compact": False}, {"sort_keys": False}, {"ensure_ascii": False}, {}])
@pytest.mark.parametrize("debug", [False, True])
def test_settings_of_flasks_json_hold(app: Flask, setting: dict[str, bool], debug: bool) -> None:
    app.debug = debug
    for name, value in setting.items():
        setattr(app.json, name, value)
    short, long = both_ways(app.test_client(), "/results/object")
    assert short == long
    with app.app_context():
        assert short[2] == app.json.response(RESULTS["object"]()).data


def test_a_json_provider_of_the_apps_own_makes_the_answer(app: Flask) -> None:
    class Loud(DefaultJSONProvider):
        def dumps(self, obj: Any, **kwargs: Any) -> str:
            return super().dumps(obj, **kwargs).upper()

    app.json = Loud(app)
    short, long = both_ways(app.test_client(), "/dues/1")
    assert short == long
    assert json.loads(short[2]) == [{"ID": 0, "DUE": "2026-05-01"}]


@pytest.mark.parametrize("path", ["/dues/1", "/results/object"])
def test_what_writes_json_in_the_place_of_flasks_own_makes_the_answer(app: Flask, path: str) -> None:
    theirs = app.json.dumps
    app.json.dumps = lambda obj, **kwargs: theirs(obj, **kwargs).upper()  # type: ignore[method-assign]
    short, long = both_ways(app.test_client(), path)
    assert short == long
    assert short[2] == short[2].upper()


class Dated(Response):
    """Says of itself what it is, and when that was made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers["ETag"] = '"mine"'
        self.headers["Last-Modified"] = "Wed, 21 Oct 2015 07:28:00 GMT"
        self.headers["Vary"] = "X-Tenant"


@pytest.mark.parametrize("path", ["/dues/1", "/results/object"])
@pytest.mark.parametrize("is_guarded", [False, True])
def test_headers_that_the_apps_own_class_of_responses_sets_are_its_own(app: Flask, path: str, is_guarded: bool) -> None:
    app.response_class = Dated
    if is_guarded:
        app.extensions["serveractions"].auth_hook(lambda operation: "ada")
    client = app.test_client()
    found = client.get(path)
    assert found.headers.getlist("ETag") == ['"mine"']
    assert found.headers.getlist("Vary") == ["X-Tenant"]
    later = "Wed, 21 Oct 2025 07:28:00 GMT"
    assert client.get(path, headers={"If-Modified-Since": later}).status_code == 304


@pytest.mark.parametrize("path", ["/dues/0", "/dues/3", "/results/a%00b", "/results/unknown", "/dues/x"])
def test_path_values_are_loaded_and_refused_alike(client: FlaskClient, path: str) -> None:
    short, long = both_ways(client, path)
    assert short == long


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "application/json"},
        {"Accept": "application/json;q=0"},
        {"Accept": "text/html"},
        {"Accept": "*/*, application/json;q=0"},
        {"Authorization": "Bearer 1"},
        {"If-None-Match": "*"},
        {"If-Match": '"other"'},
        {"If-Modified-Since": "Fri, 01 May 2026 00:00:00 GMT"},
    ],
    ids=str,
)
def test_headers_of_a_request_count_alike(client: FlaskClient, headers: dict[str, str]) -> None:
    short, long = both_ways(client, "/dues/1", headers=headers)
    assert short == long


def test_signals_are_sent(app: Flask) -> None:
    heard: list[Any] = []

    def called(sender: Flask, operation: Any, result: Any, **more: Any) -> None:
        heard.append((operation.name, result))

    def failed(sender: Flask, operation: Any, error: Exception, **more: Any) -> None:
        heard.append((operation.name, type(error)))

    with action_called.connected_to(called, app), action_failed.connected_to(failed, app):
        app.test_client().get("/results/nothing")
        app.test_client().get("/results/refused")
    assert heard == [("Results.get", None), ("Results.get", ActionError)]


def test_a_class_put_behind_the_view_later_is_asked(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/dues/0").json == []

    class Others(MethodRoute):
        def get(self, number: int) -> dict:
            return {"number": number}

    app.view_functions["Dues"].view_class = Others  # type: ignore[attr-defined]
    assert client.get("/dues/0").json == {"number": 0}


def test_what_asks_somebody_takes_the_pipeline() -> None:
    actions = ServerActions(app := Flask(__name__))
    asked: list[str] = []

    @actions.auth_hook
    def authenticate(operation: Any) -> str:
        asked.append(operation.name)
        return "ada"

    @actions.route("/open")
    class Open(MethodRoute):
        def get(self) -> dict:
            return {}

    answer = app.test_client().get("/open")
    assert (asked, answer.headers["Cache-Control"]) == (["Open.get"], "private")


def test_only_a_get_that_needs_nothing_is_plain() -> None:
    actions = ServerActions(app := Flask(__name__))
    actions.auth_hook(lambda operation: "ada")

    @actions.route("/open/<int:number>")
    class Open(MethodRoute):
        def get(self, number: int) -> dict:
            return {}

        def put(self, number: int) -> dict:
            return {}

    @actions.route("/query")
    class Query(MethodRoute):
        def get(self, page: int = 1) -> dict:
            return {}

    @actions.route("/closed")
    @requires("admin")
    class Closed(MethodRoute):
        def get(self) -> dict:
            return {}

    @actions.route("/pages")
    class Pages(MethodRoute):
        paginate = True

        def get(self) -> list[dict]:
            return []

    app.test_client().get("/open/1")
    operations = [each for by_method in state_of(app).routes.values() for each in by_method.values()]
    plain = {each.name: is_plain_read(each) for each in operations}
    assert [name for name, is_plain in plain.items() if is_plain] == ["Open.get"]
    assert set(plain) == {"Open.get", "Open.put", "Query.get", "Closed.get", "Pages.get"}
