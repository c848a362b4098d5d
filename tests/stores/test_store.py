"""One contract, which both stores keep; then what each does when its file or its server fails."""

from __future__ import annotations

import os
import threading
import time
import warnings
from pathlib import Path

import pytest

from flask_serveractions.stores.redis import RedisBackend
from flask_serveractions.stores.sqlite import SQLiteBackend
from flask_serveractions.stores.store import (
    Store,
    StoreUnavailable,
    check_store_url,
    open_store,
    store_on,
)
from tests.stores.looking import lapsed
from tests.stores_processes import EightProcesses, eventually

pytest_plugins = ["tests.stores_fixtures"]

# The contract: records


def test_a_record_is_read_as_it_was_written(store: Store) -> None:
    value = {"text": "mañana \udcff \x00 \u2028", "numbers": [1, 1.5, True, None]}
    assert store.add("key", value, ttl=60) is None
    record = store.get("key")
    assert record is not None
    assert (record.value, record.token, record.lapsed) == (value, "", False)


def test_a_record_that_nobody_wrote_is_none(store: Store) -> None:
    assert store.get("key") is None


def test_what_is_not_json_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.add("key", float("nan"), ttl=60)


def test_add_leaves_a_record_that_is_there_and_returns_it(store: Store) -> None:
    store.add("key", "first", 60, token="t", lease=60)
    existing = store.add("key", "second", 60)
    assert existing is not None
    assert (existing.value, existing.token) == ("first", "t")
    assert 0 < existing.lease_left <= 60


def test_a_record_is_forgotten_after_its_time(store: Store) -> None:
    store.add("key", 1, ttl=0.1)
    eventually(lambda: store.get("key") is None)
    assert store.add("key", 2, ttl=60) is None


def test_swap_replaces_only_what_the_token_holds(store: Store) -> None:
    assert not store.swap("key", "t", 1, 60)
    store.add("key", "first", 60, token="t", lease=60)
    assert not store.swap("key", "other", "second", 60)
    assert not store.swap("key", "", "second", 60)
    assert store.swap("key", "t", "second", 60)
    record = store.get("key")
    assert record is not None
    assert (record.value, record.token, record.lapsed) == ("second", "", False)


def test_swap_takes_hold_of_a_record_that_nobody_holds(store: Store) -> None:
    store.add("key", "first", 60)
    assert store.swap("key", "", "second", 60, token="t", lease=60)
    assert not store.swap("key", "", "third", 60)


def test_swap_gives_a_record_a_new_time_to_live(store: Store) -> None:
    store.add("key", 1, ttl=60)
    store.swap("key", "", 2, ttl=0.05)
    eventually(lambda: store.get("key") is None)


def test_a_lease_lapses_unless_it_is_renewed(store: Store) -> None:
    store.add("key", 1, 60, token="t", lease=0.2)
    assert store.renew("key", "t", 60)
    record = store.get("key")
    assert record is not None
    assert not record.lapsed
    assert store.renew("key", "t", 0.05)
    eventually(lambda: lapsed(store, "key"))


def test_a_lapsed_lease_leaves_the_record_and_can_be_renewed_by_its_token_alone(store: Store) -> None:
    store.add("key", "kept", 60, token="t", lease=0.01)
    eventually(lambda: lapsed(store, "key"))
    assert not store.renew("key", "other", 60)
    assert store.renew("key", "t", 60)
    record = store.get("key")
    assert record is not None
    assert (record.value, record.lapsed) == ("kept", False)


def test_remove_takes_the_holders_token(store: Store) -> None:
    store.add("key", 1, 60, token="t", lease=60)
    assert not store.remove("key", "other")
    assert not store.remove("key")
    assert store.remove("key", "t")
    assert store.get("key") is None
    assert not store.renew("key", "t", 60)


def claim_all(number: int, url: str, keys: int) -> list[int]:
    store = open_store(url, "")
    return [key for key in range(keys) if store.add(f"key {key}", number, 60, token=str(number), lease=60) is None]


def test_of_eight_processes_one_gets_each_record(eight: EightProcesses, store_url: str) -> None:
    winners = eight.run(claim_all, store_url, 40)
    assert sorted(key for keys in winners for key in keys) == list(range(40))


def take_over(number: int, url: str) -> bool:
    return open_store(url, "").swap("key", "dead", None, 60, str(number), 60)


def test_of_eight_processes_one_takes_a_dead_record_over(eight: EightProcesses, store: Store, store_url: str) -> None:
    store.add("key", 1, 60, token="dead", lease=0.01)
    assert sorted(eight.run(take_over, store_url)) == [False] * 7 + [True]


# The contract: cached values and generations


def test_a_cached_text_is_read_with_the_generations_of_its_names(store: Store) -> None:
    empty = store.lookup("key", ["tag:a"])
    assert (empty.text, empty.counter, empty.latest) == (None, 0, 0)
    store.put("key", "text", 60)
    store.bump(["tag:a", "tag:b"])
    store.bump(["tag:b"])
    found = store.lookup("key", ["tag:a", "tag:unknown"])
    assert (found.text, found.epoch, found.counter, found.latest) == ("text", empty.epoch, 2, 1)
    assert store.lookup("key", ["tag:a", "tag:b"]).latest == 2
    assert store.lookup("key", []).latest == 0


def test_a_cached_text_goes_after_its_time(store: Store) -> None:
    store.put("key", "text", 0.05)
    eventually(lambda: store.lookup("key", []).text is None)


def test_a_cached_text_replaces_the_one_before(store: Store) -> None:
    store.put("key", "one", 60)
    store.put("key", "two", 60)
    assert list(store.entries()) == [("key", "two")]


def test_entries_are_the_cached_texts_alone(store: Store) -> None:
    keys = [f"f:{number}[*]?" for number in range(1200)]
    for key in keys:
        store.impatient.put(key, key.upper(), 60)
    store.add("record", 1, 60)
    assert sorted(store.entries()) == sorted((key, key.upper()) for key in keys)


def test_clear_forgets_cached_texts_and_what_is_being_computed_and_leaves_records(store: Store) -> None:
    store.put("key", "text", 60)
    store.add("record", 1, 60)
    began = store.lookup("key", [])
    store.clear()
    now = store.lookup("key", [])
    assert now.text is None
    assert now.latest > began.counter
    assert store.get("record") is not None


@pytest.fixture(params=["sqlite", "redis"])
def few_names(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "sqlite":
        return store_on(SQLiteBackend(tmp_path / "few", most_names=10))
    return store_on(RedisBackend(request.getfixturevalue("redis_server").url, most_names=10))


def test_names_beyond_the_greatest_number_make_everything_stale_once(few_names: Store) -> None:
    store = few_names
    began = store.lookup("key", ["tag:other"])
    for number in range(20):
        store.bump([f"tag:{number}"])
    now = store.lookup("key", ["tag:other"])
    assert began.counter < now.latest <= now.counter == 20
    assert store.lookup("key", ["tag:19"]).latest == 20
    store.close()


def bump_and_look(number: int, url: str, seconds: float) -> int:
    """Revalidate and look, and hold what one process has said against what this one sees."""
    store = open_store(url, "")
    deadline = time.monotonic() + seconds
    rounds = 0
    while rounds == 0 or time.monotonic() < deadline:
        before = store.lookup("key", ["tag:shared"])
        store.bump(["tag:shared", f"tag:{number}"])
        after = store.lookup("key", ["tag:shared", f"tag:{number}"])
        assert before.latest <= before.counter < after.latest <= after.counter
        assert store._unsent.waiting is False
        rounds += 1
    return rounds


def test_eight_processes_that_revalidate_at_once_lose_nothing(
    eight: EightProcesses, store: Store, store_url: str
) -> None:
    rounds = eight.run(bump_and_look, store_url, 1.0)
    assert store.lookup("key", []).counter == sum(rounds)
    assert min(rounds) > 0


# The contract: forks


def test_a_forked_child_opens_connections_of_its_own(store: Store) -> None:
    store.add("parent", 1, 60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads; that is what is tested
        child = os.fork()
    if child == 0:
        done = store.add("child", 2, 60) is None and store.get("parent") is not None
        os._exit(0 if done else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.get("child") is not None
    assert store.get("parent") is not None


def test_a_fork_in_the_midst_of_writing_threads_breaks_neither_side(store: Store) -> None:
    stop = threading.Event()
    errors: list[Exception] = []

    def write(number: int) -> None:
        while not stop.is_set():
            try:
                store.put(f"{number}", "text", 60)  # the impatient one may find the file locked
            except StoreUnavailable as error:
                errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    children = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for number in range(10):
            child = os.fork()
            if child == 0:
                os._exit(0 if store.add(f"child {number}", 1, 60) is None else 1)
            children.append(child)
    results = [os.waitpid(child, 0)[1] for child in children]
    stop.set()
    for thread in threads:
        thread.join()
    assert (results, errors) == ([0] * 10, [])
    assert all(store.get(f"child {number}") for number in range(10))


# URLs


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///state.sqlite3",
        "sqlite:////var/lib/state",
        "redis://localhost",
        "rediss://:secret@host:1/2",
        "unix:///s",
    ],
)
def test_urls_of_stores_pass(url: str) -> None:
    check_store_url(url)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("memcached://host", "there is no store 'memcached'"),
        ("state.sqlite3", "there is no store"),
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite://host/file", "names no file"),
        ("sqlite:///folder/", "names no file"),
        ("sqlite:///:memory:", "memory is not shared"),
        ("redis://host:port", "port"),
        ("redis://host/cache", "its database is no number"),
        ("rediss://host/-1", "its database is no number"),
        ("redis://host/0?nonsense=1", "nonsense"),
    ],
)
def test_an_url_that_cannot_be_right_is_an_error_that_names_the_setting_and_the_mend(url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"SERVERACTIONS_STORE_URL is .*{complaint}.*Give 'sqlite:///"):
        check_store_url(url)
    with pytest.raises(ValueError, match="SERVERACTIONS_STORE_URL"):
        open_store(url, "")


def test_an_error_does_not_tell_the_password() -> None:
    with pytest.raises(ValueError, match="SERVERACTIONS_STORE_URL") as caught:
        check_store_url("redis://:secret@host:port")
    assert "secret" not in str(caught.value)
    assert "secret" not in str(open_store("redis://:secret@host:1", ""))
