"""Compression inside (Flask-Compress) and in front (nginx): what becomes of entity tags, as docs/rest.rst says."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_compress import Compress
from werkzeug.serving import make_server

from examples.ports import free_port
from flask_serveractions import MethodRoute, ServerActions
from tests.nginx_servers import nginx
from tests.stores_processes import eventually

GZIP = {"Accept-Encoding": "gzip"}


def app_of(compress: str = "") -> Flask:
    """Return an app with a long text that takes changes under ``If-Match`` alone.

    :param compress: whether Flask-Compress comes ``"before"`` us or ``"after"``.
    """
    app = Flask(__name__)
    app.config.update(SECRET_KEY="of the tests", COMPRESS_MIN_SIZE=10)
    if compress == "before":
        Compress(app)
    actions = ServerActions(app)
    if compress == "after":
        Compress(app)
    state = {"text": "a" * 600}

    class Text(MethodRoute):
        require_if_match = True

        def get(self) -> dict[str, str]:
            return state

        def put(self, text: str) -> dict[str, str]:
            state["text"] = text
            return state

    actions.route("/text")(Text)
    actions.route("/api/text", endpoint="api")(Text)
    return app


@pytest.mark.parametrize("compress", ["before", "after"])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_the_tag_of_what_flask_compress_made_names_the_state(compress: str, coding: str) -> None:
    client, accepting = app_of(compress).test_client(), {"Accept-Encoding": coding}
    read = client.get("/text", headers=accepting)
    assert read.headers["Content-Encoding"] == coding
    tag = read.headers["ETag"]
    assert tag.endswith(f':{coding}"')
    assert client.get("/text", headers={**accepting, "If-None-Match": tag}).status_code == 304
    assert client.get("/text", headers={"If-None-Match": tag}).status_code == 304
    changed = client.put("/text", json={"text": "b" * 600}, headers={**accepting, "If-Match": tag})
    assert changed.status_code == 200
    assert client.put("/text", json={"text": "c"}, headers={**accepting, "If-Match": tag}).status_code == 412
    again = {**accepting, "If-Match": changed.headers["ETag"]}
    assert client.put("/text", json={"text": "c"}, headers=again).status_code == 200


# what docs/rest.rst says
FRONT = """
gzip on;
gzip_types application/json;
server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    location /api/ {{ gzip off; proxy_pass http://127.0.0.1:{behind}; }}
}}
"""


@pytest.fixture(params=["", "after"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """nginx in front of an app."""
    server = make_server("127.0.0.1", 0, app_of(request.param), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = free_port()
    try:
        with nginx(tmp_path, FRONT.format(port=port, behind=server.server_port)):
            assert eventually(lambda: status_of(f"http://127.0.0.1:{port}/text") == 200)
            yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, str, str, str]:
    """Return an answer's status, ``ETag``, ``Content-Encoding`` and text."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent["Content-Type"] = "application/json"
    request = urllib.request.Request(url, body, {**GZIP, **sent}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            found, data = answer, answer.read()
    except urllib.error.HTTPError as error:
        found, data = error, error.read()
    encoding = found.headers.get("Content-Encoding", "")
    return found.status, found.headers.get("ETag", ""), encoding, "" if encoding else data.decode()


def status_of(url: str) -> int:
    try:
        return ask(url)[0]
    except OSError:
        return 0


def test_nginx_makes_a_tag_weak_where_it_compresses_and_not_elsewhere(
    address: str, request: pytest.FixtureRequest
) -> None:
    compressed_inside = request.node.callspec.params["address"] == "after"
    body = b'{"text": "b"}'
    _, tag, encoding, _ = ask(f"{address}/text")
    assert encoding == "gzip"
    assert tag.startswith("W/") is not compressed_inside  # nginx leaves alone what is compressed already
    assert ask(f"{address}/text", If_None_Match=tag)[0] == 304
    status, _, _, told = ask(f"{address}/text", "PUT", body, If_Match=tag)
    assert status == (200 if compressed_inside else 412)
    assert ("weak" in told) is not compressed_inside

    _, tag, _, _ = ask(f"{address}/api/text")
    assert not tag.startswith("W/")
    assert ask(f"{address}/api/text", "PUT", body, If_Match=tag)[0] == 200
