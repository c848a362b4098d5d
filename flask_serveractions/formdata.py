"""Between flat form names and nested data: ``address.city``, ``items.0.text``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema, fields, missing
from werkzeug.datastructures import MultiDict

from .fields import is_text
from .operation import MISSING

Form = MultiDict[str, str]


def data_for(schema: Schema, form: Form, prefix: str = "") -> dict[str, Any]:
    """Return what a form says to a schema: declared fields alone, nested, with unchecked boxes as False.

    :param prefix: ``"address."`` for a nested schema.
    """
    data = {}
    for name, field in schema.load_fields.items():
        key = field.data_key if field.data_key is not None else name
        value = raw_value(field, form, prefix + key)
        if value is MISSING and is_unchecked(field, schema):
            value = False
        if value is not MISSING:
            data[key] = value
    return data


def is_unchecked(field: fields.Field[Any], schema: Schema) -> bool:
    plain = isinstance(field, fields.Boolean) and not field.allow_none and field.load_default is missing
    return plain and not schema.partial


def raw_value(field: fields.Field[Any], form: Form, name: str) -> Any:
    """Return one field's value as the form has it, or MISSING.

    An empty string for a type that is not text counts as absent.
    """
    if isinstance(field, fields.Nested):
        return nested_value(field, form, name)
    if isinstance(field, (fields.List, fields.Tuple)):
        return list_value(field, form, name)
    if isinstance(field, fields.Mapping):
        return below(form, name) or MISSING
    if name not in form:
        return MISSING
    value = form[name]
    return MISSING if value == "" and not is_text(field) else value


def nested_value(field: fields.Nested, form: Form, name: str) -> Any:
    if field.many:
        return [data_for(field.schema, form, f"{name}.{index}.") for index in indices(form, name)] or MISSING
    if not any(key.startswith(f"{name}.") for key in form):
        return MISSING
    return data_for(field.schema, form, f"{name}.")


def list_value(field: Any, form: Form, name: str) -> Any:
    inner = field.inner if isinstance(field, fields.List) else fields.Raw()
    values = [value for value in form.getlist(name) if value != "" or is_text(inner)]
    for index in indices(form, name):
        value = raw_value(inner, form, f"{name}.{index}")
        if value is not MISSING:
            values.append(value)
    return values or MISSING


def indices(form: Form, name: str) -> list[str]:
    """Return the indices that stand behind a name, in order: ``["0", "2"]``."""
    pattern = re.compile(re.escape(name) + r"\.([0-9]{1,9})(\.|$)", re.ASCII)
    found = {match.group(1) for match in map(pattern.match, form) if match}
    return sorted(found, key=int)


def below(form: Form, name: str) -> dict[str, Any]:
    """Return a mapping of everything whose name starts with ``name.``; deeper names nest further."""
    tree: dict[str, Any] = {}
    for key in form:
        if key.startswith(f"{name}."):
            plant(tree, key[len(name) + 1 :].split("."), form[key])
    return tree


def plant(tree: dict[str, Any], path: list[str], value: str) -> None:
    for step in path[:-1]:
        deeper = tree.setdefault(step, {})
        if not isinstance(deeper, dict):
            return
        tree = deeper
    tree[path[-1]] = value


def flat_errors(messages: Any, name: str = "") -> dict[str, list[str]]:
    """Return marshmallow's nested messages by dotted names: ``{"items.0.text": ["Too long."]}``.

    :param messages: a list of messages, or a dict of them by field or index.
    """
    if isinstance(messages, Mapping):
        flat: dict[str, list[str]] = {}
        for key, value in messages.items():
            flat.update(flat_errors(value, joined(name, key)))
        return flat
    texts = [messages] if isinstance(messages, str) else messages
    return {name: [str(text) for text in texts]}


def joined(name: str, key: Any) -> str:
    if key == "_schema" and name:  # a nested object's own message stands at its name
        return name
    return f"{name}.{key}" if name else str(key)


def flat_values(data: Any, name: str = "") -> Iterable[tuple[str, Any]]:
    """Yield nested JSON data by dotted names, as a form would have sent it."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from flat_values(value, joined(name, key))
    elif isinstance(data, list) and any(isinstance(each, (dict, list)) for each in data):
        for index, value in enumerate(data):
            yield from flat_values(value, joined(name, index))
    elif name:
        yield name, data
