"""Marks say who may pass, wherever they stand: no order of decorators leaves a door open."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_serveractions import MethodRoute, ServerActions, public, requires
from flask_serveractions.operation import Operation
from flask_serveractions.testing import ActionsClient
from tests.decorators import Decorator, decorated, hiding, wrapping

actions: ServerActions


@pytest.fixture(autouse=True)
def fresh_extension() -> None:
    global actions
    actions = ServerActions()

    @actions.auth_hook
    def who(operation: Operation) -> str | None:
        return "an admin" if operation.requires <= {"admin"} and sought.get("identity") else None


sought: dict[str, bool] = {}


def serve(identity: bool = False) -> ActionsClient:
    """Return a client of an app that serves what was registered, of somebody unknown or of an admin."""
    sought["identity"] = identity
    app = Flask("marked")
    app.config.update(SECRET_KEY="a key for tests", TESTING=True)
    actions.init_app(app)
    return ActionsClient(app, use_cookies=True)


def status_for(identity: bool = False, name: str = "purge") -> int:
    return serve(identity).call_action(name).status_code


class Hiding:
    """A decorator that is a class, and does not say what it wraps."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__name__ = "purge"
        self.__module__ = __name__

    def __call__(self) -> Any:
        return self.function()


def register(function: Any) -> Any:
    return actions.register(name="purge")(function)


admin = requires("admin")
other = requires("root")

ORDERS: dict[str, Callable[[Decorator], tuple[Decorator, ...]]] = {
    "below": lambda mark: (register, mark),
    "above": lambda mark: (mark, register),
    "above a wrapper above": lambda mark: (mark, wrapping, register),
    "above two wrappers above": lambda mark: (mark, wrapping, wrapping, register),
    "between wrappers above": lambda mark: (wrapping, mark, wrapping, register),
    "below a wrapper below": lambda mark: (register, wrapping, mark),
    "above a wrapper below": lambda mark: (register, mark, wrapping),
    "between wrappers below": lambda mark: (register, wrapping, mark, wrapping),
    "wrappers on both sides": lambda mark: (wrapping, register, wrapping, mark, wrapping),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_public_opens_from_wherever_it_stands(order: Callable[[Decorator], tuple[Decorator, ...]]) -> None:
    decorated(*order(public))
    assert status_for(identity=False) == 200


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_requires_closes_from_wherever_it_stands(order: Callable[[Decorator], tuple[Decorator, ...]]) -> None:
    decorated(*order(other))
    assert status_for(identity=True) == 401


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_requires_lets_in_who_has_it_from_wherever_it_stands(
    order: Callable[[Decorator], tuple[Decorator, ...]],
) -> None:
    decorated(*order(admin))
    assert status_for(identity=True) == 200


HIDDEN: dict[str, tuple[Decorator, ...]] = {
    "above, outside": (other, hiding, register),
    "above, two of them": (other, hiding, hiding, register),
    "above, with a good one": (other, wrapping, hiding, register),
    "above, and public too": (other, hiding, public, register),
    "below, inside": (register, hiding, other),
    "below, two of them": (register, hiding, hiding, other),
    "below, with a good one": (register, hiding, wrapping, other),
    "below, and public too": (register, public, hiding, other),
    "by a class": (other, Hiding, register),
    "by a partial": (other, functools.partial, register),
}


@pytest.mark.parametrize("order", HIDDEN.values(), ids=HIDDEN)
def test_a_requires_that_a_decorator_hides_is_an_error_at_start(order: tuple[Decorator, ...]) -> None:
    decorated(*order)  # the marked wrapper itself may be gone by then
    with pytest.raises(RuntimeError, match=r"@requires\('root'\).*hides the function.*functools\.wraps"):
        status_for(identity=True)


def test_a_hidden_requires_is_an_error_whatever_the_wrapped_function_is_called() -> None:
    def wrapper_of(purge: Any) -> Any:
        def wrapper() -> Any:
            return purge()

        return wrapper

    globals()["purge"] = register(purge_of_this_module)
    kept = other(wrapper_of(purge_of_this_module))
    with pytest.raises(RuntimeError, match="hides the function"):
        status_for(identity=True)
    assert callable(kept)


def purge_of_this_module() -> None: ...


purge_of_this_module.__name__ = purge_of_this_module.__qualname__ = "purge"


@pytest.mark.parametrize("order", [(public, hiding, register), (register, hiding, public)], ids=["above", "below"])
def test_a_public_that_a_decorator_hides_leaves_the_door_closed(order: tuple[Decorator, ...]) -> None:
    decorated(*order)
    assert status_for(identity=False) == 401


def test_a_requires_on_both_sides_of_a_hiding_decorator_is_none_that_is_hidden() -> None:
    decorated(register, other, hiding, other)
    assert status_for(identity=True) == 401


def test_an_action_may_call_one_beside_it_that_requires_more() -> None:
    def factory() -> None:
        @actions.register
        @requires("root")
        def purge() -> None: ...

        @actions.register
        def tidy() -> None:
            purge()

    factory()
    assert status_for(identity=True, name="tidy") == 200


def test_an_action_that_requires_more_may_call_one_beside_it() -> None:
    def factory() -> None:
        @actions.register
        def tidy() -> None: ...

        @actions.register
        @requires("root")
        def purge() -> None:
            tidy()

    factory()
    assert status_for(identity=True, name="tidy") == 200


def test_a_resource_that_is_not_served_may_call_an_action_and_require_more() -> None:
    def factory() -> None:
        @actions.register
        def tidy() -> None: ...

        class Unserved(MethodRoute):
            @requires("root")
            def delete(self) -> None:
                tidy()

    factory()
    assert status_for(identity=True, name="tidy") == 200


def test_the_function_stays_as_it_was() -> None:
    def purge() -> str:
        return "purged"

    assert actions.register(requires("root")(purge)) is purge
    assert public(print_nothing) is print_nothing
    assert purge() == "purged"


def print_nothing() -> None: ...


def test_several_requires_add_up() -> None:
    decorated(requires("admin"), register, requires("root"))
    client = serve(identity=True)
    client.get("/")
    state = client.application.extensions["serveractions.state"]
    assert state.actions["purge"].requires == {"admin", "root"}


# Methods and classes


def answers(view_class: type[MethodRoute], identity: bool, method: str = "GET") -> int:
    actions.route("/thing")(view_class)
    return serve(identity).open("/thing", method=method).status_code


def test_a_method_inherits_what_its_class_requires() -> None:
    @requires("root")
    class Thing(MethodRoute):
        def get(self) -> str:
            return "got"

    assert answers(Thing, identity=True) == 401


def test_a_method_inherits_that_its_class_is_public() -> None:
    @public
    class Thing(MethodRoute):
        def get(self) -> str:
            return "got"

    assert answers(Thing, identity=False) == 200


def test_a_mark_on_a_class_may_stand_above_route_and_below() -> None:
    @public
    @actions.route("/above")
    class Above(MethodRoute):
        def get(self) -> str:
            return "got"

    @actions.route("/below")
    @public
    class Below(MethodRoute):
        def get(self) -> str:
            return "got"

    client = serve()
    assert [client.get("/above").status_code, client.get("/below").status_code] == [200, 200]


def test_a_method_overrides_its_class() -> None:
    @requires("root")
    @actions.route("/closed")
    class Closed(MethodRoute):
        @public
        def get(self) -> str:
            return "got"

        @requires("admin")
        def delete(self) -> None: ...

    @public
    @actions.route("/open")
    class Open(MethodRoute):
        @requires("admin")
        def get(self) -> str:
            return "got"

    anybody, an_admin = serve(identity=False), serve(identity=True)
    sought["identity"] = False
    assert [anybody.get("/closed").status_code, anybody.get("/open").status_code] == [200, 401]
    sought["identity"] = True
    assert an_admin.delete("/closed").status_code == 204


def test_a_subclass_inherits_the_marks_of_its_base() -> None:
    @requires("root")
    class Base(MethodRoute):
        @public
        def get(self) -> str:
            return "got"

        def put(self) -> None: ...

    class Child(Base):
        def delete(self) -> None: ...

    actions.route("/thing")(Child)
    client = serve(identity=True)
    statuses = [client.open("/thing", method=method).status_code for method in ("GET", "PUT", "DELETE")]
    assert statuses == [200, 401, 401]


def test_a_subclass_overrides_the_mark_of_its_base() -> None:
    @requires("root")
    class Base(MethodRoute):
        def get(self) -> str:
            return "got"

    @public
    class Child(Base):
        pass

    assert answers(Child, identity=False) == 200


def test_a_method_written_anew_is_not_public_because_the_old_one_was() -> None:
    class Base(MethodRoute):
        @public
        def get(self) -> str:
            return "got"

    class Child(Base):
        def get(self) -> str:
            return "something private"

    assert answers(Child, identity=False) == 401


def test_a_method_written_anew_still_requires_what_the_old_one_did() -> None:
    class Base(MethodRoute):
        @requires("root")
        def get(self) -> str:
            return "got"

    class Child(Base):
        def get(self) -> str:
            return "got"

    assert answers(Child, identity=True) == 401


def test_a_public_subclass_does_not_open_an_inherited_method_that_requires_something() -> None:
    class Base(MethodRoute):
        @requires("root")
        def delete(self) -> None: ...

    @public
    class Child(Base):
        def get(self) -> str:
            return "got"

    actions.route("/thing")(Child)
    client = serve(identity=False)
    assert [client.get("/thing").status_code, client.delete("/thing").status_code] == [200, 401]


def test_a_subclass_that_requires_something_closes_an_inherited_public_method() -> None:
    class Base(MethodRoute):
        @public
        def get(self) -> str:
            return "got"

    @requires("root")
    class Child(Base):
        pass

    assert answers(Child, identity=True) == 401


def test_a_mixin_that_is_no_view_brings_its_marks() -> None:
    class Purging:
        @requires("root")
        def delete(self) -> None: ...

    class Thing(Purging, MethodRoute):
        pass

    assert answers(Thing, identity=True, method="DELETE") == 401


def test_static_and_class_methods_carry_marks_inside_and_outside() -> None:
    class Thing(MethodRoute):
        @public
        @staticmethod
        def get() -> str:
            return "got"

        @classmethod
        @public
        def put(cls) -> None: ...

        @requires("root")
        @classmethod
        def delete(cls) -> None: ...

    actions.route("/thing")(Thing)
    assert [serve().open("/thing", method=each).status_code for each in ("GET", "PUT", "DELETE")] == [200, 204, 401]


METHODS: dict[str, tuple[Decorator, ...]] = {
    "above": (other, lambda function: lambda *args, **kwargs: function(*args, **kwargs)),
    "below": (lambda function: lambda *args, **kwargs: function(*args, **kwargs), other),
}


def test_a_requires_above_a_hiding_decorator_of_a_method_holds() -> None:
    class Thing(MethodRoute):
        delete = decorated(*METHODS["above"])

    assert answers(Thing, identity=True, method="DELETE") == 401


def test_a_requires_below_a_hiding_decorator_of_a_method_is_an_error_at_start() -> None:
    class Thing(MethodRoute):
        delete = decorated(*METHODS["below"])

    with pytest.raises(RuntimeError, match=r"@requires\('root'\).*hides the function"):
        answers(Thing, identity=True, method="DELETE")


def test_a_requires_on_a_class_that_a_decorator_made_of_the_registered_one_is_an_error_at_start() -> None:
    def replacing(cls: Any) -> Any:
        return type(cls.__name__, (cls,), {"__module__": cls.__module__, "__qualname__": cls.__qualname__})

    @requires("root")
    @replacing
    @actions.route("/thing")
    class Thing(MethodRoute):
        def get(self) -> str:
            return "got"

    with pytest.raises(RuntimeError, match=r"@requires\('root'\)"):
        serve(identity=True).get("/thing")


@pytest.mark.parametrize("mark", [public, other], ids=["public", "requires"])
def test_a_mark_on_a_view_is_an_error_that_names_the_class(mark: Decorator) -> None:
    class Thing(MethodRoute):
        def get(self) -> str:
            return "got"

    with pytest.raises(TypeError, match=r"is a view.*Thing"):
        mark(Thing.as_view("thing"))


@pytest.mark.parametrize("mark", [public, other], ids=["public", "requires"])
def test_a_mark_among_the_decorators_of_a_class_is_an_error_at_start(mark: Decorator) -> None:
    class Thing(MethodRoute):
        decorators = [mark]

        def get(self) -> str:
            return "got"

    with pytest.raises(TypeError, match=r"view of .*Thing.* is marked"):
        answers(Thing, identity=True)


def test_marks_hold_on_a_view_that_a_plain_function_wraps() -> None:
    class Thing(MethodRoute):
        @requires("root")
        def get(self) -> str:
            return "got"

        @public
        def put(self) -> None: ...

    view = Thing.as_view("thing")
    client = serve(identity=True)
    client.application.add_url_rule("/thing", "thing", lambda: view(), methods=["GET", "PUT"])
    assert client.get("/thing").status_code == 401
    sought["identity"] = False
    assert client.put("/thing").status_code == 204


def test_marks_hold_on_a_class_that_is_put_behind_a_view_later() -> None:
    @public
    class Before(MethodRoute):
        def get(self) -> str:
            return "got"

    class After(MethodRoute):
        @requires("root")
        def get(self) -> str:
            return "got"

    client = serve(identity=True)
    view: Any = Before.as_view("thing")
    client.application.add_url_rule("/thing", view_func=view)
    assert client.get("/thing").status_code == 200
    view.view_class = After
    assert client.get("/thing").status_code == 401
