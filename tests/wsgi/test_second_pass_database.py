"""The second pass and a database: it sees what the action committed, and never waits for the action's locks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, scoped_session, sessionmaker

from flask_serveractions import ActionError, ServerActions, revalidate_tag
from tests.callers import BROWSER, WITH_PAGE, form_in, open_form, submit


class Base(DeclarativeBase):
    pass


class Todo(Base):
    __tablename__ = "todo"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


PAGE = """<ul>{% for todo in todos %}<li>{{ todo.text }}</li>{% endfor %}</ul>
{% call(form) action_form("create_todo") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}"""


def page_of(answer: Any) -> str:
    page: str = answer.json["page"] if answer.is_json else answer.get_data(as_text=True)
    return page


BOTH = pytest.mark.parametrize("headers", [BROWSER, WITH_PAGE], ids=["browser", "json"])


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    """An app with one scoped session per request, whose locks wait for nobody: what blocks fails at once."""
    engine = create_engine(f"sqlite:///{tmp_path / 'todos.sqlite3'}", connect_args={"timeout": 0})
    Base.metadata.create_all(engine)
    database: scoped_session[Session] = scoped_session(sessionmaker(engine))
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    app.teardown_appcontext(lambda error: database.remove())
    actions = ServerActions(app)

    @actions.register
    def create_todo(text: str) -> None:
        database.add(Todo(text=text))
        if text == "twice":
            database.flush()  # holds the write lock until the session is removed
            raise ActionError("You already have that one.", field="text")
        if text == "kept":
            database.commit()
            database.add(Todo(text="not kept"))
            database.flush()
            raise ActionError("One of two.", field="text")
        database.commit()
        revalidate_tag("todos")

    @app.get("/")
    def index() -> str:
        database.add(Todo(text="seen"))  # a page that writes needs the lock itself
        database.flush()
        database.rollback()
        return render_template_string(PAGE, todos=database.scalars(select(Todo)).all())

    yield app.test_client()
    engine.dispose()


def test_the_page_sees_what_the_action_committed(client: FlaskClient) -> None:
    answer = submit(client, open_form(client), headers=WITH_PAGE, text="milk")
    assert answer.status_code == 200
    assert "<li>milk</li>" in answer.json["page"]


@BOTH
def test_a_failures_page_sees_what_was_committed_and_nothing_else(client: FlaskClient, headers: Any) -> None:
    page = page_of(submit(client, open_form(client), headers=headers, text="kept"))
    assert form_in(page).errors["text"] == "One of two."
    assert "<li>kept</li>" in page
    assert "not kept" not in page


@BOTH
def test_a_failure_leaves_no_lock_behind_for_its_page(client: FlaskClient, headers: Any) -> None:
    page = page_of(submit(client, open_form(client), headers=headers, text="twice"))
    assert form_in(page).inputs["text"]["value"] == "twice"
    assert "<li>twice</li>" not in page
    assert submit(client, open_form(client), text="milk").status_code == 303


@BOTH
@pytest.mark.parametrize("text", ["works", "fails"])
def test_an_exclusive_lock_that_is_held_until_teardown_does_not_block_the_page(
    tmp_path: Path, text: str, headers: Any
) -> None:
    """Were the page rendered within the action's request, it would wait for a lock that only teardown lets go."""
    path = tmp_path / "locked.sqlite3"
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE todo (text TEXT)")
    connection.close()

    def database() -> sqlite3.Connection:
        if "connection" not in g:
            g.connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        made: sqlite3.Connection = g.connection
        return made

    @app.teardown_appcontext
    def let_go(error: BaseException | None) -> None:
        if "connection" in g:
            if g.connection.in_transaction:
                g.connection.execute("COMMIT")
            g.connection.close()

    actions = ServerActions(app)

    @actions.register
    def create_todo(text: str) -> None:
        database().execute("BEGIN EXCLUSIVE")
        database().execute("INSERT INTO todo VALUES (?)", [text])
        if text == "fails":
            raise ActionError("No.", field="text")

    @app.get("/")
    def index() -> str:
        todos = [{"text": text} for (text,) in database().execute("SELECT text FROM todo")]
        return render_template_string(PAGE, todos=todos)

    client = app.test_client()
    answer = submit(client, open_form(client), headers=headers, text=text)
    if answer.status_code == 303:
        answer = client.get(answer.headers["Location"])
    assert f"<li>{text}</li>" in page_of(answer)
