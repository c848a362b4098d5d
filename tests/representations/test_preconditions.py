"""A change is held against what the resource's ``get`` answers now."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response, abort, redirect
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from marshmallow import Schema, fields

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
@pytest.mark.parametrize("named", ["*", '"x"'])
def test_what_is_not_there_matches_nothing(client: FlaskClient, notes: Notes, url: str, named: str) -> None:
    """RFC 9110, 13.2.1: PUT would make it anew, so that the condition counts; the others would be a 404 anyway."""
    gone = client.get(url).status_code
    conditional = {"If-Match": named}
    assert client.put(url, json={"text": "new"}, headers=conditional).status_code == 412
    assert client.patch(url, json={"more": "new"}, headers=conditional).status_code == gone
    assert client.delete(url, headers=conditional).status_code == gone
    assert notes.texts == {1: "one"}


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
            barrier.wait(60)
            statuses.append(client.put("/notes/1", json={"text": text}, headers={"If-Match": current}).status_code)

        threads = [threading.Thread(target=change, args=(f"{current} {number}",)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 412]


# Whatever the resource is made of


def entity_tag(client: FlaskClient, url: str) -> str:
    return client.get(url).headers["ETag"]


def check_conditions_of(client: FlaskClient, url: str, body: Any, other: Any) -> None:
    """Change a resource twice with one tag: the second time it is another one's."""
    read = entity_tag(client, url)
    assert client.put(url, json=other, headers={"If-Match": '"other"'}).status_code == 412
    assert client.put(url, json=other, headers={"If-None-Match": "*"}).status_code == 412
    assert client.put(url, json=body, headers={"If-Match": read}).status_code == 200
    assert client.put(url, json=other, headers={"If-Match": read}).status_code == 412
    assert client.put(url, json=other, headers={"If-Match": f'"x", {entity_tag(client, url)}'}).status_code == 200
    assert client.put(url, json=other, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("kind", ["method", "staticmethod", "classmethod", "async", "one view for all requests"])
def test_the_state_is_known_whatever_get_and_put_are(kind: str) -> None:
    app = Flask(__name__)
    state = {"text": "a"}

    def get() -> dict[str, str]:
        return dict(state)

    def put(text: str) -> dict[str, str]:
        state["text"] = text
        return dict(state)

    async def get_later() -> dict[str, str]:
        return dict(state)

    class Method(MethodRoute):
        init_every_request = kind != "one view for all requests"

        def get(self) -> dict[str, str]:
            return get()

        def put(self, text: str) -> dict[str, str]:
            return put(text)

    def get_of(cls: type[MethodRoute]) -> dict[str, str]:
        return dict(state)

    def put_of(cls: type[MethodRoute], text: str) -> dict[str, str]:
        return put(text)

    members: dict[str, dict[str, Any]] = {
        "staticmethod": {"get": staticmethod(get), "put": staticmethod(put)},
        "classmethod": {"get": classmethod(get_of), "put": classmethod(put_of)},
        "async": {"get": staticmethod(get_later)},
    }
    view_class = type("Text", (Method,), members.get(kind, {}))
    ServerActions(app).route("/text")(view_class)
    check_conditions_of(app.test_client(), "/text", {"text": "b"}, {"text": "c"})


ROUTE_FILE = """
require_if_match = True
state = {"text": "a"}
def GET(todo_id: int) -> dict:
    return dict(state)
def PUT(todo_id: int, text: str) -> dict:
    state["text"] = text
    return dict(state)
def DELETE(todo_id: int) -> None: ...
"""


def test_a_route_file_has_conditions(tmp_path: Path) -> None:
    folder = tmp_path / "todos" / "[int:todo_id]"
    folder.mkdir(parents=True)
    (folder / "route.py").write_text(ROUTE_FILE)
    app = Flask(__name__)
    ServerActions(app).discover(tmp_path)
    client = app.test_client()
    check_conditions_of(client, "/api/todos/1", {"text": "b"}, {"text": "c"})
    assert client.delete("/api/todos/1").status_code == 428
    assert client.delete("/api/todos/1", headers={"If-Match": "*"}).status_code == 204


# Lists in pages


def numbers_app(folder: Path, paginate: bool | str, of_rows: bool) -> Flask:
    """Return an app with a list of thirty numbers, or a ``Select`` of them, which can be emptied."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder}/numbers.sqlite3"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": sa.NullPool}  # nothing stays open
    app.secret_key = "for cursors"
    db = SQLAlchemy(app)
    table = sa.Table("number", db.metadata, sa.Column("id", sa.Integer, primary_key=True))
    with app.app_context():
        db.create_all()
        db.session.execute(table.insert(), [{"id": number} for number in range(1, 31)])
        db.session.commit()

    class Numbers(MethodRoute):
        def get(self) -> list[int]:
            chosen = sa.select(table.c.id).order_by(table.c.id)
            return chosen if of_rows else list(db.session.scalars(chosen))  # type: ignore[return-value]  # given out in pages

        def delete(self) -> None:
            db.session.execute(table.delete().where(table.c.id == 1))
            db.session.commit()

    Numbers.paginate = paginate
    ServerActions(app).route("/numbers")(Numbers)
    return app


@pytest.mark.parametrize("paginate", [True, "cursor"])
@pytest.mark.parametrize("of_rows", [False, True])
def test_a_change_of_a_list_is_held_against_the_page_that_its_url_is(
    tmp_path: Path, paginate: bool | str, of_rows: bool
) -> None:
    client = numbers_app(tmp_path, paginate, of_rows).test_client()
    short, whole = entity_tag(client, "/numbers?per_page=5"), entity_tag(client, "/numbers")
    refused = client.delete("/numbers", headers={"If-Match": short})
    assert (refused.status_code, "page of the list" in refused.json["detail"]) == (412, True)
    assert client.delete("/numbers?per_page=5", headers={"If-Match": short}).status_code == 204
    assert client.delete("/numbers", headers={"If-Match": whole}).status_code == 412
    assert client.delete("/numbers", headers={"If-Match": "*"}).status_code == 204
    assert client.delete("/numbers?per_page=none", headers={"If-Match": "*"}).status_code == 422


# Dates


THEN, LATER, BEFORE = (f"{day} Oct 2007 23:21:47 GMT" for day in ("Sun, 21", "Mon, 22", "Sat, 20"))


@pytest.mark.parametrize("get", [lambda: Response("page"), lambda: {"json": 1}])
def test_a_date_counts_where_the_answer_has_one(get: Any) -> None:
    app = Flask(__name__)
    changed = []

    class Page(MethodRoute):
        def get(self) -> Any:
            return get(), 200, {"Last-Modified": THEN}

        def put(self) -> str:
            changed.append("put")
            return "changed"

    ServerActions(app).route("/page")(Page)
    client = app.test_client()
    assert client.get("/page", headers={"If-Modified-Since": THEN}).status_code == 304
    assert client.head("/page", headers={"If-Modified-Since": LATER}).status_code == 304
    assert client.get("/page", headers={"If-Modified-Since": BEFORE}).status_code == 200
    assert client.get("/page", headers={"If-Modified-Since": THEN, "If-None-Match": '"x"'}).status_code == 200
    assert client.get("/page", headers={"If-Unmodified-Since": BEFORE}).status_code == 412
    assert client.put("/page", headers={"If-Unmodified-Since": BEFORE}).status_code == 412
    tag = entity_tag(client, "/page")
    assert changed == []
    assert client.put("/page", headers={"If-Unmodified-Since": THEN}).status_code == 200
    assert client.put("/page", headers={"If-Unmodified-Since": BEFORE, "If-Match": tag}).status_code == 200
    assert client.put("/page", headers={"If-Unmodified-Since": THEN, "If-Match": '"x"'}).status_code == 412


# The tag of what was changed


class NoteSchema(Schema):
    text = fields.String()


NoteOut = Annotated[dict, NoteSchema()]


def answering(put: Any, returns: Any = dict, get_returns: Any = dict) -> FlaskClient:
    """Return the client of a resource whose PUT and PATCH answer with what ``put(state)`` returns."""
    app = Flask(__name__)
    state = {"text": "a", "secret": "kept"}

    class Note(MethodRoute):
        def get(self, upper: bool = False) -> Any:
            return {"text": state["text"].upper(), "secret": ""} if upper else state

        def put(self, text: str) -> Any:
            state["text"] = text
            return put(state)

        def patch(self, text: str) -> Any:
            state["text"] += text
            return put(state)

    Note.get.__annotations__["return"] = get_returns
    Note.put.__annotations__["return"] = Note.patch.__annotations__["return"] = returns
    ServerActions(app).route("/note")(Note)
    return app.test_client()


@pytest.mark.parametrize(("returns", "get_returns"), [(dict, dict), (NoteOut, NoteOut), (NoteOut, NoteOut | None)])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}])
def test_an_answer_that_is_the_new_state_has_its_tag(
    returns: Any, get_returns: Any, method: str, headers: dict[str, str]
) -> None:
    client = answering(lambda state: state, returns, get_returns)
    answer = client.open("/note", method=method, json={"text": "b"}, headers=headers)
    assert answer.headers["ETag"] == entity_tag(client, "/note")
    again = client.put("/note", json={"text": "c"}, headers={"If-Match": answer.headers["ETag"]})
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("put", "returns"),
    [
        (lambda state: {"ok": True}, dict),
        (lambda state: None, dict),
        (lambda state: dict(state, more=1), dict),
        (lambda state: state, NoteOut),  # get shows more
        (lambda state: (state, 202), dict),
        (lambda state: "text", str),
        (lambda state: redirect("/elsewhere"), Any),
    ],
)
def test_an_answer_that_is_something_else_has_none(put: Any, returns: Any) -> None:
    assert "ETag" not in answering(put, returns).put("/note", json={"text": "b"}).headers


def test_a_tag_of_ones_own_stays() -> None:
    client = answering(lambda state: (state, 200, {"ETag": '"mine"'}))
    assert client.put("/note", json={"text": "b"}).headers["ETag"] == '"mine"'


def test_the_tag_is_that_of_the_url_that_was_changed() -> None:
    client = answering(lambda state: state)
    assert "ETag" not in client.put("/note?upper=1", json={"text": "b"}).headers
