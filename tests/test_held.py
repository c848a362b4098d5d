"""What a decorator has wrapped is found, however it keeps it: no ``@requires`` is lost, and none is invented."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import operator
import types
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from flask import Flask, request

from flask_serveractions import ServerActions, requires
from flask_serveractions.held import callables_in, held_by, is_known_by_name
from flask_serveractions.testing import ActionsClient
from tests.marked_apps import bobs_actions, refused_or_error, serve


class Breaker:
    def __init__(self, function: Any) -> None:
        self.function = function

    def run(self) -> Any:
        return self.function()


class Slotted:
    __slots__ = ("function",)

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self) -> Any:
        return self.function()


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    function: Any
    tries: int = 3


class Step(NamedTuple):
    function: Any
    name: str


def retry(function: Any) -> Any:
    return function()


def nested_retry(call: Any, again: Any) -> Any:
    return call(again)


def calling(callee: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that does not say what it calls."""

    def wrapper() -> Any:
        return callee()

    return wrapper


def with_default(function: Any) -> Any:
    def wrapper() -> Any:
        return inner()

    def inner(function: Any = function) -> Any:
        return function()

    return wrapper


def with_keyword_default(function: Any) -> Any:
    def wrapper(*, each: Any = function) -> Any:
        return each()

    return calling(wrapper)


def later(function: Any) -> Any:
    kept: list[Any] = []

    def wrapper() -> Any:
        return kept[0]()

    kept.append(function)
    return wrapper


def in_a_local_class(function: Any) -> Any:
    class Command:
        def run(self) -> Any:
            return function()

    command = Command()
    return lambda: command.run()


def on_a_local_class(function: Any) -> Any:
    class Command:
        run = staticmethod(function)

    return lambda: Command.run()


def on_a_made_class(function: Any) -> Any:
    command = type("Command", (), {"run": staticmethod(function)})()
    return lambda: command.run()


def in_a_property(function: Any) -> Any:
    class Command:
        result = property(lambda self: function())

    command = Command()
    return lambda: command.result


def in_a_generator(function: Any) -> Any:
    def runs() -> Iterator[Any]:
        while True:
            yield function()

    steps = runs()
    return lambda: next(steps)


def in_an_attribute(function: Any) -> Any:
    def wrapper() -> Any:
        return wrapper.kept["function"]()  # type: ignore[attr-defined]

    wrapper.kept = {"function": function}  # type: ignore[attr-defined]
    return wrapper


def in_a_weak_reference(function: Any) -> Any:
    keep_alive.append(function)
    kept = weakref.ref(function)
    return lambda: kept()()  # type: ignore[misc]


keep_alive: list[Any] = []


def in_a_pool(function: Any) -> Any:
    pool = ThreadPoolExecutor(1)
    submit = functools.partial(pool.submit, function)
    return lambda: submit().result()


def in_a_stack(function: Any) -> Any:
    stack = contextlib.ExitStack()
    stack.callback(function)
    return lambda: stack.pop_all().close()


def with_a_call_of_its_class(function: Any) -> Any:
    class Calling(type):
        def __call__(cls) -> Any:
            return function()

    class Command(metaclass=Calling): ...

    return lambda: Command()


def written_by_exec(function: Any) -> Any:
    names: dict[str, Any] = {"wrapped": function}
    exec("def wrapper():\n    return wrapped()", names)
    return names["wrapper"]


def in_a_container_of_exec(function: Any) -> Any:
    names: dict[str, Any] = {"kept": {"function": function}}
    exec("wrapper = lambda: kept['function']()", names)
    return names["wrapper"]


def in_a_module_that_nobody_imports(function: Any) -> Any:
    plugin = types.ModuleType("plugin")
    plugin.run = function  # type: ignore[attr-defined]
    return lambda: plugin.run()


REGISTRY: dict[str, Any] = {}


def in_a_registry_of_the_module(function: Any) -> Any:
    REGISTRY["purge"] = function

    def wrapper() -> Any:
        return REGISTRY["purge"]()

    return wrapper


class Commands:
    known: dict[str, Any] = {}

    @classmethod
    def run(cls, name: str) -> Any:
        return cls.known[name]()


def in_a_registry_of_a_class(function: Any) -> Any:
    Commands.known["purge"] = function
    commands = Commands()
    return lambda: commands.run("purge")


KEPT: dict[str, Callable[[Any], Any]] = {
    "an object's attribute": lambda function: calling(Breaker(function).run),
    "an object in an object": lambda function: calling(Breaker(Breaker(function).run).run),
    "a method of an object that is called": lambda function: types.MethodType(
        lambda self: self.run(), Breaker(function)
    ),
    "slots": lambda function: calling(Slotted(function)),
    "a dataclass with slots": lambda function: (lambda job: lambda: job.function())(Job(function)),
    "a named tuple": lambda function: (lambda step: lambda: step.function())(Step(function, "purge")),
    "a partial's argument": lambda function: calling(functools.partial(retry, function)),
    "a partial's keyword": lambda function: calling(functools.partial(nested_retry, retry, again=function)),
    "a partial in a partial": lambda function: calling(functools.partial(retry, functools.partial(retry, function))),
    "a tuple": lambda function: (lambda *each: lambda: each[0]())(function),
    "a list": later,
    "a set": lambda function: (lambda all_of: lambda: [each() for each in all_of])({function}),
    "a frozenset": lambda function: (lambda all_of: lambda: [each() for each in all_of])(frozenset({function})),
    "a dict's value": lambda function: (lambda kept: lambda: kept["f"]())({"f": function}),
    "a dict's key": lambda function: (lambda kept: lambda: next(iter(kept))())({function: 1}),
    "containers in containers": lambda function: (lambda kept: lambda: kept["f"][0][0]())({"f": [(function,)]}),
    "a deque": lambda function: (lambda kept: lambda: kept[0]())(collections.deque([function])),
    "a chain of maps": lambda function: (lambda kept: lambda: kept["f"]())(collections.ChainMap({}, {"f": function})),
    "a read-only mapping": lambda function: (lambda kept: lambda: kept["f"]())(types.MappingProxyType({"f": function})),
    "a namespace": lambda function: (lambda kept: lambda: kept.function())(types.SimpleNamespace(function=function)),
    "a bound method of a container": lambda function: (lambda get: lambda: get("f")())({"f": function}.get),
    "an iterator": lambda function: (lambda kept: lambda: next(kept)())(iter([function, function])),
    "a map": lambda function: (lambda kept: lambda: next(kept))(map(retry, [function])),
    "a method caller": lambda function: (lambda call: lambda: call(Breaker(None)))(
        operator.methodcaller("__class__", function)
    ),
    "a default": with_default,
    "a keyword's default": with_keyword_default,
    "an attribute of the wrapper": in_an_attribute,
    "a weak reference": in_a_weak_reference,
    "a method of a class that the decorator makes": in_a_local_class,
    "an attribute of a class that the decorator makes": on_a_local_class,
    "a class that type() makes": on_a_made_class,
    "a property": in_a_property,
    "a generator": in_a_generator,
    "a pool's task": in_a_pool,
    "a stack of callbacks": in_a_stack,
    "a class that is called": with_a_call_of_its_class,
    "a name of exec": written_by_exec,
    "a container of exec": in_a_container_of_exec,
    "a module that nobody imports": in_a_module_that_nobody_imports,
    "a registry of the module": in_a_registry_of_the_module,
    "a registry of a class": in_a_registry_of_a_class,
    "a cache": lambda function: calling(functools.lru_cache(function)),
    "a dispatcher": lambda function: functools.partial(functools.singledispatch(lambda each: function()), 1),
}


@pytest.fixture
def actions() -> ServerActions:
    return bobs_actions()


def status_or_error(client: ActionsClient, name: str = "purge") -> int | str:
    return refused_or_error(lambda: client.call_action(name).status_code)


@pytest.mark.parametrize("keep", KEPT.values(), ids=KEPT)
def test_a_requires_is_found_wherever_a_decorator_keeps_the_function(
    actions: ServerActions, keep: Callable[[Any], Any]
) -> None:
    @requires("admin")
    def purge() -> None:
        raise AssertionError("it ran")

    actions.register(name="purge")(keep(purge))
    found = status_or_error(serve(actions))
    assert found == 403 or "@requires('admin')" in str(found)


def by_name_alone(name: str) -> bool:
    return "registry" in name or name == "a weak reference"


@pytest.mark.parametrize("keep", [KEPT[name] for name in KEPT if not by_name_alone(name)])
def test_a_requires_above_a_decorator_above_register_is_found_as_well(
    actions: ServerActions, keep: Callable[[Any], Any]
) -> None:
    @actions.register
    def purge() -> None:
        raise AssertionError("it ran")

    requires("admin")(keep(purge))  # what this gives may be gone when the app starts
    assert "@requires('admin')" in str(status_or_error(serve(actions)))


@pytest.mark.parametrize("keep", KEPT.values(), ids=KEPT)
def test_a_decorated_function_that_requires_nothing_is_served(
    actions: ServerActions, keep: Callable[[Any], Any]
) -> None:
    def purge() -> None: ...

    wrapped = keep(purge)

    @actions.register(name="purge")
    def outermost() -> None:
        assert callable(wrapped)

    assert status_or_error(serve(actions)) == 200


def test_what_a_closure_merely_mentions_keeps_no_app_from_starting(actions: ServerActions) -> None:
    app = Flask("other")
    log, store = app.logger.info, {"rows": list(range(1000)), "app": app}

    class Shop:
        @requires("root")
        def close(self) -> None: ...

        def sell(self) -> None:
            log("sold from %s", store)

    shop = Shop()
    actions.register(name="purge")(shop.sell)

    @actions.register
    @requires("admin")
    def wipe() -> None:
        log("wiped by %s", request.remote_addr)
        shop.sell()

    client = serve(actions)
    assert [status_or_error(client), status_or_error(client, "wipe")] == [200, 403]


def test_a_mark_on_a_closure_over_a_bound_method_is_a_mark(actions: ServerActions) -> None:
    log = Breaker(None).run

    @actions.register
    @requires("admin")
    def purge() -> None:
        log()

    assert status_or_error(serve(actions)) == 403


def test_functions_that_exec_wrote_call_one_another_by_their_names(actions: ServerActions) -> None:
    names: dict[str, Any] = {"requires": requires}
    exec("@requires('admin')\ndef helper(): ...\ndef purge(): helper()", names)
    actions.register(names["purge"])
    assert status_or_error(serve(actions)) == 200


@requires("admin")
def helper() -> None: ...


def test_what_exec_wrote_calls_a_function_of_a_module_by_its_name(actions: ServerActions) -> None:
    names: dict[str, Any] = {"helper": helper}
    exec("def purge(): helper()", names)
    actions.register(names["purge"])
    assert status_or_error(serve(actions)) == 200


def test_callables_in_follows_functions_alone() -> None:
    def inner() -> None: ...

    assert list(callables_in(functools.partial(lambda: inner()))) != []
    assert inner in list(callables_in(calling(inner)))
    assert inner not in list(callables_in(calling(Breaker(inner).run)))


def test_held_by_enters_no_module_no_app_and_no_proxy() -> None:
    app, marker = Flask("app"), calling(list)
    app.extensions["marker"] = marker
    held = list(held_by(lambda: (app, request, functools)))
    assert marker not in held


def test_a_class_that_its_module_knows_is_entered_at_home_alone() -> None:
    Commands.known["purge"] = function = calling(list)
    commands = Commands()
    assert function not in list(held_by(calling(commands.run)))  # type: ignore[arg-type]
    assert function in list(held_by(calling(commands.run), home={__name__}))  # type: ignore[arg-type]
    assert is_known_by_name(Commands)
    assert not is_known_by_name(function)
