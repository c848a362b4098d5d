"""Flask and nothing else, checks written by hand: what the others are measured against."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Flask, jsonify, redirect, request
from werkzeug.wrappers import Response

from ..todos import MANY_READY, ONE_READY, created, ready


def action_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "bench"  # that of the others: Flask opens the session that is sent

    @app.get("/")
    def index() -> str:
        return '<form method="post" action="/add"></form>'

    @app.post("/add")
    def add() -> Response:
        text = request.form["text"]
        amount = int(request.form["amount"])
        urgent = "urgent" in request.form
        assert text and amount and urgent
        return redirect("/", 303)

    return app


def as_date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def mistakes(values: dict[str, Any]) -> dict[str, list[str]]:
    errors = {}
    text = values.get("text")
    if not isinstance(text, str) or not 1 <= len(text) <= 200:
        errors["text"] = ["Length must be between 1 and 200."]
    if not isinstance(values.get("completed", False), bool):
        errors["completed"] = ["Not a valid boolean."]
    if values.get("due") is not None and as_date(values["due"]) is None:
        errors["due"] = ["Not a valid date."]
    return errors


def rest_app() -> Flask:
    app = Flask(__name__)

    @app.get("/plain/<int:todo_id>")
    def plain(todo_id: int) -> Response:
        return jsonify(ONE_READY)

    @app.get("/todos/<int:todo_id>")
    def one(todo_id: int) -> Response:
        return jsonify(ONE_READY)

    @app.get("/todos")
    def many() -> Response:
        return jsonify(MANY_READY)

    @app.post("/todos")
    def create() -> tuple[Response, int]:
        values = request.get_json()
        if errors := mistakes(values):
            return jsonify(errors=errors), 422
        todo = created({**values, "due": as_date(values["due"])})
        return jsonify(ready(todo)), 201

    return app
