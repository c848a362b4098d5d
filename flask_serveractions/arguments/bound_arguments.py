"""Bound arguments, between what a template gives to a form and the payload of its ID."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from ..operation import Operation, annotation_text
from ..security.signing import dump_payload, load_payload
from .loading import load_bound

PLAIN = (bool, int, float, str, Decimal, date, time, timedelta, UUID)


def bound_payload(operation: Operation, bound: Mapping[str, Any]) -> str:
    """Return the readable part of an ID.

    :raises TypeError: an argument is missing, unknown, or of a type that the annotation does not allow.
    """
    given = [parameter for parameter in operation.bound if parameter.name in bound]
    if len(given) < max(len(bound), len(operation.bound)):
        check_names(operation, bound)
    return dump_payload({each.name: serialized(operation, each, bound[each.name]) for each in given})


def check_names(operation: Operation, bound: Mapping[str, Any]) -> None:
    """:raises TypeError: an argument is unknown, or one is missing that has no default."""
    known = {parameter.name for parameter in operation.bound}
    for name in bound:
        if name not in known:
            is_argument = any(each.name == name for each in operation.parameters)
            otherwise = "" if is_argument else "; attributes of the form stand in attrs={...}"
            mend = f"Annotate it as in {name}: Bound[int]{otherwise}."
            raise TypeError(f"{operation.where}: {name!r} is not Bound. {mend}")
    for parameter in operation.bound:
        if parameter.required and parameter.name not in bound:
            raise TypeError(
                f"{operation.where}: the bound argument {parameter.name!r} is missing. Give it to the form."
            )


def serialized(operation: Operation, parameter: Any, value: Any) -> Any:
    """Return a bound argument as the ID holds it, if it comes back as what was given."""
    if value is None and parameter.optional:
        return None
    if parameter.fields is not None and type(value) is parameter.fields.plain:
        return value  # saves a tenth of what a form costs
    try:
        made = parameter.json.serialize(parameter.name, {parameter.name: value})
        again = parameter.json.deserialize(made)
        meant = parameter.text.deserialize(value) if isinstance(value, str) else value
    except (ValidationError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise not_bindable(operation, parameter, value, f"{error}") from error
    if not is_same(meant, again):
        raise not_bindable(operation, parameter, value, f"it would come back as {again!r}")
    return made if isinstance(made, (str, int, float, bool, list, dict, type(None))) else str(made)


def not_bindable(operation: Operation, parameter: Any, value: Any, why: str) -> TypeError:
    return TypeError(
        f"{operation.where}: the bound argument {parameter.name!r} can't be {value!r} ({why})."
        f" Give what {annotation_text(parameter.annotation)} allows."
    )


def is_same(given: Any, again: Any) -> bool:
    """Whether a value came back as it was given, in type too: ``True`` is no 1, and 1.5 no whole number."""
    if isinstance(given, (list, tuple)) and isinstance(again, list):
        return len(given) == len(again) and all(map(is_same, given, again))
    if isinstance(again, Enum):
        return again == given or is_same(given, again.value)
    if isinstance(given, float) and isinstance(again, Decimal):
        return float(again) == given
    if not isinstance(given, PLAIN):
        return True  # an object of yours, in a field of yours
    return isinstance(given, bool) == isinstance(again, bool) and bool(again == given)


def bound_values(operation: Operation, payload: str) -> dict[str, Any]:
    """Return the bound arguments that a payload holds."""
    return load_bound(operation, load_payload(payload) or {})
