"""The tables of faults and of attacks: each line names a test, and the test is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
TABLE = "\n.. list-table::\n"
ROW = "\n    * - "
PAGES = [("reliability.rst", "Fault"), ("security.rst", "Attack")]


def rows_of(page: str) -> list[list[str]]:
    """Return the rows of each table of a page; the first one is its heading."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [re.split(r"\n\S", table)[0].split(ROW)[1:] for table in text.split(TABLE)[1:]]


@pytest.mark.parametrize(("page", "heading"), PAGES)
def test_every_line_names_a_test_that_is_there(page: str, heading: str) -> None:
    defined = {name for file in TESTS.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}
    tables = rows_of(page)
    assert tables != []
    for head, *rows in tables:
        assert head.startswith(f"{heading}\n")
        for row in rows:
            named = re.findall(r"``(test_\w+)``", row)
            assert named != [], row
            assert [name for name in named if name not in defined] == []


@pytest.mark.parametrize(("page", "heading"), PAGES)
def test_no_line_says_what_another_one_says(page: str, heading: str) -> None:
    lines = [row.partition("\n")[0] for _, *rows in rows_of(page) for row in rows]
    assert len(lines) == len(set(lines))
