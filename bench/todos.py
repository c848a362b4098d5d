"""The data that all contenders serve."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from tempfile import TemporaryDirectory
from typing import Any

FOLDER = TemporaryDirectory()
INSTANCE = FOLDER.name  # where the store's file goes


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do."""

    id: int
    text: str
    completed: bool
    due: date | None


def ready(todo: Todo) -> dict[str, Any]:
    """Return a todo as JSON has it: nothing is left for a schema to do."""
    return {**asdict(todo), "due": todo.due and todo.due.isoformat()}


MANY = [Todo(number, f"Thing number {number} to do", number % 3 == 0, date(2026, 5, number)) for number in range(1, 21)]
ONE = MANY[6]

MANY_READY = [ready(todo) for todo in MANY]
ONE_READY = ready(ONE)

NEW = {"text": "Buy milk", "completed": True, "due": "2026-05-01"}
BAD = {"text": "", "completed": "perhaps", "due": "never"}  # three mistakes
FORM = {"text": "Buy milk", "amount": "3", "urgent": "y"}


def created(values: dict[str, Any]) -> Todo:
    """Return what a POST has made of validated values."""
    return Todo(21, values["text"], values["completed"], values["due"])
