"""An app whose steps can be seen to run, and forms that are wrong from one step on."""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, session
from flask.testing import FlaskClient

from flask_serveractions import ActionError, MethodRoute
from tests.callers import SCRIPT, Form, app_with, extension_of, wrongly_signed

steps: list[str] = []


def create_todo(text: str, number: int = 0) -> None:
    steps.append("function")
    if text == "twice":
        raise ActionError("You already have that one.", field="text")
    if text == "bug":
        raise ZeroDivisionError("the secret of the inside")
    if text == "gone":
        abort(410)


def guarded_app(**config: Any) -> Flask:
    app = app_with(create_todo, **config)

    @extension_of(app).auth_hook
    def hook(operation: Any) -> Any:
        steps.append("hook")
        if session.get("broken"):
            raise LookupError("the directory is down")
        if session.get("forbidden"):
            abort(403)
        return session.get("user", "ada")

    @extension_of(app).route("/notes/<int:number>")
    class Notes(MethodRoute):
        def put(self, number: int, text: str) -> dict[str, int]:
            create_todo(text)
            return {"number": number}

    return app


def send_wrong(client: FlaskClient, form: Form, first_wrong: str) -> Any:
    """Send a form that is wrong from one step on; before it everything is right."""
    wrong = ORDER[ORDER.index(first_wrong) :]
    path = wrongly_signed(form.direct) if "signature" in wrong else form.direct
    with client.session_transaction() as held:
        if "hook" in wrong:
            held["user"] = ""
    return client.open(
        path,
        method="PUT" if "method" in wrong else "POST",
        headers={
            **SCRIPT,
            "Origin": "http://evil.example" if "origin" in wrong else "http://localhost",
            "X-CSRFToken": "wrong" if "token" in wrong else form.token,
        },
        data={"number": "x" * (3000 if "size" in wrong else 3)},
    )


ORDER = ["method", "origin", "size", "signature", "token", "hook", "arguments"]
