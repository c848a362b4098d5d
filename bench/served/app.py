"""The to-do list of ``bench/next/app``, in Flask: the last things to do, in memory, and a form that adds one."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from itertools import count
from typing import Annotated

from flask import Flask, render_template, session
from marshmallow.validate import Length

from flask_serveractions import MethodRoute, ServerActions, revalidate_path

SIZE = 20

Text = Annotated[str, Length(1, 200)]


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do."""

    id: int
    text: str
    completed: bool


#: the oldest goes when one is added, so that the page is as long after a million as before
todos = deque((Todo(at + 1, f"Thing number {at + 1} to do", at % 3 == 0) for at in range(SIZE)), maxlen=SIZE)
numbers = count(SIZE + 1)

#: a folder of its own: no store that another program has left is in it
INSTANCE = os.environ.get("BENCH_INSTANCE")

app = Flask(__name__, instance_path=INSTANCE)
app.config["SECRET_KEY"] = "bench"
actions = ServerActions(app)


@actions.auth_hook
def authenticate(operation: object) -> str | None:
    return session.get("user")


@app.get("/")
def index() -> str:
    session.setdefault("user", "ada")
    return render_template("todos.html", user=session["user"], todos=latest())


def latest() -> list[Todo]:
    return list(todos)  # other threads go on adding


def append(text: str) -> Todo:
    todo = Todo(next(numbers), text, completed=False)
    todos.append(todo)
    return todo


@actions.register
def add(text: Text) -> None:
    append(text)
    revalidate_path("/")


@actions.route("/api/todos")
class Todos(MethodRoute):
    def get(self) -> list[Todo]:
        return latest()

    def post(self, text: Text) -> Annotated[Todo, 201]:
        return append(text)
