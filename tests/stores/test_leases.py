"""The heartbeat renews what a process holds, and nothing else."""

from __future__ import annotations

import os
import warnings

import pytest

from flask_serveractions.stores.leases import hold_lease, holding_lease, release
from flask_serveractions.stores.store import Store, StoreUnavailable, open_store
from tests.stores_processes import RedisServer, eventually

pytest_plugins = ["tests.stores_fixtures"]


def left(store: Store, key: str) -> float:
    record = store.get(key)
    assert record is not None
    return record.lease_left


def wait_for_a_renewal(store: Store, key: str) -> None:
    """Wait until more of a lease is left than a moment before."""
    seen = [left(store, key)]

    def is_renewed() -> bool:
        seen.append(left(store, key))
        return seen[-1] > seen[-2]

    eventually(is_renewed)


def test_a_lease_is_renewed_while_it_is_kept_and_lapses_then(store: Store) -> None:
    store.add("key", 1, 60, token="t", lease=0.4)
    with holding_lease(store, "key", "t", 0.4):
        wait_for_a_renewal(store, "key")
        wait_for_a_renewal(store, "key")
    eventually(lambda: left(store, "key") <= 0)


def test_a_lease_is_kept_while_the_body_raises(store: Store) -> None:
    store.add("key", 1, 60, token="t", lease=0.2)
    with pytest.raises(LookupError), holding_lease(store, "key", "t", 0.2):
        raise LookupError
    eventually(lambda: left(store, "key") <= 0)


def test_leases_of_different_lengths_are_renewed_side_by_side(store: Store) -> None:
    for key, lease in (("long", 60), ("short", 0.2)):
        store.add(key, 1, 60, token=key, lease=lease)
    holds = [hold_lease(store, "long", "long", 60), hold_lease(store, "short", "short", 0.2)]
    wait_for_a_renewal(store, "short")
    for hold in holds:
        release(hold)


def test_what_somebody_else_has_taken_is_not_renewed(store: Store) -> None:
    store.add("key", 1, 60, token="t", lease=0.2)
    with holding_lease(store, "key", "t", 0.2):
        assert store.swap("key", "t", 2, 60, token="other", lease=0.2)
        eventually(lambda: left(store, "key") <= 0)


def test_a_store_that_was_away_finds_its_leases_renewed(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url, "")
    store.add("key", 1, 60, token="t", lease=2)
    with holding_lease(store, "key", "t", 2):
        redis_server.freeze()
        eventually(lambda: not answers(store))
        redis_server.thaw()
        eventually(lambda: answers(store))
        eventually(lambda: left(store, "key") > 1)
    store.close()


def answers(store: Store) -> bool:
    try:
        return store.get("key") is not None
    except StoreUnavailable:
        return False


def test_a_forked_child_renews_its_own_leases_and_none_of_its_parent(store: Store) -> None:
    store.add("parent", 1, 60, token="t", lease=0.2)
    store.add("child", 1, 60, token="t", lease=0.2)
    hold = hold_lease(store, "parent", "t", 0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads; that is what is tested
        child = os.fork()
    if child == 0:
        try:
            hold_lease(store, "child", "t", 0.2)
            wait_for_a_renewal(store, "child")
            eventually(lambda: left(store, "parent") <= 0)  # for as long as the child lives, and renews its own
            wait_for_a_renewal(store, "child")
            os._exit(0)
        finally:
            os._exit(1)
    release(hold)
    eventually(lambda: left(store, "parent") <= 0)
    assert os.waitpid(child, 0)[1] == 0
