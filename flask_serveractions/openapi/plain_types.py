"""JSON Schemas of plain types, as Flask's JSON provider writes their values."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import types
import typing
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union

from ..schemas.annotations import unaliased

JsonSchema = dict[str, Any]

PLAIN: Mapping[Any, JsonSchema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    decimal.Decimal: {"type": "string"},
    uuid.UUID: {"type": "string", "format": "uuid"},
    dt.date: {"type": "string"},  # both as an HTTP date
    dt.datetime: {"type": "string"},
}
LISTS = (list, tuple, collections.abc.Sequence, collections.abc.Iterable)
OBJECTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def type_schema(annotation: Any, seen: tuple[Any, ...] = ()) -> JsonSchema:
    """Return the JSON Schema of a type's values; ``{}`` where nothing can be said.

    :param seen: the dataclasses and ``TypedDict`` that it stands in: one in itself is any object.
    """
    annotation = unaliased(annotation)
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return type_schema(parts[0], seen)
    if isinstance(annotation, typing.Hashable) and annotation in PLAIN:
        return dict(PLAIN[annotation])
    if origin is Literal:
        return {"enum": list(parts)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [type_schema(each, seen) for each in parts]}
    if (origin or annotation) in LISTS:
        return list_schema(origin, parts, seen)
    if (origin or annotation) in OBJECTS:
        return {"type": "object", "additionalProperties": type_schema(parts[1], seen) if parts else {}}
    return class_schema(annotation, seen) if inspect.isclass(annotation) else {}


def list_schema(origin: Any, parts: tuple[Any, ...], seen: tuple[Any, ...]) -> JsonSchema:
    if origin is tuple and Ellipsis not in parts:
        schemas = [type_schema(each, seen) for each in parts]
        return {"type": "array", "prefixItems": schemas, "minItems": len(schemas), "maxItems": len(schemas)}
    return {"type": "array", "items": type_schema(parts[0], seen) if parts else {}}


def class_schema(made: type[Any], seen: tuple[Any, ...]) -> JsonSchema:
    if issubclass(made, enum.Enum):
        return {"enum": [each.value for each in made]} if issubclass(made, (str, int)) else {}
    is_typed_dict = typing.is_typeddict(made)
    if not is_typed_dict and not dataclasses.is_dataclass(made):
        return {}
    if made in seen:
        return {"type": "object"}
    try:
        hints = typing.get_type_hints(made, include_extras=True)
    except NameError:
        return {"type": "object"}
    listed = list(hints) if is_typed_dict else [each.name for each in dataclasses.fields(made)]
    needed = [name for name in listed if not is_typed_dict or name in made.__required_keys__]
    properties = {name: type_schema(without_qualifier(hints[name]), (*seen, made)) for name in listed}
    return {"type": "object", "properties": properties, **({"required": needed} if needed else {})}


def without_qualifier(hint: Any) -> Any:
    """Return what stands in ``Required[...]`` or ``NotRequired[...]`` (Python 3.11, typing_extensions)."""
    is_qualifier = getattr(typing.get_origin(hint), "_name", "") in ("Required", "NotRequired", "ReadOnly")
    return typing.get_args(hint)[0] if is_qualifier else hint
