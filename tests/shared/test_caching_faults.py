"""``@cached`` among threads and processes, some of which die, and with a store that fails."""

from __future__ import annotations

import logging
import mmap
import sqlite3
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_serveractions import ServerActions, revalidate_path, revalidate_tag
from flask_serveractions.shared.caching import cached
from flask_serveractions.shared.revalidation import tag_names
from flask_serveractions.stores.store import Store, StoreCorrupt, open_store
from tests.shared.caching_apps import Counting, app_with, in_context
from tests.stores_processes import AT_ONCE, ONCE, EightProcesses, RedisServer, eventually, kill, milliseconds, process

pytest_plugins = ["tests.stores_fixtures"]

LEASE = 3.0  # seconds; a busy machine misses one beat of the four in it, but not three


# One computes, the others wait


@contextmanager
def patient_stores() -> Iterator[None]:
    """No store that is opened in here counts as hung because the machine is busy."""
    with pytest.MonkeyPatch.context() as patched:
        for limit in ("store.HASTE", "redis.CONNECT_SECONDS", "redis.ANSWER_SECONDS"):
            patched.setattr(f"flask_serveractions.stores.{limit}", 60.0)
        yield


@pytest.fixture
def patience() -> Iterator[None]:
    with patient_stores():
        yield


def test_of_many_threads_one_computes(patience: None, app: Flask) -> None:
    runs: list[int] = []
    entered = threading.Event()

    @cached(lease=60)
    def f() -> int:
        runs.append(1)
        entered.wait(0.2)  # so that the others arrive meanwhile
        return len(runs)

    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda _: in_context(app, f), range(20)))
    assert (results, len(runs)) == ([1] * 20, 1)


@cached(lease=60)
def slow(path: str) -> int:
    with open(path, "a") as file:
        file.write("x")
    time.sleep(0.3)
    return Path(path).stat().st_size


def call_slow(number: int, url: str, path: str) -> int:
    with patient_stores():
        store = open_store(url, "")
    return int(in_context(app_with(store), slow, path))


def test_of_eight_processes_one_computes(eight: EightProcesses, store_url: str, tmp_path: Path) -> None:
    assert eight.run(call_slow, store_url, str(tmp_path / "runs")) == [1] * 8


@cached(lease=LEASE)
def endless(path: str) -> str:
    if Path(path).exists():
        return "computed anew"
    Path(path).write_text("begun")
    threading.Event().wait(60)
    return "never"


def call_endless(url: str, path: str) -> None:
    in_context(app_with(open_store(url, "")), endless, path)


def test_a_computing_process_that_is_killed_is_replaced(app: Flask, store_url: str, tmp_path: Path) -> None:
    path = tmp_path / "begun"
    with process(call_endless, store_url, str(path)) as computing, ThreadPoolExecutor(1) as pool:
        eventually(path.exists)
        waiting = pool.submit(in_context, app, endless, str(path))
        with pytest.raises(FutureTimeout):
            waiting.result(1.2 * LEASE)  # the process that lives renews it
        kill(computing)
        assert waiting.result(60) == "computed anew"


# Eight processes that revalidate and read


class Slots:
    """Sixteen numbers in a file that processes share: for each, what is true, and what was revalidated."""

    def __init__(self, path: str) -> None:
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 128)

    def read(self, half: int) -> list[int]:
        return list(struct.unpack_from("8q", self.map, half * 64))

    def write(self, half: int, slot: int, value: int) -> None:
        start = half * 64 + slot * 8
        self.map[start : start + 8] = struct.pack("q", value)  # not pack_into, which writes zeros first


TRUTH, REVALIDATED = 0, 1


@cached(tags=("slots",))
def truth(path: str) -> list[int]:
    return Slots(path).read(TRUTH)


def revalidate_and_read(number: int, url: str, path: str, seconds: float) -> tuple[int, int]:
    store = open_store(url, "")
    slots, stale, rounds = Slots(path), 0, 0
    deadline = time.monotonic() + seconds
    with app_with(store).app_context():
        while rounds < 10 or time.monotonic() < deadline:
            rounds += 1
            if rounds % 5 == 0:
                slots.write(TRUTH, number, rounds)
                store.bump(tag_names(["slots"]))
                slots.write(REVALIDATED, number, rounds)
            at_least = slots.read(REVALIDATED)
            seen = truth(path)
            stale += any(value < least for value, least in zip(seen, at_least, strict=True))
    return rounds, stale


def test_eight_processes_that_revalidate_and_read_see_nothing_stale(
    eight: EightProcesses, store: Store, store_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "slots"
    path.write_bytes(bytes(128))
    results = eight.run(revalidate_and_read, store_url, str(path), 2.0)
    assert [stale for _, stale in results] == [0] * 8
    assert min(rounds for rounds, _ in results) > 5
    assert store.lookup("key", []).counter == sum(rounds // 5 for rounds, _ in results)  # none was refused


# A store that fails


def test_a_store_that_stands_still_costs_a_second_once_and_the_log_says_so_once(
    redis_server: RedisServer, body: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    @cached(tags=("todos",))
    def f() -> Any:
        return body()

    store = open_store(redis_server.url, "")
    with app_with(store).app_context(), caplog.at_level(logging.WARNING, "flask_serveractions"):
        f()
        redis_server.freeze()
        assert milliseconds(f) < ONCE
        assert max(milliseconds(f) for _ in range(50)) < AT_ONCE
        assert body.runs == 52
        redis_server.thaw()
        eventually(lambda: f() == f())
    assert len(caplog.records) == 1
    store.close()


@contextmanager
def locked(path: Path, *, readers_too: bool) -> Iterator[None]:
    """Hold the lock of a file, as a program does that hangs in a transaction."""
    other = sqlite3.connect(path, isolation_level=None, timeout=60)
    if readers_too:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE serveractions_meta SET counter = counter")
    try:
        yield
    finally:
        other.close()


@pytest.mark.parametrize("readers_too", [True, False])
@pytest.mark.parametrize("opened_before", [True, False])
def test_a_file_that_is_locked_costs_a_request_a_second_at_most(
    tmp_path: Path, body: Counting, readers_too: bool, opened_before: bool
) -> None:
    url = f"sqlite:///{tmp_path / 'state'}"
    open_store(url, "").bump(["there is one"])
    app = Flask(__name__)
    app.config.update(SERVERACTIONS_STORE_URL=url, SECRET_KEY="of the tests")
    ServerActions(app)

    @cached(tags=("todos",))
    def f(number: int) -> Any:
        return body()

    @app.get("/")
    def index() -> str:
        revalidate_tag("todos")
        revalidate_path("/")
        return f"{f(1)} {f(2)} {f(3)}"

    app.add_url_rule("/read", "read", lambda: f"{f(1)}")
    client = app.test_client()
    if opened_before and not readers_too:
        client.get("/")
    began = body.runs
    with locked(tmp_path / "state", readers_too=readers_too):
        assert milliseconds(lambda: client.get("/")) < ONCE
        assert milliseconds(lambda: client.get("/")) < ONCE
        assert body.runs == began + 6
    eventually(lambda: client.get("/read").text == client.get("/read").text)


def test_a_store_that_stands_still_in_the_midst_costs_a_second(redis_server: RedisServer, body: Counting) -> None:
    @cached()
    def f() -> Any:
        redis_server.freeze()
        return body()

    store = open_store(redis_server.url, "")
    with app_with(store).app_context():
        assert milliseconds(f) < ONCE
    assert body.runs == 1
    store.close()


def test_a_revalidation_while_the_store_is_away_is_not_lost(redis_server: RedisServer, body: Counting) -> None:
    @cached(tags=("todos",))
    def f() -> Any:
        return body()

    store, elsewhere = open_store(redis_server.url, ""), open_store(redis_server.url, "")
    with app_with(store).app_context():
        assert [f(), f()] == [1, 1]
        redis_server.freeze()
        assert milliseconds(lambda: store.bump(tag_names(["todos"]))) < ONCE
        redis_server.thaw()
        assert f() > 1
        eventually(lambda: elsewhere.lookup("", tag_names(["todos"])).latest == 1)
    for each in (store, elsewhere):
        each.close()


def test_a_file_that_is_no_database_lets_the_function_run(body: Counting) -> None:
    class State:
        @property
        def store(self) -> Store:
            raise StoreCorrupt("no database")

    @cached()
    def f() -> Any:
        return body()

    app = Flask(__name__)
    app.extensions["serveractions.state"] = State()
    with app.app_context():
        assert [f(), f()] == [1, 2]
