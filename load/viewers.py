"""Viewers of a live page beside somebody who writes: how fast pages still are, and who is told."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Event
from urllib.parse import quote

from .memory import private
from .proof import Broken
from .server import Server, serving
from .tables import simple_table
from .visitor import Visitor

VIEWERS = 500
PAGE = "/viewed"
WRITES = 0.5  # seconds between two
MOST_ASKED = 20  # a second
SLOWEST = 1.5  # times what a page takes that nobody views
MOST_GROWTH = 1.2  # of its memory
PATIENCE = 120.0  # seconds in which all are told of something
LIVE = re.compile(r'data-live="(.*?)" data-since="(.*?)"')


@dataclass(slots=True)
class Viewer:
    """Somebody who looks at the page, and asks again when they are told to."""

    port: int
    asked: int = 0
    told: int = 0

    def look(self, stop: Event) -> None:
        visitor = Visitor(self.port)
        topic, since = LIVE.findall(visitor.get(PAGE).text)[0]
        while not stop.is_set():
            url = f"/_actions/-/live?topic={topic}&since={quote(since)}"
            self.asked += 1
            retry = 1.0
            with visitor.streaming(visitor.request("GET", url, {"Accept": "text/event-stream"})) as response:
                for line in map(bytes.decode, iter(response.readline, b"")):
                    name, _, value = line.strip().partition(": ")
                    self.told += line == "event: stale\n"
                    since = value if name == "id" else since
                    retry = int(value) / 1000 if name == "retry" else retry
                    if stop.is_set():
                        return
            stop.wait(retry)


def milliseconds(visitor: Visitor) -> float:
    """Return how long the page takes."""
    began = time.perf_counter()
    if visitor.get(PAGE).status != 200:
        raise Broken("The live page is no 200.")
    return (time.perf_counter() - began) * 1000


def take_turns(viewed: Visitor, alone: Visitor, seconds: float) -> list[float]:
    """Return what the viewed page takes in times of what the other one does: what else the machine does meets both."""
    ratios, ends = [], time.monotonic() + seconds
    while time.monotonic() < ends or not ratios:
        pair = (viewed, alone) if len(ratios) % 2 else (alone, viewed)
        taken = {visitor: milliseconds(visitor) for visitor in pair}
        ratios.append(taken[viewed] / taken[alone])
    return ratios


def write(port: int, stop: Event) -> int:
    """Revalidate the page again and again; return how often."""
    visitor, times = Visitor(port), 0
    while not stop.wait(WRITES):
        times += visitor.send(visitor.call_request(visitor.form("touch", PAGE))).status == 200
    return times


@dataclass(slots=True, kw_only=True)
class Seen:
    """What there was beside viewers and a writer."""

    viewers: list[Viewer]
    asked: int  # since all had come
    seconds: float  # since then
    writes: int
    ratios: list[float]
    memory: tuple[float, float]  # kB of the viewed process: when all had come, and at the end

    @property
    def rate(self) -> float:
        """Return how often somebody asked again, a second."""
        return self.asked / self.seconds

    @property
    def untold(self) -> int:
        return sum(viewer.told == 0 for viewer in self.viewers)


def watch(viewed: Server, alone: Server, seconds: float, number: int) -> Seen:
    """Let viewers look at the page of one server, while somebody changes it, and hold its pages against the other's."""
    stop, viewers = Event(), [Viewer(viewed.port) for _ in range(number)]
    with ThreadPoolExecutor(number + 1) as pool:
        looking = [pool.submit(viewer.look, stop) for viewer in viewers]
        try:
            wait_for(lambda: all(viewer.asked for viewer in viewers))
            began, before = time.monotonic(), asked_by(viewers)
            came, writing = memory_of(viewed), pool.submit(write, viewed.port, stop)
            ratios = take_turns(Visitor(viewed.port), Visitor(alone.port), seconds)
            wait_for(lambda: all(viewer.told for viewer in viewers))
            lasted, asked, left = time.monotonic() - began, asked_by(viewers) - before, memory_of(viewed)
        finally:
            stop.set()
        for each in looking:
            each.result()
    return Seen(
        viewers=viewers,
        asked=asked,
        seconds=lasted,
        writes=writing.result(),
        ratios=ratios,
        memory=(came, left),
    )


def asked_by(viewers: Sequence[Viewer]) -> int:
    return sum(viewer.asked for viewer in viewers)


def memory_of(server: Server) -> float:
    return sum(private(Path(f"/proc/{pid}/smaps_rollup").read_text()) for pid in server.workers())


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait until something has happened, or long enough: then the figures say that it has not."""
    ends = time.monotonic() + PATIENCE
    while not happened() and time.monotonic() < ends:
        time.sleep(0.1)


def look(folder: Path, seconds: float, number: int) -> Seen:
    """Return what viewers of one worker of eight threads have seen."""
    folders = folder / "viewed", folder / "alone"
    for each in folders:
        each.mkdir()
    with serving(folders[0], workers=1) as viewed, serving(folders[1], workers=1) as alone:
        return watch(viewed, alone, seconds, number)


def table(seen: Seen) -> str:
    """Return a table of what there was.

    :raises Broken: pages were much slower, viewers asked too often, one was told nothing, or the memory grew.
    """
    ratio, growth = median(seen.ratios), seen.memory[1] / seen.memory[0]
    if ratio > SLOWEST or seen.rate > MOST_ASKED or seen.untold or not seen.writes or growth > MOST_GROWTH:
        raise Broken(f"{ratio=:.2f} {seen.rate=:.1f} a second, {seen.untold=}, {seen.writes=}, {growth=:.2f}")
    rows = [
        ("viewers", f"{len(seen.viewers)}"),
        ("changes", f"{seen.writes}"),
        ("asked again, a second", f"{seen.rate:.1f}"),
        ("a page beside them, to one without", f"{ratio:.2f}"),
        ("memory at the end, to when all had come", f"{growth:.2f}"),
        ("viewers told of nothing", f"{seen.untold}"),
    ]
    return simple_table(("what", "figure"), rows)


def run(folder: Path, seconds: float) -> str:
    return table(look(folder, seconds, VIEWERS))
