"""The to-dos, in the memory of this process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Todo:
    id: int
    text: str
    completed: bool = False


class Store:
    def __init__(self) -> None:
        self.todos: dict[int, Todo] = {}
        self.numbers = count(1)
        self.lock = Lock()

    def all(self) -> list[Todo]:
        return list(self.todos.values())

    def get(self, todo_id: int) -> Todo | None:
        return self.todos.get(todo_id)

    def add(self, text: str) -> Todo:
        with self.lock:
            todo = Todo(next(self.numbers), text)
            self.todos[todo.id] = todo
        return todo

    def change(self, todo_id: int, **changes: Any) -> Todo | None:
        with self.lock:
            todo = self.todos.get(todo_id)
            if todo is not None:
                todo = self.todos[todo_id] = replace(todo, **changes)
        return todo

    def delete(self, todo_id: int) -> None:
        with self.lock:
            self.todos.pop(todo_id, None)


store = Store()
