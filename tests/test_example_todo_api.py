"""The to-do example for other programs, and what the demo and ``flask routes`` say of it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from standardwebhooks import Webhook

from examples.ports import free_port
from examples.todo import store
from examples.todo.demo import PASSWORD
from examples.todo.extensions import db
from examples.todo.models import User
from examples.todo.resources import INBOX_SECRET
from tests.todo_app import ADA, GRACE, todo_app

ROOT = Path(__file__).parents[1]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with todo_app(tmp_path) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A program: without cookies, without a browser's headers."""
    return app.test_client(use_cookies=False)


# The API, call by call


def test_a_list_is_filtered(client: FlaskClient) -> None:
    done = client.get("/api/todos?completed=true", headers=ADA)
    assert done.json == [{"id": 3, "text": "Order punched cards", "completed": True}]
    assert [each["id"] for each in client.get("/api/todos?completed=0", headers=ADA).json] == [1, 2]


def test_a_list_comes_page_by_page(client: FlaskClient) -> None:
    whole = client.get("/api/todos", headers=ADA).json
    answer = client.get("/api/todos?per_page=1&page=2", headers=ADA)
    assert whole is not None
    assert answer.json == whole[1:2]
    assert answer.headers["X-Total-Count"] == str(len(whole))
    assert 'rel="next"' in answer.headers["Link"]


def test_what_was_changed_meanwhile_is_not_overwritten(client: FlaskClient) -> None:
    tag = client.get("/api/todos/1", headers=ADA).headers["ETag"]
    held = {**ADA, "If-Match": tag}
    assert client.patch("/api/todos/1", json={"text": "Buy oats"}, headers=held).status_code == 200
    assert client.patch("/api/todos/1", json={"text": "Buy rice"}, headers=held).status_code == 412


def test_another_service_puts_something_on_a_list_once(client: FlaskClient) -> None:
    sender = Webhook(INBOX_SECRET)
    body = json.dumps({"to": "ada", "text": "Call the dentist back"})
    now = datetime.now(timezone.utc)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": sender.sign("msg_1", now, body),
    }
    statuses = [client.post("/hooks/inbox", data=body, headers=headers).status_code for _ in range(2)]
    assert statuses == [204, 200]
    assert client.post("/hooks/inbox", data=body + " ", headers=headers).status_code == 400
    texts = [todo["text"] for todo in client.get("/api/todos?per_page=100", headers=ADA).json or []]
    assert texts.count("Call the dentist back") == 1


def test_the_api_is_there_to_read_and_to_try(client: FlaskClient) -> None:
    assert client.get("/docs").status_code == 200


def test_put_replaces_and_patch_changes(client: FlaskClient) -> None:
    changed = client.patch("/api/todos/3", json={"text": "Order more cards"}, headers=ADA)
    assert changed.json == {"id": 3, "text": "Order more cards", "completed": True}
    replaced = client.put("/api/todos/3", json={"text": "Order more cards"}, headers=ADA)
    assert replaced.json == {"id": 3, "text": "Order more cards", "completed": False}


def test_somebody_elses_to_do_is_none_at_all(client: FlaskClient) -> None:
    for call in (client.get, client.delete, client.put, client.patch):
        json_body = {"json": {"text": "x"}} if call in (client.put, client.patch) else {}
        answer = call("/api/todos/1", headers=GRACE, **json_body)
        assert (answer.status_code, answer.json["detail"]) == (404, "That to-do is not on your list.")


def test_a_wrong_token_is_401(client: FlaskClient) -> None:
    for sent in ("Bearer", "Bearer ", "Bearer wrong", "Basic YWRhOmRlbW8tcGFzc3dvcmQ=", "Bearer \xe9"):
        answer = client.get("/api/todos", headers={"Authorization": sent})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")


def test_an_unknown_key_is_named(client: FlaskClient) -> None:
    answer = client.post("/api/todos", json={"text": "Buy tea", "txt": 1, "id": 7}, headers=ADA)
    assert answer.status_code == 422
    assert sorted(answer.json["errors"]) == ["id", "txt"]


def test_the_report_of_the_api_is_for_an_admin(client: FlaskClient) -> None:
    assert client.get("/api/report", headers=GRACE).json == {"members": 2, "guests": 0, "open": 3, "completed": 2}
    assert client.get("/api/report", headers=ADA).status_code == 403


# What the terminal says


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What ``make demo`` prints, while it serves."""
    database = tmp_path_factory.mktemp("demo") / "todo.sqlite3"
    environment = {**os.environ, "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{database}"}
    port = free_port()
    command = [sys.executable, "-m", "examples.todo.demo", str(port)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environment, **pipes) as server:
        try:
            said = ""
            while "Running on" not in said:
                line = server.stderr.readline()
                said += line
                assert line, said
            yield read_guide(server.stdout)
        finally:
            server.terminate()


def read_guide(stdout: Any) -> str:
    lines = []
    while not (lines and lines[-1].startswith("422")):
        lines.append(stdout.readline())
        assert lines[-1], lines
    return "".join(lines)


@dataclass
class Answer:
    status: int
    headers: Any
    body: str


def curl(command: str) -> Answer:
    """Do what a curl command says (``-H``, ``-X``, ``-d``)."""
    _, url, *rest = shlex.split(command)
    options = list(zip(rest[::2], rest[1::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in options if option == "-H")
    given = dict(options)
    method = given.get("-X", "POST" if "-d" in given else "GET")
    data = given["-d"].encode() if "-d" in given else None
    try:
        with urlopen(Request(url, data, headers, method=method)) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read().decode())


PROBLEMS: dict[int, dict[str, Any]] = {
    400: {"title": "Bad Request"},
    401: {"title": "Unauthorized", "detail": "Sign in to do this.", "login": "/sign-in?next=/api/todos"},
    403: {"title": "Forbidden", "detail": "For this you need to be admin."},
    404: {"title": "Not Found", "detail": "That to-do is not on your list."},
    405: {"title": "Method Not Allowed"},
    415: {"title": "Unsupported Media Type"},
    422: {"title": "Unprocessable Entity", "errors": {"text": ["Write 1 to 200 characters."]}},
}
HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="examples.todo"'},
    405: {"Allow": "GET, HEAD, OPTIONS, POST"},
    415: {"Accept-Post": "application/x-www-form-urlencoded, multipart/form-data, application/json"},
}


def test_every_command_that_the_demo_shows_has_the_status_it_names(demo: str) -> None:
    commands = re.findall(r"^(\d{3})  (curl .+)$", demo, re.MULTILINE)
    answers = [(int(status), curl(command)) for status, command in commands]
    assert [answer.status for _, answer in answers] == [status for status, _ in answers]
    assert {status for status, _ in answers} == {200, 201, 204, 400, 401, 403, 404, 405, 415, 422}
    for status, answer in answers:
        if status in PROBLEMS:
            check_problem(status, answer)
        else:
            check_success(status, answer)


def check_success(status: int, answer: Answer) -> None:
    if status == 204:
        assert answer.body == ""
        return
    assert answer.headers["Content-Type"] == "application/json"
    if status == 201:
        made = json.loads(answer.body)
        assert made == {"id": made["id"], "text": "Call the bank", "completed": False}
        assert answer.headers["Location"] == f"/api/todos/{made['id']}"


def check_problem(status: int, answer: Answer) -> None:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert {"type": "about:blank", "status": status, **PROBLEMS[status]}.items() <= problem.items()
    for name, value in HEADERS.get(status, {}).items():
        assert answer.headers[name] == value


def test_the_demo_says_what_to_open_and_how_to_sign_in(demo: str) -> None:
    address = re.search(r"http://127\.0\.0\.1:\d+/", demo)
    assert address
    with urlopen(address[0]) as page:
        assert "Your list" in page.read().decode()
    assert f"ada, who has a list, or as grace, an admin with a report. Their password is {PASSWORD}." in demo


def test_flask_routes_lists_actions_and_resources(tmp_path: Path) -> None:
    environment = {**os.environ, "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'todo.sqlite3'}"}
    command = [sys.executable, "-m", "flask", "--app", "examples.todo", "routes"]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in said.stdout.splitlines() if line.strip()}
    assert re.fullmatch(r"(OPTIONS, )?POST /_actions/add_todo/<signature>", rows["actions.add_todo"])
    assert re.search(r"GET, .*POST /api/todos$", rows["Todos"])
    assert re.search(r"DELETE, GET, .*PATCH, PUT /api/todos/<int:todo_id>$", rows["TodoItem"])
    assert {"actions.sign_in", "actions.clear_completed", "Report", "pages.index"} <= rows.keys()


# The store by itself


def test_the_store_is_plain_functions(app: Flask) -> None:
    with app.app_context():
        ada = db.session.scalars(select(User).filter_by(name="ada")).one()
        assert [todo.text for todo in store.todos_of(ada, completed=True)] == ["Order punched cards"]
        store.remove(ada, completed=True)
        assert store.todos_of(ada, completed=True) == []
