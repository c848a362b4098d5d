"""JSON that gives back what was put in."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from flask_serveractions.http.typed_json import fingerprint, read, write

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
tagged = (
    st.binary()
    | st.decimals(allow_nan=False)
    | st.datetimes(timezones=st.just(timezone.utc) | st.none())
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
        | st.dictionaries(st.text() | st.just("$") | st.integers(), inner)
        | st.frozensets(plain)
        | st.sets(plain)
    ),
    max_leaves=10,
)


def shape(value: Any) -> Any:
    """Return a value's type, and those of what it holds."""
    if isinstance(value, dict):
        return dict, {key: shape(each) for key, each in value.items()}
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


@pytest.mark.parametrize("value", [object(), Colour.RED, Point(1), [Point(1)], type("Text", (str,), {})()])
def test_what_would_not_come_back_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        write(value)


def test_numbers_that_json_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        write(float("nan"))


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
    ]
    assert len({fingerprint(value) for value in alike}) == len(alike)


def test_fingerprints_of_equal_values_are_equal() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"c", "a", "b"}) == fingerprint({"b", "c", "a"})
    assert fingerprint(Point(1, timedelta(1))) == fingerprint(Point(1, timedelta(1)))
    assert fingerprint(UUID(int=1)) == fingerprint(UUID(int=1))


def test_an_object_has_no_fingerprint() -> None:
    with pytest.raises(TypeError, match="object"):
        fingerprint(object())
