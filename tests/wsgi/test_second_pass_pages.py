"""The second pass: pages that can't be used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Response, abort, flash, jsonify, redirect, render_template_string, request, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_serveractions import revalidate_path, revalidate_tag
from tests.callers import BROWSER, ONE_FORM, WITH_PAGE, app_with, flashes_in, form_in, open_form, submit
from tests.failing_todos import BOTH, create_todo, fail, log, nothing_yet, page_of  # noqa: F401 (an autouse fixture among them)


def a_redirect() -> Any:
    return redirect("/elsewhere")


def not_found() -> Any:
    abort(404)


def server_error() -> Any:
    raise ZeroDivisionError("in the page")


def a_stream() -> Any:
    return Response((part for part in ["<form>", "</form>"]), mimetype="text/html")


def some_json() -> Any:
    return jsonify(page="<form></form>")


def plain_text() -> Any:
    return Response("text", mimetype="text/plain")


def accepted() -> Any:
    return render_template_string(ONE_FORM, names=["create_todo"]), 202


def compressed() -> Any:
    return Response(b"\x1f\x8b", mimetype="text/html", headers={"Content-Encoding": "gzip"})


def without_the_form() -> Any:
    return "<p>Nothing here</p>"


def revalidating() -> Any:
    revalidate_path("/")
    return render_template_string(ONE_FORM, names=["create_todo"])


def revalidating_a_tag() -> Any:
    revalidate_tag("todos")
    return render_template_string(ONE_FORM, names=["create_todo"])


UNUSABLE = [
    not_found,
    server_error,
    a_stream,
    some_json,
    plain_text,
    accepted,
    compressed,
    without_the_form,
    revalidating,
    revalidating_a_tag,
]


def fail_on(view: Callable[[], Any], headers: dict[str, str], **config: Any) -> tuple[FlaskClient, TestResponse]:
    """Send a form whose page has become unusable since it was rendered."""
    app = app_with(create_todo, page=ONE_FORM, **config)
    whole: list[bool] = [True]

    @app.get("/page")
    def page() -> Any:
        flash("For the page.", "info")
        session["page"] = "was here"
        return render_template_string(ONE_FORM, names=["create_todo"]) if whole.pop() else view()

    client = app.test_client()
    whole.append(False)
    whole.reverse()
    form = open_form(client, page="/page")
    with client.session_transaction() as held:
        held.pop("page")
        held["_flashes"] = [("info", "Earlier.")]
    return client, submit(client, form, headers=headers, text="bad")


def test_where_the_page_leads_elsewhere_in_this_app_a_browser_is_led_there_too() -> None:
    client, answer = fail_on(a_redirect, BROWSER)
    assert (answer.status_code, answer.headers["Location"], answer.data) == (303, "/elsewhere", b"")
    assert "Content-Type" not in answer.headers or "html" in answer.headers["Content-Type"]
    with client.session_transaction() as held:  # as if the browser had asked for the page
        assert held["page"] == "was here"
    _, answer = fail_on(a_redirect, WITH_PAGE)
    assert (answer.status_code, answer.json["page"]) == (409, None)


def test_where_the_page_leads_to_another_site_a_built_in_page_stands_in() -> None:
    for location in ("http://evil.example/", "//evil.example/", "javascript:x", "http://localhost:81/"):
        _, answer = fail_on(lambda to=location: redirect(to), BROWSER)
        assert (answer.status_code, "Location" in answer.headers) == (409, False)
        assert "Not that one." in answer.text


def attached() -> Any:
    return render_template_string(ONE_FORM, names=["create_todo"]), {"Content-Disposition": "attachment; filename=x"}


def sandboxed() -> Any:
    return render_template_string(ONE_FORM, names=["create_todo"]), {
        "Content-Security-Policy": "default-src 'self'; Sandbox allow-forms"
    }


def in_two_policies() -> Any:
    return render_template_string(ONE_FORM, names=["create_todo"]), [
        ("Content-Security-Policy", "default-src 'self'"),
        ("Content-Security-Policy", "img-src *, sandbox"),
    ]


def of_another_type() -> Any:
    return render_template_string(ONE_FORM, names=["create_todo"]), {"Content-Type": "application/xhtml+xml"}


@pytest.mark.parametrize(
    "view", [attached, sandboxed, in_two_policies, of_another_type], ids=lambda view: view.__name__
)
def test_a_page_that_a_browser_would_not_show_is_never_put_into_a_document(view: Callable[[], Any]) -> None:
    _, answer = fail_on(view, BROWSER)
    assert "<form" not in answer.text
    assert "Not that one." in answer.text
    _, answer = fail_on(view, WITH_PAGE)
    assert answer.json["page"] is None


def test_a_policy_that_only_mentions_a_sandbox_and_an_inline_disposition_are_shown() -> None:
    def view() -> Any:
        return render_template_string(ONE_FORM, names=["create_todo"]), {
            "Content-Security-Policy": "img-src sandbox.example; report-uri /sandbox",
            "Content-Security-Policy-Report-Only": "sandbox",
            "Content-Disposition": "inline",
        }

    _, answer = fail_on(view, BROWSER)
    assert form_in(answer).inputs["text"]["value"] == "bad"


@pytest.mark.parametrize("status", [400, 403, 404, 410, 422])
def test_a_form_in_the_layout_of_an_error_page_is_shown_again_there(status: int) -> None:
    app = app_with(create_todo)
    app.register_error_handler(404, lambda error: (render_template_string(ONE_FORM, names=["create_todo"]), status))
    client = app.test_client()
    form = form_in(client.get("/nowhere/at/all?q=1", headers=BROWSER))
    answer = submit(client, form, text="bad")
    assert (answer.status_code, form_in(answer).inputs["text"]["value"]) == (409, "bad")
    assert submit(client, form, text="milk").headers["Location"] == "/nowhere/at/all?q=1"


@pytest.mark.parametrize("testing", [False, True], ids=["", "testing"])
@pytest.mark.parametrize("view", UNUSABLE, ids=lambda view: view.__name__)
def test_a_built_in_page_stands_in_for_one_that_can_not_be_used(view: Callable[[], Any], testing: bool) -> None:
    client, answer = fail_on(view, BROWSER, TESTING=testing)
    assert (answer.status_code, answer.mimetype) == (409, "text/html")
    assert "<form" not in answer.text
    assert "Not that one." in answer.text
    assert "<pre>bad</pre>" in answer.text
    assert 'href="/page"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert_nothing_of_the_page_was_kept(client)


@pytest.mark.parametrize("view", UNUSABLE, ids=lambda view: view.__name__)
def test_in_json_the_page_is_null_then(view: Callable[[], Any]) -> None:
    client, answer = fail_on(view, WITH_PAGE)
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert answer.json["page"] is None
    assert answer.json["errors"] == {"text": ["Not that one."]}
    assert_nothing_of_the_page_was_kept(client)


def assert_nothing_of_the_page_was_kept(client: FlaskClient) -> None:
    """Neither cookie nor session of an unused page are sent, so flashed messages survive."""
    with client.session_transaction() as held:
        assert "page" not in held
    assert flashes_in(client.get("/")) == ["info: Earlier."]


@BOTH
def test_a_page_that_raises_is_logged(headers: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    fail_on(server_error, headers, TESTING=True)
    errors = [each for each in caplog.records if each.levelname == "ERROR"]
    assert any(each.exc_info and each.exc_info[0] is ZeroDivisionError for each in errors)


def test_a_success_whose_page_raises_is_a_success() -> None:
    app = app_with(create_todo, TESTING=True)

    @app.context_processor
    def broken() -> Any:
        if log:
            raise ZeroDivisionError("in the page")
        return {}

    client = app.test_client()
    form = open_form(client)
    answer = submit(client, form, headers=WITH_PAGE, text="milk")
    assert (answer.status_code, answer.json["page"]) == (200, None)
    assert log == ["function milk"]


def test_a_stream_that_is_not_used_is_closed() -> None:
    closed = threading.Event()

    class Stream(Iterable[str]):
        def __iter__(self) -> Any:
            raise AssertionError("an unused stream is read")

        def close(self) -> None:
            closed.set()

    fail_on(lambda: Response(Stream(), mimetype="text/html"), BROWSER)
    assert closed.is_set()


@pytest.mark.parametrize("page", ["/_actions/create_todo/x", "/_actions/client.js", "/%5Factions/x"])
def test_a_url_of_the_door_is_never_a_page(page: str) -> None:
    client = app_with(create_todo).test_client()
    form = open_form(client)
    answer = client.post(form.on(page), data={**form.values, "text": "bad"}, headers=BROWSER)
    assert form_in(answer).inputs["text"]["value"] == "bad"  # the start page's


def test_an_after_request_that_breaks_the_answer_is_the_apps_own_error() -> None:
    app = app_with(create_todo)

    @app.after_request
    def broken(response: Response) -> Response:
        if request.method == "POST":
            raise ZeroDivisionError("after the call")
        return response

    answer = fail(app.test_client())
    assert answer.status_code == 500
    assert "<form" not in answer.text
