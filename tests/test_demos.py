"""The examples as one starts them: what the terminal says, and what the first page shows."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples import board
from examples.board import demo as board_demo
from examples.files import demo as files
from examples.shop import create_app as create_shop
from examples.shop import demo as shop
from examples.shop.extensions import db
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


@pytest.mark.parametrize(
    ("example", "command"), [("todo", "demo"), ("shop", "shop"), ("board", "board"), ("files", "files")]
)
def test_a_port_that_is_taken_is_told_before_the_guide(taken: int, example: str, command: str) -> None:
    line = [sys.executable, "-m", f"examples.{example}.demo", str(taken)]
    ran = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (ran.stdout, ran.returncode) == ("", 1)
    assert ran.stderr == f"Port {taken} is taken. Try another: make {command} PORT={taken + 1}\n"


@pytest.mark.parametrize(
    "told",
    [
        guide("http://127.0.0.1:5000"),
        shop.GUIDE.format(address="http://127.0.0.1:5000"),
        board_demo.GUIDE.format("http://127.0.0.1:5000"),
        files.GUIDE.format("http://127.0.0.1:5000"),
    ],
    ids=["demo", "shop", "board", "files"],
)
def test_a_guide_fits_a_screen_and_says_what_to_open_and_what_to_try(told: str) -> None:
    assert len(told.splitlines()) < 25
    assert told.startswith("\nOpen http://127.0.0.1:5000/")
    assert "http://127.0.0.1:5000/docs" in told
    assert "curl http://127.0.0.1:5000/api/" in told


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


def test_the_catalogue_of_the_shop_is_an_api_with_its_documentation(tmp_path: Path) -> None:
    database, state = (f"sqlite:///{tmp_path}/{name}.sqlite3" for name in ("shop", "state"))
    app = create_shop({"SQLALCHEMY_DATABASE_URI": database, "SERVERACTIONS_STORE_URL": state, "HINT": shop.HINT})
    shop.seed(app)
    client = app.test_client()
    first = client.get("/api/products").get_json()[0]
    assert first == {"sku": "ASSAM", "name": "Assam", "note": "Strong and malty, for the morning.", "price": 390}
    assert client.get("/docs").status_code == 200
    assert "password, for prices and the report, is demo-password" in client.get("/").text
    with app.app_context():
        db.engine.dispose()


def test_a_card_that_a_program_adds_is_on_the_board(tmp_path: Path) -> None:
    app = board.create_app(
        {
            "DATABASE": str(tmp_path / "board.sqlite3"),
            "SERVERACTIONS_STORE_URL": f"sqlite:///{tmp_path}/state.sqlite3",
        }
    )
    board_demo.seed(app)
    client = app.test_client()
    assert "the board has no passwords" in client.get("/sign-in").text
    assert client.get("/docs").status_code == 200
    assert client.post("/api/cards", data={"title": "Feed the cat"}).status_code == 401
    by_grace = {"Authorization": "Bearer Grace"}
    card = client.post("/api/cards", headers=by_grace, data={"title": "Feed the cat"})
    assert (card.status_code, card.get_json()["title"]) == (201, "Feed the cat")
    assert [each["title"] for each in client.get("/api/cards?q=cat").get_json()] == ["Feed the cat"]
