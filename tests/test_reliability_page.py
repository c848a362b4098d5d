"""The table of faults: each line names a test, and the test is there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "reliability.rst"


def test_every_fault_names_a_test_that_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    named = re.findall(r"``(test_\w+)``", page)
    defined = {name for file in TESTS.glob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}
    assert [name for name in named if name not in defined] == []
    assert len(named) == page.count("    * - ") - page.count("    * - Fault")
