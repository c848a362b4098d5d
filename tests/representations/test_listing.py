"""Lists of a resource, page by page."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
from flask import Flask, redirect
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from marshmallow import Schema, fields
from werkzeug.test import TestResponse

from flask_serveractions import MethodRoute, ServerActions


class NoteSchema(Schema):
    id = fields.Integer()


NOTHING = object()
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
            if found is NOTHING:
                return None  # type: ignore[return-value]  # as the annotation should say
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


@pytest.mark.parametrize("paginate", [True, "cursor"])
@pytest.mark.parametrize(
    ("returned", "status", "answered"),
    [(redirect("/"), None, 302), ({"why": "closed"}, 409, 409), (NOTHING, None, 204)],
)
def test_a_response_a_refusal_and_nothing_are_no_lists(
    paginate: bool | str, returned: Any, status: int | None, answered: int, tmp_path: Path
) -> None:
    answer = client_of(paginate, returned, tmp_path, status).get("/notes")
    assert answer.status_code == answered
    assert answer.headers.get("Link") is None
    assert status is None or answer.json == returned


@pytest.mark.parametrize("paginate", [True, "cursor"])
def test_a_deque_has_pages_too(paginate: bool | str, tmp_path: Path) -> None:
    client = client_of(paginate, deque(LISTS[0] or ()), tmp_path)
    first = client.get("/notes?per_page=30")
    assert ids(first) == list(range(1, 31))
    assert ids(client.get(links(first)["next"])) == list(range(31, 46))


def test_the_default_of_the_function_s_own_per_page_is_the_size_of_a_page() -> None:
    app = Flask(__name__)
    app.secret_key = "of the tests"
    actions = ServerActions(app)

    @actions.route("/numbers")
    class Numbers(MethodRoute):
        paginate = True

        def get(self, per_page: int = 30) -> list[int]:
            return list(range(per_page * 2))

    client = app.test_client()
    assert client.get("/numbers").json == list(range(30))
    assert client.get("/numbers?per_page=4").json == [0, 1, 2, 3]
    told = client.get("/openapi.json").json["paths"]["/numbers"]["get"]["parameters"]
    assert [each["schema"]["default"] for each in told if each.get("name") == "per_page"] == [30]


@pytest.mark.parametrize("paginate", ["cursors", "page", 20, None])
def test_a_misspelt_way_is_told_when_the_class_is_registered(paginate: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Notes: paginate = .* Write True for pages by number, or 'cursor'"):
        client_of(paginate, [], tmp_path)


def test_only_get_is_given_out_in_pages(tmp_path: Path) -> None:
    answer = client_of(True, LISTS[0], tmp_path).post("/notes", json={})
    assert len(ids(answer)) == 45
    assert "Link" not in answer.headers


def test_what_has_no_pages_is_a_bug_that_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    answer = client_of(True, {"id": 1}, tmp_path).get("/notes")
    assert answer.status_code == 500
    assert "Only a sequence or SQLAlchemy's Select" in caplog.text
