"""One hook before every operation of both doors, closed by default."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask, Response, abort, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.test import TestResponse

from flask_serveractions import Bound, MethodRoute, Operation, ServerActions, current_identity, public, requires
from flask_serveractions.testing import ActionsClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
API = {"Accept": "application/json"}

ran: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


def make_app(**config: Any) -> tuple[Flask, ServerActions]:
    """Return an app with an action and a resource that say who asks."""
    app = Flask("guarded")
    app.config.update({"SECRET_KEY": "a key for tests", **config})
    actions = ServerActions(app)

    @actions.register
    def act() -> str:
        ran.append("act")
        return str(current_identity)

    @actions.register
    @public
    def greet() -> str:
        return str(current_identity or "nobody")

    @actions.register
    def delete(todo_id: Bound[int]) -> None:
        ran.append(("delete", todo_id))

    @actions.route("/api/todos/<int:todo_id>")
    class Todo(MethodRoute):
        def get(self, todo_id: int) -> str:
            ran.append("get")
            return str(current_identity)

        @requires("admin")
        def delete(self, todo_id: int) -> None:
            ran.append("delete")

        @public
        def put(self, todo_id: int) -> str:
            return str(current_identity or "nobody")

    app.add_url_rule("/sign-in", "accounts.sign_in", lambda: "Sign in", methods=["GET"])
    return app, actions


def guarded(hook: Callable[..., Any], **config: Any) -> ActionsClient:
    app, actions = make_app(**config)
    actions.auth_hook(hook)
    return ActionsClient(app, app.response_class, use_cookies=True)


def by_header(operation: Operation) -> str | None:
    who = request.headers.get("X-Who")
    return who if who and operation.requires <= {who} else None


def both(client: ActionsClient, **headers: str) -> list[int]:
    """Return the statuses of the action and of the resource."""
    client.environ_base |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return [client.call_action("act").status_code, client.get("/api/todos/1", headers=API).status_code]


# Closed by default


def test_without_a_hook_both_doors_are_open() -> None:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    actions = ServerActions(app)
    actions.register(name="act")(nothing_at_all)

    @actions.route("/api/todos/<int:todo_id>")
    class Todo(MethodRoute):
        def get(self, todo_id: int) -> str:
            return "got"

    assert both(ActionsClient(app, app.response_class, use_cookies=True)) == [200, 200]


def nothing_at_all() -> None: ...


def test_with_a_hook_both_doors_are_closed_to_whom_it_does_not_know() -> None:
    assert both(guarded(by_header)) == [401, 401]
    assert ran == []


def test_an_identity_opens_both_doors_and_is_the_current_one() -> None:
    client = guarded(by_header)
    assert both(client, x_who="ada") == [200, 200]
    assert client.call_action("act").json["data"] == "ada"  # type: ignore[index]
    assert client.get("/api/todos/1").text == "ada"


def test_what_is_public_is_open_and_still_knows_the_identity() -> None:
    client = guarded(by_header)
    assert client.call_action("greet").json["data"] == "nobody"  # type: ignore[index]
    assert client.put("/api/todos/1").text == "nobody"
    client.environ_base["HTTP_X_WHO"] = "ada"
    assert client.call_action("greet").json["data"] == "ada"  # type: ignore[index]
    assert client.put("/api/todos/1").text == "ada"


def test_what_is_required_is_left_to_the_hook() -> None:
    client = guarded(by_header)
    statuses = [client.delete("/api/todos/1", headers={"X-Who": who}).status_code for who in ("ada", "admin")]
    assert statuses == [401, 204]


def test_head_is_guarded_as_get_is() -> None:
    assert guarded(by_header).head("/api/todos/1").status_code == 401


def test_the_hook_runs_before_the_arguments_are_looked_at() -> None:
    client = guarded(by_header)
    assert client.call_action("act", unknown="x").status_code == 401
    assert client.get("/api/todos/1?unknown=x").status_code == 401


@pytest.mark.parametrize("falsy", [None, False, 0, "", (), {}], ids=repr)
def test_a_falsy_identity_is_none(falsy: Any) -> None:
    client = guarded(lambda operation: falsy)
    assert both(client) == [401, 401]
    assert client.call_action("greet").json["data"] == "nobody"  # type: ignore[index]


@pytest.mark.parametrize(
    "truthy", [True, 1, "ada", {"id": 1}, SimpleNamespace(id=1)], ids=lambda value: type(value).__name__
)
def test_a_truthy_identity_is_let_in(truthy: Any) -> None:
    assert both(guarded(lambda operation: truthy)) == [200, 200]


def test_outside_of_a_call_there_is_no_identity() -> None:
    assert not current_identity
    app, _ = make_app()
    with app.app_context():
        assert not current_identity


def test_one_calls_identity_is_not_the_next_ones() -> None:
    client = guarded(by_header)
    with client.application.app_context():  # shared by all requests that are made inside, before Flask 3.2
        assert client.put("/api/todos/1", headers={"X-Who": "ada"}).text == "ada"
        assert client.get("/api/todos/1").status_code == 401
        assert client.put("/api/todos/1").text == "nobody"


# What the hook is given


def test_the_hook_sees_the_operation() -> None:
    seen: list[Operation] = []
    client = guarded(lambda operation: seen.append(operation) or "ada")
    client.delete("/api/todos/1")
    client.put("/api/todos/1")
    client.call_action("act")
    told = [(each.name, each.kind, each.method, each.requires, each.public) for each in (*seen[:2], seen[-1])]
    assert told == [
        ("Todo.delete", "route", "DELETE", frozenset({"admin"}), False),
        ("Todo.put", "route", "PUT", frozenset(), True),
        ("act", "action", "POST", frozenset(), False),
    ]


def test_a_second_parameter_gets_the_signed_or_path_arguments() -> None:
    given: list[Mapping[str, Any]] = []

    def hook(operation: Operation, arguments: Mapping[str, Any]) -> str | None:
        given.append(dict(arguments))
        return "ada" if arguments.get("todo_id") == 7 else None

    client = guarded(hook)
    assert client.call_action("delete", todo_id=7).status_code == 200
    assert client.call_action("delete", todo_id=8).status_code == 401
    assert [client.get(f"/api/todos/{number}").status_code for number in (7, 8)] == [200, 401]
    assert given[-1] == {"todo_id": 8}
    assert ran == [("delete", 7), "get"]


HOOKS: dict[str, Any] = {}


def as_hook(function: Any) -> Any:
    HOOKS[function.__name__] = function
    return function


@as_hook
def plain(operation: Operation) -> str | None:
    return by_header(operation)


@as_hook
async def in_async(operation: Operation) -> str | None:
    return by_header(operation)


@as_hook
async def in_async_with_arguments(operation: Operation, arguments: Mapping[str, Any]) -> str | None:
    return by_header(operation)


@as_hook
@functools.wraps(in_async)
def in_async_behind_a_decorator_that_is_not(operation: Operation) -> Any:
    return in_async(operation)


class Hook:
    def __call__(self, operation: Operation) -> str | None:
        return by_header(operation)

    def method(self, operation: Operation, arguments: Mapping[str, Any]) -> str | None:
        return by_header(operation)


class AsyncHook:
    async def __call__(self, operation: Operation) -> str | None:
        return by_header(operation)


def of_three(realm: str, operation: Operation) -> str | None:
    return by_header(operation)


HOOKS |= {
    "an object": Hook(),
    "an async object": AsyncHook(),
    "a method": Hook().method,
    "a partial": functools.partial(of_three, "realm"),
}


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_a_hook_in_any_form_keeps_out_and_lets_in(hook: Any) -> None:
    client = guarded(hook)
    assert both(client) == [401, 401]
    assert both(client, x_who="ada") == [200, 200]


# What the hook may do


@pytest.mark.parametrize("headers", [API, BROWSER], ids=["api", "browser"])
def test_abort_403_in_the_hook_is_403(headers: dict[str, str]) -> None:
    def hook(operation: Operation) -> None:
        abort(403)

    client = guarded(hook, SERVERACTIONS_LOGIN_VIEW="accounts.sign_in")
    assert client.get("/api/todos/1", headers=headers).status_code == 403
    assert client.call_action("act").status_code == 403
    assert client.call_action("greet").status_code == 403  # public, and refused by name
    assert ran == []


def test_abort_in_the_hook_is_problem_details_for_a_client() -> None:
    def hook(operation: Operation) -> None:
        abort(403, "Not yours.")

    response = guarded(hook).get("/api/todos/1", headers=API)
    assert (response.content_type, response.json["detail"]) == ("application/problem+json", "Not yours.")  # type: ignore[index]


def test_an_exception_in_the_hook_closes_the_door() -> None:
    def hook(operation: Operation) -> str:
        raise LookupError("the directory is down")

    client = guarded(hook)
    assert both(client) == [500, 500]
    assert client.call_action("greet").status_code == 500
    assert ran == []
    assert "directory" not in client.get("/api/todos/1").text


def test_a_refusal_by_the_hook_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    client = guarded(by_header)
    client.get("/api/todos/1")
    assert [(each.levelname, each.name) for each in caplog.records] == [("WARNING", "flask_serveractions")]
    assert "Todo.get" in caplog.text


# 401


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


# @requires without a hook


def test_requires_without_a_hook_is_an_error_at_the_first_request_of_any_url() -> None:
    app, _ = make_app()
    app.add_url_rule("/page", "page", lambda: "page")
    client = app.test_client()
    for _ in range(2):  # and at every one after it
        with pytest.raises(RuntimeError, match=r"Todo\.delete.*requires 'admin'.*@actions\.auth_hook"):
            client.get("/page")


def test_requires_without_a_hook_runs_nothing_where_there_is_no_extension_at_all() -> None:
    app = Flask(__name__)

    class Thing(MethodRoute):
        @requires("admin")
        def get(self) -> None:
            ran.append("get")

    app.add_url_rule("/thing", view_func=Thing.as_view("thing"))
    assert app.test_client().get("/thing").status_code == 500
    assert ran == []


# With Flask-Login


class User(UserMixin):
    def __init__(self, name: str) -> None:
        self.id = name


def test_the_hook_of_the_documentation_works_with_flask_login() -> None:
    client = guarded(lambda operation: current_user if current_user.is_authenticated else None)
    app = client.application
    manager = LoginManager(app)
    manager.user_loader(User)

    @app.post("/sign-in")
    def sign_in() -> Any:
        login_user(User("ada"))
        return redirect(url_for("accounts.sign_in"))

    @app.get("/who")
    def who() -> str:
        return str(type(current_user._get_current_object()).__name__)

    assert both(client) == [401, 401]
    client.post("/sign-in")
    assert both(client) == [200, 200]
    with client:
        client.call_action("act")
        assert type(current_identity._get_current_object()) is User  # the user, and no proxy that may change


def test_the_hook_may_use_the_session_and_what_runs_before_each_request() -> None:
    client = guarded(lambda operation: g.who)
    client.application.before_request(lambda: setattr(g, "who", session.get("who")))
    assert both(client) == [401, 401]
    with client.session_transaction() as held:
        held["who"] = "ada"
    assert both(client) == [200, 200]


def test_a_handler_for_the_apps_own_exception_class_answers_what_the_hook_raises() -> None:
    class NotPaid(Forbidden):
        pass

    def hook(operation: Operation) -> None:
        raise NotPaid()

    client = guarded(hook)
    client.application.register_error_handler(NotPaid, lambda error: ({"pay": "first"}, 402))
    response = client.get("/api/todos/1")
    assert (response.status_code, response.json) == (402, {"pay": "first"})
