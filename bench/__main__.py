"""``python -m bench``: print a table of what each call costs."""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from . import start
from .cases import OPTIONAL, OURS, Case
from .count import Counts, counts
from .measure import Timing, timings
from .servers import redis_server
from .state import state_cases
from .stateless import stateless_cases


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--without", action="append", default=[], choices=OPTIONAL, help="leave a contender out")
    parser.add_argument("--only", default="", help="only cases with this in their title: POST")
    parser.add_argument("--rounds", type=int, default=200, help="how often the contenders take turns")
    parser.add_argument("--times", type=int, default=20, help="how many calls make a turn")
    parser.add_argument("--count", action="store_true", help="count instructions too (valgrind): takes minutes")
    return parser.parse_args()


def ratios(case: Case, times: dict[str, Timing], counted: Counts) -> dict[str, tuple[float, ...]]:
    """Return each contender's cost in those of the first: in time, and in instructions where they were counted."""
    first = counted.get((case.title, next(iter(times))))
    return {
        name: (timing.ratio,) if first is None else (timing.ratio, counted[case.title, name] / first)
        for name, timing in times.items()
    }


def rows(case: Case, times: dict[str, Timing], counted: Counts) -> Iterator[str]:
    """Yield a line for each contender: time and its ratio, thousands of instructions and theirs."""
    found, title = ratios(case, times, counted), case.title
    for name, timing in times.items():
        line = f"{title:<26}{name:<26}{timing.microseconds:>9.1f}{found[name][0]:>8.2f}"
        if len(found[name]) == 2:
            line += f"{counted[case.title, name]:>13.0f}{found[name][1]:>8.2f}"
        yield line
        title = ""


def verdicts(case: Case, times: dict[str, Timing], counted: Counts) -> Iterator[str]:
    """Yield how ours stands to what it may cost, a line for each limit; instructions decide where they were counted."""
    if OURS not in times:
        return
    found = ratios(case, times, counted)
    for name, limit in case.limits.items():
        each = [mine / theirs for mine, theirs in zip(found[OURS], found[name], strict=True)]
        held = "held" if each[-1] <= limit else "NOT HELD"
        yield f"{'':<26}{' and '.join(f'{ratio:.2f}' for ratio in each)} times {name}, at most {limit}: {held}"
    if case.ahead:
        _, *peers = (name for name in times if name != OURS)
        cheaper = [name for name in peers if found[name][-1] < found[OURS][-1]]
        yield f"{'':<26}{'BEHIND ' + ', '.join(cheaper) if cheaper else 'ahead of every peer'}"


def main() -> None:
    given = arguments()
    warnings.simplefilter("ignore")  # those of the other libraries
    logging.basicConfig(handlers=[logging.NullHandler()])  # what is logged is made, but not shown
    counted = counts(given.without, given.only) if given.count else {}
    python = sys.version.split()[0]
    print(f"Python {python}, {given.rounds} rounds of {given.times} calls; ratios to the first of a case\n")
    instructions = f"{'1000 instr.':>13}{'ratio':>8}" if counted else ""
    print(f"{'case':<26}{'contender':<26}{'µs':>9}{'ratio':>8}{instructions}")
    with TemporaryDirectory() as folder, redis_server(Path(folder)) as redis_url:
        with_store = [case for case in state_cases(Path(folder), redis_url) if given.only in case.title]
        for case in [*stateless_cases(given.without, given.only), *with_store]:
            case.check()
            times = timings(case.calls, given.rounds, given.times)
            lines: Iterable[str] = ("", *rows(case, times, counted), *verdicts(case, times, counted))
            print("\n".join(lines), flush=True)
    if not given.only:
        print(start.report(count=given.count))


if __name__ == "__main__":
    main()
