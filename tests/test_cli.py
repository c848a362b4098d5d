"""``flask actions``: list, audit and sign."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from werkzeug.datastructures import FileStorage

from flask_serveractions import Bound, Header, MethodRoute, ServerActions, public, requires
from flask_serveractions.cli import format_table
from flask_serveractions.webhooks import github
from tests.extension_apps import make_app

Run = Callable[..., Result]


def actions_of(app: Flask) -> ServerActions:
    actions = ServerActions(app)

    @actions.register
    def create_todo(text: str, done: bool = False, *, picture: FileStorage | None = None) -> None: ...

    @actions.register(name="todos.delete")
    def delete(todo_id: Bound[int], tags: Bound[list[str]] = []) -> None: ...  # noqa: B006

    @actions.route("/api/todos/<int:todo_id>")
    class Todo(MethodRoute):
        def get(self, todo_id: int, full: bool | None = None, x_request_id: Header[str] = "") -> None: ...

        def put(self, todo_id: int, text: str) -> None: ...

    return actions


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["actions", *arguments])


def rows(result: Result) -> list[list[str]]:
    """Return the cells of a table, which stand two spaces apart or more."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in result.stdout.splitlines()]


# list


def test_list_shows_both_doors_with_their_arguments() -> None:
    app = make_app()
    actions_of(app)
    result = run(app, "list")
    assert result.exit_code == 0
    assert rows(result) == [
        ["KIND", "NAME", "METHOD", "URL", "ARGUMENTS"],
        ["action", "create_todo", "POST", "/_actions/create_todo/<signature>", "text, done?, picture? (file)"],
        ["action", "todos.delete", "POST", "/_actions/todos.delete/<signature>", "todo_id (signed), tags? (signed)"],
        [
            "route",
            "Todo.get",
            "GET",
            "/api/todos/<int:todo_id>",
            "todo_id (path), full? (query), x-request-id? (header)",
        ],
        ["route", "Todo.put", "PUT", "/api/todos/<int:todo_id>", "todo_id (path), text"],
    ]


def test_list_prints_json_for_programs() -> None:
    app = make_app()
    actions_of(app)
    shown = json.loads(run(app, "list", "--json").stdout)
    assert [each["name"] for each in shown] == ["create_todo", "todos.delete", "Todo.get", "Todo.put"]
    first = shown[0]
    assert first["line"] > 0
    assert first["file"] == __file__
    assert {key: first[key] for key in ("kind", "method", "url", "public", "requires")} == {
        "kind": "action",
        "method": "POST",
        "url": "/_actions/create_todo/<signature>",
        "public": False,
        "requires": [],
    }
    assert shown[1]["arguments"][0] == {"name": "todo_id", "from": "bound", "required": True}


def test_list_works_on_an_app_that_can_not_start_yet() -> None:
    app = make_app(SERVERACTIONS_LOGIN_VIEW="nowhere")

    @actions_of(app).register
    @requires("admin")
    def purge() -> None: ...

    shown = json.loads(run(app, "list", "--json").stdout)
    assert shown[2]["requires"] == ["admin"]


def print_nothing() -> None: ...


def test_list_of_an_app_without_doors_is_the_head_alone() -> None:
    app = make_app()
    ServerActions(app)
    assert rows(run(app, "list")) == [["KIND", "NAME", "METHOD", "URL", "ARGUMENTS"]]


# audit


def test_audit_fails_where_there_is_no_hook_and_nothing_is_public() -> None:
    app = make_app()
    actions_of(app)
    result = run(app, "audit")
    assert result.exit_code == 1
    assert [row[-1] for row in rows(result)[1:5]] == ["everybody: not marked @public"] * 4
    assert "4 of 4 are open and not marked @public" in result.stderr


def test_audit_says_who_may_pass_and_passes_where_all_is_closed_or_public() -> None:
    app = make_app()
    actions = actions_of(app)
    actions.auth_hook(lambda operation: None)

    @actions.register
    @public
    def sign_in() -> None: ...

    @actions.route("/api/reports")
    @requires("staff", "admin")
    class Reports(MethodRoute):
        def get(self) -> None: ...

    result = run(app, "audit")
    assert result.exit_code == 0
    assert {row[1]: row[-1] for row in rows(result)[1:]} == {
        "create_todo": "any identity",
        "todos.delete": "any identity",
        "sign_in": "everybody",
        "Todo.get": "any identity",
        "Todo.put": "any identity",
        "Reports.get": "requires admin, staff",
    }


def test_audit_passes_without_a_hook_where_everything_is_public() -> None:
    app = make_app()

    @ServerActions(app).register
    @public
    def sign_in() -> None: ...

    assert run(app, "audit").exit_code == 0


def test_audit_knows_that_a_webhook_is_closed_by_its_signature() -> None:
    app = make_app()

    @ServerActions(app).webhook("/hooks/github", github("a secret"))
    def pushed(event: dict[str, Any]) -> None: ...

    result = run(app, "audit")
    assert result.exit_code == 0
    assert [row[-1] for row in rows(result)[1:]] == ["the sender, by its signature"]


def test_audit_sees_resources_that_were_added_by_hand() -> None:
    app = make_app()
    ServerActions(app)

    class Plain(MethodRoute):
        def get(self) -> None: ...

    view = Plain.as_view("plain")
    app.add_url_rule("/plain", "plain", lambda: view())
    result = run(app, "audit")
    assert (result.exit_code, rows(result)[1][1]) == (1, "plain.get")


def test_audit_prints_json_for_programs_and_still_fails() -> None:
    app = make_app()
    actions_of(app)
    result = run(app, "audit", "--json")
    shown = json.loads(result.stdout)
    assert result.exit_code == 1
    assert {(each["open"], each["who"]) for each in shown} == {(True, "everybody: not marked @public")}


def requires_without_hook(app: Flask, actions: ServerActions) -> None:
    @actions.register
    @requires("admin")
    def purge() -> None: ...


def unknown_login_view(app: Flask, actions: ServerActions) -> None:
    app.add_url_rule("/sign-in", "accounts.sign_in", print_nothing)


def broken_signature(app: Flask, actions: ServerActions) -> None:
    class Broken(MethodRoute):
        def get(self, item: complex) -> None: ...

    app.add_url_rule("/broken", view_func=Broken.as_view("broken"))


@pytest.mark.parametrize(
    ("mistake", "config", "text"),
    [
        (requires_without_hook, {}, "Register a hook with @actions.auth_hook"),
        (unknown_login_view, {"SERVERACTIONS_LOGIN_VIEW": "sign_in"}, "SERVERACTIONS_LOGIN_VIEW is 'sign_in'"),
        (broken_signature, {}, "parameter 'item'"),
    ],
)
def test_audit_tells_what_keeps_the_app_from_starting(mistake: Any, config: dict[str, Any], text: str) -> None:
    app = make_app(**config)
    mistake(app, ServerActions(app))
    result = run(app, "audit")
    assert result.exit_code == 1
    assert text in result.stderr
    assert "Traceback" not in result.output


# sign


def post(app: Flask, url: str) -> int:
    return app.test_client().post(url, json={}, headers={"Accept": "application/json"}).status_code


def test_sign_makes_an_url_that_the_app_accepts_where_ids_belong_to_no_visitor() -> None:
    app = make_app(SERVERACTIONS_BIND_SESSION=False, WTF_CSRF_ENABLED=False)
    actions = ServerActions(app)
    seen: list[Any] = []

    @actions.register
    def delete(todo_id: Bound[int], tags: Bound[list[str]]) -> None:
        seen.append((todo_id, tags))

    result = run(app, "sign", "delete", "todo_id=7", "tags=a", "tags=b")
    assert (result.exit_code, result.stderr) == (0, "")
    assert post(app, result.stdout.strip()) == 200
    assert seen == [(7, ["a", "b"])]


def test_sign_makes_an_url_whose_age_is_limited() -> None:
    app = make_app(SERVERACTIONS_BIND_SESSION=False, WTF_CSRF_ENABLED=False, SERVERACTIONS_MAX_AGE=60)
    ServerActions(app).register(print_nothing)
    assert post(app, run(app, "sign", "print_nothing").stdout.strip()) == 200


def test_sign_says_that_the_app_does_not_accept_it_as_it_is() -> None:
    app = make_app(WTF_CSRF_ENABLED=False)
    ServerActions(app).register(print_nothing)
    result = run(app, "sign", "print_nothing")
    assert result.exit_code == 0
    assert "SERVERACTIONS_BIND_SESSION is True" in result.stderr
    assert post(app, result.stdout.strip()) == 404


def test_sign_prints_json_for_programs() -> None:
    app = make_app(SERVERACTIONS_BIND_SESSION=False)
    ServerActions(app).register(print_nothing)
    shown = json.loads(run(app, "sign", "print_nothing", "--json").stdout)
    assert (shown["name"], shown["accepted"]) == ("print_nothing", True)
    assert shown["url"].startswith("/_actions/print_nothing/")


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["nothing"], 1, "There is no action 'nothing'. Is the module that registers it imported? Registered are:"),
        (["todos.delete"], 1, "the bound argument 'todo_id' is missing"),
        (["todos.delete", "todo_id=x"], 2, "todo_id=x: Not a valid integer."),
        (["todos.delete", "todo_id"], 2, "'todo_id' is no KEY=VALUE"),
        (["todos.delete", "=7"], 2, "'=7' is no KEY=VALUE"),
        (["todos.delete", "todo_id=7", "todo_id=8"], 2, "todo_id is given 2 times, and is no list."),
        (["todos.delete", "todo_id=1", "text=x"], 1, "'text' is not Bound"),
        ([], 2, "Missing argument 'NAME'"),
    ],
)
def test_sign_tells_a_mistake_in_one_line(arguments: list[str], status: int, text: str) -> None:
    app = make_app()
    actions_of(app)
    result = run(app, "sign", *arguments)
    assert result.exit_code == status
    assert text in result.stderr


def test_sign_needs_a_secret() -> None:
    app = make_app(SECRET_KEY=None)
    ServerActions(app).register(print_nothing)
    result = run(app, "sign", "print_nothing")
    assert result.exit_code == 1
    assert "SECRET_KEY" in result.stderr


# All of them


@pytest.mark.parametrize("command", ["list", "audit", "sign"])
def test_each_command_explains_itself(command: str) -> None:
    app = make_app()
    ServerActions(app)
    result = run(app, command, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert command in run(app, "--help").stdout


def test_a_table_is_as_wide_as_it_must_be() -> None:
    assert list(format_table(("A", "B"), [("long cell", "x")], None)) == ["A          B", "long cell  x"]


def test_a_table_holds_nothing_that_a_terminal_obeys() -> None:
    cell = "search:\x1b]0;mine\x07\n\udc80 für 日本"
    assert list(format_table(("A",), [(cell,)], None)) == ["A", r"search:\x1b]0;mine\x07\n\udc80 für 日本"]


def test_a_table_is_no_wider_than_the_terminal() -> None:
    lines = list(format_table(("KIND", "URL"), [("action", "/_actions/create_todo/<signature>")], 20))
    assert lines == ["KIND    URL", "action  /_actions/c…"]


def test_a_table_stays_readable_on_the_narrowest_terminal() -> None:
    lines = list(format_table(("KIND", "URL"), [("action", "/_actions/create_todo/<signature>")], 3))
    assert lines == ["KIND    URL", "action  /_actio…"]
