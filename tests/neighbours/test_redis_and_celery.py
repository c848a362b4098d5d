"""The programs of the pages on Redis and Celery, with a Redis of our own and a worker."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_serveractions.testing import ActionsClient
from tests.doc_blocks import blocks_of, importing_from
from tests.neighbours.programs import PAGES, program_of, write_program
from tests.stores_processes import RedisServer, eventually

pytest_plugins = ["tests.stores_fixtures"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def addresses(redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORE_URL", redis_server.url)
    monkeypatch.setenv("BROKER_URL", redis_server.url.replace("/0", "/1"))


def test_what_one_process_changes_is_known_to_the_other_at_once(tmp_path: Path) -> None:
    with program_of("redis", tmp_path) as program:
        one, two = (ActionsClient(app, app.response_class) for app in (program.create_app(), program.create_app()))
        assert "tea: 0" in two.get("/").text
        page = one.get("/")
        assert one.submit(page, "vote", drink="tea").status_code == 303
        assert "tea: 1" in two.get("/").text
        again = one.submit(page, "vote", drink="tea")
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "tea: 1" in two.get("/").text


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    write_program("celery", tmp_path)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    shown = next(
        line for block in blocks_of(PAGES / "celery.rst") for line in block.code.splitlines() if "celery -A" in line
    )
    options = ["--pool", "solo", "--without-mingle", "--without-gossip"]
    command = [sys.executable, "-m", *shown.removeprefix("$ ").split(), *options]
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def test_a_worker_does_the_job_and_the_page_tells_of_it(tmp_path: Path, worker: subprocess.Popen[bytes]) -> None:
    with importing_from(tmp_path):
        app = importlib.import_module("app").app
        client = ActionsClient(app, app.response_class)
        ordered = client.submit(client.get("/"), "report", pages="3")
        assert ordered.status_code == 202

        def is_done() -> bool:
            assert worker.poll() is None, (tmp_path / "worker.log").read_text()
            return "done: 3 pages" in client.get("/").text

        eventually(is_done)
