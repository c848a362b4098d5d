"""What belongs to one request is not the next one's, where an app context outlives both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, render_template_string

from flask_serveractions import ActionError, Job, ServerActions, revalidate_path
from flask_serveractions.scope import scope
from tests.callers import client_of

PAGE = """{% call(form) action_form("add") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}"""


@pytest.fixture
def app() -> Iterator[Flask]:
    """An app whose context stays open over all requests of a test, as many test suites have it."""
    app = Flask(__name__)
    app.secret_key = "a key for tests"

    @ServerActions(app).register
    def add(text: str) -> None:
        if text == "twice":
            raise ActionError("You already have that one.", field="text")
        revalidate_path(f"/{text}")

    app.add_url_rule("/", "page", lambda: render_template_string(PAGE))
    with app.app_context():
        yield app


def test_a_page_that_is_rendered_again_shows_its_form_as_the_first_one(app: Flask) -> None:
    client = client_of(app)
    client.get("/")
    response = client.submit(client.get("/"), "add", text="twice")
    assert response.status_code == 422
    assert 'value="twice"' in response.text
    assert "You already have that one.</span>" in response.text


def test_a_call_tells_what_it_revalidated_itself(app: Flask) -> None:
    client = client_of(app)
    told = [client.call_action("add", text=text).json["revalidated"]["paths"] for text in ("a", "b")]  # type: ignore[index]
    assert told == [["/a"], ["/b"]]


def test_each_visitor_has_forms_of_their_own(app: Flask) -> None:
    first, second = client_of(app), client_of(app)
    pages = first.get("/"), second.get("/")
    assert [
        first.submit(pages[0], "add", text="a").status_code,
        second.submit(pages[1], "add", text="b").status_code,
    ] == [
        303,
        303,
    ]
    assert second.submit(pages[0], "add", text="c").status_code == 404


SCRIPT = "{{ serveractions_script() }}"
CANCEL = "{{ job.hidden_fields }}"


@pytest.mark.parametrize("template", [SCRIPT, CANCEL])
def test_each_visitor_has_a_token_of_their_own_where_no_form_is(app: Flask, template: str) -> None:
    job = Job(url="/job", action="add", state="queued")
    app.add_url_rule("/other", "other", lambda: render_template_string(template, job=job))
    first, second = client_of(app), client_of(app)
    first.get("/")
    with first.session_transaction() as held:
        raw = held["csrf_token"]
    page = second.get("/other")
    with second.session_transaction() as held:
        assert held["csrf_token"] != raw
        assert app.extensions["serveractions.state"].signing.tokens.sign(held["csrf_token"])[:40] in page.text


def test_outside_of_a_request_it_lasts_as_long_as_the_app_context(app: Flask) -> None:
    scope()["key"] = 1
    assert scope()["key"] == 1
    with app.app_context():
        assert "key" not in scope()


def test_outside_of_everything_nothing_lasts() -> None:
    scope()["key"] = 1
    assert "key" not in scope()
