"""A Redis of our own, for as long as it is measured."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from examples.ports import free_port

PATIENCE = 10.0  # seconds


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Give the URL of an empty Redis on a free port: ``redis://127.0.0.1:41203``.

    :raises RuntimeError: none is installed, or it does not answer.
    """
    port = free_port()
    options = f"--bind 127.0.0.1 --port {port} --dir {folder} --appendonly no".split()
    with subprocess.Popen([program(), *options, "--save", ""], stdout=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            wait(f"redis://127.0.0.1:{port}")
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.kill()


def program() -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which("redis-server", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise RuntimeError("There is no redis-server. `make bench` installs one.")
    return found


def wait(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"Redis does not answer at {url}.") from None
                time.sleep(0.02)
            else:
                return
