"""The configuration of the page on nginx, in front of gunicorn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.ports import free_port
from tests.doc_blocks import blocks_of
from tests.neighbours.programs import PAGES
from tests.neighbours.servers import APP, Server, serving
from tests.nginx_servers import nginx
from tests.reliability_servers import HTML, JSON, Visitor, next_event
from tests.stores_processes import eventually

CONFIGURATION = next(block.code for block in blocks_of(PAGES / "nginx.rst") if block.language == "nginx")
BEHIND = f"""{APP}
from werkzeug.middleware.proxy_fix import ProxyFix
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving("gunicorn threads", tmp_path_factory.mktemp("behind"), BEHIND) as server:
        yield server


@contextmanager
def in_front_of(server: Server, folder: Path, configuration: str) -> Iterator[Visitor]:
    """Give somebody who asks nginx."""
    port = free_port()
    configuration = configuration.replace("listen 80", f"listen 127.0.0.1:{port}")
    with nginx(folder, configuration.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")):
        visitor = Visitor(port)
        eventually(lambda: answers(visitor))
        yield visitor


def answers(visitor: Visitor) -> bool:
    try:
        return visitor.send("GET", "/", HTML).status == 200
    except OSError:
        return False


def test_forms_calls_and_streams_pass_through(server: Server, tmp_path: Path) -> None:
    with in_front_of(server, tmp_path, CONFIGURATION) as visitor:
        added = visitor.submit(visitor.form("add"), HTML, text="Tea")
        assert (added.status, added.headers["Location"]) == (303, "/")
        assert visitor.submit(visitor.form("add"), JSON, text="Milk").json["data"] == "Milk"
        with visitor.streaming(visitor.form("steps")) as response:
            assert next_event(response)[1]["done"] == 1  # before the second is made
            server.let_go()
            assert next_event(response)[1]["done"] == 2


@pytest.mark.parametrize("line", ["proxy_set_header Host $http_host;", "proxy_set_header X-Forwarded-Proto $scheme;"])
def test_each_line_about_the_origin_is_needed(server: Server, tmp_path: Path, line: str) -> None:
    """Somebody before nginx has taken TLS off, as a load balancer may: the browser says https."""
    by_https = CONFIGURATION.replace("$scheme", "https")
    broken = by_https.replace(line.replace("$scheme", "https"), "")
    (tmp_path / "broken").mkdir()
    statuses = []
    for folder, configuration in ((tmp_path, by_https), (tmp_path / "broken", broken)):
        with in_front_of(server, folder, configuration) as visitor:
            origin = {"Origin": f"https://127.0.0.1:{visitor.port}"}
            statuses.append(visitor.submit(visitor.form("charge"), {**JSON, **origin}).status)
    assert statuses == [200, 403]
