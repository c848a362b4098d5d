"""No two functions share a value, and no two calls that differ."""

from __future__ import annotations

import enum
import functools
import math
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from flask_serveractions.shared.cache_keys import Identity, Signature
from flask_serveractions.shared.caching import cached
from flask_serveractions.stores.store import Store
from tests.shared.caching_apps import Counting, app_with

pytest_plugins = ["tests.stores_fixtures"]


@pytest.fixture(autouse=True)
def app(tmp_path: Any) -> Iterator[Flask]:
    from flask_serveractions.stores.store import open_store

    store: Store = open_store(f"sqlite:///{tmp_path / 'state'}", "")
    app = app_with(store)
    with app.app_context():
        yield app
    store.close()


# Functions that are made in one place


def closing_over(value: Any) -> Callable[[], Any]:
    @cached()
    def f() -> Any:
        return str(value)

    return f


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Shop:
    name: str

    def rows(self) -> str:
        return self.name


ALIKE: list[Any] = [1, True, "1", 1.0, b"1", None, "None", (1,), ("1",), frozenset({1}), 0.0, -0.0, math.nan, math.inf]
ALIKE += [[1], [1, 2], {"a": 1}, {"a": 2}, {1}, Shop("a"), Shop("b"), object(), Colour.RED, Colour.BLUE]
ALIKE += [math, sys, len, print, Shop, Colour, closing_over, lambda: 1, lambda: 2, functools.partial(int, "1")]


def test_closures_with_different_variables_share_nothing() -> None:
    functions = [closing_over(value) for value in ALIKE]
    expected = [str(value) for value in ALIKE]
    for _ in range(2):
        assert [f() for f in functions] == expected


def test_closures_over_objects_that_look_alike_share_nothing() -> None:
    shops = [Shop("one"), Shop("one")]
    functions = [closing_over(shop) for shop in shops]
    [f() for f in functions]
    shops[1].name = "two"
    again = closing_over(shops[1])
    assert [functions[0](), again()] == ["Shop(name='one')", "Shop(name='two')"]


def test_closures_of_closures_share_nothing() -> None:
    def outer(number: int) -> Callable[[], int]:
        def helper(more: int = number) -> int:
            return number * 10 + more

        @cached()
        def f() -> int:
            return helper()

        return f

    functions = [outer(number) for number in (1, 2, 3)]
    assert [f() for f in functions] == [f() for f in functions] == [11, 22, 33]


def test_cached_closures_of_cached_closures_share_nothing() -> None:
    def outer(number: int) -> Callable[[], int]:
        @cached()
        def inner() -> int:
            return number

        @cached()
        def f() -> int:
            return inner() + 1

        return f

    functions = [outer(number) for number in (1, 2)]
    assert [f() for f in functions] == [f() for f in functions] == [2, 3]


def test_closures_that_differ_in_nothing_are_one_in_every_process() -> None:
    first, second = (Identity(of(7)) for of in (plain_closure, plain_closure))
    assert first.key == second.key
    assert first.is_shared


def plain_closure(number: int) -> Callable[[], int]:
    def f() -> int:
        return number

    return f


def test_a_closure_that_counts_its_runs_is_one_of_its_own() -> None:
    def counting() -> Callable[[], int]:
        runs = 0

        @cached()
        def f() -> int:
            nonlocal runs
            runs += 1
            return runs

        return f

    first, second = counting(), counting()
    assert [first(), first(), second(), second()] == [1, 1, 1, 1]
    assert first.__closure__ is not None


def test_lambdas_share_nothing() -> None:
    one, two = cached()(lambda: 1), cached()(lambda: 2)
    loop = [cached()(lambda number=number: number) for number in range(3)]
    for _ in range(2):
        assert [one(), two(), *(f() for f in loop)] == [1, 2, 0, 1, 2]


def test_partials_bound_methods_and_callable_objects_share_nothing() -> None:
    class Adding:
        def __init__(self, number: int) -> None:
            self.number = number

        def __call__(self) -> int:
            return self.number

    made = [functools.partial(int, "1"), functools.partial(int, "2"), Shop("a").rows, Shop("b").rows]
    functions = [cached()(each) for each in (*made, Adding(1), Adding(2))]
    for _ in range(2):
        assert [f() for f in functions] == [1, 2, "a", "b", 1, 2]


def test_what_a_decorator_made_of_functions_shares_nothing() -> None:
    def shouting(function: Callable[[], str]) -> Callable[[], str]:
        def wrapper() -> str:
            return function().upper()

        return wrapper

    def a() -> str:
        return "a"

    def b() -> str:
        return "b"

    functions = [cached()(shouting(each)) for each in (a, b)]
    assert [f() for f in functions] == [f() for f in functions] == ["A", "B"]


def defined(source: str, name: str = "made_here") -> Any:
    module = ModuleType(name)
    exec(source, module.__dict__)
    return module


def test_two_functions_of_one_name_in_one_module_share_nothing() -> None:
    one = defined("def f(): return 1")
    two = defined("\ndef f(): return 2")
    functions = [cached()(each.f) for each in (one, two)]
    assert [f() for f in functions] == [f() for f in functions] == [1, 2]


def test_a_module_that_is_loaded_again_finds_its_values() -> None:
    source = "runs = []\ndef f():\n    runs.append(1)\n    return len(runs)"
    first, again = (cached()(defined(source, "loaded_twice").f) for _ in range(2))
    assert [first(), again()] == [1, 1]


@cached()
def at_the_top(number: int) -> int:
    return number


def test_a_function_at_the_top_of_a_module_is_known_by_its_name_alone() -> None:
    identity = Identity(at_the_top.__wrapped__)  # type: ignore[attr-defined]
    assert identity.key == f"{__name__}.at_the_top"
    assert identity.is_shared


def test_threads_that_ask_for_a_key_at_once_get_the_same() -> None:
    class Looked:
        """Whoever looks at it for the first time is overtaken by another thread."""

        looks = 0

        @property
        def serveractions_cached(self) -> bool:
            self.looks += 1
            if self.looks == 1:
                others.append(pool.submit(lambda: identity.key).result())
            raise AttributeError

    others: list[str] = []
    looked = Looked()
    identity = Identity(lambda: looked)
    with ThreadPoolExecutor(1) as pool:
        assert [identity.key, identity.key] == others * 2


def test_a_function_that_uses_itself_is_cached(app: Flask) -> None:
    body = Counting()

    @cached()
    def fibonacci(n: int) -> int:
        body()
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(20) == 6765
    assert body.runs == 21


# Calls


def positional_only(a: Any, /, **rest: Any) -> Any:
    return a, rest


def keyword_only(*, a: Any = 1, b: Any = 2) -> Any:
    return a, b


def mixed(a: Any, /, b: Any = 0, *rest: Any, c: Any = 0, **named: Any) -> Any:
    return a, b, rest, c, named


def starred(*args: Any) -> Any:
    return args


def named(**kwargs: Any) -> Any:
    return kwargs


CALLS: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
    (positional_only, (1,), {}),
    (positional_only, (2,), {}),
    (positional_only, (1,), {"a": 2}),
    (positional_only, (2,), {"a": 1}),
    (positional_only, (1,), {"rest": {"a": 2}}),
    (positional_only, (1,), {"$": 1}),
    (keyword_only, (), {}),
    (keyword_only, (), {"a": 2}),
    (keyword_only, (), {"b": 1}),
    (keyword_only, (), {"a": 2, "b": 1}),
    (mixed, (1,), {}),
    (mixed, (1, 2), {}),
    (mixed, (1, 2, 3), {}),
    (mixed, (1, 2, 3, 4), {}),
    (mixed, (1, 2, (3, 4)), {}),
    (mixed, (1,), {"c": 2}),
    (mixed, (1,), {"rest": 2}),
    (mixed, (1,), {"rest": (3,)}),
    (mixed, (1,), {"a": 2}),
    (mixed, (1,), {"named": {"a": 2}}),
    (mixed, (1,), {"d": 2}),
    (starred, (), {}),
    (starred, ([],), {}),
    (starred, ((),), {}),
    (starred, ({}, []), {}),
    (starred, (1, 2), {}),
    (starred, ([1, 2],), {}),
    (named, (), {}),
    (named, (), {"args": ()}),
    (named, (), {"kwargs": {}}),
    (named, (), {"": 1}),
    (named, (), {"$": "tuple", "value": [1]}),
    (named, (), {"value": (1,)}),
]


def test_calls_that_differ_share_nothing() -> None:
    functions = {each: cached()(each) for each, _, _ in CALLS}
    for _ in range(2):
        for function, args, kwargs in CALLS:
            assert functions[function](*args, **kwargs) == function(*args, **kwargs)


@pytest.mark.parametrize("value", [1, True, 1.0, "1", b"1", None, (1,), [1], {1: 1}, {"1": 1}, {"$": 1}, math.nan])
def test_arguments_are_typed(value: Any) -> None:
    @cached()
    def f(x: Any, /, *more: Any, y: Any = None, **rest: Any) -> str:
        return repr((x, more, y, rest))

    for other in (1, True, 1.0, "1", b"1", None, (1,), [1], {1: 1}, {"1": 1}, {"$": 1}, math.nan):
        f(other, other, y=other, z=other)
    assert f(value, value, y=value, z=value) == repr((value, (value,), value, {"z": value}))


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), ((1, 2), {}), ((1,), {"x": 1}), ((1,), {"y": 1}), ((), {"y": 1}), ((1,), {"": 1})]
)
def test_a_call_that_the_function_does_not_take_is_an_error_even_where_its_like_is_kept(args: Any, kwargs: Any) -> None:
    @cached()
    def f(x: int) -> int:
        return x

    f(1)
    with pytest.raises(TypeError, match=r"\.f\(\): "):
        f(*args, **kwargs)


@pytest.mark.parametrize(("args", "kwargs"), [((1,), {}), ((), {"x": 1}), ((1, 2), {}), ((1,), {"y": 2})])
def test_one_call_has_one_key_however_it_is_written(args: Any, kwargs: Any) -> None:
    def f(x: int, y: int = 2) -> None: ...

    assert Signature(f).arguments(args, kwargs) == {"x": 1, "y": 2}
