"""A page that tells browsers to send no referrer, by a ``<meta>``: its forms would be refused."""

from __future__ import annotations

import logging
import time

import pytest
from flask import Flask, Response, render_template_string

from flask_serveractions.wsgi.form_pages import says_no_referrer
from tests.callers import app_with

YES = [
    '<meta name="referrer" content="no-referrer">',
    "<META CONTENT='no-referrer' NAME='Referrer' />",
    "<meta name=referrer content=no-referrer>",
    '<meta\nname = "referrer"\ncontent = " NO-REFERRER ">',
    '<meta name="referrer" content="never">',
    '<meta name="referrer" content="origin"><meta name="referrer" content="no-referrer">',
]
NO = [
    "",
    "<p>no-referrer</p>",
    '<meta name="referrer" content="same-origin">',
    '<meta name="referrer" content="no-referrer-when-downgrade">',
    '<meta name="referrer" content="no-referrer"><meta name="referrer" content="same-origin">',
    '<meta name="description" content="no-referrer">',
    '<meta name="referrer">',
    '<a rel="noreferrer" href="/">no-referrer</a>',
    '<meta name="referrers" content="no-referrer">',
]


@pytest.mark.parametrize(("html", "says"), [*((each, True) for each in YES), *((each, False) for each in NO)])
def test_the_last_policy_of_a_page_counts(html: str, says: bool) -> None:
    assert says_no_referrer(html.encode()) is says


@pytest.mark.parametrize("text", ["<meta " * 20_000, "<meta name=referrer " * 5_000, "<meta name" + " " * 100_000])
def test_no_page_takes_long(text: str) -> None:
    began = time.process_time()
    assert not says_no_referrer(text.encode() + b" referrer")
    assert time.process_time() - began < 1


def save(text: str = "") -> None: ...


def app_of(head: str) -> Flask:
    return app_with(save, page=head + "{% call action_form('save') %}{% endcall %}")


@pytest.mark.parametrize("head", YES)
def test_a_page_with_a_form_and_such_a_policy_is_mended_and_warned_of(
    head: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "flask_serveractions"):
        page = app_of(head + "<p>no-referrer</p>").test_client().get("/todos")
    assert not says_no_referrer(page.get_data())
    assert "same-origin" in page.text
    assert "<p>no-referrer</p>" in page.text
    assert [record.getMessage().count("on /todos would break its forms") for record in caplog.records] == [1]


@pytest.mark.parametrize("head", NO)
def test_a_page_with_another_policy_is_sent_as_it_is(head: str, caplog: pytest.LogCaptureFixture) -> None:
    assert app_of(head).test_client().get("/todos").text.startswith(head)
    assert caplog.records == []


def test_a_page_without_a_form_or_one_that_is_streamed_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    app = app_of("")
    app.add_url_rule("/plain", "plain", lambda: YES[0])

    @app.get("/streamed")
    def streamed() -> Response:
        page = render_template_string(YES[0] + "{% call action_form('save') %}{% endcall %}")
        return Response(iter([page]))

    client = app.test_client()
    assert YES[0] in client.get("/plain").text
    assert YES[0] in client.get("/streamed").text
    assert caplog.records == []


def test_the_header_is_mended_and_the_refusal_says_what_else_it_may_be(caplog: pytest.LogCaptureFixture) -> None:
    app = app_of("")
    app.after_request(lambda response: response.headers.set("Referrer-Policy", "no-referrer") or response)
    assert app.test_client().get("/todos").headers["Referrer-Policy"] == "same-origin"
    assert "would break its forms" in caplog.text
    caplog.clear()
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    app.test_client().post("/_actions/save/x.y", data={"_action": "save:"}, headers=headers)
    assert "referrer policy is no-referrer" in caplog.text
