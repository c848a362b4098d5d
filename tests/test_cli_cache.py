"""``flask actions cache``: what is stored, by tag, and forgetting it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from flask_serveractions import ServerActions, cached, revalidate_tag

HEADER = "TAG FUNCTION VALUES FRESH SIZE"


@cached(tags=("todos", "people"))
def todos_of(name: str) -> list[str]:
    return [name]


@cached(tags=("people",))
def people() -> int:
    return 2


@cached()
def version() -> str:
    return "1"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.secret_key = "of the tests"
    ServerActions(app)
    with app.app_context():
        yield app


@pytest.fixture
def filled(app: Flask) -> Flask:
    todos_of("ada")
    todos_of("grace")
    people()
    version()
    return app


def cache(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["actions", "cache", *arguments])


def rows(app: Flask, *arguments: str) -> list[list[str]]:
    """Return tag, function, values and how many are fresh."""
    result = cache(app, *arguments)
    assert result.exit_code == 0, result.output
    header, *lines = result.output.splitlines()
    assert header.split() == HEADER.split()
    return [[cell.removeprefix(f"{__name__}.") for cell in line.split()[:4]] for line in lines]


def test_values_are_counted_by_tag_and_function(filled: Flask) -> None:
    assert rows(filled) == [
        ["-", "version", "1", "1"],
        ["people", "people", "1", "1"],
        ["people", "todos_of", "2", "2"],
        ["todos", "todos_of", "2", "2"],
    ]


def test_what_was_revalidated_is_not_fresh(filled: Flask) -> None:
    revalidate_tag("todos")
    todos_of("ada")
    assert rows(filled, "todos") == [["todos", "todos_of", "2", "1"]]


def test_some_tags_are_shown_alone(filled: Flask) -> None:
    assert [row[0] for row in rows(filled, "todos")] == ["todos"]
    assert rows(filled, "nothing") == []


def test_for_programs_each_value_is_an_object(filled: Flask) -> None:
    (entry,) = [each for each in json.loads(cache(filled, "--json").output) if each["function"].endswith("version")]
    assert (entry["tags"], entry["fresh"]) == ([], True)
    assert entry["size"] > 0
    assert entry["key"].startswith(f"{__name__}.version:")


def test_clearing_forgets_everything(filled: Flask) -> None:
    assert cache(filled, "--clear").output == "4 cleared.\n"
    assert rows(filled) == []


def test_clearing_a_tag_leaves_the_others_fresh(filled: Flask) -> None:
    assert cache(filled, "todos", "--clear").output == "2 cleared.\n"
    assert [[row[0], row[3]] for row in rows(filled) if row[1] != "todos_of"] == [["-", "1"], ["people", "1"]]
    assert rows(filled, "todos") == [["todos", "todos_of", "2", "0"]]


def test_an_empty_store_has_only_headings(app: Flask) -> None:
    assert rows(app) == []


def test_a_broken_store_is_told_in_one_line(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "serveractions.sqlite3"
    file.write_bytes(b"This was a database once. " * 400)
    result = cache(app)
    assert result.exit_code == 1
    assert str(file) in result.output
    assert len(result.output.splitlines()) == 1
