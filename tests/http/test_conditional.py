from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from flask import Flask, Response, request, send_file
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired
from werkzeug.http import parse_etags

from flask_serveractions.http.conditional import (
    Conditions,
    Current,
    EntityTags,
    answer_conditionally,
    check_preconditions,
    entity_tag,
    is_not_modified,
    parse_entity_tags,
)

BEFORE, SAME, LATER = (f"{day} 2007 23:21:47 GMT" for day in ("Sat, 20 Oct", "Sun, 21 Oct", "Mon, 22 Oct"))
HERE = Current(exists=True, tag='"1"', last_modified=SAME)
NOTHING = Current()

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
    is_not_modified("GET", Conditions(if_none_match=header), HERE)
    dates = {"if_modified_since": header, "if_unmodified_since": header}
    is_not_modified("GET", Conditions(**dates), HERE)
    for conditions in (Conditions(header), Conditions(None, header), Conditions(**dates)):
        try:
            check_preconditions("PUT", conditions, HERE)
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
        ("*", None, True, True),  # there is something, of which no tag is known
        ('"1"', None, False, False),
        ('"1:gzip"', '"1"', True, True),  # Flask-Compress
        ('"1:zstd"', '"1"', True, True),
        ('"1-gzip"', '"1"', True, True),  # Apache
        ('W/"1:br"', '"1"', False, True),
        ('"1:gzip"', '"1:gzip"', True, True),
        ('"1"', '"1:gzip"', False, False),
        ('"2:gzip"', '"1"', False, False),
        ('"1gzip"', '"1"', False, False),
    ],
)
def test_tags_are_compared_as_the_rfc_compares_them(
    header: str, current: str | None, strongly: bool, weakly: bool
) -> None:
    named = parse_entity_tags(header)
    assert named is not None
    here = Current(exists=True, tag=current)
    assert (named.strongly_match(here), named.weakly_match(here)) == (strongly, weakly)


@pytest.mark.parametrize("header", ["*", '"1"', 'W/"1"'])
def test_nothing_matches_what_is_not_there(header: str) -> None:
    named = parse_entity_tags(header)
    assert named is not None
    assert not named.strongly_match(NOTHING)
    assert not named.weakly_match(NOTHING)


def test_the_same_bytes_have_the_same_tag_and_others_another() -> None:
    assert entity_tag(b"a") == entity_tag(b"a") != entity_tag(b"b")
    assert parse_entity_tags(entity_tag(b"a")) == EntityTags(frozenset({entity_tag(b"a")}))


@pytest.mark.parametrize(
    ("method", "tags", "date", "spared"),
    [
        ("GET", 'W/"1"', None, True),
        ("HEAD", "*", None, True),
        ("PUT", '"1"', None, False),
        ("GET", None, None, False),
        ("GET", "malformed", None, False),
        ("GET", None, SAME, True),
        ("HEAD", None, SAME, True),
        ("GET", None, LATER, True),
        ("GET", None, BEFORE, False),
        ("GET", None, "Sunday, 21-Oct-07 23:21:47 GMT", True),  # RFC 850's
        ("GET", None, "Sun Oct 21 23:21:47 2007", True),  # asctime's
        ("GET", None, "Mon, 32 Oct 2010 16:56:23 GMT", False),
        ("GET", None, "", False),
        ("PUT", None, SAME, False),
        ("GET", '"2"', SAME, False),  # the tag decides (RFC 9110, 13.1.3)
        ("GET", '"1"', BEFORE, True),
    ],
)
def test_who_has_it_already_is_spared_it(method: str, tags: str | None, date: str | None, spared: bool) -> None:
    conditions = Conditions(if_none_match=tags, if_modified_since=date)
    assert is_not_modified(method, conditions, HERE) is spared


def test_a_date_says_nothing_of_what_has_none() -> None:
    undated = Current(exists=True, tag='"1"')
    assert not is_not_modified("GET", Conditions(if_modified_since=LATER), undated)
    check_preconditions("PUT", Conditions(if_unmodified_since=BEFORE), undated)
    check_preconditions("PUT", Conditions(if_unmodified_since=BEFORE), NOTHING)


@pytest.mark.parametrize("if_match", ['"2"', 'W/"1"', "malformed", ""])
def test_a_change_to_something_else_is_refused(if_match: str) -> None:
    with pytest.raises(PreconditionFailed):
        check_preconditions("PUT", Conditions(if_match), HERE)


@pytest.mark.parametrize("if_match", ["*", '"1"'])
def test_a_change_to_what_is_gone_is_refused(if_match: str) -> None:
    with pytest.raises(PreconditionFailed):
        check_preconditions("DELETE", Conditions(if_match), NOTHING)


def test_a_change_to_what_was_read_is_let_through() -> None:
    for if_match in ('"1"', '"0", "1"', "*"):
        check_preconditions("PATCH", Conditions(if_match), HERE, required=True)
    check_preconditions("PATCH", Conditions(), HERE)


@pytest.mark.parametrize(
    ("tags", "date", "made"),
    [
        (None, SAME, True),
        (None, LATER, True),
        (None, BEFORE, False),
        (None, "no date", True),
        ('"1"', BEFORE, True),  # RFC 9110, 13.1.4: with If-Match the date is ignored
        ('"2"', LATER, False),
    ],
)
def test_a_change_may_depend_on_a_date(tags: str | None, date: str, made: bool) -> None:
    conditions = Conditions(if_match=tags, if_unmodified_since=date)
    for method in ("PUT", "PATCH", "DELETE"):
        if made:
            check_preconditions(method, conditions, HERE)
        else:
            with pytest.raises(PreconditionFailed):
                check_preconditions(method, conditions, HERE)


def test_a_change_without_conditions_is_refused_where_they_are_required() -> None:
    # any tag but the current one would let a lost update pass, and a second is too long for a date
    for conditions in (Conditions(), Conditions(None, '"guessed"'), Conditions(if_unmodified_since=SAME)):
        with pytest.raises(PreconditionRequired):
            check_preconditions("PUT", conditions, HERE, required=True)


@pytest.mark.parametrize(
    ("tags", "current", "detail"),
    [
        ('"2"', HERE, "This has changed since it was read."),
        ("1", HERE, "with its quotes"),
        ("", HERE, "with its quotes"),
        ("*", NOTHING, "There is nothing here."),
        ('"1"', NOTHING, "There is nothing here."),
        ('W/"1"', HERE, "The entity tag is weak"),
    ],
)
def test_what_fails_says_what_would_help(tags: str, current: Current, detail: str) -> None:
    with pytest.raises(PreconditionFailed, match=detail):
        check_preconditions("PUT", Conditions(tags), current)


def test_what_must_be_new_replaces_nothing() -> None:
    check_preconditions("PUT", Conditions(None, "*"), NOTHING, required=True)
    for if_none_match in ("*", '"1"', 'W/"1"', "malformed"):
        with pytest.raises(PreconditionFailed):
            check_preconditions("PUT", Conditions(None, if_none_match), HERE)
    check_preconditions("PUT", Conditions(None, '"2"'), HERE)


def test_conditions_are_asked_in_the_order_of_the_rfc() -> None:
    """RFC 9110, 13.2.2: ``If-Match``, else ``If-Unmodified-Since``, then ``If-None-Match``."""
    for first in (Conditions('"2"', '"1"'), Conditions(None, '"1"', None, BEFORE)):
        with pytest.raises(PreconditionFailed, match="has changed"):
            check_preconditions("PUT", first, HERE)
    with pytest.raises(PreconditionFailed, match="exists already"):
        check_preconditions("PUT", Conditions('"1"', '"1"', None, BEFORE), HERE)


@pytest.mark.parametrize(
    ("tags", "current", "reason"),
    [
        ('"2"', HERE, "has changed"),
        ('W/"1"', HERE, "weak"),
        ('W/"1:gzip"', HERE, "weak"),
        ('"2"', Current(exists=True, tag='"1"', is_page=True), "page of the list"),
    ],
)
def test_a_refusal_says_why_where_reading_again_would_not_help(tags: str, current: Current, reason: str) -> None:
    with pytest.raises(PreconditionFailed, match=reason):
        check_preconditions("PUT", Conditions(tags), current)


def test_a_change_has_conditions_where_one_of_three_headers_is_there() -> None:
    assert Conditions("").concern_change()
    assert Conditions(None, "*").concern_change()
    assert Conditions(if_unmodified_since=SAME).concern_change()
    assert not Conditions(if_modified_since=SAME).concern_change()
    assert not Conditions().concern_change()


def parts() -> Iterator[str]:
    yield "part"


ANSWERS: dict[str, Callable[[], Response]] = {
    "todos": lambda: Response("[1, 2]", headers=KEPT | DROPPED, mimetype="application/json"),
    "own": lambda: Response("own", headers={"ETag": 'W/"v1"'}),
    "stream": lambda: Response(parts()),
    "dated stream": lambda: Response(parts(), headers={"Last-Modified": SAME}),
    "file": lambda: send_file(BytesIO(b"0123456789"), mimetype="text/plain", etag="v1", conditional=True),
    "created": lambda: Response("made", status=201),
}
KEPT = {"Vary": "Accept", "Cache-Control": "no-cache", "Content-Location": "/todos"}
DROPPED = {"Content-Language": "en"}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)

    @app.get("/<name>")
    def answer(name: str) -> Response:
        response = ANSWERS[name]()
        answer_conditionally(response, request.method, Conditions.of(request.environ))
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


def test_a_stream_with_a_date_is_sent_to_who_has_not_got_it(client: FlaskClient) -> None:
    assert client.get("/dated stream", headers={"If-Modified-Since": BEFORE}).data == b"part"
    again = client.get("/dated stream", headers={"If-Modified-Since": SAME})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/dated stream", headers={"If-Unmodified-Since": BEFORE}).status_code == 412


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 206),
        ({"If-Match": '"v1"'}, 206),
        ({"If-None-Match": '"v2"'}, 206),
        ({"If-Range": '"v2"'}, 200),
        ({"If-None-Match": 'W/"v1"'}, 304),
        ({"If-Match": '"v2"'}, 412),
    ],
)
def test_conditions_come_before_the_range_of_a_file(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    answer = client.get("/file", headers={"Range": "bytes=0-3", **headers})
    assert answer.status_code == status
    assert ("Content-Range" in answer.headers) == (status == 206)


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 99999999999999 Jan 2007 00:00:00 GMT",
        "Mon, 01 Jan 2007 00:00:00 +99999999999999999999",
    ],
)
def test_a_date_of_numbers_that_no_calendar_holds_is_ignored(date: str) -> None:
    assert not is_not_modified("GET", Conditions(if_modified_since=date), HERE)
    check_preconditions("PUT", Conditions(if_unmodified_since=date), HERE)
