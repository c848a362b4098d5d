"""Waiting for changes of the store, on both backends; and how far it is."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import redis

from flask_serveractions.stores.changes import Subscription
from flask_serveractions.stores.redis import RedisBackend
from flask_serveractions.stores.sqlite import SQLiteBackend
from flask_serveractions.stores.store import Store, store_on
from tests.stores_processes import RedisServer, eventually

LONG = 30  # seconds: a change ends the wait before, however busy the machine is

pytest_plugins = ["tests.stores_fixtures"]


def test_each_name_has_the_generation_it_was_given_last(store: Store) -> None:
    store.bump(["a"])
    store.bump(["a", "b"])
    seen = store.generations(["a", "b", "c"])
    assert (seen.counter, seen.numbers) == (2, {"a": 2, "b": 2, "c": 0})
    store.bump(["b"])
    later = store.generations(["a", "b"])
    assert (later.epoch, later.counter, later.numbers) == (seen.epoch, 3, {"a": 2, "b": 3})


def test_how_far_the_store_is_can_be_asked_without_names(store: Store) -> None:
    assert store.generations().counter == 0
    store.bump(["a"])
    assert (store.generations().counter, store.generations().numbers) == (1, {})


def test_more_names_than_one_statement_takes_are_read(store: Store) -> None:
    names = [f"name{number}" for number in range(1201)]
    store.bump(names)
    assert set(store.generations(names).numbers.values()) == {1}


def test_what_was_cleared_is_new_for_every_name(store: Store) -> None:
    store.bump(["a"])
    store.clear()
    assert store.generations(["a", "b"]).numbers == {"a": 2, "b": 2}


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_names_that_were_given_up_are_new(kind: str, sqlite_url: str, redis_server: RedisServer) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    backend = RedisBackend(redis_server.url, most_names=5) if kind == "redis" else SQLiteBackend(path, most_names=5)
    store = store_on(backend)
    for number in range(8):
        store.bump([f"name{number}"])
    assert store.generations(["name0"]).numbers["name0"] > 1
    store.close()


def test_a_change_ends_the_wait(store: Store) -> None:
    changes = store.backend.watch()
    changes.wait(LONG)  # a subscription
    began = time.monotonic()
    threading.Timer(0.05, store.bump, [["a"]]).start()
    while store.generations().counter == 0:
        changes.wait(LONG)
        assert time.monotonic() - began < LONG
    changes.close()


def test_redis_tells_of_a_change_at_once(redis_server: RedisServer) -> None:
    store = store_on(RedisBackend(redis_server.url))
    changes = store.backend.watch()
    changes.wait(LONG)
    for change in (lambda: store.bump(["a"]), store.clear):
        threading.Timer(0.05, change).start()
        began = time.monotonic()
        changes.wait(LONG)
        assert time.monotonic() - began < LONG
    changes.close()
    store.close()


def is_subscribed_again(changes: Subscription) -> bool:
    try:
        changes.wait(1)
    except (redis.RedisError, OSError):  # a busy machine: it is not there yet
        return False
    return changes.is_subscribed


def test_a_subscription_ends_when_redis_does_and_begins_anew(redis_server: RedisServer) -> None:
    backend = RedisBackend(redis_server.url)
    changes = backend.watch()
    changes.wait(LONG)
    redis_server.kill()
    with pytest.raises((redis.RedisError, OSError)):
        eventually(lambda: changes.wait(1))
    redis_server.start()
    eventually(lambda: is_subscribed_again(changes))
    changes.close()
    backend.close()


def test_an_account_that_may_use_no_channel_stores_all_the_same(redis_server: RedisServer) -> None:
    redis_server.client(
        lambda client: client.acl_setuser(
            "mute", enabled=True, passwords=["+word"], categories=["+@all"], keys=["*"], reset_channels=True
        )
    )
    store = store_on(RedisBackend(redis_server.url.replace("//", "//mute:word@")))
    store.bump(["a"])
    assert store.generations(["a"]).numbers == {"a": 1}
    changes = store.backend.watch()
    assert isinstance(changes, Subscription)
    with pytest.raises(redis.RedisError):
        changes.wait(1)
    store.close()
