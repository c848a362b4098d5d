"""The programs that the pages of the neighbours show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from tests.doc_blocks import blocks_of, importing_from, run_blocks, write_files

PAGES = Path(__file__).parents[2] / "docs" / "neighbours"


@contextmanager
def program_of(page: str, folder: Path) -> Iterator[ModuleType]:
    """Give a page's program, without its checks, as a module that lives in an empty folder."""
    program = [block for block in blocks_of(PAGES / f"{page}.rst") if not block.is_check]
    with importing_from(folder):
        yield run_blocks(program, folder, "page")


def write_program(page: str, folder: Path) -> None:
    """Write the files of a page's program."""
    write_files([block for block in blocks_of(PAGES / f"{page}.rst") if block.caption], folder)
