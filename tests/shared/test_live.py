"""What open pages are told: which tags are stale, as it happens, each once."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask

from flask_serveractions import ServerActions
from flask_serveractions.app_state import state_of
from flask_serveractions.shared.live import (
    LATEST_SECONDS,
    SOONEST_SECONDS,
    SPACING_SECONDS,
    Live,
    Position,
    Slots,
    Turns,
    parse_position,
)
from flask_serveractions.shared.revalidation import live_names
from flask_serveractions.stores.store import Store, StoreUnavailable, open_store
from tests.stores_processes import PROMPT, RedisServer, eventually

pytest_plugins = ["tests.stores_fixtures"]


@pytest.fixture
def live(store: Store) -> Live:
    return Live(lambda: store, most=3, heartbeat_seconds=0.1)


def revalidate(store: Store, *tags: str) -> None:
    store.bump(live_names(tags))


def once(live: Live, tags: list[str], since: Position | None) -> str:
    """Return the answer to somebody who is not held."""
    return b"".join(live.events(tags, since, can_wait=False)).decode()


def stale_in(text: str) -> list[str]:
    return [tag for data in re.findall(r"^data: (.*)$", text, re.MULTILINE) for tag in json.loads(data)["tags"]]


def id_in(text: str) -> Position | None:
    found = re.findall(r"^id: (.*)$", text, re.MULTILINE)
    return parse_position(found[-1]) if found else None


class Listener:
    """Somebody who is held, in a thread."""

    def __init__(self, live: Live, tags: list[str], since: Position | None) -> None:
        self.heard = ""
        self.events: Iterator[bytes] = live.events(tags, since, can_wait=True)
        self.heard += next(self.events).decode()
        self.left = threading.Event()
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self) -> None:
        for chunk in self.events:
            self.heard += chunk.decode()
            if self.left.is_set():
                break
        self.events.close()  # type: ignore[attr-defined]

    def leave(self) -> None:
        self.left.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


def test_what_a_page_knows_is_not_told(live: Live, store: Store) -> None:
    revalidate(store, "todos")
    since = live.position()
    assert stale_in(once(live, ["todos"], since)) == []
    assert "id:" not in once(live, ["todos"], since)


def test_what_was_revalidated_since_is_told_and_nothing_else(live: Live, store: Store) -> None:
    since = live.position()
    revalidate(store, "todos", "others")
    answer = once(live, ["todos", "people"], since)
    assert stale_in(answer) == ["todos"]
    assert id_in(answer) == Position(since.epoch, since.counter + 1)
    assert answer.count("event: stale") == 1


def test_a_change_of_something_else_moves_the_position_alone(live: Live, store: Store) -> None:
    since = live.position()
    revalidate(store, "others")
    answer = once(live, ["todos"], since)
    assert stale_in(answer) == []
    assert id_in(answer) == live.position()


def test_who_knows_nothing_or_something_of_another_store_is_told_of_all_once(live: Live) -> None:
    for since in (None, Position("0" * 12, 7)):
        answer = once(live, ["todos", "people"], since)
        assert stale_in(answer) == ["todos", "people"]
        assert stale_in(once(live, ["todos", "people"], id_in(answer))) == []


def test_who_knows_more_than_a_store_that_was_set_back_is_told_to_renew(live: Live) -> None:
    now = live.position()
    answer = once(live, ["todos"], Position(now.epoch, now.counter + 3))
    assert re.findall("event: (.*)", answer) == ["stale", "renew"]
    assert id_in(answer) == now
    assert "event" not in once(live, ["todos"], now)


def test_a_value_that_is_kept_stale_within_a_function_is_told_to_nobody(live: Live, store: Store) -> None:
    since = live.position()
    store.bump(["tag:todos"])  # as a revalidation does while its function still runs
    assert stale_in(once(live, ["todos"], since)) == []


def test_who_is_held_hears_of_a_change_within_two_seconds(live: Live, store: Store) -> None:
    listener = Listener(live, ["todos"], live.position())
    revalidate(store, "todos")
    eventually(lambda: stale_in(listener.heard) == ["todos"], PROMPT)
    revalidate(store, "todos")
    eventually(lambda: stale_in(listener.heard) == ["todos", "todos"])
    listener.leave()


def test_each_of_many_hears_of_its_own_tags_alone(live: Live, store: Store) -> None:
    since = live.position()
    listeners = {tag: Listener(live, [tag], since) for tag in ("a", "b", "c")}
    revalidate(store, "a", "c")
    eventually(lambda: all(stale_in(listeners[tag].heard) == [tag] for tag in ("a", "c")))
    assert stale_in(listeners["b"].heard) == []
    for listener in listeners.values():
        listener.leave()


def test_what_happened_before_the_connection_was_open_is_told_first(live: Live, store: Store) -> None:
    since = live.position()
    revalidate(store, "todos")
    listener = Listener(live, ["todos"], since)
    assert stale_in(listener.heard) == ["todos"]
    listener.leave()


def test_a_connection_that_is_closed_leaves_nothing_behind(live: Live) -> None:
    for listener in [Listener(live, ["todos"], live.position()) for _ in range(3)]:
        listener.leave()
    events = [live.events(["todos"], None, can_wait=True) for _ in range(500)]
    for each in events:
        next(each)
        each.close()  # type: ignore[attr-defined]
    assert (live.slots.taken, live.watcher.names) == ({}, {})
    eventually(lambda: live.watcher.thread is None)
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "serveractions-live"])


def test_one_that_never_began_holds_no_place(live: Live) -> None:
    events = live.events(["todos"], None, can_wait=True)
    events.close()  # type: ignore[attr-defined]
    assert live.slots.taken == {}


def test_beyond_the_places_an_answer_comes_at_once(store: Store) -> None:
    live = Live(lambda: store, most=1, heartbeat_seconds=0.1)
    listener = Listener(live, ["todos"], None)
    began = time.monotonic()
    assert stale_in(b"".join(live.events(["todos"], None, can_wait=True)).decode()) == ["todos"]
    assert time.monotonic() - began < PROMPT
    listener.leave()


def test_a_connection_is_held_so_long_and_no_longer(store: Store) -> None:
    live = Live(lambda: store, most=1, held_seconds=0.3)
    began = time.monotonic()
    assert b"".join(live.events(["todos"], None, can_wait=True)).startswith(b"retry: 1000\n")
    assert 0.3 <= time.monotonic() - began < PROMPT
    assert live.slots.taken == {}


def test_a_place_that_a_server_forgot_is_given_to_somebody_else() -> None:
    slots = Slots(1, seconds=0.05)
    assert slots.take() is not None
    assert slots.take() is None
    eventually(lambda: slots.take() is not None)


def test_of_one_browser_two_are_held() -> None:
    slots = Slots(9, seconds=60)
    first, second = (slots.take("hers") for _ in range(2))
    assert first is not None
    assert second is not None
    assert slots.take("hers") is None
    assert slots.take("his") is not None
    assert all(slots.take(None) is not None for _ in range(3))  # programs have as many as there are
    slots.give_back(first)
    assert slots.take("hers") is not None


def test_those_who_ask_again_are_fewer_than_twenty_a_second() -> None:
    turns, asked = Turns(), []
    due = [0.0] * 500  # viewers, by when they ask
    for _ in range(6000):
        viewer = due.index(min(due))
        asked.append(due[viewer])
        due[viewer] += turns.seconds_until_next(due[viewer])
    later = [moment for moment in asked if moment > 40]  # after all have come once
    for second in range(40, int(later[-1])):
        assert len([moment for moment in later if second <= moment < second + 1]) < 20
    assert max(due) - asked[-1] > 20  # seconds that 500 viewers wait


def test_a_few_who_ask_again_do_so_every_second() -> None:
    turns = Turns()
    assert all(turns.seconds_until_next(float(now)) == SOONEST_SECONDS for now in range(10))


def test_a_flood_of_askers_makes_nobody_wait_for_ever() -> None:
    turns = Turns()
    for _ in range(100_000):
        turns.seconds_until_next(0.0)
    assert turns.seconds_until_next(0.0) <= LATEST_SECONDS + SPACING_SECONDS


def test_a_visitor_who_asks_without_end_slows_nobody_else_down() -> None:
    turns = Turns()
    for _ in range(10_000):
        turns.seconds_until_next(0.0, "one")
    others = [turns.seconds_until_next(0.0, f"other {number}") for number in range(100)]
    assert max(others) < SOONEST_SECONDS + 2 * 100 * SPACING_SECONDS
    assert turns.seconds_until_next(0.0, "one") == LATEST_SECONDS


def test_all_windows_of_one_visitor_ask_one_after_the_other_too() -> None:
    turns = Turns()
    moments = sorted(turns.seconds_until_next(0.0, "one") for _ in range(50))
    assert all(later - earlier >= SPACING_SECONDS for earlier, later in pairwise(moments))


def test_turns_that_are_over_are_forgotten() -> None:
    turns = Turns()
    for number in range(30_000):
        turns.seconds_until_next(float(number), f"visitor {number}")
    assert len(turns.taken) + len(turns.last) < 20_000


def test_a_store_that_is_away_ends_nothing_and_is_caught_up_with(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'state.sqlite3'}", "")
    away = [False]

    def opened() -> Store:
        if away[0]:
            raise StoreUnavailable("away")
        return store

    live = Live(opened, most=1, heartbeat_seconds=0.1)
    since = live.position()
    away[0] = True
    assert stale_in(once(live, ["todos"], since)) == []
    assert once(live, ["todos"], since).startswith("retry: ")
    listener = Listener(live, ["todos"], since)
    assert id_in(listener.heard) is None
    revalidate(store, "todos")
    away[0] = False
    eventually(lambda: stale_in(listener.heard) == ["todos"])
    listener.leave()
    store.close()


def test_redis_that_was_restarted_makes_all_stale_once(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url, "")
    live = Live(lambda: store.impatient, most=1, heartbeat_seconds=0.1)
    listener = Listener(live, ["todos"], live.position())
    redis_server.kill()
    redis_server.start()
    eventually(lambda: stale_in(listener.heard) == ["todos"])
    revalidate(store, "todos")
    eventually(lambda: stale_in(listener.heard) == ["todos", "todos"])
    listener.leave()
    store.close()


def test_a_forked_process_tells_its_own_listeners(sqlite_url: str) -> None:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="x", SERVERACTIONS_STORE_URL=sqlite_url)
    ServerActions(app)
    state = state_of(app)
    listener = Listener(state.live, ["todos"], state.live.position())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            events = state.live.events(["todos"], state.live.position(), can_wait=True)
            next(events)
            state.store.bump(live_names(["todos"]))
            heard = b"".join(next(events) for _ in range(1))
            os.write(writing, heard)
        finally:
            os._exit(0)
    os.close(writing)
    assert stale_in(os.read(reading, 1000).decode()) == ["todos"]
    os.waitpid(child, 0)
    eventually(lambda: stale_in(listener.heard) == ["todos"])
    listener.leave()


@pytest.mark.parametrize(
    "text", ["", "7", "abc-1", f"{'0' * 12}-", f"{'0' * 12}-1\n", f"{'G' * 12}-1", "0" * 12 + "-²"]
)
def test_what_is_no_position_is_none(text: str) -> None:
    assert parse_position(text) is None


def test_a_position_is_read_as_it_was_written() -> None:
    assert parse_position(str(Position("0123456789ab", 17))) == Position("0123456789ab", 17)
