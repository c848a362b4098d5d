"""Flask-Admin guards its views alone: who may call an action is the hook's to say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_serveractions.testing import ActionsClient
from tests.neighbours.programs import program_of


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.chdir(tmp_path)
    with program_of("flask-admin", tmp_path) as program:
        yield program.app
        with program.app.app_context():
            program.db.engine.dispose()


def visitor(app: Flask, **session: Any) -> ActionsClient:
    client = ActionsClient(app, app.response_class)
    with client.session_transaction() as signed_in:
        signed_in.update(session)
    return client


@pytest.mark.parametrize(
    ("session", "status"),
    [({}, 403), ({"user": "joan", "roles": []}, 403), ({"user": "ada", "roles": ["admin"]}, 200)],
    ids=["nobody", "a user", "an admin"],
)
def test_who_may_not_see_the_page_may_not_call_its_action(app: Flask, session: dict[str, Any], status: int) -> None:
    client = visitor(app, **session)
    assert client.get("/admin/tools/").status_code == status
    assert client.call_action("empty_stock", sure=True).status_code == status


def test_the_audit_knows_who_may(app: Flask) -> None:
    audited = app.test_cli_runner().invoke(args=["actions", "audit"])
    assert audited.exit_code == 0
    assert "admin" in audited.output


def test_its_own_forms_and_ours_take_their_own_tokens_on_one_session(app: Flask) -> None:
    client = visitor(app, user="ada", roles=["admin"])
    tools = client.get("/admin/tools/")
    token = (
        client.get("/admin/articles/new/")
        .text.partition('name="csrf_token" type="hidden" value="')[2]
        .partition('"')[0]
    )
    created = client.post("/admin/articles/new/", data={"name": "Tea", "csrf_token": token})
    assert created.location == "/admin/articles/"
    assert client.post("/admin/articles/new/", data={"name": "Milk"}).status_code == 200  # its form again
    listed = client.get("/admin/articles/").text
    assert "Tea" in listed
    assert "Milk" not in listed
    assert client.submit(tools, "empty_stock", sure="1").location == "/admin/tools/"
    assert "Tea" not in client.get("/admin/articles/").text
