"""Registering modules and resources on the extension."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from flask import Flask

from flask_serveractions import Bound, MethodRoute, ServerActions
from tests.callers import client_of
from tests.extension_apps import MODULE, called, double, make_app, module_of


@pytest.fixture
def app() -> Flask:
    return make_app()


@pytest.fixture
def actions(app: Flask) -> ServerActions:
    return ServerActions(app)


# register_module


def test_register_module_registers_the_public_functions_that_it_defines(app: Flask, actions: ServerActions) -> None:
    actions.register_module(module_of(MODULE))
    assert sorted(actions.registry.actions) == ["create", "update"]
    assert called(app, "update", text="milk") == "MILK"


def test_register_module_puts_a_prefix_before_each_name(actions: ServerActions) -> None:
    actions.register_module(module_of(MODULE), prefix="todos.")
    assert sorted(actions.registry.actions) == ["todos.create", "todos.update"]


def test_register_module_keeps_to_what_all_names(actions: ServerActions) -> None:
    actions.register_module(module_of(MODULE + "__all__ = ['update']"))
    assert sorted(actions.registry.actions) == ["update"]


def test_an_empty_all_is_the_error_that_it_looks_like(actions: ServerActions) -> None:
    with pytest.raises(ValueError, match="some_actions defines no public function"):
        actions.register_module(module_of(MODULE + "__all__ = []"))
    assert actions.registry.actions == {}


@pytest.mark.parametrize(
    ("names", "prefix", "error", "says"),
    [
        (
            "__all__ = ['create', 'crate']",
            "",
            ValueError,
            "some_actions.__all__ names 'crate', which it",
        ),
        ("", None, TypeError, r"register_module\(prefix=None\): give a text"),
    ],
)
def test_what_register_module_can_not_mean_registers_nothing(
    actions: ServerActions, names: str, prefix: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        actions.register_module(module_of(MODULE + names), prefix)
    assert actions.registry.actions == {}


def test_register_module_leaves_alone_what_is_registered_already(actions: ServerActions) -> None:
    module = module_of(MODULE)
    actions.register(name="todos.make", once=True)(module.create)
    actions.register_module(module, prefix="todos.")
    assert sorted(actions.registry.actions) == ["todos.make", "todos.update"]


def test_register_module_without_a_public_function_is_an_error(actions: ServerActions) -> None:
    with pytest.raises(ValueError, match="some_actions defines no public function"):
        actions.register_module(module_of("from json import dumps\ndef _private(): ..."))


def test_register_module_refuses_a_name_that_is_taken(actions: ServerActions) -> None:
    actions.register_module(module_of(MODULE))
    with pytest.raises(ValueError, match="'create'"):
        actions.register_module(module_of(MODULE))


# route


def test_route_registers_a_class_and_returns_it(app: Flask, actions: ServerActions) -> None:
    class Things(MethodRoute):
        def get(self) -> str:
            return "things"

    assert actions.route("/things")(Things) is Things
    assert client_of(app).get("/things").text == "things"
    with app.test_request_context():
        from flask import url_for

        assert url_for("Things") == "/things"


def test_route_takes_an_endpoint(app: Flask, actions: ServerActions) -> None:
    @actions.route("/things", endpoint="api.things")
    class Things(MethodRoute):
        def get(self) -> str:
            return "things"

    assert "api.things" in app.view_functions


def test_route_works_before_and_after_init_app_and_on_several_apps() -> None:
    actions, apps = ServerActions(), [make_app(), make_app()]

    @actions.route("/before")
    class Before(MethodRoute):
        def get(self) -> str:
            return "before"

    for app in apps:
        actions.init_app(app)

    @actions.route("/after")
    class After(MethodRoute):
        def get(self) -> str:
            return "after"

    texts = [client_of(app).get(path).text for app in apps for path in ("/before", "/after")]
    assert texts == ["before", "after"] * 2


def test_one_class_stands_under_several_rules(app: Flask, actions: ServerActions) -> None:
    @actions.route("/things/<int:number>")
    @actions.route("/thing")
    class Thing(MethodRoute):
        def get(self, number: int = 1) -> int:
            return number

    client = client_of(app)
    assert [client.get(each).json for each in ("/thing", "/thing?number=2", "/things/3", "/things/3?number=4")] == [
        1,
        2,
        3,
        3,
    ]


def test_an_endpoint_taken_by_another_class_is_an_error_that_names_both(actions: ServerActions) -> None:
    @actions.route("/one")
    class Things(MethodRoute):
        def get(self) -> None: ...

    first = Things

    class Other(MethodRoute):
        def get(self) -> None: ...

    with pytest.raises(ValueError, match=rf"'Things'.*{first.__qualname__}.*Other"):
        actions.route("/two", endpoint="Things")(Other)


@pytest.mark.parametrize(
    "thing", [double, object, "Things", MethodRoute()], ids=["function", "class", "name", "object"]
)
def test_route_takes_a_method_route_class_alone(actions: ServerActions, thing: Any) -> None:
    with pytest.raises(TypeError, match="takes a MethodRoute class"):
        actions.route("/things")(thing)


def test_a_mistake_in_a_method_is_an_error_at_registration(actions: ServerActions) -> None:
    class Things(MethodRoute):
        def get(self, todo_id: Bound[int]) -> None: ...

    with pytest.raises(TypeError, match=r"Things\.get.*'todo_id'.*only actions have signed IDs"):
        actions.route("/things")(Things)


def test_a_variable_that_a_method_does_not_take_is_an_error_at_registration(actions: ServerActions) -> None:
    class Things(MethodRoute):
        def get(self) -> None: ...

    with pytest.raises(TypeError, match=r"Things\.get.*'todo_id'.*the URL rule has it"):
        actions.route("/things/<int:todo_id>")(Things)


@pytest.mark.parametrize("preset", [((7,), {}), ((), {"todo_id": 7})], ids=["by place", "by name"])
def test_a_variable_that_a_partial_has_set_is_an_error_that_names_what_was_written(
    actions: ServerActions, preset: tuple[tuple[Any, ...], dict[str, Any]]
) -> None:
    class Things(MethodRoute):
        def read(self, todo_id: int) -> None: ...

        get = functools.partialmethod(read, *preset[0], **preset[1])

    mistake = r"Things\.read \(.*'todo_id'.*the URL rule has it, a partial has set it. Take it out of"
    with pytest.raises(TypeError, match=mistake):
        actions.route("/things/<int:todo_id>")(Things)
    actions.route("/things")(Things)
