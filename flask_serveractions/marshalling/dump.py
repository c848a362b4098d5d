"""What ``schema.dump`` does, decided once: which field reads what, and which values pass as they are.

Nothing is generated from strings: a schema becomes closures and tables. What a schema or a field does in its own way
(hooks, overridden methods) stays marshmallow's work, so that the data and the errors are always marshmallow's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from marshmallow import Schema, fields, missing
from marshmallow.decorators import POST_DUMP, PRE_DUMP
from marshmallow.utils import ensure_text_type, get_value

Dump = Callable[[Any], Any]
Fill = Callable[[Sequence[Any], int], list[Any]]  # objects, and how they are read
WriteColumn = Callable[[list[Any], set[type]], list[Any]]  # values, and the set of their types

DUMPER = "_serveractions_dump"  # in a nested field: its schema's, compiled
NOTHING = type(None)
MISSING = type(missing)
SCALARS: frozenset[type] = frozenset({str, int, float, bool, NOTHING})

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


class RowByRow(Exception):
    """A column holds what may be read once alone, or has code of its own: no second pass may follow the first."""


class Writer(NamedTuple):
    """How a field's values are written: one, or a column of them (None: one by one)."""

    one: Dump
    column: WriteColumn | None
    unchanged: frozenset[type] = frozenset()  # exact types that stay as they are
    form: tuple[type | None, Dump | None] = (None, None)  # an exact type, and what writes it
    is_single: bool = False  # what it writes is no list of values, and no object with fields


def as_it_is(value: Any) -> Any:
    return value


class Column(NamedTuple):
    """One key of the answer: ``take`` its value from one object, or ``fill`` it for many (None: one by one)."""

    key: str
    take: Dump  # missing where there is none
    fill: Fill | None
    attribute: str = ""  # that ``take`` reads, where it is no more than one; and what it makes of the value
    finish: Dump = as_it_is
    unchanged: frozenset[type] = frozenset()  # exact types that ``finish`` leaves as they are
    form: tuple[type | None, Dump | None] = (None, None)  # an exact type, and all that ``finish`` does with it
    is_single: bool = False


class Dumper(NamedTuple):
    """How a schema's objects are written: one, many, or the rows of a list, column by column (None: one by one)."""

    one: Dump
    many: Dump
    rows: Callable[[Sequence[Any]], list[Any]] | None
    singles: tuple[tuple[str, Fill], ...] = ()  # keys and columns, where each is of single values


def compile_dump(schema: Schema, many: bool) -> Dump:
    """Return a function that gives what ``schema.dump(value, many=many)`` gives: plain Python data.

    The schema is read now; what is changed on it or on its fields later is not seen.

    :raises ValueError: a nested schema is asked for a field that it lacks.
    """
    dumper = dumper_of(schema)
    return dumper.many if many else dumper.one


def dumper_of(schema: Schema) -> Dumper:
    if not is_own(schema, Schema, SCHEMA_DUMPS) or has_hooks(schema, PRE_DUMP, POST_DUMP):
        return Dumper(partial(schema.dump, many=False), partial(schema.dump, many=True), None)
    columns = tuple(column_of(schema, name, field) for name, field in schema.dump_fields.items())
    one = object_writer(columns)
    if any(column.fill is None for column in columns):
        return Dumper(one, lambda objects: one(None) if objects is None else list(map(one, objects)), None)
    fills: Any = tuple((column.key, column.fill) for column in columns)
    rows = partial(filled_rows, fills=fills)
    are_single = all(column.is_single for column in columns)
    return Dumper(one, rows_writer(one, rows), rows, fills if are_single else ())


def object_writer(columns: Iterable[Column]) -> Dump:
    takes: Any = tuple(
        (each.key, each.take, each.attribute, each.finish, each.unchanged, *each.form) for each in columns
    )

    def write(obj: Any) -> dict[str, Any]:
        row = {}
        by_attributes = not hasattr(obj, "__getitem__")
        for key, take, attribute, finish, unchanged, formed, form in takes:
            if by_attributes and attribute:  # spares two calls or more for each, together a thirtieth of a small answer
                value = getattr(obj, attribute, missing)
                kind = type(value)
                if kind is formed:
                    value = form(value)
                elif kind not in unchanged:
                    value = finish(value)
            else:
                value = take(obj)
            if value is not missing:
                row[key] = value
        return row

    return write


def rows_writer(one: Dump, rows: Callable[[Sequence[Any]], list[Any]]) -> Dump:
    def write(objects: Any) -> Any:
        if objects is None:
            return one(None)
        if not isinstance(objects, (list, tuple)) or not objects:
            return list(map(one, objects))
        try:
            return rows(objects)
        except RowByRow:
            failure = None
        except Exception as error:
            failure = error
        written = list(map(one, objects))  # in marshmallow's order: its first error comes first
        if failure is not None:
            raise failure
        return written

    return write


def filled_rows(objects: Sequence[Any], fills: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    way = how_to_read(set(map(type, objects)))
    rows: list[dict[str, Any]] = [{} for _ in objects]
    for key, fill in fills:
        for row, value in zip(rows, fill(objects, way), strict=True):
            if value is not missing:
                row[key] = value
    return rows


def how_to_read(kinds: set[type]) -> int:
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
    write, write_column, unchanged = writer.one, writer.column, writer.unchanged
    is_path = "." in attribute  # which is tried step by step

    def read(obj: Any) -> Any:
        if is_path or hasattr(obj, "__getitem__"):
            return get_value(obj, attribute, missing)
        return getattr(obj, attribute, missing)

    def finish(value: Any) -> Any:
        if value is missing:
            value = default() if callable(default) else default
        return value if type(value) in unchanged or value is missing else write(value)

    def fill(objects: Sequence[Any], way: int) -> list[Any]:
        try:
            values = list(map(readers[way], objects))
        except (AttributeError, KeyError):
            values = list(map(read, objects))
        kinds = set(map(type, values))
        if MISSING not in kinds:
            return write_column(values, kinds)  # type: ignore[misc]  # it is there, else there is no fill
        values = [(default() if callable(default) else default) if value is missing else value for value in values]
        return wrap(values, missing, write_column)

    readers = (read, read, read) if is_path else (attrgetter(attribute), itemgetter(attribute), read)
    fill_column = None if write_column is None else fill
    plain, form, is_single = "" if is_path else attribute, writer.form, writer.is_single
    return Column(key, lambda obj: finish(read(obj)), fill_column, plain, finish, unchanged, form, is_single)


def wrap(values: list[Any], hole: Any, write_column: Any) -> list[Any]:
    """Return a column written, with its holes where they were."""
    present = [value for value in values if value is not hole]
    written = iter(write_column(present, set(map(type, present))))
    return [hole if value is hole else next(written) for value in values]


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

    return Writer(one, column, unchanged, form or (None, None), is_single=True)


def raw_writer(field: Any) -> Writer:
    return Writer(as_it_is, lambda values, kinds: values, SCALARS, is_single=True)


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


def enum_writer(field: Any) -> Writer | None:
    return None if writer_of(field.field) is None else asking_writer(field)


def dict_writer(field: Any) -> Writer | None:
    if field.key_field is not None or field.value_field is not None:
        return composed_writer(field, (field.key_field, field.value_field))
    one = asking_writer(field).one

    def column(values: list[Any], kinds: set[type]) -> list[Any]:
        if not all(issubclass(kind, (dict, NOTHING)) for kind in kinds):
            raise RowByRow
        return list(map(one, values))

    return Writer(one, column)


def tuple_writer(field: Any) -> Writer | None:
    return composed_writer(field, field.tuple_fields)


def composed_writer(field: Any, parts: Iterable[Any]) -> Writer | None:
    """Return a writer for a field that asks its parts itself."""
    writers = [writer_of(part) for part in parts if part is not None]
    return None if None in writers else Writer(asking_writer(field).one, None)


def list_writer(field: Any) -> Writer | None:
    writer = writer_of(field.inner)
    if writer is None:
        return None
    write, write_column = writer.one, writer.column

    def one(value: Any) -> Any:
        return None if value is None else [write(each) for each in value]

    return Writer(one, write_column and lists_writer(write_column))


def lists_writer(write_column: WriteColumn) -> WriteColumn:
    """Return what writes a column of lists: all of their elements in one go."""

    def column(values: list[Any], kinds: set[type]) -> list[Any]:
        if not all(issubclass(kind, (list, tuple, NOTHING)) for kind in kinds):
            raise RowByRow
        flat = [each for value in values if value is not None for each in value]
        written = iter(write_column(flat, set(map(type, flat))))
        return [None if value is None else list(islice(written, len(value))) for value in values]

    return column


def nested_writer(field: Any) -> Writer | None:
    if not is_own(field, fields.Nested, ("schema",)):
        return None
    # once for each field: in a schema that nests itself, the same comes at every depth
    dumper = vars(field).setdefault(DUMPER, compute_once(lambda: dumper_of(field.schema)))

    def one(value: Any) -> Any:
        nested = dumper()  # a schema that is not there is an error for None too
        if value is None:
            return None
        return nested.many(value) if field.schema.many or field.many else nested.one(value)

    def rows(values: list[Any], kinds: set[type]) -> list[Any]:
        write = dumper().rows
        if write is None:
            raise RowByRow
        return write(values) if values else []

    def column(values: list[Any], kinds: set[type]) -> list[Any]:
        if field.schema.many or field.many:
            return lists(values, kinds)
        return wrap(values, None, rows) if NOTHING in kinds else rows(values, kinds)

    lists = lists_writer(rows)
    return Writer(one, column if is_named_late(field.nested) or dumper().rows else None)


def is_named_late(nested: Any) -> bool:
    """Whether a nested schema is a name or a function: it may not exist yet, and may nest itself."""
    return isinstance(nested, str) or (callable(nested) and not isinstance(nested, type))


def compute_once(make: Callable[[], Any]) -> Callable[[], Any]:
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
    fields.Enum._serialize: enum_writer,
    fields.Dict._serialize: dict_writer,
    fields.Tuple._serialize: tuple_writer,
    fields.List._serialize: list_writer,
    fields.Nested._serialize: nested_writer,
    fields.Constant._serialize: asking_writer,
}
