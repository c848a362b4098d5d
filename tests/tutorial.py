"""The tutorial's application, built from the pages as far as a reader has come."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from tests.doc_blocks import Block, blocks_of, importing_from, write_files

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial"
TOCTREE = re.compile(r"^    (\w+)$", re.MULTILINE)


def steps() -> list[str]:
    """Return the pages in their order: ``["page", "action", ...]``."""
    return TOCTREE.findall((TUTORIAL / "index.rst").read_text(encoding="utf-8"))


def blocks_at(step: str) -> list[Block]:
    return blocks_of(TUTORIAL / f"{step}.rst")


def write_up_to(step: str, folder: Path) -> None:
    """Write all files as they stand after a step: a later page's file takes the place of an earlier one's."""
    order = steps()
    for each in order[: order.index(step) + 1]:
        write_files(blocks_at(each), folder)


@contextmanager
def tutorial_app(step: str, folder: Path) -> Iterator[Flask]:
    """Give the application as it stands after a step, with the configuration that a reader has.

    :param folder: an empty one, for its files and databases.
    """
    write_up_to(step, folder)
    with importing_from(folder):
        app: Flask = importlib.import_module("todo").create_app()
        try:
            yield app
        finally:
            if extensions := sys.modules.get("todo.extensions"):
                with app.app_context():
                    extensions.db.engine.dispose()
