"""How much work something is, in what no other load of the machine changes: calls of functions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def calls_made(work: Callable[[], Any]) -> int:
    """Return how many functions, Python's own included, are called in this thread until something is done."""
    count = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def is_linear(work: Callable[[int], Any], size: int) -> bool:
    """Whether of four times as much the work is no more than five times as much."""
    work(4 * size)  # so that what is remembered is
    return calls_made(lambda: work(4 * size)) < 5 * calls_made(lambda: work(size))
