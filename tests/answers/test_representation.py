"""A change is held against what the resource's ``get`` answers now."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, abort
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from flask_serveractions import ActionError, MethodRoute, ServerActions


class Notes:
    def __init__(self) -> None:
        self.texts = {1: "one"}


def app_of(notes: Notes, required: bool = False) -> Flask:
    app = Flask(__name__)
    actions = ServerActions(app)

    @actions.route("/notes/<int:number>")
    class Note(MethodRoute):
        require_if_match = required

        def get(self, number: int, upper: bool = False) -> dict[str, str]:
            if number == 9:
                raise ActionError("It is gone.", status=410)
            text = notes.texts.get(number) or abort(404)
            return {"text": text.upper() if upper else text}

        def put(self, number: int, text: str) -> dict[str, str]:
            notes.texts[number] = text
            return {"text": text}

        def patch(self, number: int, more: str) -> None:
            notes.texts[number] += more

        def delete(self, number: int) -> None:
            del notes.texts[number]

        def post(self, number: int, text: str) -> None:
            notes.texts[number] = text

    return app


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def client(notes: Notes) -> FlaskClient:
    return app_of(notes).test_client()


def tag(client: FlaskClient, url: str = "/notes/1") -> str:
    return client.get(url).headers["ETag"]


def test_a_change_of_what_was_read_is_made(client: FlaskClient, notes: Notes) -> None:
    answer = client.put("/notes/1", json={"text": "two"}, headers={"If-Match": tag(client)})
    assert (answer.status_code, notes.texts[1]) == (200, "two")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("if_match", ['"old"', 'W/"old"', "junk", '"a", "b"', ""])
def test_a_change_of_something_else_is_a_412_and_changes_nothing(
    client: FlaskClient, notes: Notes, method: str, if_match: str
) -> None:
    body = {"PUT": {"text": "two"}, "PATCH": {"more": "!"}}.get(method)
    answer = client.open("/notes/1", method=method, json=body, headers={"If-Match": if_match})
    assert (answer.status_code, answer.mimetype) == (412, "application/problem+json")
    assert notes.texts == {1: "one"}


def test_a_weak_tag_never_matches_a_change(client: FlaskClient) -> None:
    headers = {"If-Match": f"W/{tag(client)}"}
    assert client.put("/notes/1", json={"text": "two"}, headers=headers).status_code == 412


def test_the_queries_of_get_count_for_the_change_too(client: FlaskClient) -> None:
    upper = tag(client, "/notes/1?upper=1")
    assert client.put("/notes/1", json={"text": "two"}, headers={"If-Match": upper}).status_code == 412
    assert client.put("/notes/1?upper=1", json={"text": "two"}, headers={"If-Match": upper}).status_code == 200


def test_any_state_matches_an_asterisk(client: FlaskClient) -> None:
    assert client.delete("/notes/1", headers={"If-Match": "*"}).status_code == 204


@pytest.mark.parametrize("url", ["/notes/5", "/notes/9"])
def test_what_is_not_there_keeps_its_own_status(client: FlaskClient, url: str) -> None:
    answer = client.put(url, json={"text": "new"}, headers={"If-Match": "*"})
    assert answer.status_code == client.get(url).status_code


def test_if_none_match_creates_and_never_replaces(client: FlaskClient, notes: Notes) -> None:
    only_new = {"If-None-Match": "*"}
    assert client.put("/notes/5", json={"text": "five"}, headers=only_new).status_code == 200
    assert client.put("/notes/5", json={"text": "six"}, headers=only_new).status_code == 412
    assert notes.texts[5] == "five"


def test_where_the_class_says_so_a_change_without_if_match_is_a_428(notes: Notes) -> None:
    client = app_of(notes, required=True).test_client()
    assert client.put("/notes/1", json={"text": "two"}).status_code == 428
    assert client.delete("/notes/1").status_code == 428
    assert client.post("/notes/1", json={"text": "two"}).status_code == 204
    assert client.put("/notes/1", json={"text": "x"}, headers={"If-Match": tag(client)}).status_code == 200


def test_arguments_are_checked_before_conditions(client: FlaskClient) -> None:
    assert client.put("/notes/1", json={}, headers={"If-Match": '"old"'}).status_code == 422


def test_a_get_is_a_304_for_who_has_it_already(client: FlaskClient) -> None:
    current = tag(client)
    for named in (current, f"W/{current}", f'"x", {current}', "*"):
        answer = client.get("/notes/1", headers={"If-None-Match": named})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", current)
        assert client.head("/notes/1", headers={"If-None-Match": named}).status_code == 304
    assert client.get("/notes/1", headers={"If-None-Match": '"x"'}).status_code == 200


def locking_app(folder: Path) -> Flask:
    """Return an app whose changing requests begin with ``BEGIN IMMEDIATE``, as docs/rest.rst says."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder}/notes.sqlite3"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 20}, "poolclass": sa.NullPool}
    db = SQLAlchemy(app)
    table = sa.Table("note", db.metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String))
    with app.app_context():
        db.create_all()
        db.session.execute(table.insert().values(id=1, text="one"))
        db.session.commit()

        @sa.event.listens_for(db.engine, "connect")
        def let_us_begin(connection: Any, record: Any) -> None:
            connection.isolation_level = None

        @sa.event.listens_for(db.engine, "begin")
        def begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    actions = ServerActions(app)

    @actions.route("/notes/<int:number>")
    class Note(MethodRoute):
        def get(self, number: int) -> dict[str, Any]:
            text = db.session.scalar(sa.select(table.c.text).where(table.c.id == number))
            return {"text": text}

        def put(self, number: int, text: str) -> dict[str, Any]:
            db.session.execute(table.update().where(table.c.id == number).values(text=text))
            db.session.commit()
            return {"text": text}

    return app


def test_of_two_changes_at_the_same_time_exactly_one_is_made(tmp_path: Path) -> None:
    app = locking_app(tmp_path)
    barrier = threading.Barrier(2)
    for _ in range(5):
        current, statuses = tag(app.test_client()), list[int]()

        def change(text: str, current: str = current, statuses: list[int] = statuses) -> None:
            client = app.test_client()
            barrier.wait(20)
            statuses.append(client.put("/notes/1", json={"text": text}, headers={"If-Match": current}).status_code)

        threads = [threading.Thread(target=change, args=(f"{current} {number}",)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 412]
