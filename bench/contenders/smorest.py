"""flask-smorest."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint
from marshmallow import Schema, fields
from marshmallow.validate import Length

from ..todos import MANY, ONE, ONE_READY, Todo, created

CONFIG = {"API_TITLE": "Todos", "API_VERSION": "1", "OPENAPI_VERSION": "3.1.0"}


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=Length(1, 200))
    completed = fields.Boolean(load_default=False)
    due = fields.Date(load_default=None, allow_none=True)


def rest_app() -> Flask:
    app = Flask(__name__)
    app.config.update(CONFIG)
    blueprint = Blueprint("todos", __name__)

    @blueprint.route("/plain/<int:todo_id>")
    class Plain(MethodView):
        def get(self, todo_id: int) -> dict[str, Any]:
            return ONE_READY

    @blueprint.route("/todos/<int:todo_id>")
    class One(MethodView):
        @blueprint.response(200, TodoSchema)
        def get(self, todo_id: int) -> Todo:
            return ONE

    @blueprint.route("/todos")
    class Many(MethodView):
        @blueprint.response(200, TodoSchema(many=True))
        def get(self) -> list[Todo]:
            return MANY

        @blueprint.arguments(TodoSchema)
        @blueprint.response(201, TodoSchema)
        def post(self, values: dict[str, Any]) -> Todo:
            return created(values)

    Api(app).register_blueprint(blueprint)
    return app
