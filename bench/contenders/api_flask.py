"""APIFlask."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask, Schema
from apiflask.fields import Boolean, Date, Integer, String
from apiflask.validators import Length

from ..todos import MANY, ONE, ONE_READY, Todo, created


class TodoSchema(Schema):
    id = Integer(dump_only=True)
    text = String(required=True, validate=Length(1, 200))
    completed = Boolean(load_default=False)
    due = Date(load_default=None, allow_none=True)


def rest_app() -> APIFlask:
    app = APIFlask(__name__)

    @app.get("/plain/<int:todo_id>")
    def plain(todo_id: int) -> dict[str, Any]:
        return ONE_READY

    @app.get("/todos/<int:todo_id>")
    @app.output(TodoSchema)
    def one(todo_id: int) -> Todo:
        return ONE

    @app.get("/todos")
    @app.output(TodoSchema(many=True))
    def many() -> list[Todo]:
        return MANY

    @app.post("/todos")
    @app.input(TodoSchema)
    @app.output(TodoSchema, status_code=201)
    def create(json_data: dict[str, Any]) -> Todo:
        return created(json_data)

    return app
