"""The fields of one parameter, ready to load; equal parameters share them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, get_args
from weakref import WeakValueDictionary

from marshmallow import Schema
from marshmallow.fields import Enum, Field

from ..marshalling.fields import Boolean, Integer, typed
from ..marshalling.load import LoadField, compile_fields, field_loader, guard_numbers, passing_type
from ..marshalling.schema_cycles import all_fields, close_cycles_below, fields_within
from .type_hints import field_for

OWNER = Schema()  # what fields of parameters look up to: for formats of dates, and names of nested schemas


@dataclass(frozen=True, eq=False)  # without slots: it is referred to weakly
class BoundFields:
    """What loads a parameter from text (forms, queries, headers) and from JSON."""

    text: Field[Any] | None
    json: Field[Any] | None
    load_text: LoadField | None
    load_json: LoadField | None
    plain: type[Any] | None = None  # values of this very type are in JSON what they are in Python


#: by the parameter's name and annotation, as long as an operation has them: an app that is dropped leaves nothing
SHARED: WeakValueDictionary[Hashable, BoundFields] = WeakValueDictionary()


def fields_for(name: str, annotation: Any, names: Mapping[str, Any]) -> BoundFields:
    """Return the fields of a parameter, those that an equal parameter has already.

    :param names: local names that the annotations of dataclasses may refer to.
    :raises NoField: there is none for this annotation.
    """
    key = (name, in_order(annotation))
    known = SHARED.get(key) if is_hashable(key) else None
    if known is not None:
        return known
    made = bind(name, field_for(annotation, strict=False, names=names), field_for(annotation, strict=True, names=names))
    if is_hashable(key):
        SHARED[key] = made
    return made


def in_order(annotation: Any) -> Any:
    """Return an annotation that differs from one whose parts come in another order: to typing Literals are sets."""
    parts = get_args(annotation)
    return (annotation, *map(in_order, parts)) if parts else annotation


def is_hashable(key: Any) -> bool:
    """Whether a key has a hash: what stands in ``Annotated`` may have none."""
    try:
        hash(key)
    except TypeError:
        return False
    return True


def bind(name: str, text: Field[Any] | None, json: Field[Any] | None) -> BoundFields:
    """Return fields as those of a schema are, and what loads them."""
    bound_text = None if text is None else bound_field(name, text)
    load: LoadField | None = None
    load_text: LoadField | None = None
    if bound_text is not None:
        load = field_loader(bound_text)
        load_text = text_loader(bound_text, load)
    if json is text:
        return BoundFields(bound_text, bound_text, load_text, load)
    bound_json = None if json is None else bound_field(name, json)
    if bound_json is None:
        return BoundFields(bound_text, None, load_text, None)
    return BoundFields(bound_text, bound_json, load_text, field_loader(bound_json), plain_type(bound_json))


def text_loader(field: Field[Any], load: LoadField) -> LoadField:
    """Return what loads a field from text: ``Integer(strict=True)`` takes numbers alone, and gets what a text says."""
    if not (getattr(field, "strict", False) or isinstance(field, Enum)):
        return load
    return lambda value, key, data: load(typed(field, value) if isinstance(value, str) else value, key, data)


def plain_type(field: Field[Any]) -> type[Any] | None:
    """Return the type of whole numbers and truth values where a field neither limits nor writes them otherwise."""
    passing = passing_type(field) if type(field) in (Integer, Boolean) else None
    return None if getattr(field, "as_string", False) else passing


def bound_field(name: str, field: Field[Any]) -> Field[Any]:
    """Let a field that :func:`field_for` made be one of a schema."""
    field._bind_to_schema(name, OWNER)  # a schema class for each parameter would cost 0.2 ms and 8 KB
    below = close_cycles_below(field)
    every = [*fields_within([field]), *chain.from_iterable(map(all_fields, below))]
    guard_numbers(every)
    compile_fields(every)
    return field
