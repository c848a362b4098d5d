"""Visitors who leave in the middle of a stream: whatever it held is given back."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.ports import free_port
from tests.reliability_servers import JSON, Visitor, next_event, python
from tests.stores_processes import eventually

AT_ONCE = 20
DROPPED = 200
STORE = ".sqlite3"  # SQLite keeps descriptors of it for connections to come: closing one would drop another one's lock
SLACK = 40  # the 24 threads that a server's own pool may still begin, and their files: fewer than visitors who leave
PATIENCE = 60.0  # seconds, for a machine that is busy
SERVERS = {
    "gunicorn": "gunicorn --bind 127.0.0.1:{port} --workers 1 --threads 24 --worker-class gthread"
    " --no-control-socket tests.pipeline.dropping_app:application",
    "werkzeug": "flask --app tests.pipeline.dropping_app:application run --port {port} --no-reload",
}


@dataclass
class Dropping:
    """A server whose visitors leave."""

    port: int
    folder: Path

    @property
    def state(self) -> Any:
        return Visitor(self.port).send("GET", "/state", JSON).json

    def drop(self, leave: Callable[[int], None], times: int) -> None:
        """Let so many visitors come and leave, some of them at once."""
        with ThreadPoolExecutor(AT_ONCE) as visitors:
            list(visitors.map(leave, range(times)))

    def leave_an_action(self, number: int) -> None:
        visitor = Visitor(self.port)
        with visitor.streaming(visitor.form("steps")) as response:
            assert next_event(response)[0] == "progress"

    def settled(self) -> Any:
        """Return the state once every generator is closed, and nothing of ours runs or is held."""

        def nothing_runs() -> Any:
            state = self.state
            return state if state["begun"] == state["closed"] and not state["ours"] and not state["leases"] else None

        return eventually(nothing_runs, PATIENCE)

    def resources(self) -> dict[str, int]:
        """Return how many threads and open files the process has."""
        process = Path("/proc", str(self.settled()["process"]))
        files = [target for target in map(target_of, process.glob("fd/*")) if not target.endswith(STORE)]
        return {"threads": len(list(process.glob("task/*"))), "files": len(files)}

    def comes_back_to(self, before: dict[str, int]) -> bool:
        return all(count <= before[kind] + SLACK for kind, count in self.resources().items())


def target_of(descriptor: Path) -> str:
    with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
        return os.readlink(descriptor)
    return STORE


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dropping]:
    folder = tmp_path_factory.mktemp(request.param)
    port = free_port()
    program = python(SERVERS[request.param].format(port=port), folder)
    try:
        eventually(lambda: answers(port) or program.process.poll() is not None, PATIENCE)
        assert program.process.poll() is None, program.said
        yield Dropping(port, folder)
    finally:
        program.kill()


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return Visitor(port).send("GET", "/", JSON).status == 200
    return False


def test_200_streams_that_are_dropped_leave_no_thread_file_lock_or_generator_behind(server: Dropping) -> None:
    server.drop(server.leave_an_action, 2 * AT_ONCE)  # until the server has all threads that it wants
    before = server.resources()
    begun = server.state["begun"]
    server.drop(server.leave_an_action, DROPPED)
    assert server.settled()["begun"] == begun + DROPPED
    assert server.state["computed"] <= 50  # a computation that is under way is not left to nobody
    eventually(lambda: server.comes_back_to(before), PATIENCE)


def watch_a_job(server: Dropping, watchers: int) -> None:
    """Start a job, let its watchers leave while it runs, and wait for its end."""
    done = server.folder / "done"
    done.unlink(missing_ok=True)
    owner = Visitor(server.port)
    job = owner.submit(owner.form("work")).headers["Location"]

    def leave_a_job(number: int) -> None:
        with contextlib.closing(owner.connection()) as connection:
            owner.begin(connection, "GET", job, {"Accept": "text/event-stream"}, "")
            with connection.getresponse() as response:
                assert next_event(response)[0] == "progress"

    server.drop(leave_a_job, watchers)
    eventually(lambda: server.state["leases"] == 2)  # the job's own, and its place: it runs though nobody watches
    done.touch()
    eventually(lambda: owner.send("GET", job, JSON).json["state"] == "done", PATIENCE)


def test_a_jobs_watchers_who_leave_leave_nothing_behind_either(server: Dropping) -> None:
    watch_a_job(server, AT_ONCE)
    before = server.resources()
    watch_a_job(server, 3 * AT_ONCE)
    eventually(lambda: server.comes_back_to(before), PATIENCE)
