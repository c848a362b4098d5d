"""Some of the example by hand, without the extension: the same sign-in, database, schema and work."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request
from flask_login import current_user, login_required
from flask_wtf.csrf import validate_csrf
from werkzeug.wrappers import Response

from examples.todo import store
from examples.todo.extensions import db
from examples.todo.models import Todo
from examples.todo.schemas import TodoSchema

hand = Blueprint("hand", __name__)
schema = TodoSchema()


def find(todo_id: int) -> Todo:
    return store.find(current_user, todo_id)


@hand.post("/complete/<int:todo_id>")
@login_required
def complete(todo_id: int) -> Response:
    validate_csrf(request.form["csrf_token"])
    find(todo_id).completed = request.form["completed"] == "true"
    db.session.commit()
    return redirect("/", 303)


@hand.get("/todos/<int:todo_id>")
@login_required
def one(todo_id: int) -> object:
    return schema.dump(find(todo_id))


@hand.get("/todos")
@login_required
def many() -> object:
    query = store.select_todos(current_user)
    return schema.dump(db.paginate(query, per_page=20, error_out=False).items, many=True)


@hand.post("/todos")
@login_required
def create() -> tuple[object, int]:
    values = request.get_json()
    if schema.validate(values):
        abort(422)
    todo = Todo(owner_id=current_user.id, **schema.load(values))
    db.session.add(todo)
    db.session.commit()
    return schema.dump(todo), 201
