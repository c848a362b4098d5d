"""A form that was rendered for somebody else is never sent unasked, and whose session is over is led to sign in."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response, abort, redirect, request, session
from flask.testing import FlaskClient

from flask_serveractions import public, requires
from tests.callers import (
    BROWSER,
    ONE_FORM,
    SCRIPT,
    WITH_PAGE,
    app_with,
    extension_of,
    form_in,
    open_form,
    post_json,
    submit,
)

ran: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


def note(text: str = "") -> None:
    ran.append((session.get("name"), text))


@public
def greet(text: str = "") -> None:
    ran.append((session.get("name"), text))


def make_app(**config: Any) -> Flask:
    app = app_with(note, greet, page=ONE_FORM, SERVERACTIONS_LOGIN_VIEW="login", **config)

    @extension_of(app).auth_hook
    def who(operation: Any) -> Any:
        return session.get("name")

    @app.get("/login")
    def login() -> str:
        return "Sign in."

    @app.get("/as/<name>")
    def sign_in(name: str) -> str:
        session.clear()
        session["name"] = name
        return name

    @app.get("/out")
    def sign_out() -> str:
        session.clear()
        return "out"

    return app


@pytest.fixture(params=[True, False], ids=["bound to the session", "unbound"])
def client(request: pytest.FixtureRequest) -> FlaskClient:
    return make_app(SERVERACTIONS_BIND_SESSION=request.param).test_client()


def test_the_first_field_says_whose_form_it_is(client: FlaskClient) -> None:
    assert open_form(client, "greet").values["_action"] == "greet:"
    client.get("/as/ada")
    marks = {form_in(client.get("/"), name).values["_action"].partition(":")[2] for name in ("note", "greet")}
    assert [len(mark) for mark in marks] == [8]
    client.get("/as/bob")
    assert open_form(client, "note").values["_action"].partition(":")[2] not in marks


@pytest.mark.parametrize("name", ["note", "greet"])
def test_a_form_of_somebody_else_runs_nothing_and_comes_again_as_it_was(client: FlaskClient, name: str) -> None:
    client.get("/as/ada")
    form = open_form(client, name)
    client.get("/as/bob")
    again = submit(client, form, text="typed")
    assert again.status_code in (400, 404)  # where IDs are not bound, the token is void
    assert (again.headers["Serveractions-Stale"], ran) == ("identity", [])
    shown = form_in(again, name)
    assert (shown.inputs["text"]["value"], "somebody else" in shown.message) == ("typed", True)
    assert submit(client, shown).status_code == 303
    assert ran == [("bob", "typed")]


@requires("root")
def purge() -> None:
    ran.append("purged")


def nobody() -> None:
    return None


def forbidden() -> None:
    abort(403)


@pytest.mark.parametrize("refuse", [nobody, forbidden])
def test_a_form_is_ones_own_also_where_the_first_one_of_its_page_calls_what_one_may_not(refuse: Any) -> None:
    app = app_with(purge, note)
    app.add_url_rule("/as/<name>", view_func=lambda name: session.update(name=name) or name)

    @extension_of(app).auth_hook
    def who(operation: Any) -> Any:
        return refuse() if operation.requires else session.get("name")

    client = app.test_client()
    client.get("/as/ada")
    form = open_form(client, "note")
    client.get("/as/bob")
    client.get("/")
    assert submit(client, form, text="by Ada").headers["Serveractions-Stale"] == "identity"
    assert ran == []


def test_a_guest_who_has_signed_in_is_somebody_else(client: FlaskClient) -> None:
    form = open_form(client, "greet")
    client.get("/as/ada")
    assert submit(client, form).headers["Serveractions-Stale"] == "identity"
    assert ran == []


def test_a_script_says_it_by_a_header_and_gets_the_page(client: FlaskClient) -> None:
    client.get("/as/ada")
    form = open_form(client, "note")
    mark = form.values["_action"].partition(":")[2]
    client.get("/as/bob")
    token = open_form(client, "note").token
    headers = {**WITH_PAGE, "Serveractions-Who": mark, "X-CSRFToken": token}
    answer = client.post(form.url, json={"text": "typed"}, headers=headers)
    assert (answer.status_code, answer.headers["Serveractions-Stale"], ran) == (404, "identity", [])
    assert form_in(answer.json["page"], "note").inputs["text"]["value"] == "typed"


def test_a_key_that_was_rotated_makes_nobody_somebody_else(client: FlaskClient) -> None:
    client.get("/as/ada")
    form = open_form(client, "note")
    client.application.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["of the tests"])
    assert submit(client, form, text="a").status_code == 303


@pytest.mark.parametrize("mark", ["", "AAAAAAAA", None])
def test_the_mark_lets_nobody_in(client: FlaskClient, mark: str | None) -> None:
    client.get("/as/ada")
    form = open_form(client, "note")
    client.get("/out")
    ada = form.values["_action"] if mark is None else f"note:{mark}"
    assert submit(client, form, _action=ada).status_code != 200
    assert ran == []


@pytest.mark.parametrize("headers", [BROWSER, SCRIPT], ids=["browser", "script"])
@pytest.mark.parametrize("name", ["note", "unknown"])
def test_whose_session_is_over_is_led_to_sign_in(headers: dict[str, str], name: str) -> None:
    client = make_app().test_client()
    client.get("/as/ada")
    form = open_form(client, "note", "/todos?x=1")
    client.get("/out")
    url = form.url.replace("=note/", f"={name}/")
    answer = client.post(url, data=form.values, headers=headers)
    login = "/login?next=/todos?x%3D1"
    if headers is BROWSER:
        assert (answer.status_code, answer.headers["Location"].replace("%3F", "?")) == (303, login)
    else:
        assert (answer.status_code, answer.json["login"].replace("%3F", "?")) == (401, login)
        assert "WWW-Authenticate" not in answer.headers
    assert ran == []


def test_a_public_action_keeps_its_404() -> None:
    client = make_app().test_client()
    client.get("/as/ada")
    form = open_form(client, "greet")
    client.get("/out")
    mark = form.values["_action"]
    answer = post_json(client, form)
    assert (answer.status_code, answer.headers["Serveractions-Stale"]) == (404, "true")
    assert submit(client, form, _action=mark).headers["Serveractions-Stale"] == "identity"


def refusing() -> None:
    abort(403)


def answering() -> Response:
    return redirect("/elsewhere")  # type: ignore[return-value]


def broken() -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("hook", [refusing, answering, broken])
def test_whatever_else_the_hook_does_is_nobody_and_it_is_asked_about_nothing(hook: Any) -> None:
    asked: list[tuple[str, Any, Any]] = []
    app = app_with(note, SERVERACTIONS_LOGIN_VIEW="index")

    @extension_of(app).auth_hook
    def who(operation: Any, arguments: Any) -> Any:
        if request.method == "POST":
            asked.append((operation.name, operation.requires, arguments))
            return hook()
        return "ada"

    client = app.test_client()
    form = open_form(client)
    answer = client.post(f"{form.url}x", data=form.values, headers=SCRIPT)
    assert (answer.status_code, asked) == (401, [("", frozenset(), {})])
