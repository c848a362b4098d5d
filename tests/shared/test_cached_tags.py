"""Tags that depend on the arguments, and values that are too large to be kept."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from flask_serveractions.shared import caching
from flask_serveractions.shared.caching import cached, entries
from flask_serveractions.shared.revalidation import revalidate_tag, tag_names
from flask_serveractions.stores.store import Store
from tests.shared.caching_apps import Counting, in_context

pytest_plugins = ["tests.stores_fixtures"]


def test_a_tag_of_one_argument_makes_its_value_stale_alone(app: Flask, body: Counting) -> None:
    @cached(tags=lambda todo_id: (f"todo:{todo_id}", "todos"))
    def f(todo_id: int, full: bool = False) -> Any:
        return body()

    assert [f(1), f(2), f(1, True), f(todo_id=1)] == [1, 2, 3, 1]
    revalidate_tag("todo:1")
    assert [f(1), f(2), f(1, full=True)] == [4, 2, 5]
    revalidate_tag("todos")
    assert [f(1), f(2)] == [6, 7]


def test_a_tag_may_hold_the_name_of_a_file_that_is_no_text(app: Flask, body: Counting) -> None:
    @cached(tags=lambda name: (f"file:{name}",))
    def f(name: str) -> Any:
        return body()

    names = [os.fsdecode(b"caf\xe9.txt"), os.fsdecode(b"caf\xea.txt")]
    assert [f(each) for each in names * 2] == [1, 2, 1, 2]
    revalidate_tag(f"file:{names[0]}")
    assert [f(each) for each in names] == [3, 2]


@pytest.mark.parametrize(
    "tags",
    [
        lambda a, b: {f"{a}-{b}"},
        lambda b, a: [f"{a}-{b}"],
        lambda *, b, a: (f"{a}-{b}",),
        lambda b=5, a=7: (f"{a}-{b}",),
        lambda x, y=2: (f"{x}-{y}",),
        lambda *args: (f"{args[0]}-{args[1] if args[1:] else 2}",),
    ],
)
def test_they_are_given_the_arguments_by_name_or_as_they_come(app: Flask, body: Counting, tags: Any) -> None:
    @cached(tags=tags)
    def f(a: int, b: int = 2) -> Any:
        return body()

    assert [f(1), f(1)] == [1, 1]
    revalidate_tag("1-3")
    assert f(1) == 1
    revalidate_tag("1-2")
    assert f(1) == 2


def test_a_value_made_of_another_has_the_tags_of_its_arguments(app: Flask, body: Counting) -> None:
    @cached(tags=lambda number: (f"inner:{number}",))
    def inner(number: int) -> Any:
        return body()

    @cached()
    def outer(number: int) -> Any:
        return [inner(number)]

    assert [outer(1), outer(2)] == [[1], [2]]
    revalidate_tag("inner:2")
    assert [outer(1), outer(2)] == [[1], [3]]


@pytest.mark.parametrize("made", [None, "todos", [1], [""], 7, b"todos"])
def test_what_is_no_sequence_of_tags_is_an_error_that_names_function_and_mend(app: Flask, made: Any) -> None:
    @cached(tags=lambda: made)
    def f() -> None: ...

    with pytest.raises(TypeError, match=r"f\(\) is cached, and its tags are .*Return a sequence"):
        f()


def test_a_function_of_tags_that_gives_none_at_once_is_refused() -> None:
    async def later() -> None: ...

    with pytest.raises(TypeError, match="plain function"):
        cached(tags=later)(lambda: 1)  # type: ignore[call-overload]


def test_forgotten_brackets_are_told_of_where_the_function_is_written() -> None:
    with pytest.raises(TypeError, match=r"@cached\(\)"):

        @cached  # type: ignore[call-overload]
        def f() -> None: ...


def test_what_the_function_of_tags_raises_comes_through(app: Flask, body: Counting) -> None:
    @cached(tags=lambda number: [f"{1 // number}"])
    def f(number: int) -> Any:
        return body()

    with pytest.raises(ZeroDivisionError):
        f(0)
    assert body.runs == 0


# Values that are too large


def test_a_value_over_the_limit_is_not_kept_and_the_log_says_so_once(
    app: Flask, store: Store, body: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    @cached(tags=("large",))
    def f(size: int) -> str:
        body()
        return "\N{EURO SIGN}" * size

    with caplog.at_level(logging.WARNING, "flask_serveractions"):
        for _ in range(3):
            assert len(f(caching.LARGEST // 6)) == caching.LARGEST // 6
    assert body.runs == 3
    assert [record.getMessage().count("1048576 are the most") for record in caplog.records] == [1]
    assert list(entries(store)) == []
    assert sum(len(text) for _, text in store.entries()) < 1000
    assert [len(f(10)), len(f(10))] == [10, 10]
    assert body.runs == 4


def test_a_value_of_just_the_limit_is_kept(app: Flask, store: Store, body: Counting) -> None:
    @cached()
    def f() -> str:
        body()
        return "a" * (caching.LARGEST - 500)

    assert f() == f()
    assert body.runs == 1


def test_nobody_waits_for_a_value_that_is_not_kept(app: Flask) -> None:
    together = threading.Barrier(3)

    @cached()
    def f(wait: bool = True) -> str:
        if large[1:]:
            together.wait(60)  # all three are in here at once
        return "a" * caching.LARGEST

    large = ["once"]
    f()
    large.append("again")
    with ThreadPoolExecutor(3) as pool:
        results = [pool.submit(in_context, app, f) for _ in range(3)]
        assert {len(each.result(20)) for each in results} == {caching.LARGEST}


def test_a_value_that_is_small_again_is_kept_and_its_revalidation_counts_meanwhile(
    app: Flask, store: Store, body: Counting
) -> None:
    size = [caching.LARGEST]

    @cached(tags=("large",))
    def inner() -> str:
        body()
        return "a" * size[0]

    @cached()
    def outer() -> int:
        return len(inner())

    assert [outer(), outer(), body.runs] == [caching.LARGEST, caching.LARGEST, 1]
    size[0] = 3
    store.bump(tag_names(["large"]))
    assert [outer(), outer(), len(inner()), body.runs] == [3, 3, 3, 2]
