"""The mechanism that runs the documentation's code is able to fail."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doc_blocks import blocks_of, importing_from, run_blocks, unread_code


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setitem(sys.modules, "page", None)
    with importing_from(tmp_path):
        yield tmp_path


def page_of(folder: Path, text: str) -> Path:
    page = folder / "page.rst"
    page.write_text(text, encoding="utf-8")
    return page


SUM = """Sums
====

.. code-block:: python
    :emphasize-lines: 1

    one = 1

    two = one + one

Then:

-   In a list:

    .. code-block:: python

        three = two + one

.. code-block:: console

    $ rm -rf everything
"""


def test_the_blocks_of_a_page_run_in_order_in_one_namespace(folder: Path) -> None:
    page = run_blocks(blocks_of(page_of(folder, SUM)), folder, "page")
    assert page.three == 3


def test_a_block_keeps_its_indentation_and_knows_its_line(folder: Path) -> None:
    first, second, third = blocks_of(page_of(folder, SUM))
    assert (first.code, first.line) == ("one = 1\n\ntwo = one + one\n", 7)
    assert (second.code, second.line) == ("three = two + one\n", 17)
    assert third.language == "console"


def test_a_failing_block_fails_with_the_line_of_its_page(folder: Path) -> None:
    page = page_of(folder, SUM.replace("two + one", "two + four"))
    with pytest.raises(NameError, match="four") as caught:
        run_blocks(blocks_of(page), folder, "page")
    last = traceback.extract_tb(caught.tb)[-1]
    assert (last.filename, last.lineno) == (str(page), 17)


FILES = """.. code-block:: html+jinja
    :caption: templates/hello.html

    Hello {{ name }}

.. code-block:: python
    :caption: shop/names.py

    NAME = "Ada"

.. code-block:: python

    from flask import Flask, render_template
    from shop.names import NAME

    app = Flask(__name__)
    with app.app_context():
        greeting = render_template("hello.html", name=NAME)
"""


def test_a_captioned_block_is_a_file_of_the_program(folder: Path) -> None:
    page = run_blocks(blocks_of(page_of(folder, FILES)), folder, "page")
    assert page.greeting == "Hello Ada"


def test_a_check_knows_the_template_above_it(folder: Path) -> None:
    text = ".. code-block:: html+jinja\n\n    Hello\n\n.. check::\n\n    seen = above\n"
    assert run_blocks(blocks_of(page_of(folder, text)), folder, "page").seen == "Hello\n"


def test_what_a_page_brought_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "a_folder").mkdir()
    (tmp_path / "a_folder" / "a_module.py").touch()
    with importing_from(tmp_path):
        importlib.import_module("a_folder.a_module")
    assert [name for name in sys.modules if name.startswith("a_folder")] == []


def test_a_python_file_that_no_block_imports_is_run_all_the_same(folder: Path) -> None:
    page = page_of(folder, ".. code-block:: python\n    :caption: api/[int:id]/route.py\n\n    raise LookupError\n")
    with pytest.raises(LookupError):
        run_blocks(blocks_of(page), folder, "page")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("As in::\n\n    import os\n", "'As in::' is code outside of a code-block"),
        (".. code:: python\n\n    import os\n", "'.. code:: python' is code outside of a code-block"),
        (".. code-block:: pycon\n\n    >>> 1\n", "'pycon' is not among"),
        (".. code-block::\n\n    import os\n", "'' is not among"),
        (".. code-block:: python\n\nText.\n", "an empty block"),
        (".. code-block:: ini\n    :caption: /etc/shop.ini\n\n    x\n", "'/etc/shop.ini' would be written outside"),
        (".. code-block:: ini\n    :caption: ../shop.ini\n\n    x\n", "'../shop.ini' would be written outside"),
    ],
)
def test_code_that_nothing_would_run_is_a_fault(folder: Path, text: str, complaint: str) -> None:
    faults = list(unread_code(page_of(folder, text)))
    assert len(faults) == 1
    assert complaint in faults[0]


def test_colons_inside_a_block_are_no_fault(folder: Path) -> None:
    text = ".. code-block:: text\n\n    usage::\n\n.. note::\n\n    A note.\n"
    assert list(unread_code(page_of(folder, text))) == []
