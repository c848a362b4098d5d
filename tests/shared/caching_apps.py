"""Apps with a store, and a function that counts its runs: for the tests of what is cached."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Flask

from flask_serveractions.stores.store import Store


def app_with(store: Store) -> Flask:
    """Return an app that has a store, and nothing else of ours."""
    app = Flask(__name__)
    app.extensions["serveractions.state"] = SimpleNamespace(store=store, shares_store=True)

    @app.route("/todos")
    @app.route("/todos/<int:todo_id>")
    @app.route("/other")
    @app.route("/<path:rest>")
    def page(todo_id: int = 0, rest: str = "") -> str:
        return ""

    return app


class Counting:
    """A function's body that counts its runs."""

    def __init__(self) -> None:
        self.runs = 0
        self.result: Any = None

    def __call__(self, result: Any = None) -> Any:
        self.runs += 1
        return self.runs if self.result is None else self.result


def in_context(app: Flask, function: Any, *arguments: Any) -> Any:
    with app.app_context():
        return function(*arguments)
