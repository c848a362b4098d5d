from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired
from werkzeug.http import parse_etags

from flask_serveractions.http.conditional import (
    EntityTags,
    answer_conditionally,
    check_preconditions,
    entity_tag,
    has_conditions,
    is_not_modified,
    parse_entity_tags,
)

MALFORMED = [
    "",
    ",",
    "abc",
    '"abc',
    'abc"',
    '"a" "b"',
    '*, "a"',
    '"a", *',
    'w/"a"',
    'W/ "a"',
    '"a";',
    "W/*",
    '"a\x00"',
    '"a b"',
]


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ('"a"', {'"a"'}),
        ('W/"a"', {'W/"a"'}),
        ('"a","b"', {'"a"', '"b"'}),
        (' ,, "a" ,\t, W/"b", ', {'"a"', 'W/"b"'}),
        ('""', {'""'}),
        ('"a,b", "W/c"', {'"a,b"', '"W/c"'}),
        ('"\xe4"', {'"\xe4"'}),
    ],
)
def test_a_list_of_entity_tags_is_read_as_the_rfc_writes_it(header: str, tags: set[str]) -> None:
    assert parse_entity_tags(header) == EntityTags(frozenset(tags))


@pytest.mark.parametrize("header", MALFORMED)
def test_a_malformed_header_names_nothing(header: str) -> None:
    assert parse_entity_tags(header) is None


@given(st.one_of(st.text(max_size=30), st.text('W/"*, \tab', max_size=30)))
def test_no_header_crashes_and_what_is_read_werkzeug_reads_too(header: str) -> None:
    named = parse_entity_tags(header)
    is_not_modified("GET", header, '"a"')
    for conditions in ((header, None), (None, header)):
        try:
            check_preconditions("PUT", *conditions, '"a"')
        except PreconditionFailed:
            continue
    if named is None or named.anything:
        return
    # None, where it is empty; what stands around a header is no part of it
    theirs = {tag or "" for tag in parse_etags(header.strip(" \t")).as_set(include_weak=False)}
    assert {tag[1:-1] for tag in named.tags if not tag.startswith("W/")} == theirs


@pytest.mark.parametrize(
    ("header", "current", "strongly", "weakly"),
    [  # RFC 9110, 8.8.3.2
        ('W/"1"', 'W/"1"', False, True),
        ('W/"1"', 'W/"2"', False, False),
        ('W/"1"', '"1"', False, True),
        ('"1"', 'W/"1"', False, True),
        ('"1"', '"1"', True, True),
        ('"0", "1"', '"1"', True, True),
        ("*", '"1"', True, True),
        ("*", 'W/"1"', True, True),
        ("*", None, False, False),
        ('"1"', None, False, False),
    ],
)
def test_tags_are_compared_as_the_rfc_compares_them(
    header: str, current: str | None, strongly: bool, weakly: bool
) -> None:
    named = parse_entity_tags(header)
    assert named is not None
    assert (named.strongly_match(current), named.weakly_match(current)) == (strongly, weakly)


def test_the_same_bytes_have_the_same_tag_and_others_another() -> None:
    assert entity_tag(b"a") == entity_tag(b"a") != entity_tag(b"b")
    assert parse_entity_tags(entity_tag(b"a")) == EntityTags(frozenset({entity_tag(b"a")}))


def test_only_reading_is_spared() -> None:
    assert is_not_modified("GET", 'W/"1"', '"1"')
    assert is_not_modified("HEAD", "*", '"1"')
    assert not is_not_modified("PUT", '"1"', '"1"')
    assert not is_not_modified("GET", None, '"1"')
    assert not is_not_modified("GET", "malformed", '"1"')


@pytest.mark.parametrize("if_match", ['"2"', 'W/"1"', "malformed", ""])
def test_a_change_to_something_else_is_refused(if_match: str) -> None:
    with pytest.raises(PreconditionFailed):
        check_preconditions("PUT", if_match, None, '"1"')


@pytest.mark.parametrize("if_match", ["*", '"1"'])
def test_a_change_to_what_is_gone_is_refused(if_match: str) -> None:
    with pytest.raises(PreconditionFailed):
        check_preconditions("DELETE", if_match, None, None)


def test_a_change_to_what_was_read_is_let_through() -> None:
    for if_match in ('"1"', '"0", "1"', "*"):
        check_preconditions("PATCH", if_match, None, '"1"', required=True)
    check_preconditions("PATCH", None, None, '"1"')


def test_a_change_without_conditions_is_refused_where_they_are_required() -> None:
    with pytest.raises(PreconditionRequired):
        check_preconditions("PUT", None, None, '"1"', required=True)
    with pytest.raises(PreconditionRequired):  # any tag but the current one would let a lost update pass
        check_preconditions("PUT", None, '"guessed"', '"1"', required=True)


def test_what_must_be_new_replaces_nothing() -> None:
    check_preconditions("PUT", None, "*", None, required=True)
    for if_none_match in ("*", '"1"', 'W/"1"', "malformed"):
        with pytest.raises(PreconditionFailed):
            check_preconditions("PUT", None, if_none_match, '"1"')
    check_preconditions("PUT", None, '"2"', '"1"')


def test_if_match_is_asked_before_if_none_match() -> None:
    with pytest.raises(PreconditionFailed, match="has changed"):
        check_preconditions("PUT", '"2"', '"1"', '"1"')


def test_a_change_has_conditions_where_either_header_is_there() -> None:
    assert has_conditions("", None)
    assert has_conditions(None, "*")
    assert not has_conditions(None, None)


def parts() -> Iterator[str]:
    yield "part"


ANSWERS: dict[str, Callable[[], Response]] = {
    "todos": lambda: Response("[1, 2]", headers=KEPT | DROPPED, mimetype="application/json"),
    "own": lambda: Response("own", headers={"ETag": 'W/"v1"'}),
    "stream": lambda: Response(parts()),
    "created": lambda: Response("made", status=201),
}
KEPT = {"Vary": "Accept", "Cache-Control": "no-cache", "Content-Location": "/todos"}
DROPPED = {"Content-Language": "en"}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)

    @app.get("/<name>")
    def answer(name: str) -> Response:
        response, headers = ANSWERS[name](), request.headers
        answer_conditionally(response, request.method, headers.get("If-None-Match"), headers.get("If-Match"))
        return response

    return app.test_client()


def test_an_answer_that_the_caller_has_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/todos")
    again = client.get("/todos", headers={"If-None-Match": f'"other", {first.headers["ETag"]}'})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert "Content-Type" not in again.headers
    assert "Content-Language" not in again.headers
    assert "Content-Length" not in again.headers
    for name in ("ETag", *KEPT):
        assert again.headers[name] == first.headers[name]


def test_head_has_the_tag_of_get(client: FlaskClient) -> None:
    tag = client.get("/todos").headers["ETag"]
    assert client.head("/todos").headers["ETag"] == tag
    assert client.head("/todos", headers={"If-None-Match": tag}).status_code == 304


def test_an_answer_that_has_changed_is_sent(client: FlaskClient) -> None:
    assert client.get("/todos", headers={"If-None-Match": '"old"'}).json == [1, 2]


def test_reading_one_certain_state_fails_where_there_is_another(client: FlaskClient) -> None:
    assert client.get("/todos", headers={"If-Match": '"old"'}).status_code == 412
    assert client.get("/todos", headers={"If-Match": client.get("/todos").headers["ETag"]}).status_code == 200


def test_an_application_s_own_tag_stays(client: FlaskClient) -> None:
    assert client.get("/own").headers["ETag"] == 'W/"v1"'
    assert client.get("/own", headers={"If-None-Match": '"v1"'}).status_code == 304


@pytest.mark.parametrize("path", ["/stream", "/created"])
def test_streams_and_other_statuses_have_no_tag(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"If-None-Match": "*"})
    assert response.status_code != 304
    assert "ETag" not in response.headers
