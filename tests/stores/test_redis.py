"""The store on Redis: what happens when the server stands still, dies, comes back, or forgets."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from flask_serveractions.stores.redis import MOST_IDLE
from flask_serveractions.stores.store import (
    Store,
    StoreUnavailable,
    open_store,
)
from tests.stores_processes import AT_ONCE, ONCE, RedisServer, eventually, milliseconds

pytest_plugins = ["tests.stores_fixtures"]


def look(store: Store) -> str | None:
    return store.lookup("key", []).text


@pytest.fixture
def on_redis(redis_server: RedisServer) -> Iterator[Store]:
    opened = open_store(redis_server.url, "")
    yield opened
    opened.close()


def test_every_key_in_redis_has_the_prefix(on_redis: Store, redis_server: RedisServer) -> None:
    on_redis.add("record", 1, 60, token="t", lease=60)
    on_redis.put("key", "text", 60)
    on_redis.bump(["tag:a"])
    keys = redis_server.client(lambda client: sorted(client.keys()))
    assert keys == [
        "serveractions:generations",
        "serveractions:lease:record",
        "serveractions:record:record",
        "serveractions:value:cached:key",
    ]


def test_a_redis_that_stands_still_costs_a_second_once_then_milliseconds_and_is_noticed_when_it_goes_on(
    on_redis: Store, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    on_redis.put("key", "text", 60)
    redis_server.freeze()
    with caplog.at_level(logging.WARNING, "flask_serveractions"):
        first = milliseconds(lambda: on_redis.impatient.lookup("key", []))
        later = [milliseconds(lambda: on_redis.impatient.lookup("key", [])) for _ in range(100)]
        claim = milliseconds(lambda: on_redis.add("claim", 1, 60))
    assert 100 < first < ONCE
    assert max(*later, claim) < AT_ONCE
    assert len([record for record in caplog.records if "not available" in record.message]) == 1
    redis_server.thaw()
    eventually(lambda: answers(on_redis))
    assert look(on_redis) == "text"


def answers(store: Store) -> bool:
    try:
        store.get("key")
    except StoreUnavailable:
        return False
    return True


def test_a_redis_that_stands_still_costs_a_new_process_less_than_a_second(redis_server: RedisServer) -> None:
    redis_server.freeze()
    store = open_store(redis_server.url, "")
    assert milliseconds(lambda: store.get("key")) < ONCE


def test_a_redis_that_is_away_fails_within_milliseconds(on_redis: Store, redis_server: RedisServer) -> None:
    on_redis.get("key")
    redis_server.kill()
    with pytest.raises(StoreUnavailable, match=f"Redis at 127.0.0.1:{redis_server.port}"):
        on_redis.get("key")
    assert max(milliseconds(lambda: on_redis.get("key")) for _ in range(20)) < AT_ONCE


def test_a_redis_that_was_started_again_is_used_at_once(on_redis: Store, redis_server: RedisServer) -> None:
    on_redis.add("key", 1, 60)
    redis_server.kill()
    redis_server.start()
    assert on_redis.add("key", 2, 60) is None


def test_revalidations_that_a_killed_redis_has_lost_leave_no_stale_value(
    on_redis: Store, redis_server: RedisServer
) -> None:
    on_redis.put("key", "text", 60)
    before = on_redis.lookup("key", ["tag:a"])
    redis_server.client(lambda client: client.save())
    on_redis.bump(["tag:a"])
    redis_server.kill()
    redis_server.start()
    after = on_redis.lookup("key", ["tag:a"])
    assert after.text == "text"  # from the disk, and so is a counter that knows of no revalidation
    assert after.latest == before.latest
    assert after.epoch != before.epoch
    redis_server.client(lambda client: (client.flushall(), client.save()))


def test_a_flushed_redis_is_another_epoch(on_redis: Store, redis_server: RedisServer) -> None:
    before = on_redis.lookup("key", [])
    redis_server.client(lambda client: client.flushall())
    assert on_redis.lookup("key", []).epoch != before.epoch


def test_a_redis_without_room_refuses_claims(on_redis: Store, redis_server: RedisServer) -> None:
    redis_server.client(lambda client: client.config_set("maxmemory", 1))
    try:
        with pytest.raises(StoreUnavailable, match="maxmemory"):
            on_redis.add("claim", 1, 60)
    finally:
        redis_server.client(lambda client: client.config_set("maxmemory", 0))
    eventually(lambda: answers(on_redis))  # one that has refused slowly is not asked at once again
    assert on_redis.add("claim", 1, 60) is None


def test_many_failures_use_no_connection_up(on_redis: Store, redis_server: RedisServer) -> None:
    redis_server.client(lambda client: client.config_set("maxmemory", 1))
    try:
        for _ in range(150):
            with pytest.raises(StoreUnavailable):
                on_redis.put("key", "text", 60)
    finally:
        redis_server.client(lambda client: client.config_set("maxmemory", 0))
    eventually(lambda: answers(on_redis))  # one that has refused slowly is not asked at once again
    on_redis.put("key", "text", 60)
    connections = redis_server.client(lambda client: client.info("clients"))["connected_clients"]
    assert connections < 10


def test_of_many_connections_that_were_in_use_at_once_few_stay_open(on_redis: Store, redis_server: RedisServer) -> None:
    in_use = [on_redis.backend._connection() for _ in range(MOST_IDLE + 20)]
    with ExitStack() as stack:
        for each in in_use:
            stack.enter_context(each).send("PING")
    # the one that asks is among them
    eventually(lambda: redis_server.client(lambda client: len(client.client_list())) <= MOST_IDLE + 1)
    assert on_redis.get("nothing") is None


def test_a_revalidation_that_finds_no_store_is_made_up_for_and_until_then_nothing_counts_as_fresh(
    on_redis: Store, redis_server: RedisServer
) -> None:
    on_redis.put("key", "text", 60)
    redis_server.freeze()
    on_redis.bump(["tag:a"])
    on_redis.bump(["tag:b"])
    redis_server.thaw()
    eventually(lambda: answers(on_redis))
    seen = eventually(lambda: latest_or_none(on_redis))
    assert seen >= 1
    assert {on_redis.lookup("key", [name]).latest > 0 for name in ("tag:a", "tag:b")} == {True}


def latest_or_none(store: Store) -> int | None:
    try:
        return store.lookup("key", ["tag:a", "tag:b"]).latest
    except StoreUnavailable:
        return None


def test_what_must_be_done_in_the_end_is_done_when_the_store_is_back(
    on_redis: Store, redis_server: RedisServer
) -> None:
    redis_server.kill()
    on_redis.later(lambda: on_redis.add("key", 1, 60))
    redis_server.start()
    eventually(lambda: on_redis.get("key"))
