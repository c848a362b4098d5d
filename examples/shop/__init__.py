"""A shop: what must happen once happens once, what is slow is kept or told step by step."""

from __future__ import annotations

from typing import Any

from celery import Celery
from flask import Flask, session

from . import actions, carts, hooks, resources  # noqa: F401 (they register themselves)
from .extensions import db, server
from .money import euros
from .pages import pages
from .reports import register_reports

register_reports(server)


def create_app(config: dict[str, Any] | None = None) -> Flask:
    app = Flask(__name__, instance_relative_config=True)
    app.config.update(
        SECRET_KEY="only for trying it out",  # FLASK_SECRET_KEY=… in earnest
        SESSION_COOKIE_SAMESITE="Lax",
        SQLALCHEMY_DATABASE_URI="sqlite:///shop.sqlite3",  # in the instance folder
        SERVERACTIONS_STORE_URL="sqlite:///shop-state.sqlite3",  # beside it; or redis://…
        SERVERACTIONS_LOGIN_VIEW="pages.sign_in",
        SERVERACTIONS_DOCS="/docs",  # the API, to read and to try
        BROKER_URL=None,  # redis://… for Celery
        BANK_SECONDS=0.0,  # that a payment takes
        REPORT_SECONDS=0.0,  # that each line of a report takes
    )
    app.config.from_prefixed_env()
    app.config.update(config or {})
    if app.config["BROKER_URL"]:
        app.config["SERVERACTIONS_CELERY"] = celery_of(app.config["BROKER_URL"])

    db.init_app(app)
    server.init_app(app)
    app.register_blueprint(pages)
    app.add_template_filter(euros)
    app.context_processor(lambda: {"is_admin": bool(session.get("admin")), "cart_count": carts.count})
    with app.app_context():
        db.create_all()
    return app


def celery_of(broker: str) -> Celery:
    celery = Celery("shop", broker=broker)
    celery.conf.broker_connection_retry_on_startup = True
    return celery
