"""flask-openapi3, which checks and dumps with pydantic."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import OpenAPI
from pydantic import BaseModel, Field, TypeAdapter

from ..todos import MANY, ONE, ONE_READY, created


class TodoPath(BaseModel):
    todo_id: int


class TodoIn(BaseModel):
    text: str = Field(min_length=1, max_length=200)
    completed: bool = False
    due: date | None = None


class TodoOut(BaseModel, from_attributes=True):
    id: int
    text: str
    completed: bool
    due: date | None


LIST = TypeAdapter(list[TodoOut])


def dumped(todo: object) -> dict[str, Any]:
    return TodoOut.model_validate(todo).model_dump(mode="json")


def rest_app() -> OpenAPI:
    app = OpenAPI(__name__)

    @app.get("/plain/<int:todo_id>")
    def plain(path: TodoPath) -> dict[str, Any]:
        return ONE_READY

    @app.get("/todos/<int:todo_id>")
    def one(path: TodoPath) -> dict[str, Any]:
        return dumped(ONE)

    @app.get("/todos")
    def many() -> Response:
        todos = LIST.validate_python(MANY, from_attributes=True)
        return jsonify(LIST.dump_python(todos, mode="json"))

    @app.post("/todos")
    def create(body: TodoIn) -> tuple[dict[str, Any], int]:
        return dumped(created(body.model_dump())), 201

    return app
