"""The page of the installation: its command shows what the page shows, and its extras are the package's."""

from __future__ import annotations

import re
from importlib.metadata import metadata
from pathlib import Path

from tests.doc_blocks import blocks_of, write_files
from tests.doc_console import HERE, commands_of, outputs_of

PAGE = Path(__file__).parents[1] / "docs" / "install.rst"


def test_its_command_shows_what_the_page_shows(tmp_path: Path) -> None:
    blocks = blocks_of(PAGE)
    write_files(blocks, tmp_path)
    commands = [command for command in commands_of(blocks) if not command.by_hand]
    outputs = outputs_of(commands, tmp_path, HERE)
    assert len(commands) == 1
    assert [command.shows(output) for command, output in zip(commands, outputs, strict=True)] == [True]


def test_it_tells_each_extra() -> None:
    told = re.findall(r"^    \* - ``(\w+)``$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert told == metadata("Flask-ServerActions").get_all("Provides-Extra")
