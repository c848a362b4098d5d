"""Real servers that a test may kill, and a visitor who calls them over HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from examples.ports import free_port
from load import visitor
from tests.callers import Form, form_in
from tests.stores_processes import eventually

ROOT = Path(__file__).parents[1]
HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}
EVENTS = {"Accept": "application/json, text/event-stream"}


@dataclass
class Program:
    """A program of several processes, in a process group of its own."""

    process: subprocess.Popen[bytes]
    output: Path

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")


def python(arguments: str, folder: Path, **environ: str) -> Program:
    """Start ``python -m …`` with the app's settings; what it says goes into a file."""
    output = folder / f"{arguments.split()[0]}.log"
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "FAULTS_FOLDER": str(folder), **environ}
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments.split()], cwd=ROOT, env=settings,
            stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip
    return Program(process, output)


class Server:
    """Two threaded workers of gunicorn that serve :mod:`tests.reliability_app`."""

    def __init__(self, folder: Path, store: str, **environ: str) -> None:
        self.folder = folder
        self.environ = {"FAULTS_STORE": store, **environ}
        self.port = free_port()
        options = f"--bind 127.0.0.1:{self.port} --workers 2 --threads 12 --worker-class gthread --no-control-socket"
        self.program = python(f"gunicorn {options} tests.reliability_app:application", folder, **self.environ)

    def wait(self) -> None:
        """Wait until both workers answer."""
        eventually(lambda: len(self.workers()) == 2 or self.program.process.poll() is not None)
        assert self.program.process.poll() is None, self.program.said

    def workers(self) -> set[str]:
        """Return who answers, of a few requests."""
        seen = set()
        for _ in range(4):
            with contextlib.suppress(OSError, HTTPException):
                seen.add(Visitor(self.port).send("GET", "/", HTML).process)
        return seen

    def worker(self) -> Program:
        """Start a Celery worker: of one process, so that to kill it is to kill all of it."""
        options = "--pool solo --without-mingle --without-gossip --loglevel error"
        return python(f"celery -A tests.reliability_app worker {options}", self.folder, **self.environ)

    # What the actions noted

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().split() if path.exists() else []

    def go_on(self) -> None:
        (self.folder / "go").touch()

    def forget(self) -> None:
        """Make ready for the next test."""
        for name in ("begun", "charged", "worked", "closed", "computed", "go"):
            (self.folder / name).unlink(missing_ok=True)


class Answer(visitor.Answer):
    """An answer of the servers here, which say who they are."""

    @property
    def process(self) -> str:
        return self.headers["X-Process"]


class Visitor:
    """Somebody with a session. Each request has a connection of its own, so that threads may share a visitor."""

    def __init__(self, port: int, origin: str = "") -> None:
        """:param origin: that of the host which the visitor believes to call, where a proxy answers for it."""
        self.port = port
        self.origin = origin or f"http://127.0.0.1:{port}"
        self.cookie = ""

    def connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=60)

    def begin(self, connection: HTTPConnection, method: str, path: str, headers: Mapping[str, str], body: str) -> None:
        own = {"Host": urlsplit(self.origin).netloc, "Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body or None, {**own, **kind, "Cookie": self.cookie, **headers})

    def send(self, method: str, path: str, headers: Mapping[str, str], body: str = "") -> Answer:
        with contextlib.closing(self.connection()) as connection:
            self.begin(connection, method, path, headers, body)
            response = connection.getresponse()
            self.cookie = response.getheader("Set-Cookie", "").partition(";")[0] or self.cookie
            return Answer.of(response)

    def form(self, action: str, path: str = "/") -> Form:
        page = self.send("GET", path, HTML)
        assert page.status == 200, page.text
        return form_in(page.text, action)

    def submit(self, form: Form, headers: Mapping[str, str] = JSON, **fields: str) -> Answer:
        return self.send("POST", form.url, headers, filled_in(form, **fields))

    @contextlib.contextmanager
    def streaming(self, form: Form, **fields: str) -> Iterator[HTTPResponse]:
        """Give the answer whose events are still coming; the client is gone when the body ends."""
        with contextlib.closing(self.connection()) as connection:
            self.begin(connection, "POST", form.url, EVENTS, filled_in(form, **fields))
            with connection.getresponse() as response:
                yield response


def filled_in(form: Form, **fields: str) -> str:
    return urlencode({**form.values, "text": "tea", **fields})


def next_event(response: HTTPResponse) -> tuple[str, Any]:
    """Return the next event of a stream: its name and its data."""
    lines = iter(response.readline, b"")
    name = next(line for line in lines if line.startswith(b"event: "))[7:].strip().decode()
    return name, json.loads(next(lines).removeprefix(b"data: "))


def seconds_of(call: Any) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began
