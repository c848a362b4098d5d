"""Registration: in all its forms, before and after ``init_app``, for several apps; and what it refuses."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.cli import FlaskGroup

from flask_serveractions import MethodRoute, Progress, ServerActions
from tests.callers import client_of
from tests.extension_apps import MODULE, called, double, make_app, module_of


@pytest.fixture
def app() -> Flask:
    return make_app()


@pytest.fixture
def actions(app: Flask) -> ServerActions:
    return ServerActions(app)


# Apps


def test_the_extension_is_found_in_the_app(app: Flask) -> None:
    actions = ServerActions(app)
    assert app.extensions["serveractions"] is actions


def test_the_blueprint_is_called_actions(app: Flask, actions: ServerActions) -> None:
    assert app.blueprints["actions"].url_prefix == "/_actions"


def test_init_app_may_come_later() -> None:
    actions, app = ServerActions(), make_app()
    actions.register(double)
    actions.init_app(app)
    assert called(app, "double", number=2) == 4


def test_one_object_serves_several_apps_each_with_its_own_settings() -> None:
    actions = ServerActions()
    first, second = make_app(), make_app(SERVERACTIONS_URL_PREFIX="/calls")
    actions.init_app(first)
    actions.register(double)
    actions.init_app(second)
    actions.register(name="triple")(lambda_of_three)
    assert [called(app, name, number=2) for app in (first, second) for name in ("double", "triple")] == [4, 6, 4, 6]
    rules = [{rule.rule for rule in app.url_map.iter_rules()} for app in (first, second)]
    assert "/_actions/double/<signature>" in rules[0]
    assert "/calls/double/<signature>" in rules[1]


def lambda_of_three(number: int) -> int:
    return 3 * number


def test_an_id_of_one_app_is_worth_nothing_in_another_of_another_key() -> None:
    actions = ServerActions()
    actions.register(double)
    first, second = make_app(), make_app(SECRET_KEY="another")
    actions.init_app(first)
    actions.init_app(second)
    with first.test_request_context(), first.app_context():
        from flask_serveractions.pages.templates import action_url

        url = action_url("double")
    client = client_of(second)
    client.call_action("double", number=1)
    assert client.post(url, json={"number": 1}, headers={"Accept": "application/json"}).status_code == 404


def test_a_second_extension_on_one_app_is_an_error(app: Flask, actions: ServerActions) -> None:
    with pytest.raises(ValueError, match="has a ServerActions already"):
        ServerActions(app)


def test_the_same_extension_twice_on_one_app_is_an_error(app: Flask, actions: ServerActions) -> None:
    with pytest.raises(ValueError, match="has a ServerActions already"):
        actions.init_app(app)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SERVERACTIONS_MAX_CONTENT_LENGTH", -1),
        ("SERVERACTIONS_ALLOWED_ORIGINS", ["example.org"]),
        ("SERVERACTIONS_STORE_URL", "mysql://localhost/x"),
        ("SERVERACTIONS_URL_PREFIX", "actions/"),
        ("SERVERACTIONS_MAX_AGE", 0),
        ("SERVERACTIONS_BIND_SESSION", "no"),
    ],
)
def test_a_setting_that_can_not_be_right_is_an_error_in_init_app_that_names_it(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=key):
        ServerActions(make_app(**{key: value}))


# register


def test_register_returns_the_function_unchanged(actions: ServerActions) -> None:
    def triple(number: int) -> int:
        return 3 * number

    before = dict(vars(triple))
    assert actions.register(triple) is triple
    assert (triple(2), vars(triple)) == (6, before)


FORMS: dict[str, Callable[[ServerActions], Any]] = {
    "bare": lambda actions: actions.register(double),
    "with parentheses": lambda actions: actions.register()(double),
    "with a name": lambda actions: actions.register(name="double")(double),
    "with all options": lambda actions: actions.register(
        name="double", once=False, background=False, max_content_length=100
    )(double),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_register_takes_these_forms(app: Flask, actions: ServerActions, form: Callable[[ServerActions], Any]) -> None:
    assert form(actions) is double
    assert called(app, "double", number=2) == 4


def test_an_action_may_raise_the_limit_of_its_body(app: Flask, actions: ServerActions) -> None:
    app.extensions["serveractions"].register(name="small", max_content_length=10)(double)
    actions.register(name="large", max_content_length=3 * 1024 * 1024)(len_of)
    assert called(app, "small", number=10**20) == 413
    assert called(app, "large", text="x" * 2 * 1024 * 1024) == 2 * 1024 * 1024


def len_of(text: str) -> int:
    return len(text)


def test_a_name_may_hold_dots_and_is_an_endpoint_of_the_app(app: Flask, actions: ServerActions) -> None:
    actions.register(name="todos.double")(double)
    assert called(app, "todos.double", number=2) == 4
    assert "actions.todos-double" in app.view_functions


@pytest.mark.parametrize("name", ["client", "catch_all", "static", "jobs", "client.js"])
def test_a_name_is_free_although_the_door_has_something_of_the_kind(
    app: Flask, actions: ServerActions, name: str
) -> None:
    actions.register(name=name)(double)
    assert called(app, name, number=2) == 4


@pytest.mark.parametrize("name", ["", "a b", "a/b", ".a", "a.", "a..b", "1a", "café", "<lambda>", "a-b"])
def test_a_name_that_no_url_can_carry_is_an_error_that_shows_it(actions: ServerActions, name: str) -> None:
    with pytest.raises(ValueError, match="is no name for an action"):
        actions.register(name=name)(double)


def test_a_name_taken_twice_is_an_error_at_once_that_says_where_both_stand(actions: ServerActions) -> None:
    actions.register(double)

    def other(number: int) -> int:
        return number

    @functools.wraps(other)
    def wrapper(number: int) -> int:
        return other(number)

    here = Path(__file__).name
    with pytest.raises(ValueError, match="'double'") as raised:
        actions.register(name="double")(wrapper)
    text = str(raised.value)
    assert f"extension_apps.py, line {double.__code__.co_firstlineno}" in text
    assert f"{here}, line {other.__code__.co_firstlineno}" in text


def test_a_factory_that_registers_on_one_object_again_and_again_is_told_how_factories_do_it() -> None:
    actions = ServerActions()

    def create_app() -> None:
        @actions.register
        def add() -> None: ...

    create_app()
    with pytest.raises(ValueError, match=r"'add' is registered twice: .*application factory make a ServerActions of"):
        create_app()


@pytest.mark.parametrize("thing", ["double", 7, object(), dict], ids=["name", "number", "object", "class"])
def test_only_a_function_can_be_registered(actions: ServerActions, thing: Any) -> None:
    with pytest.raises(TypeError, match="takes a function"):
        actions.register(name="x")(thing)


def test_an_async_generator_is_no_action(actions: ServerActions) -> None:
    async def steps() -> AsyncGenerator[Progress, None]:
        yield Progress(0, 1)

    with pytest.raises(TypeError, match=r"steps .* async generator.* Write it as def"):
        actions.register(steps)


def test_a_partial_function_can_be_registered_under_a_name(app: Flask, actions: ServerActions) -> None:
    times: Any = functools.partial(times_many, times=5)
    with pytest.raises(ValueError, match="is no name for an action"):
        actions.register(times)
    actions.register(name="five_times")(times)
    assert called(app, "five_times", number=2) == 10


def times_many(number: int, times: int) -> int:
    return number * times


def test_a_method_of_an_object_can_be_registered(app: Flask, actions: ServerActions) -> None:
    class Counter:
        total = 0

        def add(self, number: int) -> int:
            self.total += number
            return self.total

    actions.register(Counter().add)
    assert [called(app, "add", number=2), called(app, "add", number=3)] == [2, 5]


def test_a_mistake_in_a_signature_is_an_error_at_registration(actions: ServerActions) -> None:
    class Point: ...

    def move(point: Point) -> None: ...

    with pytest.raises(TypeError, match=r"move.*'point'.*field"):
        actions.register(move)


def test_flask_routes_lists_actions_and_resources(app: Flask, actions: ServerActions) -> None:
    actions.register(double)

    @actions.route("/api/todos/<int:todo_id>")
    class Todo(MethodRoute):
        def get(self, todo_id: int) -> int:
            return todo_id

        def delete(self, todo_id: int) -> None: ...

    lines = app.test_cli_runner().invoke(FlaskGroup(create_app=lambda: app), ["routes"]).output.splitlines()
    shown = [line.split() for line in lines]
    assert ["actions.double", "POST", "/_actions/double/<signature>"] in shown
    assert ["Todo", "DELETE,", "GET", "/api/todos/<int:todo_id>"] in shown


# Too late


def test_registering_is_open_until_the_first_request(app: Flask, actions: ServerActions) -> None:
    client = client_of(app)
    actions.register(double)
    assert client.get("/anything").status_code == 404

    class Things(MethodRoute):
        def get(self) -> None: ...

    late: list[Callable[[], Any]] = [
        lambda: actions.register(name="other")(double),
        lambda: actions.register_module(module_of(MODULE)),
        lambda: actions.route("/things")(Things),
        lambda: actions.auth_hook(lambda operation: None),
        lambda: actions.discover(Path(__file__).parent),
    ]
    for register in late:
        with pytest.raises(RuntimeError, match="too late: the app has served its first request"):
            register()


def test_an_app_may_still_be_made_after_the_first_request_of_another() -> None:
    actions = ServerActions()
    actions.register(double)
    first, second = make_app(), make_app()
    actions.init_app(first)
    assert called(first, "double", number=2) == 4
    actions.init_app(second)
    assert called(second, "double", number=2) == 4


# The hook


def test_there_is_one_hook(actions: ServerActions) -> None:
    def first(operation: Any) -> None: ...

    assert actions.auth_hook(first) is first
    with pytest.raises(ValueError, match=r"There is an auth hook already: .*first"):
        actions.auth_hook(lambda operation: None)


@pytest.mark.parametrize("hook", [lambda: None, lambda a, b, c: None, lambda *, operation: None])
def test_a_hook_takes_one_or_two_arguments(actions: ServerActions, hook: Any) -> None:
    with pytest.raises(TypeError, match=r"hook\(operation\) or hook\(operation, arguments\)"):
        actions.auth_hook(hook)


def test_a_hook_is_registered_with_schemes_in_parentheses(actions: ServerActions) -> None:
    @actions.auth_hook(schemes={"bearer": {"type": "http", "scheme": "bearer"}})
    def hook(operation: Any) -> None: ...

    assert actions.registry.hook is not None
    assert dict(actions.registry.hook.schemes) == {"bearer": {"type": "http", "scheme": "bearer"}}


# Application factories and blueprints


def test_an_application_factory_with_blueprints_serves_both_doors() -> None:
    actions = ServerActions()
    pages = Blueprint("pages", __name__, url_prefix="/shop")

    @actions.register(name="shop.double")
    def double_in_shop(number: int) -> int:
        return 2 * number

    class Price(MethodRoute):
        def get(self, number: int) -> int:
            return number

    pages.add_url_rule("/prices/<int:number>", view_func=Price.as_view("price"))

    def create_app() -> Flask:
        app = make_app()
        app.register_blueprint(pages)
        actions.init_app(app)
        return app

    for app in (create_app(), create_app()):
        assert called(app, "shop.double", number=2) == 4
        assert client_of(app).get("/shop/prices/7").json == 7


PROGRAM = """
from __future__ import annotations
from flask import Flask
from flask_serveractions import Bound, MethodRoute, ServerActions

def create_app():
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    actions = ServerActions(app)

    class Local(int): ...

    @actions.register
    def double(number: Bound[int], times: int = 2) -> int:
        return number * times

    @actions.route("/things")
    class Things(MethodRoute):
        def get(self) -> list[int]:
            return []
    return app
"""


def test_flask_routes_runs_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "flask", "--app", str(tmp_path / "program.py"), "routes"]
    ran = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    assert "/_actions/double/<signature>" in ran.stdout
    assert "/things" in ran.stdout
