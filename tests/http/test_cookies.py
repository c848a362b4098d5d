"""Cookies as the next request would carry them."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import dump_cookie, parse_cookie

from flask_serveractions.http.cookies import cookies_after, last_of_each

NAMES = st.sampled_from(["session", "theme", "cart"])
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=10)


def test_a_cookie_that_was_set_is_carried() -> None:
    assert cookies_after("a=1", ["b=2; Path=/"], "/todos") == "a=1; b=2"


def test_a_cookie_that_was_set_anew_is_carried_as_it_is_now() -> None:
    assert cookies_after("a=1; b=2", ["a=3; Path=/"], "/todos") == "b=2; a=3"


@pytest.mark.parametrize(
    "attribute",
    [
        "Max-Age=0",
        "Max-Age=-1",
        "max-age=0",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "expires=Thu, 01-Jan-1970 00:00:00 GMT",
    ],
)
def test_a_cookie_that_was_deleted_is_not_carried(attribute: str) -> None:
    assert cookies_after("a=1; b=2", [f"a=; {attribute}; Path=/"], "/todos") == "b=2"


@pytest.mark.parametrize(
    "attribute", ["Max-Age=60", "Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Max-Age=", "x"]
)
def test_a_cookie_that_lives_is_carried(attribute: str) -> None:
    assert cookies_after("", [f"a=1; {attribute}"], "/todos") == "a=1"


def test_a_date_that_nobody_can_read_says_nothing() -> None:
    assert cookies_after("", ["a=1; Expires=tomorrow"], "/") == "a=1"


@pytest.mark.parametrize(
    ("cookie_path", "path", "carried"),
    [
        ("/", "/todos", True),
        ("/todos", "/todos", True),
        ("/todos", "/todos/7", True),
        ("/todos/", "/todos/7", True),
        ("/todos", "/todosoup", False),
        ("/admin", "/todos", False),
    ],
)
def test_a_cookie_goes_to_its_own_path_alone(cookie_path: str, path: str, carried: bool) -> None:
    assert cookies_after("", [f"a=1; Path={cookie_path}"], path) == ("a=1" if carried else "")


def test_deleting_a_cookie_of_another_path_keeps_ours() -> None:
    assert cookies_after("a=1", ["a=; Max-Age=0; Path=/admin"], "/todos") == "a=1"


def test_the_last_of_several_wins() -> None:
    assert cookies_after("", ["a=1; Path=/", "a=2; Path=/"], "/") == "a=2"
    assert cookies_after("", ["a=1; Path=/", "a=; Max-Age=0; Path=/"], "/") == ""


def test_of_the_same_name_domain_and_path_only_the_last_is_sent() -> None:
    headers = ["a=1; Path=/", "b=1; Path=/", "a=2; Path=/", "a=3; Path=/admin", "a=4; Domain=example.org; Path=/"]
    assert last_of_each(headers) == [
        "b=1; Path=/",
        "a=2; Path=/",
        "a=3; Path=/admin",
        "a=4; Domain=example.org; Path=/",
    ]


@given(sent=st.dictionaries(NAMES, VALUES), then=st.lists(st.tuples(NAMES, VALUES | st.none()), max_size=5))
def test_what_werkzeug_sets_and_deletes_is_what_the_next_request_has(
    sent: dict[str, str], then: list[tuple[str, str | None]]
) -> None:
    expected = dict(sent)
    headers = []
    for name, value in then:
        expected.pop(name, None)
        if value is None:
            headers.append(dump_cookie(name, "", max_age=0, expires=0))
        else:
            expected[name] = value
            headers.append(dump_cookie(name, value))
    pairs = "; ".join(dump_cookie(name, value, path=None) for name, value in sent.items())
    assert dict(parse_cookie(cookies_after(pairs, headers, "/"))) == expected


@given(header=st.text(), sent=st.text(), path=st.text())
def test_no_header_breaks_the_reading(header: str, sent: str, path: str) -> None:
    assert isinstance(cookies_after(sent, [header], path), str)
    assert last_of_each([header]) == [header]


@given(age=st.text(), expires=st.text() | st.datetimes().map(lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT")))
def test_no_attribute_breaks_the_reading(age: str, expires: str) -> None:
    assert isinstance(cookies_after("", [f"a=1; Max-Age={age}; Expires={expires}"], "/"), str)


def test_the_python_library_reads_the_same() -> None:
    assert SimpleCookie(cookies_after('a="x y"', ["b=2; Path=/"], "/"))["a"].value == "x y"
