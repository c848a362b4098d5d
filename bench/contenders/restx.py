"""Flask-RESTX, with its own marshalling and JSON Schema validation."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Flask, request
from flask_restx import Api, Resource, fields

from ..todos import MANY, ONE, ONE_READY, Todo, created


def rest_app() -> Flask:
    app = Flask(__name__)
    api = Api(app)
    model = api.model(
        "Todo",
        {
            "id": fields.Integer(readonly=True),
            "text": fields.String(required=True, min_length=1, max_length=200),
            "completed": fields.Boolean(),
            "due": fields.Date(),
        },
    )

    @api.route("/plain/<int:todo_id>")
    class Plain(Resource):
        def get(self, todo_id: int) -> dict[str, Any]:
            return ONE_READY

    @api.route("/todos/<int:todo_id>")
    class One(Resource):
        @api.marshal_with(model)
        def get(self, todo_id: int) -> Todo:
            return ONE

    @api.route("/todos")
    class Many(Resource):
        @api.marshal_list_with(model)
        def get(self) -> list[Todo]:
            return MANY

        @api.expect(model, validate=True)
        @api.marshal_with(model, code=201)
        def post(self) -> tuple[Todo, int]:
            values = request.get_json()
            return created({**values, "due": date.fromisoformat(values["due"])}), 201

    return app
