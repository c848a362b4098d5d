"""To-do resources, and what serves a class of the test's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from flask import Flask, abort
from flask.views import MethodView
from marshmallow import Schema, fields
from marshmallow.validate import Length, Range
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, MethodRoute, ServerActions
from flask_serveractions.testing import ActionsClient
from tests.callers import client_of


@dataclass
class Todo:
    id: int
    text: str
    completed: bool = False


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=Length(1, 20))
    completed = fields.Boolean(load_default=False)


TodoIn = Annotated[dict[str, Any], TodoSchema()]


TodoOut = Annotated[Todo, TodoSchema()]


ran: list[Any] = []


class Todos(MethodRoute):
    def get(self, completed: bool | None = None, page: Annotated[int, Range(1)] = 1) -> list[TodoOut]:
        ran.append((completed, page))
        return [Todo(1, "milk"), Todo(2, "bread", True)]

    def post(self, todo: TodoIn) -> tuple[TodoOut, int, dict[str, str]]:
        ran.append(todo)
        return Todo(3, **todo), 201, {"Location": "/api/todos/3"}


class TodoItem(MethodRoute):
    def get(self, todo_id: int) -> TodoOut:
        if todo_id == 404:
            abort(404, "There is no such todo.")
        if todo_id == 500:
            raise ZeroDivisionError("the secret of the inside")
        return Todo(todo_id, "milk")

    def put(self, todo_id: int, text: Annotated[str, Length(1, 20)], completed: bool = False) -> TodoOut:
        if text == "twice":
            raise ActionError("You already have that one.", field="text", code="twice")
        return Todo(todo_id, text, completed)

    def patch(self, todo_id: int, text: str | None = None) -> Annotated[Todo, TodoSchema(), 202]:
        return Todo(todo_id, text or "milk")

    def delete(self, todo_id: int) -> None:
        ran.append(todo_id)


def make_app(*views: tuple[str, type[MethodView]], **config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": "a key for tests", **config})
    actions = ServerActions(app)
    for rule, view_class in (("/api/todos", Todos), ("/api/todos/<int:todo_id>", TodoItem), *views):
        actions.route(rule)(view_class)  # type: ignore[type-var]
    ran.clear()
    return app


PROBLEM = "application/problem+json"


def serving(view_class: type[MethodRoute], rule: str = "/thing", **config: Any) -> ActionsClient:
    return client_of(make_app((rule, view_class), **config))


def returning(result: Any, annotation: Any = Any) -> type[MethodRoute]:
    def get(self: Any) -> Any:
        return result() if callable(result) and not isinstance(result, type) else result

    get.__annotations__["return"] = annotation
    return type("Returning", (MethodRoute,), {"get": get})


def problem_of(response: TestResponse) -> dict[str, Any]:
    assert response.content_type == PROBLEM
    assert response.json is not None
    assert response.json["status"] == response.status_code
    return response.json
