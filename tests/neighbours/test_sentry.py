"""What arrives at Sentry: each bug once, and nothing that is secret; a server of our own takes the events."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli
import pytest

from tests.neighbours.programs import write_program

ROOT = Path(__file__).parents[2]
#: Goes through all doors in a process of its own: Sentry patches Flask, logging and threads for good
VISIT = """
import sentry_sdk
from app import app
from flask_serveractions.testing import ActionsClient
from tests.callers import form_in
from tests.stores_processes import eventually

client = ActionsClient(app, app.response_class)
page = client.get("/")
assert client.submit(page, "change_password", password="s3cret-1", new_password="s3cret-2").status_code == 500
assert client.call_action("change_password", password="s3cret-1", new_password="s3cret-2").status_code == 500
assert client.get("/api/todos/1").status_code == 500
form = form_in(page, "count")
streams = {"Accept": "application/json, text/event-stream", "Origin": "http://localhost"}
assert "event: error" in client.post(form.url, data={**form.values, "until": "2"}, headers=streams).text
job = client.call_action("report", password="s3cret-3").json["job"]["url"]
eventually(lambda: client.get(job, headers={"Accept": "application/json"}).json["state"] == "failed")
assert client.submit(page, "change_password", password="", new_password="").status_code == 500
assert client.call_action("change_password", password=3).status_code == 422
assert client.post("/_actions/change_password/x", data={"password": "s3cret-1"}).status_code in (400, 403, 404)
sentry_sdk.flush()
"""


#: Brotli comes with Flask-Compress, and where it is there Sentry takes it
DECODERS: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress, "identity": bytes}


class Collector(BaseHTTPRequestHandler):
    """Takes envelopes, as Sentry does: lines of JSON, of which the third is an event."""

    events: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lines = DECODERS[self.headers.get("Content-Encoding", "identity")](body).split(b"\n")
        if json.loads(lines[1]).get("type") == "event":
            self.events.append(json.loads(lines[2]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The events of a visit that meets every bug of the page's program."""
    folder = tmp_path_factory.mktemp("sentry")
    write_program("sentry", folder)
    collected: list[dict[str, Any]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Collector,), {"events": collected}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "SENTRY_DSN": f"http://key@127.0.0.1:{server.server_port}/1",
    }
    done = subprocess.run([sys.executable, "-c", VISIT], cwd=folder, env=environ, capture_output=True, check=False)
    server.shutdown()
    thread.join()
    server.server_close()
    assert done.returncode == 0, done.stderr.decode()
    return collected


def value_of(event: dict[str, Any]) -> str:
    (exception,) = event["exception"]["values"]
    return str(exception["value"])


def test_each_bug_arrives_once_and_refusals_do_not(events: list[dict[str, Any]]) -> None:
    assert sorted(map(value_of, events)) == [
        "in a job",
        "in a resource",
        "in a stream",
        *["no such user"] * 3,
    ]


def test_a_bug_is_filed_under_its_operation(events: list[dict[str, Any]]) -> None:
    filed = {value_of(event): event["transaction"] for event in events}
    assert filed == {
        "in a job": "actions.report",
        "in a resource": "Todo",
        "in a stream": "actions.count",
        "no such user": "actions.change_password",
    }


def test_neither_passwords_nor_tokens_nor_cookies_go_along(events: list[dict[str, Any]]) -> None:
    sent = json.dumps(events)
    assert "s3cret" not in sent
    forms = [event["request"]["data"] for event in events if "csrf_token" in (event["request"].get("data") or {})]
    assert forms
    assert {form["csrf_token"] for form in forms} == {"[Filtered]"}
    cookies = {event["request"]["headers"].get("Cookie", "[Filtered]") for event in events}
    assert cookies == {"[Filtered]"}
