"""What runs background jobs: ``celery -A examples.shop.worker worker``, with ``FLASK_BROKER_URL`` set."""

from __future__ import annotations

from . import create_app

flask_app = create_app()
app = flask_app.config["SERVERACTIONS_CELERY"]
