"""The examples as one starts them: what the terminal says, and what the first page shows."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.files import demo as files
from examples.todo.demo import HINT, guide
from tests.todo_app import todo_app

ROOT = Path(__file__).parents[1]


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens at."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(("example", "command"), [("todo", "demo"), ("shop", "shop"), ("files", "files")])
def test_a_port_that_is_taken_is_told_before_the_guide(taken: int, example: str, command: str) -> None:
    line = [sys.executable, "-m", f"examples.{example}.demo", str(taken)]
    ran = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.stdout, ran.returncode) == ("", 1)
    assert ran.stderr == f"Port {taken} is taken. Try another: make {command} PORT={taken + 1}\n"


def test_the_guide_fits_a_screen_and_names_the_documentation() -> None:
    lines = guide("http://127.0.0.1:5000").splitlines()
    assert len(lines) < 25
    assert any("http://127.0.0.1:5000/docs has the API" in line for line in lines)


def test_the_first_page_says_who_may_sign_in(tmp_path: Path) -> None:
    with todo_app(tmp_path, HINT=HINT) as app:
        page = app.test_client().get("/").text
    assert "sign in as ada" in page
    assert "Their password is demo-password." in page


def test_the_first_page_of_the_tree_of_files_is_its_documentation() -> None:
    client = files.make_app().test_client()
    assert client.get("/").location == "/docs"
    assert client.get("/docs").status_code == 200
    assert client.get("/api/todos").status_code == 200
