"""Flask's ``MethodView`` with marshmallow called by hand."""

from __future__ import annotations

from flask import Flask, jsonify, request
from flask.views import MethodView
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length
from werkzeug.wrappers import Response

from ..todos import MANY, ONE, ONE_READY, created


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=Length(1, 200))
    completed = fields.Boolean(load_default=False)
    due = fields.Date(load_default=None, allow_none=True)


SCHEMA = TodoSchema()


class Plain(MethodView):
    def get(self, todo_id: int) -> Response:
        return jsonify(ONE_READY)


class One(MethodView):
    def get(self, todo_id: int) -> Response:
        return jsonify(SCHEMA.dump(ONE))


class Many(MethodView):
    def get(self) -> Response:
        return jsonify(SCHEMA.dump(MANY, many=True))

    def post(self) -> tuple[Response, int]:
        try:
            values = SCHEMA.load(request.get_json())
        except ValidationError as error:
            return jsonify(errors=error.messages), 422
        return jsonify(SCHEMA.dump(created(values))), 201


def rest_app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/plain/<int:todo_id>", view_func=Plain.as_view("plain"))
    app.add_url_rule("/todos/<int:todo_id>", view_func=One.as_view("one"))
    app.add_url_rule("/todos", view_func=Many.as_view("many"))
    return app
