"""Who an ID was rendered for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest
from flask import Flask, g, render_template_string, request, session
from flask.testing import FlaskClient

from flask_serveractions import current_identity, public
from flask_serveractions.security.visitors import (
    SESSION_KEY,
    identity_changed,
    remember_session,
    visitor_for_page,
    visitor_of,
)
from tests.callers import SCRIPT, WITH_PAGE, app_with, extension_of, form_in, open_form, post_json, submit

calls: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


def create_todo(text: str) -> None:
    calls.append((current_identity._get_current_object(), text))


@public
def say(text: str = "") -> None:
    calls.append((current_identity._get_current_object(), text))


def signing_in() -> Flask:
    """An app where one signs in by ``/in/<name>`` and out by ``/out``; ``/touch`` writes to the session."""
    app = app_with(create_todo, say)

    @extension_of(app).auth_hook
    def who(operation: Any) -> Any:
        return session.get("user")

    @app.get("/in/<name>")
    def sign_in(name: str) -> str:
        session["user"] = name
        return "Hello"

    @app.get("/out")
    def sign_out() -> str:
        session.pop("user", None)
        return "Good bye"

    @app.get("/touch")
    def touch() -> str:
        session["touched"] = session.get("touched", 0) + 1
        return "Touched"

    return app


@pytest.fixture
def client() -> FlaskClient:
    return signing_in().test_client()


def key_of(client: FlaskClient) -> str:
    with client.session_transaction() as held:
        key: str = held[SESSION_KEY]["key"]
    return key


# At the door


def test_the_key_is_made_when_the_first_id_is_rendered(client: FlaskClient) -> None:
    client.get("/touch")
    with client.session_transaction() as held:
        assert SESSION_KEY not in held
    open_form(client)
    assert len(key_of(client)) >= 22  # 128 bits


def test_the_key_is_random_and_not_the_csrf_token(client: FlaskClient) -> None:
    open_form(client)
    other = client.application.test_client()
    open_form(other)
    with client.session_transaction() as held:
        assert held["csrf_token"] != held[SESSION_KEY]["key"]
    assert key_of(client) != key_of(other)


def test_a_new_csrf_token_leaves_open_forms_valid(client: FlaskClient) -> None:
    form = open_form(client, "say")
    with client.session_transaction() as held:
        del held["csrf_token"]
    fresh = open_form(client, "say")
    assert form.url == fresh.url
    assert submit(client, form, csrf_token=fresh.token).status_code == 303


def test_the_key_stays_while_the_session_is_one_persons(client: FlaskClient) -> None:
    client.get("/in/ada")
    form = open_form(client)
    key = key_of(client)
    for text in ("milk", "eggs"):
        assert submit(client, form, text=text).status_code == 303
        client.get("/touch")
        open_form(client)
    assert key_of(client) == key
    assert submit(client, form, text="tea").status_code == 303
    assert [text for _, text in calls] == ["milk", "eggs", "tea"]


def test_a_form_rendered_before_sign_in_is_void_after_it(client: FlaskClient) -> None:
    form = open_form(client, "say")
    client.get("/in/ada")
    answer = post_json(client, form, text="hello")
    assert (answer.status_code, answer.headers["Serveractions-Stale"]) == (404, "true")
    assert calls == []
    assert post_json(client, open_form(client, "say"), text="hello").status_code == 200


def test_a_page_that_is_loaded_after_sign_in_voids_the_forms_before_it(client: FlaskClient) -> None:
    form = open_form(client, "say")
    key = key_of(client)
    client.get("/in/ada")
    open_form(client)
    assert key_of(client) != key
    assert post_json(client, form, text="hello").status_code == 404


def test_a_form_of_one_person_is_void_for_the_next_one(client: FlaskClient) -> None:
    client.get("/in/ada")
    form = open_form(client)
    assert post_json(client, form, text="milk").status_code == 200
    client.get("/in/bob")
    assert post_json(client, form, text="eggs").status_code == 404
    assert calls == [("ada", "milk")]


def test_a_form_that_was_never_sent_is_void_for_the_next_one_too(client: FlaskClient) -> None:
    client.get("/in/ada")
    form = open_form(client)
    client.get("/in/bob")
    assert post_json(client, form, text="eggs").status_code == 404
    assert calls == []


def test_a_form_of_somebody_is_void_for_nobody(client: FlaskClient) -> None:
    client.get("/in/ada")
    form = open_form(client, "say")
    assert post_json(client, form, text="hello").status_code == 200
    client.get("/out")
    assert post_json(client, form, text="still here?").status_code == 404
    assert calls == [("ada", "hello")]


def test_the_form_that_has_become_stale_can_be_sent_again(client: FlaskClient) -> None:
    form = open_form(client, "create_todo")
    client.get("/in/ada")
    answer = submit(client, form, text="milk")
    assert answer.status_code == 404
    again = form_in(answer, "create_todo")
    assert again.inputs["text"]["value"] == "milk"
    assert submit(client, again).status_code == 303
    assert calls == [("ada", "milk")]


def test_signing_out_and_in_again_as_the_same_one_is_no_change_of_hands(client: FlaskClient) -> None:
    client.get("/in/ada")
    form = open_form(client)
    assert post_json(client, form, text="milk").status_code == 200
    client.get("/out")
    client.get("/in/ada")
    assert post_json(client, form, text="eggs").status_code == 200


def test_a_session_that_is_touched_on_every_request_stays_one_persons() -> None:
    app = signing_in()

    @app.before_request
    def touch() -> None:
        session["last_seen"] = datetime.now(timezone.utc)

    client = app.test_client()
    client.get("/in/ada")
    assert post_json(client, open_form(client), text="milk").status_code == 200


def test_a_page_that_writes_to_the_session_after_its_forms_leaves_them_valid() -> None:
    app = signing_in()

    @app.get("/visited")
    def visited() -> str:
        page = render_template_string('{% call action_form("create_todo") %}<input name="text">{% endcall %}')
        session["last"] = request.path
        return page

    client = app.test_client()
    client.get("/in/ada")
    assert post_json(client, open_form(client, page="/visited"), text="milk").status_code == 200


def test_a_token_under_another_name_is_no_change_of_the_session() -> None:
    app = signing_in()
    app.config["WTF_CSRF_FIELD_NAME"] = "proof"
    client = app.test_client()
    client.get("/in/ada")
    form = open_form(client)
    proof = form.inputs["proof"]["value"]
    assert client.post(form.url, json={"text": "milk"}, headers={**SCRIPT, "X-CSRFToken": proof}).status_code == 200


def test_an_identity_that_comes_by_a_header_is_one_visitor_too() -> None:
    app = app_with(create_todo)

    @extension_of(app).auth_hook
    def who(operation: Any) -> Any:
        return request.headers.get("X-User")

    client = app.test_client()
    form = open_form(client)
    for text in ("milk", "eggs"):
        assert post_json(client, form, headers={**SCRIPT, "X-User": "ada"}, text=text).status_code == 200
    assert post_json(client, form, headers={**SCRIPT, "X-User": "bob"}, text="tea").status_code == 404
    assert calls == [("ada", "milk"), ("ada", "eggs")]


def test_a_form_that_was_never_sent_is_void_for_the_next_one_whom_a_cookie_of_its_own_names() -> None:
    app = app_with(create_todo)

    @extension_of(app).auth_hook
    def who(operation: Any) -> Any:
        return request.cookies.get("ticket")

    client = app.test_client()
    client.set_cookie("ticket", "ada")
    form = open_form(client)
    client.set_cookie("ticket", "bob")  # the session stays as it is
    assert post_json(client, form, text="milk").status_code == 404
    assert post_json(client, open_form(client), text="eggs").status_code == 200
    assert calls == [("bob", "eggs")]


def test_the_hook_is_not_asked_for_pages_while_the_session_stays_as_it_is(client: FlaskClient) -> None:
    asked: list[str] = []
    app = app_with(create_todo)

    @extension_of(app).auth_hook
    def who(operation: Any) -> Any:
        asked.append(operation.name)
        return "ada"

    client = app.test_client()
    form = open_form(client)
    open_form(client)
    assert asked == ["create_todo"]  # for the first page of a session
    post_json(client, form, text="milk")
    open_form(client)
    assert asked == ["create_todo"] * 2


def test_a_hook_that_refuses_does_not_break_the_page(client: FlaskClient) -> None:
    app = app_with(create_todo)

    @extension_of(app).auth_hook
    def who(operation: Any) -> Any:
        raise LookupError("the directory is down")

    @app.get("/touch")
    def touch() -> str:
        session["touched"] = True
        return "Touched"

    client = app.test_client()
    open_form(client)
    client.get("/touch")
    assert open_form(client).action == "create_todo"


def test_what_the_action_itself_changes_in_the_session_voids_nothing() -> None:
    app = app_with(sign_in_by_action, create_todo, page=TWO_FORMS)

    @extension_of(app).auth_hook
    def who(operation: Any) -> Any:
        return session.get("user")

    client = app.test_client()
    form = open_form(client, "sign_in_by_action")
    answer = post_json(client, form, headers=WITH_PAGE, name="ada")
    assert answer.status_code == 200
    fresh = form_in(answer.json["page"], "create_todo")
    assert post_json(client, fresh, text="milk").status_code == 200
    assert calls == [("ada", "milk")]


TWO_FORMS = """{% call action_form("sign_in_by_action") %}<input name="name">{% endcall %}
{% call action_form("create_todo") %}<input name="text">{% endcall %}"""


@public
def sign_in_by_action(name: str) -> None:
    session["user"] = name


# By itself


def test_a_session_without_a_key_is_nobodys() -> None:
    assert visitor_of({}) == ""
    assert visitor_of({SESSION_KEY: "odd"}) == ""
    assert visitor_of({SESSION_KEY: {"key": 7}}) == ""
    assert not identity_changed({}, "ada")


def test_a_page_makes_a_key_once() -> None:
    held: dict[str, Any] = {}
    key = visitor_for_page(held, lambda: None)
    assert visitor_for_page(held, lambda: None) == key == visitor_of(held)


@pytest.mark.parametrize("odd", ["odd", {}, {"key": 7}, {"key": ""}, 7])
def test_what_is_no_record_of_ours_is_replaced(odd: Any) -> None:
    held: dict[str, Any] = {SESSION_KEY: odd}
    key = visitor_for_page(held, lambda: None)
    assert visitor_of(held) == key != ""


def test_only_a_record_that_was_just_made_is_settled() -> None:
    held: dict[str, Any] = {}
    remember_session(held)
    assert held == {}
    visitor_for_page(held, lambda: None)
    remember_session(held)
    settled = dict(held[SESSION_KEY])
    held["user"] = "ada"  # by whoever had planted this session
    remember_session(held)
    assert held[SESSION_KEY] == settled
    assert identity_changed(held, "ada")


@dataclass
class User:
    id: int


def test_two_objects_of_one_person_are_one_identity() -> None:
    held = {SESSION_KEY: {"key": "k", "who": None, "seen": ""}}
    assert not identity_changed(held, User(7))
    assert not identity_changed(held, User(7))
    assert identity_changed(held, User(8))
    assert held[SESSION_KEY]["key"] != "k"


def test_the_identity_is_not_readable_in_the_session(client: FlaskClient) -> None:
    client.get("/in/ada@example.org")
    post_json(client, open_form(client), text="milk")
    with client.session_transaction() as held:
        assert "ada" not in repr(held[SESSION_KEY])


def test_the_hook_runs_in_the_pages_own_context() -> None:
    app = app_with(create_todo)
    seen: list[Any] = []

    @app.before_request
    def load() -> None:
        g.user = session.get("user")

    @extension_of(app).auth_hook
    def who(operation: Any) -> Any:
        seen.append(g.user)
        return g.user

    client = app.test_client()
    open_form(client)
    with client.session_transaction() as held:
        held["user"] = "ada"
    open_form(client)
    assert (seen[0], seen[-1]) == (None, "ada")
