"""A page that tells browsers to send no referrer, by a ``<meta>``: its forms would be refused."""

from __future__ import annotations

import logging

import pytest
from flask import Flask, Response, render_template_string

from flask_serveractions.pages.referrer_policy import says_no_referrer
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
    assert not says_no_referrer(text.encode() + b" referrer")


def save(text: str = "") -> None: ...


def app_of(head: str) -> Flask:
    return app_with(save, page=head + "{% call action_form('save') %}{% endcall %}")


def test_a_page_with_a_form_and_such_a_policy_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "flask_serveractions"):
        app_of(YES[0]).test_client().get("/todos")
        app_of(NO[2]).test_client().get("/todos")
    assert [record.getMessage().count("on /todos: browsers") for record in caplog.records] == [1]


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
