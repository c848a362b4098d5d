"""The store on SQLite: its connections, its clocks, and what happens to its file."""

from __future__ import annotations

import gc
import logging
import os
import resource
import sqlite3
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_serveractions.stores.sqlite import OPEN, SQLiteBackend, is_locked
from flask_serveractions.stores.store import (
    Store,
    StoreCorrupt,
    StoreUnavailable,
    open_store,
    store_on,
)
from tests.stores.looking import lapsed, permissions
from tests.stores_processes import AT_ONCE, ONCE, eventually, milliseconds

pytest_plugins = ["tests.stores_fixtures"]


def backend_of(store: Store) -> Any:
    return store.backend


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[Store]:
    opened = open_store(sqlite_url, "")
    yield opened
    opened.close()


@pytest.fixture
def path(on_sqlite: Store) -> Path:
    found: Path = backend_of(on_sqlite).path
    return found


def test_a_relative_file_is_in_the_instance_folder_which_is_made(tmp_path: Path) -> None:
    store = open_store("sqlite:///sub/state.sqlite3", str(tmp_path / "instance"))
    store.add("key", 1, 60)
    assert (tmp_path / "instance" / "sub" / "state.sqlite3").exists()
    store.close()


def test_sqlite_writes_a_log_ahead(on_sqlite: Store, path: Path) -> None:
    on_sqlite.add("key", 1, 60)
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_every_thread_has_a_connection_which_is_closed_when_the_thread_ends(on_sqlite: Store, path: Path) -> None:
    on_sqlite.get("key")
    opened = []

    def look() -> None:
        on_sqlite.get("key")
        opened.append(open_files(path))

    for _ in range(20):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert set(opened) == {2}  # the main thread's and the one that runs: SQLite hands the files on


def open_files(path: Path) -> int:
    links = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    return sum(link == str(path) for link in links)


def test_a_store_that_is_garbage_closes_its_connection_and_python_complains_of_none(tmp_path: Path) -> None:
    class App:
        """An app that holds itself, as Flask's does, so that the collector has to take it with all that it holds."""

    gc.collect()  # what other tests have left
    before, app = len(OPEN), App()
    app.backend, app.itself = SQLiteBackend(tmp_path / "store.sqlite3"), app  # type: ignore[attr-defined]
    app.backend.get("key", 1)  # type: ignore[attr-defined]
    assert len(OPEN) == before + 1
    del app
    gc.collect()  # from Python 3.13 on, an open connection that it meets first is a ResourceWarning
    assert len(OPEN) == before


def test_no_connection_is_open_in_a_forked_child(on_sqlite: Store, path: Path) -> None:
    on_sqlite.add("key", 1, 60)
    assert open_files(path) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(open_files(path))
    assert os.waitpid(child, 0)[1] == 0


def test_expired_rows_are_swept_in_small_steps(tmp_path: Path) -> None:
    now = [1000.0]
    store = store_on(SQLiteBackend(tmp_path / "swept", clock=lambda: now[0]))
    for number in range(50):
        store.impatient.put(f"{number}", "text", 10)
    now[0] += 11
    left = []
    for _ in range(4):
        store.impatient.put("new", "text", 10)
        raw = sqlite3.connect(tmp_path / "swept")
        left.append(raw.execute("SELECT count(*) FROM serveractions_records").fetchone()[0] - 1)
        raw.close()
    assert left == [30, 10, 0, 0]
    store.close()


def test_a_clock_set_back_lets_no_cached_value_live_longer(tmp_path: Path) -> None:
    now, ticks = [100_000.0], [500.0]
    store = store_on(SQLiteBackend(tmp_path / "clock", clock=lambda: now[0], ticks=lambda: ticks[0]))
    store.put("key", "text", 10)
    now[0] -= 3600
    ticks[0] += 5
    assert store.lookup("key", []).text == "text"
    ticks[0] += 6
    assert store.lookup("key", []).text is None
    store.close()


def test_a_clock_set_back_or_forward_changes_no_lease(tmp_path: Path) -> None:
    now, ticks = [100_000.0], [500.0]
    store = store_on(SQLiteBackend(tmp_path / "clock", clock=lambda: now[0], ticks=lambda: ticks[0]))
    store.add("key", 1, 24 * 3600, token="t", lease=90)
    for change in (-7200, 7200 + 3600):
        now[0] += change
        record = store.get("key")
        assert record is not None
        assert record.lease_left == 90
    ticks[0] += 91
    assert lapsed(store, "key")
    store.close()


def test_a_lease_from_before_the_machine_was_started_anew_lapses_all_the_same(tmp_path: Path) -> None:
    ticks = [90_000.0]
    store = store_on(SQLiteBackend(tmp_path / "boot", ticks=lambda: ticks[0]))
    store.add("key", 1, 24 * 3600, token="t", lease=90)
    ticks[0] = 12.0  # the monotonic clock begins again
    record = store.get("key")
    assert record is not None
    assert record.lease_left == 90
    ticks[0] += 91
    assert lapsed(store, "key")
    store.close()


LOCK = """
import sqlite3, sys, time
raw = sqlite3.connect(sys.argv[1], isolation_level=None)
raw.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def locked(path: Path) -> Iterator[Callable[[float], subprocess.Popen[str]]]:
    """Locks the file from a foreign process, for so many seconds."""
    started = []

    def lock(seconds: float) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", LOCK, str(path), str(seconds)]
        foreign = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(foreign)
        assert foreign.stdout is not None
        assert foreign.stdout.readline() == "locked\n"
        return foreign

    yield lock
    for foreign in started:
        foreign.kill()
        foreign.communicate()


Lock = Callable[[float], "subprocess.Popen[str]"]


def test_a_foreign_writer_of_four_seconds_delays_claims_and_revalidations_and_loses_none(
    on_sqlite: Store, locked: Lock
) -> None:
    on_sqlite.put("key", "text", 60)
    locked(4)
    claimed: list[Any] = []
    claiming = threading.Thread(target=lambda: claimed.append(on_sqlite.add("claim", 1, 60, token="t", lease=60)))
    claiming.start()
    assert on_sqlite.impatient.lookup("key", ["tag:a"]).text == "text"  # reading goes on
    on_sqlite.bump(["tag:a"])
    claiming.join()
    assert claimed == [None]
    assert on_sqlite.lookup("key", ["tag:a"]).latest == 1


def test_a_cached_value_does_not_wait_for_a_foreign_writer(
    on_sqlite: Store, locked: Lock, caplog: pytest.LogCaptureFixture
) -> None:
    on_sqlite.put("key", "text", 60)
    foreign = locked(60)
    with caplog.at_level(logging.WARNING, "flask_serveractions"):
        first = milliseconds(lambda: on_sqlite.impatient.put("key", "new", 60))
        later = [milliseconds(lambda: on_sqlite.impatient.put("key", "new", 60)) for _ in range(20)]
    assert first < ONCE
    assert max(later) < AT_ONCE
    assert on_sqlite.impatient.lookup("key", []).text == "text"
    assert len([record for record in caplog.records if "not available" in record.message]) == 1
    foreign.kill()
    eventually(lambda: milliseconds(lambda: on_sqlite.impatient.put("key", "new", 60)) and look(on_sqlite) == "new")


def look(store: Store) -> str | None:
    return store.lookup("key", []).text


def test_a_deleted_file_is_made_anew_and_nothing_cached_before_is_fresh(on_sqlite: Store, path: Path) -> None:
    on_sqlite.add("claim", 1, 60)
    before = on_sqlite.lookup("key", [])
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    assert on_sqlite.get("claim") is None
    assert on_sqlite.add("claim", 2, 60) is None
    assert on_sqlite.lookup("key", []).epoch != before.epoch
    other = open_store(f"sqlite:///{path}", "")
    assert other.get("claim") is not None  # both are in the new file
    other.close()


def test_a_deleted_folder_is_made_anew(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/folder/state", "")
    store.add("key", 1, 60)
    for file in (tmp_path / "folder").iterdir():
        file.unlink()
    (tmp_path / "folder").rmdir()
    assert store.add("key", 1, 60) is None
    store.close()


@pytest.mark.parametrize(
    "content", [b"This is not a database, but a text that somebody put there. " * 100, b"\0" * 9999]
)
def test_a_file_that_is_no_database_is_an_error_at_start_that_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(StoreCorrupt, match=r"state' can't be used: .*Move the file away.*SERVERACTIONS_STORE_URL"):
        open_store(f"sqlite:///{tmp_path}/state", "")
    assert (tmp_path / "state").read_bytes() == content


def filled(path: Path) -> Store:
    store = open_store(f"sqlite:///{path}", "")
    for number in range(200):
        store.impatient.put(f"{number}", "text" * 500, 60)
    store.close()
    return store


def use_all(store: Store) -> None:
    for number in range(200):
        store.lookup(f"{number}", [])
        store.put(f"{number}", "text", 60)


def overwrite(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * (size - 8192))


def test_a_broken_database_is_an_error_at_start_that_names_it(tmp_path: Path) -> None:
    filled(tmp_path / "state")
    overwrite(tmp_path / "state")
    with pytest.raises(StoreCorrupt, match="state"):
        open_store(f"sqlite:///{tmp_path}/state", "")


def test_a_database_that_breaks_while_it_is_used_is_an_unavailable_store(tmp_path: Path) -> None:
    store = filled(tmp_path / "state")
    overwrite(tmp_path / "state")
    with pytest.raises(StoreUnavailable, match="state"):
        use_all(store)
    store.close()


def test_a_folder_that_cannot_be_made_is_an_unavailable_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = open_store(f"sqlite:///{tmp_path}/file/state", "")
    with pytest.raises(StoreUnavailable, match="file/state"):
        store.add("key", 1, 60)


FULL = """
import sys
from flask_serveractions.stores.store import StoreUnavailable, open_store
store = open_store(f"sqlite:///{sys.argv[1]}/state", "")
store.add("before", 1, 60)
failed = ""
for number in range(2000):
    try:
        store.impatient.put(f"{number}", "text" * 1000, 60)
    except StoreUnavailable as error:
        failed = str(error)
        break
try:
    store.add("claim", "x" * 200_000, 60)
    claimed = True
except StoreUnavailable:
    claimed = False
print(bool(failed), claimed, store.get("before").value, store.lookup("0", []).text[:4])
"""


def test_a_full_disk_refuses_claims_and_still_reads(tmp_path: Path) -> None:
    script = f"mount -t tmpfs -o size=1m none {tmp_path} && exec {sys.executable} -c '{FULL}' {tmp_path}"
    small_disk = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c", script]
    command = small_disk if can_mount(tmp_path) else [sys.executable, "-c", FULL, str(tmp_path)]
    limit = None if command is small_disk else limit_files
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    assert done.stdout == "True False 1 text\n", done.stderr


def can_mount(folder: Path) -> bool:
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", "--mount", *root, "mount", "-t", "tmpfs", "none", str(folder)]
    return subprocess.run(command, capture_output=True).returncode == 0


def limit_files() -> None:
    """Where no disk may be mounted: no file may grow beyond 1 MiB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, 1024 * 1024))


def test_after_the_machine_was_started_anew_nothing_cached_before_is_fresh(tmp_path: Path) -> None:
    before, after = (SQLiteBackend(tmp_path / "state") for _ in range(2))
    after.boot = "another"
    epochs = [store_on(each).lookup("key", []).epoch for each in (before, before, after)]
    assert epochs[0] == epochs[1] != epochs[2]
    for each in (before, after):
        each.close()


def test_where_nothing_tells_starts_of_the_machine_apart_revalidations_are_synced(tmp_path: Path) -> None:
    backend = SQLiteBackend(tmp_path / "state")
    store = store_on(backend)
    store.bump(["tag:a"])
    assert is_synced(backend) is False
    backend.boot = ""
    store.bump(["tag:a"])
    assert is_synced(backend) is True
    store.close()


def test_claims_are_synced_to_the_disk(on_sqlite: Store) -> None:
    on_sqlite.impatient.add("computation", 1, 60)
    assert is_synced(backend_of(on_sqlite)) is False
    on_sqlite.add("claim", 1, 60)
    assert is_synced(backend_of(on_sqlite)) is True


def is_synced(backend: Any) -> bool:
    """Return whether the last transaction of this thread was."""
    return bool(backend._mine.held.raw.execute("PRAGMA synchronous").fetchone()[0] == 2)


def test_the_file_and_those_beside_it_are_for_us_alone(tmp_path: Path) -> None:
    backend = SQLiteBackend(tmp_path / "state")
    store_on(backend).add("key", "what somebody sent", 60)
    assert permissions(tmp_path / "state") == dict.fromkeys(("state", "state-wal", "state-shm"), "0o600")
    backend.close()


def test_a_file_that_is_there_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.touch()
    path.chmod(0o660)
    backend = SQLiteBackend(path)
    store_on(backend).add("key", "value", 60)
    assert set(permissions(path).values()) == {"0o660"}
    backend.close()


@pytest.mark.parametrize("said", ["database is locked", "database table is locked", "locking protocol"])
def test_what_others_hold_is_waited_for_whatever_sqlite_calls_it(said: str) -> None:
    assert is_locked(sqlite3.OperationalError(said))
    assert not is_locked(sqlite3.OperationalError("disk I/O error"))
