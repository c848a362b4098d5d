"""Flask-Session beside the doors: sessions that the server keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cachelib import FileSystemCache
from flask import Flask, abort, flash, redirect, render_template_string, session
from flask_session import Session

from flask_serveractions import ActionError, ServerActions
from flask_serveractions.testing import ActionsClient

PAGE = """<!doctype html>{% for text in get_flashed_messages() %}<p class="flash">{{ text }}</p>{% endfor %}
{% call(form) action_form("save") %}{{ form.error("text") }}<input {{ form.attrs("text") }}>{% endcall %}"""
WITHOUT_FORM = PAGE.partition("{% call")[0]
BROWSER = {"Accept": "text/html,*/*;q=0.8", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


def raising() -> str:
    render_template_string(PAGE)
    raise LookupError("the page is broken")


UNUSED: dict[str, Callable[[], Any]] = {
    "no form": lambda: render_template_string(WITHOUT_FORM),
    "no page": lambda: (render_template_string(PAGE), 200, {"Content-Type": "text/plain"}),
    "an attachment": lambda: (render_template_string(PAGE), 200, {"Content-Encoding": "br"}),
    "an error": lambda: (render_template_string(PAGE), 500),
    "aborted": lambda: render_template_string(WITHOUT_FORM) and abort(503),
    "raises": raising,
}


@pytest.fixture(params=["server", "cookie"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Flask:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="of the tests", PAGE="used")
    if request.param == "server":
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(str(tmp_path / "sessions")))
        Session(app)
    app.test_client_class = ActionsClient
    actions = ServerActions(app)

    @actions.register
    def save(text: str) -> None:
        session["saved"] = text
        flash(f"{text} came")
        if text == "bad":
            raise ActionError("No.", field="text")

    @app.get("/")
    def index() -> Any:
        session["views"] = session.get("views", 0) + 1
        return UNUSED.get(app.config["PAGE"], lambda: render_template_string(PAGE))()

    @app.get("/session")
    def shown() -> dict[str, Any]:
        return {key: session.get(key) for key in ("saved", "views", "_flashes")}

    return app


@pytest.fixture
def client(app: Flask) -> ActionsClient:
    client: ActionsClient = app.test_client()  # type: ignore[assignment]
    return client


def flashes_in(html: str) -> list[str]:
    return re.findall(r'<p class="flash">(.*?)</p>', html)


def test_the_first_form_of_a_new_visitor_works_and_its_message_is_shown_once(client: ActionsClient) -> None:
    assert client.submit(client.get("/"), "save", text="milk").status_code == 303
    assert [flashes_in(client.get("/").text) for _ in range(2)] == [["milk came"], []]


def test_a_page_that_shows_an_error_uses_up_its_messages(client: ActionsClient) -> None:
    page = client.submit(client.get("/"), "save", text="bad")
    assert (page.status_code, flashes_in(page.text)) == (422, ["bad came"])
    assert "No." in page.text
    assert flashes_in(client.get("/").text) == []
    assert client.submit(page, "save", text="good").status_code == 303


@pytest.mark.parametrize("page", [*UNUSED])
def test_the_messages_of_a_page_that_is_not_used_survive(app: Flask, client: ActionsClient, page: str) -> None:
    first = client.get("/")
    app.config["PAGE"] = page
    assert client.submit(first, "save", text="bad").status_code == 422
    app.config["PAGE"] = "used"
    kept = client.get("/session").json
    assert kept == {"saved": "bad", "views": 1, "_flashes": [["message", "bad came"]]}
    assert flashes_in(client.get("/").text) == ["bad came"]


def test_so_do_those_of_a_page_that_a_script_gets_none_of(app: Flask, client: ActionsClient) -> None:
    client.get("/")
    client.environ_base["HTTP_PREFER"] = "return=representation"
    app.config["PAGE"] = "an error"
    answer = client.call_action("save", "/", text="milk")
    assert answer.json is not None
    assert (answer.status_code, answer.json["page"]) == (200, None)
    app.config["PAGE"] = "used"
    assert flashes_in(client.get("/").text) == ["milk came"]


def test_a_page_that_a_script_gets_uses_up_its_messages(client: ActionsClient) -> None:
    client.get("/")
    client.environ_base["HTTP_PREFER"] = "return=representation"
    answer = client.call_action("save", "/", text="milk")
    assert answer.json is not None
    assert flashes_in(answer.json["page"]) == ["milk came"]
    assert flashes_in(client.get("/").text) == []


def test_a_session_that_the_page_has_ended_is_back_where_the_page_is_not_used(
    app: Flask, client: ActionsClient
) -> None:
    first = client.get("/")
    UNUSED["ends it"] = lambda: session.clear() or redirect("https://elsewhere.example/")  # type: ignore[func-returns-value]
    try:
        app.config["PAGE"] = "ends it"
        client.submit(first, "save", text="bad")
    finally:
        del UNUSED["ends it"]
    assert client.get("/session").json["saved"] == "bad"  # type: ignore[index]
