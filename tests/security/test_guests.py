"""The first form of somebody who has no cookie yet works, however the hook knows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, render_template_string, request, session

from flask_serveractions import ServerActions, current_identity
from flask_serveractions.testing import ActionsClient

FORM = "{% call action_form('save') %}{% endcall %}"


def guest_on_demand(operation: Any) -> Any:
    if "guest" not in session:
        session["guest"] = f"guest {session.get('visits', 0)}"
    return session["guest"]


HOOKS: dict[str, Callable[[Any], Any]] = {
    "a guest made on demand": guest_on_demand,
    "a header of a proxy": lambda operation: request.headers.get("X-Remote-User"),
    "what the server says": lambda operation: request.remote_user,
    "an address": lambda operation: request.remote_addr,
    "a token": lambda operation: request.authorization and request.authorization.username,
    "everybody": lambda operation: "everybody",
}


@pytest.fixture(params=list(HOOKS))
def app(request: pytest.FixtureRequest) -> Flask:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    app.test_client_class = ActionsClient
    actions = ServerActions(app)
    actions.auth_hook(HOOKS[request.param])

    @actions.register
    def save() -> str:
        return str(current_identity)

    app.add_url_rule("/", "index", lambda: render_template_string(FORM))
    return app


def count_visits() -> None:
    session["visits"] = session.get("visits", 0) + 1


def note_the_page() -> None:
    session["last_page"] = request.path + str(session.get("last_page", ""))[:100]


@pytest.mark.parametrize("write", [None, count_visits, note_the_page])
def test_the_first_form_works(app: Flask, write: Any) -> None:
    if write is not None:
        app.before_request(write)
    client: ActionsClient = app.test_client()  # type: ignore[assignment]
    client.environ_base.update(
        HTTP_X_REMOTE_USER="ada", REMOTE_USER="ada", HTTP_AUTHORIZATION="Basic YWRhOng=", HTTP_ACCEPT="text/html"
    )
    page = client.get("/")
    for _ in range(3):
        assert client.submit(page, "save").status_code == 303
    client.get("/")
    assert client.submit(page, "save").status_code == 303


def test_a_guest_who_signs_in_meanwhile_is_somebody_else() -> None:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    app.test_client_class = ActionsClient
    actions = ServerActions(app)
    actions.auth_hook(lambda operation: session.get("user") or guest_on_demand(operation))
    actions.register(name="save")(lambda: None)
    app.before_request(count_visits)
    app.add_url_rule("/", "index", lambda: render_template_string(FORM))

    @app.get("/sign-in")
    def sign_in() -> str:
        session["user"] = "ada"
        return ""

    client: ActionsClient = app.test_client()  # type: ignore[assignment]
    page = client.get("/")
    client.get("/sign-in")
    refused = client.submit(page, "save")
    assert refused.status_code == 404
    assert "Serveractions-Stale" in refused.headers
