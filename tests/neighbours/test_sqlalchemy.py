"""Flask-SQLAlchemy beside the two doors: one session for each call, which is gone before the page is rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import generate_csrf
from marshmallow import Schema, fields
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_serveractions import ActionError, Bound, MethodRoute, Progress, ServerActions, revalidate_tag
from flask_serveractions.pages.templates import action_url
from flask_serveractions.testing import ActionsClient

BROWSER = {"Accept": "text/html,*/*;q=0.8", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
JSON = {"Accept": "application/json"}
PAGE = """<!doctype html><ul>{% for todo in todos %}<li>{{ todo.text }}</li>{% endfor %}</ul>
{% call(form) action_form("create") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}"""


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class Todo(db.Model):  # type: ignore[name-defined]  # Flask-SQLAlchemy makes it
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True)


TodoOut = Annotated[Todo, TodoSchema()]


class TodoApp:
    """An app on a database whose locks wait for nobody: what blocks fails at once."""

    def __init__(self, folder: Path) -> None:
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update(
            SECRET_KEY="of the tests",
            SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'todos.sqlite3'}",
            SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0}},
        )
        self.app.test_client_class = ActionsClient
        self.sessions: list[int] = []
        db.init_app(self.app)
        actions = ServerActions(self.app)
        register_actions(actions)
        register_resources(actions)
        self.app.add_url_rule("/", "index", self.index)
        with self.app.app_context():
            db.create_all()
        self.client: ActionsClient = self.app.test_client()  # type: ignore[assignment]

    def index(self) -> str:
        self.sessions.append(id(db.session()))
        db.session.add(Todo(text="the page writes, and needs the lock"))
        db.session.flush()
        db.session.rollback()
        return render_template_string(PAGE, todos=db.session.scalars(select(Todo)).all())

    @property
    def texts(self) -> list[str]:
        with self.app.app_context():
            return list(db.session.scalars(select(Todo.text).order_by(Todo.id)))

    def add(self, *texts: str) -> None:
        with self.app.app_context():
            db.session.add_all([Todo(text=text) for text in texts])
            db.session.commit()


def register_actions(actions: ServerActions) -> None:
    @actions.register
    def create(text: str) -> TodoOut:
        todo = Todo(text=text)
        db.session.add(todo)
        try:
            db.session.flush()  # holds the write lock
        except IntegrityError:
            raise ActionError("You already have that one.", field="text") from None
        if text == "held":
            raise ActionError("Not this one.", field="text")
        if text == "bug":
            raise ZeroDivisionError
        db.session.commit()
        revalidate_tag("todos")
        return todo

    @actions.register
    def delete(todo_id: Bound[int]) -> None:
        db.session.delete(db.get_or_404(Todo, todo_id))
        db.session.commit()

    @actions.register
    def copy(count: int) -> Iterator[Progress]:
        for number in range(count):
            db.session.add(Todo(text=f"copy {number}"))
            db.session.commit()
            yield Progress(number + 1, count)

    @actions.register(background=True)
    def copy_later() -> TodoOut:
        todo = Todo(text="later")
        db.session.add(todo)
        db.session.commit()
        return todo


def register_resources(actions: ServerActions) -> None:
    @actions.route("/api/todos")
    class Todos(MethodRoute):
        paginate = True

        def get(self) -> Annotated[Select[Any], TodoSchema(many=True)]:
            return select(Todo).order_by(Todo.id)

        def post(self, text: str) -> Annotated[Todo, TodoSchema(), 201]:
            todo = Todo(text=text)
            db.session.add(todo)
            db.session.commit()
            return todo

    @actions.route("/api/by-cursor")
    class ByCursor(MethodRoute):
        paginate = "cursor"

        def get(self) -> Annotated[Select[Any], TodoSchema(many=True)]:
            return select(Todo).order_by(Todo.id)

    @actions.route("/api/todos/<int:todo_id>")
    class OneTodo(MethodRoute):
        def get(self, todo_id: int) -> TodoOut:
            return db.get_or_404(Todo, todo_id)  # type: ignore[no-any-return]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[TodoApp]:
    served = TodoApp(tmp_path)
    yield served
    with served.app.app_context():
        db.engine.dispose()


def test_what_an_action_commits_is_on_the_page_that_comes_with_its_answer(served: TodoApp) -> None:
    answer = served.client.call_action("create", "/", text="milk")
    assert answer.json is not None
    assert answer.json["data"] == {"id": 1, "text": "milk"}
    assert "<li>milk</li>" in answer.json["page"]


@pytest.mark.parametrize("text", ["held", "milk"])
def test_the_page_is_rendered_again_after_the_failed_calls_session_and_its_lock_are_gone(
    served: TodoApp, text: str
) -> None:
    served.add("milk")
    page = served.client.get("/", headers=BROWSER)
    answer = served.client.submit(page, "create", text=text)
    assert answer.status_code == 422
    assert 'data-error="text"' in answer.text
    assert served.texts == ["milk"]


def test_what_a_failed_action_has_not_committed_is_rolled_back(served: TodoApp) -> None:
    assert served.client.call_action("create", text="held").status_code == 422
    assert served.client.call_action("create", text="bug").status_code == 500
    assert served.client.call_action("create", text="milk").status_code == 200
    assert served.texts == ["milk"]


def test_an_object_that_a_commit_has_expired_is_read_for_the_answer(served: TodoApp) -> None:
    answer = served.client.post("/api/todos", json={"text": "milk"}, headers=JSON)
    assert (answer.status_code, answer.json) == (201, {"id": 1, "text": "milk"})


def test_get_or_404_is_a_404_at_both_doors(served: TodoApp) -> None:
    assert served.client.get("/api/todos/7", headers=JSON).mimetype == "application/problem+json"
    refused = served.client.call_action("delete", todo_id=7)
    assert (refused.status_code, "Serveractions-Stale" in refused.headers) == (404, False)


def test_a_select_is_given_out_page_by_page(served: TodoApp) -> None:
    served.add("a", "b", "c")
    answer = served.client.get("/api/todos?per_page=2&page=2", headers=JSON)
    assert answer.json == [{"id": 3, "text": "c"}]
    assert 'rel="prev"' in answer.headers["Link"]


def test_a_select_is_given_out_by_cursors(served: TodoApp) -> None:
    served.add("a", "b", "c")
    first = served.client.get("/api/by-cursor?per_page=2", headers=JSON)
    assert [each["text"] for each in first.json or ()] == ["a", "b"]
    (url,) = re.findall(r'<([^>]*)>; rel="next"', first.headers["Link"])
    assert served.client.get(url, headers=JSON).json == [{"id": 3, "text": "c"}]


def test_a_stream_has_one_session_from_its_first_step_to_its_last(served: TodoApp) -> None:
    with served.client.page_request():
        url, headers = action_url("copy"), {"X-CSRFToken": generate_csrf(), "Accept": "text/event-stream"}
    events = served.client.post(url, json={"count": 2}, headers=headers)
    assert re.findall(r"event: (\w+)", events.text) == ["progress", "progress", "result"]
    assert served.texts == ["copy 0", "copy 1"]


def test_a_background_job_has_a_session_of_its_own(served: TodoApp) -> None:
    ordered = served.client.call_action("copy_later")
    assert ordered.json is not None
    url = ordered.json["job"]["url"]
    ended = served.client.get(url, headers={"Accept": "text/event-stream"})
    assert re.search(r'"text": ?"later"', ended.text)
    assert served.texts == ["later"]
