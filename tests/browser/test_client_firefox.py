"""The client in Firefox: Debian's, by WebDriver BiDi."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.todo_app import served, todo_app

FIREFOX = "/usr/bin/firefox-esr"
SCRIPT = Path(__file__).with_name("firefox.mjs")


def test_the_examples_forms_work_in_firefox(tmp_path: Path) -> None:
    with todo_app(tmp_path) as app, served(app) as address:
        command = ["node", str(SCRIPT), address, FIREFOX]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "problems": [],
        "asked": ["Delete all that is done?"],
        "withoutLoading": True,
        "error": "That is on your list already.",
        "focus": ["Buy milk", "true"],
        "pending": ["true,Adding…,1"],
        "after": [0, ""],
        "steps": [1, 2, 3, 4],
    }
