"""An issue board that everybody sees move: people, columns, cards, comments, a feed. No JavaScript of its own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from . import pages, resources  # noqa: F401 (resources register themselves)
from .actions import server
from .store import close_database, prepare


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Make the application.

    :param config: ``DATABASE``, the path of a SQLite file, and whatever Flask and its extensions know.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY=secrets.token_hex(),
        DATABASE=str(Path(app.instance_path) / "board.sqlite3"),
        EXPORT_SECONDS=0.3,
        SERVERACTIONS_LOGIN_VIEW="pages.sign_in",
        SERVERACTIONS_DOCS="/docs",
    )
    app.config.from_prefixed_env()
    app.config.from_mapping(config or {})
    Path(app.config["DATABASE"]).parent.mkdir(parents=True, exist_ok=True)
    prepare(app.config["DATABASE"])
    app.teardown_appcontext(close_database)
    app.register_blueprint(pages.blueprint)
    server.init_app(app)
    return app
