"""``python -m bench``: print a table of what each call costs."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from . import start
from .cases import BARE, CONTENDERS, FLASK_FORM, OURS, Case, cases, load
from .count import counts
from .measure import Timing, timings
from .pages import page_cases
from .servers import redis_server
from .state import state_cases

OPTIONAL = [name for name in CONTENDERS if name not in (BARE, FLASK_FORM)]  # these two give others their request


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--without", action="append", default=[], choices=OPTIONAL, help="leave a contender out")
    parser.add_argument("--only", default="", help="only cases with this in their title: POST")
    parser.add_argument("--rounds", type=int, default=200, help="how often the contenders take turns")
    parser.add_argument("--times", type=int, default=20, help="how many calls make a turn")
    parser.add_argument("--count", action="store_true", help="count instructions too (valgrind): a minute for each")
    return parser.parse_args()


def all_cases(without: Iterable[str]) -> list[Case]:
    """Return the cases that need no store."""
    return [*cases(load(without)), *page_cases()]


def rows(case: Case, times: dict[str, Timing]) -> list[str]:
    title = f"{case.title:<26}"
    lines = [f"{name:<26}{timing.microseconds:>9.1f}{timing.ratio:>8.2f}" for name, timing in times.items()]
    return [f"{title}{lines[0]}", *(f"{'':<26}{line}" for line in lines[1:])]


def verdicts(case: Case, times: dict[str, Timing]) -> list[str]:
    """Return how ours stands to what it may cost, a line for each limit."""
    if OURS not in times:
        return []
    ratios = {name: times[OURS].ratio / times[name].ratio for name in case.limits}
    return [
        f"{'':<26}{ratios[name]:.2f} times {name}, at most {limit}: {'held' if ratios[name] <= limit else 'NOT HELD'}"
        for name, limit in case.limits.items()
    ]


def counted(case: Case) -> list[str]:
    """Return the thousands of instructions of a call, a line for each contender, and the ratio to the first."""
    found = counts(case.title, case.calls)
    first = next(iter(found.values()))
    return [f"{'':<26}{name:<26}{each:>9.0f}{each / first:>8.2f} thousand instructions" for name, each in found.items()]


def main() -> None:
    given = arguments()
    warnings.simplefilter("ignore")  # those of the other libraries
    logging.basicConfig(handlers=[logging.NullHandler()])  # what is logged is made, but not shown
    python = sys.version.split()[0]
    print(f"Python {python}, {given.rounds} rounds of {given.times} calls; ratios to the first of a case\n")
    print(f"{'case':<26}{'contender':<26}{'µs':>9}{'ratio':>8}")
    with TemporaryDirectory() as folder, redis_server(Path(folder)) as redis_url:
        plain = all_cases(given.without)
        for case in [*plain, *state_cases(Path(folder), redis_url)]:
            if given.only in case.title:
                case.check()
                times = timings(case.calls, given.rounds, given.times)
                print("\n".join(["", *rows(case, times), *verdicts(case, times)]), flush=True)
                if given.count and case in plain:
                    print("\n".join(counted(case)), flush=True)
        if not given.only:
            print(start.report())


if __name__ == "__main__":
    main()
