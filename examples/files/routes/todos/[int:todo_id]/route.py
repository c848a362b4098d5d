"""``/api/todos/<int:todo_id>``: one of them."""

from __future__ import annotations

from flask import abort

from flask_serveractions import public

from ...schemas import Text, TodoOut
from ...store import Todo, store


@public
def GET(todo_id: int) -> TodoOut:
    return found(store.get(todo_id))


def PATCH(todo_id: int, text: Text | None = None, completed: bool | None = None) -> TodoOut:
    """Change what is sent; the rest stays."""
    changes = {"text": text, "completed": completed}
    return found(store.change(todo_id, **{name: value for name, value in changes.items() if value is not None}))


def DELETE(todo_id: int) -> None:
    found(store.get(todo_id))
    store.delete(todo_id)


def found(todo: Todo | None) -> Todo:
    """Only the functions in upper case are reachable; this one is not."""
    if todo is None:
        abort(404, "There is no such to-do.")
    return todo
