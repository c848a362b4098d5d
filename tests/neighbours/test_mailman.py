"""The contact form of the page on Flask-Mailman, with a mail server that takes what it sends."""

from __future__ import annotations

import email.policy
import importlib
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from examples.ports import free_port
from flask_serveractions.testing import ActionsClient
from tests.doc_blocks import importing_from
from tests.neighbours.programs import write_program
from tests.stores_processes import eventually


class Letterbox:
    """Keeps the messages that it is handed."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        parser = BytesParser(policy=email.policy.default)
        self.messages.append(parser.parsebytes(envelope.content))  # type: ignore[arg-type]  # the policy's class
        return "250 OK"


@pytest.fixture
def letterbox() -> Letterbox:
    return Letterbox()


@pytest.fixture
def server(letterbox: Letterbox) -> Iterator[Controller]:
    controller = Controller(letterbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    if controller.server is not None:
        controller.stop()


@pytest.fixture
def app(server: Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setenv("MAIL_PORT", str(server.port))
    monkeypatch.chdir(tmp_path)
    write_program("flask-mailman", tmp_path)
    with importing_from(tmp_path):
        yield importlib.import_module("app").app


@pytest.fixture
def client(app: Flask) -> ActionsClient:
    return ActionsClient(app, app.response_class)


def ended_job(client: ActionsClient, **arguments: str) -> Any:
    url = client.call_action("write", **arguments).json["job"]["url"]  # type: ignore[index]

    def look() -> Any:
        job = client.get(url, headers={"Accept": "application/json"}).json
        return job if job is not None and job["state"] in ("done", "failed") else None

    return eventually(look)


def test_a_mail_is_sent_in_the_background_as_it_was_written(client: ActionsClient, letterbox: Letterbox) -> None:
    assert ended_job(client, address="ada@example.org", text="Grüße\n.\nAda")["state"] == "done"
    (message,) = letterbox.messages
    assert (message["To"], message["Reply-To"]) == ("office@example.org", "ada@example.org")
    assert message.get_content().splitlines() == ["Grüße", ".", "Ada"]


def test_two_clicks_send_one_mail(client: ActionsClient, letterbox: Letterbox) -> None:
    page = client.get("/")
    first, second = (client.submit(page, "write", address="ada@example.org", text="Hello") for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.headers["Location"] == second.headers["Location"]
    eventually(lambda: letterbox.messages)
    answer = {"Accept": "application/json"}
    eventually(lambda: client.get(first.headers["Location"], headers=answer).json["state"] == "done")  # type: ignore[index]
    assert len(letterbox.messages) == 1


def test_a_header_of_ones_own_is_refused_at_its_field(client: ActionsClient, letterbox: Letterbox) -> None:
    answer = client.call_action("write", address="ada@example.org\nBcc: all@example.org", text="Hello")
    assert answer.status_code == 422
    assert "address" in answer.json["errors"]  # type: ignore[index]
    assert letterbox.messages == []


def test_a_mail_server_that_is_down_is_told_as_the_actions_own_refusal(
    client: ActionsClient, server: Controller, caplog: pytest.LogCaptureFixture
) -> None:
    server.stop()
    job = ended_job(client, address="ada@example.org", text="Hello")
    assert (job["state"], job["error"]["detail"]) == ("failed", "The mail could not be sent. Please write again.")
    assert "The mail server does not take our mail." in caplog.text
