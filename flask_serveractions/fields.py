"""From a type to the marshmallow field that loads it.

Two fields stand for each type: one for *text* (forms, queries, headers, cookies and paths know nothing else) and a
strict one for JSON, which has types of its own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import re
import types
import typing
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, Union

from marshmallow import Schema, ValidationError, fields, validate

INTEGER = re.compile(r"[+-]?[0-9]{1,4300}", re.ASCII)
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,9})?", re.ASCII)
DECIMAL_EXPONENT = 1000

Validators = tuple[Callable[[Any], Any], ...]


class NoField(TypeError):
    """No marshmallow field loads this annotation."""


class Integer(fields.Integer):
    """A whole number in ASCII digits; a JSON fraction is none."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not (self.is_digits(value) if isinstance(value, str) else is_whole(value)):
            raise self.make_error("invalid")
        return int(value)

    def is_digits(self, value: str) -> bool:
        return not self.strict and bool(INTEGER.fullmatch(value.strip(" ")))


def is_whole(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


class Float(fields.Float):
    """A number in ASCII digits."""

    def __init__(self, *, strict: bool = False, **kwargs: Any) -> None:
        self.strict = strict
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> float:
        if isinstance(value, str) and (self.strict or not NUMBER.fullmatch(value.strip(" "))):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Decimal(fields.Decimal):
    """A decimal in ASCII digits, whose exponent stays within 1000; a JSON string keeps its digits."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> decimal.Decimal:
        if isinstance(value, str) and not NUMBER.fullmatch(value.strip(" ")):
            raise self.make_error("invalid")
        number = super()._deserialize(value, attr, data, **kwargs)
        if number and abs(number.adjusted()) > DECIMAL_EXPONENT:
            raise self.make_error("too_large")
        return number


class Boolean(fields.Boolean):
    """Yes or no; in JSON ``true`` and ``false`` alone."""

    def __init__(self, *, strict: bool = False, **kwargs: Any) -> None:
        self.strict = strict
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        if self.strict:
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class DateTime(fields.DateTime):
    """ISO 8601, as ``<input type="datetime-local">`` and JavaScript's ``toISOString`` write it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dt.datetime:
        if isinstance(value, str) and value.endswith("Z"):  # Python 3.10 does not read it
            value = value[:-1] + "+00:00"
        return super()._deserialize(value, attr, data, **kwargs)


class Choice(fields.Field[Any]):
    """One of the values of a ``Literal``."""

    default_error_messages = {"invalid": "Must be one of: {choices}."}

    def __init__(self, choices: Iterable[Any], *, strict: bool = False, **kwargs: Any) -> None:
        self.choices = tuple(choices)
        self.strict = strict
        one_of = validate.OneOf(self.choices)  # OpenAPI reads the choices from it
        super().__init__(validate=[one_of, *kwargs.pop("validate", ())], **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        for choice in self.choices:
            if (type(value) is type(choice) and value == choice) or (not self.strict and value == str(choice)):
                return choice
        raise self.make_error("invalid", choices=", ".join(map(str, self.choices)))


class Data(fields.Nested):
    """A dataclass, from an object of its fields."""

    def __init__(self, made: type[Any], schema: Schema, **kwargs: Any) -> None:
        self.made = made
        super().__init__(schema, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, partial: Any = None, **kwargs: Any) -> Any:
        loaded = super()._deserialize(value, attr, data, partial=partial, **kwargs)
        try:
            return self.made(**loaded)
        except ValueError as error:  # from __post_init__
            raise ValidationError(str(error)) from error


SIMPLE: Mapping[Any, Callable[..., fields.Field[Any]]] = {
    str: lambda strict, **options: fields.String(**options),
    int: Integer,
    float: Float,
    bool: Boolean,
    decimal.Decimal: lambda strict, **options: Decimal(**options),
    dt.date: lambda strict, **options: fields.Date(**options),
    dt.datetime: lambda strict, **options: DateTime(**options),
    dt.time: lambda strict, **options: fields.Time(**options),
    dt.timedelta: lambda strict, **options: fields.TimeDelta(**options),
    uuid.UUID: lambda strict, **options: fields.UUID(**options),
    dict: lambda strict, **options: fields.Dict(**options),
    list: lambda strict, **options: fields.List(fields.Raw(allow_none=True), **options),
    Any: lambda strict, **options: fields.Raw(**{**options, "allow_none": True}),
}


def field_for(annotation: Any, *, strict: bool, **options: Any) -> fields.Field[Any]:
    """Return the field that loads a type.

    :param annotation: a resolved type: ``int``, ``list[str]``, ``Annotated[str, Length(1)]``, a dataclass.
    :param strict: for JSON, where ``"1"`` is no number; False for text.
    :param options: marshmallow's: ``required``, ``load_default``, ``validate``.
    :raises NoField: there is none.
    """
    inner, optional = without_none(annotation)
    if optional:
        options["allow_none"] = True
    if typing.get_origin(inner) is Annotated:
        return annotated_field(inner, strict=strict, options=options)
    if inner in SIMPLE if isinstance(inner, typing.Hashable) else False:
        return SIMPLE[inner](strict=strict, **options)
    return composed_field(inner, strict=strict, options=options)


def annotated_field(annotation: Any, *, strict: bool, options: dict[str, Any]) -> fields.Field[Any]:
    inner, *metadata = typing.get_args(annotation)
    given = [each for each in metadata if is_field(each)]
    if given:
        return field_of(given[0])
    validators = validators_of(metadata)
    if validators:
        options["validate"] = [*validators, *options.get("validate", ())]
    schema = next((each for each in metadata if is_schema(each)), None)
    if schema is not None:
        return fields.Nested(schema_of(schema), **options)
    return field_for(inner, strict=strict, **options)


def composed_field(annotation: Any, *, strict: bool, options: dict[str, Any]) -> fields.Field[Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return Choice(arguments, strict=strict, **options)
    if origin is list:
        return fields.List(field_for(arguments[0], strict=strict), **options)
    if origin is dict:
        keys, values = arguments
        return fields.Dict(field_for(keys, strict=False), field_for(values, strict=strict), **options)
    if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
        return enum_field(annotation, strict=strict, options=options)
    if inspect.isclass(annotation) and dataclasses.is_dataclass(annotation):
        return Data(annotation, dataclass_schema(annotation, strict=strict), **options)
    raise NoField(f"no marshmallow field loads {annotation!r}")


def enum_field(made: type[enum.Enum], *, strict: bool, options: dict[str, Any]) -> fields.Field[Any]:
    kinds = {type(member.value) for member in made}
    if len(kinds) != 1 or not kinds <= set(SIMPLE):
        raise NoField(f"the values of {made!r} are of several types, or of one that no field loads")
    return fields.Enum(made, by_value=field_for(kinds.pop(), strict=strict), **options)


def dataclass_schema(made: type[Any], *, strict: bool) -> Schema:
    hints = typing.get_type_hints(made, include_extras=True)
    declared: dict[str, fields.Field[Any]] = {}
    for each in dataclasses.fields(made):
        if each.init:
            declared[each.name] = field_for(hints[each.name], strict=strict, **presence(each))
    return Schema.from_dict(declared, name=f"{made.__name__}{'Json' if strict else 'Text'}")()


def presence(each: dataclasses.Field[Any]) -> dict[str, Any]:
    if each.default is not dataclasses.MISSING:
        return {"load_default": each.default}
    if each.default_factory is not dataclasses.MISSING:
        return {"load_default": each.default_factory}
    return {"required": True}


def without_none(annotation: Any) -> tuple[Any, bool]:
    """Return ``(T, True)`` for ``T | None``, else ``(annotation, False)``."""
    if typing.get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    members = [each for each in typing.get_args(annotation) if each is not type(None)]
    if len(members) != 1:
        raise NoField(f"no marshmallow field loads {annotation!r}: a value can't be of several types")
    return members[0], len(members) < len(typing.get_args(annotation))


def is_schema(value: Any) -> bool:
    return isinstance(value, Schema) or (inspect.isclass(value) and issubclass(value, Schema))


def schema_of(value: Any) -> Schema:
    return value if isinstance(value, Schema) else value()


def is_field(value: Any) -> bool:
    return isinstance(value, fields.Field) or (inspect.isclass(value) and issubclass(value, fields.Field))


def field_of(value: Any) -> fields.Field[Any]:
    return value if isinstance(value, fields.Field) else value()


def validators_of(metadata: Iterable[Any]) -> Validators:
    """Return marshmallow validators and plain functions among an annotation's metadata."""
    return tuple(
        each
        for each in metadata
        if isinstance(each, validate.Validator) or inspect.isfunction(each) or inspect.ismethod(each)
    )


def is_flat(field: fields.Field[Any]) -> bool:
    """Whether a field's value is one text by one name: nothing nested, no list."""
    return not isinstance(field, (fields.Nested, fields.List, fields.Tuple, fields.Mapping))


def is_text(field: fields.Field[Any] | None) -> bool:
    """Whether an empty string is a value of this field, and not its absence."""
    if isinstance(field, fields.Enum):
        return is_text(field.field) if field.by_value else True
    return isinstance(field, (fields.String, fields.Raw))
