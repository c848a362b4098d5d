"""Lists in pages, by numbers (``?page=2``) or signed cursors (``?cursor=...``): sequences and SQLAlchemy's Select.

Nothing is loaded that is not shown. A cursor says after which row its page begins, so that a list may grow while it is
read.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import re
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import chain, islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from werkzeug import Request

from ..errors import Invalid
from ..security.signing import KeyRing, sign_text, unsign_text
from .selects import Term, any_after, count_rows, fetch, fetch_after, is_select, position_terms, usable_session

PER_PAGE = 20
MAX_PER_PAGE = 100
PER_PAGE_ARGUMENT = "per_page"
REMEMBERED = 10  # rows of a page that its cursor knows, so that some may go
MAX_PAGE = 10**9  # an offset must fit into a database's integers

TOTAL_HEADER = "X-Total-Count"
WHOLE_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
PURPOSE = "cursor"  # of the signature, which keeps cursors from being made by hand
BAD_CURSOR = "This is no cursor of this list. Begin without one."
URL_SAFE = "!$&'()*+,/:;=@[]%~"  # in a URL before its query


class PageRequest(NamedTuple):
    """Which page is asked for, by its number."""

    page: int = 1
    per_page: int = PER_PAGE


class Page(NamedTuple):
    """Some of a list's items, by numbers."""

    items: list[Any]
    page: int
    per_page: int
    total: int

    @property
    def last_page(self) -> int:
        return max(1, -(-self.total // self.per_page))


class CursorRequest(NamedTuple):
    """Which page is asked for, by the cursor of what comes before it (None: the first)."""

    cursor: str | None = None
    per_page: int = PER_PAGE


class CursorPage(NamedTuple):
    """Some of a list's items, and the cursor of those that follow (None: nothing does)."""

    items: list[Any]
    per_page: int
    next_cursor: str | None


def page_request(arguments: Mapping[str, str], *, per_page: int = PER_PAGE) -> PageRequest:
    """Return which page a query asks for: ``page`` from 1, ``per_page`` from 1 to 100.

    :param per_page: where the query does not say it.
    :raises Invalid: 422; ``{"page": [...], "per_page": [...]}``.
    """
    errors: dict[str, list[str]] = {}
    page = whole_number(arguments, "page", 1, MAX_PAGE, errors)
    size = whole_number(arguments, "per_page", per_page, MAX_PER_PAGE, errors)
    if errors:
        raise Invalid(errors)
    return PageRequest(page, size)


def cursor_request(arguments: Mapping[str, str], *, per_page: int = PER_PAGE) -> CursorRequest:
    """Return which page a query asks for: ``cursor``, as a ``Link`` brought it, and ``per_page``.

    :param per_page: where the query does not say it.
    :raises Invalid: 422; ``{"per_page": [...]}``.
    """
    errors: dict[str, list[str]] = {}
    size = whole_number(arguments, "per_page", per_page, MAX_PER_PAGE, errors)
    if errors:
        raise Invalid(errors)
    return CursorRequest(arguments.get("cursor") or None, size)


def whole_number(
    arguments: Mapping[str, str], name: str, default: int, largest: int, errors: dict[str, list[str]]
) -> int:
    text = arguments.get(name) or str(default)
    number = int(text) if WHOLE_NUMBER.fullmatch(text) else 0
    if not 1 <= number <= largest:
        errors[name] = [f"Must be a whole number from 1 to {largest}."]
    return number


def is_sequence(rows: Any) -> bool:
    """Whether rows have a length and can be cut: a list, or one that loads as it is cut."""
    has_both = hasattr(rows, "__len__") and hasattr(rows, "__getitem__")
    return has_both and not isinstance(rows, (Mapping, str, bytes, bytearray))


def cut(rows: Any, start: int, end: int) -> list[Any]:
    """Return the items of a sequence from one place to before another; a deque's, which has no slices, one by one."""
    if isinstance(rows, deque):
        return list(islice(rows, start, end))
    return list(rows[start:end])


def paginate(rows: Any, wanted: PageRequest, session: Any = None) -> Page:
    """Return one page of rows; a page past the end is empty.

    :param rows: a sequence, or SQLAlchemy's Select, ordered by something unique.
    :param session: runs the Select: a session, Flask-SQLAlchemy's ``db.session``, or ``db``.
    :raises TypeError: rows are neither, or there is no session.
    """
    offset = (wanted.page - 1) * wanted.per_page
    if is_select(rows):
        running = usable_session(session)
        total = count_rows(rows, running)
        items = fetch(rows, running, wanted.per_page, offset) if offset < total else []
    elif is_sequence(rows):
        total = len(rows)
        items = cut(rows, offset, offset + wanted.per_page) if offset < total else []
    else:
        raise not_pageable(rows)
    return Page(items, wanted.page, wanted.per_page, total)


def not_pageable(rows: Any) -> TypeError:
    return TypeError(
        f"Only a sequence or SQLAlchemy's Select is shown in pages, not {type(rows).__name__}. Return one, or take"
        " paginate off the class."
    )


def current_path(request: Request) -> str:
    """Return a request's path and query in ASCII: for links, which then need no ``Host`` that anybody may send.

    ``request.url`` is no URL but an IRI, in which an escaped percent sign is lost.
    """
    path = quote(request.root_path + request.path, safe=URL_SAFE.replace("%", ""))
    query = request.query_string.decode("latin-1")
    local = f"/.{path}" if path.startswith("//") else path  # "//name" would be another host (RFC 3986, 4.2)
    return f"{local}?{query}" if query else local


def page_headers(page: Page, url: str) -> list[tuple[str, str]]:
    """Return ``Link`` (RFC 8288) with first, prev, next and last, and ``X-Total-Count``.

    :param url: the request's (:func:`current_path`), with its query, whose other arguments stay.
    """
    numbers = {"first": 1, "prev": min(page.page - 1, page.last_page), "next": page.page + 1, "last": page.last_page}
    shown = {relation: number for relation, number in numbers.items() if 1 <= number <= page.last_page}
    links = [(relation, with_arguments(url, page=str(number))) for relation, number in shown.items()]
    return [("Link", link_header(links)), (TOTAL_HEADER, str(page.total))]


def cursor_headers(page: CursorPage, url: str) -> list[tuple[str, str]]:
    """Return ``Link`` (RFC 8288) with first and, where rows follow, next.

    :param url: the request's (:func:`current_path`), with its query, whose other arguments stay.
    """
    links = [("first", with_arguments(url, cursor=None))]
    if page.next_cursor is not None:
        links.append(("next", with_arguments(url, cursor=page.next_cursor)))
    return [("Link", link_header(links))]


def link_header(links: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f'<{target}>; rel="{relation}"' for relation, target in links)


def with_arguments(url: str, **changes: str | None) -> str:
    """Return a URL, in ASCII, with some arguments of its query set, or left out (None)."""
    base, _, query = url.partition("?")
    kept = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    pairs = [(name, value) for name, value in kept if name not in changes]
    pairs += [(name, value) for name, value in changes.items() if value is not None]
    changed = urlencode(pairs, errors="surrogateescape")
    return quote(base, safe=URL_SAFE) + (f"?{changed}" if changed else "")


def paginate_by_cursor(
    rows: Any, wanted: CursorRequest, ring: KeyRing, *, session: Any = None, scope: str = ""
) -> CursorPage:
    """Return the rows after a cursor, and the next one.

    Rows that are added or removed meanwhile move nothing: a cursor holds what its row was ordered by, not how many came
    before it.

    :param rows: SQLAlchemy's Select with an ``order_by`` (the primary key is added to it), or a sequence.
    :param ring: signs the cursors.
    :param session: as in :func:`paginate`.
    :param scope: the list's name: a cursor of another list is none of this one.
    :raises Invalid: 422; ``{"cursor": [...]}``.
    :raises ValueError: the Select can't be read on from a row.
    :raises TypeError: rows are neither, or items of a sequence have nothing unique.
    """
    if is_select(rows):
        return select_page(rows, wanted, ring, usable_session(session), scope)
    if is_sequence(rows):
        return sequence_page(rows, wanted, Cursors(ring, scope))
    raise not_pageable(rows)


def select_page(select: Any, wanted: CursorRequest, ring: KeyRing, session: Any, scope: str) -> CursorPage:
    terms = position_terms(select)
    order = ", ".join(f"{term.element} {term.descending} {term.nulls_last}" for term in terms)
    cursors = Cursors(ring, f"{scope} by {order}")
    position = cursors.read(wanted.cursor)
    values = None if position is None else [bound_value(*pair) for pair in zip(terms, position, strict=True)]
    found = fetch_after(select, session, wanted.per_page, terms, values)
    more = bool(found) and any_after(select, session, terms, found[-1][1])
    next_cursor = cursors.write(found[-1][1]) if more else None
    return CursorPage([item for item, _ in found], wanted.per_page, next_cursor)


def bound_value(term: Term, value: Any) -> Any:
    members = getattr(term.element.type, "enum_class", None)
    if members is None or value is None:
        return value
    if value not in members.__members__:  # renamed since
        raise Invalid({"cursor": [BAD_CURSOR]})
    return members[value]


def sequence_page(rows: Any, wanted: CursorRequest, cursors: Cursors) -> CursorPage:
    position = cursors.read(wanted.cursor)
    start = 0 if position is None else next_place(rows, *position)
    end = start + wanted.per_page
    found = cut(rows, start, end + 1)
    items, following = found[: wanted.per_page], found[wanted.per_page :]
    if not following:
        return CursorPage(items, wanted.per_page, None)
    shown = [identity_of(item) for item in items[: -REMEMBERED - 1 : -1]]
    return CursorPage(items, wanted.per_page, cursors.write((end, identity_of(following[0]), *shown)))


def next_place(rows: Any, index: int, following: Any, last: Any, *before: Any) -> int:
    """Return where the rows after a page begin, whatever came and went since.

    :param index: where they began.
    :param following: the first of them; it may be gone, as may be all that the page has shown.
    :param last: the last of the page; the ones before it come after it.
    """
    known = (last, following, *before)
    rank, place = first_known(rows, known, index)
    if rank == len(known):
        return place_in_order(rows, index, last)
    is_following = rank == 1
    return place if is_following else place + 1


def first_known(rows: Any, known: Sequence[Any], index: int) -> tuple[int, int]:
    """Return which of some rows is the first that is still there, and where; all of them are sought at once.

    They are sought from where the page after them began, onwards first; where none is there, the first item is how many
    they are.
    """
    ranks: dict[Any, int] = {}
    for rank, row in enumerate(known):
        ranks.setdefault(mark_of(row), rank)
    near, found = min(max(index - 1, 0), len(rows)), (len(known), 0)
    for place in chain(range(near, len(rows)), range(near - 1, -1, -1)):
        rank = ranks.get(mark_of(identity_of(rows[place])), len(known))
        if rank < found[0]:
            found = rank, place
        if rank == 0:
            break
    return found


def mark_of(identity: Any) -> Any:
    """Return what is compared of an identity; it can be looked up."""
    value = to_json_value(identity)
    return tuple(value) if isinstance(value, list) else value


def place_in_order(rows: Any, index: int, last: Any) -> int:
    """Return where the rows begin that stand after one which is gone: by order, where they have one, else by number."""
    keys = list(map(identity_of, rows))
    try:
        if keys == sorted(keys):
            return bisect_right(keys, last)
        if keys[::-1] == sorted(keys):
            return len(keys) - bisect_left(keys[::-1], last)
    except TypeError:  # they can't be compared
        pass
    return min(index, len(keys))


def identity_of(item: Any) -> Any:
    """Return what is unique in an item of a list: its ``id``, that of a mapping, or the plain value itself.

    :raises TypeError: there is none.
    """
    found = item.get("id") if isinstance(item, Mapping) else getattr(item, "id", item)
    if isinstance(found, (str, int, *TYPES)):
        return found
    raise TypeError(f"A cursor needs what is unique in {item!r}. Return items with an id, or mappings with an 'id'.")


#: What JSON can't hold, as ``[name, text]``; a kind before the kinds it belongs to.
TYPES: Mapping[type[Any], tuple[str, Callable[[Any], str], Callable[[str], Any]]] = {
    dt.datetime: ("datetime", dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.date: ("date", dt.date.isoformat, dt.date.fromisoformat),
    dt.time: ("time", dt.time.isoformat, dt.time.fromisoformat),
    decimal.Decimal: ("decimal", str, decimal.Decimal),
    uuid.UUID: ("uuid", str, uuid.UUID),
    bytes: ("bytes", bytes.hex, bytes.fromhex),
}
READERS = {name: read for name, _, read in TYPES.values()}


def to_json_value(value: Any) -> Any:
    """Return a value as JSON holds it; an Enum's member by its name."""
    if isinstance(value, enum.Enum):
        return value.name
    if value is None or isinstance(value, (str, int, float)):
        return value
    for kind, (name, write, _) in TYPES.items():
        if isinstance(value, kind):
            return [name, write(value)]
    raise TypeError(f"A cursor can't hold {value!r}: order by text, numbers, dates, UUIDs or Enums.")


def from_json_value(value: Any) -> Any:
    return READERS[value[0]](value[1]) if isinstance(value, list) else value


class Cursors(NamedTuple):
    """Writes positions as signed text, and reads those of its own list alone."""

    ring: KeyRing
    scope: str  # the list and its order

    def write(self, position: Iterable[Any]) -> str:
        text = json.dumps([self.mark, *map(to_json_value, position)], separators=(",", ":"))
        return sign_text(self.ring, PURPOSE, urlsafe_b64encode(text.encode()).decode())

    def read(self, cursor: str | None) -> list[Any] | None:
        """Return a cursor's position, or None where there is no cursor.

        :raises Invalid: 422; it is forged, or of another list, or of another order.
        """
        if cursor is None:
            return None
        signed = unsign_text(self.ring, PURPOSE, cursor)
        mark, *position = [None] if signed is None else json.loads(urlsafe_b64decode(signed))
        if mark != self.mark:
            raise Invalid({"cursor": [BAD_CURSOR]})
        return [from_json_value(value) for value in position]

    @property
    def mark(self) -> str:
        return sha256(self.scope.encode()).hexdigest()[:8]
