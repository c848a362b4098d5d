"""What an annotation says, in whatever way it is said: by aliases, ``Optional`` and ``Annotated``, at any depth."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple, TypeGuard, TypeVar, Union

UNIONS = (Union, types.UnionType)
NOTHING = type(None)


class Unfolded(NamedTuple):
    """An annotation taken apart."""

    plain: Any  # neither an alias, nor Annotated, nor optional; a union of several types stays one
    metadata: list[Any]  # of all its layers, the innermost first
    optional: bool  # None is a value

    def of_kind(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.metadata if isinstance(each, kind)]


def is_class(value: Any) -> TypeGuard[type[Any]]:
    """Whether a value is a class, and not ``list[int]``, which Python 3.10 takes for one."""
    return inspect.isclass(value) and not isinstance(value, types.GenericAlias)


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


def each_of_union(said: Unfolded) -> list[Unfolded]:
    """Return the types of a union, each with the metadata that stands around the whole; else the one type there is."""
    members = [unfold(each) for each in union_members(said.plain) if each is not NOTHING]
    if not members:
        return [said]
    around = [
        Unfolded(each.plain, [*each.metadata, *said.metadata], each.optional or said.optional) for each in members
    ]
    return [single for each in around for single in each_of_union(each)]


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the types of a union; none of anything else."""
    return typing.get_args(annotation) if typing.get_origin(annotation) in UNIONS else ()


def unaliased(annotation: Any) -> Any:
    """Return what a ``NewType`` or a ``type`` statement (Python 3.12) stands for, with its arguments in place.

    A type variable stands for its bound, or for one of its types; one that has neither stays.
    """
    while True:
        if isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif isinstance(annotation, TypeVar) and (annotation.__bound__ or annotation.__constraints__):
            annotation = annotation.__bound__ or Union[annotation.__constraints__]  # noqa: UP007  # made of a tuple
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


def arguments_by_class(made: Any) -> dict[Any, dict[Any, Any]]:
    """Return what stands for the type variables of a class and of its generic bases, by class.

    ``{Numbers: {}, Base: {T: int}}`` for ``class Numbers(Base[int])``.

    :param made: a class, or one with its arguments: ``Base[int]``.
    """
    whole = typing.get_origin(made) or made
    given = {whole: dict(zip(getattr(whole, "__parameters__", ()), typing.get_args(made), strict=False))}
    for each in whole.__mro__:
        for base in vars(each).get("__orig_bases__", ()):
            origin = typing.get_origin(base)
            arguments = [with_arguments(argument, given.get(each, {})) for argument in typing.get_args(base)]
            given.setdefault(origin, dict(zip(getattr(origin, "__parameters__", ()), arguments, strict=False)))
    return given


def definer(made: type[Any], name: str) -> type[Any]:
    """Return the class that defines a method of a class."""
    return next((each for each in made.__mro__ if name in vars(each)), made)


def type_arguments(made: type[Any], name: str) -> Mapping[Any, Any]:
    """Return what stands for the type variables in a method of a class, which a generic base may define."""
    return arguments_by_class(made).get(definer(made, name), {})


def type_parameters(made: Any) -> dict[str, Any]:
    """Return the type variables that a class or a function declares for itself (Python 3.12), by name."""
    return {each.__name__: each for each in getattr(made, "__type_params__", ())}


def with_arguments(annotation: Any, given: Mapping[Any, Any]) -> Any:
    """Return an annotation with types in the place of its ``TypeVar``."""
    if isinstance(annotation, TypeVar):
        return given.get(annotation, annotation)
    parameters = getattr(annotation, "__parameters__", ())
    if not parameters or is_class(annotation):
        return annotation
    return annotation[tuple(given.get(each, each) for each in parameters)]
