"""Values as the text of an input: what a browser sends back unchanged loads as the same value.

A native control (``type=date``) is used where it can hold a text: where it can't it silently shows nothing (HTML,
4.10.5.1).
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from math import isfinite
from typing import Any

from marshmallow import fields, validate

from ..marshalling.fields import address_validator, simple_validators

NUMBER = re.compile(r"-?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](?P<seconds>:[0-5][0-9](\.[0-9]{1,3})?)?"
TIME = re.compile(CLOCK)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{CLOCK}")
ONE_LINE = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")  # an address: browsers strip it, and write its host in ASCII

MICROSECONDS = {"weeks": 604_800_000_000, "days": 86_400_000_000, "hours": 3_600_000_000, "minutes": 60_000_000}
MICROSECONDS |= {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}


def is_number(text: str) -> bool:
    """Whether a browser keeps a number: it parses it as a double, which has to be finite."""
    return bool(NUMBER.fullmatch(text)) and isfinite(float(text))


#: what a native control can hold, by its type
HOLDS: dict[str, Callable[[str], Any]] = {
    "number": is_number,
    "range": is_number,
    "date": DATE.fullmatch,
    "time": TIME.fullmatch,
    "datetime-local": MOMENT.fullmatch,
    "email": ONE_LINE.fullmatch,
    "url": ONE_LINE.fullmatch,
}


def native_attributes(kind: str | None, text: str, step: str | None) -> dict[str, Any]:
    """Return ``type`` and ``step`` of the control for a text: a text field where the native one can't hold it."""
    holds = HOLDS.get(kind or "")
    if holds is None or not text:
        return {"type": kind, "step": step}
    if not holds(text):
        return {"type": "text", "step": None, "min": None, "max": None}
    has_seconds = kind in ("time", "datetime-local") and text.count(":") == 2
    return {"type": kind, "step": "any" if has_seconds else step}


def room_for(text: Any, most: int | None) -> int | None:
    """Return ``maxlength`` of a control: the limit, or as much as a text that keeps to it has to a browser.

    Browsers count UTF-16 code units (HTML, 4.10.18.3), Python counts characters: an emoji is two and one. A text that
    was taken must not be too long for whoever edits it.
    """
    if most is None or not isinstance(text, str) or text.isascii() or len(text) > most:
        return most
    return max(most, len(text.encode("utf-16-le", "surrogatepass")) // 2)


def plain_text(value: Any) -> str:
    """Return any value as text, as far as its type says how; ``Markup`` as text that is escaped like any other."""
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return str(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return plain_text(value.value)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    return duration_text(value, "seconds") if isinstance(value, dt.timedelta) else str(value)


def duration_text(value: dt.timedelta, precision: str) -> str:
    """Return a duration as a decimal number of its field's units, to the microsecond."""
    unit = MICROSECONDS[precision]
    whole, rest = divmod(value // dt.timedelta(microseconds=1), unit)
    return str(whole) if not rest else f"{Decimal(whole) + Decimal(rest) / unit:f}"


def text_of(field: fields.Field[Any], value: Any) -> str:
    """Return a value as the text that its field loads again; what the field can't write is written plainly."""
    if isinstance(field, fields.Boolean) and isinstance(value, (str, bool)):
        return truth_text(value, field.truthy, field.falsy)
    if value is None or (isinstance(value, str) and not isinstance(value, enum.Enum)):
        return plain_text(value)
    if isinstance(field, fields.TimeDelta) and isinstance(value, dt.timedelta):
        return duration_text(value, field.precision)
    try:
        written = field._serialize(value, None, None)
    except (ValueError, TypeError, AttributeError, KeyError):
        written = value
    if isinstance(field, fields.Enum) and not isinstance(field.field, fields.String):
        return text_of(field.field, getattr(value, "value", value))
    return plain_text(written)


def truth_text(
    value: Any, truthy: Iterable[Any] = fields.Boolean.truthy, falsy: Iterable[Any] = fields.Boolean.falsy
) -> str:
    """Return a truth, or a text that says one to a box, as that box sends it: ``"true"``, ``"false"``, or itself."""
    if value is True or value in truthy:
        return text_among(truthy, "true")
    return text_among(falsy, "false") if value is False or value in falsy else plain_text(value)


def text_among(texts: Iterable[Any], usual: str) -> str:
    """Return the usual text where a field takes it, else one that it takes."""
    known = {each for each in texts if isinstance(each, str)}
    return usual if usual in known else min(known, default=usual)


def limits(validators: Iterable[Any]) -> tuple[Any, Any, int | None]:
    """Return lowest value, highest value and greatest length that validators allow."""
    each_one = list(simple_validators(validators))
    ranges = [each for each in each_one if isinstance(each, validate.Range)]
    lengths = [each for each in each_one if isinstance(each, validate.Length)]
    low = max((each.min for each in ranges if each.min is not None), default=None)
    high = min((each.max for each in ranges if each.max is not None), default=None)
    longest = [each.max if each.equal is None else each.equal for each in lengths]
    return html_limit(low), html_limit(high), min((each for each in longest if each is not None), default=None)


def html_limit(limit: Any) -> Any:
    """Return a limit as ``min`` and ``max`` write it: ``2026-01-31T09:30``, a number of seconds."""
    if isinstance(limit, dt.timedelta):
        return limit.total_seconds()
    return limit.isoformat() if isinstance(limit, (dt.date, dt.time)) else limit


def address_type(field: fields.String) -> str | None:
    """Return ``email`` or ``url`` for a text that a validator takes for one; to a browser no URL is relative."""
    found = address_validator(field)
    if isinstance(found, validate.URL):
        return None if found.relative else "url"
    return None if found is None else "email"
