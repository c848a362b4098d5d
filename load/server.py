"""A gunicorn of our own, for as long as it is loaded; its workers can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from examples.ports import free_port

from . import keys

ROOT = Path(__file__).parents[1]
WORKERS = 2
THREADS = 8
PATIENCE = 60.0  # seconds
LOG = "gunicorn.log"
DATABASE, STORE, KEYS = "todo.sqlite3", "state.sqlite3", "keys.json"


def ready_file(pid: int) -> str:
    """Return the name of the file by which a worker says that it serves."""
    return f"ready-{pid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Threaded workers, two unless another number is said, that serve :mod:`load.app`."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def workers(self) -> list[int]:
        """Return the processes that gunicorn has forked, the oldest first."""
        pid = self.process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def serving(self) -> list[int]:
        """Return those of them that have said that they serve."""
        return [pid for pid in self.workers() if (self.folder / ready_file(pid)).exists()]

    def kill_one(self, turn: int) -> bool:
        """Kill a worker, another one each turn; return whether both were serving, so that one was killed."""
        serving = self.serving()
        if len(serving) < WORKERS:
            return False  # the last one is being replaced still
        pid = serving[turn % WORKERS]
        (self.folder / ready_file(pid)).unlink()
        os.kill(pid, signal.SIGKILL)
        return True

    def said(self) -> str:
        return (self.folder / LOG).read_text(errors="replace")

    def answers(self) -> bool:
        with contextlib.closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/bare/")
                return connection.getresponse().status == 200
            except (OSError, HTTPException):
                return False

    def wait(self) -> None:
        """:raises RuntimeError: it has ended, or does not answer."""
        self._wait_until(self.answers)

    def wait_for_all(self) -> None:
        """Wait until all workers serve.

        :raises RuntimeError: it has ended, or they don't.
        """
        self._wait_until(lambda: len(self.serving()) == WORKERS)

    def _wait_until(self, look: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not look():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"gunicorn does not answer.\n{self.said()}")
            time.sleep(0.05)


@contextlib.contextmanager
def serving(folder: Path, workers: int = WORKERS, **settings: object) -> Iterator[Server]:
    """Give a server that answers, with an empty database; it is ended with the body.

    :param settings: of ``load.app``: ``lease=2``.
    """
    keys.begin(folder / KEYS)
    port = free_port()
    options = f"--bind 127.0.0.1:{port} --workers {workers} --threads {THREADS} --worker-class gthread"
    command = [sys.executable, "-m", "gunicorn", *options.split(), "--no-control-socket", "load.app:application"]
    environ = {f"LOAD_{name.upper()}": str(value) for name, value in settings.items()}
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=ROOT, env={**os.environ, **environ, "LOAD_FOLDER": str(folder)}, stdout=log, stderr=log
        )
    try:
        server = Server(process=process, port=port, folder=folder)
        server.wait()
        yield server
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
