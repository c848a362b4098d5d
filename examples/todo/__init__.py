"""A to-do list: Flask, Flask-SQLAlchemy, Flask-Login and Flask-ServerActions."""

from __future__ import annotations

from typing import Any

from flask import Flask

from . import accounts, actions, resources  # noqa: F401 (resources register themselves)
from .extensions import db, login_manager, server
from .pages import pages

server.register_module(actions)
server.register_module(accounts)


def create_app(config: dict[str, Any] | None = None) -> Flask:
    app = Flask(__name__, instance_relative_config=True)
    app.config.update(
        SECRET_KEY="only for trying it out",  # FLASK_SECRET_KEY=… in earnest
        SESSION_COOKIE_SAMESITE="Lax",
        SQLALCHEMY_DATABASE_URI="sqlite:///todo.sqlite3",  # in the instance folder
        SERVERACTIONS_LOGIN_VIEW="pages.sign_in",
        SERVERACTIONS_DOCS="/docs",  # the API, to read and to try
    )
    app.config.from_prefixed_env()
    app.config.update(config or {})

    db.init_app(app)
    login_manager.init_app(app)
    server.init_app(app)
    app.register_blueprint(pages)
    with app.app_context():
        db.create_all()
    return app
