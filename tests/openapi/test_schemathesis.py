"""Schemathesis against the to-do example: what the OpenAPI document promises is what the server does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request

from examples.todo.demo import PASSWORD
from tests.todo_app import Forms, Visitor, served, todo_app

CONFIG, HOOKS = (Path(__file__).with_name(name) for name in ("schemathesis.toml", "schemathesis_hooks.py"))
COMMAND = (sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()")
SECONDS = 600  # for a busy machine; it takes a small part of that

Visits = dict[str, list[dict[str, Any]]]
Statuses = dict[str, set[int]]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with todo_app(tmp_path) as app:
        yield app


@pytest.fixture
def statuses(app: Flask) -> Statuses:
    """What the server answers: statuses by method and rule."""
    seen: Statuses = defaultdict(set)

    @app.after_request
    def note(response: Response) -> Response:
        seen[f"{request.method} {request.url_rule}"].add(response.status_code)
        return response

    return seen


def visit(visits: Visits, visitor: Visitor, page: str, arguments: Mapping[str, Any]) -> None:
    """Add what a page gives to a visitor, for each action that it has a form for."""
    visitor.open(page)
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    for form in Forms(visitor.page.text).forms:
        signature = form.url.partition("_action=")[2].split("/")[1]
        given = {"signature": signature, "cookie": f"session={cookie.value}", "token": form.values["csrf_token"]}
        visits[form.action].append({**given, "arguments": arguments.get(form.action)})


def visits_of(app: Flask) -> Visits:
    """Return what pages give to a guest, to ada, and to somebody who is about to leave."""
    visits: Visits = defaultdict(list)
    guest, ada, leaver = Visitor(app), Visitor(app), Visitor(app)
    visit(visits, guest, "/sign-in", {"sign_in": {"name": "ada", "password": PASSWORD}})
    visit(visits, guest, "/sign-up", {})
    ada.sign_in("ada")
    visit(visits, ada, "/", {})
    visit(visits, ada, "/account", {})
    leaver.open("/sign-up")
    leaver.submit("sign_up", name="leaver", password=PASSWORD)
    visit(visits, leaver, "/account", {"delete_account": {"password": PASSWORD}})
    return visits


def test_the_live_example_answers_as_its_document_says(app: Flask, statuses: Statuses, tmp_path: Path) -> None:
    environ = {**os.environ, "TODO_VISITS": json.dumps(visits_of(app)), "SCHEMATHESIS_HOOKS": str(HOOKS)}
    statuses.clear()
    with served(app) as address:
        command = [*COMMAND, "--no-color", f"--config-file={CONFIG}", "run", f"{address}/openapi.json"]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [door for door in doors(app) if not any(status < 300 for status in statuses[door])] == []


def doors(app: Flask) -> list[str]:
    """Return method and rule of every operation in the document that others than a webhook's sender can reach."""
    paths = app.test_client().get("/openapi.json").json["paths"]
    rules = {rule.rule: rule for rule in app.url_map.iter_rules()}
    shapes = {rule.replace("<int:", "{").replace("<", "{").replace(">", "}"): rule for rule in rules}
    listed = [(method, path, item[method]["tags"]) for path, item in paths.items() for method in item]
    return [f"{method.upper()} {shapes[path]}" for method, path, tags in listed if "webhooks" not in tags]
