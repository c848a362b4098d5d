"""What came to nothing, told to whoever asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, abort, flash, redirect, request, session
from flask.testing import FlaskClient
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Conflict, HTTPException, ServiceUnavailable, TooManyRequests, Unauthorized
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, MethodRoute
from tests.callers import (
    BROWSER,
    SCRIPT,
    WITH_PAGE,
    Form,
    app_with,
    extension_of,
    flashes_in,
    form_in,
    open_form,
    submit,
    wrongly_signed,
)

PROBLEM = "application/problem+json"
CLOSED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class QuotaExceeded(Exception):
    """An app's own exception, with a handler."""


class Throttled(TooManyRequests):
    """As an extension's own 429."""


def act(text: str, number: int = 0) -> None:
    FAILURES[text]()


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


FAILURES: dict[str, Callable[[], None]] = {
    "field": raising(ActionError("Not that one.", field="text")),
    "whole": raising(ActionError("Not now.", status=409, code="later", result={"left": 3})),
    "nested": raising(ActionError("No such place.", field="address.city")),
    "401": raising(ActionError("Who are you?", status=401)),
    "abort 401": lambda: abort(401),
    "abort 404": lambda: abort(404, "No such todo."),
    "abort 418": lambda: abort(418),
    "abort response": lambda: abort(Response("Own", 402)),
    "abort redirect": lambda: abort(redirect("/away")),
    "conflict": raising(Conflict("Twice.")),
    "own challenge": raising(Unauthorized(www_authenticate=WWWAuthenticate("basic", {"realm": "here"}))),
    "retry": raising(ServiceUnavailable(retry_after=7)),
    "quota": raising(QuotaExceeded()),
    "throttled": raising(Throttled()),
    "bug": raising(ZeroDivisionError("inside")),
}


def failing_app(**config: Any) -> Flask:
    app = app_with(act, **config)

    @extension_of(app).route("/things/<text>")
    class Things(MethodRoute):
        def put(self, text: str, number: int = 0) -> None:
            FAILURES[text]()

    @app.get("/login")
    def login() -> str:
        return "Sign in"

    return app


def by_form(client: FlaskClient, text: str, **fields: Any) -> TestResponse:
    return submit(client, open_form(client), text=text, **fields)


def by_script(client: FlaskClient, text: str, **fields: Any) -> TestResponse:
    return submit(client, open_form(client), headers=SCRIPT, text=text, **fields)


def by_rest(client: FlaskClient, text: str, **fields: Any) -> TestResponse:
    return client.put(f"/things/{text}", data=fields)


PROGRAMS = pytest.mark.parametrize("send", [by_script, by_rest])


# Problem details


@PROGRAMS
@pytest.mark.parametrize(
    ("text", "status", "detail", "more"),
    [
        ("field", 422, "Not that one.", {"errors": {"text": ["Not that one."]}}),
        ("whole", 409, "Not now.", {"code": "later", "errors": {}}),
        ("nested", 422, "No such place.", {"errors": {"address.city": ["No such place."]}}),
        ("abort 404", 404, "No such todo.", {}),
        ("conflict", 409, "Twice.", {}),
    ],
)
def test_an_expected_failure_is_a_problem(send: Any, text: str, status: int, detail: str, more: Any) -> None:
    answer = send(failing_app().test_client(), text)
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM)
    title = answer.json["title"]
    assert answer.json == {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    assert "Serveractions-Stale" not in answer.headers


@PROGRAMS
def test_invalid_arguments_are_told_all_at_once(send: Any) -> None:
    answer = send(failing_app().test_client(), "field", number="x")
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)
    assert set(answer.json["errors"]) == {"number"}


@PROGRAMS
@pytest.mark.parametrize("text", ["401", "abort 401"])
def test_a_401_names_a_challenge_and_the_login(send: Any, text: str) -> None:
    answer = send(failing_app(SERVERACTIONS_LOGIN_VIEW="login").test_client(), text)
    assert answer.status_code == 401
    assert ("WWW-Authenticate" in answer.headers) == (send is by_rest)
    assert answer.json["login"].startswith("/login")
    bare = send(failing_app().test_client(), text)
    assert ("WWW-Authenticate" in bare.headers) == (send is by_rest)
    assert "login" not in bare.json


@PROGRAMS
def test_headers_of_an_exception_are_kept(send: Any) -> None:
    own = send(failing_app().test_client(), "own challenge")
    assert own.headers.getlist("WWW-Authenticate") == (["Basic realm=here"] if send is by_rest else [])
    answer = send(failing_app().test_client(), "retry")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.headers.getlist("Content-Type") == [PROBLEM]


@PROGRAMS
def test_a_response_given_to_abort_is_sent_as_it_is(send: Any) -> None:
    answer = send(failing_app().test_client(), "abort response")
    assert (answer.status_code, answer.text) == (402, "Own")


def test_a_redirect_given_to_abort_is_sent_as_it_is_by_a_resource() -> None:
    answer = by_rest(failing_app().test_client(), "abort redirect")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/away")


@pytest.mark.parametrize("send", [by_script, by_rest, by_form])
@pytest.mark.parametrize("text", ["quota", "throttled"])
def test_a_handler_for_the_apps_own_exception_wins(send: Any, text: str) -> None:
    app = failing_app()
    app.register_error_handler(QuotaExceeded, lambda error: ("Own handler", 429))
    app.register_error_handler(Throttled, lambda error: ("Own handler", 429))
    answer = send(app.test_client(), text)
    assert (answer.status_code, answer.text) == (429, "Own handler")


@PROGRAMS
@pytest.mark.parametrize("text", ["abort 404", "abort 418", "bug"])
def test_a_handler_for_everything_is_for_browsers(send: Any, text: str) -> None:
    app = failing_app()
    app.register_error_handler(HTTPException, lambda error: ("Own page", 500))
    app.register_error_handler(404, lambda error: ("Own page", 404))
    app.register_error_handler(500, lambda error: ("Own page", 500))
    assert send(app.test_client(), text).mimetype == PROBLEM


def test_the_extension_registers_no_handler_for_everything() -> None:
    app = failing_app()
    app.test_client().get("/")
    assert HTTPException not in app.error_handler_spec[None][None]
    assert Exception not in app.error_handler_spec[None][None]
    assert app.test_client().get("/nowhere").mimetype == "text/html"
    assert app.test_client().put("/login").mimetype == "text/html"


@PROGRAMS
def test_without_a_handler_a_429_is_a_problem(send: Any) -> None:
    answer = send(failing_app().test_client(), "throttled")
    assert (answer.status_code, answer.mimetype) == (429, PROBLEM)


# Browsers


@pytest.mark.parametrize(
    ("text", "status"),
    [("abort 404", 404), ("abort 418", 418), ("conflict", 409), ("bug", 500), ("retry", 503), ("throttled", 429)],
)
def test_a_browser_gets_the_apps_own_error_page(text: str, status: int) -> None:
    app = failing_app()
    app.register_error_handler(HTTPException, lambda error: (f"Own page {error.code}", error.code))
    answer = by_form(app.test_client(), text)
    assert (answer.status_code, answer.text) == (status, f"Own page {status}")
    assert {name: answer.headers.get(name) for name in CLOSED} == CLOSED
    assert set(answer.headers["Vary"].replace(" ", "").split(",")) >= {"Accept", "Cookie"}
    assert "Serveractions-Stale" not in answer.headers


@pytest.mark.parametrize("headers", [BROWSER, SCRIPT, WITH_PAGE], ids=["browser", "script", "with page"])
@pytest.mark.parametrize(
    "case",
    ["field", "whole", "401", "abort 401", "abort 404", "abort response", "abort redirect", "get", "quota", "bug",
     "number", "origin", "size", "id", "token", "method", "type", "unknown", "accept", "validate"],
)  # fmt: skip
def test_every_answer_of_the_door_is_closed_to_caches(case: str, headers: dict[str, str]) -> None:
    app = failing_app(SERVERACTIONS_MAX_CONTENT_LENGTH=2000)
    app.register_error_handler(QuotaExceeded, lambda error: ("Own handler", 429))
    client = app.test_client()
    answer = send_case(client, open_form(client), case, headers)
    page_again = {"Cache-Control": "private, no-cache"} if "<form" in answer.text and headers == BROWSER else {}
    assert {name: answer.headers.get(name) for name in CLOSED} == {**CLOSED, **page_again}
    assert set(answer.headers["Vary"].replace(" ", "").split(",")) >= {"Accept", "Cookie"}


def send_case(client: FlaskClient, form: Form, case: str, headers: dict[str, str]) -> TestResponse:
    """Send a form that is wrong in one way, or whose function fails in one way."""
    data = {**form.values, "text": case}
    spoiled: dict[str, dict[str, Any]] = {
        "number": {"data": {**data, "number": "x"}},
        "origin": {"headers": {"Origin": "null"}},
        "size": {"data": {**data, "text": "x" * 3000}},
        "id": {"path": f"{form.url}x"},
        "token": {"data": {"_action": "", "text": "x"}},
        "method": {"method": "PUT", "path": form.direct},
        "type": {"data": b"x", "headers": {"X-CSRFToken": form.token}},
        "unknown": {"path": "/?_action=nothing/x"},
        "accept": {"headers": {"Accept": "image/png"}},
        "validate": {"headers": {"Serveractions-Validate": "text"}},
        "get": {"method": "GET", "path": form.direct},
    }
    sent = {"method": "POST", "path": form.url, "data": data, "headers": {}, **spoiled.get(case, {})}
    return client.open(**{**sent, "headers": {**headers, **sent["headers"]}})


@PROGRAMS
def test_a_401_of_the_hook_is_a_problem(send: Any) -> None:
    answer = send(guarded().test_client(), "field")
    assert (answer.status_code, answer.mimetype) == (401, PROBLEM)
    assert ("WWW-Authenticate" in answer.headers) == (send is by_rest)
    assert answer.json["login"].startswith("/login")


def guarded(**config: Any) -> Flask:
    app = failing_app(SERVERACTIONS_LOGIN_VIEW="login", **config)

    @extension_of(app).auth_hook(schemes={"bearer": {"type": "http", "scheme": "bearer"}})
    def who(operation: Any) -> Any:
        return session.get("user")

    return app


def test_a_browser_without_an_identity_is_sent_to_sign_in_and_led_back() -> None:
    client = guarded().test_client()
    answer = submit(client, open_form(client, page="/todos"), text="field")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/todos")
    assert {name: answer.headers[name] for name in CLOSED} == CLOSED


@pytest.mark.parametrize("headers", [BROWSER, SCRIPT], ids=["browser", "script"])
def test_a_hook_may_lead_elsewhere_itself(headers: dict[str, str]) -> None:
    app = app_with(act)

    @extension_of(app).auth_hook
    def who(operation: Any) -> None:
        if request.method == "POST":  # it is asked for pages too
            flash("Pay first.")
        abort(redirect("/pay"))

    @app.get("/flash")
    def earlier() -> str:
        flash("Earlier.")
        return "Flashed"

    client = app.test_client()
    form = open_form(client)
    client.get("/flash")
    answer = submit(client, form, headers=headers, text="field")
    if headers is BROWSER:
        assert (answer.status_code, answer.headers["Location"]) == (303, "/pay")
    else:
        assert (answer.json["redirect"], answer.json["messages"]) == ("/pay", [])
    assert len(flashes_in(client.get("/"))) == 2


def test_the_challenge_names_the_hooks_schemes() -> None:
    answer = by_rest(guarded().test_client(), "field")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")


# Stale forms


@pytest.mark.parametrize("case", ["id", "token"])
def test_a_stale_form_loses_nothing_that_was_typed(case: str) -> None:
    client = failing_app().test_client()
    form = open_form(client)
    url = wrongly_signed(form.url) if case == "id" else form.url
    data = {**form.values, "text": "a long text", "csrf_token": form.token if case == "id" else "old"}
    answer = client.post(url, data=data, headers=BROWSER)
    assert answer.status_code == (404 if case == "id" else 400)
    assert answer.headers["Serveractions-Stale"] == "true"
    again = form_in(answer)
    assert again.inputs["text"]["value"] == "a long text"
    assert "send it again" in again.message
    assert submit(client, again, text="whole").status_code == 409


@pytest.mark.parametrize("case", ["id", "token"])
def test_a_script_is_told_by_the_mark_to_fetch_a_fresh_form(case: str) -> None:
    client = failing_app().test_client()
    answer = send_case(client, open_form(client), case, WITH_PAGE)
    assert (answer.mimetype, answer.headers["Serveractions-Stale"]) == (PROBLEM, "true")
    assert answer.status_code == (404 if case == "id" else 400)
    assert "errors" not in answer.json


@pytest.mark.parametrize("headers", [BROWSER, SCRIPT])
@pytest.mark.parametrize("case", ["abort 404", "field", "number", "origin", "size", "type", "bug", "method"])
def test_nothing_else_is_marked_as_stale(case: str, headers: dict[str, str]) -> None:
    client = failing_app(SERVERACTIONS_MAX_CONTENT_LENGTH=2000).test_client()
    assert "Serveractions-Stale" not in send_case(client, open_form(client), case, headers).headers


@pytest.mark.parametrize("kind", ["without cookies", "after a restart with another key"])
def test_a_form_left_open_overnight_is_filled_in_again(kind: str) -> None:
    app = failing_app()
    client = app.test_client()
    form = open_form(client)
    if kind == "without cookies":
        client = app.test_client()
    else:
        app.config["SECRET_KEY"] = "another one"
    answer = submit(client, form, text="a long text")
    assert (answer.status_code, answer.headers["Serveractions-Stale"]) == (404, "true")
    assert submit(client, form_in(answer), text="whole").status_code == 409


def test_a_stale_form_of_an_action_that_is_gone_is_a_built_in_page_with_the_mark() -> None:
    client = failing_app().test_client()
    form = open_form(client)
    answer = client.post("/todos?_action=gone/e30.x", data=form.values, headers=BROWSER)
    assert (answer.status_code, answer.headers["Serveractions-Stale"]) == (404, "true")
    assert 'href="/todos"' in answer.text


def test_a_json_body_of_a_stale_form_is_filled_in_again_for_a_browser() -> None:
    client = failing_app().test_client()
    form = open_form(client)
    answer = client.post(form.url, json={"text": "typed"}, headers=BROWSER)
    assert answer.status_code == 400
    assert form_in(answer).inputs["text"]["value"] == "typed"


# Preferences


def test_the_page_of_a_failure_comes_when_it_is_preferred() -> None:
    client = failing_app().test_client()
    answer = submit(client, open_form(client), headers=WITH_PAGE, text="field")
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert form_in(answer.json["page"]).errors["text"] == "Not that one."
    assert answer.json["errors"] == {"text": ["Not that one."]}


def test_without_the_preference_a_problem_has_no_page() -> None:
    client = failing_app().test_client()
    form = open_form(client)
    assert "page" not in submit(client, form, headers=SCRIPT, text="field").json
    minimal = submit(client, form, headers={**SCRIPT, "Prefer": "return=minimal"}, text="field")
    assert "page" not in minimal.json
    assert minimal.headers["Preference-Applied"] == "return=minimal"


def test_only_expected_failures_bring_a_page() -> None:
    client = failing_app().test_client()
    form = open_form(client)
    for text in ("abort 404", "bug"):
        answer = submit(client, form, headers=WITH_PAGE, text=text)
        assert "page" not in answer.json
        assert "Preference-Applied" not in answer.headers
