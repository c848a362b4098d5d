"""The page of Flask-Migrate, as its reader goes through it: with its commands and its program."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.doc_blocks import blocks_of, write_files

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "neighbours" / "flask-migrate.rst"
#: Does what commands of ``flask db`` do, and uses the app
PROGRAM = """
import sys
import flask_migrate
from app import add, create_app
from flask_serveractions.testing import ActionsClient

app = create_app()
with app.app_context():
    for command in sys.argv[1:]:
        getattr(flask_migrate, command)(**{"message": "change"} if command == "migrate" else {})
client = ActionsClient(app, app.response_class)
assert client.submit(client.get("/"), add, text="Buy milk").status_code == 303
assert "<li>Buy milk</li>" in client.get("/").text
"""


def run(*commands: str) -> None:
    """Run in a process of its own: Alembic's ``logging.config`` would silence the loggers of this one."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM, *commands]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_tables_are_made_and_changed_and_nothing_of_ours_is_taken_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(blocks_of(PAGE), tmp_path)
    monkeypatch.chdir(tmp_path)
    run("init", "migrate", "upgrade")
    first = set((tmp_path / "migrations" / "versions").glob("*.py"))
    program = tmp_path / "app.py"
    before = "text: Mapped[str]\n"
    program.write_text(program.read_text().replace(before, f"{before}    note: Mapped[str | None]\n"))
    run("migrate", "upgrade")  # the store is there by now

    (second,) = set((tmp_path / "migrations" / "versions").glob("*.py")) - first
    changes = [line.strip() for line in second.read_text().splitlines() if "op." in line]
    assert sorted(line.split("(")[0] for line in changes if line.startswith("batch_op.")) == [
        "batch_op.add_column",
        "batch_op.drop_column",
    ]
    assert not any("drop_table" in line for line in changes)
    with closing(sqlite3.connect(tmp_path / "instance" / "todos.sqlite3")) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"alembic_version", "todo"}
