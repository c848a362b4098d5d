"""Server-sent events, and bodies that give them as they come."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Generator

import pytest

from flask_serveractions.shared.streams import HEARTBEAT, WithHeartbeats, event
from tests.stores_processes import eventually


def test_an_event_has_a_name_and_one_line_of_json() -> None:
    assert (
        event("progress", {"done": 1, "message": "a\nb"}) == b'event: progress\ndata: {"done":1,"message":"a\\nb"}\n\n'
    )


def test_an_event_of_several_lines_has_them_all_and_no_more() -> None:
    assert event("result", '{\r\n"a":\r1\n}') == b'event: result\ndata: {\ndata: "a":\ndata: 1\ndata: }\n\n'


def test_no_text_breaks_out_of_its_event() -> None:
    hostile = "\r\n\r\nevent: result\ndata: {}\n\n\u2028\u0085"
    lines = event("progress", {"message": hostile}).decode().splitlines()
    assert (lines[0], json.loads(lines[1].removeprefix("data: ")), lines[2:]) == (
        "event: progress",
        {"message": hostile},
        [""],
    )


def test_chunks_come_as_they_are_given() -> None:
    assert list(WithHeartbeats((number for number in (1, 2, 3)), 0)) == [1, 2, 3]


def test_a_silent_generator_is_covered_by_heartbeats() -> None:
    speak = threading.Event()

    def chunks() -> Generator[bytes, None, None]:
        assert speak.wait(60)
        yield b"data"

    stream = WithHeartbeats(chunks(), HEARTBEAT, seconds=0.01)
    assert [next(stream), next(stream)] == [HEARTBEAT, HEARTBEAT]
    speak.set()
    assert [chunk for chunk in stream if chunk != HEARTBEAT] == [b"data"]


def test_what_the_generator_raises_is_raised_to_the_reader_once() -> None:
    def chunks() -> Generator[int, None, None]:
        yield 1
        raise LookupError("gone")

    stream = WithHeartbeats(chunks(), 0)
    assert next(stream) == 1
    with pytest.raises(LookupError, match="gone"):
        next(stream)
    assert list(stream) == []


def test_a_slow_reader_slows_the_generator_down() -> None:
    given: list[int] = []

    def chunks() -> Generator[int, None, None]:
        for number in range(100):
            given.append(number)
            yield number

    stream = WithHeartbeats(chunks(), 0)
    assert next(stream) == 0
    eventually(lambda: given == [0, 1])
    stream.close()
    assert given == [0, 1]


def test_closing_closes_the_generator_at_its_next_yield_and_waits_for_it() -> None:
    at_work, go_on = threading.Event(), threading.Event()
    happened: list[str] = []

    def chunks() -> Generator[int, None, None]:
        try:
            yield 1
            at_work.set()
            assert go_on.wait(60)
            happened.append("reached")
            yield 2
            happened.append("too far")
        finally:
            happened.append("closed")

    stream = WithHeartbeats(chunks(), 0)
    next(stream)
    assert at_work.wait(60)
    closing = threading.Thread(target=stream.close)
    closing.start()
    assert happened == []
    go_on.set()
    closing.join(60)
    assert happened == ["reached", "closed"]
    stream.close()  # a second time, as servers may


def test_a_generator_that_was_never_read_is_closed_without_running() -> None:
    happened: list[str] = []

    def chunks() -> Generator[int, None, None]:
        happened.append("ran")
        yield 1

    generator = chunks()
    WithHeartbeats(generator, 0).close()
    assert (happened, list(generator)) == ([], [])


def test_the_generator_runs_in_the_context_of_who_made_the_stream() -> None:
    user = contextvars.ContextVar("user", default="nobody")
    user.set("ada")

    def chunks() -> Generator[str, None, None]:
        yield user.get()

    stream = WithHeartbeats(chunks(), "")
    user.set("bob")
    assert list(stream) == ["ada"]
