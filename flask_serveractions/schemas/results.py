"""The return annotation, compiled: which schema writes which part of what a function returns.

A schema anywhere in it is applied, or is an error at registration: what it was written to hide never goes out because
of the place that it stands at.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from marshmallow import Schema, fields
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from ..marshalling.dump import compile_dump
from ..marshalling.json_rows import WriteRows, compile_rows
from ..marshalling.schema_cycles import all_fields, close_cycles
from ..operation import MISSING, Answer
from .annotations import NOTHING, Unfolded, each_of_union, is_class, unfold, union_members
from .mistakes import NoField, check_is_schema
from .type_hints import ARRAYS, field_of, is_field, is_schema, schema_among, schema_of

Dump = Callable[[Any], Any]

TEXTS = (str, bytes)
SCALARS = (*TEXTS, bool, int, float)  # they hold nothing that a schema could hide
LISTS = (list, tuple, set, frozenset)
ONE = (*TEXTS, collections.abc.Mapping)  # they can be iterated over, and are no list
JSON_TYPES = (dict, list, int, float, bool)
#: the second of ``(value, status)`` and of ``(value, headers)``
STATUS_OR_HEADERS = (int, str, dict, list, Headers, collections.abc.Mapping)
AWAITABLES = (collections.abc.Awaitable, collections.abc.Coroutine)
MOST_PARTS = 500  # of an annotation that nests its like without end

APART = "Give each of the types a class of its own, or return one of them with its status: (value, 409)."
WHOLE = "Give the whole a schema of its own, as in Annotated[Page, PageSchema()]."


class Writer(NamedTuple):
    """How a part of a result is written."""

    dump: Dump
    schema: Schema | None = None  # where it is one schema's, or a list of it
    rows: WriteRows | None = None  # writes such a list in JSON at once


class Member(NamedTuple):
    """One of the types that a result may have."""

    said: Unfolded
    statuses: tuple[int, ...] = ()
    in_tuple: bool = False  # of (value, status): what a refusal says, which is sent as it is


def compile_answer(annotation: Any, is_generator: bool = False) -> Answer:
    """Return how results are rendered, from the return annotation.

    ``Annotated[Todo, TodoSchema(), 201]``, in lists and mappings of any depth, ``| None``, ``| Response``, or as the
    first of ``tuple[TodoOut, int]``. Of several types with a schema each, that of the value's type counts.

    :param is_generator: an action that yields its progress, and returns its result.
    :raises NoField: a schema that would do nothing, or of which nobody can tell when it counts.
    """
    if annotation is MISSING:
        return Answer()
    members = list(result_members(generated(annotation) if is_generator else annotation))
    values = [each for each in members if not is_response(each.said.plain)]
    written = [each.said for each in values if not each.in_tuple or says_schema(each.said)]
    writer = Compiler().choice(written)
    status = status_of(members)
    is_list = bool(values) and all(is_array(each.said.plain) for each in values)
    if writer is None:
        is_json = len(members) == 1 and is_json_type(members[0].said.plain)
        return Answer(status=status, is_json=is_json, is_list=is_list)
    texts = tuple(each.said.plain for each in values if each.said.plain in TEXTS)
    return Answer(
        dump=writer.dump,
        rows=writer.rows,
        schema=writer.schema,
        many=writer.schema is not None and writer.schema.many,
        is_list=is_list,
        status=status,
        is_json=not texts and len(values) == len(members),
        texts=texts,
    )


def generated(annotation: Any) -> Any:
    """Return what a generator action returns in the end.

    :raises NoField: a schema of what it yields, which is its progress.
    """
    plain = unfold(annotation).plain
    *others, result = typing.get_args(plain) if typing.get_origin(plain) is collections.abc.Generator else (plain, Any)
    if any(map(holds_schema, others)):
        mend = "A generator's result is the last of three: Generator[Progress, None, TodoOut]."
        raise NoField("its schema is for what is yielded, and that is Progress", mend)
    return result


def result_members(annotation: Any, statuses: tuple[int, ...] = (), in_tuple: bool = False) -> Iterator[Member]:
    """Yield the types that the value of a result may have: those of a union, and the first of ``(value, status)``."""
    said = unfold(annotation)
    statuses += statuses_in(said)
    origin, parts = typing.get_origin(said.plain), typing.get_args(said.plain)
    if schema_among(said.metadata) is not None:
        for each in each_of_union(said):
            written = each._replace(metadata=[]) if is_response(each.plain) else each
            yield Member(written, statuses, in_tuple)
    elif union_members(said.plain):
        for each in parts:
            if each is not NOTHING:
                yield from result_members(each, statuses, in_tuple)
    elif origin in AWAITABLES and parts:
        yield from result_members(parts[-1], statuses, in_tuple)
    elif origin is tuple and is_value_and_status(parts):
        if any(map(holds_schema, parts[1:])):
            raise NoField("a schema stands at a status or at headers", "It belongs to the first of a tuple.")
        yield from result_members(parts[0], statuses, True)
    else:
        of_items = statuses_in(unfold(parts[0])) if origin in ARRAYS and parts and not statuses else ()
        yield Member(said, statuses + of_items, in_tuple)


def statuses_in(said: Unfolded) -> tuple[int, ...]:
    """Return the statuses in an annotation's metadata: ``Annotated[Todo, TodoSchema(), 201]``."""
    return tuple(each for each in said.of_kind(int) if not isinstance(each, bool))


def is_value_and_status(parts: tuple[Any, ...]) -> bool:
    """Whether a tuple is ``(value, status)``, ``(value, headers)`` or all three, as Flask has it."""
    if not 2 <= len(parts) <= 3 or Ellipsis in parts:
        return False
    second = unfold(parts[1]).plain
    literal = typing.get_args(second)[:1] if typing.get_origin(second) is typing.Literal else ()
    kind = type(literal[0]) if literal else typing.get_origin(second) or second
    return second is Any or (is_class(kind) and issubclass(kind, STATUS_OR_HEADERS))


def status_of(members: list[Member]) -> int | None:
    statuses = {each.statuses[0] if each.statuses else None for each in members if not is_response(each.said.plain)}
    said = statuses - {None}
    if len(said) > 1:
        raise NoField(f"it has several statuses, {sorted(said)}", "Return (value, status) where it is not the first.")  # type: ignore[type-var]  # None is none of them
    return said.pop() if said else None


def is_response(plain: Any) -> bool:
    return is_class(plain) and issubclass(plain, Response)


def is_json_type(plain: Any) -> bool:
    return (typing.get_origin(plain) or plain) in JSON_TYPES


def is_array(plain: Any) -> bool:
    origin = typing.get_origin(plain) or plain
    return origin in ARRAYS or (origin is tuple and Ellipsis in typing.get_args(plain))


def holds_schema(annotation: Any) -> bool:
    """Whether a schema stands anywhere in an annotation, also in the fields of a class in it."""
    return any(is_schema(each.plain) or any(map(is_written, each.metadata)) for each in parts_of(annotation))


def says_schema(said: Unfolded) -> bool:
    return any(map(is_written, said.metadata)) or holds_schema(said.plain)


def is_written(metadata: Any) -> bool:
    """Whether metadata writes what it stands at: a schema, or a marshmallow field with one in it.

    :raises NoField: fields in a dict, which would write nothing.
    """
    check_is_schema(metadata)
    return is_schema(metadata) or (is_field(metadata) and holds_nested(field_of(metadata)))


def holds_nested(field: fields.Field[Any]) -> bool:
    return any(isinstance(each, fields.Nested) for each in all_fields(Schema.from_dict({"value": field})()))


def parts_of(annotation: Any) -> Iterator[Unfolded]:
    """Yield an annotation and all that stands in it, each part once.

    :raises NoField: a name in quotes, behind which anything may stand.
    """
    todo: list[Any] = [annotation]
    seen: list[Any] = []
    while todo and len(seen) < MOST_PARTS:
        part = todo.pop()
        if isinstance(part, (str, typing.ForwardRef)):
            raise NoField(f"{part!r} is in quotes, where nobody resolves it", "Write it without.")
        said = unfold(part)
        yield said
        if said.plain not in seen and typing.get_origin(said.plain) is not typing.Literal:
            seen.append(said.plain)
            todo += [each for each in typing.get_args(said.plain) if not isinstance(each, list)]
            todo += field_hints(said.plain)


def field_hints(plain: Any) -> list[Any]:
    """Return the types of the fields of a dataclass, a named tuple or a ``TypedDict``, as far as they are known."""
    made = typing.get_origin(plain) or plain
    if not is_class(made) or not (
        dataclasses.is_dataclass(made) or typing.is_typeddict(made) or hasattr(made, "_field_defaults")
    ):
        return []
    try:
        return list(typing.get_type_hints(made, include_extras=True).values())
    except (NameError, AttributeError, SyntaxError, TypeError):
        return []


class Compiler:
    """Compiles one return annotation; what one schema writes is one function, however often it stands there."""

    def __init__(self) -> None:
        self.made: dict[tuple[int, bool], tuple[Any, Writer]] = {}
        self.within: list[Any] = []  # the types that are being compiled

    def choice(self, members: list[Unfolded]) -> Writer | None:
        """Return what writes a value of one of several types; None where no schema does."""
        writers = [(each.plain, self.writer(each)) for each in members]
        distinct = {id(writer.dump): writer for _, writer in writers if writer is not None}
        if not distinct:
            return None
        others = [plain for plain, writer in writers if writer is None]
        if len(distinct) > 1 or any(each not in SCALARS for each in others):
            return Writer(by_type([(class_of(plain), writer and writer.dump) for plain, writer in writers]))
        (only,) = distinct.values()
        return Writer(except_for(tuple(others), only.dump), only.schema) if others else only

    def writer(self, said: Unfolded) -> Writer | None:
        schema = schema_among(said.metadata)
        if schema is not None and union_members(said.plain):
            return self.one_of(each_of_union(said))
        if schema is not None:
            if holds_schema(said.plain):
                raise NoField("a schema stands within what another one writes", "Leave one of them out.")
            return self.schema_writer(schema, said.plain)
        field = next(filter(is_written, said.metadata), None)
        if field is not None:
            return Writer(field_dump(field_of(field)))
        if not holds_schema(said.plain):
            return None
        if said.plain in self.within:
            raise NoField("a schema stands in a type that holds itself", WHOLE)
        self.within.append(said.plain)
        try:
            return self.composed(said.plain)
        finally:
            self.within.pop()

    def schema_writer(self, schema: Any, plain: Any) -> Writer:
        made = schema_of(schema, plain)
        key = id(schema), made.many
        if key not in self.made:
            close_cycles(made)
            rows = compile_rows(made) if made.many else None
            self.made[key] = schema, Writer(checked(compile_dump(made, made.many), made.many), made, rows)
        return self.made[key][1]

    def composed(self, plain: Any) -> Writer:
        origin, parts = typing.get_origin(plain), typing.get_args(plain)
        if is_schema(plain):
            raise NoField(f"{plain!r} is a schema, and no type", "Write Annotated[Todo, TodoSchema()].")
        if union_members(plain):
            return self.one_of([unfold(each) for each in parts if each is not NOTHING])
        if origin is tuple:
            return self.array(parts[0]) if Ellipsis in parts else self.tuple(parts)
        if not is_class(origin) or any(map(holds_schema, inner_types(origin, parts)[1])):
            raise NoField(f"nobody can tell what its schema stands for in {plain!r}", WHOLE)
        inner = inner_types(origin, parts)[0]
        return self.mapping(inner) if issubclass(origin, collections.abc.Mapping) else self.array(inner)

    def one_of(self, members: list[Unfolded]) -> Writer:
        """Return what writes a value within another one, of one of several types of which one has a schema."""
        if any(is_response(each.plain) for each in members):
            raise NoField("a response can't stand within a value", WHOLE)
        return self.choice(members)  # type: ignore[return-value]  # it holds a schema

    def array(self, inner: Any) -> Writer:
        said = unfold(inner)
        schema = None if said.optional or union_members(said.plain) else schema_among(said.metadata)
        if schema is not None and not schema_of(schema, said.plain).many:
            if holds_schema(said.plain):
                raise NoField("a schema stands within what another one writes", "Leave one of them out.")
            return self.schema_writer(schema, list)
        dump = self.item_dump(inner)
        return Writer(lambda values: [dump(each) for each in values])

    def mapping(self, inner: Any) -> Writer:
        dump = self.item_dump(inner)
        return Writer(lambda values: {key: dump(each) for key, each in values.items()})

    def tuple(self, parts: tuple[Any, ...]) -> Writer:
        dumps = tuple(self.item_dump(each) for each in parts)
        return Writer(lambda values: [dump(each) for dump, each in zip(dumps, values, strict=True)])

    def item_dump(self, inner: Any) -> Dump:
        """Return what writes an item of a list or a mapping, which may be None."""
        writer = self.writer(unfold(inner))
        if writer is None:
            return lambda value: value
        dump = writer.dump
        return lambda value: None if value is None else dump(value)


def checked(dump: Dump, many: bool) -> Dump:
    """Return what writes objects by a schema, and complains of a list for one and of one for a list.

    marshmallow would write ``{}`` for the list, and an object for each key of the one.
    """

    def write_one(value: Any) -> Any:
        written = dump(value)
        if not written and written == {} and isinstance(value, LISTS):
            raise TypeError("A list was returned where the return annotation says one value. Write -> list[TodoOut].")
        return written

    def write_many(values: Any) -> Any:
        if isinstance(values, ONE):
            raise TypeError("One value was returned where the return annotation says a list. Write -> TodoOut.")
        return dump(values)

    return write_many if many else write_one


def inner_types(origin: type[Any], parts: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """Return the type of a container's items and its other arguments: of keys, of what a generator is sent.

    :raises NoField: it is no container that we know.
    """
    if issubclass(origin, collections.abc.Mapping) and len(parts) == 2:
        return parts[1], parts[:1]
    is_known = origin in ARRAYS or (issubclass(origin, collections.abc.Iterable) and len(parts) == 1)
    if not is_known or issubclass(origin, collections.abc.Mapping):
        raise NoField(f"nobody can tell what its schema stands for in {origin!r}", WHOLE)
    return parts[0], parts[1:]


def field_dump(field: fields.Field[Any]) -> Dump:
    schema = Schema.from_dict({"value": field})()
    close_cycles(schema)
    dump = compile_dump(schema, False)
    key = next(iter(schema.dump_fields.values())).data_key or "value"
    return lambda value: dump({"value": value})[key]


def except_for(plain: tuple[type[Any], ...], dump: Dump) -> Dump:
    return lambda value: value if isinstance(value, plain) else dump(value)


def class_of(plain: Any) -> type[Any]:
    """Return the class by which a value is told to be of a type.

    :raises NoField: there is none.
    """
    if typing.is_typeddict(plain):
        return dict
    made = typing.get_origin(plain) or plain
    if not is_class(made) or made in (object, Any) or getattr(made, "_is_protocol", False):
        raise NoField(f"nobody can tell {plain!r} from the other types of the union", APART)
    return made


def by_type(kinds: list[tuple[type[Any], Dump | None]]) -> Dump:
    """Return what writes a value as the nearest of its types.

    :raises NoField: two of them are one class, or a value of one may pass for another that has no schema.
    """
    for index, (kind, dump) in enumerate(kinds):
        for other, other_dump in kinds[:index]:
            check_apart(kind, dump, other, other_dump)
    nearest_first = sorted(kinds, key=lambda each: sum(issubclass(each[0], kind) for kind, _ in kinds), reverse=True)

    def write(value: Any) -> Any:
        for kind, dump in nearest_first:
            if isinstance(value, kind):
                return value if dump is None else dump(value)
        names = ", ".join(kind.__name__ for kind, _ in kinds)
        raise TypeError(
            f"{type(value)!r} was returned, where the annotation allows {names}: no schema is known for it."
        )

    return write


def check_apart(kind: type[Any], dump: Dump | None, other: type[Any], other_dump: Dump | None) -> None:
    if dump is other_dump or not (issubclass(kind, other) or issubclass(other, kind)):
        return
    plain = kind if dump is None else other
    if kind is not other and (None not in (dump, other_dump) or plain in SCALARS):
        return
    raise NoField(f"a value that is a {other.__name__} may be meant for either schema, or for none", APART)
