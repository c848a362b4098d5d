"""The tests that ``docs/testing.rst`` shows are tests: a pytest of their own runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doc_blocks import blocks_of, write_files

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "testing.rst"
CHROMIUM = "/usr/bin/chromium"


def test_the_tests_of_the_page_pass(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    files = write_files(blocks_of(PAGE), tmp_path)
    names = [path.name for path in files if path.name.startswith("test_")]
    is_installed = pytestconfig.pluginmanager.hasplugin("serveractions")
    plugin = [] if is_installed else ["-p", "flask_serveractions.testing"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, "--rootdir", "."]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "CHROMIUM": CHROMIUM}
    ran = subprocess.run([*command, *names], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(names) > 8
