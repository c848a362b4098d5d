"""The connection that says which of a page's tags are stale: to whom, when, and to how many."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, request, session
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flask_serveractions import Progress, public, revalidate_tag
from flask_serveractions.app_state import state_of
from tests.callers import app_with, extension_of, form_in, open_form, post_json
from tests.stores_processes import PROMPT, eventually

pytest_plugins = ["tests.stores_fixtures"]

TEMPLATE = """{% call region("todos", live=("todos", "people")) %}{{ session.get("name") }}{% endcall %}
{% for name in names %}{% call action_form(name) %}{% endcall %}{% endfor %}"""


@public
def change() -> None:
    revalidate_tag("todos")


def app_of(store_url: str, *functions: Callable[..., Any], **config: Any) -> Flask:
    return app_with(change, *functions, page=TEMPLATE, SERVERACTIONS_STORE_URL=store_url, **config)


@pytest.fixture
def app(sqlite_url: str) -> Flask:
    app = app_of(sqlite_url)

    @app.get("/sign-in/<name>")
    def sign_in(name: str) -> str:
        session["name"] = name
        return ""

    @app.get("/sign-out")
    def sign_out() -> str:
        session.clear()
        return ""

    extension_of(app).auth_hook(lambda operation: session.get("name"))
    return app


def live_url(page: str) -> str:
    topic, since = re.findall('data-live="(.*?)" data-since="(.*?)"', page)[0]
    return f"/_actions/-/live?topic={topic}&since={since}"


def call(client: FlaskClient, page: Any) -> None:
    assert post_json(client, form_in(page)).status_code == 200


def test_an_answer_is_a_stream_of_events_that_nobody_keeps(app: Flask) -> None:
    client = app.test_client()
    answer = client.get(live_url(client.get("/").text))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert re.fullmatch(r"retry: \d+\n(id: [\w-]+\n)?:?\n*", answer.text)


def test_it_says_which_tags_are_stale_and_never_what_they_hold(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/")
    call(client, page)
    answer = client.get(live_url(page.text)).text
    assert 'event: stale\ndata: {"tags": ["todos"]}\n\n' in answer
    assert "None" not in answer


def test_the_page_of_the_answer_is_as_new_as_the_event(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/")
    fresh = post_json(client, form_in(page), {"Accept": "application/json", "Prefer": "return=representation"})
    assert "event:" not in client.get(live_url(fresh.json["page"])).text


def test_last_event_id_wins_over_the_page_s(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/")
    call(client, page)
    url = live_url(page.text)
    last = re.findall("^id: (.*)$", client.get(url).text, re.MULTILINE)[0]
    assert "event:" not in client.get(url, headers={"Last-Event-ID": last}).text
    call(client, page)
    assert "event: stale" in client.get(url, headers={"Last-Event-ID": last}).text


def test_what_a_function_revalidates_is_told_when_it_is_over(sqlite_url: str) -> None:
    told: list[str] = []

    def looking() -> None:
        revalidate_tag("todos")
        told.append(app.test_client().get("/known").text)

    def steps() -> Any:
        revalidate_tag("todos")
        yield Progress(1)
        told.append(app.test_client().get("/known").text)

    app = app_of(sqlite_url, looking, steps)

    @app.get("/known")
    def known() -> str:
        state = state_of(app)
        return str(state.store.generations(["live:todos"]).numbers["live:todos"])

    client = app.test_client()
    for name in ("looking", "steps"):
        before = client.get("/known").text
        post_json(client, open_form(client, name))
        assert told[-1:] == [before]
        assert client.get("/known").text > before


@pytest.mark.parametrize("change_url", ["", "x", "?"])
def test_a_topic_that_was_tampered_with_is_told_to_renew(app: Flask, change_url: str) -> None:
    client = app.test_client()
    url = live_url(client.get("/").text)
    for void in (
        "/_actions/-/live",
        "/_actions/-/live?topic=",
        url.replace("topic=", "topic=x"),
        f"{url}&topic={change_url}",
    ):
        answer = client.get(void)
        assert (answer.status_code, answer.text) == (200, "retry: 30000\nevent: renew\ndata: {}\n\n")


def test_a_topic_is_good_for_one_visitor_alone(app: Flask) -> None:
    url = live_url(app.test_client().get("/").text)
    stranger = app.test_client()
    assert "renew" in stranger.get(url).text
    stranger.get("/")
    assert "renew" in stranger.get(url).text


@pytest.mark.parametrize("path", ["/sign-in/other", "/sign-out"])
def test_who_is_somebody_else_by_now_is_told_to_renew(app: Flask, path: str) -> None:
    client = app.test_client()
    client.get("/sign-in/she")
    page = client.get("/").text
    assert "renew" not in client.get(live_url(page)).text
    client.get(path)
    assert "renew" in client.get(live_url(page)).text
    assert "renew" not in client.get(live_url(client.get("/").text)).text


def test_where_nothing_is_bound_to_sessions_a_topic_is_not_either(sqlite_url: str) -> None:
    app = app_of(sqlite_url, SERVERACTIONS_BIND_SESSION=False)
    url = live_url(app.test_client().get("/").text)
    assert "renew" not in app.test_client().get(url).text


def test_who_can_not_be_told_from_others_is_told_to_renew(sqlite_url: str) -> None:
    app = app_of(sqlite_url)

    @app.get("/change-session")
    def change_session() -> str:
        session["other"] = 1
        return ""

    extension_of(app).auth_hook(lambda operation: object() if session.get("other") else None)
    client = app.test_client()
    url = live_url(client.get("/").text)
    client.get("/change-session")
    assert "renew" in client.get(url).text


def test_a_page_of_before_a_rotated_key_is_good_and_of_a_lost_key_void(app: Flask) -> None:
    client = app.test_client()
    url = live_url(client.get("/").text)
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["of the tests"])
    assert "renew" not in client.get(url).text
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert "renew" in client.get(url).text


def test_several_topics_are_one_connection(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/")
    url = live_url(page.text)
    call(client, page)
    topic = re.findall("topic=(.*?)&", url)[0]
    assert client.get(f"{url}&topic={topic}").text.count('{"tags": ["todos"]}') == 1


def test_it_never_sends_a_cookie(app: Flask) -> None:
    @app.after_request
    def with_cookie(response: Any) -> Any:
        response.set_cookie("seen", "1")
        return response

    client = app.test_client()
    client.get("/")
    with client.session_transaction() as stored:
        stored.permanent = True  # refreshed by each answer
    url = live_url(client.get("/").text)
    assert "Set-Cookie" in client.get("/").headers
    for address in (url, "/_actions/-/live?topic=void"):
        assert "Set-Cookie" not in client.get(address).headers


def test_a_worker_without_threads_answers_at_once(app: Flask) -> None:
    client = app.test_client()  # which says that it has none
    began = time.monotonic()
    client.get(live_url(client.get("/").text)).close()
    assert time.monotonic() - began < PROMPT


def threaded(client: FlaskClient, url: str, headers: Mapping[str, str] = {}) -> Any:
    """Return the chunks of an answer from a server with threads."""
    cookie = client.get_cookie("session")
    cookies = {"Cookie": f"session={cookie.value}"} if cookie else {}
    environ = EnvironBuilder(url, headers={**cookies, **headers}, multithread=True).get_environ()
    return run_wsgi_app(client.application.wsgi_app, environ, buffered=False)[0]


def test_the_request_is_over_before_the_first_wait(app: Flask) -> None:
    torn_down = threading.Event()

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        if g.get("is_live"):
            torn_down.set()

    @app.before_request
    def begin() -> None:
        g.is_live = request.endpoint == "actions.-live"

    client = app.test_client()
    url = live_url(client.get("/").text)
    chunks = threaded(client, url)
    next(iter(chunks))
    assert torn_down.is_set()
    chunks.close()


def test_a_server_with_threads_holds_as_many_as_are_set(sqlite_url: str) -> None:
    app = app_of(sqlite_url, SERVERACTIONS_LIVE_STREAMS=2)
    client = app.test_client()
    url = live_url(client.get("/").text)
    held = [iter(threaded(client, url)) for _ in range(2)]
    for each in held:
        assert next(each).startswith(b"retry: 1000\n")
    assert len(list(threaded(client, url))) == 1
    for each in held:
        each.close()  # type: ignore[attr-defined]
    assert state_of(app).live.slots.taken == {}


def test_the_windows_of_a_browser_share_two(sqlite_url: str) -> None:
    app = app_of(sqlite_url, SERVERACTIONS_LIVE_STREAMS=9)
    clients = [app.test_client() for _ in range(2)]
    urls = [live_url(client.get("/").text) for client in clients]
    windows = 4 * list(zip(clients, urls, strict=True))
    held = [iter(threaded(client, url, {"Sec-Fetch-Site": "same-origin"})) for client, url in windows]
    for each in held:
        next(each)
    assert len(state_of(app).live.slots.taken) == 4
    for each in held:
        each.close()  # type: ignore[attr-defined]


def test_browsers_that_nobody_can_tell_apart_are_no_one_browser(sqlite_url: str) -> None:
    app = app_of(sqlite_url, SERVERACTIONS_LIVE_STREAMS=9, SERVERACTIONS_BIND_SESSION=False)
    client = app.test_client()
    url = live_url(client.get("/").text)
    held = [iter(threaded(client, url, {"Sec-Fetch-Site": "same-origin"})) for _ in range(4)]
    for each in held:
        next(each)
    assert len(state_of(app).live.slots.taken) == 4
    for each in held:
        each.close()  # type: ignore[attr-defined]


def test_who_asks_without_end_keeps_another_visitor_waiting_no_longer(sqlite_url: str) -> None:
    app = app_of(sqlite_url)
    hers, his = (app.test_client() for _ in range(2))
    urls = {client: live_url(client.get("/").text) for client in (hers, his)}
    for _ in range(100):
        hers.get(urls[hers])
    (waiting,) = re.findall(r"retry: (\d+)", his.get(urls[his]).text)
    assert int(waiting) < 1500


def test_500_connections_leave_nothing_behind(sqlite_url: str) -> None:
    app = app_of(sqlite_url, SERVERACTIONS_LIVE_STREAMS=400)
    client = app.test_client()
    url = live_url(client.get("/").text)
    connections = [iter(threaded(client, url)) for _ in range(500)]
    for each in connections:
        next(each)
    live = state_of(app).live
    assert len(live.slots.taken) == 400
    for each in connections:
        each.close()  # type: ignore[attr-defined]
    assert (live.slots.taken, live.watcher.names) == ({}, {})
    eventually(lambda: live.watcher.thread is None)


def test_a_store_that_is_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    app = app_of(f"sqlite:///{tmp_path}/file/state.sqlite3")
    client = app.test_client()
    answer = client.get(live_url(client.get("/").text))
    assert answer.status_code == 200
    assert re.fullmatch(r"retry: \d+\n:\n\n", answer.text)


def test_head_holds_nothing(app: Flask) -> None:
    client = app.test_client()
    url = live_url(client.get("/").text)
    assert client.head(url).status_code == 200
    assert state_of(app).live.slots.taken == {}


def test_a_store_that_is_locked_leaves_pages_usable_and_tells_later(sqlite_url: str) -> None:
    app = app_of(sqlite_url)
    client = app.test_client()
    page = client.get("/")
    url = live_url(page.text)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        call(client, page)
        assert client.get("/").status_code == 200
        assert "event:" not in client.get(url).text
        other.execute("ROLLBACK")
    eventually(lambda: "event: stale" in client.get(url).text)
