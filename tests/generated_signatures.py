"""Types of signatures, values of them, and how each place carries a value: for properties."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, is_dataclass
from decimal import Decimal
from typing import Any, Literal

from hypothesis import strategies as st


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Price(enum.Enum):
    LITTLE = Decimal("0.10")
    MUCH = Decimal("10.50")


@dataclass
class Point:
    x: int
    y: float = 0.0


@dataclass
class Order:
    name: str
    when: dt.date | None
    points: list[Point]
    colour: Colour = Colour.RED
    gift: bool = False
    tags: list[str] = field(default_factory=list)


Typed = tuple[Any, Any]  # a type, and a value of it

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=4)
SIMPLE: tuple[tuple[Any, st.SearchStrategy[Any]], ...] = (
    (str, TEXT),
    (int, st.integers(-(10**40), 10**40)),
    (float, NUMBERS),
    (bool, st.booleans()),
    (Decimal, DECIMALS),
    (dt.date, st.dates()),
    (dt.datetime, st.datetimes()),
    (dt.datetime, st.datetimes(timezones=st.sampled_from([dt.timezone.utc, dt.timezone(dt.timedelta(hours=-3))]))),
    (dt.time, st.times()),
    (dt.timedelta, st.timedeltas(dt.timedelta(days=-10000), dt.timedelta(days=10000))),
    (uuid.UUID, st.uuids()),
    (Colour, st.sampled_from(Colour)),
    (Level, st.sampled_from(Level)),
    (Price, st.sampled_from(Price)),
    (Literal["a", "b", 3], st.sampled_from(["a", "b", 3])),
)
POINTS = st.builds(Point, x=st.integers(), y=NUMBERS)
ORDERS = st.builds(
    Order,
    name=TEXT,
    when=st.none() | st.dates(),
    points=st.lists(POINTS, max_size=3),
    colour=st.sampled_from(Colour),
    gift=st.booleans(),
    tags=st.lists(TEXT, max_size=3),
)
KEYS = st.text("abcxyz_", min_size=1)


@st.composite
def typed(draw: st.DrawFn) -> Typed:
    """Draw a type of the signature's table, and a value of it."""
    kind, values = draw(st.sampled_from(SIMPLE))
    forms: dict[str, Any] = {
        "simple": (kind, values),
        "optional": (kind | None, st.none() | values),
        "list": (list[kind], st.lists(values, max_size=4)),
        "dict": (dict[str, kind], st.dictionaries(KEYS, values, min_size=1, max_size=3)),
        "point": (Point, POINTS),
        "orders": (list[Order], st.lists(ORDERS, max_size=2)),
        "order": (Order, ORDERS),
    }
    annotation, strategy = draw(st.sampled_from(sorted(forms.items())))[1]
    return annotation, draw(strategy)


def as_json(value: Any) -> Any:
    """Return a value as a JSON body says it."""
    if isinstance(value, enum.Enum):
        return as_json(value.value)
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (Decimal, uuid.UUID)):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {each: as_json(getattr(value, each)) for each in asdict(value)}
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    return [as_json(each) for each in value] if isinstance(value, list) else value


def as_pairs(name: str, value: Any, *, is_form: bool) -> Iterator[tuple[str, str]]:
    """Yield the names and texts by which a form or a query says what JSON says.

    A form has an empty input after the values of a list.
    """
    if isinstance(value, dict):
        for key, each in value.items():
            yield from as_pairs(f"{name}.{key}", each, is_form=is_form)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            inner = f"{name}.{index}" if isinstance(each, (dict, list)) else name
            yield from as_pairs(inner, each, is_form=is_form)
        if is_form and value and value[-1] == "":
            yield name, ""
    elif isinstance(value, bool):
        yield name, str(value).lower()
    elif value is not None:
        yield name, str(value)
