"""An app whose doors a hook guards, and what ran behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, request

from flask_serveractions import Bound, MethodRoute, Operation, ServerActions, current_identity, public, requires
from flask_serveractions.testing import ActionsClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
API = {"Accept": "application/json"}

ran: list[Any] = []


def make_app(**config: Any) -> tuple[Flask, ServerActions]:
    """Return an app with an action and a resource that say who asks."""
    app = Flask("guarded")
    app.config.update({"SECRET_KEY": "a key for tests", **config})
    actions = ServerActions(app)

    @actions.register
    def act() -> str:
        ran.append("act")
        return str(current_identity)

    @actions.register
    @public
    def greet() -> str:
        return str(current_identity or "nobody")

    @actions.register
    def delete(todo_id: Bound[int]) -> None:
        ran.append(("delete", todo_id))

    @actions.route("/api/todos/<int:todo_id>")
    class Todo(MethodRoute):
        def get(self, todo_id: int) -> str:
            ran.append("get")
            return str(current_identity)

        @requires("admin")
        def delete(self, todo_id: int) -> None:
            ran.append("delete")

        @public
        def put(self, todo_id: int) -> str:
            return str(current_identity or "nobody")

    app.add_url_rule("/sign-in", "accounts.sign_in", lambda: "Sign in", methods=["GET"])
    return app, actions


def guarded(hook: Callable[..., Any], **config: Any) -> ActionsClient:
    app, actions = make_app(**config)
    actions.auth_hook(hook)
    return ActionsClient(app, app.response_class, use_cookies=True)


def by_header(operation: Operation) -> str | None:
    who = request.headers.get("X-Who")
    return who if who and operation.requires <= {who} else None


def both(client: ActionsClient, **headers: str) -> list[int]:
    """Return the statuses of the action and of the resource."""
    client.environ_base |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return [client.call_action("act").status_code, client.get("/api/todos/1", headers=API).status_code]
