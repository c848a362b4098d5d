"""An application that uses the whole public interface, as type checkers see it. It runs as well: a test imports it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from tempfile import mkdtemp
from typing import Annotated, Any, Literal

from flask import Flask, Response, redirect
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from marshmallow.validate import Length, Range
from typing_extensions import assert_type
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from flask_serveractions import (
    ActionError,
    Body,
    Bound,
    Cookie,
    FormState,
    Header,
    MethodRoute,
    Operation,
    Progress,
    Query,
    ServerActions,
    action_called,
    action_failed,
    cached,
    current_identity,
    public,
    requires,
    revalidate_path,
    revalidate_tag,
    revalidated,
)
from flask_serveractions.testing import ActionsClient
from flask_serveractions.webhooks import SignatureError, github, shopify, slack, standard, stripe


@dataclass
class Todo:
    id: int
    text: str
    completed: bool = False


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=Length(1, 200))
    completed = fields.Boolean(load_default=False)


TodoIn = Annotated[dict[str, Any], TodoSchema()]
TodoOut = Annotated[Todo, TodoSchema()]

app = Flask(__name__, instance_path=mkdtemp())
app.config["SECRET_KEY"] = "of the type checker"
actions = ServerActions()
actions.init_app(app)
todos: dict[int, Todo] = {}


# Actions: in each form of the decorator a function keeps its type


@actions.register
def create_todo(text: Annotated[str, Length(1, 200)], price: Annotated[float, Range(min=0)] = 0) -> TodoOut:
    if not text.strip():
        raise ActionError("Say what.", field="text", status=422, code="empty", result={"left": 3})
    assert_type(text, str)
    revalidate_path("/todos")
    return todos.setdefault(len(todos) + 1, Todo(len(todos) + 1, text))


@actions.register()
def delete_todo(todo_id: Bound[int]) -> None:
    assert_type(todo_id, int)
    todos.pop(todo_id, None)
    revalidate_tag("todos", "counts")


@actions.register(name="todos.pay", once=True, max_content_length=1024)
@requires("customer", "adult")
def pay(method: Literal["card", "cash"], day: dt.date | None = None) -> tuple[dict[str, str], int]:
    assert_type(method, Literal["card", "cash"])
    return {"method": method}, 201


@actions.register(background=True)
def report(months: int) -> Iterator[Progress]:
    for month in range(months):
        yield Progress(month + 1, months, "Counting")


@public
@actions.register
async def sign_in(name: str) -> Response | None:
    return None


@actions.register
@public
def leave() -> Any:
    return redirect("/")


@actions.register
def attach(picture: FileStorage, more: list[FileStorage] | None = None) -> str | None:
    return picture.filename


def check_actions() -> None:
    assert_type(create_todo("milk"), Todo)
    assert_type(create_todo(text="milk", price=1.5), Todo)
    assert_type(delete_todo(todo_id=1), None)
    assert_type(pay("card"), tuple[dict[str, str], int])
    assert_type(report(3), Iterator[Progress])


# Resources


@actions.route("/api/todos")
class Todos(MethodRoute):
    paginate = True

    def get(
        self,
        completed: bool | None = None,
        after: Query[int] = 0,
        x_request_id: Header[str] = "",
        theme: Cookie[str | None] = None,
    ) -> list[TodoOut]:
        assert_type(after, int)
        assert_type(x_request_id, str)
        assert_type(theme, str | None)
        return [todo for todo in todos.values() if todo.id > after]

    def post(self, todo: TodoIn) -> Annotated[Todo, TodoSchema(), 201]:
        assert_type(todo, dict[str, Any])
        return create_todo(todo["text"])


@actions.route("/api/todos/<int:todo_id>", endpoint="todo")
@requires("reader")
class TodoItem(MethodRoute):
    require_if_match = True

    def get(self, todo_id: int) -> TodoOut:
        return todos[todo_id]

    @requires("writer")
    def delete(self, todo_id: int, reason: Body[str] = "") -> None:
        assert_type(reason, str)
        del todos[todo_id]


@public
class ByHand(MethodRoute):
    paginate = "cursor"

    def get(self) -> dict[str, int]:
        return {"count": count()}


app.add_url_rule("/api/count", view_func=ByHand.as_view("count"))


def check_resources() -> None:
    assert_type(Todos().get(completed=True), list[Todo])
    assert_type(TodoItem().get(1), Todo)
    assert_type(TodoItem, type[TodoItem])


# The cache


@cached(tags=("todos",), ttl=60)
def count(which: Literal["all", "open"] = "all") -> int:
    return len(todos)


@cached()
def version() -> str:
    return "1"


def check_cache() -> None:
    assert_type(count("open"), int)
    assert_type(version(), str)


# The hook, in both arities


@dataclass
class User:
    id: int
    roles: frozenset[str]


@actions.auth_hook
def authenticate(operation: Operation) -> User | None:
    assert_type(operation.name, str)
    assert_type(operation.requires, frozenset[str])
    assert_type(operation.public, bool)
    return User(1, operation.requires)


other = ServerActions()


@other.auth_hook(schemes={"bearer": {"type": "http", "scheme": "bearer"}})
async def authenticate_with(operation: Operation, arguments: Mapping[str, Any]) -> User | None:
    return User(int(arguments["todo_id"]), frozenset()) if operation.kind == "action" else None


def check_hooks() -> None:
    operation: Operation = next(iter(actions.registry.actions.values()))
    assert_type(authenticate(operation), User | None)
    assert_type(current_identity, Any)


# Webhooks


class Whisper:
    """A verifier of one's own."""

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> str:
        if headers.get("X-Whisper") != "secret":
            raise SignatureError("it is no secret")
        return body.decode()


@actions.webhook("/hooks/github", github(["new", b"old"]))
def pushed(event: dict[str, Any]) -> None: ...


for rule, verifier in {
    "/hooks/standard": standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    "/hooks/stripe": stripe("a secret"),
    "/hooks/shopify": shopify("a secret"),
    "/hooks/slack": slack("a secret"),
}.items():
    actions.webhook(rule, verifier, endpoint=rule.rpartition("/")[2])(pushed)


@actions.webhook("/hooks/whisper", Whisper(), endpoint="whisper")
def whispered(event: dict[str, Any]) -> None: ...


def check_webhooks() -> None:
    assert_type(pushed({}), None)


# Forms, signals, tests


def shown(form: FormState) -> str:
    assert_type(form.submitted, bool)
    assert_type(form.ok, bool)
    assert_type(form.message, str)
    return f"{form.attrs('text', placeholder='What?')}{form.error('text')}{form.value('text')}"


@action_called.connect
def on_call(sender: Flask, operation: Operation, **about: Any) -> None: ...


@action_failed.connect
def on_failure(sender: Flask, operation: Operation, error: Exception, **about: Any) -> None: ...


@revalidated.connect
def on_revalidation(sender: Flask, paths: tuple[str, ...], tags: tuple[str, ...], **about: Any) -> None: ...


def check_client(client: ActionsClient) -> None:
    assert_type(client.call_action(create_todo, text="milk"), TestResponse)
    assert_type(client.call_action("todos.pay", "/todos", method="card"), TestResponse)
    page = client.get("/")
    assert_type(client.submit(page, delete_todo, todo_id=1), TestResponse)
    assert_type(client.submit(page.text, "create_todo", text="milk"), TestResponse)
    plain: FlaskClient = client
    assert_type(plain.get("/"), TestResponse)
