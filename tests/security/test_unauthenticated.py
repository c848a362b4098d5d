"""What somebody gets who is not known: a 401 with a challenge that no browser shows, or the way to sign in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Response, abort
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized
from werkzeug.test import TestResponse

from flask_serveractions import MethodRoute, Operation
from flask_serveractions.testing import ActionsClient
from tests.security.access_app import API, BROWSER, by_header, guarded, make_app, ran


def problem_of(response: TestResponse) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    assert response.json is not None
    return response.json


def taken_apart(location: str | None) -> tuple[str, dict[str, list[str]]]:
    """Return path and query of a URL."""
    path, _, query = str(location).partition("?")
    return path, parse_qs(query)


def test_a_401_carries_www_authenticate_for_an_api_client_of_a_resource() -> None:
    response = guarded(by_header).get("/api/todos/1", headers=API)
    assert response.headers["WWW-Authenticate"] == 'Session realm="guarded"'
    assert problem_of(response)["status"] == 401


def with_basic(hook: Callable[[Operation], Any]) -> ActionsClient:
    app, actions = make_app()
    actions.auth_hook(schemes={"basic": {"type": "http", "scheme": "basic"}})(hook)
    return ActionsClient(app, app.response_class, use_cookies=True)


def abort_with_a_challenge(operation: Operation) -> None:
    raise Unauthorized(www_authenticate=WWWAuthenticate("basic", {"realm": "here"}))


def return_a_challenge(operation: Operation) -> Response:
    return Response("Sign in.", 401, {"WWW-Authenticate": "Basic realm=here"})


CHALLENGES: dict[str, Callable[[Operation], Any]] = {
    "ours": lambda operation: None,
    "of an exception": abort_with_a_challenge,
    "of a response": return_a_challenge,
}
FETCHES = {
    "fetch": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"},
    "fetch of HTML": {**BROWSER, "Sec-Fetch-Mode": "cors"},
    "old browser": {"Sec-Fetch-Site": "same-origin"},
}


@pytest.mark.parametrize("hook", CHALLENGES.values(), ids=CHALLENGES)
def test_no_browser_opens_its_own_dialog_for_an_action(hook: Callable[[Operation], Any]) -> None:
    client = with_basic(hook)
    called = client.call_action("act")
    sent = client.post(called.request.full_path, data={}, headers=BROWSER)
    assert called.status_code == 401
    assert [each.headers.get("WWW-Authenticate") for each in (called, sent)] == [None, None]


@pytest.mark.parametrize("hook", CHALLENGES.values(), ids=CHALLENGES)
@pytest.mark.parametrize("headers", FETCHES.values(), ids=FETCHES)
def test_no_browser_opens_its_own_dialog_for_what_it_fetches(
    hook: Callable[[Operation], Any], headers: dict[str, str]
) -> None:
    client = with_basic(hook)
    fetched = client.get("/api/todos/1", headers=headers)
    assert (fetched.status_code, fetched.headers.get("WWW-Authenticate")) == (401, None)
    assert client.get("/api/todos/1", headers=API).headers["WWW-Authenticate"].startswith("Basic")


def test_a_browser_that_goes_to_a_resource_is_told_what_the_app_says() -> None:
    client = with_basic(abort_with_a_challenge)
    gone_to = client.get("/api/todos/1", headers={**BROWSER, "Sec-Fetch-Mode": "navigate"})
    assert gone_to.headers["WWW-Authenticate"].startswith("Basic")


def test_www_authenticate_names_the_http_schemes_of_the_hook() -> None:
    app, actions = make_app()
    actions.auth_hook(
        schemes={
            "token": {"type": "http", "scheme": "bearer"},
            "password": {"type": "http", "scheme": "basic"},
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        }
    )(by_header)
    response = app.test_client().get("/api/todos/1")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="guarded", Basic realm="guarded"'


def test_abort_401_anywhere_is_told_as_a_401_of_ours() -> None:
    def hook(operation: Operation) -> None:
        abort(401)

    client = guarded(hook, SERVERACTIONS_LOGIN_VIEW="accounts.sign_in")
    response = client.get("/api/todos/1", headers=API)
    assert response.headers["WWW-Authenticate"] == 'Session realm="guarded"'
    assert problem_of(response)["login"] == "/sign-in?next=/api/todos/1"


def test_a_client_is_told_where_to_sign_in() -> None:
    client = guarded(by_header, SERVERACTIONS_LOGIN_VIEW="accounts.sign_in")
    of_action = problem_of(client.call_action("act", "/todos?page=2"))["login"]
    of_resource = problem_of(client.get("/api/todos/1?full=1"))["login"]
    assert taken_apart(of_action) == ("/sign-in", {"next": ["/todos?page=2"]})
    assert taken_apart(of_resource) == ("/sign-in", {"next": ["/api/todos/1?full=1"]})
    assert problem_of(client.delete("/api/todos/1"))["login"] == "/sign-in"  # nothing to come back to


def test_a_client_is_told_nothing_where_no_login_view_is_set() -> None:
    assert "login" not in problem_of(guarded(by_header).call_action("act"))


def test_a_browser_is_sent_to_the_login_view_and_back() -> None:
    client = guarded(by_header, SERVERACTIONS_LOGIN_VIEW="accounts.sign_in")
    response = client.get("/api/todos/1?full=1", headers=BROWSER)
    assert response.status_code == 303
    assert taken_apart(response.location) == ("/sign-in", {"next": ["/api/todos/1?full=1"]})


def test_a_browser_that_submits_a_form_is_sent_to_the_login_view_and_back_to_the_page() -> None:
    client = guarded(by_header, SERVERACTIONS_LOGIN_VIEW="accounts.sign_in")
    client.application.add_url_rule("/todos", "todos", form_page)
    response = client.submit(client.get("/todos?page=2"), "act")
    assert response.status_code == 303
    assert taken_apart(response.location) == ("/sign-in", {"next": ["/todos?page=2"]})
    assert response.headers["Cache-Control"] == "no-store"
    assert ran == []


def form_page() -> str:
    from flask import render_template_string

    return render_template_string('{% call action_form("act") %}<button>Go</button>{% endcall %}')


def test_a_login_view_below_a_mount_point_counts_it_once() -> None:
    client = guarded(by_header, SERVERACTIONS_LOGIN_VIEW="accounts.sign_in")
    response = client.get("/api/todos/1", base_url="http://localhost/mount", headers=BROWSER)
    assert response.location == "/mount/sign-in?next=/mount/api/todos/1"


def test_a_browser_gets_the_apps_own_401_where_no_login_view_is_set() -> None:
    client = guarded(by_header)
    client.application.register_error_handler(401, lambda error: ("<h1>Who are you?</h1>", 401))
    response = client.get("/api/todos/1", headers=BROWSER)
    assert (response.status_code, response.text) == (401, "<h1>Who are you?</h1>")


@pytest.mark.parametrize("path", ["//evil.example/api", "/\\evil.example", "/api/todos/1?next=//evil.example"])
def test_the_way_back_never_leads_elsewhere(path: str) -> None:
    client = guarded(by_header, SERVERACTIONS_LOGIN_VIEW="accounts.sign_in")
    client.application.add_url_rule("/<path:rest>", view_func=Rest.as_view("rest"))
    response = client.get("/", headers=BROWSER, environ_overrides={"PATH_INFO": path.partition("?")[0]})
    ((target,),) = taken_apart(response.location)[1].values()
    assert not target.startswith(("//", "/\\"))


class Rest(MethodRoute):
    def get(self, rest: str) -> None: ...
