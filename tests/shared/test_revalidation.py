"""What a call made stale."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response, url_for
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_serveractions import revalidate_path, revalidate_tag, revalidated
from flask_serveractions.shared.revalidation import Revalidated, revalidated_so_far
from tests.callers import SCRIPT, app_with, form_in, open_form, post_json


def stale(app: Flask, path: str, page: str) -> bool:
    """Whether revalidating a path makes a page stale."""
    with app.test_request_context():
        revalidate_path(path)
        return revalidated_so_far().concerns(page)


APP = app_with()


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/todos", "/todos"),
        ("/todos", "/todos?sort=text"),
        ("/todos?sort=text", "/todos"),
        ("/todos?sort=text", "/todos?sort=date"),
        ("/todos/<int:todo_id>", "/todos/7"),
        ("/todos/<int:todo_id>", "/todos/7?sort=text"),
        ("/<path:anything>", "/todos/7/edit"),
        ("/caf\N{LATIN SMALL LETTER E WITH ACUTE}", "/caf%C3%A9"),
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/a b", "/a%20b"),
        ("/lists/<name>", "/lists/a%20b"),
        ("/", "/"),
    ],
)
def test_paths_match_without_their_query_and_a_rule_matches_all_its_paths(path: str, page: str) -> None:
    assert stale(APP, path, page)


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/todos", "/"),
        ("/todos", "/todos/7"),
        ("/todos", "/todosoup"),
        ("/todos/<int:todo_id>", "/todos/milk"),
        ("/todos/<int:todo_id>", "/todos/7/edit"),
        ("/todos/<int:todo_id>", "/todos"),
    ],
)
def test_another_page_stays_as_it_is(path: str, page: str) -> None:
    assert not stale(APP, path, page)


def test_a_rule_may_use_the_apps_own_converters() -> None:
    from werkzeug.routing import BaseConverter

    class Even(BaseConverter):
        regex = "[0-9]*[02468]"

    app = app_with()
    app.url_map.converters["even"] = Even
    assert stale(app, "/todos/<even:number>", "/todos/8")
    assert not stale(app, "/todos/<even:number>", "/todos/7")


def test_any_tag_makes_any_page_stale() -> None:
    assert Revalidated(tags=["todos"]).concerns("/elsewhere")
    assert not Revalidated().concerns("/elsewhere")


@pytest.mark.parametrize("path", ["", "todos", "http://localhost/todos", None, 7])
def test_what_is_no_path_is_a_value_error_that_says_how_to_mend_it(path: Any) -> None:
    with APP.test_request_context(), pytest.raises(ValueError, match="url_for"):
        revalidate_path(path)


def test_a_rule_that_does_not_parse_is_an_error_at_once() -> None:
    with APP.test_request_context():
        with pytest.raises(ValueError, match="todo"):
            revalidate_path("/todos/<int:todo")
        with pytest.raises(LookupError, match="odd"):
            revalidate_path("/todos/<odd:todo>")
        assert revalidated_so_far().paths == []


@pytest.mark.parametrize("tags", [(), ("",), (7,), ("todos", None), (["todos"],)])
def test_what_is_no_tag_is_a_value_error(tags: tuple[Any, ...]) -> None:
    with APP.test_request_context(), pytest.raises(ValueError, match="tag"):
        revalidate_tag(*tags)


@given(path=st.text().map("/{}".format), page=st.text().map("/{}".format))
def test_no_path_without_a_rule_is_an_error(path: str, page: str) -> None:
    with APP.test_request_context():
        if "<" not in path:
            revalidate_path(path)
        assert Revalidated(paths=["/x"]).concerns(page) in (True, False)


def test_each_path_and_tag_is_told_once_in_their_order() -> None:
    def act(text: str = "") -> None:
        revalidate_path("/b?x=1")
        revalidate_path("/a")
        revalidate_path("/b?y=2")
        revalidate_tag("two", "one")
        revalidate_tag("one", "three")

    client = app_with(act).test_client()
    answer = post_json(client, open_form(client))
    assert answer.json["revalidated"] == {"paths": ["/b", "/a"], "tags": ["two", "one", "three"]}


def test_one_call_is_told_nothing_of_another() -> None:
    def act(text: str = "") -> None:
        if text:
            revalidate_tag(text)

    client = app_with(act).test_client()
    form = open_form(client)
    assert post_json(client, form, text="todos").json["revalidated"]["tags"] == ["todos"]
    assert post_json(client, form).json["revalidated"]["tags"] == []


def test_a_mount_point_does_not_count() -> None:
    def act(by: str) -> None:
        revalidate_path(url_for("todos") if by == "url_for" else "/todos")

    app = app_with(act)
    app.wsgi_app = DispatcherMiddleware(Response("Nothing here", 404), {"/mount": app.wsgi_app})  # type: ignore[method-assign]
    client = app.test_client()
    form = form_in(client.get("/mount/todos"))
    for by in ("url_for", "path"):
        answer = post_json(client, form, headers=SCRIPT, by=by).json
        assert answer["revalidated"]["paths"] == ["/todos"]
        assert answer["page"] is not None


def test_the_signal_tells_what_was_revalidated() -> None:
    seen: list[Any] = []

    def note(sender: Flask, **told: Any) -> None:
        seen.append((sender, told))

    with revalidated.connected_to(note, APP), APP.test_request_context():
        revalidate_path("/todos?x=1")
        revalidate_tag("one", "two")
    assert seen == [(APP, {"paths": ("/todos",), "tags": ()}), (APP, {"paths": (), "tags": ("one", "two")})]


def test_it_works_outside_of_a_request_too() -> None:
    with APP.app_context():
        revalidate_tag("todos")
        assert revalidated_so_far().as_json() == {"paths": [], "tags": ["todos"]}
