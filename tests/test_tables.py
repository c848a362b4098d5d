"""The tables of faults and of attacks: each line names a test, and the test is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"


@pytest.mark.parametrize(("page", "heading"), [("reliability.rst", "Fault"), ("security.rst", "Attack")])
def test_every_line_names_a_test_that_is_there(page: str, heading: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    named = re.findall(r"``(test_\w+)``", text)
    defined = {name for file in TESTS.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}
    assert [name for name in named if name not in defined] == []
    assert len(named) == text.count("    * - ") - text.count(f"    * - {heading}")
