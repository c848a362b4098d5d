"""Debian's Firefox, by WebDriver BiDi: launched once for the tests of a file, since that takes longer than they do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

FIREFOX = "/usr/bin/firefox-esr"
HERE = Path(__file__).parent
SECONDS = 500  # for a busy machine; it takes a small part of that


class Firefox:
    """A browser in which scripts of Node.js are visitors, each a new one; launched by the first of them."""

    def __init__(self) -> None:
        self.launcher: subprocess.Popen[str] | None = None
        self.endpoint = ""

    def run(self, script: str, *arguments: str) -> Any:
        """Return what a script prints, which is given where the browser is; one that fails takes the browser down."""
        if self.launcher is None:
            self.launch()
        command = ["node", str(HERE / script), self.endpoint, *arguments]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
        except subprocess.CalledProcessError as error:
            self.stop()  # nobody knows what it left behind
            raise AssertionError(error.stderr) from error
        except subprocess.TimeoutExpired:
            self.stop()
            raise
        return json.loads(ran.stdout)

    def launch(self) -> None:
        command = ["node", str(HERE / "firefox_launch.mjs"), FIREFOX]
        self.launcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.launcher.stdout is not None
        self.endpoint = self.launcher.stdout.readline().strip()

    def stop(self) -> None:
        if self.launcher is not None:
            self.launcher.communicate()
            self.launcher = None
