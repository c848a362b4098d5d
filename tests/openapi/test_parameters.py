"""Parameters of a function's own, beside those that this package reads; and what URL converters let through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from flask import Blueprint, Flask, abort
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from marshmallow.validate import Range
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.routing import BaseConverter, IntegerConverter

from flask_serveractions import Header, MethodRoute, Operation, ServerActions, webhooks
from flask_serveractions.openapi import document


@dataclass
class Point:
    x: int
    y: int


class PointConverter(BaseConverter):
    regex = r"\d+,\d+"

    def to_python(self, value: str) -> Point:
        return Point(*map(int, value.split(",")))


class HexConverter(IntegerConverter):
    regex = "[0-9a-f]+"

    def to_python(self, value: str) -> int:
        return int(value, 16)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    app.url_map.converters.update(point=PointConverter, hex=HexConverter)
    return app


def described(app: Flask, path: str, method: str = "get") -> Any:
    made = document(app)
    assert list(OpenAPIV31SpecValidator(made).iter_errors()) == []
    found = [resolve(made, each) for each in made["paths"][path][method].get("parameters", ())]
    return {(each["in"], each["name"]): each for each in found}


def resolve(made: Any, thing: Any) -> Any:
    for step in thing["$ref"].split("/")[1:] if "$ref" in thing else ():
        made = thing = made[step]
    return thing


def test_a_converter_that_makes_objects_is_described_as_the_text_that_it_takes(app: Flask) -> None:
    actions = ServerActions(app)

    @actions.route("/points/<point:point>/<hex:number>")
    class PointItem(MethodRoute):
        def get(self, point: Point, number: int) -> dict[str, int]:
            return {"x": point.x, "number": number}

    assert app.test_client().get("/points/1,2/ff").json == {"x": 1, "number": 255}
    found = described(app, "/points/{point}/{number}")
    assert found["path", "point"]["schema"] == {"type": "string", "minLength": 1, "pattern": r"^(?:\d+,\d+)$"}
    assert found["path", "number"]["schema"] == {"type": "string", "minLength": 1, "pattern": "^(?:[0-9a-f]+)$"}


def test_own_parameters_beside_paginate_stand_once_and_take_what_both_take(app: Flask) -> None:
    actions = ServerActions(app)

    @actions.route("/things")
    class Things(MethodRoute):
        paginate = True

        def get(self, per_page: Annotated[int, Range(5, 500)] = 50, page: str = "1") -> list[int]:
            return list(range(200))

    found = described(app, "/things")
    assert found["query", "per_page"]["schema"] == {"type": "integer", "minimum": 5, "maximum": 100, "default": 50}
    assert found["query", "page"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 10**9}
    client = app.test_client()
    assert [client.get(f"/things?{query}").status_code for query in ("per_page=4", "per_page=101", "page=x")] == [
        422
    ] * 3
    assert client.get("/things?per_page=5&page=2").json == [5, 6, 7, 8, 9]


def test_a_condition_or_key_that_a_function_reads_too_stands_once(app: Flask) -> None:
    actions = ServerActions(app)

    @actions.route("/thing")
    class Thing(MethodRoute):
        require_if_match = True

        def get(self, if_none_match: Header[str] = "") -> dict[str, int]:
            return {}

        def put(self, if_match: Header[str] = "") -> None: ...

    @actions.register(once=True)
    def pay(idempotency_key: Header[str]) -> None: ...

    assert [name for _, name in described(app, "/thing")] == ["if-none-match"]
    assert described(app, "/thing", "put")["header", "if-match"]["required"] is True
    assert described(app, "/_actions/pay/{signature}", "post")["header", "idempotency-key"]["required"] is True


@pytest.mark.parametrize(
    ("event", "schema", "form"),
    [
        (dict[str, Any], {"type": "object"}, {"type": "object"}),
        (dict | list, {"type": ["object", "array"], "items": {}}, {"type": "object"}),
        (list, {"type": "array", "items": {}}, {"type": "object", "required": ["payload"]}),
    ],
)
def test_a_webhook_takes_json_of_its_kind_and_a_form(app: Flask, event: Any, schema: Any, form: Any) -> None:
    def take(event): ...  # type: ignore[no-untyped-def]

    take.__annotations__["event"] = event
    ServerActions(app).webhook("/hook", webhooks.github("secret"))(take)
    content = document(app)["paths"]["/hook"]["post"]["requestBody"]["content"]
    assert content["application/json"]["schema"] == schema
    assert {name: content["application/x-www-form-urlencoded"]["schema"][name] for name in form} == form


def test_what_the_hook_and_limits_refuse_is_a_status_of_everything_that_they_guard(app: Flask) -> None:
    limiter = Limiter(get_remote_address, app=app, default_limits=["5 per minute"], storage_uri="memory://")
    actions = ServerActions(app)

    @actions.route("/things")
    class Things(MethodRoute):
        def get(self) -> list[int]:
            return []

    @actions.auth_hook
    def authenticate(operation: Operation) -> Any:
        if operation.name == "closed":
            abort(402)
        return ("Not yet.", 425) if operation.name == "early" else "ada"

    assert limiter.enabled
    responses = document(app)["paths"]["/things"]["get"]["responses"]
    assert {"401", "402", "403", "425", "429"} <= set(responses)


def test_a_blueprint_with_error_handlers_may_answer_otherwise(app: Flask) -> None:
    shop = Blueprint("shop", __name__)
    shop.register_error_handler(404, lambda error: ("gone", 404))

    class Things(MethodRoute):
        def get(self, number: int) -> list[int]:
            return []

    shop.add_url_rule("/things/<int:number>", view_func=Things.as_view("things"))
    ServerActions(app)
    app.register_blueprint(shop)
    made = document(app)
    reference = made["paths"]["/things/{number}"]["get"]["responses"]["404"]
    assert list(resolve(made, reference)["content"]) == ["application/problem+json", "*/*", "text/html"]


def test_a_form_names_what_stands_below_the_keys_of_a_mapping(app: Flask) -> None:
    class Hosts(MethodRoute):
        def post(self, hosts: dict[str, Point], ports: dict[str, list[int]], flags: dict[str, bool]) -> None: ...

    ServerActions(app).route("/hosts")(Hosts)
    form = document(app)["paths"]["/hosts"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert form["schema"]["patternProperties"] == {
        r"^hosts\.[^.]+\.x$": {"type": "integer"},
        r"^hosts\.[^.]+\.y$": {"type": "integer"},
        r"^ports\.[^.]+$": {"type": "array", "items": {"type": "integer"}},
        r"^flags\.[^.]+$": {"type": "boolean"},
    }


def test_a_body_is_required_where_a_mapping_is(app: Flask) -> None:
    class Hosts(MethodRoute):
        def post(self, hosts: dict[str, int]) -> None: ...
        def put(self, hosts: dict[str, int] | None) -> None: ...
        def patch(self, hosts: list[int]) -> None: ...

    ServerActions(app).route("/hosts")(Hosts)
    described, client = document(app)["paths"]["/hosts"], app.test_client()
    told = {method: described[method]["requestBody"].get("required", False) for method in ("post", "put", "patch")}
    assert told == {"post": True, "put": False, "patch": False}
    assert [client.open("/hosts", method=each.upper()).status_code for each in told] == [422, 204, 204]
