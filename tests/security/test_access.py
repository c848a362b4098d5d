"""One hook before every operation of both doors, closed by default."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, abort, g, redirect, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user
from werkzeug.exceptions import Forbidden

from flask_serveractions import MethodRoute, Operation, ServerActions, current_identity, requires
from flask_serveractions.testing import ActionsClient
from tests.security.access_app import API, BROWSER, both, by_header, guarded, make_app, ran


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


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
