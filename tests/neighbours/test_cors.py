"""Flask-CORS: a single-page app on another origin calls resources with a bearer token."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask_cors import CORS

from flask_serveractions import MethodRoute, ServerActions

ELSEWHERE = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
BEARER = {"Authorization": "Bearer right"}


@pytest.fixture(params=["before", "after"])
def client(request: pytest.FixtureRequest) -> FlaskClient:
    app = Flask(__name__)
    app.secret_key = "of the tests"
    cors = {"resources": {"/api/*": {"origins": "https://app.example", "expose_headers": ["ETag"]}}}
    if request.param == "before":
        CORS(app, **cors)
    actions = ServerActions(app)
    if request.param == "after":
        CORS(app, **cors)
    serve(actions)
    return app.test_client(use_cookies=False)


def serve(actions: ServerActions) -> None:
    @actions.auth_hook
    def bearer(operation: Any) -> str | None:
        token = request.authorization and request.authorization.token
        return "ada" if token == "right" else None

    @actions.register
    def act() -> None: ...

    @actions.route("/api/things")
    class Things(MethodRoute):
        def get(self) -> list[str]:
            return []

        def put(self, name: str) -> dict[str, str]:
            return {"name": name}


def test_a_preflight_is_answered_without_an_identity(client: FlaskClient) -> None:
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization, if-match"}
    answer = client.options("/api/things", headers={**ELSEWHERE, **asked})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()


def test_a_bearer_token_passes_the_origin_rule(client: FlaskClient) -> None:
    answer = client.put("/api/things", json={"name": "a"}, headers={**ELSEWHERE, **BEARER})
    assert (answer.status_code, answer.json) == (200, {"name": "a"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {}, "headers": BEARER}, 422),
        ({"json": {"name": "a"}, "headers": {"Authorization": "Bearer wrong"}}, 401),
        ({"data": b"{", "content_type": "application/json", "headers": BEARER}, 400),
    ],
)
def test_a_script_elsewhere_can_read_a_failure(client: FlaskClient, sent: dict[str, Any], status: int) -> None:
    answer = client.put("/api/things", **{**sent, "headers": {**ELSEWHERE, **sent["headers"]}})
    assert (answer.status_code, answer.json["status"]) == (status, status)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**BEARER, "Cookie": "session=hers"},
        {"Authorization": "Basic YWRhOnJpZ2h0"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
    ],
)
def test_whatever_a_browser_sends_by_itself_does_not_pass(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.put("/api/things", json={"name": "a"}, headers={**ELSEWHERE, **headers}).status_code == 403


def test_an_action_is_for_its_own_site_alone(client: FlaskClient) -> None:
    answer = client.post("/_actions/act/signed", json={}, headers={**ELSEWHERE, **BEARER})
    assert answer.status_code == 403
