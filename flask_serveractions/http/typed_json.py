"""JSON that gives back what was put in: Python types beyond JSON's own as ``{"$": name, "value": ...}``."""

from __future__ import annotations

import base64
import enum
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from markupsafe import Markup

TAG = "$"
PLAIN = frozenset({str, int, float, bool, type(None)})


class Form(NamedTuple):
    """How values of a type are written and read."""

    name: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


FORMS: Mapping[type, Form] = {
    tuple: Form("tuple", list, tuple),
    set: Form("set", lambda value: in_order(value), set),
    frozenset: Form("frozenset", lambda value: in_order(value), frozenset),
    bytes: Form("bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
    datetime: Form("datetime", datetime.isoformat, datetime.fromisoformat),
    date: Form("date", date.isoformat, date.fromisoformat),
    time: Form("time", time.isoformat, time.fromisoformat),
    timedelta: Form(
        "timedelta", lambda value: [value.days, value.seconds, value.microseconds], lambda parts: timedelta(*parts)
    ),
    Decimal: Form("Decimal", str, Decimal),
    UUID: Form("UUID", str, UUID),
    Markup: Form("Markup", str, Markup),
}
READERS = {"dict": dict, **{form.name: form.read for form in FORMS.values()}}


def write(value: Any) -> str:
    """Return a value as text that :func:`read` turns into an equal value of the same type.

    :raises TypeError: a type that does not come back: an object, a subclass.
    :raises ValueError: NaN or infinity.
    """
    return json.dumps(pack(value), separators=(",", ":"), allow_nan=False)


def read(text: str) -> Any:
    """Return what :func:`write` was given."""
    return json.loads(text, object_hook=unpacked if f'{{"{TAG}":' in text else None)


def fingerprint(value: Any) -> str:
    """Return a text that differs for values that differ, in type too: ``1``, ``True`` and ``"1"``.

    It takes enumerations and dataclasses as well, and the order of a dict does not count.

    :raises TypeError: a type whose values can't be told apart by their content.
    """
    return ENCODE(pack(value, one_way=True))


def pack(value: Any, one_way: bool = False) -> Any:
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is list:
        return [pack(each, one_way) for each in value]
    if kind is dict and TAG not in value and all(type(key) is str for key in value):
        if all(type(each) in PLAIN for each in value.values()):
            return value
        return {key: pack(each, one_way) for key, each in value.items()}
    if kind is dict:  # keys that are no text, or that look like a tag
        pairs = [[pack(key, one_way), pack(each, one_way)] for key, each in value.items()]
        return {TAG: "dict", "value": sorted(pairs, key=ENCODE) if one_way else pairs}
    form = FORMS.get(kind)
    if form is not None:
        return {TAG: form.name, "value": pack(form.write(value), one_way)}
    if one_way and isinstance(value, enum.Enum):
        return {TAG: name_of(kind), "value": value.name}
    if one_way and is_dataclass(value):
        return {
            TAG: name_of(kind),
            "value": {each.name: pack(getattr(value, each.name), True) for each in fields(value)},
        }
    raise TypeError(f"{value!r} ({name_of(kind)})")


def unpacked(found: dict[str, Any]) -> Any:
    name = found.get(TAG)
    return found if name is None else READERS[name](found["value"])


def in_order(values: Any) -> list[Any]:
    return sorted(values, key=fingerprint)


def name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


ENCODE = json.JSONEncoder(separators=(",", ":"), allow_nan=False, sort_keys=True).encode
