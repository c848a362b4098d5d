"""The to-do example for tests: on a database of its own, and served."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.security import generate_password_hash
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from examples.todo import create_app
from examples.todo.demo import PASSWORD, seed
from examples.todo.extensions import db
from examples.todo.models import User

BROWSER = {"Accept": "text/html,*/*;q=0.8", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
ADA = {"Authorization": "Bearer ada-token"}
GRACE = {"Authorization": "Bearer grace-token"}
QUICK = "pbkdf2:sha256:1"  # scrypt, by which those who sign up have theirs, takes longer than all else in signing in


@cache
def seeded() -> bytes:
    """Return a database with the demo's people in it, whose passwords are quick to check."""
    with TemporaryDirectory() as folder:
        database = Path(folder, "todo.sqlite3")
        app = create_app({"SQLALCHEMY_DATABASE_URI": f"sqlite:///{database}"})
        seed(app)
        with app.app_context():
            for user in db.session.scalars(select(User).where(User.password_hash.is_not(None))):
                user.password_hash = generate_password_hash(PASSWORD, QUICK)
            db.session.commit()
            db.engine.dispose()
        return database.read_bytes()


@contextmanager
def todo_app(folder: Path, **settings: Any) -> Iterator[Flask]:
    """Give the example with the demo's people in it.

    :param folder: an empty one, for its database.
    :param settings: further keys of ``app.config``.
    """
    database = folder / "todo.sqlite3"
    database.write_bytes(seeded())
    config = {
        "TESTING": True,
        "SECRET_KEY": "tests",
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{database}",
        "SERVERACTIONS_STORE_URL": f"sqlite:///{folder / 'serveractions.sqlite3'}",
        **settings,
    }
    app = create_app(config)
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an app on a free port and give its address: ``http://127.0.0.1:41203``."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Form:
    """A form as the page has it."""

    action: str
    url: str
    values: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page, in its order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["data-serveraction"], given["action"]))
        elif tag in ("input", "button") and "name" in given:
            self.forms[-1].values[given["name"]] = given.get("value", "")


class Visitor:
    """A browser without scripts."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.page = self.open("/")

    def open(self, path: str) -> TestResponse:
        self.page = self.client.get(path, headers=BROWSER, follow_redirects=True)
        return self.page

    def forms(self, action: str) -> list[Form]:
        return [form for form in Forms(self.page.text).forms if form.action == action]

    def submit(self, action: str, number: int = 0, **values: str) -> TestResponse:
        """Send one of the page's forms, and follow where it leads."""
        form = self.forms(action)[number]
        data = {**form.values, **values}
        self.page = self.client.post(form.url, data=data, headers=BROWSER, follow_redirects=True)
        return self.page

    def sign_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        self.open("/sign-in")
        return self.submit("sign_in", name=name, password=password)

    @property
    def todos(self) -> list[str]:
        return re.findall(r'<span class="text">(.*?)</span>', self.page.text)


def count(app: Flask, model: type[Any], **which: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model).filter_by(**which)) or 0
