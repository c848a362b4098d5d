"""What the list's forms call: every public function in here is an action."""

from __future__ import annotations

from flask_serveractions import Bound, current_identity, public

from . import store
from .access import begin_guest
from .schemas import TodoOut, TodoText


@public
def add_todo(text: TodoText) -> TodoOut:
    return store.add(current_identity or begin_guest(), text)


def rename_todo(todo_id: Bound[int], text: TodoText) -> TodoOut:
    return store.change(current_identity, todo_id, text=text)


def complete_todo(todo_id: Bound[int], completed: bool) -> TodoOut:
    return store.change(current_identity, todo_id, completed=completed)


def delete_todo(todo_id: Bound[int]) -> None:
    store.remove(current_identity, id=todo_id)


def clear_completed() -> None:
    store.remove(current_identity, completed=True)
