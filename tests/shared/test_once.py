"""``once``: a key runs at most one function, whatever happens to the process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flask_serveractions.errors import Refusal
from flask_serveractions.shared import once
from flask_serveractions.shared.once import Claim, KeptAnswer
from flask_serveractions.stores.store import Store, open_store
from tests.stores_processes import ONCE, EightProcesses, RedisServer, eventually, kill, milliseconds, process

pytest_plugins = ["tests.stores_fixtures"]

PARTS = ("pay", "session", "identity", "key")
ANSWER = KeptAnswer(
    status=201,
    headers=(("Location", "/orders/1"), ("X-Twice", "a"), ("X-Twice", "b")),
    body='{"data": "Größe"}'.encode(),
    envelope={"data": {"id": 1}, "redirect": None},
)


def claimed(store: Store, parts: tuple[str, ...] = PARTS, digest: str = "d", **options: float) -> Claim:
    claim = once.claim(store, parts, [digest], **options)
    assert isinstance(claim, Claim)
    return claim


def refusal(call: Callable[[], Any]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value


def test_a_second_request_gets_the_first_ones_answer(store: Store) -> None:
    once.complete(store, claimed(store), ANSWER)
    assert once.claim(store, PARTS, ["d"]) == ANSWER


@pytest.mark.parametrize("body", [b"", b"\x00\xff\xfe", "Größe\n".encode()])
def test_an_answer_is_kept_to_the_byte(store: Store, body: bytes) -> None:
    answer = KeptAnswer(status=200, body=body)
    once.complete(store, claimed(store), answer)
    assert once.claim(store, PARTS, ["d"]) == answer


@pytest.mark.parametrize("place", range(4))
def test_a_key_belongs_to_one_action_session_and_identity(store: Store, place: int) -> None:
    once.complete(store, claimed(store), ANSWER)
    other = tuple("other" if number == place else part for number, part in enumerate(PARTS))
    assert isinstance(once.claim(store, other, ["d"]), Claim)


def test_parts_do_not_run_together(store: Store) -> None:
    claimed(store, ("a", "bc"))
    assert isinstance(once.claim(store, ("ab", "c"), ["d"]), Claim)


def test_while_the_first_request_runs_a_second_one_is_409_and_told_when_to_try_again(store: Store) -> None:
    claimed(store)
    refused = refusal(lambda: once.claim(store, PARTS, ["d"]))
    assert (refused.status, refused.code) == (409, "running")
    assert dict(refused.headers) == {"Retry-After": "5"}


def test_the_same_key_with_other_arguments_is_422_running_or_not(store: Store) -> None:
    claim = claimed(store)
    assert refusal(lambda: once.claim(store, PARTS, ["other"])).status == 422
    once.complete(store, claim, ANSWER)
    assert refusal(lambda: once.claim(store, PARTS, ["other"])).status == 422


def test_a_freed_key_runs_again(store: Store) -> None:
    once.free(store, claimed(store))
    once.complete(store, claimed(store), ANSWER)
    assert once.claim(store, PARTS, ["d"]) == ANSWER


def test_a_crash_inside_frees_the_key(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), once.running(store, claimed(store)):
        raise ZeroDivisionError
    assert isinstance(once.claim(store, PARTS, ["d"]), Claim)


def test_a_crash_after_the_answer_was_kept_leaves_it(store: Store) -> None:
    claim = claimed(store)

    def crash_late() -> None:
        with once.running(store, claim):
            once.complete(store, claim, ANSWER)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash_late()
    assert once.claim(store, PARTS, ["d"]) == ANSWER


def test_the_end_of_a_process_inside_frees_nothing(store: Store) -> None:
    claim = claimed(store, lease=0.1)
    with pytest.raises(SystemExit), once.running(store, claim):
        raise SystemExit
    eventually(lambda: refusal(lambda: once.claim(store, PARTS, ["d"])).code == once.INTERRUPTED)


def test_a_generator_that_is_closed_is_interrupted_before_its_lease_lapses(store: Store) -> None:
    claim = claimed(store, lease=90)

    def steps() -> Iterator[None]:
        with once.running(store, claim):
            yield

    running = steps()
    next(running)
    assert refusal(lambda: once.claim(store, PARTS, ["d"])).code == "running"
    running.close()
    eventually(lambda: refusal(lambda: once.claim(store, PARTS, ["d"])).code == once.INTERRUPTED)


def test_a_function_that_outlasts_its_lease_still_runs(store: Store) -> None:
    claim = claimed(store, lease=3.0)
    with once.running(store, claim):
        deadline = time.monotonic() + 3.6
        while time.monotonic() < deadline:
            assert refusal(lambda: once.claim(store, PARTS, ["d"])).code == "running"
            time.sleep(0.05)
        once.complete(store, claim, ANSWER)
    assert once.claim(store, PARTS, ["d"]) == ANSWER


def test_an_answer_is_kept_no_longer_than_it_should(store: Store) -> None:
    once.complete(store, claimed(store, kept=0.2), ANSWER)
    eventually(lambda: isinstance(once.claim(store, PARTS, ["d"]), Claim))


def hold(url: str) -> None:
    store = open_store(url, "")
    with once.running(store, claimed(store, lease=2)):
        threading.Event().wait(60)


def seen(store: Store) -> str | None:
    try:
        once.claim(store, PARTS, ["d"])
    except Refusal as refused:
        return refused.code
    raise AssertionError("it ran twice")


def test_a_key_whose_process_was_killed_is_running_for_its_lease_then_interrupted_and_never_runs_again(
    store: Store, store_url: str
) -> None:
    store.add("warm", 1, 60)
    with process(hold, store_url) as holder:
        eventually(lambda: has_claim(store))
        kill(holder)
    assert seen(store) == "running"
    eventually(lambda: seen(store) == once.INTERRUPTED)
    for _ in range(3):
        assert seen(store) == once.INTERRUPTED


def has_claim(store: Store) -> bool:
    return store.get(once.key_of("once", PARTS)) is not None


def test_a_process_that_only_stood_still_keeps_its_answer(store: Store) -> None:
    claim = claimed(store, lease=0.05)  # and no heartbeat: as if it was stopped
    eventually(lambda: seen(store) == once.INTERRUPTED)
    once.complete(store, claim, ANSWER)
    assert once.claim(store, PARTS, ["d"]) == ANSWER


def claim_all(number: int, url: str) -> list[int]:
    store = open_store(url, "")
    return [key for key in range(20) if gets(store, key)]


def gets(store: Store, key: int) -> bool:
    try:
        return isinstance(once.claim(store, (str(key),), ["d"]), Claim)
    except Refusal:
        return False


def test_of_eight_processes_one_runs_each_key(eight: EightProcesses, store_url: str) -> None:
    claims = eight.run(claim_all, store_url)
    assert sorted(key for mine in claims for key in mine) == list(range(20))


# A store that fails


def test_without_a_store_nothing_runs(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url, "")
    redis_server.freeze()
    assert milliseconds(lambda: once.claim(store, PARTS, ["d"])) < ONCE
    refused = refusal(lambda: once.claim(store, PARTS, ["d"]))
    assert (refused.status, dict(refused.headers)) == (503, {"Retry-After": "5"})
    assert refusal(lambda: once.claim_message(store, PARTS)).status == 503


def test_an_answer_is_kept_when_the_store_is_back(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url, "")
    claim = claimed(store)
    redis_server.freeze()
    assert milliseconds(lambda: once.complete(store, claim, ANSWER)) < ONCE
    redis_server.thaw()
    eventually(lambda: is_kept(store))
    store.close()


def is_kept(store: Store) -> bool:
    try:
        return once.claim(store, PARTS, ["d"]) == ANSWER
    except Refusal:
        return False


def test_an_answer_is_kept_in_a_store_that_was_emptied_meanwhile(redis_server: RedisServer) -> None:
    store = open_store(redis_server.url, "")
    claim = claimed(store)
    redis_server.client(lambda client: client.flushall())
    once.complete(store, claim, ANSWER)
    assert once.claim(store, PARTS, ["d"]) == ANSWER
    store.close()


# Messages of webhooks

MESSAGE = ("stripe", "evt_1")


def test_a_message_is_handled_once(store: Store) -> None:
    claim = once.claim_message(store, MESSAGE)
    assert claim is not None
    with once.running(store, claim):
        assert refusal(lambda: once.claim_message(store, MESSAGE)).status == 409
        once.complete_message(store, claim)
    assert once.claim_message(store, MESSAGE) is None
    assert once.claim_message(store, ("stripe", "evt_2")) is not None


def test_a_message_whose_handler_failed_is_handled_again(store: Store) -> None:
    claim = once.claim_message(store, MESSAGE)
    assert claim is not None
    with pytest.raises(ZeroDivisionError), once.running(store, claim):
        raise ZeroDivisionError
    assert once.claim_message(store, MESSAGE) is not None


def test_a_message_whose_process_died_is_taken_over_by_one(store: Store) -> None:
    assert once.claim_message(store, MESSAGE, lease=0.05) is not None
    eventually(lambda: takes_over(store))
    assert refusal(lambda: once.claim_message(store, MESSAGE)).status == 409


def takes_over(store: Store) -> bool:
    try:
        return once.claim_message(store, MESSAGE) is not None
    except Refusal:
        return False
