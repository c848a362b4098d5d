"""Instructions instead of time: what valgrind counts does not change with what else a machine does.

``python -m bench.count TITLE CONTENDER TIMES`` is the program that it runs: the difference of two counts is what the
calls take that one has more.
"""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from collections.abc import Mapping

from .calls import Call

FEW, MANY = 5, 25
VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
TOTAL = re.compile(r"I\s+refs:\s+([\d,]+)")


def instructions(title: str, contender: str, times: int) -> int:
    """:raises RuntimeError: valgrind is not installed, or the program fails."""
    command = [*VALGRIND, sys.executable, "-m", "bench.count", title, contender, str(times)]
    environ = {**os.environ, "PYTHONHASHSEED": "0"}
    ran = subprocess.run(command, capture_output=True, text=True, env=environ)  # noqa: S603  # our own program
    found = TOTAL.search(ran.stderr)
    if ran.returncode != 0 or found is None:
        raise RuntimeError(f"{' '.join(command)} gave {ran.stderr[-500:]!r}")
    return int(found[1].replace(",", ""))


def counts(title: str, calls: Mapping[str, Call]) -> dict[str, float]:
    """Return thousands of instructions of a call, by contender."""
    return {
        name: (instructions(title, name, MANY) - instructions(title, name, FEW)) / (MANY - FEW) / 1000 for name in calls
    }


def main() -> None:
    from .__main__ import OPTIONAL, all_cases

    title, contender, times = sys.argv[1:]
    others = [name for name in OPTIONAL if name != contender]  # need not be installed
    case = next(each for each in all_cases(others) if each.title == title)
    send = case.calls[contender].send
    send()
    gc.collect()
    gc.disable()
    for _ in range(int(times)):
        send()


if __name__ == "__main__":
    main()
