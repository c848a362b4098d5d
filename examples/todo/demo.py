"""The list with something on it: ``python -m examples.todo.demo [PORT]``."""

from __future__ import annotations

import re
import sys

from flask import Flask
from sqlalchemy import select

from examples.ports import check_port

from . import create_app
from .extensions import db
from .models import Todo, User, digest

PASSWORD = "demo-password"
ADAS_LIST = {"Buy milk": False, "Write to Charles about the engine": False, "Order punched cards": True}
GRACES_LIST = {"Find the moth": True, "Explain a nanosecond": False}

GUIDE = """
Open ADDRESS/ and use it: no account is needed.
Or sign in as ada, who has a list, or as grace, an admin with a report. Their password is PASSWORD.
Try: add the same line twice; do it again with JavaScript off; open a second tab.

ADDRESS/docs has the API, to read and to try. The same by curl, with the status that -i shows at the first try:

200  curl ADDRESS/api/todos -H ADA
201  curl ADDRESS/api/todos -H ADA -H JSON -d '{"text": "Call the bank"}'
200  curl ADDRESS/api/todos/1 -H ADA -X PATCH -d completed=true
204  curl ADDRESS/api/todos/2 -H ADA -X DELETE
200  curl ADDRESS/api/report -H GRACE

400  curl ADDRESS/api/todos -H ADA -H JSON -d '{"text": '
401  curl ADDRESS/api/todos
403  curl ADDRESS/api/report -H ADA
404  curl ADDRESS/api/todos/99 -H ADA
405  curl ADDRESS/api/todos -H ADA -X PUT
415  curl ADDRESS/api/todos -H ADA -H "Content-Type: text/plain" -d "Buy tea"
422  curl ADDRESS/api/todos -H ADA -d text=
"""
SHORT = {
    "PASSWORD": PASSWORD,
    "ADA": '"Authorization: Bearer ada-token"',
    "GRACE": '"Authorization: Bearer grace-token"',
    "JSON": '"Content-Type: application/json"',
}
HINT = f"Add something: no account is needed. Or sign in as ada, who has a list, or as grace, an admin with a report. Their password is {PASSWORD}."  # noqa: E501


def seed(app: Flask) -> None:
    """Put two people and their lists into a database that has not seen them."""
    with app.app_context():
        if db.session.scalar(select(User).filter_by(name="ada")) is None:
            db.session.add_all([person("ada", ADAS_LIST), person("grace", GRACES_LIST, is_admin=True)])
            db.session.commit()


def person(name: str, todos: dict[str, bool], is_admin: bool = False) -> User:
    user = User(name=name, is_admin=is_admin, token_digest=digest(f"{name}-token"))
    user.set_password(PASSWORD)
    user.todos = [Todo(text=text, completed=completed) for text, completed in todos.items()]
    return user


def guide(address: str) -> str:
    """Return what the terminal shows.

    :param address: ``http://127.0.0.1:5000``.
    """
    return re.sub("[A-Z]{3,}", lambda word: {**SHORT, "ADDRESS": address}.get(word[0], word[0]), GUIDE)


def main(port: int = 5000) -> None:
    check_port(port, "make demo")
    app = create_app({"HINT": HINT})
    seed(app)
    print(guide(f"http://127.0.0.1:{port}"), flush=True)
    app.run(port=port)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
