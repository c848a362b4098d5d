"""What the program has, the pages must say; what the pages show, must run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import flask_serveractions
from flask_serveractions.config import SETTINGS_KEYS, Settings
from tests.doc_blocks import blocks_of, importing_from, run_blocks, unread_code

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.rst", ROOT / "CONTRIBUTING.rst", *sorted(DOCS.glob("**/*.rst"))]
# the tutorial's pages are steps of one program: test_tutorial.py runs them
PROGRAMS = [page for page in PAGES if page.parent != DOCS / "tutorial"]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).with_suffix("").as_posix()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to run a page in; the modules that it leaves behind are forgotten."""
    monkeypatch.chdir(tmp_path)
    with importing_from(tmp_path):
        yield tmp_path


def test_every_setting_is_documented() -> None:
    page = (DOCS / "config.rst").read_text(encoding="utf-8")
    assert [key for key in SETTINGS_KEYS if f".. describe:: {key}\n" not in page] == []
    assert [key for key in SETTINGS_KEYS if f"* - ``{key}``\n" not in page] == []


def test_every_documented_setting_is_there() -> None:
    page = (DOCS / "config.rst").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"SERVERACTIONS_[A-Z_]+", page)) - set(SETTINGS_KEYS)) == []


def test_every_documented_default_is_the_one_in_force() -> None:
    page = (DOCS / "config.rst").read_text(encoding="utf-8")
    shown = dict(re.findall(r"\* - ``(SERVERACTIONS_\w+)``\n\s+- ``(.+)``\n", page))
    default = Settings.from_config({})
    in_force = {key: getattr(default, key.removeprefix("SERVERACTIONS_").lower()) for key in SETTINGS_KEYS}
    texts = {key: written(value) for key, value in in_force.items()}
    assert shown == texts


def written(value: object) -> str:
    """Return a default as the page writes it: text bare, a size as a product, no origins as an empty tuple."""
    if isinstance(value, str):
        return value
    if isinstance(value, frozenset):
        return repr(tuple(value))
    return "1024 * 1024" if value == 1024 * 1024 else repr(value)


def test_every_public_name_is_documented() -> None:
    page = (DOCS / "api.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"^\.\. (?:auto\w+|class|data|decorator|function):: (\w+)", page, re.MULTILINE))
    assert [name for name in flask_serveractions.__all__ if name not in named] == []


def test_each_change_is_told_once() -> None:
    changes = (ROOT / "CHANGES.rst").read_text(encoding="utf-8")
    begun = [" ".join(each.split()[:4]) for each in re.split(r"^-   ", changes, flags=re.MULTILINE)[1:]]
    assert len(begun) > 20
    assert sorted({each for each in begun if begun.count(each) > 1}) == []


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = {DOCS / "index"}
    for index in DOCS.glob("**/index.rst"):
        for line in index.read_text(encoding="utf-8").splitlines():
            # "cookbook/*", below :glob:
            found = index.parent.glob(f"{line.strip()}.rst") if line.endswith("/*") else []
            listed |= {index.parent / line.strip(), *(page.with_suffix("") for page in found)}
    assert [page.name for page in DOCS.glob("**/*.rst") if page.with_suffix("") not in listed] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_holds_no_code_that_nothing_runs(page: Path) -> None:
    assert list(unread_code(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_program_that_a_page_shows_is_clean_to_copy(page: Path) -> None:
    programs = [block for block in blocks_of(page) if block.language == "python" and not block.is_check]
    shown = [block for block in programs if not Path(block.caption or "").name.startswith("test_")]
    assert [f"{page.name}:{block.line}" for block in shown if asserts_in(block.code)] == []


def asserts_in(code: str) -> bool:
    """Whether code asserts something outside of the tests in it."""
    pending: list[ast.AST] = [ast.parse(code)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Assert):
            return True
        if not (isinstance(node, ast.FunctionDef) and node.name.startswith("test_")):
            pending.extend(ast.iter_child_nodes(node))
    return False


@pytest.mark.parametrize("page", PROGRAMS, ids=name_of)
def test_the_code_of_a_page_runs(page: Path, folder: Path) -> None:
    assert run_blocks(blocks_of(page), folder, "page")
