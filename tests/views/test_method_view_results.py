"""What a MethodRoute's methods return is sent as Flask sends what those of a MethodView return."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider
from flask.testing import FlaskClient

from flask_serveractions import MethodRoute

RESULTS: dict[str, tuple[Any, tuple[int, str, bytes]]] = {
    "text": ("<p>", (200, "text/html; charset=utf-8", b"<p>")),
    "bytes": (b"\x00", (200, "text/html; charset=utf-8", b"\x00")),
    "a dict": ({"a": 1}, (200, "application/json", b'{"a":1}\n')),
    "a list": ([1], (200, "application/json", b"[1]\n")),
    "with a status": (("no", 418), (418, "text/html; charset=utf-8", b"no")),
    "a dict with a status": (({"a": 1}, 201), (201, "application/json", b'{"a":1}\n')),
    "with headers": (("x", {"Content-Type": "text/plain"}), (200, "text/plain", b"x")),
    "with status and headers": (("x", 202, [("Content-Type", "text/css")]), (202, "text/css", b"x")),
    "headers in a tuple": (("x", (("Content-Type", "text/css"),)), (200, "text/css", b"x")),
    "a status with its own reason": (("x", "299 Strange"), (299, "text/html; charset=utf-8", b"x")),
    "headers beside no status": (("x", None, {"Content-Type": "text/css"}), (200, "text/css", b"x")),
    "a response": (Response("x", 203, content_type="text/plain"), (203, "text/plain", b"x")),
    "a response with a status": ((Response("x"), 203), (203, "text/html; charset=utf-8", b"x")),
}


@pytest.mark.parametrize(("result", "expected"), RESULTS.values(), ids=RESULTS)
def test_what_a_method_returns_is_sent_as_flask_sends_it(
    app: Flask, client: FlaskClient, result: Any, expected: tuple[int, str, bytes]
) -> None:
    class Result(MethodRoute):
        def get(self):
            return result

    app.add_url_rule("/", view_func=Result.as_view("result"))
    response = client.get("/")
    assert (response.status_code, response.content_type, response.data) == expected


@pytest.mark.parametrize("result", [("x", "299 Strange"), ({"a": 1}, "299 Strange", {"X-A": "1"})])
def test_a_reason_of_ones_own_is_sent(app: Flask, client: FlaskClient, result: Any) -> None:
    class Result(MethodRoute):
        def get(self):
            return result

    app.add_url_rule("/", view_func=Result.as_view("result"))
    assert client.get("/").status == "299 Strange"


def test_a_generator_streams(app: Flask, client: FlaskClient) -> None:
    class Lines(MethodRoute):
        def get(self):
            return (f"{number}\n" for number in range(3))

    app.add_url_rule("/", view_func=Lines.as_view("lines"))
    response = client.get("/")
    assert (response.data, response.content_length) == (b"0\n1\n2\n", None)


class Chunks:
    """An iterator that must be closed, such as the output of a process."""

    def __init__(self, chunks: Iterable[Any]) -> None:
        self.chunks, self.closed = iter(chunks), False

    def __iter__(self) -> Chunks:
        return self

    def __next__(self) -> Any:
        return next(self.chunks)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("given", [(), ("a", "b"), (b"a", b"b")])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_any_iterator_of_text_streams_and_is_closed(app: Flask, client: FlaskClient, given: Any, method: str) -> None:
    chunks = Chunks(given)

    class Lines(MethodRoute):
        def get(self):
            return chunks, 203, {"Content-Type": "text/csv"}

        post = get

    app.add_url_rule("/", view_func=Lines.as_view("lines"))
    response = client.open("/", method=method)
    assert (response.status_code, response.content_type, response.content_length) == (203, "text/csv", None)
    assert response.text == ("ab" if given and method != "HEAD" else "")
    response.close()
    assert chunks.closed


def test_an_iterator_of_anything_else_is_told_while_an_answer_can_be_sent(app: Flask, client: FlaskClient) -> None:
    class Rows(MethodRoute):
        def get(self):
            return Chunks([(1, "Buy milk")])

    app.add_url_rule("/", view_func=Rows.as_view("rows"))
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(TypeError, match="can't be JSON"):
        client.get("/")


class ListingProvider(DefaultJSONProvider):
    """An app's own JSON, which writes whatever can be gone through as a list."""

    default = staticmethod(list)


def test_an_apps_own_json_gets_all_that_an_iterator_gives(app: Flask, client: FlaskClient) -> None:
    class Numbers(MethodRoute):
        def get(self):
            return Chunks([1, 2, 3])

    app.json = ListingProvider(app)
    app.add_url_rule("/", view_func=Numbers.as_view("numbers"))
    assert client.get("/").json == [1, 2, 3]
