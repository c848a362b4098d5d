"""Lists of a resource, page by page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from marshmallow import Schema, fields
from werkzeug.test import TestResponse

from flask_serveractions import MethodRoute, ServerActions


class NoteSchema(Schema):
    id = fields.Integer()


NoteOut = Annotated[Any, NoteSchema()]


def client_of(paginate: bool | str, rows: Any, folder: Path, status: Any = None) -> FlaskClient:
    app = Flask(__name__)
    app.secret_key = "of the tests"
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder}/notes.sqlite3"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": sa.NullPool}  # nothing stays open
    db = SQLAlchemy(app)
    columns = (sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String))
    table = sa.Table("note", db.metadata, *columns)
    with app.app_context():
        db.create_all()
        db.session.execute(table.insert(), [{"id": number} for number in range(1, 46)])
        db.session.commit()
    actions = ServerActions(app)
    way = paginate

    @actions.route("/notes")
    class Notes(MethodRoute):
        paginate = way

        def get(self, kind: str = "") -> list[NoteOut]:
            found = sa.select(table).order_by(table.c.id) if rows is None else rows
            return found if status is None else (found, status, {"X-Kind": "some"})  # type: ignore[return-value]

        def post(self) -> list[NoteOut]:
            return rows or []

    return app.test_client()


LISTS = [[{"id": number} for number in range(1, 46)], None]


def ids(answer: TestResponse) -> list[int]:
    assert answer.json is not None, answer.text
    return [each["id"] for each in answer.json]


def links(answer: TestResponse) -> dict[str, str]:
    return {relation: url for url, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"])}


@pytest.mark.parametrize("rows", LISTS, ids=["sequence", "Select"])
def test_a_list_is_given_out_page_by_page_with_links_and_a_total(rows: Any, tmp_path: Path) -> None:
    client = client_of(True, rows, tmp_path)
    answer = client.get("/notes?page=2&per_page=10&kind=any")
    assert ids(answer) == list(range(11, 21))
    assert answer.headers["X-Total-Count"] == "45"
    assert set(links(answer)) == {"first", "prev", "next", "last"}
    assert ids(client.get(links(answer)["last"])) == list(range(41, 46))
    assert "kind=any" in links(answer)["next"]


@pytest.mark.parametrize("rows", LISTS, ids=["sequence", "Select"])
def test_cursors_lead_through_the_whole_list(rows: Any, tmp_path: Path) -> None:
    client = client_of("cursor", rows, tmp_path)
    answer, seen = client.get("/notes?per_page=20"), list[int]()
    while True:
        seen += ids(answer)
        if "next" not in links(answer):
            break
        answer = client.get(links(answer)["next"])
    assert seen == list(range(1, 46))


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "per_page=101", "per_page=1.5", "page=١"])
def test_bad_numbers_are_a_422(query: str, tmp_path: Path) -> None:
    answer = client_of(True, LISTS[0], tmp_path).get(f"/notes?{query}")
    assert answer.status_code == 422
    assert answer.json is not None
    assert list(answer.json["errors"]) == [query.partition("=")[0]]


@pytest.mark.parametrize("cursor", ["x", "WzFd.forged", "."])
def test_a_cursor_that_is_not_ours_is_a_422(cursor: str, tmp_path: Path) -> None:
    answer = client_of("cursor", LISTS[0], tmp_path).get(f"/notes?cursor={cursor}")
    assert answer.status_code == 422
    assert answer.json is not None
    assert list(answer.json["errors"]) == ["cursor"]


def test_status_and_headers_of_the_function_stay(tmp_path: Path) -> None:
    answer = client_of(True, LISTS[0], tmp_path, status=203).get("/notes")
    assert (answer.status_code, answer.headers["X-Kind"], len(ids(answer))) == (203, "some", 20)


def test_only_get_is_given_out_in_pages(tmp_path: Path) -> None:
    answer = client_of(True, LISTS[0], tmp_path).post("/notes", json={})
    assert len(ids(answer)) == 45
    assert "Link" not in answer.headers


def test_what_has_no_pages_is_a_bug_that_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    answer = client_of(True, {"id": 1}, tmp_path).get("/notes")
    assert answer.status_code == 500
    assert "Only a sequence or SQLAlchemy's Select" in caplog.text
