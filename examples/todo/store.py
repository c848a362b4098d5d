"""Reading and writing lists: what both doors do, with the rules that need the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.exc import IntegrityError

from flask_serveractions import ActionError, revalidate_path

from .extensions import db
from .models import Report, Todo, User


def select_todos(owner: User, completed: bool | None = None) -> Select[tuple[Todo]]:
    query = select(Todo).filter_by(owner_id=owner.id).order_by(Todo.id)
    return query if completed is None else query.filter_by(completed=completed)


def todos_of(owner: User, completed: bool | None = None) -> list[Todo]:
    return list(db.session.scalars(select_todos(owner, completed)))


def named(name: str) -> User:
    """:raises ActionError: 404, nobody is called so."""
    user = db.session.scalar(select(User).filter_by(name=name))
    if user is None:
        raise ActionError("Nobody here is called that.", status=404)
    return user


def find(owner: User, todo_id: int) -> Todo:
    """:raises ActionError: 404; somebody else's to-do is none at all."""
    todo = db.session.scalar(select(Todo).filter_by(id=todo_id, owner_id=owner.id))
    if todo is None:
        raise ActionError("That to-do is not on your list.", status=404)
    return todo


def add(owner: User, text: str, completed: bool = False) -> Todo:
    """:raises ActionError: the text is on the list already."""
    todo = Todo(owner_id=owner.id, text=text, completed=completed)
    db.session.add(todo)
    save()
    return todo


def change(owner: User, todo_id: int, **changes: Any) -> Todo:
    """:raises ActionError: 404, or the text is on the list already."""
    todo = find(owner, todo_id)
    for name, value in changes.items():
        setattr(todo, name, value)
    save()
    return todo


def remove(owner: User, **which: Any) -> None:
    """Delete those to-dos that are as described: ``remove(owner, completed=True)``. None is fine too."""
    db.session.execute(delete(Todo).filter_by(owner_id=owner.id, **which))
    save()


def save() -> None:
    """Store what has changed, and say that the page which shows it has changed too."""
    try:
        db.session.commit()
    except IntegrityError:  # the one thing that the database itself refuses
        db.session.rollback()
        raise ActionError("That is on your list already.", field="text") from None
    revalidate_path("/")


def keep_report(owner: User, text: str) -> None:
    """Put a report in the place of the last one."""
    db.session.merge(Report(owner_id=owner.id, text=text))
    save()


def report_of(owner: User) -> Report | None:
    return db.session.get(Report, owner.id) if owner.id else None


def figures() -> dict[str, int]:
    """Return what the report shows."""

    def count(model: type[User] | type[Todo], *conditions: Any) -> int:
        return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0

    return {
        "members": count(User, User.name.is_not(None)),
        "guests": count(User, User.name.is_(None)),
        "open": count(Todo, Todo.completed.is_(False)),
        "completed": count(Todo, Todo.completed.is_(True)),
    }
