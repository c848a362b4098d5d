"""JSON that gives back what was put in: Python types beyond JSON's own as ``{"$": name, "value": ...}``."""

from __future__ import annotations

import base64
import enum
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

TAG = "$"
PLAIN = frozenset({str, int, float, bool, type(None)})
HUGE = 2**1024  # Python writes integers of thousands of digits in no decimal way


class Form(NamedTuple):
    """How values of a type are written and read."""

    name: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def write_moment(value: Any) -> str | list[Any]:
    """Return a date and time, or a time, as text; with its zone where an offset does not say all.

    ``"2024-01-31T09:30:00+01:00"``, or ``["2024-01-31T09:30:00", "Europe/Oslo", 0]``, the last being ``fold``.
    """
    zone = value.tzinfo
    if type(zone) is ZoneInfo and zone.key:
        return [value.replace(tzinfo=None).isoformat(), zone.key, value.fold]
    if zone is not None and type(zone) is not timezone:
        return [value.isoformat(), repr(zone)]  # comes back with its offset; the name tells it from its like
    return [value.isoformat(), "", 1] if value.fold else str(value.isoformat())


def read_moment(kind: Any) -> Callable[[Any], Any]:
    def read(written: str | list[Any]) -> Any:
        if isinstance(written, str):
            return kind.fromisoformat(written)
        value = kind.fromisoformat(written[0])
        if len(written) == 2:
            return value
        _, zone, fold = written
        return value.replace(tzinfo=ZoneInfo(zone) if zone else value.tzinfo, fold=fold)

    return read


FORMS: Mapping[type, Form] = {
    tuple: Form("tuple", list, tuple),
    set: Form("set", lambda value: sorted_items(value), set),
    frozenset: Form("frozenset", lambda value: sorted_items(value), frozenset),
    bytes: Form("bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
    datetime: Form("datetime", write_moment, read_moment(datetime)),
    date: Form("date", date.isoformat, date.fromisoformat),
    time: Form("time", write_moment, read_moment(time)),
    timedelta: Form(
        "timedelta", lambda value: [value.days, value.seconds, value.microseconds], lambda parts: timedelta(*parts)
    ),
    Decimal: Form("Decimal", str, Decimal),
    UUID: Form("UUID", str, UUID),
    Markup: Form("Markup", str, Markup),
}
#: what is a type of JSON's own, but for some of its values
ODD: Mapping[type, Form] = {
    dict: Form("dict", lambda value: [list(pair) for pair in value.items()], dict),
    float: Form("float", repr, float),
    int: Form("int", hex, lambda text: int(text, 16)),
}
READERS = {form.name: form.read for form in (*FORMS.values(), *ODD.values())}


def write(value: Any) -> str:
    """Return a value as text that :func:`read` turns into an equal value of the same type.

    :raises TypeError: a type that does not come back: an object, a subclass; or it nests too deep.
    """
    return encoded(DUMP, value, one_way=False)


def read(text: str) -> Any:
    """Return what :func:`write` was given."""
    return json.loads(text, object_hook=unpack if f'{{"{TAG}":' in text else None)


def fingerprint(value: Any) -> str:
    """Return a text that differs for values that differ, in type too: ``1``, ``True`` and ``"1"``.

    It takes enumerations and dataclasses as well, and the order of a dict does not count.

    :raises TypeError: a type whose values can't be told apart by their content; or it nests too deep.
    """
    return encoded(ENCODE, value, one_way=True)


def encoded(encode: Callable[[Any], str], value: Any, *, one_way: bool) -> str:
    try:
        try:
            return encode(pack(value, one_way))
        except ValueError:  # NaN, infinity, an integer of thousands of digits: seldom, so it is looked for now alone
            return encode(pack(value, one_way, numbers=True))
    except RecursionError:
        raise TypeError("it nests too deep, or holds itself") from None


def pack(value: Any, one_way: bool = False, numbers: bool = False) -> Any:
    """Return a value as JSON can say it.

    :param one_way: it need not come back, and the order of a dict does not count.
    :param numbers: look for those that JSON can't say.
    """
    kind = type(value)
    if kind in PLAIN:
        return odd(value, one_way) if numbers and is_odd_number(kind, value) else value
    if kind is list:
        return [pack(each, one_way, numbers) for each in value]
    if kind is dict:
        if TAG in value or not all(type(key) is str for key in value):
            return odd(value, one_way, numbers)
        if not numbers and all(type(each) in PLAIN for each in value.values()):
            return value
        return {key: pack(each, one_way, numbers) for key, each in value.items()}
    form = FORMS.get(kind)
    if form is not None:
        return {TAG: form.name, "value": pack(form.write(value), one_way, numbers)}
    if one_way and isinstance(value, enum.Enum):
        return {TAG: name_of(kind), "value": value.name}
    if one_way and is_dataclass(value):
        return {
            TAG: name_of(kind),
            "value": {each.name: pack(getattr(value, each.name), True, numbers) for each in fields(value)},
        }
    raise TypeError(f"{value!r} ({name_of(kind)})")


def odd(value: Any, one_way: bool, numbers: bool = True) -> dict[str, Any]:
    form = ODD[type(value)]
    packed = pack(form.write(value), one_way, numbers)
    return {TAG: form.name, "value": sorted(packed, key=ENCODE) if one_way and form.name == "dict" else packed}


def is_odd_number(kind: type, value: Any) -> bool:
    return (kind is float and not isfinite(value)) or (kind is int and abs(value) >= HUGE)


def unpack(found: dict[str, Any]) -> Any:
    name = found.get(TAG)
    return found if name is None else READERS[name](found["value"])


def sorted_items(values: Any) -> list[Any]:
    return sorted(values, key=fingerprint)


def name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


DUMP = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
ENCODE = json.JSONEncoder(separators=(",", ":"), allow_nan=False, sort_keys=True).encode
