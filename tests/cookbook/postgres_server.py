"""A PostgreSQL server of a test's own: Debian's package, in a folder that is gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from examples.ports import free_port
from tests.stores_processes import eventually

# nothing is kept, so nothing need reach the disk
OPTIONS = ["-c", "fsync=off", "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"]
OWNER = "postgres"  # it refuses to run as root


def programs() -> Path:
    """Return the folder of PostgreSQL's newest programs; Debian has them beside each other, outside of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise FileNotFoundError("There is no /usr/lib/postgresql/*/bin/initdb: apt-get install postgresql")
    return found[-1].parent


def answers(port: int) -> bool:
    command = [programs() / "pg_isready", "--host", "127.0.0.1", "--port", str(port), "--quiet"]
    return subprocess.run(command, check=False).returncode == 0


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server and yield the URL of an empty database, for SQLAlchemy."""
    folder = Path(tempfile.mkdtemp())  # not pytest's: those are for their owner alone
    as_owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        as_owner = {"user": OWNER, "group": OWNER, "extra_groups": [], "cwd": folder}
        shutil.chown(folder, OWNER, OWNER)
    data, port = folder / "data", free_port()
    trusting = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run([programs() / "initdb", *trusting, data], check=True, stdout=subprocess.DEVNULL, **as_owner)
    command = [programs() / "postgres", "-D", data, "-p", str(port), *OPTIONS]
    process: subprocess.Popen[bytes] = subprocess.Popen(command, stderr=subprocess.DEVNULL, **as_owner)
    try:
        eventually(lambda: answers(port))
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(2)  # SIGINT: a fast shutdown, which waits for no connection
        process.wait()
        shutil.rmtree(folder)
