"""The state that processes share, in one small interface over SQLite and Redis.

A *record* is a JSON value that may be held: by whoever knows its token, as long as the lease runs. Claims of ``once``,
messages of webhooks, background jobs and computations of cached values are records. A *generation* is the number of the
last revalidation of a tag or path: one counter for all of them, so that a cached value, which carries the counter as it
was when its computation began, can be held against any of them. No clocks are compared.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from ..config import without_password
from ..logs import logger
from .backend import Backend, Row

T = TypeVar("T")

KEY = "SERVERACTIONS_STORE_URL"
EXAMPLES = "'sqlite:///serveractions.sqlite3' (in the instance folder), 'sqlite:////var/lib/app/state.sqlite3' or 'redis://host:6379/0'"
REDIS_SCHEMES = ("redis", "rediss", "unix")
REDIS_DATABASE = re.compile("/?[0-9]*/?")  # in the path of a URL

PATIENCE = 6.0  # seconds that a claim, a job or a revalidation waits for a lock
HASTE = 0.4  # seconds that a cached value waits for one: to be read and to be claimed it may do so twice in a request
SLOW = 0.2  # a failure that took longer than this is not tried again by the next request
PAUSE = 0.5  # seconds between two attempts in the background

NAMES_AT_ONCE = 500  # of generations that are read
CACHED = "cached:"  # before the keys of cached values


class StoreUnavailable(Exception):
    """The store can't be reached, is locked, full, or does not answer in time."""


class StoreCorrupt(StoreUnavailable):
    """The store's file is no store, and will not become one by waiting."""


class Record(NamedTuple):
    """A record as it was a moment ago."""

    value: Any  # JSON-ready
    token: str  # of its holder; "" where nobody holds it
    lease_left: float  # seconds; 0 or less where the holder has not renewed it in time

    @property
    def lapsed(self) -> bool:
        """Whether somebody holds it, and has not renewed the lease: the holder's process has died, or stands still."""
        return bool(self.token) and self.lease_left <= 0


class Lookup(NamedTuple):
    """A cached text, and the generations that it must be held against, read at one moment."""

    text: str | None
    epoch: str  # another one where the generations were lost: then nothing is fresh
    counter: int  # the last generation given to any name: to be read before a computation begins
    latest: int  # the last generation of the names asked for


class Generations(NamedTuple):
    """How far the store is, and the last generation of each of some names."""

    epoch: str
    counter: int
    numbers: dict[str, int]


class CircuitBreaker:
    """Lets operations through, but not into a store that hangs: a slow failure opens it, a probing thread closes it.

    :param probe: raises one of ``failures`` while the store is away.
    """

    def __init__(self, name: str, probe: Callable[[], None], failures: tuple[type[Exception], ...]) -> None:
        self.name = name
        self.probe = probe
        self.failures = failures
        self.failing = ""  # why; said once in the log
        self._open_in = 0  # the process whose thread probes

    def call(self, operation: Callable[..., T], *arguments: Any) -> T:
        """Return what an operation returns.

        :raises StoreUnavailable: it failed, or was not tried.
        """
        if self._open_in == os.getpid():
            raise StoreUnavailable(self.failing)
        began = time.monotonic()
        try:
            result = operation(*arguments)
        except self.failures as error:
            self._failed(error, time.monotonic() - began)
            raise StoreUnavailable(self.failing) from error
        if self.failing:
            self._recovered()
        return result

    def _failed(self, error: Exception, seconds: float) -> None:
        reason = f"{self.name}: {error or type(error).__name__}"
        if not self.failing:
            logger.warning("The store is not available. %s", reason)
        self.failing = reason
        if seconds > SLOW and self._open_in != os.getpid():
            self._open_in = os.getpid()
            retry_until_done(self._try, StoreUnavailable)

    def _try(self) -> None:
        try:
            self.probe()
        except self.failures as error:
            raise StoreUnavailable from error
        self._open_in = 0
        self._recovered()

    def _recovered(self) -> None:
        self.failing = ""
        logger.info("The store is available again. %s", self.name)


def retry_until_done(operation: Callable[[], object], failure: type[Exception]) -> None:
    """Start a thread that tries an operation until it does not fail; the thread does not hold up the process's end."""

    def run() -> None:
        while True:
            time.sleep(PAUSE)
            try:
                operation()
            except failure:
                continue
            return

    threading.Thread(target=run, name="serveractions-store", daemon=True).start()


@dataclass(slots=True, eq=False)
class PendingBumps:
    """Generations that could not be bumped yet: nothing is fresh in this process until they are."""

    names: set[str] = field(default_factory=set)
    pid: int = 0  # whose they are: a forked child leaves them to its parent
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def waiting(self) -> bool:
        return self.pid == os.getpid()

    def add(self, names: Collection[str]) -> bool:
        """Return whether these are the first."""
        with self.lock:
            first = not self.waiting
            self.pid = os.getpid()
            self.names = set(names) if first else self.names | set(names)
            return first


class Store:
    """The store of one app. Every method raises :class:`StoreUnavailable` where it can't do its work.

    :param backend: SQLite or Redis.
    :param reads: the breaker of what reads, ``writes`` of what writes.
    :param patience: seconds to wait for locks.
    """

    def __init__(
        self, backend: Backend, reads: CircuitBreaker, writes: CircuitBreaker, patience: float, unsent: PendingBumps
    ) -> None:
        self.backend = backend
        self._impatient: Store | None = None
        self._reads = reads
        self._writes = writes
        self._patience = patience
        self._unsent = unsent

    def __repr__(self) -> str:
        return f"<Store {self.backend}>"

    @property
    def impatient(self) -> Store:
        """The same store, giving up within a second: for what can do without it."""
        return self._impatient or self

    # Records

    def get(self, key: str) -> Record | None:
        """Return a record, or None."""
        return record_of(self._reads.call(self.backend.get, key, self._patience))

    def add(self, key: str, value: Any, ttl: float, token: str = "", lease: float = 0) -> Record | None:
        """Return None and store a new record, or return the one that is there and leave it.

        :param ttl: seconds until it is forgotten.
        :param token: who holds it from now on, for ``lease`` seconds at a time.
        """
        durable = self._impatient is not None
        row = self._writes.call(self.backend.add, key, dump(value), ttl, token, lease, self._patience, durable)
        return record_of(row)

    def swap(self, key: str, expected: str, value: Any, ttl: float, token: str = "", lease: float = 0) -> bool:
        """Replace a record if ``expected`` still holds it; return whether.

        :param expected: the holder's token, ``""`` for nobody. A lapsed lease does not count: the token decides.
        """
        arguments = (key, expected, dump(value), ttl, token, lease, self._patience)
        return self._writes.call(self.backend.swap, *arguments)

    def renew(self, key: str, token: str, lease: float) -> bool:
        """Hold a record for ``lease`` seconds more; return whether it is still held by this token."""
        return self._writes.call(self.backend.renew, key, token, lease, self._patience)

    def remove(self, key: str, token: str = "") -> bool:
        """Delete a record if ``token`` holds it; return whether."""
        return self._writes.call(self.backend.remove, key, token, self._patience)

    # Cached values and generations

    def lookup(self, key: str, names: Sequence[str]) -> Lookup:
        """Return a cached text, if there is one, with the generations of its names."""
        if self._unsent.waiting:
            raise StoreUnavailable("revalidations are waiting to be stored")
        return Lookup(*self._reads.call(self.backend.lookup, CACHED + key, names, self._patience))

    def generations(self, names: Sequence[str] = ()) -> Generations:
        """Return the generations of names, read at one moment."""
        epoch, counter, numbers = self._reads.call(self.backend.generations, names[:NAMES_AT_ONCE], self._patience)
        for start in range(NAMES_AT_ONCE, len(names), NAMES_AT_ONCE):
            some = names[start : start + NAMES_AT_ONCE]
            numbers |= self._reads.call(self.backend.generations, some, self._patience)[2]
        return Generations(epoch, counter, numbers)

    def put(self, key: str, text: str, ttl: float) -> None:
        """Store a cached text, in place of any that is there."""
        self._writes.call(self.backend.put, CACHED + key, text, ttl, self._patience)

    def bump(self, names: Collection[str]) -> None:
        """Give names a new generation: whatever began before is stale. Never fails.

        Where the store is away, this process trusts no cached value until a thread has done it.
        """
        try:
            self._writes.call(self.backend.bump, sorted(names), self._patience)
        except StoreUnavailable:
            if self._unsent.add(names):
                retry_until_done(self._send, StoreUnavailable)

    def _send(self) -> None:
        unsent = self._unsent
        with unsent.lock:
            names = sorted(unsent.names)
        self._writes.call(self.backend.bump, names, self._patience)
        with unsent.lock:
            unsent.names -= set(names)
            if unsent.names:
                raise StoreUnavailable("more have come meanwhile")
            unsent.pid = 0

    def entries(self) -> Iterator[tuple[str, str]]:
        """Yield the key and text of every cached value, fresh or not."""
        for key, text in self._reads.call(lambda: list(self.backend.entries(CACHED, self._patience))):
            yield key[len(CACHED) :], text

    def clear(self) -> None:
        """Forget every cached value; one that is being computed will not count as fresh."""
        self._writes.call(self.backend.clear, CACHED, self._patience)

    def later(self, operation: Callable[[], object]) -> None:
        """Do what must be done in the end: now, or by a thread as soon as the store is there."""
        try:
            operation()
        except StoreUnavailable:
            retry_until_done(operation, StoreUnavailable)

    def close(self) -> None:
        """Close all connections; the next operation opens a new one."""
        self.backend.close()


def store_on(backend: Backend) -> Store:
    """Return the store on a backend."""
    # A failure of the impatient must not stop those who would have waited; with Redis all wait alike.
    reads, writes, impatient_reads, impatient_writes = (
        CircuitBreaker(str(backend), probe, backend.failures)
        for probe in (backend.probe_reads, backend.probe_writes, backend.probe_reads, backend.probe_writes)
    )
    if backend.shared_fate:
        reads = impatient_reads = impatient_writes = writes
    unsent = PendingBumps()
    store = Store(backend, reads, writes, PATIENCE, unsent)
    store._impatient = Store(backend, impatient_reads, impatient_writes, HASTE, unsent)
    return store


def open_store(url: str, instance_path: str) -> Store:
    """Return the store of an URL. Nothing is asked of a Redis yet; that a file is locked now does not matter.

    :param instance_path: the folder of relative SQLite files.
    :raises ValueError: an URL that can't be right.
    :raises StoreCorrupt: a file that is no SQLite database, or a broken one.
    """
    check_store_url(url)
    if url.startswith("sqlite:"):
        from .sqlite import SQLiteBackend  # not above: an app that needs no store starts 3 ms sooner

        backend: Backend = SQLiteBackend(Path(instance_path) / sqlite_path(url))
    else:
        backend = redis_backend(url)
    fault = backend.check()
    if fault is not None:
        raise StoreCorrupt(
            f"{backend} can't be used: {fault}. Move the file away (it holds cached values, answers of once=True, and"
            f" background jobs), or name another one in {KEY}."
        )
    return store_on(backend)


def check_store_url(url: str) -> None:
    """Check a setting.

    :raises ValueError: a scheme that no store has, or an URL that does not parse; the message names the setting.
    """
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        sqlite_path(url)
    elif scheme in REDIS_SCHEMES:
        redis_backend(url)
    else:
        named = f" {scheme!r}" if "://" in url else " of that name"
        raise ValueError(f"{KEY} is {without_password(url)!r}: there is no store{named}. Give {EXAMPLES}.")


def sqlite_path(url: str) -> str:
    """Return the file that an URL names: ``sqlite:///`` and its path, which is relative without a fourth ``/``."""
    shown, path = without_password(url), url.removeprefix("sqlite:///")
    if path == url or not path or path.endswith(("/", "/.", "/..")) or path in (".", ".."):
        raise ValueError(f"{KEY} is {shown!r}, which names no file. Give {EXAMPLES}.")
    if path.startswith(":memory:"):
        raise ValueError(f"{KEY} is {shown!r}: memory is not shared by processes. Give {EXAMPLES}.")
    if path.startswith("file:") or any(character in path for character in "?#\0"):
        raise ValueError(f"{KEY} is {shown!r}: write the path alone, without options. Give {EXAMPLES}.")
    return path


def redis_backend(url: str) -> Backend:
    shown = without_password(url)
    try:
        from .redis import RedisBackend
    except ImportError as error:
        raise ValueError(
            f"{KEY} is {shown!r}, but redis is not installed: pip install 'Flask-ServerActions[redis]'."
        ) from error
    try:
        check_redis_database(url)
        return RedisBackend(url)
    except (ValueError, TypeError) as error:
        # what urllib says of a port may be a part of the password
        reason = "its host or its port can't be read" if "cast to integer" in str(error) else error
        raise ValueError(f"{KEY} is {shown!r}: {reason}. Give {EXAMPLES}.") from None


def check_redis_database(url: str) -> None:
    """:raises ValueError: the path names no number, for which the library would take 0."""
    parts = urlsplit(url)
    if parts.scheme != "unix" and not REDIS_DATABASE.fullmatch(parts.path):
        raise ValueError("its database is no number")


def record_of(row: Row | None) -> Record | None:
    return None if row is None else Record(json.loads(row[0]), row[1], row[2])


def dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
