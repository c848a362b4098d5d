"""Type hints: their names resolved, and the marshmallow fields that load what they say."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import re
import sys
import typing
import uuid
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from types import FrameType, SimpleNamespace
from typing import Any, Literal, NamedTuple

from marshmallow import Schema, fields, missing

from ..marshalling.fields import (
    Boolean,
    Choice,
    Data,
    DataSchema,
    DateTime,
    Decimal,
    Dict,
    Float,
    Integer,
    List,
    TimeDelta,
    raw_choice,
    simple_validators,
)
from ..operation import Source, undecorated, where
from .annotations import Unfolded, arguments_by_class, is_class, type_parameters, unfold, union_members, with_arguments
from .mistakes import NoField, check_metadata, check_suits, check_takes_a_value, is_mapped, no_field, refusing

Validators = tuple[Callable[[Any], Any], ...]


ADDRESS = re.compile(r" at 0x[0-9a-f]+")  # in the repr of a function
KNOWN_NAMES = "Import it outside of `if TYPE_CHECKING`, or define it above the function."


SIMPLE: Mapping[Any, Callable[..., fields.Field[Any]]] = {
    str: lambda strict, **options: fields.String(**options),
    int: Integer,
    float: Float,
    bool: Boolean,
    decimal.Decimal: lambda strict, **options: Decimal(**options),
    dt.date: lambda strict, **options: fields.Date(**options),
    dt.datetime: lambda strict, **options: DateTime(**options),
    dt.time: lambda strict, **options: fields.Time(**options),
    dt.timedelta: TimeDelta,
    uuid.UUID: lambda strict, **options: fields.UUID(**options),
    dict: lambda strict, **options: Dict(**options),
    list: lambda strict, **options: List(fields.Raw(allow_none=True), **options),
    Any: lambda strict, **options: fields.Raw(**{**options, "allow_none": True}),
}
#: what is a list in JSON
ARRAYS = frozenset(
    {
        list,
        set,
        frozenset,
        collections.deque,
        collections.abc.Sequence,
        collections.abc.MutableSequence,
        collections.abc.Collection,
        collections.abc.Iterable,
        collections.abc.Iterator,
        collections.abc.Generator,
        collections.abc.Reversible,
        collections.abc.Set,
        collections.abc.MutableSet,
        collections.abc.KeysView,
        collections.abc.ValuesView,
    }
)
ENUM_KINDS = frozenset(SIMPLE) - {dict, list, Any}


def field_for(
    annotation: Any, *, strict: bool, names: Mapping[str, Any] | None = None, **options: Any
) -> fields.Field[Any]:
    """Return the field that loads a type.

    :param annotation: a resolved type: ``int``, ``list[str]``, ``Annotated[str, Length(1)]``, a dataclass.
    :param strict: for JSON, where ``"1"`` is no number; False for text.
    :param names: local names that the annotations of dataclasses may refer to.
    :param options: marshmallow's: ``required``, ``load_default``, ``validate``.
    :raises NoField: there is none.
    """
    return Maker(strict, names or {}, {}).unfolded(unfold(annotation), options)


class Maker(NamedTuple):
    """Makes the fields of one parameter: all for text, or all for JSON."""

    strict: bool
    names: Mapping[str, Any]
    schemas: dict[Any, Schema | None]  # of dataclasses; None while one is being made

    def field(self, annotation: Any, **options: Any) -> fields.Field[Any]:
        """Return the field of what stands within a parameter: its place is the parameter's."""
        said = unfold(annotation)
        marks = said.of_kind(Source)
        if marks:
            mark = marks[0].name.title()
            raise NoField(f"{mark}[...] stands within another type", f"Put it around the whole: {mark}[list[int]].")
        return self.unfolded(said, options)

    def unfolded(self, said: Unfolded, options: dict[str, Any]) -> fields.Field[Any]:
        plain, metadata, optional = said
        if optional:
            options["allow_none"] = True
        validators = validators_of(metadata)
        given = next((each for each in metadata if is_field(each)), None)
        if given is not None:
            return exact_field(field_of(given), validators, options)
        check_suits(typing.get_origin(plain) or plain, validators)
        if validators:
            options["validate"] = [*validators, *options.get("validate", ())]
        schema = schema_among(metadata)
        if schema is not None:
            return fields.Nested(schema_of(schema, plain), **options)
        if union_members(plain):
            raise NoField(f"no marshmallow field loads {plain!r}: a value can't be of several types")
        origin = typing.get_origin(plain)
        if origin is None and isinstance(plain, typing.Hashable) and plain in SIMPLE:
            return SIMPLE[plain](strict=self.strict, **options)
        return self.composed(plain, origin, options)

    def composed(self, annotation: Any, origin: Any, options: dict[str, Any]) -> fields.Field[Any]:
        arguments = typing.get_args(annotation)
        if origin is Literal:
            return self.literal(arguments, options)
        if origin is list:
            return List(self.field(arguments[0] if arguments else Any), **options)
        if origin is dict:
            keys, values = arguments or (str, Any)
            return Dict(field_for(keys, strict=False), self.field(values), **options)
        if is_class(annotation) and issubclass(annotation, enum.Enum):
            return self.enumeration(annotation, options)
        whole = origin or annotation
        if is_class(whole) and dataclasses.is_dataclass(whole) and not is_mapped(whole):
            return self.dataclass(annotation, options)
        raise no_field(annotation)

    def literal(self, choices: tuple[Any, ...], options: dict[str, Any]) -> fields.Field[Any]:
        some = [each for each in choices if each is not None]
        if len(some) < len(choices):
            options["allow_none"] = True
        unfit = [each for each in some if type(raw_choice(each)) not in ENUM_KINDS]
        if unfit:
            raise NoField(f"neither text nor JSON can say {unfit[0]!r}")
        return Choice(some, strict=self.strict, **options)

    def enumeration(self, made: type[enum.Enum], options: dict[str, Any]) -> fields.Field[Any]:
        kinds = {type(member.value) for member in made}
        if not kinds or not kinds <= ENUM_KINDS:
            raise NoField(f"{made!r} has values that no field loads, or none at all")
        if len(kinds) > 1:
            return Choice(made, strict=self.strict, **options)
        return fields.Enum(made, by_value=self.field(kinds.pop()), **options)

    def dataclass(self, made: Any, options: dict[str, Any]) -> fields.Field[Any]:
        if made not in self.schemas:
            self.schemas[made] = None
            self.schemas[made] = self.schema(made)
        schema = self.schemas[made]
        whole = typing.get_origin(made) or made
        return Data(whole, title_of(made), schema if schema is not None else lambda: self.schemas[made], **options)  # type: ignore[arg-type, return-value]  # it holds itself: it is there when it is asked for

    def schema(self, generic: Any) -> Schema:
        hints = dataclass_hints(generic, self.names)
        made = typing.get_origin(generic) or generic
        given = {each.name: each for each in dataclasses.fields(made)}
        declared: dict[str, fields.Field[Any]] = {}
        for each in inspect.signature(made).parameters.values():
            declared[each.name] = self.field(hints[each.name], **self.presence(each, given, hints[each.name]))
        return DataSchema.from_dict(declared, name=f"{made.__name__}{'Json' if self.strict else 'Text'}")()

    def presence(
        self, parameter: inspect.Parameter, given: Mapping[str, dataclasses.Field[Any]], annotation: Any
    ) -> dict[str, Any]:
        factory = given[parameter.name].default_factory if parameter.name in given else dataclasses.MISSING
        if factory is not dataclasses.MISSING:
            return {"load_default": factory}
        if parameter.default is not inspect.Parameter.empty:
            default = parameter.default
            return {"load_default": (lambda: default) if callable(default) else default}
        if not self.strict and unfold(annotation).optional:
            return {"load_default": None}
        return {"required": True}


def exact_field(field: fields.Field[Any], validators: Validators, options: Mapping[str, Any]) -> fields.Field[Any]:
    """Return a field as it was given, with the validators beside it, and required or not as its place says."""
    exact = copy.copy(field)
    exact.validators = [*field.validators, *validators]
    exact.allow_none = exact.allow_none or options.get("allow_none", False)
    if "load_default" in options:
        exact.required, exact.load_default = False, options["load_default"]
    elif exact.load_default is missing:
        exact.required = exact.required or options.get("required", False)
    return exact


def title_of(made: Any) -> str:
    """Return what the document calls a dataclass: ``Page``, ``Page[int]``."""
    arguments = (title_of(each) if is_class(each) else ADDRESS.sub("", str(each)) for each in typing.get_args(made))
    name: str = (typing.get_origin(made) or made).__name__
    return f"{name}[{', '.join(arguments)}]" if typing.get_args(made) else name


def dataclass_hints(generic: Any, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of what a dataclass is made of, with forward references resolved.

    :param generic: a dataclass, or a generic one with its arguments.
    :raises NoField: a name that is not known, or an argument without an annotation.
    """
    made, given = typing.get_origin(generic) or generic, arguments_by_class(generic)
    local = {**enclosing_names(made.__qualname__, made.__module__), **names}
    hints = {}
    for name in inspect.signature(made).parameters:
        owner = next((each for each in made.__mro__ if name in inspect.get_annotations(each)), None)
        if owner is None:
            raise NoField(f"{made.__qualname__} takes {name!r}, which has no annotation")
        # as typing does it: a module's name wins over a class attribute of that name
        known = {**vars(owner), **getattr(sys.modules.get(owner.__module__), "__dict__", {}), **local}
        known |= type_parameters(owner)
        try:
            hint = resolved(without_init_var(inspect.get_annotations(owner)[name]), known, {})
            hints[name] = with_arguments(hint, given.get(owner, {}))
        except (NameError, AttributeError, SyntaxError, TypeError) as error:
            raise NoField(f"{made.__qualname__}.{name}: {error}", KNOWN_NAMES) from None
    return hints


def without_init_var(annotation: Any) -> Any:
    """Return the type of an ``InitVar``; as text too, which Python 3.10 can't resolve."""
    if isinstance(annotation, dataclasses.InitVar):
        return annotation.type
    match = re.fullmatch(r"(?:\w+\.)?InitVar\[(.*)\]", annotation, re.DOTALL) if isinstance(annotation, str) else None
    return match.group(1) if match else annotation


def resolved(annotation: Any, known: dict[str, Any], local: Mapping[str, Any]) -> Any:
    alone = SimpleNamespace(__annotations__={"value": annotation})
    return typing.get_type_hints(alone, known, dict(local), include_extras=True)["value"]


def is_schema(value: Any) -> bool:
    return isinstance(value, Schema) or (is_class(value) and issubclass(value, Schema))


def schema_among(metadata: Iterable[Any]) -> Any:
    """Return the schema among an annotation's metadata; None where there is none.

    :raises NoField: there are two, of which one would do nothing.
    """
    schemas = [each for each in metadata if is_schema(each)]
    if any(each is not schemas[0] for each in schemas[1:]):
        raise NoField(f"it has two schemas, {schemas[0]!r} and {schemas[1]!r}", "Leave one of them out.")
    return schemas[0] if schemas else None


def schema_of(value: Any, plain: Any = None) -> Schema:
    """Return a schema; for many, where it stands at a list.

    :param plain: the type, unfolded.
    :raises NoField: its class can't be called without arguments.
    """
    schema = value if isinstance(value, Schema) else instance_of(value)
    if (typing.get_origin(plain) or plain) in ARRAYS and not schema.many:
        schema = copy.copy(schema)
        schema.many = True
    return schema


def is_field(value: Any) -> bool:
    return isinstance(value, fields.Field) or (is_class(value) and issubclass(value, fields.Field))


def field_of(value: Any) -> fields.Field[Any]:
    return value if isinstance(value, fields.Field) else instance_of(value)


def instance_of(kind: Callable[[], Any]) -> Any:
    try:
        return kind()
    except TypeError as error:
        raise NoField(f"{kind!r} can't be made ({error})") from None


def validators_of(metadata: Iterable[Any]) -> Validators:
    """Return marshmallow validators and other callables among an annotation's metadata.

    :raises NoField: a validator's class, a list of validators, or one of WTForms, which check nothing; a function that
        does not take a value alone.
    """
    check_metadata(metadata)
    found = list(simple_validators(each for each in metadata if callable(each) and not is_class(each)))
    for each in found:
        check_takes_a_value(each)
    return tuple(map(refusing, found))


def resolved_hints(function: Callable[..., Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of a function, with forward references resolved.

    :param names: local names that annotations may refer to.
    :raises TypeError: a name that is not known; says which, and which parameter's.
    """
    inner = undecorated(function)
    known = local_names(function, names)
    hints: dict[str, Any] = {}
    for name, annotation in getattr(inner, "__annotations__", {}).items():
        try:
            hints[name] = resolved(annotation, inner.__globals__, known)
        except (NameError, AttributeError, SyntaxError, TypeError) as error:
            whose = "the return annotation" if name == "return" else f"parameter {name!r}"
            raise TypeError(f"{where(function)}: {whose}, annotated {annotation!r}: {error}. {KNOWN_NAMES}") from None
    return hints


def local_names(function: Callable[..., Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names that a function's annotations may refer to, beside those of its module."""
    inner = undecorated(function)
    qualname = getattr(inner, "__qualname__", "")
    outer = {**names, **enclosing_names(qualname, inner.__module__), **closure_names(inner)}
    return {**outer, **type_parameters(inner)}


def enclosing_names(qualname: str, module: str) -> dict[str, Any]:
    """Return the local names of the functions that something is being defined in: they are running now.

    :param qualname: ``"create_app.<locals>.create_todo"``.
    """
    parts = qualname.split(".")
    enclosing = {name for name, after in pairwise(parts) if after == "<locals>"}
    frame: FrameType | None = sys._getframe(1) if enclosing else None
    found: dict[str, Any] = {}
    while frame is not None:
        if frame.f_code.co_name in enclosing and frame.f_globals.get("__name__") == module:
            found = {**frame.f_locals, **found}
        frame = frame.f_back
    return found


def closure_names(function: Callable[..., Any]) -> dict[str, Any]:
    code = getattr(function, "__code__", None)
    names = code.co_freevars if code else ()
    cells = getattr(function, "__closure__", None) or ()
    found = {}
    for name, cell in zip(names, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not yet filled
            continue
    return found
