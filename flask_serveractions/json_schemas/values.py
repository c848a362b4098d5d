"""Values in an OpenAPI document: defaults, limits and choices, as far as JSON can say them."""

from __future__ import annotations

import math
import re
from typing import Any

from marshmallow import fields, missing, validate

JsonSchema = dict[str, Any]

#: of RFC 3339, 5.6
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def fits(value: Any, schema: JsonSchema) -> bool:
    """Whether JSON can say a value, and its schema allows it: not infinity, nor a date that lacks its zone.

    ``None`` fits everywhere: whoever declared it as a default made the field nullable.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if isinstance(value, dict):
        below = schema.get("properties", {})
        return all(fits(each, below.get(key, schema.get("additionalProperties") or {})) for key, each in value.items())
    if isinstance(value, list):
        return all(fits(each, schema.get("items") or {}) for each in value)
    if isinstance(value, str) and schema.get("format") == "date-time":
        return bool(DATE_TIME.fullmatch(value))
    return value is None or value in schema.get("enum", [value])


def serialize_value(field: fields.Field[Any], value: Any) -> Any:
    """Return a value as its field writes it; missing where it is no value of that field."""
    if value is None:
        return None
    try:
        return field._serialize(value, None, None)
    except Exception:  # a default or a choice of another type, which marshmallow lets pass
        return missing


def plain_number(field: fields.Field[Any], value: Any) -> int | float | None:
    found = value if isinstance(value, (int, float)) else serialize_value(field, value)
    try:
        number = found if isinstance(found, int) else float(found)
    except (TypeError, ValueError):
        return None
    return None if isinstance(found, bool) or not math.isfinite(number) else number


def range_of(field: fields.Field[Any]) -> JsonSchema:
    """Return the limits of a number: where there are several, the narrowest."""
    made: JsonSchema = {}
    for each in field.validators:
        if not isinstance(each, validate.Range):
            continue
        lowest, highest = plain_number(field, each.min), plain_number(field, each.max)
        if lowest is not None:
            name = "minimum" if each.min_inclusive else "exclusiveMinimum"
            made[name] = max(lowest, made.get(name, lowest))
        if highest is not None:
            name = "maximum" if each.max_inclusive else "exclusiveMaximum"
            made[name] = min(highest, made.get(name, highest))
    return made


def truth_values(field: fields.Boolean) -> list[Any]:
    """Return what a truth value that has words of its own may be; 0 and False are one in a set, and two in JSON."""
    words = sorted({*field.truthy, *field.falsy} - {0}, key=str)
    return [*words, 0, False] if 0 in field.falsy else words


def refused_values(field: fields.Field[Any]) -> JsonSchema:
    """Return what a ``NoneOf`` says."""
    found = [each.iterable for each in field.validators if isinstance(each, validate.NoneOf)]
    refused = [serialize_value(field, each) for values in found if not isinstance(values, str) for each in values]
    return {"not": {"enum": refused}} if refused and missing not in refused else {}


def only_items(field: fields.Field[Any]) -> JsonSchema:
    """Return what a ``ContainsOnly`` says of each item of a list of single values."""
    if not isinstance(field, fields.List):
        return {}
    found = [each.choices for each in field.validators if type(each) is validate.ContainsOnly]
    choices = [serialize_value(field.inner, each) for each in found[0]] if len(found) == 1 else []
    return {"enum": choices} if choices and missing not in choices else {}


def key_names(schema: JsonSchema) -> JsonSchema:
    """Return ``propertyNames`` for keys of a schema; in JSON a key is a text."""
    if "enum" in schema:
        return {"propertyNames": {"enum": [str(each) for each in schema["enum"]]}}
    if schema.get("type") == "integer":
        return {"propertyNames": {"pattern": "^[+-]?[0-9]+$"}}
    told = {key: schema[key] for key in ("minLength", "maxLength", "pattern", "format") if key in schema}
    return {"propertyNames": told} if schema.get("type") == "string" and told else {}


def type_of_values(values: list[Any]) -> JsonSchema:
    if not values or any(type(each) not in JSON_TYPES for each in values):
        return {}  # a Decimal is written as text
    kinds = sorted({JSON_TYPES[type(each)] for each in values})
    return {"type": kinds[0] if len(kinds) == 1 else kinds}


def without_infinity(value: Any) -> Any:
    """Return JSON-ready data without the numbers that JSON has no text for, and without what they are called."""
    if isinstance(value, dict):
        return {key: without_infinity(each) for key, each in value.items() if is_finite(each)}
    return [without_infinity(each) for each in value if is_finite(each)] if isinstance(value, list) else value


def is_finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
