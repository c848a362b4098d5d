"""What 64 KB of anything cost: ``python -m tests.fuzzing.speed`` names the slowest, and fails over the limit."""

from __future__ import annotations

import functools
import gc
import logging
import sys
import time
from collections.abc import Callable
from typing import Any

from .shapes import FAMILIES
from .visitor import visitor
from .wire import Sent, got_from

LIMIT = 0.050  # seconds of the processor
TRIES = 5
SHOWN = 10


def caches() -> list[Callable[[], None]]:
    """Return what empties what the package remembers of what was sent."""
    gc.unfreeze()  # the collector lists what is frozen no more
    # by its type: to ask a weak proxy for its class is an error once what it stands for is gone
    found = [each for each in gc.get_objects() if type(each) is functools._lru_cache_wrapper]
    gc.freeze()  # else each collection to come goes through all that was imported
    return [each.cache_clear for each in found if each.__module__.startswith("flask_serveractions")]


def seconds_for(sent: Sent, forget: list[Callable[[], None]], limit: float) -> tuple[float, int]:
    """Return the least of several tries, the first that is within the limit being enough, and the status."""
    her, best, status = visitor(), float("inf"), 0
    signed = her.signed(sent)
    for _ in range(TRIES):
        for each in forget:
            each()
        began = time.thread_time()
        status = got_from(her.app, signed)[0].status
        best = min(best, time.thread_time() - began)
        if best < limit:
            break
    return best, status


def measured(family: Any, limit: float = LIMIT) -> dict[str, tuple[float, int]]:
    """Return seconds and status of each request of a family."""
    forget = caches()
    return {name: seconds_for(sent, forget, limit) for name, sent in family(visitor())}


def main() -> None:
    logging.disable(logging.CRITICAL)
    found = [(taken, name) for family in FAMILIES for name, (taken, _) in measured(family).items()]
    for taken, name in sorted(found, reverse=True)[:SHOWN]:
        print(f"{taken * 1000:6.1f} ms  {name}")
    if max(found)[0] > LIMIT:
        sys.exit(f"64 KB took over {LIMIT * 1000:.0f} ms.")


if __name__ == "__main__":
    main()
