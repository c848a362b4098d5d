"""A REST API as a tree of files: each ``route.py`` below ``routes`` serves the URL that its folders spell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, request

from flask_serveractions import Operation, ServerActions

ROUTES = Path(__file__).parent / "routes"


def create_app(config: dict[str, Any] | None = None) -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="only for trying it out", TOKEN="let-me-in")
    app.config.from_prefixed_env()
    app.config.update(config or {})

    actions = ServerActions(app)
    actions.discover(ROUTES)

    @actions.auth_hook(schemes={"bearer": {"type": "http", "scheme": "bearer"}})
    def who(operation: Operation) -> str | None:
        """Let in whoever has the token; what is marked @public needs none."""
        given = request.authorization
        return "writer" if given and given.token == app.config["TOKEN"] else None

    return app
