"""Contenders timed side by side: in each round, each makes the same number of calls."""

from __future__ import annotations

import gc
import random
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns

from .calls import Sends


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one contender needed."""

    microseconds: float  # for a call, the median of the rounds
    ratio: float  # to the first contender, the median of the rounds' ratios


def nanoseconds(call: Sends, times: int) -> int:
    send = call.send
    began = perf_counter_ns()
    for _ in range(times):
        send()
    return perf_counter_ns() - began


def timings(calls: Mapping[str, Sends], rounds: int, times: int) -> dict[str, Timing]:
    """Return a timing for each contender; the first one is what the ratios are to.

    What disturbs the machine for a while meets all contenders of a round alike, and the median leaves it out. The order
    is drawn anew for each round, so that none always follows the same neighbour.
    """
    order = list(calls)
    spent: dict[str, list[int]] = {name: [] for name in calls}
    for call in calls.values():
        nanoseconds(call, times)  # what is made at the first call is not measured
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            spent[name].append(nanoseconds(calls[name], times))
    first = next(iter(spent.values()))
    return {
        name: Timing(
            microseconds=median(each) / times / 1000,
            ratio=median(mine / theirs for mine, theirs in zip(each, first, strict=True)),
        )
        for name, each in spent.items()
    }
