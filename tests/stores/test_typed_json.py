"""JSON that gives back what was put in."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from flask_serveractions.stores.typed_json import fingerprint, read, write

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
zones = st.none() | st.just(timezone.utc) | st.sampled_from([ZoneInfo("Europe/Oslo"), ZoneInfo("America/Lima")])
tagged = (
    st.binary()
    | st.decimals(allow_nan=False)
    | st.datetimes(timezones=zones)
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.text().map(Markup)
)
values = st.recursive(
    plain | tagged,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.just("$"), inner)
        | st.dictionaries(plain | st.tuples(plain, tagged), inner)
        | st.frozensets(plain)
        | st.sets(plain)
    ),
    max_leaves=10,
)


def shape(value: Any) -> Any:
    """Return a value's type, and those of what it holds."""
    if isinstance(value, dict):
        return dict, {key: (shape(key), shape(each)) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [shape(each) for each in value]
    return type(value)


@given(values)
def test_what_was_written_is_read_with_its_types(value: Any) -> None:
    again = read(write(value))
    assert again == value
    assert shape(again) == shape(value)


@pytest.mark.parametrize(
    "value", [(1, 2), {1}, b"\xff", Decimal("1.20"), date(2024, 2, 29), datetime(2024, 1, 1, 1, 1, 1, 7), time(1, 2)]
)
def test_python_types_come_back(value: Any) -> None:
    assert (read(write(value)), type(read(write(value)))) == (value, type(value))


def test_a_text_that_looks_like_a_tag_stays_a_text() -> None:
    text = '{"$":"Decimal","value":"1"}'
    assert read(write([text, Decimal(1)])) == [text, Decimal(1)]


class Colour(enum.Enum):
    RED = 1


@dataclass(frozen=True)
class Point:
    x: int
    y: Any = None


@pytest.mark.parametrize(
    "value", [object(), {object(): 2}, Colour.RED, Point(1), [Point(1)], type("Text", (str,), {})()]
)
def test_what_would_not_come_back_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        write(value)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), 10**400, -(2**1024), -0.0])
def test_numbers_that_json_lacks_come_back(number: float) -> None:
    for value in (number, [number], {"n": number}, {7: (number,)}):
        assert repr(read(write(value))) == repr(value)


def test_an_integer_of_thousands_of_digits_comes_back() -> None:
    assert read(write({"n": 10**5000})) == {"n": 10**5000}


def test_what_is_no_number_comes_back_as_such() -> None:
    assert repr(read(write({"mean": float("nan")}))) == "{'mean': nan}"


@pytest.mark.parametrize(
    "value", [{1: "a", "1": "b", None: "c"}, {"$": "Decimal", "value": "1"}, {None: {"$": {"$": 1}}}]
)
def test_a_dict_may_have_any_key(value: Any) -> None:
    assert shape(read(write(value))) == shape(value)
    assert read(write(value)) == value


def test_what_holds_itself_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    for act in (write, fingerprint):
        with pytest.raises(TypeError, match="too deep"):
            act(circle)


def test_moments_of_two_zones_are_two_even_where_their_offsets_agree() -> None:
    oslo, rome = (datetime(2024, 1, 31, 9, tzinfo=ZoneInfo(name)) for name in ("Europe/Oslo", "Europe/Rome"))
    assert fingerprint(oslo) != fingerprint(rome)
    assert read(write(rome)).tzinfo is rome.tzinfo
    twice = datetime(2024, 10, 27, 2, 30, fold=1)
    assert (read(write(twice)).fold, fingerprint(twice)) != (0, fingerprint(twice.replace(fold=0)))


def test_fingerprints_differ_by_type() -> None:
    alike = [
        1,
        True,
        "1",
        1.0,
        Decimal(1),
        (1,),
        [1],
        {1},
        "True",
        None,
        "None",
        b"1",
        Colour.RED,
        Point(1),
        Point(True),
        {1: 2},
        {"1": 2},
        {True: 2},
        {"$": 1},
        float("nan"),
        "nan",
        float("inf"),
        0.0,
        -0.0,
    ]
    assert len({fingerprint(value) for value in alike}) == len(alike)


def test_fingerprints_of_equal_values_are_equal() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({1: 1, "$": (2, {})}) == fingerprint({"$": (2, {}), 1: 1})
    assert fingerprint({"c", "a", "b"}) == fingerprint({"b", "c", "a"})
    assert fingerprint(Point(1, timedelta(1))) == fingerprint(Point(1, timedelta(1)))
    assert fingerprint(UUID(int=1)) == fingerprint(UUID(int=1))


def test_an_object_has_no_fingerprint() -> None:
    with pytest.raises(TypeError, match="object"):
        fingerprint(object())
