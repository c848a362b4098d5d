"""What an annotation says, in whatever way it is said: by aliases, ``Optional`` and ``Annotated``, at any depth."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple, TypeVar, Union

UNIONS = (Union, types.UnionType)
NOTHING = type(None)


class Unfolded(NamedTuple):
    """An annotation taken apart."""

    plain: Any  # neither an alias, nor Annotated, nor optional; a union of several types stays one
    metadata: list[Any]  # of all its layers, the innermost first
    optional: bool  # None is a value

    def of_kind(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.metadata if isinstance(each, kind)]


def unfold(annotation: Any) -> Unfolded:
    """Return what an annotation says.

    ``Annotated[Query[int] | None, Range(1)]`` is ``(int, [Source.QUERY, Range(1)], True)``: typing itself flattens
    ``Annotated`` in ``Annotated`` alone.
    """
    metadata: list[Any] = []
    optional = False
    while True:
        annotation = unaliased(annotation)
        members = union_members(annotation)
        some = [each for each in members if each is not NOTHING]
        optional = optional or len(some) < len(members)
        if len(some) == 1 and members:
            annotation = some[0]
        elif typing.get_origin(annotation) is Annotated:
            annotation, *own = typing.get_args(annotation)
            metadata[:0] = own
        else:
            return Unfolded(annotation, metadata, optional)


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the types of a union; none of anything else."""
    return typing.get_args(annotation) if typing.get_origin(annotation) in UNIONS else ()


def unaliased(annotation: Any) -> Any:
    """Return what a ``NewType`` or a ``type`` statement (Python 3.12) stands for, with its arguments in place."""
    while True:
        if isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif is_alias(annotation):
            annotation = value_of(annotation)
        elif is_alias(typing.get_origin(annotation)):
            alias = typing.get_origin(annotation)
            given = zip(alias.__type_params__, typing.get_args(annotation), strict=False)
            annotation = with_arguments(value_of(alias), dict(given))
        else:
            return annotation


def is_alias(value: Any) -> bool:
    return type(value).__name__ == "TypeAliasType"


def value_of(alias: Any) -> Any:
    """Return what an alias stands for; names in quotes are those of its module, as far as it knows them."""
    known = getattr(sys.modules.get(alias.__module__), "__dict__", {})
    alone = SimpleNamespace(__annotations__={"value": alias.__value__})
    try:
        return typing.get_type_hints(alone, known, include_extras=True)["value"]
    except (NameError, AttributeError, SyntaxError, TypeError):
        return alias.__value__


def with_arguments(annotation: Any, given: Mapping[Any, Any]) -> Any:
    """Return an annotation with types in the place of its ``TypeVar``."""
    if isinstance(annotation, TypeVar):
        return given.get(annotation, annotation)
    parameters = getattr(annotation, "__parameters__", ())
    if not parameters or isinstance(annotation, type):
        return annotation
    return annotation[tuple(given.get(each, each) for each in parameters)]
