"""JSON Schemas of plain types, as Flask's JSON provider writes their values."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime as dt
import decimal
import enum
import typing
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Literal

from ..schemas.annotations import Unfolded, is_class, unfold, union_members
from ..schemas.results import holds_schema

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

Written = Callable[[Unfolded], JsonSchema | None]


def type_schema(annotation: Any, written: Written | None = None, seen: tuple[Any, ...] = ()) -> JsonSchema:
    """Return the JSON Schema of a type's values; ``{}`` where nothing can be said.

    :param written: what the metadata of ``Annotated`` makes of a type; None where it says nothing.
    :param seen: the dataclasses and ``TypedDict`` that it stands in: one in itself is any object.
    """
    return unfolded_schema(unfold(annotation), written, seen)


def unfolded_schema(said: Unfolded, written: Written | None = None, seen: tuple[Any, ...] = ()) -> JsonSchema:
    made = written(said) if written is not None else None
    made = plain_schema(said.plain, written, seen) if made is None else made
    return {"anyOf": [made, {"type": "null"}]} if said.optional and made else made


def plain_schema(plain: Any, written: Written | None, seen: tuple[Any, ...]) -> JsonSchema:
    origin, parts = typing.get_origin(plain), typing.get_args(plain)
    if isinstance(plain, typing.Hashable) and plain in PLAIN:
        return dict(PLAIN[plain])
    if origin is Literal:
        return {"enum": list(parts)}
    if union_members(plain):
        return any_of([type_schema(each, written, seen) for each in parts])
    if is_kind_of(origin or plain, collections.abc.Mapping):
        values = type_schema(parts[1], written, seen) if len(parts) == 2 else {}
        return {"type": "object", "additionalProperties": values}
    if (origin or plain) in LISTS or (is_kind_of(origin, collections.abc.Iterable) and holds_schema(plain)):
        return list_schema(origin, parts, written, seen)
    return class_schema(plain, seen) if is_class(plain) else {}


def any_of(schemas: list[JsonSchema]) -> JsonSchema:
    """Return the JSON Schema of what one of several allows."""
    distinct = [each for index, each in enumerate(schemas) if each not in schemas[:index]]
    if {} in distinct or not distinct:
        return {}
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def is_kind_of(kind: Any, base: type[Any]) -> bool:
    return is_class(kind) and issubclass(kind, base) and not typing.is_typeddict(kind)


def list_schema(origin: Any, parts: tuple[Any, ...], written: Written | None, seen: tuple[Any, ...]) -> JsonSchema:
    if origin is tuple and Ellipsis not in parts:
        schemas = [type_schema(each, written, seen) for each in parts]
        return {"type": "array", "prefixItems": schemas, "minItems": len(schemas), "maxItems": len(schemas)}
    return {"type": "array", "items": type_schema(parts[0], written, seen) if parts else {}}


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
    properties = {name: type_schema(without_qualifier(hints[name]), None, (*seen, made)) for name in listed}
    return {"type": "object", "properties": properties, **({"required": needed} if needed else {})}


def without_qualifier(hint: Any) -> Any:
    """Return what stands in ``Required[...]`` or ``NotRequired[...]`` (Python 3.11, typing_extensions)."""
    is_qualifier = getattr(typing.get_origin(hint), "_name", "") in ("Required", "NotRequired", "ReadOnly")
    return typing.get_args(hint)[0] if is_qualifier else hint
