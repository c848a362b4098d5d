"""The app that every server of the neighbours serves: all that an app does by either door, and how it was served."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import os
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Annotated, Any

from flask import Flask, Response, render_template_string, request
from marshmallow.validate import Length
from werkzeug.datastructures import FileStorage

from flask_serveractions import ActionError, MethodRoute, Progress, ServerActions, revalidate_tag
from tests.stores_processes import eventually

FOLDER = Path(os.environ["SERVED_FOLDER"])
PAGE = """<!doctype html><title>Notes</title><main>
{% call region("notes", tag="ul", live=("notes",)) %}{% for note in notes %}<li>{{ note }}</li>{% endfor %}{% endcall %}
{% for name in names %}{% call(form) action_form(name) %}{{ form.fields() }}<button>Send</button>{% endcall %}
{% endfor %}</main>"""

NAMES = ("add", "add_later", "wait", "measure", "charge", "steps", "endless", "report", "leave", "broken")

actions = ServerActions()
notes: list[str] = []
charged: list[str] = []
asked_by: contextvars.ContextVar[str] = contextvars.ContextVar("asked_by", default="nobody")


def wait_for(name: str) -> None:
    eventually((FOLDER / name).exists)


@actions.register
def add(text: Annotated[str, Length(max=20)]) -> str:
    if text in notes:
        raise ActionError("You already have that one.", field="text")
    notes.append(text)
    revalidate_tag("notes")
    return text


@actions.register
async def add_later(text: str) -> dict[str, Any]:
    token = asked_by.set(text)
    await asyncio.sleep(0)
    try:
        return {"text": text, "asked_by": asked_by.get(), "path": request.path}
    finally:
        asked_by.reset(token)


@actions.register
async def wait(text: str) -> str:
    (FOLDER / f"waits-{text}").touch()
    while not (FOLDER / "go").exists():
        await asyncio.sleep(0.01)
    return text


@actions.register
def measure(file: FileStorage) -> int:
    return len(file.read())


@actions.register(once=True)
def charge(text: str) -> int:
    charged.append(text)
    return len(charged)


@actions.register
def steps(text: str) -> Generator[Progress, None, str]:
    yield Progress(1, 2, text)
    wait_for("go")
    yield Progress(2, 2, text)
    return text


@actions.register
def endless(text: str) -> Generator[Progress, None, None]:
    try:
        for done in itertools.count(1):
            yield Progress(done)
            time.sleep(0.01)
    finally:
        (FOLDER / f"closed-{text}").touch()


@actions.register(background=True)
def report(text: str) -> Generator[Progress, None, str]:
    yield Progress(1, 2, "begun")
    wait_for("go")
    return f"{text}: done"


@actions.register(background=True)
def leave(text: str) -> None:
    for _ in range(20):  # a thread that is given no time does not come to its end
        time.sleep(0.01)
    (FOLDER / f"left-{text}").touch()


@actions.register
def broken() -> None:
    raise LookupError("the drawer is empty")


@actions.route("/api/notes")
class Notes(MethodRoute):
    def get(self) -> list[str]:
        return notes

    def post(self, text: str) -> Annotated[str, 201]:
        return add(text)


def page() -> str:
    return render_template_string(PAGE, notes=notes, names=NAMES)


def say_how_it_is_served(response: Response) -> Response:
    response.headers["X-Process"] = str(os.getpid())
    response.headers["X-Thread"] = threading.current_thread().name
    return response


def create_app() -> Flask:
    app = Flask(__name__, instance_path=str(FOLDER))
    app.config["SECRET_KEY"] = "of the tests"
    actions.init_app(app)
    app.add_url_rule("/", view_func=page)
    app.after_request(say_how_it_is_served)
    return app


application = create_app()
