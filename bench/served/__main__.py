"""``python -m bench.served``: print how often ours answers, to how often Next.js does."""

from __future__ import annotations

import argparse
import signal
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from load import tables, wrk
from load.visitor import Visitor

from . import report, servers
from .visits import GOALS, Visit, Visits, our_visits, their_visits

WARM_UP = 10  # seconds for each: V8 compiles what has run some thousand times


def checked(port: int, visits: Visits) -> list[Visit]:
    visitor = Visitor(port)
    found = visits(visitor)
    for visit in found:
        visit.check(visitor)
    return found


def rate(port: int, visit: Visit, seconds: int, folder: Path) -> float:
    """Return how often it is made a second.

    :raises RuntimeError: some requests were refused, or not answered.
    """
    found = wrk.run(port, visit.requests, seconds, folder)
    if found.failed or found.lost:
        raise RuntimeError(f"{visit.title}: not all of its requests were answered: {found}.")
    return found.per_second / len(visit.requests)


def measure(ports: tuple[int, int], rounds: int, seconds: int, folder: Path) -> list[report.Row]:
    """Let both take turns at each visit, round by round."""
    sides = [(port, checked(port, visits)) for port, visits in zip(ports, (our_visits, their_visits), strict=True)]
    for port, visits in sides:
        for visit in visits:
            rate(port, visit, WARM_UP, folder)
    ours: dict[str, list[float]] = defaultdict(list)
    theirs: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for pair in zip(*(visits for _, visits in sides), strict=True):
            for rates, port, visit in zip((ours, theirs), ports, pair, strict=True):
                rates[visit.title].append(rate(port, visit, seconds, folder))
    return report.rows(ours, theirs, GOALS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.served", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="that each has in a round")
    parser.add_argument("--worker", choices=servers.WORKERS, default="gevent", help="gunicorn's")
    parser.add_argument("--write", action="store_true", help=f"put the ratios into {tables.PAGE.name}")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the servers are ended with us
    with TemporaryDirectory() as name:
        folder = Path(name)
        with servers.ours(folder, given.worker) as ours, servers.theirs(folder) as theirs:
            found = measure((ours, theirs), given.rounds, given.seconds, folder)
    print(f"{wrk.CONNECTIONS} connections, one process each, medians of {given.rounds}\n")
    print(report.rates(found))
    print(report.verdicts(found))
    if given.write:
        tables.write("served", report.verdicts(found))


if __name__ == "__main__":
    main()
