"""The two servers, one process each, for as long as they are measured."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path

from examples.ports import free_port
from load.server import end
from load.visitor import Visitor

ROOT = Path(__file__).parents[2]
NEXT = ROOT / "bench" / "next"
#: each keeps eight connections open but ``sync``, which closes them; threads wait for each other's lock in Python
WORKERS = {
    "gevent": "--worker-class gevent",
    "gthread": "--worker-class gthread --threads 8",
    "sync": "--worker-class sync",
}
PATIENCE = 60.0  # seconds


def gunicorn(port: int, worker: str) -> list[str]:
    options = f"--bind 127.0.0.1:{port} --workers 1 {WORKERS[worker]} --no-control-socket"
    return [sys.executable, "-m", "gunicorn", *options.split(), "bench.served.app:app"]


def next_start(port: int) -> list[str]:
    """:raises RuntimeError: there is no node."""
    node = shutil.which("node")
    if node is None:
        raise RuntimeError("There is no node. `make bench-served` installs it.")
    options = f"start --hostname 127.0.0.1 --port {port}"
    return [node, str(NEXT / "node_modules" / "next" / "dist" / "bin" / "next"), *options.split()]


def answers(port: int) -> bool:
    try:
        return Visitor(port).get("/").status == 200
    except (OSError, HTTPException):
        return False


def wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """:raises RuntimeError: it has ended, or does not answer."""
    deadline = time.monotonic() + PATIENCE
    while not answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{log.stem} does not answer.\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


@contextlib.contextmanager
def started(command: Sequence[str], port: int, cwd: Path, log: Path) -> Iterator[int]:
    """Give the port of a server that answers; it is ended with the body."""
    instance = str(log.parent.absolute())
    environ = {**os.environ, "BENCH_INSTANCE": instance, "NEXT_TELEMETRY_DISABLED": "1", "NODE_ENV": "production"}
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=cwd, env=environ, stdout=file, stderr=file)  # noqa: S603
    try:
        wait(process, port, log)
        yield port
    finally:
        end(process)


@contextlib.contextmanager
def ours(folder: Path, worker: str) -> Iterator[int]:
    port = free_port()
    with started(gunicorn(port, worker), port, ROOT, folder / "gunicorn.log"):
        yield port


@contextlib.contextmanager
def theirs(folder: Path) -> Iterator[int]:
    port = free_port()
    with started(next_start(port), port, NEXT, folder / "next.log"):
        yield port
