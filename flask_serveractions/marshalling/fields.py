"""The marshmallow fields that load what an annotation says.

Two fields stand for each type: one for *text* (forms, queries, headers, cookies and paths know nothing else) and a
strict one for JSON, which has types of its own.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate
from marshmallow.utils import is_collection

INTEGER = re.compile(r"[+-]?[0-9]{1,4300}", re.ASCII)
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,9})?", re.ASCII)
DECIMAL_EXPONENT = 1000
LONGEST_NUMBER = 1000  # digits
MAX_ERRORS = 500  # fields of one argument that are reported
MAX_REPORTED = 100  # bad items of one list, or keys of one object, that are reported: nobody mends more at a time


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
        if max(abs(number.adjusted()), abs(int(number.as_tuple().exponent))) > DECIMAL_EXPONENT:
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


LONGEST_DURATION = 20  # decimal digits of microseconds before the point


def number_of_units(number: decimal.Decimal, precision: str) -> dt.timedelta:
    unit = dt.timedelta(**{precision: 1}) // dt.timedelta(microseconds=1)
    return dt.timedelta(microseconds=int((number * unit).to_integral_value()))


class TimeDelta(fields.TimeDelta):
    """A number of seconds; in JSON no text."""

    def __init__(self, *, strict: bool = False, **kwargs: Any) -> None:
        self.strict = strict
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dt.timedelta:
        if isinstance(value, bool) or (isinstance(value, str) and not self.is_number(value)):
            raise self.make_error("invalid")
        try:
            return self.exactly(value) if isinstance(value, str) else super()._deserialize(value, attr, data, **kwargs)
        except (OverflowError, decimal.DecimalException):  # a number of hundreds of digits
            raise self.make_error("invalid") from None

    def exactly(self, value: str) -> dt.timedelta:
        """Return the duration that a text says, to the microsecond; a float loses some where there are many days."""
        number = decimal.Decimal(value.strip(" "))
        if number.adjusted() > LONGEST_DURATION:
            raise OverflowError
        return number_of_units(number, self.precision)

    def is_number(self, value: str) -> bool:
        return not self.strict and bool(NUMBER.fullmatch(value.strip(" ")))


class List(fields.List):  # type: ignore[type-arg]  # generic in marshmallow's stubs alone
    """A list, which is not looked through any further after its first 100 bad items."""

    load_item: Callable[[Any], Any] | None = None  # the inner field's, compiled

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if not is_collection(value):
            raise self.make_error("invalid")
        result, errors = [], {}
        load = self.load_item or partial(self.inner.deserialize, **kwargs)
        for index, each in enumerate(value):
            try:
                result.append(load(each))
            except ValidationError as error:
                errors[index] = error.messages
            if len(errors) == MAX_REPORTED:
                break
        if errors:
            raise ValidationError(errors, valid_data=result)
        return result


class Dict(fields.Dict):
    """A mapping, whose messages stand at its keys: ``prices.milk``; of no more than its first 100 bad ones."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, Mapping):
            raise self.make_error("invalid")
        result: dict[Any, Any] = {}
        load = partial(super()._deserialize, attr=attr, data=data, **kwargs)
        errors = load_in_parts(load, value, result, MAX_REPORTED)
        if errors:
            raise ValidationError({key: of_key(each) for key, each in errors.items()})
        return result


def load_in_parts(load: Callable[[Any], Any], value: Mapping[Any, Any], result: Any, most: int) -> dict[Any, Any]:
    """Load a mapping into ``result``, some keys at a time, until ``most`` are bad; return their messages."""
    errors: dict[Any, Any] = {}
    pairs = iter(value.items())
    while len(errors) < most and (some := dict(islice(pairs, MAX_REPORTED))):
        try:
            result.update(load(some))
        except ValidationError as error:
            result.update(error.valid_data or {})
            errors.update(error.messages)  # type: ignore[arg-type]  # by key, of a mapping
    return dict(islice(errors.items(), most))


def of_key(messages: Mapping[str, Any]) -> Any:
    """Return one key's messages from marshmallow's ``{"key": [...], "value": ...}``."""
    if not isinstance(messages, dict):
        return messages
    at_key, at_value = messages.get("key", []), messages.get("value", [])
    if not isinstance(at_value, dict):
        return [*at_key, *at_value]
    return {**at_value, "_schema": at_key} if at_key else at_value


class Choice(fields.Field[Any]):
    """One of the values of a ``Literal``, or of an ``Enum`` whose values are of several types."""

    default_error_messages = {"invalid": "Must be one of: {choices}."}

    def __init__(self, choices: Iterable[Any], *, strict: bool = False, **kwargs: Any) -> None:
        self.choices = tuple(choices)
        self.strict = strict
        one_of = validate.OneOf(self.choices)  # OpenAPI reads the choices from it
        super().__init__(validate=[one_of, *kwargs.pop("validate", ())], **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        for choice in self.choices:
            if self.says(value, raw_choice(choice)):
                return choice
        raise self.make_error("invalid", choices=", ".join(str(raw_choice(choice)) for choice in self.choices))

    def says(self, value: Any, raw: Any) -> bool:
        if type(value) is type(raw) and value == raw:
            return True
        if self.strict or not isinstance(value, str):
            return False
        return value == str(raw) or (isinstance(raw, bool) and value.lower() == str(raw).lower())

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return raw_choice(value)


def raw_choice(choice: Any) -> Any:
    return choice.value if isinstance(choice, enum.Enum) else choice


class DataSchema(Schema):
    """The fields of a dataclass: what a form does not send is an empty list, where the field is one."""


class Data(fields.Nested):
    """A dataclass, from an object of its fields."""

    load_fields: Callable[[Any], Any] | None = None  # the schema's load, compiled

    def __init__(self, made: type[Any], title: str, schema: Schema | Callable[[], Schema], **kwargs: Any) -> None:
        self.made = made
        self.title = title  # in the document
        super().__init__(schema, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, partial: Any = None, **kwargs: Any) -> Any:
        if self.load_fields is None:
            loaded = super()._deserialize(value, attr, data, partial=partial, **kwargs)
        else:
            loaded = self.load_fields(value)
        try:
            return self.made(**loaded)
        except ValueError as error:  # from __post_init__
            raise ValidationError(str(error)) from error


def is_delimited(field: Any) -> bool:
    """Whether a list or a tuple is one text of several values, ``1,2,3``: webargs' ``DelimitedList``."""
    return isinstance(field, (fields.List, fields.Tuple)) and hasattr(field, "delimiter")


def is_flat(field: fields.Field[Any]) -> bool:
    """Whether a field's value is one text by one name: nothing nested, no list."""
    return not isinstance(field, (fields.Nested, fields.List, fields.Tuple, fields.Mapping))


def is_list(field: fields.Field[Any] | None) -> bool:
    """Whether nothing sent says a list without items."""
    return isinstance(field, fields.List) or (isinstance(field, fields.Nested) and is_many(field))


def has_plain_values(field: Any) -> bool:
    """Whether what stands below a mapping are keys and nothing else: they may have dots."""
    return isinstance(field, fields.Mapping) and field.value_field is not None and is_flat(field.value_field)


def is_many(field: fields.Nested) -> bool:
    return bool(field.many or field.schema.many)


def plucked(field: fields.Pluck) -> fields.Field[Any]:
    """Return the field whose value stands for a nested object, or a list of such."""
    inner: fields.Field[Any] = field.schema.fields[field.field_name]
    return fields.List(inner) if is_many(field) else inner


def is_text(field: fields.Field[Any] | None) -> bool:
    """Whether an empty string is a value of this field, and not its absence."""
    if isinstance(field, fields.Enum):
        return "" in [each.value if field.by_value else each.name for each in field.enum]
    if isinstance(field, Choice):
        return "" in map(raw_choice, field.choices)
    if isinstance(field, fields.UUID) or not isinstance(field, (fields.String, fields.Raw)):
        return False
    return not is_address(field)


def is_address(field: fields.Field[Any]) -> bool:
    """Whether a text must be an address, which is never empty; validators derived from marshmallow's may differ."""
    return any(type(each) in (validate.Email, validate.URL) for each in simple_validators(field.validators))


def simple_validators(validators: Iterable[Any]) -> Iterator[Any]:
    """Yield validators, and in the place of an ``And`` those that it holds; a class of one's own may do otherwise."""
    for each in validators:
        if isinstance(each, validate.And) and type(each).__call__ is validate.And.__call__:
            yield from simple_validators(each.validators)
        else:
            yield each


def range_limits(validators: Iterable[Any]) -> Iterator[Any]:
    """Yield the lowest and the highest values that validators allow."""
    ranges = (each for each in simple_validators(validators) if isinstance(each, validate.Range))
    return (limit for each in ranges for limit in (each.min, each.max) if limit is not None)


def is_aware(moment: Any) -> bool:
    """Whether a moment or a time says its zone: it can't be held against one that does not."""
    return isinstance(moment, (dt.datetime, dt.time)) and moment.utcoffset() is not None


def address_validator(field: fields.Field[Any]) -> validate.Email | validate.URL | None:
    """Return the first validator that takes a text for an address."""
    return next(
        (each for each in simple_validators(field.validators) if isinstance(each, (validate.Email, validate.URL))), None
    )


def typed(field: fields.Field[Any] | None, text: str) -> Any:
    """Return a text as its field takes it: ``Integer(strict=True)`` takes numbers alone, an enum may take any value."""
    if isinstance(field, fields.Enum):
        return typed(field.field, text) if type(field.field) is not fields.Raw else member_value(field, text)
    is_strict = isinstance(field, fields.Integer) and field.strict
    is_number = is_strict and text.isascii() and text.removeprefix("-").isdecimal() and len(text) <= LONGEST_NUMBER
    return int(text) if is_number else text


def member_value(field: fields.Enum[Any], text: str) -> Any:
    """Return the value of an enum's member that a text says: 1 of ``"1"``; the text, where there is none."""
    values = [each.value for each in field.enum]
    return next((each for each in values if text == (str(each).lower() if isinstance(each, bool) else str(each))), text)
