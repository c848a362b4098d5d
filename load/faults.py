"""Visitors write while workers are killed, keys are rotated and streams are dropped; then the database is asked."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from . import keys
from .proof import Broken, Outcome, Stored, Write, violations
from .server import DATABASE, KEYS, Server, serving
from .tables import simple_table
from .writer import Writer

VISITORS = 16
LEASE = 1  # second, 90 in earnest
KILLS = 0.5  # seconds between two, or more: until both workers serve
ROTATIONS = 1.0
PERSISTENCE = 120  # seconds that visitors may take to settle what they have begun
KINDS = {  # of violations, by how their lines begin
    "lost write": "acknowledged and lost",
    "double run": "run twice",
    "refused and done": "refused and done",
    "wrong visitor": "shown or written to a wrong visitor",
    "stale page": "missing in the next page",
}
ROWS = """
SELECT user.name, note.text FROM note JOIN user ON user.id = note.owner_id
UNION ALL SELECT user.name, todo.text FROM todo JOIN user ON user.id = todo.owner_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of it."""

    writers: Sequence[Writer]
    rows: Sequence[Stored]
    kills: int
    rotations: int
    log: str

    @property
    def writes(self) -> list[Write]:
        return [write for writer in self.writers for write in writer.writes]

    def count(self, what: str) -> int:
        return sum(writer.counts[what] for writer in self.writers)

    def violations(self) -> list[str]:
        seen = [wrong for writer in self.writers for wrong in writer.wrong]
        logged = ["The server has logged a traceback:\n" + self.log] if "Traceback" in self.log else []
        return seen + violations(self.writes, self.rows) + logged

    def table(self) -> str:
        wrong, outcomes = self.violations(), Counter(write.outcome for write in self.writes)
        counted = {
            "workers killed": self.kills,
            "keys rotated": self.rotations,
            "streams dropped": self.count("dropped"),
            "requests": self.count("requests"),
            "connections cut": self.count("cut"),
            "answers told again": self.count("replayed"),
            "stale forms sent, and sent again": self.count("stale"),
            "pages and answers looked through": self.count("looked at"),
            **{f"writes {outcome.value}": outcomes[outcome] for outcome in Outcome},
            **{what: sum(each.startswith(kind) for each in wrong) for kind, what in KINDS.items()},
        }
        return simple_table(("what", "times"), [(name, f"{number:,}") for name, number in counted.items()])


def repeat(action: Callable[[int], bool], seconds: float, stop: Event) -> int:
    """Do something at once, and every so many seconds until stopped; return how often it was done."""
    done = int(action(0))
    while not stop.wait(seconds):
        done += action(done)
    return done


def rotate(path: Path) -> bool:
    keys.rotate(path)
    return True


def besiege(server: Server, writers: Sequence[Writer], seconds: float) -> tuple[int, int]:
    """Let visitors write for so many seconds; return how many workers were killed, and how often keys were rotated."""
    server.wait_for_all()  # so that one may be killed at once
    stop = Event()
    deadline = time.monotonic() + seconds
    with ThreadPoolExecutor(len(writers) + 2) as pool:
        writing = [pool.submit(writer.write_until, deadline, deadline + PERSISTENCE) for writer in writers]
        killing = pool.submit(repeat, server.kill_one, KILLS, stop)
        rotating = pool.submit(repeat, lambda _: rotate(server.folder / KEYS), ROTATIONS, stop)
        time.sleep(seconds)
        stop.set()
        for each in writing:
            each.result()
    return killing.result(), rotating.result()


def stored(folder: Path) -> list[Stored]:
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        return [Stored(owner=owner, text=text) for owner, text in database.execute(ROWS)]


def attack(folder: Path, seconds: float, visitors: int) -> Found:
    with serving(folder, lease=LEASE) as server:
        writers = [Writer(server.port, number) for number in range(visitors)]
        for writer in writers:
            writer.arrive()
        kills, rotations = besiege(server, writers, seconds)
    return Found(writers=writers, rows=stored(folder), kills=kills, rotations=rotations, log=server.said())


def run(folder: Path, seconds: float) -> str:
    """Return a table of what was done and found.

    :raises Broken: a write was lost, or something ran twice, or somebody saw what is another's.
    """
    found = attack(folder, seconds, VISITORS)
    if wrong := found.violations():
        raise Broken("\n".join(wrong))
    return found.table()
