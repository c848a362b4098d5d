"""What ``schema.dump`` does, decided once: which field reads what, and which values pass as they are.

Nothing is generated from strings: a schema becomes closures and tables. What a schema or a field does in its own way (hooks,
overridden methods) stays marshmallow's work, so that the data and the errors are always marshmallow's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any

from marshmallow import Schema, fields, missing
from marshmallow.decorators import POST_DUMP, PRE_DUMP
from marshmallow.utils import ensure_text_type, get_value

Dump = Callable[[Any], Any]

NOTHING = type(None)
MISSING = type(missing)

SCHEMA_DUMPS = ("dump", "_serialize", "get_attribute", "dict_class")
FIELD_DUMPS = ("serialize", "get_value")

# How a list's objects are read: by attributes, by keys, or by trying both as marshmallow does.
BY_ATTRIBUTE, BY_KEY, BY_TRYING = range(3)


def is_own(thing: Any, base: type[Any], names: Iterable[str]) -> bool:
    """Whether a field or a schema has these methods from ``base``, overridden neither in its class nor on itself."""
    kind, here = type(thing), vars(thing)
    return all(getattr(kind, name, None) is getattr(base, name) and name not in here for name in names)


def has_hooks(schema: Schema, *tags: str) -> bool:
    return any(schema._hooks.get(tag) for tag in tags)


@dataclass(frozen=True, slots=True)
class Writer:
    """How a field's values are written: one, or a column of them with the set of their types."""

    one: Dump
    column: Callable[[list[Any], set[type]], list[Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """One key of the answer: ``take`` its value from one object, or ``fill`` it for many (None: only one by one)."""

    key: str
    take: Dump  # missing where there is none
    fill: Callable[[Sequence[Any], int], list[Any]] | None


@dataclass(frozen=True, slots=True)
class Dumper:
    """How a schema's objects are written: one, many, or a list of which each is one (hooks tell them apart)."""

    one: Dump
    many: Dump
    each: Dump


def compile_dump(schema: Schema, many: bool) -> Dump:
    """Return a function that gives what ``schema.dump(value, many=many)`` gives: plain Python data.

    The schema is read now; what is changed on it or on its fields later is not seen.

    :raises ValueError: a nested schema is asked for a field that it lacks.
    """
    dumper = dumper_of(schema)
    return dumper.many if many else dumper.one


def dumper_of(schema: Schema) -> Dumper:
    if not is_own(schema, Schema, SCHEMA_DUMPS) or has_hooks(schema, PRE_DUMP, POST_DUMP):
        one = partial(schema.dump, many=False)
        return Dumper(one, partial(schema.dump, many=True), lambda objects: list(map(one, objects)))
    columns = tuple(column_of(schema, name, field) for name, field in schema.dump_fields.items())
    takes = tuple((column.key, column.take) for column in columns)
    fills = tuple((column.key, column.fill) for column in columns if column.fill is not None)
    # a field with code of its own may change the object: its turn must come as in marshmallow
    in_turn = len(fills) < len(columns)

    def dump_one(obj: Any) -> Any:
        row = {}
        for key, take in takes:
            value = take(obj)
            if value is not missing:
                row[key] = value
        return row

    def dump_many(objects: Any) -> Any:
        if objects is None:
            return dump_one(None)
        if in_turn or not isinstance(objects, (list, tuple)):
            return [dump_one(obj) for obj in objects]
        try:
            return filled_rows(objects, fills)
        except Exception as error:
            failure = error
        for obj in objects:  # row by row, which tells marshmallow's first error from ours
            dump_one(obj)
        raise failure

    return Dumper(dump_one, dump_many, dump_many)


def filled_rows(objects: Sequence[Any], fills: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    way = way_to_read(set(map(type, objects)))
    rows: list[dict[str, Any]] = [{} for _ in objects]
    for key, fill in fills:
        for row, value in zip(rows, fill(objects, way)):
            if value is not missing:
                row[key] = value
    return rows


def way_to_read(kinds: set[type]) -> int:
    if kinds == {dict}:
        return BY_KEY
    return BY_TRYING if any(map(has_keys, kinds)) else BY_ATTRIBUTE


def has_keys(kind: type) -> bool:
    """Whether ``obj["name"]`` may find something: not in a named tuple."""
    getter = getattr(kind, "__getitem__", None)
    return (getter is not None and getter is not tuple.__getitem__) or issubclass(kind, type)


def column_of(schema: Schema, name: str, field: fields.Field[Any]) -> Column:
    key = name if field.data_key is None else field.data_key
    writer = writer_of(field)
    if writer is None or not is_own(field, fields.Field, FIELD_DUMPS):
        return Column(key, lambda obj: field.serialize(name, obj, accessor=schema.get_attribute), None)
    if not field._CHECK_ATTRIBUTE:  # a constant: there is nothing to read
        return Column(key, lambda obj: writer.one(None), lambda objects, way: [writer.one(None) for _ in objects])
    return read_column(key, name if field.attribute is None else field.attribute, field.dump_default, writer)


def read_column(key: str, attribute: str, default: Any, writer: Writer) -> Column:
    write, write_column = writer.one, writer.column

    def read(obj: Any) -> Any:
        return get_value(obj, attribute, missing)

    def finish(value: Any) -> Any:
        if value is missing:
            value = default() if callable(default) else default
        return missing if value is missing else write(value)

    def fill(objects: Sequence[Any], way: int) -> list[Any]:
        try:
            values = list(map(readers[way], objects))
        except (AttributeError, KeyError):
            values = list(map(read, objects))
        kinds = set(map(type, values))
        return write_column(values, kinds) if MISSING not in kinds else list(map(finish, values))

    plain = "." not in attribute  # a path is tried step by step
    readers = (attrgetter(attribute), itemgetter(attribute), read) if plain else (read, read, read)
    return Column(key, lambda obj: finish(get_value(obj, attribute, missing)), fill)


def writer_of(field: Any) -> Writer | None:
    """Return how a field writes values, or None where it does that in its own way."""
    make = WRITERS.get(getattr(type(field), "_serialize", None))
    return None if make is None or "_serialize" in vars(field) else make(field)


def plain_writer(one: Dump, passing: Iterable[type] = (), form: tuple[type, Dump] | None = None) -> Writer:
    """Return a writer of single values.

    :param passing: exact types that stay as they are.
    :param form: an exact type, and what writes it.
    """
    unchanged = frozenset((*passing, NOTHING)) if passing else frozenset()
    formed, write_formed = ({form[0]}, form[1]) if form else (None, one)

    def column(values: list[Any], kinds: set[type]) -> list[Any]:
        if kinds <= unchanged:
            return values
        return list(map(write_formed if kinds == formed else one, values))

    return Writer(one, column)


def raw_writer(field: Any) -> Writer:
    return Writer(lambda value: value, lambda values, kinds: values)


def text_writer(field: Any) -> Writer:
    return plain_writer(lambda value: None if value is None else ensure_text_type(value), (str,))


def number_writer(field: Any) -> Writer:
    plain = not field.as_string and is_own(field, fields.Number, ("_format_num",))
    return plain_writer(asking_writer(field).one, (field.num_type,) if plain and field.num_type in (int, float) else ())


def temporal_writer(field: Any) -> Writer:
    kind: type = getattr(dt, field.OBJ_TYPE, object)
    form = field.SERIALIZATION_FUNCS.get(field.format or field.DEFAULT_FORMAT)
    if form is None:
        return asking_writer(field)
    return plain_writer(lambda value: None if value is None else form(value), form=(kind, form))


def uuid_writer(field: Any) -> Writer:
    return plain_writer(lambda value: None if value is None else str(value), form=(uuid.UUID, str))


def asking_writer(field: Any) -> Writer:
    """Return a writer that asks the field, whose answer depends on the value alone."""
    serialize = field._serialize
    return plain_writer(lambda value: serialize(value, None, None))


def composed_writer(field: Any) -> Writer | None:
    """Return a writer for a field that is made of others."""
    inner = [*getattr(field, "tuple_fields", ())]
    inner += [getattr(field, name, None) for name in ("key_field", "value_field", "field")]
    return None if any(each is not None and writer_of(each) is None for each in inner) else asking_writer(field)


def list_writer(field: Any) -> Writer | None:
    writer = writer_of(field.inner)
    if writer is None:
        return None
    one, column = writer.one, writer.column

    def write(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            values = list(value)
            return column(values, set(map(type, values)))
        return None if value is None else [one(each) for each in value]

    return plain_writer(write)


def nested_writer(field: Any) -> Writer | None:
    if not is_own(field, fields.Nested, ("schema",)):
        return None
    dumper = lazily(lambda: dumper_of(field.schema))
    if not is_named_late(field.nested):
        dumper()

    def one(value: Any) -> Any:
        nested = dumper()  # a schema that is not there is an error for None too
        if value is None:
            return None
        return nested.many(value) if field.schema.many or field.many else nested.one(value)

    def column(values: list[Any], kinds: set[type]) -> list[Any]:
        if NOTHING in kinds or field.schema.many or field.many:
            return list(map(one, values))
        return dumper().each(values)  # type: ignore[no-any-return]  # a list, from a list

    return Writer(one, column)


def is_named_late(nested: Any) -> bool:
    """Whether a nested schema is a name or a function: it may not exist yet, and may nest itself."""
    return isinstance(nested, str) or (callable(nested) and not isinstance(nested, type))


def lazily(make: Callable[[], Any]) -> Callable[[], Any]:
    made: list[Any] = []

    def get() -> Any:
        if not made:
            made.append(make())
        return made[0]

    return get


#: By the function that serializes: a subclass that leaves it alone writes as its parent does.
WRITERS: Mapping[Any, Callable[[Any], Writer | None]] = {
    fields.Field._serialize: raw_writer,
    fields.String._serialize: text_writer,
    fields.Number._serialize: number_writer,
    fields.DateTime._serialize: temporal_writer,  # Date's and Time's too
    fields.UUID._serialize: uuid_writer,
    fields.TimeDelta._serialize: asking_writer,
    fields.IP._serialize: asking_writer,
    fields.IPInterface._serialize: asking_writer,
    fields.Enum._serialize: composed_writer,
    fields.Dict._serialize: composed_writer,
    fields.Tuple._serialize: composed_writer,
    fields.List._serialize: list_writer,
    fields.Nested._serialize: nested_writer,
    fields.Constant._serialize: asking_writer,
}
