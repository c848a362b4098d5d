"""Every type of the signature, as text and as JSON: what is a value of it, and what is not."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pytest
from marshmallow import ValidationError

from flask_serveractions.marshalling.fields import is_flat, is_text
from flask_serveractions.schemas.type_hints import field_for
from tests.calling import Door, door_of, errors_of, function_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Mixed(enum.Enum):
    ONE = 1
    TEXT = "1"
    NO = False


class Blank(enum.Enum):
    NOTHING = ""
    SOMETHING = "x"


@dataclass
class Point:
    x: int
    y: int = 0


UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
UTC = dt.timezone.utc

# the annotation, the text of it, the JSON of it, the value
GOOD = [
    (str, "milk", "milk", "milk"),
    (str, "", "", ""),
    (str, " 1_000 ", " 1_000 ", " 1_000 "),
    (int, "5", 5, 5),
    (int, "-5", -5, -5),
    (int, " +7 ", 7, 7),
    (int, "7", 7.0, 7),
    (float, "1.5", 1.5, 1.5),
    (float, "-2e3", -2e3, -2000.0),
    (float, "4", 4, 4.0),
    (bool, "true", True, True),
    (bool, "on", True, True),
    (bool, "0", False, False),
    (bool, "false", False, False),
    (Decimal, "1.10", "1.10", Decimal("1.10")),
    (Decimal, "0.1", 0.1, Decimal("0.1")),
    (Decimal, "1e1000", "1e1000", Decimal("1e1000")),
    (dt.date, "2026-01-31", "2026-01-31", dt.date(2026, 1, 31)),
    (dt.datetime, "2026-01-31T09:30", "2026-01-31T09:30:00.000Z", dt.datetime(2026, 1, 31, 9, 30)),
    (dt.time, "09:30", "09:30:00", dt.time(9, 30)),
    (dt.timedelta, "1.5", 1.5, dt.timedelta(seconds=1.5)),
    (uuid.UUID, str(UUID), str(UUID), UUID),
    (Colour, "red", "red", Colour.RED),
    (Size, "2", 2, Size.LARGE),
    (Literal["a", "b"], "a", "a", "a"),
    (Literal[1, 2], "2", 2, 2),
    (Literal[True], "true", True, True),
    (Literal[Colour.RED], "red", "red", Colour.RED),
    (list[int], "5", [5], [5]),
    (list[str], "a", ["a"], ["a"]),
]
NAMES = [f"{getattr(case[0], '__name__', case[0])}-{case[1]}" for case in GOOD]


@pytest.mark.parametrize(("annotation", "text", "json", "expected"), GOOD, ids=NAMES)
def test_a_form_fills_a_parameter_of_every_type(annotation: Any, text: str, json: Any, expected: Any) -> None:
    door = door_of(annotation)
    assert door.form({"value": text}).status_code == 200
    assert same(door.last, {"value": expected})


@pytest.mark.parametrize(("annotation", "text", "json", "expected"), GOOD, ids=NAMES)
def test_json_fills_a_parameter_of_every_type(annotation: Any, text: str, json: Any, expected: Any) -> None:
    door = door_of(annotation)
    assert door.json({"value": json}).status_code == 200
    aware = expected.replace(tzinfo=UTC) if isinstance(expected, dt.datetime) else expected  # it was written with a Z
    assert same(door.last, {"value": aware})


@pytest.mark.parametrize(("annotation", "text", "json", "expected"), GOOD, ids=NAMES)
def test_a_query_fills_a_parameter_of_every_type(annotation: Any, text: str, json: Any, expected: Any) -> None:
    door = Door()
    door.route(function_of(annotation))
    assert door.client.get("/resource", query_string={"value": text}).status_code == 204
    assert same(door.last, {"value": expected})


@pytest.mark.parametrize(("annotation", "text", "json", "expected"), GOOD, ids=NAMES)
def test_a_header_fills_a_parameter_of_every_type(annotation: Any, text: str, json: Any, expected: Any) -> None:
    from flask_serveractions import Header

    door = Door()
    door.route(function_of(Header[annotation]))
    assert door.client.get("/resource", headers={"Value": text}).status_code == 204
    shown = expected.strip() if isinstance(expected, str) else expected  # RFC 9110, 5.5
    assert same(door.last, {"value": shown}) or door.last == {"value": expected}


def same(got: dict[str, Any], expected: dict[str, Any]) -> bool:
    return got == expected and [type(each) for each in got.values()] == [type(each) for each in expected.values()]


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "x"),
        (int, "1_000"),
        (int, "1.0"),
        (int, "٣"),
        (int, "0x10"),
        (int, "9" * 5000),
        (int, "1e3"),
        (float, "nan"),
        (float, "inf"),
        (float, "1e999"),
        (float, "1_0.0"),
        (float, "१"),
        (bool, "perhaps"),
        (Decimal, "NaN"),
        (Decimal, "sNaN"),
        (Decimal, "1e1001"),
        (Decimal, "1e-1001"),
        (Decimal, "0e999999"),
        (Decimal, "1e99999999999"),
        (Decimal, "1_0"),
        (Decimal, "１"),
        (dt.date, "31.01.2026"),
        (dt.date, "2026-02-30"),
        (dt.datetime, "tomorrow"),
        (dt.datetime, "Z"),
        (dt.time, "25:00"),
        (dt.timedelta, "1_0"),
        (dt.timedelta, "nan"),
        (dt.timedelta, "1e300"),
        (dt.timedelta, "٣"),
        (uuid.UUID, "not one"),
        (Colour, "RED"),
        (Colour, "green"),
        (Size, "3"),
        (Size, "SMALL"),
        (Literal["a"], "b"),
        (Literal[1], "01"),
        (Literal[Colour.RED], "blue"),
    ],
)
def test_text_that_is_no_value_is_a_422_at_its_name(annotation: Any, text: str) -> None:
    door = door_of(annotation)
    assert list(errors_of(door.form({"value": text}))) == ["value"]
    assert door.calls == []


@pytest.mark.parametrize(
    ("annotation", "json"),
    [
        (str, 5),
        (str, True),
        (str, ["a"]),
        (int, "5"),
        (int, 1.5),
        (int, True),
        (int, None),
        (int, [1]),
        (float, "1.5"),
        (float, True),
        (float, 10**400),
        (bool, 1),
        (bool, "true"),
        (bool, None),
        (Decimal, True),
        (Decimal, [1]),
        (Decimal, {}),
        (Decimal, "1e2000"),
        (Decimal, 10**1002),
        (dt.date, 20260131),
        (dt.datetime, 1),
        (dt.datetime, True),
        (dt.time, 9.5),
        (dt.timedelta, "5"),
        (dt.timedelta, True),
        (dt.timedelta, 10**400),
        (dt.timedelta, []),
        (uuid.UUID, 5),
        (uuid.UUID, ["a"]),
        (Colour, 1),
        (Colour, ["red"]),
        (Colour, {"a": 1}),
        (Size, "1"),
        (Size, True),
        (Literal[1], "1"),
        (Literal[1], True),
        (Literal["a"], ["a"]),
        (list[int], 5),
        (list[int], "5"),
        (list[int], {"0": 5}),
        (list[int], None),
        (dict, [1]),
        (dict, "a"),
        (dict[str, int], {"a": "1"}),
        (Point, [1, 2]),
        (Point, "1"),
        (Point, None),
    ],
)
def test_json_is_strict(annotation: Any, json: Any) -> None:
    door = door_of(annotation)
    assert all(name.split(".")[0] == "value" for name in errors_of(door.json({"value": json})))
    assert door.calls == []


def test_an_enum_whose_values_are_of_several_types_tells_them_apart_in_json() -> None:
    door = door_of(Mixed)
    for sent, member in [(1, Mixed.ONE), ("1", Mixed.TEXT), (False, Mixed.NO)]:
        door.json({"value": sent})
        assert door.last == {"value": member}
    assert errors_of(door.json({"value": 0})) == {"value": ["Please choose one of: 1, 1, False."]}


def test_a_datetime_that_ends_with_z_is_in_utc_on_every_python() -> None:
    door = door_of(dt.datetime)
    door.form({"value": "2026-01-31T09:30:00.123Z"})
    assert door.last == {"value": dt.datetime(2026, 1, 31, 9, 30, 0, 123000, tzinfo=UTC)}


def test_the_exponent_of_a_decimal_stays_within_1000() -> None:
    field = field_for(Decimal, strict=False)
    assert field.deserialize("1e-1000") == Decimal("1e-1000")
    with pytest.raises(ValidationError):
        field.deserialize("0." + "0" * 1000 + "1")


@pytest.mark.parametrize("annotation", [int, float, bool | None, Decimal, dt.date, dt.datetime, dt.time, dt.timedelta])
def test_an_empty_text_for_what_is_no_text_counts_as_absent(annotation: Any) -> None:
    door = door_of(annotation | None, default=None)
    door.form({"value": ""})
    assert door.last == {"value": None}


@pytest.mark.parametrize("annotation", [uuid.UUID, Colour, Size, Literal["a"], Literal[1], list[int]])
def test_the_empty_option_of_a_select_counts_as_absent(annotation: Any) -> None:
    door = door_of(annotation | None, default=None)
    door.form({"value": ""})
    assert door.last == {"value": None}


def test_an_empty_text_is_a_value_where_an_enum_or_a_literal_has_it() -> None:
    door = door_of(Blank)
    door.form({"value": ""})
    assert door.last == {"value": Blank.NOTHING}
    door = door_of(Literal["", "a"])
    door.form({"value": ""})
    assert door.last == {"value": ""}


def test_a_literal_with_none_is_optional() -> None:
    door = door_of(Literal["a", None])
    door.json({"value": None})
    assert door.last == {"value": None}
    door.form({})
    assert door.last == {"value": None}


def test_messages_of_a_mapping_stand_at_its_keys() -> None:
    door = door_of(dict[str, int])
    assert errors_of(door.json({"value": {"milk": "x", "eggs": 1}})) == {"value.milk": ["Not a valid integer."]}
    assert errors_of(door.form({"value.milk": "x"})) == {"value.milk": ["Not a valid integer."]}


def test_messages_of_a_mapping_s_key_and_of_its_object_stand_together() -> None:
    door = door_of(dict[int, Point])
    errors = errors_of(door.json({"value": {"a": {"x": "1"}}}))
    assert errors == {"value.a": ["Not a valid integer."], "value.a.x": ["Not a valid integer."]}


def test_what_one_text_can_carry_is_flat() -> None:
    flat = [is_flat(field_for(each, strict=False)) for each in (int, Colour, list[int], dict, Point)]
    assert flat == [True, True, False, False, False]


def test_any_text_is_text_and_a_uuid_is_not() -> None:
    text = [is_text(field_for(each, strict=False)) for each in (str, Any, uuid.UUID, int, Colour, Blank)]
    assert text == [True, True, False, False, False, True]


def test_of_a_long_list_no_more_than_the_first_100_bad_items_are_told() -> None:
    door = door_of(list[int])
    errors = errors_of(door.json({"value": [0, *["x"] * 5_000]}))
    assert set(errors) == {f"value.{index}" for index in range(1, 101)}
    assert door.json({"value": [1] * 5_000}).status_code == 200
    assert door.last["value"] == [1] * 5_000


def test_of_a_large_mapping_little_more_than_100_bad_values_are_told() -> None:
    door = door_of(dict[str, Decimal])
    assert 100 <= len(errors_of(door.json({"value": {str(number): "x" for number in range(5_000)}}))) < 200
    good = {str(number): number for number in range(5_000)}
    assert door.json({"value": good}).status_code == 200
    assert door.last["value"] == {key: Decimal(value) for key, value in good.items()}
