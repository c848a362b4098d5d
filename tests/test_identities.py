"""What a hook returns is somebody, nobody or an answer; and somebody can be told from others, or says so loudly."""

from __future__ import annotations

import sqlite3
import uuid
from collections import UserDict, namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask, Response, jsonify, redirect, render_template_string
from flask_login import LoginManager, current_user
from werkzeug.exceptions import Forbidden
from werkzeug.local import LocalProxy
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, MethodRoute, Operation, ServerActions, current_identity, public
from flask_serveractions.identities import identity_text
from flask_serveractions.testing import ActionsClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

ran: list[str] = []
folder: list[str] = []  # where the app keeps its store


@pytest.fixture(autouse=True)
def fresh_folder(tmp_path: Path) -> None:
    folder[:] = [str(tmp_path)]


def guarded(hook: Callable[[Operation], Any], **config: Any) -> ActionsClient:
    """Return a client of an app with each kind of operation behind a hook; ``ran`` says what ran."""
    ran.clear()
    app = Flask(__name__, instance_path=folder[0])
    app.config.update(SECRET_KEY="a key for tests", **config)
    LoginManager(app).user_loader(lambda name: None)
    actions = ServerActions(app)
    actions.auth_hook(hook)

    @actions.register
    def act() -> None:
        ran.append("act")

    @public
    @actions.register
    def greet() -> str:
        ran.append("greet")
        return "somebody" if current_identity else "nobody"

    @actions.register(once=True)
    def pay() -> None:
        ran.append("pay")

    @actions.route("/thing")
    class Thing(MethodRoute):
        def get(self) -> dict[str, str]:
            ran.append("get")
            return {}

    app.add_url_rule("/", "home", lambda: render_template_string("{% call action_form('act') %}{% endcall %}"))
    return ActionsClient(app, app.response_class, use_cookies=True)


ANSWERS: dict[str, tuple[Callable[[], Any], int]] = {
    "a redirect": (lambda: redirect("/login"), 302),
    "a response": (lambda: Response("Sign in.", 401), 401),
    "a response that is no error": (lambda: Response("Not today."), 200),
    "JSON": (lambda: jsonify(error="sign in"), 200),
    "a body and a status": (lambda: ("Sign in.", 401), 401),
    "a body, a status and headers": (lambda: ("Sign in.", 403, {"X-Why": "no"}), 403),
    "JSON and a status": (lambda: (jsonify(error="sign in"), 401), 401),
    "a mapping and a status": (lambda: ({"error": "sign in"}, 410), 410),
    "a named status": (lambda: ("Sign in.", HTTPStatus.FORBIDDEN), 403),
    "a status as text": (lambda: ("Sign in.", "403 FORBIDDEN"), 403),
    "a status of a redirect": (lambda: ("", 302, {"Location": "/login"}), 302),
    "an exception that is an answer": (Forbidden, 403),
    "a failure": (lambda: ActionError("Not you.", status=403), 403),
}


@pytest.mark.parametrize(("answer", "status"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_of_the_hook_is_the_answer_and_lets_nobody_in(answer: Callable[[], Any], status: int) -> None:
    client = guarded(lambda operation: answer())
    assert client.get("/thing").status_code == status
    told = client.call_action("act")
    if status == 302:  # as a script is told it
        assert (told.status_code, (told.json or {})["redirect"]) == (200, "/login")
    else:
        assert told.status_code == status
    client.call_action("greet")  # public, and answered as well
    client.submit(client.get("/", headers=BROWSER), "act")
    assert ran == []


async def later() -> Any:
    return current_user


async def answer_later() -> Any:
    return "Sign in.", 401


def steps() -> Iterator[str]:
    yield "ada"


class Anonymous:
    id = 1

    def is_authenticated(self) -> bool:
        return False


NOBODY: dict[str, Callable[[], Any]] = {
    "Flask-Login's anonymous user": lambda: current_user,
    "the same behind a proxy": lambda: LocalProxy(lambda: current_user),
    "the same from a coroutine": later,
    "somebody who says it by a method": Anonymous,
    "an empty row": dict,
    "a mapping that says it": lambda: {"id": 1, "is_authenticated": False},
}


@pytest.mark.parametrize("nobody", NOBODY.values(), ids=NOBODY)
def test_who_is_not_authenticated_is_nobody(nobody: Callable[[], Any]) -> None:
    client = guarded(lambda operation: nobody())
    assert [client.get("/thing").status_code, client.call_action("act").status_code] == [401, 401]
    assert client.call_action("greet").json["data"] == "nobody"  # type: ignore[index]
    assert ran == ["greet"]


def test_a_coroutine_may_give_an_answer_too() -> None:
    assert guarded(lambda operation: answer_later()).get("/thing").status_code == 401
    assert ran == []


MISTAKES: dict[str, Callable[[], Any]] = {
    "one": lambda: ("ada",),
    "a pair": lambda: (7, "ada"),
    "a status that is none": lambda: ("Welcome.", 200),
    "a truth": lambda: ("Sign in.", True),
    "headers without a status": lambda: ("Sign in.", {"X-Why": "no"}),
    "four": lambda: ("Sign in.", 401, {}, None),
    "nothing to send": lambda: (None, 401),
    "a generator": steps,
    "a function that was not called": lambda: steps,
    "a method that was not called": lambda: "ada".upper,
    "a class": lambda: Anonymous,
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_what_is_neither_an_identity_nor_an_answer_is_an_error(
    mistake: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    client = guarded(lambda operation: mistake())
    assert [client.get("/thing").status_code, client.call_action("greet").status_code] == [500, 500]
    assert ran == []
    assert "TypeError: " in caplog.text


@dataclass
class User:
    id: int


class Login:
    def get_id(self) -> str:
        return "ada"


class Unsaved:
    id = None

    def get_id(self) -> None: ...


class Named(NamedTuple):
    name: str


@dataclass
class Nameless:
    name: str


def row(**values: Any) -> sqlite3.Row:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    columns = ", ".join(f"? AS {name}" for name in values)
    found: sqlite3.Row = database.execute(f"SELECT {columns}", tuple(values.values())).fetchone()
    database.close()
    return found


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        (Login(), "ada"),
        (User(7), "7"),
        ({"id": 7, "name": "Ada"}, "7"),
        (UserDict(id=7), "7"),
        (row(id=7, name="Ada"), "7"),
        (row(ID=7), "7"),
        (namedtuple("Row", "id name")(7, "Ada"), "7"),
        ({"id": uuid.UUID(int=7)}, "00000000-0000-0000-0000-000000000007"),
        ("ada", "'ada'"),
        (b"ada", "b'ada'"),
        (7, "7"),
        (True, "True"),
        (Decimal(7), "Decimal('7')"),
        (uuid.UUID(int=7), "UUID('00000000-0000-0000-0000-000000000007')"),
    ],
)
def test_who_somebody_is(identity: Any, text: str) -> None:
    assert identity_text(identity) == text


SAME = {
    "an object": object(),
    "an object with a representation": Nameless("ada"),
    "an object that was not saved": Unsaved(),
    "a mapping": {"name": "ada"},
    "a mapping with another key": {"ID": 7},
    "a mapping whose id is unknown": {"id": None},
    "a mapping whose id is an object": {"id": object()},
    "a row": row(name="ada"),
    "a named tuple": Named("ada"),
    "a list": ["admin"],
    "a set": frozenset({"admin"}),
}


@pytest.mark.parametrize("identity", SAME.values(), ids=SAME)
def test_who_can_not_be_told_from_others_is_an_error_where_that_matters(
    identity: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(TypeError, match=r"can't be told from another.*get_id"):
        identity_text(identity)
    client = guarded(lambda operation: identity)
    assert client.get("/thing").status_code == 200  # nothing has to be told apart
    assert "can't be told from another" in told_of(lambda: client.call_action("act"), caplog)
    unbound = guarded(lambda operation: identity, SERVERACTIONS_BIND_SESSION=False)
    assert unbound.call_action("act").status_code == 200
    assert "can't be told from another" in told_of(lambda: unbound.call_action("pay"), caplog)
    assert ran == ["act"]


def told_of(call: Callable[[], TestResponse], caplog: pytest.LogCaptureFixture) -> str:
    """Return what is told of a bug: what is raised where an ID is made, or the log of a call that is a 500."""
    caplog.clear()
    try:
        assert call().status_code == 500
    except TypeError as error:
        return str(error)
    return caplog.text
