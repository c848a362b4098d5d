"""What the signature says of an input element: its type, its limits, whether it is a secret."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

from marshmallow import Schema, fields, validate
from wtforms import Field, FieldList, FormField, PasswordField

from ..operation import Operation
from ..schemas.flask_forms import field_named, filled_form
from ..schemas.form_data import MAX_DEPTH, is_many
from .form_state import Input

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
    found, is_wanted = fields_to(operation, name)
    return described(found, name, is_wanted=is_wanted)


def fields_to(operation: Operation, name: str) -> tuple[list[fields.Field[Any]], bool | None]:
    """Return the fields that lead to a name, and whether the parameter that they are of must be given."""
    path = name.split(".", MAX_DEPTH)  # a stale form may have sent any name
    for parameter in (*operation.body, *operation.located):
        if parameter.key == path[0] and parameter.text is not None:
            return with_parameter(parameter.text, path[1:]), parameter.required
    schema = operation.whole.schema if operation.whole else None
    if schema is None:
        return [], None
    return with_schema(schema, path[1:] if schema.many else path), None


def secrets_of(operation: Operation) -> Callable[[str], bool]:
    """Return what tells whether an input of a name is a secret, as :func:`describe` does: for a thousand names."""
    if operation.form is None:
        return lambda name: is_secret_name(name) or any(map(is_secret, fields_to(operation, name)[0]))
    form = filled_form(operation.form, None)

    def is_secret_input(name: str) -> bool:
        field = field_named(form, name)
        return is_secret_name(name) or (field is not None and is_secret_form_field(field))

    return is_secret_input


def is_fillable(found: list[fields.Field[Any]]) -> bool:
    """Whether nothing sent is a value too: a box that is not ticked, a list without items."""
    return bool(found) and isinstance(found[-1], (fields.Boolean, fields.List))


def is_secret_name(name: str) -> bool:
    return bool(SECRET_NAME.search(name))


def with_parameter(field: fields.Field[Any], path: list[str]) -> list[fields.Field[Any]]:
    """Return the fields that a nested name leads through, the last one its own; ``[]`` where it leads nowhere.

    Through objects it leads by name, through lists by index.
    """
    if not path:
        return [field]
    below: list[fields.Field[Any]] = []
    if isinstance(field, fields.List) and path[0].isdigit():
        below = with_parameter(field.inner, path[1:])
    elif isinstance(field, fields.Nested):
        below = with_schema(field.schema, path[1:] if is_many(field) else path)
    elif isinstance(field, fields.Mapping) and field.value_field is not None:
        below = with_parameter(field.value_field, path[1:])
    return [field, *below] if below else []


def with_schema(schema: Schema, path: list[str]) -> list[fields.Field[Any]]:
    for name, field in schema.fields.items():
        if path and (field.data_key or name) == path[0]:
            return with_parameter(field, path[1:])
    return []


def described(found: list[fields.Field[Any]], name: str, *, is_wanted: bool | None = None) -> Input:
    """Describe a marshmallow field by those that lead to it.

    :param found: its own the last; ``[]`` where nobody declared it.
    :param is_wanted: whether the parameter must be given; None for a field of a schema of the whole body.
    """
    if not found:
        return Input(secret=is_secret_name(name))
    field = found[-1]
    kind = next((text for made, text in TYPES if isinstance(field, made)), field.metadata.get("type"))
    secret = is_secret_name(name) or any(map(is_secret, found))
    low, high, longest = limits(field.validators)
    is_list = isinstance(field, fields.List)
    return Input(
        type="password" if secret and kind is None else kind,
        required=is_required(found, is_wanted),
        maxlength=None if is_list else longest,
        min=low,
        max=high,
        step="any" if isinstance(field, (fields.Float, fields.Decimal, fields.TimeDelta)) else None,
        multiple=is_list,
        secret=secret,
    )


def is_secret(field: fields.Field[Any]) -> bool:
    return field.load_only or field.metadata.get("type") == "password"


def is_required(found: list[fields.Field[Any]], is_wanted: bool | None) -> bool:
    """Whether an input must be filled in: its field, and every object around it, is required."""
    if is_wanted is False or is_fillable(found):
        return False
    first = is_wanted or found[0].required or isinstance(found[0], fields.List)
    return first and all(each.required or is_container(each, around) for around, each in pairwise(found))


def is_container(field: fields.Field[Any], around: fields.Field[Any]) -> bool:
    """Whether a field is a list, or an object in one: what stands in an item that is there may be required."""
    if isinstance(field, fields.List):
        return True
    return isinstance(field, fields.Nested) and isinstance(around, (fields.List, fields.Mapping))


def limits(validators: Iterable[Any]) -> tuple[Any, Any, int | None]:
    """Return lowest value, highest value and greatest length that validators allow."""
    each_one = list(simple_validators(validators))
    ranges = [each for each in each_one if isinstance(each, validate.Range)]
    lengths = [each for each in each_one if isinstance(each, validate.Length)]
    low = max((each.min for each in ranges if each.min is not None), default=None)
    high = min((each.max for each in ranges if each.max is not None), default=None)
    longest = [each.max if each.equal is None else each.equal for each in lengths]
    return html_controls(low), html_controls(high), min((each for each in longest if each is not None), default=None)


def simple_validators(validators: Iterable[Any]) -> Iterator[Any]:
    for each in validators:
        if isinstance(each, validate.And):
            yield from simple_validators(each.validators)
        else:
            yield each


def html_controls(limit: Any) -> Any:
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
