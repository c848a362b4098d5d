"""Whatever a form or JSON says: the function gets its types, or is not called."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from tests.calling import Door


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int


def everything(
    *,
    a: int,
    b: float,
    c: bool,
    d: Decimal,
    e: dt.datetime | None,
    f: Colour,
    g: list[Point],
    h: dict[str, int],
    i: uuid.UUID | None = None,
    j: dt.timedelta = dt.timedelta(),
    k: Literal[1, "x"] = 1,
    l_: str = "",
) -> None: ...


TYPES = {"a": int, "b": float, "c": bool, "d": Decimal, "f": Colour, "g": list, "h": dict, "j": dt.timedelta, "l_": str}
DOOR = Door(everything)
SIGNED = DOOR.signed()
NAMES = st.sampled_from([*"abcdefghijk", "l_", "g.0.x", "g.1.x", "g.x", "h.k", "h.", "h.k.l", "other", "0", ""])
TEXTS = st.text() | st.sampled_from(["1", "0.5", "on", "red", "2026-01-31T10:00", "x", "nan", "-1e5", "1_0", "٣"])
SETTINGS = settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))


def check_call() -> None:
    call = DOOR.calls.pop()
    assert {name: type(call[name]) for name in TYPES} == TYPES
    assert all(isinstance(each, Point) and isinstance(each.x, int) for each in call["g"])
    assert all(isinstance(each, int) for each in call["h"].values())


@given(st.lists(st.tuples(NAMES, TEXTS), max_size=20))
@SETTINGS
def test_whatever_a_form_says_the_function_gets_its_types_or_is_not_called(pairs: list[tuple[str, str]]) -> None:
    url, headers = SIGNED
    answer = DOOR.client.post(
        url, headers=headers, data=MultiDict((name, text.encode(errors="replace")) for name, text in pairs)
    )
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        check_call()


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
GOOD = {"a": 1, "b": 0.5, "c": True, "d": "1", "e": None, "f": "red", "g": [{"x": 1}], "h": {"k": 1}}


@given(
    st.dictionaries(
        NAMES, VALUES | st.lists(VALUES, max_size=2) | st.dictionaries(NAMES, VALUES, max_size=2), max_size=3
    )
)
@SETTINGS
def test_whatever_json_says_the_function_gets_its_types_or_is_not_called(changes: dict[str, Any]) -> None:
    url, headers = SIGNED
    answer = DOOR.client.post(url, headers=headers, json={**GOOD, **changes})
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        check_call()


def test_the_good_example_is_good() -> None:
    assert DOOR.json(GOOD).status_code == 200
    check_call()
