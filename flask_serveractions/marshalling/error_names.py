"""marshmallow's messages under the names that the input has: those of its fields' own structure taken out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from ..errors import WHOLE
from ..http.messages import is_message
from .fields import MAX_ERRORS, Dict, of_key
from .form_data import Items, join_name
from .sentences import sentence_of


def schema_messages(schema: Schema, messages: Any, data: Any = None, many: bool = False) -> Any:
    """Return what a schema complains of, by the keys that it loads.

    :param messages: ``{"name": [...]}``, or a list; of many, by index.
    :param data: what was loaded.
    """
    return messages_by_key(schema, messages, data, many or schema.many)


def messages_by_key(schema: Schema, messages: Any, data: Any, of_many: bool = False) -> Any:
    if not isinstance(messages, dict):
        return messages
    load_fields = schema.load_fields
    named: dict[Any, Any] = {}
    for key, each in messages.items():
        if of_many and isinstance(key, int):
            named[key] = messages_by_key(schema, each, part(data, key))
            continue
        name, field = key, load_fields.get(key)
        if field is None or field.data_key is not None:
            name, field = field_of_key(schema, key, data)
        told = each if field is None or type(each) is list else field_messages(field, each, part(data, name))
        named[name] = merged(named[name], told) if name in named else told
    return named


def field_of_key(schema: Schema, key: Any, data: Any) -> tuple[Any, Any]:
    """Return the key of the input that a message is about, and its field.

    ``ValidationError("...", "first_name")`` gives a field's own name; but what was sent by that name is a stray key.
    """
    field = schema.load_fields.get(key)
    if field is not None and field.data_key in (None, key):
        return key, field
    keyed = next((each for each in schema.load_fields.values() if each.data_key == key), None)
    if keyed is not None or field is None:
        return key, keyed
    return (key, None) if isinstance(data, Mapping) and key in data else (field.data_key, field)


def part(data: Any, key: Any) -> Any:
    if isinstance(data, Mapping):
        return data.get(key)
    is_item = isinstance(data, list) and isinstance(key, int) and key < len(data)
    return data[key] if is_item else None


def merged(before: Any, messages: Any) -> Any:
    if isinstance(before, list) and isinstance(messages, list):
        return [*before, *messages]
    return {**before, **messages} if isinstance(before, dict) and isinstance(messages, dict) else messages


def field_messages(field: Any, messages: Any, data: Any = None) -> Any:
    """Return what a field complains of, by the names and indices that its input has."""
    if not isinstance(messages, dict):
        return messages
    if isinstance(field, fields.Pluck):
        return plucked_messages(field, messages)
    if isinstance(field, fields.Nested):
        return schema_messages(field.schema, messages, data, bool(field.many))
    if isinstance(field, fields.List):
        return {key: field_messages(field.inner, each, part(data, key)) for key, each in messages.items()}
    if isinstance(field, fields.Tuple):
        inner = dict(enumerate(field.tuple_fields))
        return {key: field_messages(inner.get(key), each, part(data, key)) for key, each in messages.items()}
    if isinstance(field, fields.Mapping):
        return mapping_messages(field, messages, data)
    return messages


def plucked_messages(field: fields.Pluck, messages: Mapping[Any, Any]) -> Any:
    """Return the messages of what stands for an object: those of its one field."""
    inner = field.schema.load_fields[field.field_name]
    key = inner.data_key if inner.data_key is not None else field.field_name
    if set(messages) == {key}:
        return field_messages(inner, messages[key])
    return {
        index: plucked_messages(field, each) if isinstance(each, dict) else each for index, each in messages.items()
    }


def mapping_messages(field: fields.Mapping[Any], messages: Mapping[Any, Any], data: Any) -> dict[Any, Any]:
    """Return the messages of a mapping's values by its keys; marshmallow has ``{"a": {"key": ..., "value": ...}}``."""
    by_key = messages if isinstance(field, Dict) else {key: of_key(each) for key, each in messages.items()}
    return {key: field_messages(field.value_field, each, part(data, key)) for key, each in by_key.items()}


def flat_errors(messages: Any, name: str = "", data: Any = None) -> dict[str, list[str]]:
    """Return marshmallow's nested messages, as sentences, by dotted names: ``{"items.0.text": ["Too long."]}``.

    :param messages: a list of messages, or a dict of them by field or index.
    :param data: what was loaded; items of a form keep the index that they had there.
    """
    flat: dict[str, list[str]] = {}
    add_errors(flat, messages, name, data)
    return flat


def add_errors(flat: dict[str, list[str]], messages: Any, name: str, data: Any) -> None:
    if not isinstance(messages, dict):
        flat[name or WHOLE] = [
            sentence_of(str(text), data) for text in ([messages] if is_message(messages) else messages)
        ]
        return
    is_object = isinstance(data, dict)
    for key, value in messages.items():
        if type(value) is list and type(key) is str and not name and key.isidentifier():  # as most
            about = data.get(key) if is_object else None
            if len(value) == 1:  # spares a loop's own call, three of which are a hundredth of a refusal
                flat[key] = [sentence_of(str(value[0]), about)]
            else:
                flat[key] = [sentence_of(str(text), about) for text in value]
        elif len(flat) >= MAX_ERRORS:
            continue
        elif isinstance(data, list) and isinstance(key, int) and key < len(data):
            shown = data.indices[key] if isinstance(data, Items) else key
            add_errors(flat, value, join_name(name, shown), data[key])
        else:
            add_errors(flat, value, join_name(name, key), data.get(key) if is_object else None)
