"""Marks of classes and their bases, of methods made of others, and of what no door calls."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask.views import MethodView

from flask_serveractions import MethodRoute, ServerActions, public, requires
from tests.marked_apps import bobs_actions, refused_or_error, serve


@pytest.fixture
def actions() -> ServerActions:
    return bobs_actions()


@pytest.mark.parametrize("bases", ["mixin first", "mixin last"])
@pytest.mark.parametrize("mark_on", ["the class", "the method"])
def test_a_public_mixin_opens_nothing_that_a_base_guards(actions: ServerActions, bases: str, mark_on: str) -> None:
    open_class, open_method = (public, lambda each: each) if mark_on == "the class" else (lambda each: each, public)

    @open_class
    class Health:
        @open_method
        def get(self) -> dict[str, bool]:
            return {"well": True}

    @requires("admin")
    class Guarded(MethodRoute):
        def delete(self) -> None: ...

    class Users(*((Health, Guarded) if bases == "mixin first" else (Guarded, Health))):  # type: ignore[misc]
        pass

    actions.route("/users")(Users)
    client = serve(actions)
    assert [client.get("/users").status_code, client.delete("/users").status_code] == [403, 403]


def test_what_unrelated_bases_require_adds_up(actions: ServerActions) -> None:
    asked: list[frozenset[str]] = []

    @requires("admin")
    class Administered:
        pass

    @requires("staff")
    class Staffed(MethodRoute):
        def get(self) -> str:
            return "got"

    @actions.route("/users")
    class Users(Administered, Staffed):
        pass

    actions.registry.hook = None
    actions.auth_hook(lambda operation: asked.append(operation.requires))
    assert serve(actions).get("/users").status_code == 401
    assert asked == [{"admin", "staff"}]


def test_a_class_opens_what_it_derives_from_by_its_own_mark(actions: ServerActions) -> None:
    @requires("admin")
    class Guarded(MethodRoute):
        def delete(self) -> None: ...

    @actions.route("/users")
    class Users(Guarded):
        @public
        def get(self) -> str:
            return "got"

    client = serve(actions)
    assert [client.get("/users").status_code, client.delete("/users").status_code] == [200, 403]


class Descriptor:
    """Binds a function as methods are, and is none."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __get__(self, instance: Any, owner: Any) -> Any:
        return functools.partial(self.function, instance)


BINDINGS: dict[str, Callable[[Any], Any]] = {
    "the same one": lambda method: method,
    "a partial method": lambda method: functools.partialmethod(method, hard=False),
    "a partial method of one": lambda method: functools.partialmethod(functools.partialmethod(method, hard=True)),
    "a wrapper": lambda method: functools.wraps(method)(lambda self: method(self)),
    "a wrapper that hides it": lambda method: lambda self: method(self),
    "a descriptor": Descriptor,
}


@pytest.mark.parametrize("bind", BINDINGS.values(), ids=BINDINGS)
def test_a_method_made_of_another_has_its_marks(actions: ServerActions, bind: Callable[[Any], Any]) -> None:
    class Users(MethodRoute):
        @requires("admin")
        def delete(self, hard: bool = True) -> None: ...

        put = bind(delete)

    del Users.delete
    actions.route("/users")(Users)
    found = refused_or_error(lambda: serve(actions).put("/users", json={}).status_code)
    assert found == 403 or "@requires('admin')" in str(found)


@pytest.mark.parametrize("name", ["dispatch_request", "load_user"])
def test_a_requires_on_a_method_that_no_door_calls_is_an_error_at_start(actions: ServerActions, name: str) -> None:
    class Base(MethodRoute):
        pass

    setattr(Base, name, requires("admin")(lambda self, **kwargs: "got"))

    @actions.route("/users")
    class Users(Base):
        def get(self) -> str:
            return "got"

    with pytest.raises(RuntimeError, match=rf"@requires\('admin'\) on .*{name}.*no HTTP method"):
        serve(actions).get("/users")


def plain_view(mark: Any) -> Any:
    return mark(lambda: "page")


def plain_class(mark: Any) -> Any:
    return mark(type("Page", (MethodView,), {"get": lambda self: "page"})).as_view("page")


def made_of_an_action(mark: Any) -> Any:
    return functools.wraps(mark(plain_view))(lambda: "page")


@pytest.mark.parametrize("view", [plain_view, plain_class, made_of_an_action])
def test_a_requires_on_a_view_of_the_apps_own_is_an_error_at_start(actions: ServerActions, view: Any) -> None:
    client = serve(actions)
    client.application.add_url_rule("/page", "page", view(requires("admin")))
    with pytest.raises(RuntimeError, match=r"@requires\('admin'\) on the view of 'page' guards nothing"):
        client.get("/page")
