"""Instructions instead of time: what valgrind counts does not change with what else a machine does.

``python -m bench.count`` is the program that valgrind runs. It makes the calls ready once; then a child process makes
a few of them and another one more, from the very same state: the difference is what the calls take that the second
one has more.
"""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence

from .calls import Sends
from .stateless import stateless_cases

WARM = 10  # calls before the first that counts: by then Python has specialised its code
FEW, MANY = 5, 25
VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
CHILD = re.compile(r"^(\d+)\t(.*)\t(.*)\t(\d+)$", re.MULTILINE)  # process, case, contender, calls
TOTAL = re.compile(r"^==(\d+)== I\s+refs:\s+([\d,]+)$", re.MULTILINE)

Counts = dict[tuple[str, str], float]


def counts(without: Iterable[str], only: str) -> Counts:
    """Return thousands of instructions of a call, by case and contender.

    :param without: contenders that are left out.
    :param only: a part of the titles of the cases.
    :raises RuntimeError: valgrind is not installed, or the program fails.
    """
    ran = run(["-m", "bench.count", only, *without], {**os.environ, "PYTHONHASHSEED": "0"})
    totals = totals_in(ran.stderr)
    found: dict[tuple[str, str], dict[str, int]] = {}
    for pid, title, contender, times in CHILD.findall(ran.stdout):
        found.setdefault((title, contender), {})[times] = totals[pid]
    return {each: (by[str(MANY)] - by[str(FEW)]) / (MANY - FEW) / 1000 for each, by in found.items()}


def instructions(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Return how many instructions a program of Python's takes, from its start to its end.

    :raises RuntimeError: valgrind is not installed, or the program fails.
    """
    return max(totals_in(run(arguments, environ).stderr).values())


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [*VALGRIND, sys.executable, *arguments]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, env=environ)  # noqa: S603  # our own program
    except FileNotFoundError:
        raise RuntimeError("There is no valgrind, which counts the instructions. Install it.") from None
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} gave {ran.stderr[-500:]!r}")
    return ran


def totals_in(report: str) -> dict[str, int]:
    """Return valgrind's totals by process."""
    return {pid: int(total.replace(",", "")) for pid, total in TOTAL.findall(report)}


def count_in_child(call: Sends, times: int) -> int:
    """Make calls in a process of their own, and return its number."""
    pid = os.fork()
    if pid != 0:
        os.waitpid(pid, 0)
        return pid
    for _ in range(times):
        call.send()
    os._exit(0)


def main() -> None:
    only, *without = sys.argv[1:]
    for case in stateless_cases(without, only):
        for name, call in case.calls.items():
            for _ in range(WARM):
                call.send()
            gc.collect()
            gc.disable()
            for times in (FEW, MANY):
                print(count_in_child(call, times), case.title, name, times, sep="\t", flush=True)
            gc.enable()


if __name__ == "__main__":
    main()
