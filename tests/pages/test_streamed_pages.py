"""Forms in pages that are streamed: of visitors who are known, of new ones, and of caches."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask, Response, session, stream_template_string
from flask_wtf.csrf import generate_csrf

from flask_serveractions import ServerActions
from flask_serveractions.pages.templates import action_url
from flask_serveractions.testing import ActionsClient

FORM = '{% call(form) action_form("save") %}<input {{ form.attrs("text") }}>{% endcall %}'
PARTS = {
    "a form": FORM,
    "an address": "{{ action_url('save') }}",
    "the client": "{{ serveractions_script() }}",
    "a form after much": "{{ 'x' * 100000 }}" + FORM,
}


def app_of(template: str, headers: dict[str, str], **config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="of the tests", **config)
    app.test_client_class = ActionsClient
    actions = ServerActions(app)

    @actions.register
    def save(text: str = "") -> None: ...

    app.add_url_rule("/", "index", lambda: Response(stream_template_string(template), headers=headers))

    @app.get("/ready")
    def ready() -> Response:
        action_url("save")
        generate_csrf()
        return Response(stream_template_string(template), headers=headers)

    return app


PRIVATE = {"Cache-Control": "private"}


@pytest.mark.parametrize("part", list(PARTS))
def test_what_a_new_visitor_is_streamed_is_an_error_in_debug_and_else_a_warning(
    part: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_of(PARTS[part], PRIVATE)
    with caplog.at_level(logging.WARNING, "flask_serveractions"):
        app.test_client().get("/").get_data()
    assert {"session" in record.getMessage() for record in caplog.records} == {True}
    app.debug = True
    with pytest.raises(RuntimeError, match="the session can't be any more"):
        app.test_client().get("/").get_data()


@pytest.mark.parametrize("part", list(PARTS))
def test_who_is_known_is_streamed_forms_that_work(part: str, caplog: pytest.LogCaptureFixture) -> None:
    app = app_of(PARTS[part], PRIVATE)
    app.debug = True
    client: ActionsClient = app.test_client()  # type: ignore[assignment]
    client.get("/ready")
    for path in ("/", "/ready"):
        page = client.get(path)
        page.get_data()
        if "form" in part:
            assert client.submit(page, "save", text="milk").status_code == 303
    assert caplog.records == []


def test_a_view_that_makes_the_session_first_may_stream_to_a_new_visitor(caplog: pytest.LogCaptureFixture) -> None:
    app = app_of(FORM, PRIVATE)
    app.debug = True
    client: ActionsClient = app.test_client()  # type: ignore[assignment]
    assert client.submit(client.get("/ready"), "save", text="milk").status_code == 303


def test_where_nothing_is_kept_in_the_session_there_is_nothing_to_say(caplog: pytest.LogCaptureFixture) -> None:
    app = app_of(FORM, PRIVATE, SERVERACTIONS_BIND_SESSION=False, WTF_CSRF_ENABLED=False)
    app.debug = True
    client: ActionsClient = app.test_client()  # type: ignore[assignment]
    assert client.submit(client.get("/"), "save", text="milk").status_code == 303


def test_a_visitor_whose_session_has_changed_is_a_new_one() -> None:
    app = app_of(FORM, PRIVATE)
    app.extensions["serveractions"].auth_hook(lambda operation: session.get("user", "nobody"))

    @app.get("/sign-in")
    def sign_in() -> str:
        session["user"] = "ada"
        return ""

    app.debug = True
    client = app.test_client()
    client.get("/ready")
    client.get("/")
    client.get("/sign-in")
    with pytest.raises(RuntimeError, match="new visitor"):
        client.get("/").get_data()


def test_what_shared_caches_may_keep_is_said_first() -> None:
    app = app_of(FORM, {})
    app.debug = True
    with pytest.raises(RuntimeError, match="Cache-Control: private"):
        app.test_client().get("/").get_data()
