"""What was promised to visitors, held against what is in the database."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

#: what every visitor writes carries its writer: ``v3x17`` is the seventeenth of visitor 3
MARK = re.compile(r"\bv(\d+)x\d+\b|\bvisitor-(\d+)\b")


class Broken(Exception):
    """What must never happen has happened; the message has a line for each case."""


class Outcome(Enum):
    """What the visitor was told in the end."""

    DONE = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "of unknown outcome"

    def allows(self, times: int) -> bool:
        """Whether the write may be there so many times."""
        return times == 1 if self is Outcome.DONE else times == 0 or (self is Outcome.UNKNOWN and times == 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write that a visitor has asked for."""

    text: str
    how: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One row of the database."""

    owner: str | None  # None for a guest
    text: str


def name_of(number: int) -> str:
    return f"visitor-{number}"


def strangers(text: str, number: int) -> set[int]:
    """Return the visitors who have left their mark in what another one was shown."""
    return {int(a or b) for a, b in MARK.findall(text)} - {number}


def violations(writes: Sequence[Write], rows: Iterable[Stored]) -> list[str]:
    """Return what must not be, a line each; nothing where all promises were kept."""
    rows = list(rows)
    times = Counter(row.text for row in rows)
    wrong = [
        f"{verdict(times[write.text])}: {write.text} ({write.how}) was {write.outcome.value},"
        f" and is there {times[write.text]} times."
        for write in writes
        if not write.outcome.allows(times[write.text])
    ]
    foreign = [f"wrong visitor: {row.text} belongs to {row.owner}." for row in rows if not is_own(row)]
    unasked = times.keys() - {write.text for write in writes}
    return wrong + foreign + [f"not asked for: {text} is there." for text in sorted(unasked)]


def verdict(times: int) -> str:
    return {0: "lost write", 1: "refused and done"}.get(times, "double run")


def is_own(row: Stored) -> bool:
    writers = {int(number) for number, _ in MARK.findall(row.text)}
    return [name_of(number) for number in writers] == [row.owner]
