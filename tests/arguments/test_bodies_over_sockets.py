"""Bodies that a real server brings: whole, in chunks, cut off, too large."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import pytest
from flask import Flask, request
from werkzeug.serving import make_server

from tests.arguments.sent_bodies import part, reading_first, taking
from tests.calling import Door

URLENCODED = "application/x-www-form-urlencoded"


MULTIPART = "multipart/form-data; boundary=b"


WHOLE_FORM = (part("value", "milk") + "--b--\r\n").encode()


@pytest.fixture
def door() -> Door:
    return Door(taking)


# A real server


@dataclass
class Server:
    """An app behind a real server, and a visitor's URL and headers for it."""

    door: Door
    port: int
    url: str
    headers: str

    def post(self, head: str, *chunks: bytes, half_close: bool = True) -> tuple[int, bytes]:
        """Send a request byte by byte as written; return the status and the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(f"POST {self.url} HTTP/1.1\r\n{self.headers}{head}\r\n".encode("latin-1"))
            for chunk in chunks:
                try:
                    connection.sendall(chunk)
                except OSError:  # it has answered already
                    break
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            answer = b"".join(received(connection))
        return int(answer.split(b" ", 2)[1]), answer


def received(connection: socket.socket) -> Iterator[bytes]:
    try:
        while data := connection.recv(65536):
            yield data
    except ConnectionResetError:
        return


@contextmanager
def running(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    door = Door(taking, SERVERACTIONS_MAX_CONTENT_LENGTH=100_000)
    url, headers = door.signed()
    cookie = door.client.get_cookie("session")
    assert cookie is not None
    with running(door.app) as port:
        lines = {"Host": "localhost", "Connection": "close", "Cookie": f"session={cookie.value}", **headers}
        yield Server(door, port, url, "".join(f"{name}: {value}\r\n" for name, value in lines.items()))


@pytest.fixture
def server(served: Server) -> Server:
    served.door.calls.clear()
    return served


def chunked(pieces: Iterable[bytes], end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + end


CHUNKED = f"Content-Type: {URLENCODED}\r\nTransfer-Encoding: chunked\r\n"


def test_a_real_server_brings_a_form(server: Server) -> None:
    status, _ = server.post(f"Content-Type: {URLENCODED}\r\nContent-Length: 10\r\n", b"value=milk")
    assert status == 200
    assert server.door.last["value"] == "milk"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [(URLENCODED, b"value=milk"), (MULTIPART, WHOLE_FORM), ("application/json", b'{"value": "milk"}')],
)
def test_a_body_shorter_than_its_content_length_is_a_400(server: Server, content_type: str, body: bytes) -> None:
    status, answer = server.post(f"Content-Type: {content_type}\r\nContent-Length: {len(body) + 5}\r\n", body)
    assert status == 400, answer
    assert server.door.calls == []


def test_a_body_longer_than_its_content_length_is_cut_where_it_ends(server: Server) -> None:
    status, _ = server.post(f"Content-Type: {URLENCODED}\r\nContent-Length: 10\r\n", b"value=milk&done=1")
    assert status == 200
    assert server.door.last == {"value": "milk", "done": False}


def test_a_truncated_multipart_form_runs_nothing(server: Server) -> None:
    body = WHOLE_FORM[:-8]
    status, answer = server.post(f"Content-Type: {MULTIPART}\r\nContent-Length: {len(body)}\r\n", body)
    assert status == 400, answer
    assert server.door.calls == []


def test_a_chunked_body_is_read(server: Server) -> None:
    status, _ = server.post(CHUNKED, chunked([b"val", b"ue=", b"milk"]))
    assert status == 200
    assert server.door.last["value"] == "milk"
    json_head = CHUNKED.replace(URLENCODED, "application/json")
    assert server.post(json_head, chunked([b'{"value": ', b'"eggs"}']))[0] == 200
    assert server.door.last["value"] == "eggs"
    multipart_head = CHUNKED.replace(URLENCODED, MULTIPART)
    assert server.post(multipart_head, chunked([WHOLE_FORM[:20], WHOLE_FORM[20:]]))[0] == 200


@pytest.mark.parametrize("extra", [0, 1, 5_000_000])
@pytest.mark.parametrize("content_type", [URLENCODED, "application/json"])
def test_a_chunked_body_is_refused_at_the_first_byte_over_the_limit(
    server: Server, extra: int, content_type: str
) -> None:
    start, end = (b"value=", b"") if content_type == URLENCODED else (b'{"value": "', b'"}')
    body = start + b"x" * (100_000 - len(start) - len(end) + extra) + end
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    status, answer = server.post(CHUNKED.replace(URLENCODED, content_type), chunked(pieces))
    assert status == (413 if extra else 200), answer[:500]
    assert len(server.door.calls) == (not extra)


@pytest.mark.parametrize(
    "body",
    [
        b"a\r\nvalue=milk\r\n",
        b"a\r\nvalue",
        b"zz\r\nvalue=milk\r\n0\r\n\r\n",
        b"-1\r\nvalue=milk\r\n0\r\n\r\n",
        b"",
    ],
)
def test_a_chunked_body_that_breaks_off_is_a_400(server: Server, body: bytes) -> None:
    status, answer = server.post(CHUNKED, body)
    assert status == 400, answer
    assert server.door.calls == []


def test_a_declared_length_over_the_limit_is_answered_without_its_body(server: Server) -> None:
    status, _ = server.post(f"Content-Type: {URLENCODED}\r\nContent-Length: 100001\r\n", half_close=False)
    assert status == 413
    assert server.door.calls == []


def test_an_app_that_reads_a_chunked_body_first_does_not_lift_the_limit() -> None:
    door = Door(taking, SERVERACTIONS_MAX_CONTENT_LENGTH=1000)
    reading_first(door, lambda: request.get_data())
    url, headers = door.signed()
    answer = door.client.post(
        url,
        headers={**headers, "Transfer-Encoding": "chunked"},
        input_stream=BytesIO(b"value=" + b"x" * 5000),
        content_type=URLENCODED,
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 413
    assert door.calls == []
