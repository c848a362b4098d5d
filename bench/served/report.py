"""What was measured, as ratios, and whether they are what they should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from load.tables import simple_table

#: by the title of a visit: how often it was made a second, in each round
Rates = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the tables: medians of the rounds."""

    title: str
    ours: float  # a second
    theirs: float
    ratio: float  # the median of the rounds' own, which what disturbs both leaves alone
    goal: float

    @property
    def is_held(self) -> bool:
        return self.ratio >= self.goal


def rows(ours: Rates, theirs: Rates, goals: Mapping[str, float]) -> list[Row]:
    return [
        Row(
            title=title,
            ours=median(ours[title]),
            theirs=median(theirs[title]),
            ratio=median(mine / other for mine, other in zip(ours[title], theirs[title], strict=True)),
            goal=goal,
        )
        for title, goal in goals.items()
    ]


def rates(found: Sequence[Row]) -> str:
    """Return how often each was answered a second: figures of this machine."""
    head = ("a second", "ours", "Next.js")
    return simple_table(head, [(row.title, f"{row.ours:.0f}", f"{row.theirs:.0f}") for row in found])


def verdicts(found: Sequence[Row]) -> str:
    """Return the ratios beside their goals: what the documentation shows."""
    head = ("request", "ours to Next.js", "goal", "held")
    cells = [(row.title, f"{row.ratio:.2f}", f"{row.goal:.1f}", "yes" if row.is_held else "**no**") for row in found]
    return simple_table(head, cells)
