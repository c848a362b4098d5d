"""The page that tells which door: the commands that it shows, run on the program that it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doc_blocks import Block, blocks_of, importing_from, run_blocks
from tests.doc_console import commands_of

PAGE = Path(__file__).parents[1] / "docs" / "doors.rst"


@pytest.fixture
def blocks() -> list[Block]:
    return blocks_of(PAGE)


def test_the_commands_show_what_the_page_says(blocks: list[Block], tmp_path: Path) -> None:
    with importing_from(tmp_path):
        app = run_blocks(blocks, tmp_path, "page").app
        listed, audited = commands_of(blocks)
        for command, exit_code in ((listed, 0), (audited, 1)):
            result = app.test_cli_runner().invoke(args=command.typed.split()[1:])
            assert command.shows(result.output)
            assert result.exit_code == exit_code
