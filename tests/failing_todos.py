"""An action that fails when it is told to, and the page that comes back: what the tests of the second pass share."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, revalidate_tag
from tests.callers import BROWSER, WITH_PAGE, open_form, submit

log: list[str] = []


@pytest.fixture(autouse=True)
def nothing_yet() -> None:
    log.clear()


def create_todo(text: str) -> None:
    log.append(f"function {text}")
    if text == "bad":
        raise ActionError("Not that one.", field="text", status=409)
    revalidate_tag("todos")


def fail(client: FlaskClient, headers: dict[str, str] = BROWSER, page: str = "/") -> TestResponse:
    return submit(client, open_form(client, page=page), headers=headers, text="bad")


def page_of(answer: TestResponse) -> str | None:
    """Return the page that came: in place of the answer, or in the JSON."""
    if answer.is_json:
        page: str | None = answer.json["page"]
        return page
    return answer.get_data(as_text=True)


BOTH = pytest.mark.parametrize("headers", [BROWSER, WITH_PAGE], ids=["browser", "json"])
