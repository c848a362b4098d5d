"""``/api/todos``: the list."""

from __future__ import annotations

from typing import Annotated

from flask_serveractions import public

from ..schemas import Text, TodoOut, TodoSchema
from ..store import Todo, store


@public
def GET(completed: bool | None = None) -> list[TodoOut]:
    """List the to-dos; ``?completed=1`` those that are done."""
    return [todo for todo in store.all() if completed is None or todo.completed is completed]


def POST(text: Text) -> Annotated[Todo, TodoSchema(), 201]:
    """Add a to-do."""
    return store.add(text)
