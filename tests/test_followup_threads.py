"""The second pass: many at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, revalidate_tag
from tests.callers import BROWSER, WITH_PAGE, app_with, form_in, open_form, submit

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


def test_sixteen_threads_never_see_each_others_failures() -> None:
    def echo(text: str) -> None:
        raise ActionError(f"Not {text}.", field="text", result=text)

    app = app_with(
        echo,
        page="{% call(form) action_form('echo') %}<input {{ form.attrs('text') }}>"
        "{{ form.error('text') }}<i>{{ form.result }}</i>{% endcall %}",
    )
    barrier = threading.Barrier(16)

    def send(number: int) -> list[tuple[str, str, bool]]:
        client = app.test_client()
        form = open_form(client)
        barrier.wait()
        seen = []
        for turn in range(6):
            text = f"{number}-{turn}"
            again = form_in(page_of(submit(client, form, headers=(BROWSER, WITH_PAGE)[turn % 2], text=text)) or "")
            clean = form_in(client.get("/"))
            seen.append((again.inputs["text"]["value"], again.errors["text"], "value" in clean.inputs["text"]))
        return seen

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(16)))
    for number, seen in enumerate(answers):
        assert seen == [(f"{number}-{turn}", f"Not {number}-{turn}.", False) for turn in range(6)]


def test_many_first_requests_at_once_start_the_app_once() -> None:
    app = app_with(create_todo)
    barrier = threading.Barrier(16)

    def load(_: int) -> int:
        barrier.wait()
        return app.test_client().get("/").status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(load, range(16))) == {200}
