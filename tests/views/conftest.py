"""What holds for a MethodRoute as for a MethodView holds on an app with the extension, and on one without it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_serveractions import ServerActions


@pytest.fixture(params=["with the extension", "without it"])
def app(request: pytest.FixtureRequest) -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    if request.param == "with the extension":
        ServerActions(app)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
