"""The second pass: the page that a call wants, rendered after the call's own request is over."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from flask import Flask, Response, flash, g, render_template_string, request, session

from flask_serveractions import ActionError
from flask_serveractions.operation import middleware_state_of
from tests.callers import BROWSER, ONE_FORM, SCRIPT, app_with, flashes_in, form_in, open_form, submit
from tests.failing_todos import BOTH, create_todo, fail, log, nothing_yet, page_of  # noqa: F401 (an autouse fixture among them)

# What it is


@BOTH
def test_the_page_shows_the_failure_with_the_actions_status(headers: dict[str, str]) -> None:
    answer = fail(app_with(create_todo).test_client(), headers)
    assert answer.status_code == 409
    form = form_in(page_of(answer) or "")
    assert (form.inputs["text"]["value"], form.errors["text"]) == ("bad", "Not that one.")
    assert form.inputs["text"]["aria-invalid"] == "true"


@BOTH
def test_the_page_is_rendered_after_the_actions_own_request_is_over(headers: dict[str, str]) -> None:
    app = app_with(create_todo)

    @app.before_request
    def begin() -> None:
        log.append(f"begin {request.method}")

    @app.teardown_request
    def over(error: BaseException | None) -> None:
        log.append(f"over {request.method}")

    @app.teardown_appcontext
    def app_over(error: BaseException | None) -> None:
        log.append("app over")

    client = app.test_client()
    form = open_form(client)
    log.clear()
    submit(client, form, headers=headers, text="bad")
    assert log == ["begin POST", "function bad", "over POST", "app over", "begin GET", "over GET", "app over"]


@BOTH
def test_both_answers_are_closed_when_they_have_been_read(headers: dict[str, str]) -> None:
    app = app_with(create_todo)

    @app.after_request
    def note(response: Response) -> Response:
        method = request.method
        response.call_on_close(lambda: log.append(f"closed {method}"))
        return response

    client = app.test_client()
    form = open_form(client)
    log.clear()
    submit(client, form, headers=headers, text="bad").close()
    assert log == ["function bad", "closed POST", "closed GET"]


def test_nothing_of_the_actions_context_is_left_in_the_page() -> None:
    def leave(text: str) -> None:
        g.left = "behind"
        raise ActionError("No.")

    app = app_with(leave, page="{{ g.left }}" + ONE_FORM)
    assert "behind" not in (page_of(fail(app.test_client())) or "")


@BOTH
def test_it_is_a_get_of_the_page_with_its_query_and_nothing_of_the_call(headers: dict[str, str]) -> None:
    app = app_with(create_todo, WTF_CSRF_HEADERS=["X-CSRFToken", "X-Proof"])
    seen: list[Any] = []

    @app.get("/seen")
    def seeing() -> str:
        seen.append((request.method, request.full_path, request.data, dict(request.headers), dict(request.environ)))
        return render_template_string(ONE_FORM, names=["create_todo"])

    client = app.test_client()
    form = open_form(client, page="/seen?sort=text&q=a%20b")
    more = {
        "If-None-Match": '"x"',
        "If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT",
        "Range": "bytes=0-1",
        "Idempotency-Key": "key",
        "X-CSRFToken": form.token,
        "X-CSRF-Token": form.token,
        "X-Proof": form.token,
        "Content-Language": "en",
        "Accept-Encoding": "gzip",
        "Accept-Language": "it",
        "Authorization": "Bearer x",
    }
    submit(client, form, headers={**headers, **more}, text="bad")
    method, path, data, sent, environ = seen[-1]
    assert (method, path, data) == ("GET", "/seen?sort=text&q=a%20b", b"")
    assert set(sent) == {"Accept", "Host", "User-Agent", "Cookie", "Accept-Language", "Authorization"}
    assert sent["Accept"] == "text/html"
    assert "CONTENT_TYPE" not in environ
    assert "CONTENT_LENGTH" not in environ
    assert environ["wsgi.input"].read() == b""


def test_it_is_known_by_an_object_in_the_environ_and_never_by_a_header() -> None:
    app = app_with(create_todo)

    @app.before_request
    def note() -> None:
        middleware = middleware_state_of(request.environ)
        log.append(f"{request.method} {bool(middleware and middleware.page_for)}")

    client = app.test_client()
    form = open_form(client)
    forged = {"flask_serveractions.middleware": "1", "Flask-Serveractions-Middleware": "1", "X-Second-Pass": "true"}
    submit(client, form, headers={**BROWSER, **forged}, text="bad")
    client.get("/", headers=forged)
    client.get("/", environ_overrides={"flask_serveractions.middleware": "forged"})
    assert [each for each in log if each[0] in "GP"] == [
        "GET False",
        "POST False",
        "GET True",
        "GET False",
        "GET False",
    ]


def test_it_is_never_nested() -> None:
    """Not even where the page itself is answered by a function that would like another page."""
    app = app_with(create_todo)
    seen: list[int] = []

    @app.get("/count")
    def count() -> str:
        seen.append(1)
        return render_template_string(ONE_FORM, names=["create_todo"])

    client = app.test_client()
    form = open_form(client, page="/count")
    seen.clear()
    submit(client, form, text="bad")
    assert len(seen) == 1


def test_no_socket_is_opened_and_the_host_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    connect, here = socket.socket.connect, threading.get_ident()

    def refuse(*args: Any) -> None:
        assert threading.get_ident() != here, "a socket is opened"
        connect(*args)  # an earlier test's store, which looks whether its Redis is back

    client = app_with(create_todo).test_client()
    form = open_form(client)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    headers = {**BROWSER, "Host": "evil.example", "Origin": "http://evil.example"}
    # the session cookie is the client's own, for whatever host
    with client.session_transaction() as held:
        cookie = {"session": app_cookie(client.application, dict(held))}
    bare = client.application.test_client(use_cookies=False)
    answer = bare.post(
        form.url,
        data={**form.values, "text": "bad"},
        headers={**headers, "Cookie": f"session={cookie['session']}"},
    )
    assert answer.status_code == 409
    assert form_in(answer).inputs["text"]["value"] == "bad"


def app_cookie(app: Flask, content: dict[str, Any]) -> str:
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    signed: str = serializer.dumps(content)
    return signed


def test_only_a_post_to_an_action_has_a_second_pass() -> None:
    app = app_with(create_todo)

    @app.post("/other")
    def other() -> str:
        return "Other"

    @app.before_request
    def note() -> None:
        log.append(request.path)

    client = app.test_client()
    client.post("/other")
    client.put("/")
    assert log == ["/other", "/"]


@pytest.mark.parametrize("accept", ["*/*", "text/html, application/xhtml+xml", "text/vnd.turbo-stream.html, text/html"])
def test_htmx_and_turbo_get_what_a_plain_browser_gets(accept: str) -> None:
    client = app_with(create_todo).test_client()
    form = open_form(client)
    headers = {"Accept": accept, "HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
    assert form_in(submit(client, form, headers=headers, text="bad")).inputs["text"]["value"] == "bad"
    answer = submit(client, form, headers=headers, text="milk")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


# What it carries


def with_cookies(app: Flask) -> Flask:
    @app.get("/cookies")
    def cookies() -> str:
        shown = dict(sorted((name, value) for name, value in request.cookies.items() if name != "session"))
        return f"<p>{shown} {session.get('cart')}</p>" + render_template_string(ONE_FORM, names=["change"])

    return app


@BOTH
def test_it_carries_the_cookies_and_the_session_as_the_action_left_them(headers: dict[str, str]) -> None:
    from flask import after_this_request

    def change(text: str) -> None:
        session["cart"] = ["milk"]

        @after_this_request
        def set_cookies(response: Response) -> Response:
            response.set_cookie("theme", "dark")
            response.set_cookie("fresh", "1")
            response.set_cookie("admin", "1", path="/admin")
            response.delete_cookie("old")
            return response

        raise ActionError("No.")

    client = with_cookies(app_with(change)).test_client()
    form = open_form(client, page="/cookies")
    for name in ("old", "theme", "kept"):
        client.set_cookie(name, "before")
    page = page_of(submit(client, form, headers=headers, text="bad")) or ""
    assert "<p>{&#39;" not in page
    assert "<p>{'fresh': '1', 'kept': 'before', 'theme': 'dark'} ['milk']</p>" in page


@BOTH
def test_the_pages_cookies_follow_the_actions_and_of_one_name_only_the_last_is_sent(headers: dict[str, str]) -> None:
    from flask import after_this_request

    def change(text: str) -> None:
        session["by"] = "action"
        after_this_request(lambda response: response.set_cookie("step", "action") or response)
        raise ActionError("No.")

    app = app_with(change)

    @app.get("/page")
    def page() -> Response:
        session["seen"] = session.get("by")
        response = Response(render_template_string(ONE_FORM, names=["change"]))
        response.set_cookie("step", "page")
        response.set_cookie("step", "below", path="/page")
        return response

    client = app.test_client()
    answer = submit(client, open_form(client, page="/page"), headers=headers, text="bad")
    cookies = answer.headers.getlist("Set-Cookie")
    assert [each.partition("=")[0] for each in cookies].count("session") == 1
    assert [each for each in cookies if each.startswith("step=")] == ["step=page; Path=/", "step=below; Path=/page"]
    with client.session_transaction() as held:
        assert (held["by"], held["seen"]) == ("action", "action")


@BOTH
def test_what_was_flashed_before_a_failure_is_on_the_page_once(headers: dict[str, str]) -> None:
    def flashing(text: str) -> None:
        flash("Almost.", "warning")
        raise ActionError("No.")

    client = app_with(flashing).test_client()
    assert "warning: Almost." in (page_of(submit(client, open_form(client), headers=headers, text="x")) or "")
    assert flashes_in(client.get("/")) == []


@pytest.mark.parametrize(
    ("of_action", "of_page", "sent"),
    [
        ("", "", "private, no-cache"),
        ("", "public, max-age=60", "private, no-cache"),
        ("", "private, No-Store", "no-store"),
        ("private, max-age=5", "", "private, max-age=5"),
    ],
)
def test_a_browser_may_keep_a_page_rendered_again_for_back_unless_somebody_says_otherwise(
    of_action: str, of_page: str, sent: str
) -> None:
    app = app_with(create_todo)

    @app.after_request
    def say(response: Response) -> Response:
        said = of_page if request.path == "/page" and request.method == "GET" else of_action
        if said:
            response.headers["Cache-Control"] = said
        return response

    app.add_url_rule("/page", "page", lambda: render_template_string(ONE_FORM, names=["create_todo"]))
    answer = fail(app.test_client(), page="/page")
    assert (answer.status_code, answer.headers.getlist("Cache-Control")) == (409, [sent])


def test_the_pages_own_headers_are_sent_with_the_actions_status_and_cache_headers() -> None:
    app = app_with(create_todo)

    @app.get("/page")
    def page() -> Response:
        response = Response(
            render_template_string(ONE_FORM, names=["create_todo"]), content_type="text/html; charset=utf-8"
        )
        response.headers["Content-Security-Policy"] = "script-src 'nonce-page'"
        response.headers["Link"] = "</style.css>; rel=preload"
        response.headers["ETag"] = '"page"'
        response.headers["Cache-Control"] = "public, max-age=60"
        return response

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", "script-src 'nonce-action'")
        response.headers["X-Frame-Options"] = "DENY"
        return response

    client = app.test_client()
    answer = fail(client, page="/page")
    assert answer.status_code == 409
    assert answer.headers.getlist("Content-Security-Policy") == ["script-src 'nonce-page'"]
    assert answer.headers.getlist("X-Frame-Options") == ["DENY"]
    assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers["Link"] == "</style.css>; rel=preload"
    assert answer.headers.getlist("Cache-Control") == ["private, no-cache"]
    assert answer.headers.getlist("Content-Type") == ["text/html; charset=utf-8"]
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert "ETag" not in answer.headers


def test_the_test_clients_context_is_the_calls_own() -> None:
    """``with client:`` keeps a context: the action's, and not the page's."""
    client = app_with(create_todo).test_client()
    form = open_form(client)
    with client:
        submit(client, form, text="bad")
        assert request.method == "POST"


def test_json_without_a_page_needs_no_second_pass(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app = app_with(create_todo)

    @app.before_request
    def note() -> None:
        log.append(request.method)

    client = app.test_client()
    form = open_form(client)
    submit(client, form, headers=SCRIPT, text="bad")
    assert log == ["GET", "POST", "function bad"]
