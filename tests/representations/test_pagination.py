from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Request
from werkzeug.test import create_environ

from flask_serveractions.errors import Invalid
from flask_serveractions.representations.pagination import (
    CursorPage,
    CursorRequest,
    Page,
    PageRequest,
    current_path,
    cursor_headers,
    cursor_request,
    page_headers,
    page_request,
    paginate,
    paginate_by_cursor,
    with_arguments,
)
from flask_serveractions.security.signing import KeyRing

LINK = re.compile(r'<([^<>"\s]*)>; rel="([a-z]+)"')


RING = KeyRing(("secret",))


def links(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {relation: target for target, relation in LINK.findall(dict(headers)["Link"])}


class Remembering(Sequence[int]):
    """A sequence that notes what it loads."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.first = 0
        self.loaded: list[int] = []

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: Any) -> Any:
        found = range(self.first, self.first + self.length)[index]
        self.loaded.extend(found if isinstance(found, range) else [found])
        return list(found) if isinstance(found, range) else found


# By numbers


def test_without_arguments_the_first_page_is_wanted() -> None:
    assert page_request({}) == page_request({"page": "", "per_page": ""}) == PageRequest(1, 20)
    assert page_request({"page": "3", "per_page": "100"}) == PageRequest(3, 100)
    assert page_request({}, per_page=50) == PageRequest(1, 50)


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.5", "x", " 1", "1_0", "+1", "٣", "1e3", "99999999999", "9" * 5000, "1\n"]
)
def test_a_bad_number_is_named(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        page_request({"page": text, "per_page": text})
    assert caught.value.status == 422
    assert caught.value.errors == {
        "page": ["Must be a whole number from 1 to 1000000000."],
        "per_page": ["Must be a whole number from 1 to 100."],
    }


def test_more_than_the_most_is_not_cut_but_refused() -> None:
    for read in (page_request, cursor_request):
        with pytest.raises(Invalid) as caught:
            read({"per_page": "101"})
        assert list(caught.value.errors) == ["per_page"]


@given(st.integers(0, 60), st.integers(1, 20))
def test_the_pages_make_up_the_list(length: int, per_page: int) -> None:
    rows = list(range(length))
    first = paginate(rows, PageRequest(1, per_page))
    pages = [paginate(rows, PageRequest(number, per_page)) for number in range(1, first.last_page + 1)]
    assert [item for page in pages for item in page.items] == rows
    assert all(len(page.items) == per_page for page in pages[:-1])
    assert {page.total for page in pages} == {length}


def test_a_sequence_loads_what_is_shown_and_no_more() -> None:
    rows = Remembering(10**6)
    assert paginate(rows, PageRequest(500, 3)).items == [1497, 1498, 1499] == rows.loaded
    assert paginate(rows, PageRequest(10**9, 100)).items == []
    assert rows.loaded == [1497, 1498, 1499]


@pytest.mark.parametrize("rows", [{1, 2}, {"a": 1}, "text", b"bytes", iter([1]), None, 5])
def test_what_has_no_order_has_no_pages(rows: Any) -> None:
    with pytest.raises(TypeError, match="Only a sequence or SQLAlchemy's Select"):
        paginate(rows, PageRequest())
    with pytest.raises(TypeError, match="Only a sequence or SQLAlchemy's Select"):
        paginate_by_cursor(rows, CursorRequest(), RING)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (1, {"first": "1", "next": "2", "last": "3"}),
        (2, {"first": "1", "prev": "1", "next": "3", "last": "3"}),
        (3, {"first": "1", "prev": "2", "last": "3"}),
        (9, {"first": "1", "prev": "3", "last": "3"}),
    ],
)
def test_links_lead_to_the_other_pages(page: int, expected: dict[str, str]) -> None:
    headers = page_headers(paginate(range(5), PageRequest(page, 2)), f"/todos?page={page}&per_page=2&tag=a&tag=b")
    found = {relation: dict(parse_qsl(target.partition("?")[2])) for relation, target in links(headers).items()}
    assert {relation: arguments["page"] for relation, arguments in found.items()} == expected
    assert all(target.startswith("/todos?per_page=2&tag=a&tag=b&page=") for target in links(headers).values())
    assert dict(headers)["X-Total-Count"] == "5"


def test_an_empty_list_is_one_empty_page() -> None:
    headers = page_headers(paginate([], PageRequest()), "/todos")
    assert links(headers) == {"first": "/todos?page=1", "last": "/todos?page=1"}
    assert dict(headers)["X-Total-Count"] == "0"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.text(max_size=20))
def test_no_url_breaks_a_link(path: str, query: str) -> None:
    page = Page([], 1, 20, 100)
    for target in links(page_headers(page, f"/{path}?{query}")).values():
        assert target.isascii()
        assert target.endswith(("page=1", "page=2", "page=5"))
    assert len(links(page_headers(page, f"/{path}?{query}"))) == 3


def test_other_arguments_stay_as_they_are() -> None:
    assert with_arguments("/a%20b/ä?q=a%2Bb+c&e=&x=%ff&page=1", page="2") == "/a%20b/%C3%A4?q=a%2Bb+c&e=&x=%FF&page=2"
    assert with_arguments("https://example.org:80/?cursor=x", cursor=None) == "https://example.org:80/"


def test_a_link_leads_to_where_flask_finds_the_page() -> None:
    app = Flask(__name__)

    @app.get("/lists/<name>")
    def show(name: str) -> tuple[list[Any], list[tuple[str, str]]]:
        page = paginate(range(50), page_request(request.args))
        return [name, request.args.get("q"), *page.items[:1]], page_headers(page, current_path(request))

    client = app.test_client()
    name, query = 'ä "<>\\%2F', "a&b=<c>\r\nX: y"
    response = client.get(f"/lists/{quote(name, safe='')}", query_string={"q": query})
    for _ in range(2):
        target = links(list(response.headers))["next"]
        response = client.get(target)
    assert response.json == [name, query, 40]
    assert unquote(target)


def test_a_link_never_leads_to_another_host() -> None:
    environ = create_environ("/todos", query_string="a=1") | {"SCRIPT_NAME": "//evil.example"}
    assert current_path(Request(environ)) == "/.//evil.example/todos?a=1"


# By cursors


def read_all(rows: Any, per_page: int, between: Any = lambda: None) -> Iterator[Any]:
    cursor = None
    while True:
        page = paginate_by_cursor(rows, CursorRequest(cursor, per_page), RING)
        yield from page.items
        if page.next_cursor is None:
            return
        cursor = page.next_cursor
        between()


@given(st.integers(0, 30), st.integers(1, 10))
def test_cursors_lead_through_a_list(length: int, per_page: int) -> None:
    rows = [{"id": number} for number in range(length)]
    assert list(read_all(rows, per_page)) == rows


@given(st.data())
def test_what_is_in_a_list_all_the_time_is_shown_once_whatever_comes_and_goes(data: st.DataObject) -> None:
    rows = list(range(0, 40, 2))
    staying = list(rows)

    def change() -> None:
        for place in data.draw(st.lists(st.integers(0, len(rows)), max_size=4)):
            rows.insert(place, max(rows) + 1)

    shown = list(read_all(rows, 3, change))
    assert [row for row in shown if row in staying] == staying


def test_where_the_last_row_has_gone_the_list_is_read_on_from_its_place() -> None:
    rows = [{"id": number} for number in range(6)]
    shown = list(read_all(rows, 2, lambda: rows.remove(rows[1]) if len(rows) == 6 else None))
    assert [row["id"] for row in shown] == [0, 1, 2, 3, 4, 5]


def test_items_without_anything_unique_are_an_error_that_says_what_to_return() -> None:
    with pytest.raises(TypeError, match=r"unique in \['b', 2\]\. Return items with an id"):
        list(read_all([["a", 1], ["b", 2], ["c", 3]], 2))


@pytest.mark.parametrize("gone", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize(
    "ids", [list(range(12)), list(range(12, 0, -1)), list("cgbahkldeijf")], ids=["rising", "falling", "mixed"]
)
def test_no_row_is_left_out_where_shown_ones_have_gone(ids: list[Any], first: int, gone: int) -> None:
    """As when somebody marks all on a page and deletes them; the row that follows may be among them."""
    if ids[0] == "c" and (first, gone) == (0, 5):
        return  # nothing that the cursor knows is left, and there is no order: nobody can tell
    rows = [{"id": each} for each in ids]
    page = paginate_by_cursor(rows, CursorRequest(None, 4), RING)
    del rows[first : first + gone]
    rest = [row["id"] for row in read_from(rows, page.next_cursor)]
    assert rest == [each for each in ids[4:] if {"id": each} in rows]


def read_from(rows: Any, cursor: str | None, size: int = 4) -> Iterator[Any]:
    while cursor is not None:
        page = paginate_by_cursor(rows, CursorRequest(cursor, size), RING)
        yield from page.items
        cursor = page.next_cursor


@pytest.mark.parametrize("ids", [list(range(12)), list(range(12, 0, -1))])
def test_where_all_that_a_cursor_knows_has_gone_the_order_leads_on(ids: list[int]) -> None:
    rows = list(ids)
    page = paginate_by_cursor(rows, CursorRequest(None, 4), RING)
    del rows[:6]
    assert list(read_from(rows, page.next_cursor)) == ids[6:]
    assert list(read_from([], page.next_cursor)) == []


def test_without_an_order_either_the_number_leads_on() -> None:
    page = paginate_by_cursor(list("cgbahkldeijf"), CursorRequest(None, 4), RING)
    assert list(read_from([1, "x", 2, "y", 3], page.next_cursor)) == [3]


def test_rows_that_are_gone_are_sought_in_one_pass() -> None:
    rows = Remembering(300)
    page = paginate_by_cursor(rows, CursorRequest(None, 20), RING)
    others = Remembering(300)
    others.first = 1000
    rest = paginate_by_cursor(others, CursorRequest(page.next_cursor, 20), RING)
    assert rest.items == list(range(1000, 1020))  # all of them stand after what was shown
    assert len(others.loaded) < 3 * len(others)  # sought, put in order, cut


@pytest.mark.parametrize("rows", [[5] * 7, [1, 1, 2, 2, 3, 3]])
@pytest.mark.parametrize("size", [2, 3])
def test_rows_that_are_equal_come_once_each(rows: list[int], size: int) -> None:
    page = paginate_by_cursor(rows, CursorRequest(None, size), RING)
    assert [*page.items, *read_from(rows, page.next_cursor, size)] == rows


def test_reading_on_loads_two_rows_more_than_are_shown() -> None:
    rows = Remembering(10**6)
    first = paginate_by_cursor(rows, CursorRequest(None, 2), RING)
    rows.loaded.clear()
    assert paginate_by_cursor(rows, CursorRequest(first.next_cursor, 2), RING).items == [2, 3]
    assert rows.loaded == [1, 2, 3, 4]


FORGED = ["x", ".", "WyI", "ä", "\ud800", "a.b", "=" * 100]


@pytest.mark.parametrize("cursor", FORGED)
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        paginate_by_cursor([1, 2], CursorRequest(cursor), RING)
    assert caught.value.errors == {"cursor": ["This is no cursor of this list. Begin without one."]}


def test_a_cursor_of_another_list_is_refused() -> None:
    cursor = paginate_by_cursor([1, 2], CursorRequest(None, 1), RING, scope="todos").next_cursor
    assert paginate_by_cursor([1, 2], CursorRequest(cursor, 1), RING, scope="todos").items == [2]
    with pytest.raises(Invalid):
        paginate_by_cursor([1, 2], CursorRequest(cursor, 1), RING, scope="users")


def test_cursor_links_lead_to_the_beginning_and_on() -> None:
    assert cursor_request({"cursor": "", "per_page": "5"}) == CursorRequest(None, 5)
    found = links(cursor_headers(CursorPage([1], 1, "a.b=/+"), "/todos?cursor=old&tag=a"))
    assert found["first"] == "/todos?tag=a"
    assert dict(parse_qsl(found["next"].partition("?")[2])) == {"tag": "a", "cursor": "a.b=/+"}
    assert list(links(cursor_headers(CursorPage([], 1, None), "/todos"))) == ["first"]
