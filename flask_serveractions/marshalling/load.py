"""What ``schema.load`` does, decided once: the twin of ``dump``.

What a schema or a field does in its own way stays marshmallow's work, so that the data and the messages are always
marshmallow's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from decimal import Decimal
from functools import partial
from itertools import islice
from operator import setitem
from typing import Any

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError, fields, missing, validate
from marshmallow.decorators import POST_LOAD, PRE_LOAD, VALIDATES, VALIDATES_SCHEMA
from marshmallow.error_store import ErrorStore
from marshmallow.exceptions import SCHEMA
from marshmallow.utils import is_collection, is_sequence_but_not_string, set_value

from .dump import compute_once, has_hooks, is_named_late, is_own
from .fields import (
    MAX_ERRORS,
    MAX_REPORTED,
    Data,
    Integer,
    List,
    is_aware,
    load_in_parts,
    range_limits,
    simple_validators,
)

Load = Callable[[Any], Any]
TryLoad = Callable[[Any], tuple[Any, Any]]  # data to what is loaded, and the messages; None: it is valid
LoadObject = Callable[[Any, Any, int | None], dict[str, Any]]  # data, error store, index among many
LoadField = Callable[[Any, Any, Any], Any]  # value, key, data: as Field.deserialize takes them
Entry = tuple[str, str, type | None, LoadField, Callable[[], TryLoad] | None, Callable[[Any, Any, Any], None]]

SCHEMA_LOADS = ("load", "_do_load", "_deserialize", "_call_and_store", "handle_error", "dict_class")
FIELD_LOADS = ("deserialize", "_validate_missing", "_validate", "_validate_all")
NESTED_LOADS = ("_deserialize", "schema", "_load", "_test_collection")

LOADER = "_serveractions_load"  # in a nested field: its schema's, compiled

new_error_store: Callable[[], Any] = ErrorStore  # marshmallow's, which has no types


def compile_try_load(schema: Schema, unknown: Any = None) -> TryLoad:
    """Return :func:`loader_of`'s function, whose messages are returned: to raise them is a fiftieth of a refusal."""
    unknown = unknown or schema.unknown
    if loads_in_its_own_way(schema):
        return partial(try_load, partial(schema.load, unknown=unknown))
    load_all = loader_into_store(schema, unknown)

    def load(data: Any) -> tuple[Any, Any]:
        store = new_error_store()
        result = load_all(data, store, None)
        return result, store.errors or None

    return load


def try_load(load: Load, value: Any) -> tuple[Any, Any]:
    try:
        return load(value), None
    except ValidationError as error:
        return error.valid_data, error.messages


def loader_of(schema: Schema, unknown: Any) -> Load:
    """Return a function that gives what ``schema.load(data, unknown=unknown)`` gives, and raises what it raises.

    The schema is read now; what is changed on it or on its fields later is not seen.

    :raises ValidationError: from the function: the same messages, data and valid data as from marshmallow.
    """
    if loads_in_its_own_way(schema):
        return partial(schema.load, unknown=unknown)
    load_all = loader_into_store(schema, unknown)

    def load(data: Any) -> Any:
        store = new_error_store()
        result = load_all(data, store, None)
        if store.errors:
            raise ValidationError(store.errors, data=data, valid_data=result)
        return result

    return load


def loads_in_its_own_way(schema: Schema) -> bool:
    hooked = has_hooks(schema, PRE_LOAD, POST_LOAD, VALIDATES, VALIDATES_SCHEMA)
    return hooked or schema.partial is not None or not is_own(schema, Schema, SCHEMA_LOADS)


#: packages whose schemas take what their fields say, whatever they make of it
PLAIN_LOADS = frozenset({"marshmallow", "marshmallow_sqlalchemy"})


def takes_its_fields(schema: Schema) -> bool:
    """Whether what a schema is sent is what its fields say: no class of the app's has a ``load`` of its own."""
    definers = (next(each for each in type(schema).__mro__ if name in vars(each)) for name in SCHEMA_LOADS)
    plain = all(each.__module__.partition(".")[0] in PLAIN_LOADS for each in definers)
    return plain and not any(name in vars(schema) for name in SCHEMA_LOADS)


def loader_into_store(schema: Schema, unknown: Any) -> Callable[[Any, Any, None], Any]:
    load_object = object_loader(schema, unknown)
    return list_loader(schema, load_object) if schema.many else load_object


def list_loader(schema: Schema, load_object: LoadObject) -> Callable[[Any, Any, None], list[Any]]:
    def load_list(data: Any, store: Any, index: None) -> list[Any]:
        if not is_sequence_but_not_string(data):
            store.store_error([schema.error_messages["type"]], index=index)
            return []
        indexed = schema.opts.index_errors
        result = []
        for number, each in enumerate(data):
            result.append(load_object(each, store, number if indexed else None))
            if len(store.errors) >= MAX_REPORTED and indexed:
                break
        return result

    return load_list


def object_loader(schema: Schema, unknown: str) -> LoadObject:
    entries = tuple(entry_of(name, field) for name, field in schema.load_fields.items())
    declared = frozenset(entry[0] for entry in entries)
    settle = stray_keys(schema, unknown, declared)

    def load_object(data: Any, store: Any, index: int | None) -> dict[str, Any]:
        result: dict[str, Any] = {}
        if type(data) is not dict and not isinstance(data, Mapping):  # the second is a function of Python's
            store.store_error([schema.error_messages["type"]], index=index)
            return result
        get = data.get
        for key, attribute, passing, load_field, load_nested, put in entries:
            value = get(key, missing)
            if type(value) is not passing:
                messages = None
                try:
                    if load_nested is None or value is missing or value is None:
                        value = load_field(value, key, data)
                    else:
                        value, messages = load_nested()(value)
                except ValidationError as error:
                    value, messages = error.valid_data, error.messages
                if messages is not None:
                    keep_error(store, messages, key, index)
                    value = value or missing
            if value is not missing:
                put(result, attribute, value)
        if not declared.issuperset(data):
            settle(data, result, store, index)
        return result

    return load_object


def keep_error(store: Any, messages: Any, key: str, index: int | None) -> None:
    """Store a field's messages; where there are none yet of that key, there is nothing to merge, nor to copy."""
    if key != SCHEMA and isinstance(messages, (list, dict)):
        errors = store.errors if index is None else store.errors.setdefault(index, {})
        if key not in errors:
            errors[key] = messages
            return
    store.store_error(messages, key, index=index)


def stray_keys(schema: Schema, unknown: str, declared: frozenset[str]) -> Callable[[Any, Any, Any, Any], None]:
    """Return what is to be done with keys that no field has."""

    def settle(data: Any, result: dict[str, Any], store: Any, index: int | None) -> None:
        strays = set(data) - declared if unknown != EXCLUDE else set()
        if unknown == INCLUDE:
            result.update((key, data[key]) for key in strays)
        elif unknown == RAISE:
            for key in islice(strays, MAX_REPORTED):
                keep_error(store, [schema.error_messages["unknown"]], key, index)

    return settle


def entry_of(name: str, field: Any) -> Entry:
    """Return a field's key, attribute, the exact type that passes as it is, its loaders, and what puts a value there.

    Of the loaders the second is that of an object, which returns its messages; None: the first does it all.
    """
    key = name if field.data_key is None else field.data_key
    attribute = field.attribute or name
    is_plainly_nested = loads_plainly(field) and not field.validators and is_own(field, fields.Nested, NESTED_LOADS)
    load_nested = nested_loader(field) if is_plainly_nested else None
    return (
        key,
        attribute,
        passing_type(field),
        field_loader(field),
        load_nested,
        set_value if "." in attribute else setitem,
    )


def passing_type(field: Any) -> type | None:
    """Return the exact type whose values a field loads as they are, or None."""
    if not loads_plainly(field) or field.validators or "_deserialize" in vars(field):
        return None
    deserialize = type(field)._deserialize
    if deserialize is fields.String._deserialize:
        return str
    if deserialize is fields.Boolean._deserialize:
        return bool if True in field.truthy and False in field.falsy else None
    if deserialize is Integer._deserialize:
        return int
    whole = is_own(field, fields.Integer, ("_deserialize", "_validated", "_format_num", "num_type"))
    return int if whole else None


def loads_plainly(field: Any) -> bool:
    processed = getattr(field, "pre_load", ()) or getattr(field, "post_load", ())  # marshmallow 4.3
    return not processed and is_own(field, fields.Field, FIELD_LOADS)


def field_loader(field: Any) -> LoadField:
    """Return what ``field.deserialize`` does, without asking for what does not change."""
    if not loads_plainly(field):
        return field.deserialize  # type: ignore[no-any-return]  # a bound method
    convert = converter_of(field)
    check = check_of(field.validators)
    required, allow_none, default = field.required, field.allow_none, field.load_default
    if isinstance(default, (list, dict, set)):  # what a function does to it stays in its request
        default = partial(deepcopy, default)

    def load(value: Any, key: Any, data: Any) -> Any:
        if value is missing:
            if required:
                raise field.make_error("required")
            return default() if callable(default) else default
        if value is None:
            if allow_none:
                return None
            raise field.make_error("null")
        output = convert(value, key, data)
        if check is not None:
            check(output)
        return output

    return load


def guard_numbers(found: Iterable[Any]) -> None:
    """Let marshmallow's fields of moments, durations and decimals refuse what else is an error of arithmetic in them.

    ``1e308`` of weeks, the year 0 in another zone, ``NaN`` held against a range, or a moment with a zone against one
    without: what was sent is wrong, and no code.
    """
    for field in found:
        if isinstance(field, GUARDED) and "_deserialize" not in vars(field):
            zones = frozenset(map(is_aware, range_limits(field.validators)))
            vars(field)["_deserialize"] = partial(load_number, field, zones)


def load_number(field: Any, zones: frozenset[bool], value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
    """Return what a field makes of a value.

    :param zones: whether the moments of its ranges say theirs.
    :raises ValidationError: also where it can't count so far, and of a decimal that no range can be held against.
    """
    try:
        number = type(field)._deserialize(field, value, attr, data, **kwargs)
    except ArithmeticError:
        raise field.make_error("invalid", input=value, obj_type=getattr(field, "OBJ_TYPE", "")) from None
    if isinstance(number, Decimal) and number.is_nan() and has_range(field):
        raise field.make_error("special")
    if zones and isinstance(number, (dt.datetime, dt.time)) and zones != {is_aware(number)}:
        awareness = "aware" if True in zones else "naive"
        key = "invalid_awareness" if isinstance(number, dt.datetime) else "invalid"
        raise field.make_error(key, awareness=awareness, obj_type=field.OBJ_TYPE, input=value)
    return number


GUARDED = (fields.DateTime, fields.Time, fields.TimeDelta, fields.Decimal)


def has_range(field: Any) -> bool:
    return any(isinstance(each, validate.Range) for each in simple_validators(field.validators))


def compile_fields(found: Iterable[Any]) -> None:
    """Let our lists and dataclasses among some fields load what they hold without asking for what does not change."""
    for field in found:
        if type(field) is List:
            field.load_item = item_loader(field.inner)
        elif type(field) is Data:
            field.load_fields = loader_of(field.schema, field.schema.unknown)


def item_loader(inner: Any) -> Load:
    load, passing = field_loader(inner), passing_type(inner)
    return lambda each: each if type(each) is passing else load(each, None, None)


def check_of(validators: list[Any]) -> Callable[[Any], Any] | None:
    """Return what holds all validators against a value; one alone, of marshmallow's own, has but one message."""
    if len(validators) == 1 and type(validators[0]).__module__ == validate.__name__:
        return validators[0]  # type: ignore[no-any-return]
    return validate.And(*validators) if validators else None


def converter_of(field: Any) -> LoadField:
    if is_own(field, fields.List, ("_deserialize",)):
        return list_converter(field)
    if is_own(field, fields.Mapping, ("_deserialize",)):
        return mapping_converter(field)
    if is_own(field, fields.Nested, NESTED_LOADS):
        return nested_converter(field)
    return field._deserialize  # type: ignore[no-any-return]  # a bound method


def list_converter(field: Any) -> LoadField:
    load, passing = field_loader(field.inner), passing_type(field.inner)

    def convert(value: Any, key: Any, data: Any) -> list[Any]:
        if not is_collection(value):
            raise field.make_error("invalid")
        result, errors = [], {}
        for index, each in enumerate(value):
            try:
                result.append(each if type(each) is passing else load(each, None, None))
            except ValidationError as error:
                if error.valid_data is not None:
                    result.append(error.valid_data)
                errors[index] = error.messages
                if len(errors) == MAX_REPORTED:
                    break
        if errors:
            raise ValidationError(errors, valid_data=result)
        return result

    return convert


def mapping_converter(field: Any) -> LoadField:
    def convert(value: Any, key: Any, data: Any) -> Any:
        if not isinstance(value, Mapping) or len(value) <= MAX_ERRORS:
            return field._deserialize(value, key, data)
        result = field.mapping_type()
        errors = load_in_parts(partial(field._deserialize, attr=key, data=data), value, result, MAX_ERRORS)
        if errors:
            raise ValidationError(errors, valid_data=result)
        return result

    return convert


def nested_converter(field: Any) -> LoadField:
    load = nested_loader(field)

    def convert(value: Any, key: Any, data: Any) -> Any:
        result, messages = load()(value)
        if messages is not None:
            raise ValidationError(messages, data=value, valid_data=result)
        return result

    return convert


def nested_loader(field: Any) -> Callable[[], TryLoad]:
    # once for each field: in a schema that nests itself, the same comes at every depth
    load: Callable[[], TryLoad] = vars(field).setdefault(LOADER, compute_once(partial(compile_nested, field)))
    if not is_named_late(field.nested):
        load()
    return load


def compile_nested(field: Any) -> TryLoad:
    load = compile_try_load(field.schema, field.unknown)
    return partial(load_collection, field, load) if field.many or field.schema.many else load


def load_collection(field: Any, load: TryLoad, value: Any) -> tuple[Any, Any]:
    messages = try_load(field._test_collection, value)[1]
    return load(value) if messages is None else (None, messages)
