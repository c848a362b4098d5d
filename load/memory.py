"""Whether memory, files and the store stay level under an hour's worth of requests."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from . import wrk
from .cases import Case, cases
from .proof import Broken
from .server import DATABASE, STORE, WORKERS, Server, serving
from .tables import simple_table
from .visitor import Visitor, next_event

PER_SECOND = 10  # so many requests a second are an hour's worth of an app with one server
SECONDS_OF = 3600 / 120  # that are played in one
WARM_UP = 4_000  # requests before that hour: caches fill, and the journals of the stores
KEPT = 5  # seconds that answers of ``once`` are kept, a day in earnest
SETTLING = 0.3  # seconds for closed connections to be noticed
PRIVATE = re.compile(r"^Private_(?:Clean|Dirty): +(\d+) kB$", re.MULTILINE)
MEGABYTE = 1024.0  # kB


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Both workers together, while they have nothing to do."""

    requests: int  # until then
    memory: float  # kB that no other process shares
    blocks: float  # of memory that Python holds
    files: float  # open descriptors
    threads: float
    store: float  # kB of the store's files


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one of the figures was at a quarter of the way, and at the end; and how much more is no growth."""

    name: str
    quarter: float
    end: float
    allowance: float

    @property
    def is_level(self) -> bool:
        return self.end <= self.quarter + self.allowance

    @property
    def cells(self) -> tuple[str, str]:
        return self.name, f"{self.end / self.quarter:.2f}"


def sample(server: Server, requests: int) -> Sample:
    processes = [Path(f"/proc/{pid}") for pid in server.workers()]
    return Sample(
        requests=requests,
        blocks=blocks(server),
        memory=sum(private((each / "smaps_rollup").read_text()) for each in processes),
        files=sum(len(list((each / "fd").iterdir())) for each in processes),
        threads=sum(len(list((each / "task").iterdir())) for each in processes),
        store=sum(each.stat().st_size for each in server.folder.glob(f"*{STORE}*")) / 1024,
    )


def blocks(server: Server) -> int:
    """Ask until every worker has answered."""
    visitor, found = Visitor(server.port), {}
    while len(found) < WORKERS:
        answer = visitor.get("/bare/blocks").json
        found[answer["worker"]] = answer["blocks"]
    return sum(found.values())


def private(rollup: str) -> int:
    """Return the kB that a process shares with no other."""
    return sum(int(each) for each in PRIVATE.findall(rollup))


def levels(samples: Sequence[Sample]) -> list[Level]:
    """Hold the last samples against those a quarter of the way: the medians of a few, since each wavers."""
    few = max(1, len(samples) // 8)
    first = len(samples) // 4
    quarter, end = samples[first : first + few], samples[-few:]

    def level(name: str, share: float, at_least: float) -> Level:
        was, now = (median(getattr(each, name) for each in some) for some in (quarter, end))
        return Level(name=name, quarter=was, end=now, allowance=max(share * was, at_least))

    return [
        level("memory", 0.05, 3 * MEGABYTE),
        level("blocks", 0.003, 1_500),
        level("files", 0, 4),
        level("threads", 0, 2),
        level("store", 0.1, 256),
    ]


def load(server: Server, requests: int) -> Iterator[Sample]:
    """Send all cases in turn, second by second, until there were so many; yield how the workers are in between."""
    found = [case for case in cases(server.port) if not case.title.startswith("bare")]
    sent = 0
    while sent < requests:
        report = wrk.run(server.port, [case.request for case in found], 1, server.folder)
        check(report, found)
        sent += report.requests + come_and_go(server, found)
        forget_what_was_written(server)
        time.sleep(SETTLING)
        yield sample(server, sent)


def check(report: wrk.Report, found: Sequence[Case]) -> None:
    """:raises RuntimeError: some requests were answered otherwise than they should be, or not at all."""
    failing = report.requests * sum(case.status >= 400 for case in found) / len(found)
    if report.lost or abs(report.failed - failing) > len(found):  # the last turn is not whole
        raise RuntimeError(f"{failing:.0f} requests should have been answered by 400 and above, but: {report}.")


def come_and_go(server: Server, found: Sequence[Case]) -> int:
    """Let new visitors come, and streams be dropped; return the number of requests."""
    for _ in range(10):
        Visitor(server.port).get("/")
    for case in found:
        if case.streams:
            with contextlib.suppress(EOFError), Visitor(server.port).streaming(case.request) as response:
                next_event(response)
    return 10 + sum(case.streams for case in found)


def forget_what_was_written(server: Server) -> None:
    """Keep the tables as they were, so that what grows is not theirs."""
    with contextlib.closing(sqlite3.connect(server.folder / DATABASE, timeout=30)) as database:
        database.execute("DELETE FROM todo WHERE text LIKE 'written %'")
        database.commit()


def run(folder: Path, seconds: float) -> str:
    """Return a table of how the levels at the end are to those at a quarter of the way.

    :param seconds: each stands for half a minute, with ten requests a second.
    :raises Broken: something has grown.
    """
    with serving(folder, kept=KEPT) as server:
        requests = int(seconds * SECONDS_OF * PER_SECOND)
        samples = [each for each in load(server, WARM_UP + requests) if each.requests > WARM_UP]
    found = levels(samples)
    if grown := [level for level in found if not level.is_level]:
        raise Broken("\n".join([*map(str, grown), *map(str, samples)]))
    return simple_table(("level", "end to quarter"), [level.cells for level in found])
