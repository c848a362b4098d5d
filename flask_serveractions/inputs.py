"""What the signature says of an input element: its type, its limits, whether it is a secret."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any

from marshmallow import Schema, fields, missing, validate
from wtforms import Field, FieldList, FormField, PasswordField

from .flaskforms import field_named, filled_form
from .formdata import is_many
from .formstate import Input
from .operation import Operation, Parameter

SECRET_NAME = re.compile(r"password|passwd|secret|token", re.IGNORECASE)

TYPES: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (fields.Boolean, "checkbox"),
    (fields.Number, "number"),
    (fields.TimeDelta, "number"),  # of seconds
    (fields.DateTime, "datetime-local"),
    (fields.Date, "date"),
    (fields.Time, "time"),
    (fields.Email, "email"),
    (fields.Url, "url"),
)


def describe(operation: Operation, name: str) -> Input:
    """Return what an operation says of the input element of a name; nested names with dots."""
    for parameter in operation.files:
        if parameter.key == name:
            return Input(type="file", required=parameter.required and not parameter.many, multiple=parameter.many)
    if operation.form is not None:
        field = field_named(filled_form(operation.form, None), name)
        return input_of(field) if field is not None else Input(secret=is_secret_name(name))
    first, *rest = name.split(".")
    for parameter in (*operation.body, *operation.located):
        if parameter.key == first and parameter.text is not None:
            return describe_field(deeper(parameter.text, rest), name, is_required(parameter, rest))
    schema = operation.whole.schema if operation.whole else None
    return describe_field(deeper_in(schema, [first, *rest]) if schema else None, name, None)


def is_required(parameter: Parameter, rest: list[str]) -> bool | None:
    """Whether a parameter's input must be filled in; None where the nested field itself knows."""
    if not parameter.required:
        return False
    return None if rest else not isinstance(parameter.text, (fields.Boolean, fields.List))


def is_secret_name(name: str) -> bool:
    return bool(SECRET_NAME.search(name))


def deeper(field: fields.Field[Any] | None, path: list[str]) -> fields.Field[Any] | None:
    """Return the field that a nested name leads to: through objects by name, through lists by index."""
    if field is None or not path:
        return field
    if isinstance(field, fields.List) and path[0].isdigit():
        return deeper(field.inner, path[1:])
    if isinstance(field, fields.Nested):
        return deeper_in(field.schema, path[1:] if is_many(field) else path)
    if isinstance(field, fields.Mapping):
        return deeper(field.value_field, path[1:])
    return None


def deeper_in(schema: Schema, path: list[str]) -> fields.Field[Any] | None:
    for name, field in schema.fields.items():
        if path and (field.data_key or name) == path[0]:
            return deeper(field, path[1:])
    return None


def describe_field(field: fields.Field[Any] | None, name: str, required: bool | None) -> Input:
    """Describe a marshmallow field.

    :param required: None where the field itself knows.
    """
    if field is None:
        return Input(secret=is_secret_name(name))
    kind = next((text for made, text in TYPES if isinstance(field, made)), field.metadata.get("type"))
    secret = field.load_only or field.metadata.get("type") == "password" or is_secret_name(name)
    if secret and kind is None:
        kind = "password"
    needed = field.required and field.load_default is missing and not isinstance(field, fields.Boolean)
    fraction = isinstance(field, (fields.Float, fields.Decimal, fields.TimeDelta))
    low, high, longest = limits(field.validators)
    return Input(
        type=kind,
        required=needed if required is None else required,
        maxlength=longest if not isinstance(field, fields.List) else None,
        min=low,
        max=high,
        step="any" if fraction else None,
        multiple=isinstance(field, fields.List),
        secret=secret,
    )


def limits(validators: Iterable[Any]) -> tuple[Any, Any, int | None]:
    """Return lowest value, highest value and greatest length that validators allow."""
    each_one = list(simple_validators(validators))
    ranges = [each for each in each_one if isinstance(each, validate.Range)]
    lengths = [each for each in each_one if isinstance(each, validate.Length)]
    low = max((each.min for each in ranges if each.min is not None), default=None)
    high = min((each.max for each in ranges if each.max is not None), default=None)
    longest = [each.max if each.equal is None else each.equal for each in lengths]
    return in_html(low), in_html(high), min((each for each in longest if each is not None), default=None)


def simple_validators(validators: Iterable[Any]) -> Iterator[Any]:
    for each in validators:
        if isinstance(each, validate.And):
            yield from simple_validators(each.validators)
        else:
            yield each


def in_html(limit: Any) -> Any:
    """Return a limit as ``min`` and ``max`` write it: ``2026-01-31T09:30``, a number of seconds."""
    if isinstance(limit, dt.timedelta):
        return limit.total_seconds()
    return limit.isoformat() if isinstance(limit, (dt.date, dt.time)) else limit


def input_of(field: Field) -> Input:
    kind = getattr(field.widget, "input_type", None)
    flags = field.flags
    return Input(
        type=None if kind == "text" else kind,
        required=bool(flags.required),
        maxlength=flags.maxlength,
        min=flags.min,
        max=flags.max,
        multiple=bool(flags.multiple),
        secret=is_secret_form_field(field),
    )


def is_secret_form_field(field: Field) -> bool:
    return isinstance(field, PasswordField) or is_secret_name(field.name)


def has_files(operation: Operation) -> bool:
    """Whether a form for this operation must be ``multipart/form-data``."""
    if operation.files:
        return True
    return operation.form is not None and any_file(filled_form(operation.form, None))


def any_file(form: Iterable[Field]) -> bool:
    return any(is_file(field) for field in form)


def is_file(field: Field) -> bool:
    if isinstance(field, FieldList):
        return is_file(field.append_entry())
    if isinstance(field, FormField):
        return any_file(field.form)
    return getattr(field.widget, "input_type", None) == "file"


def declared_names(operation: Operation) -> frozenset[str]:
    """Return the first parts of all names that an operation takes from a body."""
    names = {each.key for each in (*operation.body, *operation.located, *operation.files)}
    if operation.whole is not None and operation.whole.schema is not None:
        names |= {field.data_key or name for name, field in operation.whole.schema.load_fields.items()}
    if operation.form is not None:
        names |= {field.name for field in filled_form(operation.form, None)}
    return frozenset(names)
