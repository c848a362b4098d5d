"""What the list's forms call: every public function in here is an action."""

from __future__ import annotations

from collections.abc import Generator

from flask_serveractions import Bound, Progress, current_identity, public

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


def generate_report() -> Generator[Progress, None, str]:
    """Go through the list, say how far that is, and keep what was found."""
    owner, todos, words = current_identity, store.todos_of(current_identity), 0
    for number, todo in enumerate(todos, start=1):
        words += len(todo.text.split())
        yield Progress(number, len(todos), todo.text)
    done = sum(todo.completed for todo in todos)
    text = f"{done} of {len(todos)} done; {words} words in all."
    store.keep_report(owner, text)
    return text
