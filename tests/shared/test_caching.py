"""``@cached``: what is served is never older than the last revalidation of what it shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_serveractions.shared.caching import cached, entries
from flask_serveractions.shared.revalidation import path_names, revalidate_path, tag_names
from flask_serveractions.stores.sqlite import SQLiteBackend
from flask_serveractions.stores.store import Store, open_store, store_on
from tests.shared.caching_apps import Counting, app_with, in_context

pytest_plugins = ["tests.stores_fixtures"]


@pytest.mark.usefixtures("app")
class TestValues:
    def test_a_value_is_computed_once_for_equal_arguments(self, body: Counting) -> None:
        @cached()
        def f(x: int, y: int = 2, *, z: Any = None) -> Any:
            return body()

        calls = [f(1), f(1, 2), f(x=1), f(1, y=2), f(y=2, x=1), f(1, z=None)]
        assert calls == [1] * 6
        assert [f(1, 3), f(2), f(1, z=0)] == [2, 3, 4]

    def test_keys_are_typed(self, body: Counting) -> None:
        @cached()
        def f(x: Any) -> Any:
            return body()

        assert [f(value) for value in (1, True, "1", 1.0, Decimal(1), (1,), [1], None)] == [1, 2, 3, 4, 5, 6, 7, 8]

    def test_arguments_beyond_the_named_ones_count_too(self, body: Counting) -> None:
        @cached()
        def f(first: int, *rest: int, **named: int) -> Any:
            return body()

        assert [f(1), f(1, 2), f(1, 2, 3), f(1, rest=2), f(1, 2)] == [1, 2, 3, 4, 2]

    def test_long_arguments_are_told_apart(self, body: Counting) -> None:
        @cached()
        def f(text: str) -> Any:
            return body()

        assert [f("a" * 10_000), f("a" * 10_000 + "b"), f("a" * 10_000)] == [1, 2, 1]

    def test_none_is_a_value(self, body: Counting) -> None:
        @cached()
        def f() -> None:
            body()

        assert [f(), f(), body.runs] == [None, None, 1]

    def test_a_value_comes_back_with_its_types(self) -> None:
        value = {"price": Decimal("1.20"), "tags": ("a", "b"), "rows": [{"id": 1}]}

        @cached()
        def f() -> Any:
            return value

        assert f() == f() == value
        assert type(f()["tags"]) is tuple

    def test_what_a_caller_does_to_a_value_changes_no_other(self) -> None:
        @cached()
        def f() -> list[int]:
            return [1]

        f()
        f().append(2)
        assert f() == [1]

    def test_functions_of_one_name_in_different_places_are_different(self, body: Counting) -> None:
        def outer() -> Any:
            @cached()
            def f() -> Any:
                return body()

            return f

        @cached()
        def f() -> Any:
            return body()

        assert [f(), outer()(), f()] == [1, 2, 1]

    def test_a_function_that_raises_is_run_again(self, body: Counting) -> None:
        @cached()
        def f() -> Any:
            if body() == 1:
                raise LookupError("first")
            return body.runs

        with pytest.raises(LookupError) as caught:
            f()
        assert caught.value.__context__ is None
        assert f() == 2

    def test_a_function_that_calls_itself_does_not_wait_for_itself(self) -> None:
        @cached()
        def f(depth: int, key: str = "same") -> int:
            return 0 if depth == 0 else 1 + f(depth - 1)

        @cached()
        def g() -> str:
            return "end" if seen else [seen.append(1), g()][1]  # type: ignore[func-returns-value]

        seen: list[int] = []
        assert (f(3), g()) == (3, "end")

    def test_a_result_that_json_cannot_hold_is_an_error_that_names_function_and_mend(self) -> None:
        @cached()
        def f() -> Any:
            return [object()]

        with pytest.raises(TypeError, match=r"f\(\) is cached, and its result .*<object .*Return dicts"):
            f()

    def test_an_argument_without_a_key_is_an_error_that_names_function_and_mend(self) -> None:
        @cached()
        def f(user: Any) -> Any:
            return None

        with pytest.raises(TypeError, match=r"f\(\) is cached, and no key .*<object .*Pass its id"):
            f(object())


@pytest.mark.parametrize(
    ("tags", "ttl"),
    [("todos", None), ((1,), None), (("",), None), (len, None), ((), 0), ((), -1), ((), True), ((), "9")],
)
def test_wrong_settings_are_errors_that_name_the_mend(tags: Any, ttl: Any) -> None:
    with pytest.raises(TypeError, match=r"cached\(t.*give"):
        cached(tags, ttl)


def test_what_returns_no_value_cannot_be_cached() -> None:
    async def coroutine() -> None: ...

    def generator() -> Iterator[int]:
        yield 1

    for function in (coroutine, generator):
        with pytest.raises(TypeError, match="can't be cached"):
            cached()(function)
    with pytest.raises(TypeError, match="takes a function"):
        cached()(7)  # type: ignore[arg-type]


def test_outside_of_an_app_and_in_an_app_without_us_the_function_just_runs(body: Counting) -> None:
    @cached()
    def f() -> Any:
        return body()

    assert [f(), f()] == [1, 2]
    with Flask(__name__).app_context():
        assert f() == 3


def test_a_cached_function_keeps_its_name_and_its_signature() -> None:
    @cached()
    def f(x: int) -> int:
        """Say x."""
        return x

    assert (f.__name__, f.__doc__) == ("f", "Say x.")


# Revalidation


def test_a_tag_revalidated_anywhere_makes_a_value_stale(app: Flask, store_url: str, body: Counting) -> None:
    @cached(tags=("todos", "users"))
    def f() -> Any:
        return body()

    elsewhere = open_store(store_url, "")
    assert [f(), f()] == [1, 1]
    elsewhere.bump(tag_names(["users"]))
    assert [f(), f()] == [2, 2]
    elsewhere.bump(tag_names(["other"]))
    assert f() == 2
    elsewhere.close()


def test_the_path_that_is_rendered_makes_a_value_stale_and_so_does_its_rule(
    app: Flask, store: Store, body: Counting
) -> None:
    @cached()
    def f() -> Any:
        return body()

    def on(path: str) -> Any:
        with app.test_request_context(path):
            return f()

    assert [on("/todos/1"), on("/todos/2"), on("/other"), f()] == [1, 1, 1, 1]
    store.bump(path_names(["/todos/1"]))
    assert [on("/todos/2"), on("/other"), f()] == [1, 1, 1]
    assert [on("/todos/1?page=2"), on("/todos/2")] == [2, 2]
    store.bump(path_names(["/todos/<int:todo_id>"]))
    assert [on("/other"), on("/todos/2"), on("/todos/1")] == [2, 3, 3]


def test_a_rule_in_another_spelling_makes_values_stale_as_well_as_pages(app: Flask, body: Counting) -> None:
    @cached()
    def f() -> Any:
        return body()

    def on(path: str) -> Any:
        with app.test_request_context(path):
            return f()

    def revalidate(path: str) -> None:
        with app.test_request_context("/other"):
            revalidate_path(path)

    assert [on("/todos/1"), on("/other")] == [1, 1]
    revalidate("/todos/<int(signed=False):number>")
    assert [on("/todos/1"), on("/todos/1"), on("/other")] == [2, 2, 2]
    revalidate("/todos/%3Cint:todo_id%3E")  # a path of that name
    assert on("/todos/1") == 2
    revalidate("/<path:rest>")  # another rule, which matches too
    assert [on("/todos/1"), on("/other")] == [3, 3]


def test_a_value_whose_computation_began_before_a_revalidation_is_never_served_after_it(
    app: Flask, store: Store
) -> None:
    database = ["old"]
    reading, revalidated = threading.Event(), threading.Event()

    @cached(tags=("todos",))
    def f() -> str:
        value = database[0]
        if value == "old":
            reading.set()
            assert revalidated.wait(60)
        return value

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(in_context, app, f)
        assert reading.wait(60)
        database[0] = "new"
        store.bump(tag_names(["todos"]))
        assert f() == "new"  # without waiting for the older computation
        revalidated.set()
        assert slow.result() == "old"  # it was called before
    assert f() == "new"


def test_a_value_made_of_cached_values_has_their_tags(app: Flask, store: Store, body: Counting) -> None:
    @cached(tags=("inner",))
    def inner() -> Any:
        return body()

    @cached(tags=("outer",))
    def outer() -> Any:
        return [inner(), body()]

    assert (outer(), outer()) == ([1, 2], [1, 2])
    store.bump(tag_names(["inner"]))
    assert outer() == [3, 4]
    store.bump(tag_names(["outer"]))
    assert outer() == [3, 5]
    store.bump(tag_names(["inner"]))
    assert outer() == [6, 7]


def test_a_value_made_of_cached_values_is_as_old_as_they_are(app: Flask, store: Store, body: Counting) -> None:
    @cached()
    def inner() -> Any:
        return body()

    @cached(tags=("outer",))
    def outer() -> Any:
        return inner()

    with app.test_request_context("/other"):
        assert inner() == 1
    store.bump(path_names(["/todos"]))
    with app.test_request_context("/other"):
        assert outer() == 1  # /other was not revalidated
    with app.test_request_context("/todos"):
        assert outer() == 2


def test_a_value_is_used_no_longer_than_its_time(tmp_path: Path, body: Counting) -> None:
    now = [0.0]
    store = store_on(SQLiteBackend(tmp_path / "state", clock=lambda: now[0], ticks=lambda: now[0]))

    @cached(ttl=10)
    def f() -> Any:
        return body()

    with app_with(store).app_context():
        assert [f(), f()] == [1, 1]
        now[0] += 11
        assert f() == 2
    store.close()


def test_what_is_stored_can_be_listed_and_cleared(app: Flask, store: Store, body: Counting) -> None:
    @cached(tags=("todos",))
    def f(x: int) -> Any:
        return body()

    [f(1), f(2)]
    store.bump(tag_names(["todos"]))
    f(3)
    seen = sorted(entries(store), key=lambda entry: entry.key)
    assert [(entry.tags, entry.fresh) for entry in seen] == [(("todos",), False)] * 2 + [(("todos",), True)]
    assert {entry.function.rpartition(".")[2] for entry in seen} == {"f"}
    assert seen[0].key.endswith('f:{"x":1}')
    store.clear()
    assert list(entries(store)) == []
    assert f(3) == 4
