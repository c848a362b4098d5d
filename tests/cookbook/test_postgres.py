"""The recipe for PostgreSQL, on a real server."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask

from flask_serveractions.testing import ActionsClient
from tests.cookbook.postgres_server import postgres
from tests.doc_blocks import blocks_of, importing_from, write_files

RECIPE = Path(__file__).parents[2] / "docs" / "cookbook" / "postgres.rst"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def recipe(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The page's program, as a module."""
    monkeypatch.setenv("DATABASE_URL", address)
    write_files(blocks_of(RECIPE), tmp_path)
    with importing_from(tmp_path):
        yield importlib.import_module("app")


@pytest.fixture
def app(recipe: ModuleType) -> Iterator[Flask]:
    app: Flask = recipe.create_app()
    assert app.test_cli_runner().invoke(args=["create-tables"]).exit_code == 0
    yield app
    with app.app_context():
        recipe.db.drop_all()
        recipe.db.engine.dispose()


def test_a_unique_constraint_is_told_at_its_field(app: Flask, recipe: ModuleType) -> None:
    client = ActionsClient(app, app.response_class)
    assert client.submit(client.get("/"), recipe.add_seat, name="A1").status_code == 303
    again = client.submit(client.get("/"), recipe.add_seat, name="A1")
    assert again.status_code == 422
    assert "There is one already." in again.text
    assert "A1: free" in again.text


def test_of_two_at_the_same_time_one_gets_the_seat_and_the_other_learns_who(app: Flask, recipe: ModuleType) -> None:
    clients = {name: ActionsClient(app, app.response_class) for name in ("Ada", "Grace")}
    clients["Ada"].call_action(recipe.add_seat, name="A1")
    statuses: dict[str, int] = {}
    begin = threading.Barrier(2)

    def reserve(name: str) -> None:
        page = clients[name].get("/")
        begin.wait()
        statuses[name] = clients[name].submit(page, recipe.reserve, guest=name).status_code

    threads = [threading.Thread(target=reserve, args=(name,)) for name in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses.values()) == [303, 409]
    winner = next(name for name, status in statuses.items() if status == 303)
    assert f"A1: {winner}" in clients["Ada"].get("/").text
