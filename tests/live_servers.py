"""Processes of gunicorn that serve one live page, and share a store."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from examples.ports import free_port
from tests.reliability_servers import HTML, Visitor, python
from tests.stores_processes import eventually


class LiveServer:
    """One process of gunicorn that serves :mod:`tests.live_app`."""

    def __init__(self, folder: Path, store: str, streams: int = 1, options: str = "--threads 8") -> None:
        self.port = free_port()
        folder.mkdir(exist_ok=True)
        options = f"--bind 127.0.0.1:{self.port} --workers 1 {options} --no-control-socket"
        self.program = python(
            f"gunicorn {options} tests.live_app:application", folder, LIVE_STORE=store, LIVE_STREAMS=str(streams)
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> None:
        eventually(self.answers)

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return Visitor(self.port).send("GET", "/", HTML).status == 200
        return False


@contextlib.contextmanager
def serving(*servers: LiveServer) -> Iterator[list[LiveServer]]:
    """Wait until all answer, and end them with the body."""
    try:
        for server in servers:
            server.wait()
        yield list(servers)
    finally:
        for server in servers:
            server.program.kill()
