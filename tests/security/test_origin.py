"""Where a request comes from, and its token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from flask_serveractions import MethodRoute, ServerActions
from tests.callers import ACCEPT_HTML, SCRIPT, Form, app_with, extension_of, open_form, post_json, submit

NO_ORIGIN = {"Accept": "application/json"}
calls: list[str] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


def create_todo(text: str) -> None:
    calls.append(text)


def with_notes(app: Flask) -> Flask:
    """Add a resource at ``/notes``."""

    @extension_of(app).route("/notes")
    class Notes(MethodRoute):
        def get(self) -> list[str]:
            return calls

        def post(self, text: str = "") -> None:
            calls.append(text)

        def delete(self) -> None:
            calls.append("deleted")

    return app


@pytest.fixture
def client() -> FlaskClient:
    return with_notes(app_with(create_todo)).test_client()


def act(client: FlaskClient, headers: Mapping[str, str]) -> TestResponse:
    return post_json(client, open_form(client), headers={**NO_ORIGIN, **headers}, text="milk")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost:80"},
        {"Origin": "HTTP://LOCALHOST"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=str,
)
def test_what_comes_from_here_passes(client: FlaskClient, headers: dict[str, str]) -> None:
    assert act(client, headers).status_code == 200
    assert client.post("/notes", json={"text": "eggs"}, headers=headers).status_code == 204
    assert calls == ["milk", "eggs"]


FOREIGN: list[dict[str, str]] = [
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "https://localhost"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "http://localhost:0"},
    {"Origin": "http://localhost:99999"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://evil.example/http://localhost"},
    {"Origin": "http://localhost@evil.example"},
    {"Origin": "http://evil.example@localhost"},
    {"Origin": "http://localhost/"},
    {"Origin": "http://localhost/x"},
    {"Origin": "http://localhost?"},
    {"Origin": "http://localhost#"},
    {"Origin": "http://localhost http://evil.example"},
    {"Origin": "http://localhost, http://evil.example"},
    {"Origin": "localhost"},
    {"Origin": "//localhost"},
    {"Origin": "http://["},
    {"Origin": "http://localhost:port"},
    {"Origin": "file://"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "whatever"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "none"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_comes_from_elsewhere_is_403_on_both_doors(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = act(client, headers)
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert "Serveractions-Stale" not in answer.headers
    for method in ("POST", "DELETE"):
        answer = client.open("/notes", method=method, headers=headers)
        assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert calls == []


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_reading_a_resource_from_elsewhere_is_for_the_app_to_forbid(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert client.get("/notes", headers=headers).status_code == 200


HEADER_TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=30)
ODD_ORIGIN = HEADER_TEXT | st.from_regex(r"\Ahttps?://[\[\]a-z0-9:.@%/]{0,12}\Z")
ODD_APP = with_notes(app_with(create_todo))


@given(origin=ODD_ORIGIN, site=st.none() | st.sampled_from(["same-origin", "none", "cross-site"]) | HEADER_TEXT)
def test_no_header_is_an_error(origin: str, site: str | None) -> None:
    headers = {"Origin": origin} | ({} if site is None else {"Sec-Fetch-Site": site})
    answer = ODD_APP.test_client().post("/notes", json={"text": "x"}, headers=headers)
    assert answer.status_code in (204, 403)
    assert ODD_APP.test_client().post("/_actions/create_todo/x", headers=headers).status_code in (403, 404)


@given(host=HEADER_TEXT | st.from_regex(r"\A[\[\]a-z0-9:.@%/]{1,12}\Z"), origin=ODD_ORIGIN | st.just("null"))
def test_no_host_is_an_error(host: str, origin: str) -> None:
    sent = EnvironBuilder("/notes", method="POST", json={"text": "x"}, headers={"Host": host, "Origin": origin})
    _, status, _ = run_wsgi_app(ODD_APP, sent.get_environ())  # the test client can't read every host itself
    assert status[:3] in ("204", "400", "403")


def test_allowed_origins_pass_whatever_the_other_header_says() -> None:
    app = with_notes(app_with(create_todo, SERVERACTIONS_ALLOWED_ORIGINS=("https://partner.example:8443",)))
    client = app.test_client()
    partner = {"Origin": "https://partner.example:8443", "Sec-Fetch-Site": "cross-site"}
    assert act(client, partner).status_code == 200
    assert client.post("/notes", json={"text": "eggs"}, headers=partner).status_code == 204
    for foreign in ("https://partner.example", "http://partner.example:8443", "https://evil.example", "null"):
        assert act(client, {**partner, "Origin": foreign}).status_code == 403


def test_an_allowed_origin_still_needs_the_token() -> None:
    client = app_with(create_todo, SERVERACTIONS_ALLOWED_ORIGINS=["https://partner.example"]).test_client()
    form = open_form(client)
    answer = client.post(form.url, json={"text": "milk"}, headers={"Origin": "https://partner.example"})
    assert (answer.status_code, calls) == (400, [])


def test_behind_a_proxy_the_own_origin_is_what_the_proxy_says() -> None:
    app = app_with(create_todo)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)  # type: ignore[method-assign]
    client = app.test_client()
    proxy = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org"}
    form = open_form(client)
    own = post_json(client, form, headers={**NO_ORIGIN, **proxy, "Origin": "https://example.org"}, text="milk")
    assert own.status_code == 200
    inner = post_json(client, form, headers={**NO_ORIGIN, **proxy, "Origin": "http://localhost"}, text="eggs")
    assert inner.status_code == 403
    assert calls == ["milk"]


def test_the_effective_port_counts() -> None:
    client = app_with(create_todo).test_client()
    form = open_form(client)
    at = {"Host": "localhost:8080"}
    assert post_json(client, form, headers={**at, "Origin": "http://localhost:8080"}, text="milk").status_code == 200
    assert post_json(client, form, headers={**at, "Origin": "http://localhost"}, text="milk").status_code == 403


# The token


def forget(form: Form) -> Form:
    return Form(form.attributes, {name: each for name, each in form.inputs.items() if name != "csrf_token"})


@pytest.mark.parametrize("header", ["X-CSRFToken", "X-CSRF-Token"])
def test_the_token_comes_in_its_field_or_in_a_header(client: FlaskClient, header: str) -> None:
    form = open_form(client)
    assert submit(client, form, text="milk").status_code == 303
    assert submit(client, forget(form), headers={**SCRIPT, header: form.token}, text="eggs").status_code == 200
    assert calls == ["milk", "eggs"]


def test_the_tokens_names_are_flask_wtfs() -> None:
    app = app_with(create_todo, WTF_CSRF_FIELD_NAME="proof", WTF_CSRF_HEADERS=["X-Proof"])
    client = app.test_client()
    form = open_form(client)
    assert "csrf_token" not in form.inputs
    assert submit(client, form, text="milk").status_code == 303
    proof = form.inputs["proof"]["value"]
    assert client.post(form.url, json={"text": "eggs"}, headers={"X-Proof": proof}).status_code == 200
    assert client.post(form.url, json={"text": "tea"}, headers={"X-CSRFToken": proof}).status_code == 400
    assert calls == ["milk", "eggs"]


@pytest.mark.parametrize("token", [None, "", "wrong", "a.b.c", "ImEi.aaaaaa.bbbbbb", "\N{SNOWMAN}", "x" * 10_000])
def test_without_this_sessions_token_nothing_runs(client: FlaskClient, token: str | None) -> None:
    form = open_form(client)
    answer = submit(client, form, headers=SCRIPT, text="milk", csrf_token=token)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.headers["Serveractions-Stale"] == "true"
    assert calls == []


def test_a_token_of_another_session_is_refused(client: FlaskClient) -> None:
    form, foreign = open_form(client), open_form(client.application.test_client())
    assert submit(client, form, headers=SCRIPT, text="milk", csrf_token=foreign.token).status_code == 400


def test_with_neither_header_the_token_alone_decides(client: FlaskClient) -> None:
    form = open_form(client)
    assert client.post(form.url, data={"text": "milk"}).status_code == 400
    assert client.post(form.url, data={"text": "milk", "csrf_token": form.token}).status_code == 200


def test_the_token_may_be_turned_off_as_elsewhere() -> None:
    client = app_with(create_todo, WTF_CSRF_ENABLED=False).test_client()
    form = open_form(client)
    assert "csrf_token" not in form.inputs
    assert submit(client, form, text="milk").status_code == 303


def test_the_token_may_be_turned_off_while_the_app_runs(client: FlaskClient) -> None:
    form = open_form(client)
    client.application.config["WTF_CSRF_ENABLED"] = False
    assert submit(client, forget(form), text="milk").status_code == 303


def test_the_tokens_age_is_flask_wtfs() -> None:
    client = app_with(create_todo, WTF_CSRF_TIME_LIMIT=-2).test_client()  # over as soon as it is made
    assert submit(client, open_form(client), headers=SCRIPT, text="milk").status_code == 400
    client.application.config["WTF_CSRF_TIME_LIMIT"] = None
    assert submit(client, open_form(client), headers=SCRIPT, text="milk").status_code == 200


# Beside CSRFProtect


def protected_app(first: str) -> Flask:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    actions = ServerActions()
    if first == "CSRFProtect":
        CSRFProtect(app)
    actions.init_app(app)
    if first == "ServerActions":
        CSRFProtect(app)
    actions.register(create_todo)

    @app.route("/", methods=["GET", "POST"])
    def index() -> Any:
        from flask import render_template_string

        return render_template_string('{% call action_form("create_todo") %}<input name="text">{% endcall %}')

    return with_notes(app)


@pytest.mark.parametrize("first", ["CSRFProtect", "ServerActions"])
def test_csrf_protect_leaves_both_doors_to_us_and_guards_the_rest(first: str) -> None:
    client = protected_app(first).test_client()
    form = open_form(client)
    assert submit(client, form, text="milk").status_code == 303
    assert post_json(client, form, text="eggs").status_code == 200
    assert submit(client, forget(form), headers=SCRIPT, text="tea").status_code == 400
    assert client.post("/notes", json={"text": "rye"}).status_code == 204  # a caller without a browser's headers
    assert client.post("/notes", json={"text": "x"}, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post("/").status_code == 400
    assert calls == ["milk", "eggs", "rye"]


def test_csrf_protect_does_not_turn_a_stale_form_into_its_own_page() -> None:
    client = protected_app("CSRFProtect").test_client()
    answer = submit(client, forget(open_form(client)), text="milk")
    assert answer.headers["Serveractions-Stale"] == "true"
    assert 'data-serveraction="create_todo"' in answer.text


def test_a_browser_from_elsewhere_gets_the_apps_own_page() -> None:
    app = app_with(create_todo)
    app.register_error_handler(403, lambda error: ("Our own 403", 403))
    client = app.test_client()
    headers = {"Accept": ACCEPT_HTML, "Origin": "http://evil.example"}
    answer = submit(client, open_form(client), headers=headers, text="milk")
    assert (answer.status_code, answer.text) == (403, "Our own 403")
    assert calls == []


def test_a_token_may_have_another_field_in_the_form_and_a_fresh_header_beside_a_stale_field() -> None:
    app = app_with(create_todo, WTF_CSRF_FIELD_NAME="my_token")
    client = app.test_client()
    form = open_form(client)
    assert "my_token" in form.inputs
    assert submit(client, form, text="milk").status_code == 303
    stale = {**form.values, "my_token": "stale", "text": "oats"}
    fresh = {**SCRIPT, "X-CSRFToken": form.inputs["my_token"]["value"]}
    assert client.post(form.attributes["action"], data=stale, headers=fresh).status_code == 200
    assert client.post(form.attributes["action"], data=stale, headers=SCRIPT).status_code == 400
