"""Tables in reStructuredText, and the page of the documentation that holds them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.rst"


def simple_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table, with a line at its end: the first column to the left, numbers to the right.

    :raises ValueError: a row of another length than the head, or whose first cell is empty.
    """
    for row in rows:
        if len(row) != len(head) or not row[0]:
            raise ValueError(f"{row!r} is no row under {head!r}.")
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = (line(row, widths) for row in rows)
    return "\n".join([rule, line(head, widths), rule, *lines, rule, ""])


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if is_number(cell) else cell.ljust(width) for cell, width in zip(cells, widths, strict=True)
    )
    return "  ".join(padded).rstrip()


def is_number(cell: str) -> bool:
    return cell[:1].isdigit()


def replaced(page: str, name: str, text: str) -> str:
    """Return a page with another text between the two comments of that name.

    :raises LookupError: the page has no such comments.
    """
    begins, ends = f".. {name} begins", f".. {name} ends"
    found = re.compile(f"^{re.escape(begins)}$.*?^{re.escape(ends)}$", re.DOTALL | re.MULTILINE)
    if not found.search(page):
        raise LookupError(f"The page has no lines {begins!r} and {ends!r}.")
    return found.sub(lambda _: f"{begins}\n\n{text.strip()}\n\n{ends}", page)


def write(name: str, text: str) -> None:
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), name, text), encoding="utf-8")
