"""``flask actions``: its help and its exit codes; on a terminal of 80 columns, and into a pipe that breaks."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from flask_serveractions import Bound, ServerActions, cached

COMMANDS = ("list", "audit", "openapi", "typescript", "sign", "cache")
PROGRAM = "from tests.test_cli_terminal import make_app\napp = make_app({folder!r}, many={many})\n"


@cached(tags=("a-tag-that-is-rather-long-for-a-terminal", "another-one"))
def a_function_with_a_name_that_is_rather_long_too(number: int) -> str:
    return "x" * number


def make_app(folder: str, many: int = 1) -> Flask:
    app = Flask(__name__, instance_path=folder)
    app.secret_key = "of the tests"
    actions = ServerActions(app)

    @actions.register
    def forget(item_id: Bound[int], a_rather_long_reason: str, and_another_one: bool = False) -> None: ...

    for number in range(many):
        actions.register(name=f"forget_what_was_remembered_{number}")(forget)
    with app.app_context():
        a_function_with_a_name_that_is_rather_long_too(7)
    return app


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return make_app(str(tmp_path))


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["actions", *arguments], prog_name="flask")


# As a process


def start(folder: Path, *arguments: str, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    program = folder / "program.py"
    program.write_text(
        PROGRAM.format(folder=str(folder), many=300 if stdout == subprocess.PIPE else 2), encoding="utf-8"
    )
    root = str(Path(__file__).parents[1])
    environ = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "flask", "--app", str(program), "actions", *arguments]
    return subprocess.Popen(command, cwd=folder, env={**environ, "PYTHONPATH": root}, stdout=stdout, stderr=stderr)


def on_a_terminal(folder: Path, columns: int, *arguments: str) -> list[str]:
    """Return the lines that a command shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = b""
    with start(folder, *arguments, stdout=theirs, stderr=theirs):
        os.close(theirs)
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(ours)
    return shown.decode().splitlines()


@pytest.mark.parametrize(("command", "columns"), [("list", 80), ("cache", 90)])
def test_a_table_fits_the_terminal_and_uses_it(tmp_path: Path, command: str, columns: int) -> None:
    lines = on_a_terminal(tmp_path, columns, command)
    assert len(lines) > 2
    assert max(map(len, lines)) == columns


def test_a_pipe_that_breaks_is_no_error_to_show(tmp_path: Path) -> None:
    with start(tmp_path, "list", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"KIND")
        process.stdout.close()
        assert process.stderr.read() == b""


# What it says


def test_into_a_file_or_a_pipe_nothing_is_cut(app: Flask) -> None:
    shown = run(app, "list").stdout
    assert "…" not in shown
    assert "item_id (signed), a_rather_long_reason, and_another_one?" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_does_and_shows_an_example_and_its_exit_codes(app: Flask, command: str) -> None:
    shown = run(app, command, "--help").stdout
    assert shown.splitlines()[2].strip().endswith(".")
    assert f"Example:\n    flask actions {command}" in shown
    assert all(f"\n    {code}  " in shown.partition("Exit codes:")[2] for code in (0, 1, 2))
    assert max(map(len, shown.splitlines())) <= 80


def test_the_groups_help_has_a_whole_line_for_each_command(app: Flask) -> None:
    lines = run(app, "--help").stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == sorted(COMMANDS)
    assert [line for line in lines if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("arguments", [["list"], ["audit"], ["cache"], ["sign", "forget", "item_id=1"]])
def test_whatever_prints_for_people_prints_json_for_programs(app: Flask, arguments: list[str]) -> None:
    assert json.loads(run(app, *arguments, "--json").stdout)


def test_clearing_tells_programs_too_what_it_did(app: Flask) -> None:
    assert json.loads(run(app, "cache", "nothing", "--clear", "--json").stdout) == {"cleared": 0}
    assert json.loads(run(app, "cache", "--clear", "--json").stdout) == {"cleared": 1}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["list"], 0),
        (["audit"], 1),
        (["sign", "forget", "item_id=1"], 0),
        (["sign", "nothing"], 1),
        (["sign", "forget", "item_id=x"], 2),
        (["openapi", "--output", "/nowhere/openapi.json"], 1),
        (["typescript", "--output", "/nowhere/api.ts"], 1),
        *(([command, "--nonsense"], 2) for command in COMMANDS),
    ],
)
def test_the_exit_codes_are_those_of_the_help(app: Flask, arguments: list[str], status: int) -> None:
    done = run(app, *arguments)
    assert done.exit_code == status, done.output
    assert isinstance(done.exception, SystemExit) is bool(status)


@pytest.mark.parametrize("command", ["openapi", "typescript"])
def test_a_document_is_written_where_one_says(app: Flask, tmp_path: Path, command: str) -> None:
    path = tmp_path / "written"
    assert run(app, command, "--output", str(path)).stdout == ""
    assert len(path.read_text(encoding="utf-8")) > 500
    assert path.read_text(encoding="utf-8") == run(app, command).stdout


@pytest.mark.parametrize("command", ["openapi", "typescript"])
@pytest.mark.parametrize("path", ["/nowhere/written", "/dev/full", "/"])
def test_a_file_that_can_not_be_written_is_told_in_one_line(app: Flask, command: str, path: str) -> None:
    done = run(app, command, "--output", path)
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {path!r} can't be written: ")
    assert len(done.output.splitlines()) == 1
