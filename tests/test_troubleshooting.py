"""The page of messages: each that the package can give is on it, and each warning has its mend."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from docs._extensions.messages import PACKAGE, collect

PAGE = Path(__file__).parents[1] / "docs" / "troubleshooting.rst"


def test_every_warning_and_error_of_the_log_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    logged = [message.text for message in collect() if message.kind in ("WARNING", "ERROR")]
    assert len(logged) > 15
    assert [text for text in logged if f"    * - ``{text}``\n      - " not in page] == []


def test_no_warning_is_explained_that_nothing_gives() -> None:
    explained = re.findall(r"^    \* - ``(.+ .+)``$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(explained) - {message.text for message in collect()} == set()


def sentences_raised() -> set[str]:
    """Return the longest piece of each text that stands directly in a ``raise``."""
    found = set()
    for path in PACKAGE.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                texts = [part.value for part in ast.walk(node.exc.args[0]) if isinstance(part, ast.Constant)]
                found.add(max((text for text in texts if isinstance(text, str)), key=len, default=""))
    return {text for text in found if text.count(" ") > 3}


def test_every_sentence_that_is_raised_is_listed() -> None:
    listed = "\n".join(message.text for message in collect())
    raised = sentences_raised()
    assert len(raised) > 100
    assert [text for text in raised if text not in listed] == []
