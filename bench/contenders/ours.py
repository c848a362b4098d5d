"""Flask-ServerActions."""

from __future__ import annotations

from typing import Annotated

from flask import Flask, render_template_string, session
from marshmallow import Schema, fields
from marshmallow.validate import Length

from flask_serveractions import Bound, MethodRoute, ServerActions

from ..todos import INSTANCE, MANY, ONE, ONE_READY, Todo, created

PAGE = '{% call action_form("add", list_id=1) %}{% endcall %}'

Text = Annotated[str, Length(1, 200)]


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=Length(1, 200))
    completed = fields.Boolean(load_default=False)
    due = fields.Date(load_default=None, allow_none=True)


TodoIn = Annotated[dict, TodoSchema()]
TodoOut = Annotated[Todo, TodoSchema()]


def new_app() -> tuple[Flask, ServerActions]:
    app = Flask(__name__, instance_path=INSTANCE)
    app.secret_key = "bench"
    return app, ServerActions(app)


def action_app(others: int = 0) -> Flask:
    """Return an app with the action ``add`` after so many others."""
    app, actions = new_app()
    for number in range(others):
        actions.register(name=f"other_{number}")(one_more(number))

    @actions.auth_hook
    def authenticate(operation: object) -> str | None:
        return session.get("user")

    @app.get("/")
    def index() -> str:
        session["user"] = "ada"
        return render_template_string(PAGE)

    @actions.register
    def add(list_id: Bound[int], text: Text, amount: int, urgent: bool) -> None:
        assert list_id and text and amount and urgent

    return app


def one_more(number: int):
    def other(text: Text) -> int:
        return number

    return other


def rest_app() -> Flask:
    app = Flask(__name__, instance_path=INSTANCE)  # without a session, as its peers
    actions = ServerActions(app)

    @actions.route("/plain/<int:todo_id>")
    class Plain(MethodRoute):
        def get(self, todo_id: int) -> dict:
            return ONE_READY

    @actions.route("/todos/<int:todo_id>")
    class One(MethodRoute):
        def get(self, todo_id: int) -> TodoOut:
            return ONE

    @actions.route("/todos")
    class Many(MethodRoute):
        def get(self) -> list[TodoOut]:
            return MANY

        def post(self, todo: TodoIn) -> TodoOut:
            return created(todo), 201

    return app
