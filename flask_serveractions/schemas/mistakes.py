"""Annotations that nothing loads: what is wrong with them, and how to mend it."""

from __future__ import annotations

import datetime as dt
import decimal
import inspect
import typing
import uuid
from collections import abc
from collections.abc import Callable, Iterable
from typing import Any

import wtforms
from flask import current_app
from marshmallow import Schema, ValidationError, fields, validate

from ..app_state import run_awaitable
from .annotations import is_class


class NoField(TypeError):
    """No marshmallow field loads this annotation.

    :param mend: how to mend it, where that is not to give it a field.
    """

    def __init__(self, problem: str, mend: str | None = None) -> None:
        super().__init__(problem)
        self.mend = mend


#: what to write for a type that has a likeness which loads
MENDS: dict[type[Any], str] = {
    **dict.fromkeys((set, frozenset, tuple), "Take a list, as in list[str], and make it in the function."),
    **dict.fromkeys((abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable), "Take a list, as in list[str]."),
    **dict.fromkeys((abc.Mapping, abc.MutableMapping), "Take a dict, as in dict[str, int]."),
    **dict.fromkeys((bytes, bytearray), "Take str for text, and FileStorage for an uploaded file."),
}


def no_field(annotation: Any) -> NoField:
    """Return what to say of a type that no field loads."""
    problem, mend = f"no marshmallow field loads {annotation!r}", None
    if isinstance(annotation, typing.TypeVar):
        return NoField("it says no type", "Write one in brackets, as in Bound[int].")
    if is_instance_or_class(annotation, Schema):
        name = named(annotation)
        return NoField(f"{name} is a schema, and no type", f"Write Annotated[dict, {name}()].")
    if is_instance_or_class(annotation, fields.Field):
        name = named(annotation)
        return NoField(f"{name} is a field, and no type", f"Write the type first, as in Annotated[str, {name}()].")
    if isinstance(annotation, validate.Validator):
        name = named(annotation)
        return NoField(
            f"{name} is a validator, and no type", f"Write the type first, as in Annotated[str, {name}(...)]."
        )
    if is_instance_or_class(annotation, wtforms.Form):
        mend = "Derive the form from flask_wtf.FlaskForm, and annotate the parameter with its class."
    elif is_mapped(annotation):
        problem = f"{named(annotation)} is a model of the database, whose rows are not what a form sends"
        mend = (
            "Take what finds a row, as in todo_id: Bound[int], or what makes one: a parameter for each field, or"
            f" Annotated[dict, {named(annotation)}Schema()]."
        )
    elif is_class(typing.get_origin(annotation) or annotation):
        mend = MENDS.get(typing.get_origin(annotation) or annotation)
    return NoField(problem, mend)


def check_default(name: str, default: Any) -> None:
    """Refuse as a default what belongs into the annotation: the function would get it in the place of a value.

    :raises NoField: a field or a validator.
    """
    if isinstance(default, (validate.Validator, fields.Field)):
        made = named(default)
        raise NoField(
            f"its default is {made}, which checks nothing there",
            f"Write it into the annotation, as in {name}: Annotated[str, {made}(...)].",
        )


def is_instance_or_class(value: Any, kind: type[Any]) -> bool:
    return isinstance(value, kind) or (is_class(value) and issubclass(value, kind))


def named(value: Any) -> str:
    return str(getattr(value, "__name__", type(value).__name__))


def is_mapped(annotation: Any) -> bool:
    """Whether a class is a model of SQLAlchemy's, peewee's or MongoEngine's, also one that is a dataclass."""
    marks = ("__mapper__", "__table__", "_meta")
    return is_class(annotation) and any(hasattr(annotation, each) for each in marks)


def check_metadata(metadata: Iterable[Any]) -> None:
    """Refuse what stands beside a type and would check nothing.

    :raises NoField: a validator's class; a list of validators; fields in a dict; what is of WTForms.
    """
    for each in metadata:
        name = named(each)
        if isinstance(each, (list, tuple)) and any(map(callable, each)):
            raise NoField("a list of validators checks nothing", "Write them one by one: Annotated[str, one, two].")
        if is_class(each) and issubclass(each, validate.Validator):
            raise NoField(f"{name} is a class, which checks nothing", f"Write {name}(...).")
        check_is_schema(each)
        if is_of_wtforms(each):
            raise NoField(
                f"{name} is WTForms', which checks a field of a form and no value",
                "Take marshmallow's, as in Annotated[str, validate.Length(max=200)], or a FlaskForm as the type.",
            )


def check_is_schema(metadata: Any) -> None:
    """:raises NoField: fields in a dict, as other libraries take them."""
    if isinstance(metadata, dict) and any(is_instance_or_class(each, fields.Field) for each in metadata.values()):
        raise NoField("fields in a dict are no schema", "Write Schema.from_dict({...})().")


def check_takes_a_value(validator: Callable[..., Any]) -> None:
    """:raises NoField: a function that wants more than the value, as WTForms' ``(form, field)`` do."""
    try:
        signature = inspect.signature(validator)
    except (TypeError, ValueError):  # a builtin without one
        return
    try:
        signature.bind(None)
    except TypeError:
        name = named(validator)
        raise NoField(f"{name}{signature} can't be called with the value alone", "Write def check(value): ….") from None


def check_suits(kind: Any, validators: Iterable[Any]) -> None:
    """Refuse a validator of marshmallow's that no value of a type can be held against: each call would fail.

    :raises NoField: a range of numbers for text, a length for a number.
    """
    for each in validators:
        problems = [problem_of(each, value) for value in SAMPLES.get(kind, ())] if is_marshmallows(each) else []
        if problems and all(problems):
            raise NoField(
                f"{named(each)} can't check {kind.__name__} ({problems[0]})",
                "Take one that suits the type: Length for text and lists, Range for what is counted or dated.",
            )


def problem_of(validator: Callable[[Any], Any], value: Any) -> str:
    """Return why a validator can't say whether a value is valid; ``""`` where it can."""
    try:
        validator(value)
    except ValidationError:
        return ""
    except (AttributeError, TypeError) as error:
        return str(error)
    return ""


def is_marshmallows(validator: Any) -> bool:
    return isinstance(validator, validate.Validator) and type(validator).__module__ == validate.__name__


#: a value of each type, or one of each sort that it has
SAMPLES: dict[Any, tuple[Any, ...]] = {
    **{kind: (kind(1),) for kind in (str, int, float, bool, decimal.Decimal, dt.timedelta)},
    dict: ({},),
    list: ([],),
    uuid.UUID: (uuid.UUID(int=1),),
    dt.date: (dt.date(2000, 1, 1),),
    dt.datetime: (dt.datetime(2000, 1, 1), dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc)),
    dt.time: (dt.time.min, dt.time.min.replace(tzinfo=dt.timezone.utc)),
}


def is_of_wtforms(value: Any) -> bool:
    made = value if is_class(value) else type(value)
    module = str(made.__module__)
    return module.startswith(("wtforms.", "flask_wtf.")) and not issubclass(made, wtforms.Form)


def refusing(validator: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a validator that refuses a value by returning False, too, and may be async.

    marshmallow asks for an exception, and takes a coroutine for a yes.
    """
    if isinstance(validator, validate.Validator):
        return validator

    def check(value: Any) -> Any:
        if run_awaitable(current_app, validator(value)) is False:
            raise ValidationError(INVALID)
        return value

    return check


INVALID = "Invalid value."
