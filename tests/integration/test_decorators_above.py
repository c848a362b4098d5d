"""A decorator above ``@register`` is called by no door: the app does not start with it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import login_required
from werkzeug.local import LocalProxy

from flask_serveractions import MethodRoute, ServerActions, cached, public, requires
from flask_serveractions.integration.decorators_above import defining_frame
from flask_serveractions.testing import ActionsClient

Decorator = Callable[[Any], Any]

actions = ServerActions()


def hiding(function: Any) -> Any:
    """A decorator that does not say what it wraps."""
    return lambda **arguments: function(**arguments)


@login_required
@actions.register
def covered(word: str) -> str:
    return word


def client_of(actions: ServerActions) -> ActionsClient:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key for tests")
    actions.init_app(app)
    return ActionsClient(app)


def test_one_in_a_module_is_an_error_that_says_to_put_it_below() -> None:
    with pytest.raises(RuntimeError, match=r"covered .*has a decorator above .*Put it below @register"):
        client_of(actions).get("/anywhere")


DECORATORS: dict[str, Decorator] = {
    "login_required": login_required,
    "cached": cached(),
    "one that hides the function": hiding,
    "a partial": functools.partial,
}


@pytest.mark.parametrize("decorator", DECORATORS.values(), ids=DECORATORS)
def test_one_in_a_factory_that_is_over_is_an_error_too(decorator: Decorator) -> None:
    def make() -> ServerActions:
        actions = ServerActions()

        @decorator
        @actions.register
        def act(word: str = "") -> str:
            return word

        return actions

    with pytest.raises(RuntimeError, match="Put it below @register"):
        client_of(make()).get("/anywhere")


@pytest.mark.parametrize("decorator", DECORATORS.values(), ids=DECORATORS)
def test_one_with_options_of_register_is_an_error_too(decorator: Decorator) -> None:
    actions = ServerActions()

    @decorator
    @actions.register(name="renamed")
    def act(word: str = "") -> str:
        return word

    with pytest.raises(RuntimeError, match="Put it below @register"):
        client_of(actions).get("/anywhere")


TOOLS: dict[str, Any] = {}


def looked_up(function: Any) -> Any:
    """A decorator that keeps functions in a table of its own, and holds none itself."""
    name = function.__name__
    TOOLS[name] = function
    return lambda *args, **more: TOOLS[name](*args, **more)


class LookedUp:
    """One that is a class."""

    def __init__(self, function: Any) -> None:
        self.name = function.__name__
        TOOLS[self.name] = function

    def __call__(self, *args: Any, **more: Any) -> Any:
        return TOOLS[self.name](*args, **more)


def in_a_table(actions: ServerActions, *above: Decorator) -> None:
    def act() -> None: ...

    actions.register(act)
    for each in above:
        act = each(act)
    assert act


TABLES: dict[str, tuple[Decorator, ...]] = {
    "a function": (looked_up, requires("admin")),
    "a class": (LookedUp, requires("admin")),
    "below one that hides it": (looked_up, requires("admin"), hiding),
}


@pytest.mark.parametrize("above", TABLES.values(), ids=TABLES)
def test_a_requires_above_one_that_looks_functions_up_is_an_error(above: tuple[Decorator, ...]) -> None:
    actions = ServerActions()
    actions.auth_hook(lambda operation: "ada")
    in_a_table(actions, *above)
    with pytest.raises(RuntimeError, match=r"@requires\('admin'\) on .* does not reach .*hides the function"):
        client_of(actions).get("/anywhere")


in_module = ServerActions()


@requires("admin")
@looked_up
@in_module.register
def kept_in_a_table() -> None: ...


@in_module.route("/kept")
class Kept(MethodRoute):
    def get(self) -> None: ...


def test_a_requires_above_one_that_looks_functions_up_in_a_module_is_an_error() -> None:
    in_module.auth_hook(lambda operation: "ada")
    with pytest.raises(RuntimeError, match=r"does not reach .*kept_in_a_table"):
        client_of(in_module).get("/anywhere")


def test_a_requires_above_one_that_looks_classes_up_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    actions = ServerActions()
    actions.auth_hook(lambda operation: "ada")
    actions.route("/kept")(Kept)
    monkeypatch.setitem(globals(), "Kept", requires("admin")(looked_up(Kept)))
    with pytest.raises(RuntimeError, match=r"does not reach .*Kept"):
        client_of(actions).get("/anywhere")


def test_a_requires_on_a_second_function_of_an_actions_name_is_an_error_that_says_so() -> None:
    def make() -> ServerActions:
        actions = ServerActions()
        actions.auth_hook(lambda operation: "somebody")

        @actions.register
        def save(word: str) -> None: ...

        @requires("admin")
        def save(word: str, number: int) -> None: ...  # type: ignore[no-redef]  # noqa: F811

        return actions

    with pytest.raises(RuntimeError, match=r"@requires\('admin'\) on .*was not registered.* another function of its"):
        client_of(make()).get("/anywhere")


def test_a_function_of_its_name_elsewhere_that_requires_more_is_none_of_an_action_s() -> None:
    actions = ServerActions()
    actions.auth_hook(lambda operation: "ada")

    @actions.register
    def kept_in_a_table() -> None: ...

    assert client_of(actions).call_action("kept_in_a_table").status_code == 200


def test_what_changes_nothing_and_what_stands_below_is_none() -> None:
    actions = ServerActions()
    actions.auth_hook(lambda operation: "ada")

    @public
    @actions.register
    def opened() -> None: ...

    @requires("admin")
    @actions.register
    @cached()
    def shut() -> None: ...

    @actions.register(name="second")
    @actions.register
    def twice() -> None: ...

    client = client_of(actions)
    assert [client.call_action(name).status_code for name in ("opened", "shut", "second", "twice")] == [200] * 4


def test_a_limit_above_register_counts_and_is_none() -> None:
    actions, limiter = ServerActions(), Limiter(get_remote_address, storage_uri="memory://")

    @limiter.limit("1/minute")
    @actions.register
    def act() -> None: ...

    client = client_of(actions)
    limiter.init_app(client.application)
    assert [client.call_action("act").status_code for _ in range(2)] == [200, 429]


def test_a_view_that_is_made_of_an_action_under_another_name_is_none() -> None:
    actions = ServerActions()

    @actions.register
    def act() -> str:
        return "acted"

    client = client_of(actions)
    as_view = hiding(act)
    client.application.add_url_rule("/act", view_func=as_view, endpoint="act")
    assert (client.get("/act").text, client.call_action("act").status_code) == ("acted", 200)


def test_scopes_are_forgotten_when_the_app_has_started() -> None:
    actions = ServerActions()

    @actions.register
    def act() -> None: ...

    assert list(actions.registry.scopes) == ["act"]
    client_of(actions).get("/anywhere")
    assert actions.registry.scopes == {}


def test_a_function_of_a_module_or_from_elsewhere_has_no_frame() -> None:
    assert defining_frame(hiding) is None
    assert defining_frame(MethodRoute.as_view) is None
    assert defining_frame(lambda: None) is not None


def unbound() -> None:
    raise RuntimeError("Working outside of application context.")


database = LocalProxy(unbound)


def test_a_proxy_of_a_functions_name_or_in_a_class_is_no_decorator() -> None:
    actions = ServerActions()

    def define() -> None:
        @actions.register
        def database(word: str) -> str:
            return word

    define()

    @actions.route("/words")
    class Words(MethodRoute):
        connection = LocalProxy(unbound)

        def get(self) -> list[str]:
            return ["milk"]

    client = client_of(actions)
    assert client.call_action("database", word="milk").json["data"] == "milk"  # type: ignore[index]
    assert client.get("/words").json == ["milk"]
