"""What the signature says of an input element: its type, its limits, whether it is a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields, missing, validate
from wtforms import Field as FormField
from wtforms import PasswordField

from .formstate import Input
from .operation import Operation, Parameter

SECRET_NAME = re.compile(r"password|passwd|secret|token", re.IGNORECASE)

TYPES: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (fields.Boolean, "checkbox"),
    (fields.Number, "number"),
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
            return Input(type="file", required=parameter.required, multiple=parameter.many)
    if operation.form is not None:
        return describe_form_field(empty_form(operation.form), name)
    first, *rest = name.split(".")
    for parameter in (*operation.body, *operation.located):
        if parameter.key == first and parameter.text is not None:
            return describe_field(deeper(parameter.text, rest), name, is_required(parameter))
    schema = operation.whole.schema if operation.whole else None
    field = deeper_in(schema, [first, *rest]) if schema else None
    return describe_field(field, name, None)


def is_required(parameter: Parameter) -> bool:
    return parameter.required and not isinstance(parameter.text, (fields.Boolean, fields.List))


def deeper(field: fields.Field[Any] | None, path: list[str]) -> fields.Field[Any] | None:
    """Return the field that a nested name leads to: through objects by name, through lists by index."""
    if field is None or not path:
        return field
    if isinstance(field, fields.List) and path[0].isdigit():
        return deeper(field.inner, path[1:])
    if isinstance(field, fields.Nested):
        return deeper_in(field.schema, path[1:] if field.many else path)
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
        return Input(secret=bool(SECRET_NAME.search(name)))
    kind = next((text for made, text in TYPES if isinstance(field, made)), field.metadata.get("type"))
    secret = field.load_only or field.metadata.get("type") == "password" or bool(SECRET_NAME.search(name))
    if secret and kind is None:
        kind = "password"
    needed = field.required and field.load_default is missing and not isinstance(field, fields.Boolean)
    fraction = isinstance(field, (fields.Float, fields.Decimal))
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
    low = high = longest = None
    for each in validators:
        if isinstance(each, validate.Range):
            low, high = each.min if low is None else low, each.max if high is None else high
        elif isinstance(each, validate.Length):
            longest = each.max if each.equal is None else each.equal
    return low, high, longest


def describe_form_field(form: Any, name: str) -> Input:
    """Describe a WTForms field; nested names are WTForms' own (``address-street``)."""
    field = next((each for each in form if each.name == name), None)
    if field is None:
        return Input(secret=bool(SECRET_NAME.search(name)))
    return input_of(field)


def empty_form(parameter: Parameter) -> Any:
    made: Any = parameter.form_class
    return made(formdata=None, meta={"csrf": False})


def input_of(field: FormField) -> Input:
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


def is_secret_form_field(field: FormField) -> bool:
    return isinstance(field, PasswordField) or bool(SECRET_NAME.search(field.name))


def has_files(operation: Operation) -> bool:
    """Whether a form for this operation must be ``multipart/form-data``."""
    if operation.files:
        return True
    if operation.form is None:
        return False
    form = empty_form(operation.form)
    return any(getattr(field.widget, "input_type", None) == "file" for field in form)


def declared_names(operation: Operation) -> frozenset[str]:
    """Return the first parts of all names that an operation takes from a body."""
    names = {each.key for each in (*operation.body, *operation.located, *operation.files)}
    if operation.whole is not None and operation.whole.schema is not None:
        names |= {field.data_key or name for name, field in operation.whole.schema.load_fields.items()}
    if operation.form is not None:
        names |= {field.name for field in empty_form(operation.form)}
    return frozenset(names)
