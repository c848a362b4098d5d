"""What a call made stale."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from flask import Flask, Response, url_for
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import BaseConverter, Map

from flask_serveractions import revalidate_path, revalidate_tag, revalidated
from flask_serveractions.shared.revalidation import Revalidated, revalidated_so_far
from tests.callers import SCRIPT, app_with, form_in, open_form, post_json


def stale(app: Flask, path: str, page: str) -> bool:
    """Whether revalidating a path makes a page stale."""
    with app.test_request_context():
        revalidate_path(path)
        return revalidated_so_far().concerns(page)


RULES = [
    "/todos/<int:todo_id>",
    "/<path:anything>",
    "/lists/<name>",
    "/sizes/<any(small, big):size>",
    "/b/<int(min=1):n>/",
]


def app_of_rules(*rules: str, **converters: Any) -> Flask:
    app = app_with()
    app.url_map.converters.update(converters)
    for number, rule in enumerate(rules):
        app.add_url_rule(rule, f"page{number}", lambda **_: "")
    return app


APP = app_of_rules(*RULES)


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
        ("/lists/<name>", "/lists/%3Cname%3E"),
        ("/lists/%3Cname%3E", "/lists/%3Cname%3E"),
        ("/lists/100%25", "/lists/100%25"),
        ("/todos#first?", "/todos"),
        ("/todos?text=<b>", "/todos"),
        ("/todos/<int:todo_id>?done=<b>", "/todos/7"),
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
        ("/todos/%3Cint:todo_id%3E", "/todos/7"),
        ("/%3Cpath:anything%3E", "/todos"),
        ("/lists/%3Cname%3E", "/lists/milk"),
        ("/lists/%253Cname%253E", "/lists/%3Cname%3E"),
        ("/lists/100%2525", "/lists/100%25"),
    ],
)
def test_another_page_stays_as_it_is(path: str, page: str) -> None:
    assert not stale(APP, path, page)


class Even(BaseConverter):
    regex = "[0-9]*[02468]"

    def to_python(self, value: str) -> Any:
        raise LookupError("no database here")


class Regex(BaseConverter):
    """The converter that many apps have."""

    def __init__(self, url_map: Map, *items: str) -> None:
        super().__init__(url_map)
        self.regex = items[0]


def test_a_rule_may_use_the_apps_own_converters_which_are_asked_for_their_pattern_alone() -> None:
    app = app_of_rules("/todos/<even:number>", even=Even)
    assert stale(app, "/todos/<even:number>", "/todos/8")
    assert stale(app, "/todos/<even:n>", "/todos/8")
    assert not stale(app, "/todos/<even:number>", "/todos/7")


@pytest.mark.parametrize(
    "spelling",
    [
        "/todos/<int:id>",
        "/todos/<int():todo_id>",
        "/todos/<int(signed=False, fixed_digits=0):todo_id>",
        "/todos/<int(0,None):todo_id>",
        "/todos/< int : todo_id >",
    ],
)
def test_a_rule_may_be_spelled_otherwise(spelling: str) -> None:
    assert stale(APP, spelling, "/todos/7")
    with APP.test_request_context():
        revalidate_path(spelling)
        revalidate_path("/todos/<int:todo_id>")
        assert revalidated_so_far().paths == ["/todos/<int:todo_id>"]


@pytest.mark.parametrize(
    ("spelling", "page"),
    [
        ("/lists/<string:n>", "/lists/milk"),
        ("/lists/<default(minlength=1):n>", "/lists/milk"),
        ("/sizes/<any(small,big):size>", "/sizes/big"),
        ("/sizes/<any('small',\t\"big\"):s>", "/sizes/big"),
        ("/b/<int( min = 1 ):other>/", "/b/3/"),
        ("/%62/<int(min=1):n>/", "/b/3/"),
    ],
)
def test_arguments_of_converters_may_be_spelled_otherwise(spelling: str, page: str) -> None:
    assert stale(APP, spelling, page)


@pytest.mark.parametrize(
    "rule",
    [
        "/todos/<int:todo",
        "/todos/<odd:todo>",
        "/todos/<todo_id>",
        "/todos/<int(min=5):todo_id>",
        "/todos/<int(min=5:todo_id>",
        "/todos/<int(1,2,3,4,5,6):todo_id>",
        "/todos/<int(nothing=1):todo_id>",
        "/todos/<int:todo_id>/",
        "/sizes/<any(big, small):size>",
        "/b/<int(min=1):n>",
        "/x/<path:anything>",
        "/<any>",
        "/<b>",
        "/a<b",
        "/C<T>",
        "/<",
        "/<>",
        "/<int:>",
        "/<:x>",
        "/<regex('(a+)+'):x>",
    ],
)
def test_a_rule_that_the_app_does_not_have_is_an_error_that_names_those_it_has(rule: str) -> None:
    with APP.test_request_context():
        with pytest.raises(ValueError, match=re.escape(repr(rule)) + ".* url_for"):
            revalidate_path(rule)
        assert revalidated_so_far().paths == []
    with APP.test_request_context(), pytest.raises(ValueError, match="'/todos/<int:todo_id>'"):
        revalidate_path("/todos/<odd:todo>")


def test_a_rule_that_was_added_later_is_known() -> None:
    app = app_of_rules("/a/<x>")
    assert not stale(app, "/a/<x>", "/b/1")
    app.add_url_rule("/b/<x>", "later", lambda x: "")
    assert stale(app, "/b/<x>", "/b/1")


HOSTILE = [
    "a<b",
    "<name>",
    "<any>",
    "<path:all>",
    "<nosuch:x>",
    "<b>",
    "<int:x",
    "C<T>",
    "%3Cname%3E",
    "100%",
    "a?b",
    "a#b",
]
HOSTILE += ["a;b", "a&b=c", " ", "\N{EURO SIGN}", "../x", "<regex('(a+)+'):x>", "'", '"', "\\", "%2525", "a//b", "."]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_url_for_made_is_a_path_whatever_is_in_it(name: str) -> None:
    app = app_of_rules("/tag/<name>", "/wide/<path:name>", "/tag/<int:number>", regex=Regex)
    with app.test_request_context():
        for endpoint in ("page0", "page1"):
            if endpoint == "page0" and "/" in name:
                continue
            url = url_for(endpoint, name=name)
            revalidated = Revalidated()
            revalidate_path(url)
            revalidated.paths += revalidated_so_far().paths[-1:]
            assert revalidated.concerns(url)
            assert not revalidated.concerns("/tag/milk")
            assert not revalidated.concerns("/wide/milk")
            assert not revalidated.concerns("/tag/7")


@given(name=st.text(min_size=1))
def test_no_text_in_what_url_for_made_is_an_error_or_another_page(name: str) -> None:
    app = APP
    with app.test_request_context():
        url = url_for("page1", anything=name)
        revalidate_path(url)
        assert revalidated_so_far().concerns(url)
        assert not revalidated_so_far().concerns("/milk/honey")


@pytest.mark.parametrize(
    "rule",
    [
        "/<" * 50_000,
        "/<a(" * 50_000,
        "/<int(" + "a" * 100_000,
        "/<int(" + "a " * 1000,
        "/<int(" + "'" * 1001,
        "/<int(" + "\"'" * 900,
        "/todos/<int(" + "1," * 900 + "):x>",
        "/todos/<int(" + "9" * 1900 + "):x>",
        "/todos/< " + " " * 1900 + "x",
        "/" + "<int:x>" * 280,
    ],
)
def test_no_text_takes_long(rule: str) -> None:
    with APP.test_request_context():
        began = time.process_time()
        with pytest.raises(ValueError, match="no such URL rule") as caught:
            revalidate_path(rule)
        assert time.process_time() - began < 1
        assert len(str(caught.value)) < 1000


def test_no_text_is_run_as_a_pattern() -> None:
    app = app_of_rules("/tag/<name>", "/r/<regex('[a-z]+'):x>", regex=Regex)
    with app.test_request_context():
        revalidate_path(url_for("page0", name="<regex('(a+)+'):x>"))
        began = time.process_time()
        assert not revalidated_so_far().concerns("/tag/" + "a" * 30 + "!")
        assert time.process_time() - began < 1
        revalidate_path('/r/<regex("[a-z]+"):y>')
        assert revalidated_so_far().concerns("/r/milk")


def test_any_tag_makes_any_page_stale() -> None:
    assert Revalidated(tags=["todos"]).concerns("/elsewhere")
    assert not Revalidated().concerns("/elsewhere")


@pytest.mark.parametrize("path", ["", "todos", "http://localhost/todos", None, 7])
def test_what_is_no_path_is_a_value_error_that_says_how_to_mend_it(path: Any) -> None:
    with APP.test_request_context(), pytest.raises(ValueError, match="url_for"):
        revalidate_path(path)


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
