from __future__ import annotations

import datetime as dt
import decimal
import enum
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, orm

from flask_serveractions.errors import Invalid
from flask_serveractions.representations.pagination import CursorRequest, PageRequest, paginate, paginate_by_cursor
from flask_serveractions.representations.selects import is_after_position, position_terms, session_among
from flask_serveractions.security.signing import KeyRing


class Base(orm.DeclarativeBase):
    pass


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Person(Base):
    __tablename__ = "person"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    todos: orm.Mapped[list[Todo]] = orm.relationship(back_populates="owner", lazy="joined")


class Todo(Base):
    __tablename__ = "todo"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    text: orm.Mapped[str] = orm.mapped_column(default="")
    rank: orm.Mapped[int | None]
    colour: orm.Mapped[Colour | None]
    due: orm.Mapped[dt.datetime | None]
    owner_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("person.id"))
    owner: orm.Mapped[Person | None] = orm.relationship(back_populates="todos")


class Money(sa.TypeDecorator[decimal.Decimal]):
    """Exact in SQLite, which has no decimals."""

    impl = sa.String(20)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else f"{value:020.6f}"

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else decimal.Decimal(value)


class Kinds(Base):
    __tablename__ = "kinds"
    key: orm.Mapped[uuid.UUID] = orm.mapped_column(primary_key=True)
    day: orm.Mapped[dt.date]
    clock: orm.Mapped[dt.time]
    price: orm.Mapped[decimal.Decimal] = orm.mapped_column(Money)
    blob: orm.Mapped[bytes]
    share: orm.Mapped[float]


RING = KeyRing(("secret",))


@dataclass
class Watch:
    """What a session does: which rows become objects, and which statements run."""

    loaded: list[Any]
    statements: list[str]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[orm.Session]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'todos.sqlite3'}")
    Base.metadata.create_all(engine)
    with orm.Session(engine) as made:
        yield made
    engine.dispose()


@pytest.fixture
def watch(session: orm.Session) -> Iterator[Watch]:
    watched = Watch([], [])

    def note_load(target: Any, context: Any) -> None:
        watched.loaded.append(target.id)

    def note_statement(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        watched.statements.append(statement)

    event.listen(Todo, "load", note_load)
    event.listen(session.get_bind(), "before_cursor_execute", note_statement)
    yield watched
    event.remove(Todo, "load", note_load)


def add_todos(session: orm.Session, number: int, **more: Any) -> None:
    session.add_all([Todo(text=f"No. {index}", **more) for index in range(number)])
    session.commit()
    session.expunge_all()


def read_all(select: Any, session: Any, per_page: int, between: Any = lambda: None) -> list[Any]:
    shown: list[Any] = []
    cursor = None
    while True:
        page = paginate_by_cursor(select, CursorRequest(cursor, per_page), RING, session=session)
        shown += page.items
        if page.next_cursor is None:
            return shown
        cursor = page.next_cursor
        between()


# By numbers


def test_a_page_of_a_select_loads_its_own_rows_alone(session: orm.Session, watch: Watch) -> None:
    add_todos(session, 50)
    page = paginate(sa.select(Todo).order_by(Todo.id.desc()), PageRequest(2, 5), session)
    assert [todo.id for todo in page.items] == [45, 44, 43, 42, 41] == watch.loaded
    assert (page.total, page.last_page) == (50, 10)
    assert paginate(sa.select(Todo), PageRequest(11, 5), session).items == []
    assert len(watch.loaded) == 5


def test_columns_come_as_rows_and_one_column_as_its_values(session: orm.Session) -> None:
    add_todos(session, 3, rank=1)
    rows = paginate(sa.select(Todo.id, Todo.text).order_by(Todo.id), PageRequest(1, 2), session)
    assert [tuple(row) for row in rows.items] == [(1, "No. 0"), (2, "No. 1")]
    assert paginate(sa.select(Todo.rank), PageRequest(), session).items == [1, 1, 1]
    assert paginate(sa.select(Todo.rank).distinct(), PageRequest(), session).total == 1


def test_what_is_loaded_with_an_object_counts_for_nothing(session: orm.Session) -> None:
    session.add_all([Person(name=f"P{number}", todos=[Todo(), Todo()]) for number in range(3)])
    session.commit()
    session.expunge_all()
    page = paginate(sa.select(Person).order_by(Person.name), PageRequest(1, 2), session)
    assert ([person.name for person in page.items], page.total) == (["P0", "P1"], 3)
    assert [len(person.todos) for person in page.items] == [2, 2]
    two = paginate(sa.select(Person, Todo).join(Todo).order_by(Todo.id), PageRequest(2, 2), session)
    assert ([row.Todo.id for row in two.items], two.total) == ([3, 4], 6)


def test_rows_that_are_level_are_on_one_page_alone(session: orm.Session, watch: Watch) -> None:
    add_todos(session, 9, rank=1)
    select = sa.select(Todo).order_by(Todo.rank)
    shown = [todo.id for number in (1, 2, 3) for todo in paginate(select, PageRequest(number, 3), session).items]
    assert sorted(shown) == list(range(1, 10))
    assert "ORDER BY todo.rank, todo.id" in " ".join(watch.statements[-1].split())


def test_a_select_with_a_limit_of_its_own_is_a_mistake(session: orm.Session) -> None:
    for select in (sa.select(Todo).limit(1), sa.select(Todo).offset(1)):
        add_todos(session, 1)
        with pytest.raises(ValueError, match="can't have a limit"):
            paginate(select, PageRequest(), session)
        with pytest.raises(ValueError, match="can't have a limit"):
            paginate_by_cursor(select, CursorRequest(), RING, session=session)


def test_a_select_without_a_session_is_a_mistake() -> None:
    with pytest.raises(TypeError, match=r"session=db\.session"):
        paginate(sa.select(Todo), PageRequest())


def test_flask_sqlalchemy_s_session_is_found_and_used(tmp_path: Path) -> None:
    class Own(orm.DeclarativeBase):
        pass

    db = SQLAlchemy(model_class=Own)
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'own.sqlite3'}"
    assert session_among(app.extensions) is None
    db.init_app(app)

    class Note(db.Model):  # type: ignore[name-defined,misc]
        id = sa.Column(sa.Integer, primary_key=True)

    with app.app_context():
        db.create_all()
        db.session.add_all([Note(), Note(), Note()])
        db.session.commit()
        for session in (session_among(app.extensions), db.session, db, db.session()):
            page = paginate(db.select(Note), PageRequest(2, 2), session)
            assert ([note.id for note in page.items], page.total) == ([3], 3)
            shown = read_all(db.select(Note), session, 2)
            assert [note.id for note in shown] == [1, 2, 3]
        db.session.remove()
        db.engine.dispose()


def test_pages_of_lists_need_no_sqlalchemy() -> None:
    code = (
        "import sys; from flask_serveractions.representations import pagination as p;"
        "assert 'sqlalchemy' not in sys.modules; print(p.paginate([1, 2], p.PageRequest(1, 1)).items)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[1]\n"


# By cursors

ORDERS: list[Any] = [
    Todo.rank,
    Todo.rank.desc(),
    Todo.rank.asc().nulls_last(),
    Todo.rank.desc().nulls_first(),
    Todo.text,
    Todo.text.desc(),
    Todo.due.desc().nulls_last(),
    Todo.colour,
    Todo.id.desc(),
    sa.func.abs(Todo.rank).desc(),
    (Todo.rank % 2).label("parity").desc(),
    sa.func.coalesce(Todo.rank, 0),
    -Todo.rank,
]
TODOS = st.builds(
    Todo,
    text=st.sampled_from(["", "a", "b", "B"]),
    rank=st.sampled_from([None, -2, -1, 0, 1, 2]),
    colour=st.sampled_from([None, *Colour]),
    due=st.sampled_from([None, dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, 0, 0, 0, 1)]),
)


@given(st.lists(TODOS, max_size=12), st.lists(st.sampled_from(ORDERS), max_size=3), st.integers(1, 5))
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_cursors_lead_through_a_select_in_its_order(todos: list[Todo], order: list[Any], per_page: int) -> None:
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all(todos)
        session.commit()
        select = sa.select(Todo).order_by(*order)
        keyed = select.order_by(Todo.id.desc() if position_terms(select)[-1].descending else Todo.id)
        expected = [todo.id for todo in session.scalars(keyed)]
        assert [todo.id for todo in read_all(select, session, per_page)] == expected
    engine.dispose()


def test_a_list_may_grow_and_shrink_while_it_is_read(session: orm.Session) -> None:
    add_todos(session, 10, rank=5)
    select = sa.select(Todo).order_by(Todo.rank.desc())

    def change() -> None:
        session.add_all([Todo(rank=9), Todo(rank=5), Todo(rank=1)])
        session.delete(session.get_one(Todo, min(session.scalars(sa.select(Todo.id)))))
        session.commit()

    shown = [todo.id for todo in read_all(select.where(Todo.id <= 10), session, 3, change)]
    assert shown == [10, 9, 8, 7, 6, 5, 4, 3]  # 1 and 2 were deleted meanwhile; nothing came twice


def test_a_page_by_cursor_loads_its_own_rows_alone(session: orm.Session, watch: Watch) -> None:
    add_todos(session, 50)
    select = sa.select(Todo).order_by(Todo.id)
    first = paginate_by_cursor(select, CursorRequest(None, 5), RING, session=session)
    second = paginate_by_cursor(select, CursorRequest(first.next_cursor, 5), RING, session=session)
    assert [todo.id for todo in second.items] == [6, 7, 8, 9, 10]
    assert watch.loaded == list(range(1, 11))
    assert not any("OFFSET" in statement.replace("LIMIT ? OFFSET ?", "") for statement in watch.statements)


def test_objects_with_collections_are_read_on_as_well(session: orm.Session) -> None:
    session.add_all([Person(name="same", todos=[Todo(), Todo()]) for _ in range(5)])
    session.commit()
    session.expunge_all()
    people = read_all(sa.select(Person).order_by(Person.name), session, 2)
    assert [(person.id, len(person.todos)) for person in people] == [(number, 2) for number in range(1, 6)]
    joined = read_all(sa.select(Person).join(Todo).order_by(Person.name), session, 3)
    assert sorted({person.id for person in joined}) == [1, 2, 3, 4, 5]
    owners = read_all(sa.select(Todo).join(Person).order_by(Person.name), session, 3)
    assert sorted(todo.id for todo in owners) == list(range(1, 11))


def test_an_object_that_a_join_finds_twice_is_read_once_by_cursor(session: orm.Session) -> None:
    session.add_all([Todo(id=number, text="same") for number in (1, 2, 3)])
    session.commit()
    other = orm.aliased(Todo)
    select = sa.select(Todo).join(other, other.text == Todo.text).order_by(Todo.text)
    assert [todo.id for todo in read_all(select, session, 4)] == [1, 2, 3]
    page = paginate(select, PageRequest(1, 4), session)
    assert ([todo.id for todo in page.items], page.total) == ([1, 1, 1, 2], 9)


def test_an_alias_and_a_joined_column_may_give_the_order(session: orm.Session) -> None:
    session.add_all([Todo(text="a", owner=Person(name="Z")), Todo(text="b"), Todo(text="c", owner=Person(name="A"))])
    session.commit()
    other = orm.aliased(Todo)
    assert [todo.text for todo in read_all(sa.select(other).order_by(other.text.desc()), session, 1)] == ["c", "b", "a"]
    select = sa.select(Todo).outerjoin(Person).order_by(Person.name.desc())
    assert [todo.text for todo in read_all(select, session, 1)] == ["a", "c", "b"]


def test_columns_are_read_on_by_what_they_are_ordered_by(session: orm.Session) -> None:
    add_todos(session, 5)
    select = sa.select(Todo.text, Todo.id.label("number")).order_by(sa.desc("number"))
    with pytest.raises(ValueError, match="by columns"):
        read_all(select, session, 2)
    shown = read_all(sa.select(Todo.text, Todo.id).order_by(Todo.id.desc()), session, 2)
    assert [tuple(row) for row in shown][:2] == [("No. 4", 5), ("No. 3", 4)]
    assert read_all(sa.select(Todo.id).order_by(Todo.id), session, 2) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("select", "mend"),
    [
        (sa.select(Todo.text), "order_by that is unique"),
        (sa.select(Todo).order_by(sa.text("id")), "order it by Model.column, not by id"),
        (sa.select(Todo).group_by(Todo.id), "as a subquery"),
    ],
)
def test_what_has_no_cursors_says_how_to_get_them(session: orm.Session, select: Any, mend: str) -> None:
    with pytest.raises(ValueError, match=mend):
        paginate_by_cursor(select, CursorRequest(), RING, session=session)


def test_a_cursor_of_another_order_is_refused(session: orm.Session) -> None:
    add_todos(session, 3)
    first = paginate_by_cursor(sa.select(Todo).order_by(Todo.text), CursorRequest(None, 1), RING, session=session)
    wanted = CursorRequest(first.next_cursor, 1)
    with pytest.raises(Invalid):
        paginate_by_cursor(sa.select(Todo).order_by(Todo.text.desc()), wanted, RING, session=session)


@pytest.mark.parametrize("name", ["key", "day", "clock", "price", "blob", "share"])
def test_cursors_hold_what_columns_hold(session: orm.Session, name: str) -> None:
    for number in range(4):
        session.add(
            Kinds(
                key=uuid.UUID(int=number),
                day=dt.date(2024, 1, 1 + number),
                clock=dt.time(1, 2, 3, number),
                price=decimal.Decimal(number) / 7,
                blob=bytes([200 + number]),
                share=number / 7,
            )
        )
    session.commit()
    shown = read_all(sa.select(Kinds).order_by(getattr(Kinds, name)), session, 1)
    assert [row.key.int for row in shown] == [0, 1, 2, 3]


def test_where_null_is_large_it_follows_as_the_database_orders_it() -> None:
    unsaid, last, first = (
        position_terms(sa.select(Todo).order_by(term))
        for term in (Todo.rank, Todo.rank.nulls_last(), Todo.rank.nulls_first())
    )
    for values in ([1, 5], [None, 5]):
        assert str(is_after_position(unsaid, values, True)) == str(is_after_position(last, values, False))
        assert str(is_after_position(unsaid, values, False)) == str(is_after_position(first, values, True))
    down, down_first = (
        position_terms(sa.select(Todo).order_by(term)) for term in (Todo.rank.desc(), Todo.rank.desc().nulls_first())
    )
    assert str(is_after_position(down, [1, 5], True)) == str(is_after_position(down_first, [1, 5], False))
