"""Flask-Login beside the two doors: its user is the identity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify, redirect, render_template_string, request
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user

from flask_serveractions import MethodRoute, Operation, ServerActions, current_identity, public
from flask_serveractions.testing import ActionsClient

BROWSER = {"Accept": "text/html,*/*;q=0.8", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
JSON = {"Accept": "application/json"}
PAGE = """<!doctype html><p>{{ current_user.get_id() or "nobody" }}</p>
{% for name in ["sign_in", "sign_out", "greet"] %}
{% call(form) action_form(name) %}{{ form.message }}{% endcall %}{% endfor %}"""


@dataclass
class User(UserMixin):
    id: str


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="of the tests", SERVERACTIONS_LOGIN_VIEW="index")
    app.test_client_class = ActionsClient
    manager = LoginManager(app)
    manager.user_loader(User)
    app.add_url_rule("/", "index", lambda: render_template_string(PAGE))
    return register(app)


def register(app: Flask) -> Flask:
    actions = ServerActions(app)

    @actions.auth_hook
    def authenticate(operation: Operation) -> Any:
        return current_user if current_user.is_authenticated else None

    @actions.register
    @public
    def sign_in(name: str = "ada", remember: bool = False) -> Any:
        login_user(User(name), remember=remember)
        return redirect(request.args.get("next", "/"))

    @actions.register
    def sign_out() -> None:
        logout_user()

    @actions.register
    def greet() -> str:
        return f"{current_identity.id} is {current_user.id}"

    @actions.register
    @public
    @login_required
    def whisper() -> str:
        return str(current_user.id)

    @actions.route("/api/me")
    class Me(MethodRoute):
        def get(self) -> dict[str, str]:
            return {"id": current_identity.id}

    @actions.route("/api/secret")
    @public
    class Secret(MethodRoute):
        decorators = [login_required]

        def get(self) -> Any:
            return jsonify(current_user.id)

    return app


@pytest.fixture
def client(app: Flask) -> ActionsClient:
    client: ActionsClient = app.test_client()  # type: ignore[assignment]
    return client


def who(client: ActionsClient) -> str:
    return client.get("/", headers=BROWSER).text.partition("</p>")[0].rpartition("<p>")[2]


def test_the_user_who_is_signed_in_is_the_identity_at_both_doors(client: ActionsClient) -> None:
    assert client.call_action("greet").status_code == 401
    client.call_action("sign_in")
    assert client.call_action("greet").json["data"] == "ada is ada"  # type: ignore[index]
    assert client.get("/api/me", headers=JSON).json == {"id": "ada"}


def test_nobody_is_led_to_the_sign_in_page_and_back(client: ActionsClient) -> None:
    refused = client.get("/api/me?full=1", headers=JSON)
    assert (refused.status_code, refused.json and refused.json["login"]) == (401, "/?next=/api/me%3Ffull%3D1")
    led = client.submit(client.get("/", headers=BROWSER), "greet")
    assert (led.status_code, led.location) == (303, "/?next=/")


def test_signing_in_by_a_form_leads_to_the_page_of_somebody_known(client: ActionsClient) -> None:
    page = client.get("/", headers=BROWSER)
    assert client.submit(page, "sign_in").status_code == 303
    assert who(client) == "ada"


def test_a_form_from_before_signing_in_is_void_after_it(client: ActionsClient) -> None:
    before = client.get("/", headers=BROWSER)
    client.call_action("sign_in")
    refused = client.submit(before, "greet")
    assert (refused.status_code, refused.headers["Serveractions-Stale"]) == (404, "identity")
    assert client.submit(refused, "greet").status_code == 303


def test_a_form_of_one_user_is_void_for_the_next(client: ActionsClient) -> None:
    client.call_action("sign_in", name="ada")
    of_ada = client.get("/", headers=BROWSER)
    client.call_action("sign_out")
    client.call_action("sign_in", name="grace")
    assert client.submit(of_ada, "sign_out").status_code == 404
    assert who(client) == "grace"


def test_signing_out_by_a_form_shows_the_page_of_nobody(client: ActionsClient) -> None:
    client.call_action("sign_in")
    page = client.get("/", headers=BROWSER)
    assert client.submit(page, "sign_out").status_code == 303
    assert who(client) == "nobody"


def test_who_is_remembered_is_known_again_when_the_session_is_over(client: ActionsClient) -> None:
    client.call_action("sign_in", remember=True)
    client.delete_cookie("session")  # the browser was closed
    assert who(client) == "ada"
    assert client.call_action("greet").json["data"] == "ada is ada"  # type: ignore[index]


def test_a_form_left_open_over_the_end_of_the_session_is_shown_again_to_who_is_remembered(
    client: ActionsClient,
) -> None:
    client.call_action("sign_in", remember=True)
    page = client.get("/", headers=BROWSER)
    client.delete_cookie("session")
    stale = client.submit(page, "greet")
    assert (stale.status_code, stale.headers["Serveractions-Stale"]) == (404, "true")
    assert "no longer valid" in stale.text
    assert client.submit(stale, "greet").status_code == 303


def test_login_required_on_a_function_answers_a_script_as_the_hook_does(client: ActionsClient) -> None:
    refused = client.call_action("whisper")
    assert (refused.status_code, refused.mimetype) == (401, "application/problem+json")
    assert "WWW-Authenticate" not in refused.headers
    client.call_action("sign_in")
    assert client.call_action("whisper").json["data"] == "ada"  # type: ignore[index]


def test_where_flask_login_has_a_view_of_its_own_login_required_leads_there(app: Flask) -> None:
    app.login_manager.login_view = "index"  # type: ignore[attr-defined]
    client: ActionsClient = app.test_client()  # type: ignore[assignment]
    led = client.call_action("whisper", "/about")
    assert led.json is not None
    assert led.json["redirect"].startswith("/?next=")
    assert [each["message"] for each in led.json["messages"]] == ["Please log in to access this page."]


def test_login_required_guards_a_resource_too(app: Flask, client: ActionsClient) -> None:
    assert client.get("/api/secret", headers=JSON).status_code == 401
    client.call_action("sign_in")
    assert client.get("/api/secret", headers=JSON).json == "ada"


def test_a_public_action_knows_who_calls_it_all_the_same(app: Flask, client: ActionsClient) -> None:
    client.call_action("sign_in", name="grace")
    assert client.call_action("sign_in", name="ada").status_code == 200
    assert who(client) == "ada"
