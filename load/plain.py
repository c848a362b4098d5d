"""The extension alone: an app whose functions do nothing, so that what is left is what a call costs."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from flask import Flask, render_template

from flask_serveractions import MethodRoute, Progress, ServerActions, cached

from .bare import STEPS
from .server import STORE

actions = ServerActions()


def plain_app(folder: Path) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY="of all workers",
        SESSION_COOKIE_NAME="plain",
        SERVERACTIONS_STORE_URL=f"sqlite:///{folder / f'plain-{STORE}'}",
    )
    actions.init_app(app)
    app.add_url_rule("/", view_func=page)
    app.add_url_rule("/cached", view_func=cached_hello)
    return app


def page() -> str:
    return render_template("plain.html")


@cached(tags=("hello",))
def hello() -> dict[str, str]:
    return {"text": "Hello"}


def cached_hello() -> dict[str, str]:
    return hello()


@actions.register
def greet(text: str) -> dict[str, str]:
    return {"text": text}


@actions.register(once=True)
def greet_once(text: str) -> dict[str, str]:
    return {"text": text}


@actions.register
def count(text: str) -> Generator[Progress, None, str]:
    for number in range(STEPS):
        yield Progress(number, STEPS)
    return text


@actions.route("/api/hello")
class Hello(MethodRoute):
    def get(self) -> dict[str, str]:
        return {"text": "Hello"}
