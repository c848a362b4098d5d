"""The same lists for everybody else, at stable URLs."""

from __future__ import annotations

from flask import url_for

from flask_serveractions import MethodRoute, current_identity, requires, webhooks

from . import store
from .extensions import server
from .schemas import TodoChanges, TodoId, TodoIn, TodoOut

INBOX_SECRET = "whsec_b25seSBmb3IgdHJ5aW5nIGl0IG91dA=="


@server.route("/api/todos")
class Todos(MethodRoute):
    paginate = True  # the Select is run for one page at a time

    def get(self, completed: bool | None = None) -> list[TodoOut]:
        return store.select_todos(current_identity, completed)

    def post(self, todo: TodoIn) -> tuple[TodoOut, int, dict[str, str]]:
        made = store.add(current_identity, **todo)
        return made, 201, {"Location": url_for("TodoItem", todo_id=made.id)}


@server.route("/api/todos/<int:todo_id>")
class TodoItem(MethodRoute):
    def get(self, todo_id: TodoId) -> TodoOut:
        return store.find(current_identity, todo_id)

    def put(self, todo_id: TodoId, todo: TodoIn) -> TodoOut:
        return store.change(current_identity, todo_id, **todo)

    def patch(self, todo_id: TodoId, changes: TodoChanges) -> TodoOut:
        return store.change(current_identity, todo_id, **changes)

    def delete(self, todo_id: TodoId) -> None:
        store.find(current_identity, todo_id)
        store.remove(current_identity, id=todo_id)


@server.route("/api/report")
@requires("admin")
class Report(MethodRoute):
    def get(self) -> dict[str, int]:
        return store.figures()


@server.webhook("/hooks/inbox", webhooks.standard(INBOX_SECRET))
def inbox(event: dict[str, str]) -> None:
    """Put what another service sends on somebody's list: ``{"to": "ada", "text": "Call back"}``."""
    store.add(store.named(event["to"]), event["text"])
