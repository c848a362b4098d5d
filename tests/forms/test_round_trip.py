"""What a form renders for a value, sent back unchanged, loads as that value."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields
from marshmallow.validate import Length

from flask_serveractions import ServerActions
from flask_serveractions.testing import ActionsClient


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"
    BOTH = True


class Day(enum.Enum):
    FIRST = dt.date(2026, 1, 1)
    LAST = dt.date(2026, 12, 31)


@dataclass
class Address:
    city: str
    number: int | None = None
    since: dt.date = dt.date(2000, 1, 1)
    is_home: bool = False


@dataclass
class Person:
    name: str
    address: Address
    pets: list[Address] = field(default_factory=list)
    size: Size | None = None


@dataclass
class Branch:
    size: Size
    is_green: bool
    leaves: int = 5


@dataclass
class Rights:
    may_read: bool = False
    may_write: bool = False
    sizes: list[Size] = field(default_factory=list)


@dataclass
class Tree:
    branch: Branch | None = None


class Key(Schema):
    id = fields.Integer()


class Line(Schema):
    text = fields.String(required=True)
    price = fields.Decimal(allow_none=True)
    paid = fields.Boolean()


class Bill(Schema):
    lines = fields.Nested(Line, many=True)
    first = fields.Nested(Line, allow_none=True)
    term = fields.Tuple((fields.Date(format="%d.%m.%Y"), fields.String()))
    levels = fields.List(fields.Enum(Level, by_value=True))


#: what browsers send back: no NUL, no half of a surrogate pair, and lines that end in ``\n``
texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r"), max_size=40)
moments = st.datetimes(
    timezones=st.sampled_from([None, dt.timezone.utc, dt.timezone(dt.timedelta(hours=-5, minutes=30))])
)
addresses = st.builds(Address, texts.filter(bool), st.none() | st.integers(-9, 9), st.dates(), st.booleans())

keys = st.text("abc", min_size=1, max_size=3)
sizes = st.lists(st.sampled_from(Size), unique=True).map(lambda chosen: sorted(chosen, key=list(Size).index))
rights = st.builds(Rights, st.booleans(), st.booleans(), sizes)

KINDS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (str, texts),
    (str | None, st.none() | texts.filter(bool)),
    (int, st.integers(-(10**400), 10**400)),
    (int | None, st.none() | st.integers()),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (Decimal, st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30)),
    (bool, st.booleans()),
    (bool | None, st.none() | st.booleans()),
    (dt.datetime, moments),
    (dt.datetime | None, st.none() | moments),
    (dt.date, st.dates()),
    (dt.time, st.times()),
    (dt.timedelta, st.timedeltas()),
    (uuid.UUID, st.uuids()),
    (Size, st.sampled_from(Size)),
    (Size | None, st.none() | st.sampled_from(Size)),
    (Level, st.sampled_from(Level)),
    (Mixed, st.sampled_from(Mixed)),
    (Day, st.sampled_from(Day)),
    (Literal["a", "b c", 'q"<'], st.sampled_from(["a", "b c", 'q"<'])),
    (Literal[1, 2, 10], st.sampled_from([1, 2, 10])),
    (Literal[True, False, "x"], st.sampled_from([True, False, "x"])),
    (list[str], st.lists(texts, max_size=4)),
    (list[int], st.lists(st.integers(), max_size=4)),
    (list[dt.date], st.lists(st.dates(), max_size=4)),
    (list[dt.datetime], st.lists(moments, max_size=3)),
    (list[Size], sizes),
    (list[int | None], st.lists(st.none() | st.integers(), max_size=4)),
    (list[str | None], st.lists(st.none() | texts.filter(bool), max_size=4)),
    (list[dt.date | None], st.lists(st.none() | st.dates(), max_size=3)),
    (list[Literal[1, 2, 3]], st.lists(st.sampled_from([1, 2, 3]), unique=True).map(sorted)),
    (list[bool], st.lists(st.booleans(), max_size=3)),
    (list[float], st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3)),
    (list[dt.time], st.lists(st.times(), max_size=3)),
    (Annotated[Level, fields.Enum(Level, by_value=True)], st.sampled_from(Level)),
    (
        Annotated[list, fields.Pluck(Key, "id", many=True, required=True)],
        st.lists(st.builds(lambda number: {"id": number}, st.integers()), max_size=3),
    ),
    (list[list[int]], st.lists(st.lists(st.integers(), max_size=3), max_size=3)),
    (list[list[Size]], st.lists(sizes, max_size=3)),
    (list[Rights], st.lists(rights, max_size=3)),
    (Address, addresses),
    (Address | None, st.none() | addresses),
    (Tree, st.builds(Tree, st.none() | st.builds(Branch, st.sampled_from(Size), st.booleans(), st.integers()))),
    (list[Address], st.lists(addresses, max_size=3)),
    (
        Person,
        st.builds(
            Person, texts.filter(bool), addresses, st.lists(addresses, max_size=2), st.none() | st.sampled_from(Size)
        ),
    ),
    (dict[str, bool], st.dictionaries(keys, st.booleans(), min_size=1, max_size=3)),
    (dict[str, list[int]], st.dictionaries(keys, st.lists(st.integers(), max_size=2), min_size=1, max_size=3)),
    (dict[str, list[Size]], st.dictionaries(keys, sizes, min_size=1, max_size=3)),
    (dict[str, Rights], st.dictionaries(keys, rights, min_size=1, max_size=3)),
    (dict[float, int], st.dictionaries(st.floats(-9, 9), st.integers(), min_size=1, max_size=3)),
    (dict[str, int], st.dictionaries(st.text("ab.c", min_size=1, max_size=4), st.integers(), min_size=1, max_size=3)),
    (Annotated[str, Length(max=1000)], texts),
]


def send_back(kind: Any, value: Any, template: str) -> list[Any]:
    """Return what the action gets, when the page that shows a value is sent as it came."""
    app, got = Flask("round_trip"), []
    app.secret_key = "for this test"
    app.test_client_class = ActionsClient
    actions = ServerActions(app)

    def save(value) -> None:  # type: ignore[no-untyped-def]
        got.append(value)

    values = value if isinstance(kind, Schema) else {"value": value}
    save.__annotations__["value"] = Annotated[dict[str, Any], kind] if isinstance(kind, Schema) else kind
    actions.register(save)
    page = f'{{% call(form) action_form("save", values=values) %}}{template}{{% endcall %}}'
    app.add_url_rule("/", "index", lambda: render_template_string(page, values=values))
    client = app.test_client()
    answer = client.submit(client.get("/"), "save")
    assert answer.status_code == 303, answer.text
    return got


@pytest.mark.parametrize(
    ("kind", "values"), KINDS, ids=lambda part: str(part) if not isinstance(part, st.SearchStrategy) else ""
)
@given(data=st.data())
def test_a_form_of_fields_gives_back_what_it_shows(
    kind: Any, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    value = data.draw(values)
    assert send_back(kind, value, "{{ form.fields() }}") == [value]


LINE = {"text": "tea", "price": Decimal("1.50"), "paid": True}


@pytest.mark.parametrize(
    "value",
    [
        {"lines": [LINE, {**LINE, "paid": False}], "first": None},
        {"lines": [LINE], "first": LINE},
        {"first": None, "term": (dt.date(2026, 5, 31), ""), "levels": [Level.HIGH]},
    ],
)
def test_a_form_of_a_schema_gives_back_what_it_shows(value: dict[str, Any]) -> None:
    assert send_back(Bill(), value, "{{ form.fields() }}") == [value]


class Rates(Schema):
    is_open = fields.Boolean()
    sizes = fields.List(fields.Enum(Size, by_value=True))


def test_rows_of_a_schema_of_many_are_there_though_nothing_is_ticked_in_one() -> None:
    rows = [{"is_open": False}, {"is_open": True, "sizes": [Size.LARGE]}]
    app, got = Flask("rows"), []
    app.secret_key = "for this test"
    app.test_client_class = ActionsClient

    @ServerActions(app).register
    def save(rows: Annotated[list[dict[str, Any]], Rates(many=True)]) -> None:
        got.append(rows)

    page = """{% call(form) action_form("save", values=values) %}
      {{ form.field("0.is_open") }}{{ form.field("0.sizes") }}{{ form.field("1.is_open") }}{{ form.field("1.sizes") }}
    {% endcall %}"""
    app.add_url_rule(
        "/", "index", lambda: render_template_string(page, values={str(n): row for n, row in enumerate(rows)})
    )
    client = app.test_client()
    assert client.submit(client.get("/"), "save").status_code == 303
    assert got == [rows]


def test_no_box_that_is_ticked_stays_so_in_a_form_that_is_shown_again() -> None:
    app, got = Flask("again"), []
    app.secret_key = "for this test"
    app.test_client_class = ActionsClient

    @ServerActions(app).register
    def save(flags: dict[str, bool], name: Annotated[str, Length(1, 3)]) -> None:
        got.append(flags)

    page = '{% call(form) action_form("save", values={"flags": flags}) %}{{ form.fields() }}{% endcall %}'
    app.add_url_rule("/", "index", lambda: render_template_string(page, flags={"a": True, "b": True}))
    client = app.test_client()
    again = client.submit(client.get("/"), "save", name="too long", **{"flags.a": False})
    assert again.status_code == 422
    assert client.submit(again, "save", name="ada").status_code == 303
    assert got == [{"a": False, "b": True}]


def test_a_key_that_ends_nowhere_is_an_error_that_says_so() -> None:
    app = Flask("keys")
    app.secret_key = "for this test"

    @ServerActions(app).register
    def save(hosts: dict[str, Rights]) -> None: ...

    page = '{% call(form) action_form("save", values={"hosts": hosts}) %}{{ form.fields() }}{% endcall %}'
    with app.test_request_context(), pytest.raises(LookupError, match=r"The key 'a.b' of 'hosts' has a dot"):
        render_template_string(page, hosts={"a.b": Rights()})
