"""The ``console`` blocks of a page: what is typed, what is shown, and how it is compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from tests.doc_blocks import Block

ROOT = Path(__file__).parents[1]
HERE = "http://127.0.0.1:5000"
# typed by a person alone: these set up an environment, or serve until they are stopped
BY_HAND = re.compile(r"(mkdir|cd|python3 -m venv|\.|pip|export|gunicorn) |flask .*run\b")
TEST_SECONDS = re.compile(r"\bin \d+\.\d+s")
# the programs of this interpreter, whatever else is installed; curl without its progress
PRELUDE = """
flask() { "$PYTHON" -m flask "$@"; }
python() { "$PYTHON" "$@"; }
pybabel() { "$PYTHON" -m babel.messages.frontend "$@"; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line that is typed, with what the page shows below it."""

    typed: str
    shown: str

    @property
    def by_hand(self) -> bool:
        return BY_HAND.match(self.typed) is not None

    def shows(self, output: str) -> bool:
        """Return whether the page shows this output; JSON may be wrapped there, and tests take as long as they do."""
        if self.shown.startswith(("{", "[")):
            return bool(json.loads(self.shown) == json.loads(output))
        return TEST_SECONDS.sub("", self.shown.strip()) == TEST_SECONDS.sub("", output.strip())


def commands_of(blocks: Iterable[Block]) -> Iterator[Command]:
    """Yield the commands of all ``console`` blocks; a line that ends with a backslash goes on in the next one."""
    for block in blocks:
        if block.language != "console":
            continue
        first, *others = re.split(r"^\$ ", block.code, flags=re.MULTILINE)
        assert not first.strip(), f"{block.page.name}:{block.line}: {first!r} stands before the first command"
        for text in others:
            typed, _, shown = re.sub(r"\\\n\s*", "", text).partition("\n")
            yield Command(typed=typed, shown=shown)


def outputs_of(commands: Iterable[Command], folder: Path, address: str) -> list[str]:
    """Run commands in one shell and return what each of them writes.

    :param address: what stands for ``http://127.0.0.1:5000``; it is shown as that again.
    """
    (folder / ".curlrc").write_text("silent\n", encoding="utf-8")
    lines = [f"{command.typed}\nprintf '\\0'" for command in commands]
    script = PRELUDE + "\n".join(lines).replace(HERE, address or HERE)
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "CURL_HOME": str(folder)}
    if "flask_serveractions.testing" not in {each.value for each in entry_points(group="pytest11")}:
        environment["PYTEST_ADDOPTS"] = "-p flask_serveractions.testing"
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert not done.stderr, done.stderr
    written = done.stdout.replace(address, HERE) if address else done.stdout
    return written.split("\0")[:-1]
