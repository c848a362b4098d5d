"""A browser that is led to a download stays on its page, and its client is told so."""

from __future__ import annotations

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_serveractions import ServerActions
from flask_serveractions.wsgi.downloads import LEAVE


def client_at(app: Flask, disposition: str, *, leaving: bool = True) -> FlaskClient:
    app.secret_key = "of the tests"
    ServerActions(app)
    headers = {"Content-Disposition": disposition} if disposition else {}
    app.add_url_rule("/file", "file", lambda: Response("a;b", headers=headers))
    client = app.test_client()
    if leaving:
        client.set_cookie(LEAVE, "1")
    return client


def is_told(answer: TestResponse) -> bool:
    return any(value.startswith(f"{LEAVE}=; Max-Age=0") for value in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("disposition", ["attachment", 'Attachment; filename="a.csv"'])
def test_a_client_that_waits_to_leave_is_told_of_an_attachment(disposition: str) -> None:
    assert is_told(client_at(Flask("app"), disposition).get("/file"))


@pytest.mark.parametrize("disposition", ["", "inline", 'inline; filename="attachment"'])
def test_what_is_no_attachment_takes_its_place(disposition: str) -> None:
    assert not is_told(client_at(Flask("app"), disposition).get("/file"))


def test_an_answer_that_shows_nothing_keeps_the_browser_there_too() -> None:
    client = client_at(Flask("app"), "")
    client.application.add_url_rule("/nothing", "nothing", lambda: ("", 204))
    assert is_told(client.get("/nothing"))


def test_who_does_not_wait_gets_no_cookie() -> None:
    assert not is_told(client_at(Flask("app"), "attachment", leaving=False).get("/file"))


def test_a_scripts_own_fetch_of_an_attachment_is_no_navigation() -> None:
    answer = client_at(Flask("app"), "attachment").get("/file", headers={"Sec-Fetch-Mode": "cors"})
    assert not is_told(answer)
