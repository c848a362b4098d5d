"""Viewers of a live page beside somebody who writes: how fast pages still are, and who is told."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from urllib.parse import quote

from .proof import Broken
from .server import WORKERS, serving
from .tables import simple_table
from .visitor import Visitor

VIEWERS = 120
PAGE = "/viewed"
WRITES = 0.5  # seconds between two
MOST_ASKED = 20 * WORKERS  # a second
SLOWEST = 0.5  # of the pages that there are without viewers
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


def pages_per_second(port: int, seconds: float) -> float:
    visitor, pages = Visitor(port), 0
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if visitor.get(PAGE).status != 200:
            raise Broken("The live page is no 200.")
        pages += 1
    return pages / (time.monotonic() - began)


def write(port: int, stop: Event) -> int:
    """Revalidate the page again and again; return how often."""
    visitor, times = Visitor(port), 0
    while not stop.wait(WRITES):
        times += visitor.send(visitor.call_request(visitor.form("touch", PAGE))).status == 200
    return times


def watch(port: int, seconds: float, number: int) -> tuple[float, int, list[Viewer]]:
    """Return how many pages a second there are beside viewers and a writer, how often was written, and the viewers."""
    stop, viewers = Event(), [Viewer(port) for _ in range(number)]
    with ThreadPoolExecutor(number + 1) as pool:
        looking = [pool.submit(viewer.look, stop) for viewer in viewers]
        writing = pool.submit(write, port, stop)
        try:
            pages = pages_per_second(port, seconds)
        finally:
            stop.set()
        for each in looking:
            each.result()
    return pages, writing.result(), viewers


def run(folder: Path, seconds: float, number: int = VIEWERS) -> str:
    """Return a table of what there was.

    :raises Broken: pages were much slower, viewers asked too often, or one was told nothing.
    """
    with serving(folder) as server:
        alone = pages_per_second(server.port, seconds / 4)
        beside, writes, viewers = watch(server.port, seconds * 3 / 4, number)
    asked = sum(viewer.asked for viewer in viewers) / (seconds * 3 / 4)
    untold = sum(viewer.told == 0 for viewer in viewers)
    if beside / alone < SLOWEST or asked > MOST_ASKED + number / seconds or untold or not writes:
        raise Broken(f"{alone=:.0f} {beside=:.0f} pages a second, {asked=:.1f} a second, {untold=}, {writes=}")
    rows = [
        ("viewers", f"{number}"),
        ("changes", f"{writes}"),
        ("asked, a second", f"{asked:.1f}"),
        ("pages beside them, to without", f"{beside / alone:.2f}"),
        ("viewers told of nothing", f"{untold}"),
    ]
    return simple_table(("what", "figure"), rows)
