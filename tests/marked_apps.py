"""An app whose visitor may do nothing that is required, and how it refuses him."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, abort

from flask_serveractions import ServerActions
from flask_serveractions.operation import Operation
from flask_serveractions.testing import ActionsClient


def serve(actions: ServerActions) -> ActionsClient:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key for tests", SERVERACTIONS_OPENAPI_URL=None)
    actions.init_app(app)
    return ActionsClient(app)


def bobs_actions() -> ServerActions:
    """Return an extension whose hook knows bob, who may do nothing that is required."""
    actions = ServerActions()

    @actions.auth_hook
    def who(operation: Operation) -> str:
        if operation.requires:
            abort(403)
        return "bob"

    return actions


def refused_or_error(call: Callable[[], int]) -> int | str:
    try:
        return call()
    except RuntimeError as error:
        return str(error)
