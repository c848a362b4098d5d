"""How much the server bears, as ratios to bare views on the same server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from . import wrk
from .cases import Case, cases
from .server import serving
from .tables import simple_table
from .visitor import Request, Visitor, next_event

FIRST_EVENTS = 20  # a round
OURS, BY_HAND = "example: ", "by hand: "
HEAD = ("request", "held against", "time", "p50", "p99")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a request took."""

    time: float | None  # microseconds of the whole server, with all connections busy
    p50: float  # microseconds until it was answered
    p99: float

    def ratios_to(self, bare: Figures) -> tuple[float | None, float, float]:
        time = self.time / bare.time if self.time and bare.time else None
        return time, self.p50 / bare.p50, self.p99 / bare.p99


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the table; the ratios are medians of the rounds' ratios."""

    title: str
    against: str
    ratios: tuple[float | None, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        return self.title, self.against, *map(shown, self.ratios)


def shown(ratio: float | None) -> str:
    if ratio is None:
        return "–"
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"


Measure = Callable[[], Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One line to be, and how it is measured."""

    title: str
    against: str
    measure: Measure


def by_wrk(port: int, case: Case, folder: Path) -> Figures:
    """:raises RuntimeError: some were answered otherwise, or not at all."""
    report = wrk.run(port, [case.request], 1, folder)
    failed = report.failed if case.status < 400 else report.requests - report.failed
    if report.lost or failed:
        raise RuntimeError(f"{case.title}: not all of its requests were answered by {case.status}: {report}.")
    return Figures(time=1_000_000 / report.per_second, p50=report.p50, p99=report.p99)


def first_events(visitor: Visitor, request: Request) -> Figures:
    """Time the first event of streams that follow each other."""
    times = sorted(first_event(visitor, request) for _ in range(FIRST_EVENTS))
    return Figures(time=None, p50=median(times), p99=quantiles(times, n=100, method="inclusive")[-1])


def first_event(visitor: Visitor, request: Request) -> float:
    began = time.perf_counter()
    with visitor.streaming(request) as response:
        next_event(response)
        microseconds = (time.perf_counter() - began) * 1_000_000
        response.read()
    return microseconds


def lines(port: int, folder: Path) -> Iterator[Measured]:
    """Yield what is measured in each round, a bare view before those that are held against it."""
    visitor = Visitor(port)
    for case in cases(port):
        case.check(visitor)
        yield Measured(title=case.title, against=case.against, measure=lambda case=case: by_wrk(port, case, folder))
        if case.streams:
            yield Measured(
                title=f"{case.title}, first event",
                against=f"{case.against}, first event",
                measure=lambda case=case: first_events(visitor, case.request),
            )


def rows(measured: Sequence[Measured], rounds: int) -> list[Row]:
    """Measure everything in each round, so that what disturbs the machine for a while meets few of the rounds."""
    found: list[Mapping[str, Figures]] = [{each.title: each.measure() for each in measured} for _ in range(rounds)]
    return [
        Row(title=title, against=against, ratios=medians(found, title, against))
        for title, against in pairs([(each.title, each.against) for each in measured])
    ]


def pairs(measured: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield what is held against what: all against a bare view, and the example against the same by hand."""
    titles = {title for title, _ in measured}
    for title, against in measured:
        if title != against:
            yield title, against
        if title.startswith(OURS) and (twin := title.replace(OURS, BY_HAND, 1)) in titles:
            yield title, twin


def medians(found: Sequence[Mapping[str, Figures]], title: str, against: str) -> tuple[float | None, ...]:
    ratios = [figures[title].ratios_to(figures[against]) for figures in found]
    return tuple(None if None in column else median(column) for column in zip(*ratios, strict=True))


def run(folder: Path, seconds: float) -> str:
    """Return the table.

    :param seconds: that it may take, roughly; one round is made in any case.
    """
    with serving(folder) as server:
        measured = list(lines(server.port, folder))
        rounds = max(1, int(seconds / len(measured)))
        found = rows(measured, rounds)
    return simple_table(HEAD, [row.cells for row in found])
