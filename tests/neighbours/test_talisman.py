"""Flask-Talisman beside the two doors: its headers are on every answer, and nothing of ours needs an exception."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_talisman import Talisman

from flask_serveractions import ActionError, MethodRoute, ServerActions
from flask_serveractions.testing import ActionsClient
from tests.callers import form_in

HTTPS = "https://localhost"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}
PAGE = """<!doctype html>{% call(form) action_form("add") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}
{% endcall %}{{ serveractions_script(nonce=csp_nonce()) }}"""


@pytest.fixture
def client(tmp_path: Path) -> ActionsClient:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="of the tests", SERVERACTIONS_DOCS="/docs")
    app.test_client_class = ActionsClient
    Talisman(app, content_security_policy_nonce_in=["script-src"], content_security_policy={"script-src": "'self'"})
    actions = ServerActions(app)
    app.add_url_rule("/", "index", lambda: render_template_string(PAGE))

    @actions.register
    def add(text: str) -> None:
        if text == "milk":
            raise ActionError("You already have that one.", field="text")

    @actions.register(background=True)
    def report() -> None: ...

    @actions.route("/api/todos")
    class Todos(MethodRoute):
        def get(self) -> list[str]:
            return []

    return app.test_client()  # type: ignore[return-value]  # the class that is set above


def post(client: ActionsClient, **fields: Any) -> Any:
    page = client.get("/", base_url=HTTPS, headers=BROWSER)
    return client.submit(page, "add", **fields)


def test_a_form_sent_over_http_is_led_to_https_and_runs_nothing(client: ActionsClient) -> None:
    form = form_in(client.get("/", base_url=HTTPS, headers=BROWSER))
    led = client.post(form.url, data={**form.values, "text": "milk"}, headers=BROWSER)
    assert (led.status_code, led.location) == (302, f"{HTTPS}/")  # the page


def test_a_form_over_https_works_and_its_session_is_for_https_alone(client: ActionsClient) -> None:
    page = client.get("/", base_url=HTTPS, headers=BROWSER)
    (cookie,) = page.headers.getlist("Set-Cookie")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert client.submit(page, "add", text="eggs").status_code == 303


def test_the_page_that_is_rendered_again_has_a_nonce_that_its_policy_knows(client: ActionsClient) -> None:
    answer = post(client, text="milk")
    assert answer.status_code == 422
    nonce = answer.text.partition('nonce="')[2].partition('"')[0]
    assert len(nonce) > 20
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/api/todos", "/_actions/client.js", "/openapi.json", "/docs", "/_actions/nothing/x"])
def test_talismans_headers_are_on_every_answer(client: ActionsClient, path: str) -> None:
    answer = client.get(path, base_url=HTTPS)
    assert answer.headers["Content-Security-Policy"].startswith("script-src 'self'")
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Strict-Transport-Security"]


def test_the_built_in_pages_need_nothing_that_a_policy_forbids(client: ActionsClient) -> None:
    form = form_in(client.get("/", base_url=HTTPS, headers=BROWSER))
    url = form.on("/gone")
    built_in = client.post(url, base_url=HTTPS, data={**form.values, "text": "milk"}, headers=BROWSER)
    assert "What you sent" in built_in.text
    for text in ("<style", "style=", "<script", "onclick", "http:", "data:"):
        assert text not in built_in.text
