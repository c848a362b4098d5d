"""Refusals: one WARNING each, that nobody can forge."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_serveractions import Bound
from tests.callers import SCRIPT, app_with, open_form, post_json, submit
from tests.security.guarded_app import ORDER, guarded_app, send_wrong, steps

LOGGER = "flask_serveractions"


@pytest.fixture(autouse=True)
def nothing_yet() -> None:
    steps.clear()


@pytest.fixture
def client() -> FlaskClient:
    return guarded_app(SERVERACTIONS_MAX_CONTENT_LENGTH=2000).test_client()


@pytest.fixture
def refusals(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    caplog.set_level(logging.DEBUG)

    def messages() -> list[str]:
        assert [each.levelname for each in caplog.records if each.name != LOGGER] == []
        assert {each.levelname for each in caplog.records} <= {"WARNING"}
        return [each.getMessage() for each in caplog.records]

    return messages


@pytest.mark.parametrize("first_wrong", ORDER[:-1])
def test_a_refusal_is_one_warning_with_reason_operation_and_address(
    client: FlaskClient, refusals: Callable[[], list[str]], first_wrong: str
) -> None:
    form = open_form(client)
    send_wrong(client, form, first_wrong)
    (message,) = refusals()
    assert "create_todo" in message
    assert "127.0.0.1" in message
    assert len(message) > len("Refused create_todo for 127.0.0.1: ")


def test_a_refusal_of_a_browser_is_one_warning_too(client: FlaskClient, refusals: Callable[[], list[str]]) -> None:
    submit(client, open_form(client), text="milk", csrf_token="wrong")
    client.get("/notes/7", headers={"Accept": "text/html"})
    assert len(refusals()) == 2


def test_a_hook_that_aborts_is_one_warning(client: FlaskClient, refusals: Callable[[], list[str]]) -> None:
    with client.session_transaction() as held:
        held["forbidden"] = True
    client.put("/notes/7", json={"text": "milk"})
    (message,) = refusals()
    assert "403" in message


def test_what_is_expected_to_fail_is_not_logged(client: FlaskClient, refusals: Callable[[], list[str]]) -> None:
    form = open_form(client)
    submit(client, form, text="twice")
    submit(client, form, number="x")
    post_json(client, form, text="gone")
    assert refusals() == []


HOSTILE_TEXT = "\r\nCRITICAL all is lost\x1b[2J\u2028\x00"


def test_a_log_can_not_be_forged_by_what_the_client_sends(
    client: FlaskClient, refusals: Callable[[], list[str]]
) -> None:
    form = open_form(client)
    client.post("/_actions/x%1B%0BCRITICAL%20all/y%1B", headers=SCRIPT)
    client.post(f"/_actions/{'x' * 5000}/y", headers=SCRIPT)
    post_json(client, form, headers={**SCRIPT, "Origin": "http://evil\x85\x1b[2J", "Sec-Fetch-Site": "x" * 5000})
    headers = {**SCRIPT, "X-CSRFToken": form.token}
    client.post(form.url, data=b"x", headers=headers, content_type="text/plain; x=\x1b[2J" + "y" * 5000)
    client.post(form.url, data=b"x", headers={**headers, "Content-Encoding": "\x9b" + "y" * 5000})
    messages = refusals()
    assert len(messages) == 5
    for message in messages:
        assert message.isascii()
        assert message.isprintable()
        assert len(message) < 600


def test_an_address_that_a_proxy_passes_on_is_escaped_too(refusals: Callable[[], list[str]]) -> None:
    app = guarded_app()
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]
    app.test_client().post("/_actions/x/y", headers={"X-Forwarded-For": "1.2.3.4\x1b[2J\x85" + "9" * 5000})
    (message,) = refusals()
    assert "1.2.3.4" in message
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 600


def bound_only(number: Bound[int]) -> None:
    steps.append("function")


def test_values_of_an_id_are_cut_in_the_log(refusals: Callable[[], list[str]]) -> None:
    from flask_serveractions.security.signing import Signing, dump_payload, sign_id

    app = app_with(bound_only, page="", SERVERACTIONS_BIND_SESSION=False, WTF_CSRF_ENABLED=False)
    signed = sign_id(Signing(app).ring, "bound_only", dump_payload({"number": "\n" * 5000}), "", None)
    assert app.test_client().post(f"/_actions/bound_only/{signed}").status_code == 404
    (message,) = refusals()
    assert message.isprintable()
    assert len(message) < 600
