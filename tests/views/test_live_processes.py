"""Live over real servers: what one process changes is told by the other, whatever store they share."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.live_servers import LiveServer, serving
from tests.reliability_servers import HTML, JSON, Answer, Visitor
from tests.stores_processes import PROMPT, eventually

pytest_plugins = ["tests.stores_fixtures"]


def live_url(page: str, since: str | None = None) -> str:
    topic, known = re.findall('data-live="(.*?)" data-since="(.*?)"', page)[0]
    return f"/_actions/-/live?topic={topic}&since={known if since is None else since}"


def get(visitor: Visitor, path: str) -> Answer:
    return visitor.send("GET", path, HTML)


@contextlib.contextmanager
def listening(visitor: Visitor, path: str, **headers: str) -> Iterator[HTTPResponse]:
    connection = HTTPConnection("127.0.0.1", visitor.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Cookie": visitor.cookie, **headers})
        with connection.getresponse() as response:
            yield response


def next_stale(response: HTTPResponse) -> str:
    """Return the ID of the next event that says what is stale."""
    last = ""
    for line in iter(response.readline, b""):
        if line.startswith(b"id: "):
            last = line[4:].strip().decode()
        if line == b"event: stale\n":
            assert response.readline() == b'data: {"tags": ["todos"]}\n'
            return last
    raise AssertionError("the connection has ended")


def wait_until_open(response: HTTPResponse) -> None:
    assert response.readline().startswith(b"retry: 1000")


@pytest.fixture
def two(tmp_path: Path, store_url: str) -> Iterator[list[LiveServer]]:
    with serving(*(LiveServer(tmp_path / name, store_url) for name in ("one", "two"))) as servers:
        yield servers


def test_a_change_in_one_process_is_told_by_the_other_within_two_seconds(two: list[LiveServer]) -> None:
    reader, writer = (Visitor(server.port) for server in two)
    url = live_url(get(reader, "/").text)
    with listening(reader, url) as response:
        wait_until_open(response)
        form = writer.form("change")
        began = time.monotonic()
        assert writer.submit(form, JSON).status == 200
        last = next_stale(response)
        assert time.monotonic() - began < PROMPT

    # the connection is broken: what happens meanwhile is told by whichever process is asked next
    assert writer.submit(writer.form("change"), JSON).status == 200
    for server in two:
        again = Visitor(server.port)
        again.cookie = reader.cookie
        with listening(again, url, **{"Last-Event-ID": last}) as response:
            assert next_stale(response) > last


def test_one_who_is_gone_gives_the_place_back(two: list[LiveServer]) -> None:
    visitor = Visitor(two[0].port)
    url = live_url(get(visitor, "/").text)
    with listening(visitor, url) as response:
        wait_until_open(response)
        with listening(visitor, url) as second:
            assert second.read()  # it is over at once
    eventually(lambda: is_held(visitor, url))


def is_held(visitor: Visitor, url: str) -> bool:
    """Whether an answer goes on after what it begins with: one that is not held ends with it."""
    connection = visitor.connection()
    with contextlib.closing(connection):
        connection.request("GET", url, headers={"Cookie": visitor.cookie})
        with connection.getresponse() as response:
            connection.sock.settimeout(0.5)
            try:
                response.read()
            except TimeoutError:
                return True
            return False


def test_a_worker_of_one_thread_answers_at_once(tmp_path: Path, sqlite_url: str) -> None:
    with serving(LiveServer(tmp_path / "one", sqlite_url, streams=5, options="--worker-class sync")) as [server]:
        visitor = Visitor(server.port)
        url = live_url(get(visitor, "/").text)
        began = time.monotonic()
        for _ in range(5):
            assert get(visitor, url).text.startswith("retry: ")
        assert time.monotonic() - began < PROMPT


def test_pages_answer_while_500_connections_are_open(tmp_path: Path, sqlite_url: str) -> None:
    with serving(LiveServer(tmp_path / "one", sqlite_url)) as [server]:
        visitor = Visitor(server.port)
        url = live_url(get(visitor, "/").text)
        request = f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {visitor.cookie}\r\n\r\n".encode()
        with contextlib.ExitStack() as stack:
            for _ in range(500):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
                connection.sendall(request)
            began = time.monotonic()
            for _ in range(5):
                assert get(visitor, "/").status == 200
            assert time.monotonic() - began < PROMPT
        eventually(lambda: is_held(visitor, url))
