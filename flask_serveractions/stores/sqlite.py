"""The store on SQLite: one file, safe for all processes of one machine.

Every transaction that writes begins IMMEDIATE (a deferred one that reads first fails with "database is locked" at once,
whatever the timeout). Each thread has a connection of its own, and none is open during a fork: SQLite's locks do not
survive one, not even for connections that the child opens later. Expiry follows the wall clock; leases follow the
monotonic one, which the processes of a machine share and which nobody sets back.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

from .backend import Found, Row
from .changes import Looks
from .private_files import UnsafeFile, make_private, warn_of_readers
from .sqlite_statements import GIVE_GENERATION, SCHEMA, generations_sql, lookup_sql

SWEPT_PER_WRITE = 20  # expired rows
CHECKED_BYTES = 64 * 1024 * 1024  # a larger file is not read whole at start
OPENING_SECONDS = 6.0
CHECK_SECONDS = 0.1  # a file that is locked is no broken one
NAP_SECONDS = 0.005  # busy_timeout

#: Connections that a fork without Python's hooks has carried over: closing them would break the parent's locks.
ABANDONED: list[sqlite3.Connection | None] = []


#: What is open: so that a connection is never garbage together with its holder, and finalised before it is closed.
OPEN: set[sqlite3.Connection] = set()


class ThreadConnection:
    """One thread's connection to one file."""

    def __init__(self, raw: sqlite3.Connection, file: tuple[int, int]) -> None:
        self.raw: sqlite3.Connection | None = raw
        self.file = file  # device and inode: the path may come to mean another file
        self.pid = os.getpid()
        self.lock = threading.Lock()  # held during an operation; a fork waits for it
        self.durable = False
        OPEN.add(raw)

    def close(self) -> None:
        raw, self.raw = self.raw, None
        if raw is None:
            return
        OPEN.discard(raw)
        if self.pid != os.getpid():
            ABANDONED.append(raw)
            return
        with suppress(sqlite3.Error):
            raw.close()

    def __del__(self) -> None:  # the thread has ended
        self.close()

    def __enter__(self) -> sqlite3.Connection:
        """Return the connection, whose lock is held already."""
        assert self.raw is not None  # noqa: S101  # for mypy
        return self.raw

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, sqlite3.Error) and not is_locked(error):
            self.close()  # the next operation opens anew: after a disk error there is no telling
        self.lock.release()

    def sync(self, durable: bool, patience: float) -> None:
        """Sync to the disk at the end of each transaction from now on, or leave it to the system."""
        if durable != self.durable and self.raw is not None:
            execute_patiently(self.raw, f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}", (), patience)
            self.durable = durable


class SQLiteBackend:
    """See ``stores.Backend`` for what each operation promises.

    :param path: the file; it and its folder are made where they do not exist.
    :param clock: Unix seconds, for what expires.
    :param ticks: seconds that never go back, the same in all processes, for leases.
    :param most_names: so many tags and paths are told apart; beyond, everything cached counts as stale once.
    """

    failures: tuple[type[Exception], ...] = (sqlite3.Error, OSError)
    shared_fate = False  # a locked file can still be read

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        most_names: int = 100_000,
    ) -> None:
        self.path = path
        self.clock = clock
        self.ticks = ticks
        self.most_names = most_names
        self.boot = boot_id()
        self._mine = threading.local()
        self._all: WeakSet[ThreadConnection] = WeakSet()
        self._opening = threading.Lock()
        BACKENDS.add(self)

    def __str__(self) -> str:
        return f"SQLite file {str(self.path)!r}"

    # Records

    def get(self, key: str, patience: float) -> Row | None:
        with self._connection(patience) as raw:
            return self._row(raw, key, patience)

    def add(
        self, key: str, value: str, ttl: float, token: str, lease: float, patience: float, durable: bool = True
    ) -> Row | None:
        with self._transaction(patience, durable) as raw:
            existing = self._row(raw, key)
            if existing is None:
                self._store(raw, key, value, ttl, token, lease)
            return existing

    def swap(self, key: str, expected: str, value: str, ttl: float, token: str, lease: float, patience: float) -> bool:
        with self._transaction(patience) as raw:
            row = self._row(raw, key)
            if row is None or row[1] != expected:
                return False
            self._store(raw, key, value, ttl, token, lease)
            return True

    def renew(self, key: str, token: str, lease: float, patience: float) -> bool:
        sql = "UPDATE serveractions_records SET lease = ?, ends = ? WHERE key = ? AND token = ?"
        with self._transaction(patience) as raw:
            return raw.execute(sql, (lease, self.ticks() + lease, key, token)).rowcount > 0

    def remove(self, key: str, token: str, patience: float) -> bool:
        with self._transaction(patience) as raw:
            sql = "DELETE FROM serveractions_records WHERE key = ? AND token = ?"
            return raw.execute(sql, (key, token)).rowcount > 0

    def put(self, key: str, value: str, ttl: float, patience: float) -> None:
        with self._transaction(patience) as raw:
            self._store(raw, key, value, ttl, "", ttl)  # leased to nobody: so its age follows both clocks

    # Generations

    def lookup(self, key: str, names: Sequence[str], patience: float) -> Found:
        ticks = self.ticks()
        arguments = (key, self.clock(), ticks, ticks, *names)
        with self._connection(patience) as raw:
            found: Found | None = execute_patiently(raw, lookup_sql(len(names)), arguments, patience).fetchone()
        if found is None:
            raise sqlite3.OperationalError("serveractions_meta is empty")
        value, epoch, counter, latest = found
        return value, f"{epoch} {self.boot}", counter, latest

    def bump(self, names: Sequence[str], patience: float) -> None:
        with self._transaction(patience, durable=not self.boot) as raw:
            raw.execute("UPDATE serveractions_meta SET counter = counter + 1")
            raw.executemany(GIVE_GENERATION, [(name,) for name in names])
            if raw.execute("SELECT max(id) FROM serveractions_generations").fetchone()[0] > self.most_names:
                raw.execute("DELETE FROM serveractions_generations")
                raw.execute("UPDATE serveractions_meta SET floor = counter")

    def generations(self, names: Sequence[str], patience: float) -> tuple[str, int, dict[str, int]]:
        with self._connection(patience) as raw:
            rows = execute_patiently(raw, generations_sql(len(names)), names, patience).fetchall()
        if not rows:
            raise sqlite3.OperationalError("serveractions_meta is empty")
        epoch, counter, floor = rows[0][:3]
        numbers = {name: number for _, _, _, name, number in rows}
        return f"{epoch} {self.boot}", counter, {name: max(floor, numbers.get(name, 0)) for name in names}

    def watch(self) -> Looks:
        return Looks()

    def entries(self, prefix: str, patience: float) -> Iterator[tuple[str, str]]:
        sql = (
            "SELECT key, value FROM serveractions_records"
            " WHERE key > ? AND key < ? AND expires > ? ORDER BY key LIMIT 500"
        )
        last = prefix
        while last:
            with self._connection(patience) as raw:
                rows = execute_patiently(raw, sql, (last, prefix + "\U0010ffff", self.clock()), patience).fetchall()
            yield from rows
            last = rows[-1][0] if rows else ""

    def clear(self, prefix: str, patience: float) -> None:
        with self._transaction(patience, durable=not self.boot) as raw:
            raw.execute("UPDATE serveractions_meta SET counter = counter + 1, floor = counter + 1")
            sql = "DELETE FROM serveractions_records WHERE key >= ? AND key < ?"
            raw.execute(sql, (prefix, prefix + "\U0010ffff"))

    # The file

    def check(self) -> str | None:
        """Return what is wrong with the file, for good, or None. That it is locked or full now does not count."""
        try:
            with self._connection(CHECK_SECONDS) as raw:
                warn_of_readers(self.path)
                if self.path.stat().st_size > CHECKED_BYTES:
                    return None
                verdict = str(raw.execute("PRAGMA quick_check(1)").fetchone()[0])
        except UnsafeFile as error:
            return str(error)
        except (sqlite3.OperationalError, OSError):
            return None
        except sqlite3.DatabaseError as error:  # "file is not a database", "database disk image is malformed"
            return str(error)
        return None if verdict == "ok" else verdict

    def probe_reads(self) -> None:
        self.get("", 0.5)

    def probe_writes(self) -> None:
        with self._transaction(0.5):
            pass

    def close(self) -> None:
        """Close the connections of all threads; the next operation opens a new one."""
        with self._opening:
            for held in list(self._all):
                with held.lock:
                    held.close()

    @contextmanager
    def _transaction(self, patience: float, durable: bool = False) -> Iterator[sqlite3.Connection]:
        held = self._connection(patience)
        with held as raw:
            held.sync(durable, patience)
            execute_patiently(raw, "BEGIN IMMEDIATE", (), patience)
            try:
                yield raw
                raw.execute(
                    "DELETE FROM serveractions_records WHERE rowid IN"
                    " (SELECT rowid FROM serveractions_records WHERE expires <= ? LIMIT ?)",
                    (self.clock(), SWEPT_PER_WRITE),
                )
                raw.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has rolled back already
                    raw.execute("ROLLBACK")
                raise

    def _connection(self, patience: float) -> ThreadConnection:
        """Return this thread's connection, for ``with``: to the file that is there now, made in this process."""
        while True:
            held = self._mine_or_new(patience)
            held.lock.acquire()
            if held.raw is not None:
                return held
            held.lock.release()  # a fork has closed it meanwhile

    def _mine_or_new(self, patience: float) -> ThreadConnection:
        held: ThreadConnection | None = getattr(self._mine, "held", None)
        if held is not None and held.raw is not None and held.pid == os.getpid() and held.file == self._file():
            return held
        if held is not None:
            held.close()
        with self._opening:
            held = self._mine.held = self._open(patience)
            self._all.add(held)
        return held

    def _file(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self.path)
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def _open(self, patience: float) -> ThreadConnection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        make_private(self.path)
        uri = f"{self.path.absolute().as_uri()}?mode=rw"  # never makes a file: it would be as open as the umask lets it
        # any thread may close it, when its own thread has ended; only its own ever uses it
        raw = sqlite3.connect(uri, uri=True, timeout=NAP_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            if execute_patiently(raw, "PRAGMA journal_mode", (), patience).fetchone()[0] != "wal":
                execute_patiently(raw, "PRAGMA journal_mode = WAL", (), patience)
            execute_patiently(raw, "PRAGMA synchronous = NORMAL", (), patience)  # it may read the schema
            ready = "SELECT 1 FROM sqlite_master WHERE name = 'serveractions_meta'"
            if not execute_patiently(raw, ready, (), patience).fetchone():
                create(raw, patience)
        except BaseException:
            raw.close()
            raise
        file = self._file()
        if file is None:
            raw.close()
            raise sqlite3.OperationalError("the file was deleted while it was being opened")
        return ThreadConnection(raw, file)

    def _row(self, raw: sqlite3.Connection, key: str, patience: float = 0) -> Row | None:
        sql = "SELECT value, token, lease, ends FROM serveractions_records WHERE key = ? AND expires > ?"
        row = execute_patiently(raw, sql, (key, self.clock()), patience).fetchone()
        if row is None:
            return None
        value, token, lease, ends = row
        left = ends - self.ticks()
        if left > lease:  # the machine has started anew since, and its monotonic clock with it
            left = lease
            raw.execute("UPDATE serveractions_records SET ends = ? WHERE key = ?", (self.ticks() + lease, key))
        return value, token, left

    def _store(self, raw: sqlite3.Connection, key: str, value: str, ttl: float, token: str, lease: float) -> None:
        raw.execute(
            "INSERT OR REPLACE INTO serveractions_records VALUES (?, ?, ?, ?, ?, ?)",
            (key, value, self.clock() + ttl, token, lease, self.ticks() + lease),
        )


def execute_patiently(raw: sqlite3.Connection, sql: str, arguments: Sequence[object], seconds: float) -> sqlite3.Cursor:
    """Execute a statement, waiting for locks.

    A ``busy_timeout`` of so many seconds would do it too, but it looks ever more seldom: among eight processes that
    write without a pause, one then waited four seconds for its turn, and 0.3 with this.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return raw.execute(sql, arguments)
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() >= deadline:
                raise
            time.sleep(0.001)


def boot_id() -> str:
    """Return what tells this start of the machine from others; ``""`` where nothing does.

    It is part of the epoch: a power cut may undo the latest revalidations, but not the values that they made stale.
    Where nothing tells, each revalidation is synced to the disk.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def is_locked(error: sqlite3.Error) -> bool:
    """Whether somebody else has it now: ``database is locked``; ``locking protocol`` where too many begin to read."""
    return "lock" in str(error)


def create(raw: sqlite3.Connection, patience: float) -> None:
    execute_patiently(raw, "BEGIN IMMEDIATE", (), patience)
    for statement in SCHEMA:
        raw.execute(statement)
    # a new file is a new epoch: what was cached under another one is not fresh
    raw.execute("INSERT OR IGNORE INTO serveractions_meta VALUES (1, ?, 0, 0)", (secrets.token_hex(8),))
    raw.execute("COMMIT")


BACKENDS: WeakSet[SQLiteBackend] = WeakSet()
FORK = threading.Lock()  # one at a time
FORKING: list[threading.Lock] = []  # held until the fork has happened


def before_fork() -> None:
    """Close every connection; an operation that runs is waited for."""
    hold(FORK)
    for backend in list(BACKENDS):
        hold(backend._opening)
        for held in list(backend._all):
            hold(held.lock)
            held.close()


def hold(lock: threading.Lock) -> None:
    if lock.acquire(timeout=2 * OPENING_SECONDS):
        FORKING.append(lock)


def after_fork() -> None:
    while FORKING:
        FORKING.pop().release()


os.register_at_fork(before=before_fork, after_in_parent=after_fork, after_in_child=after_fork)
