"""Schemas that nest their like: each is made once, and not anew for every path that a sender thinks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from marshmallow import Schema, fields

MAX_SCHEMAS = 200  # below one schema: a function may make a different one every time
FIELD_TABLES = frozenset({"declared_fields", "fields", "load_fields", "dump_fields"})


def close_cycles(schema: Schema) -> list[Schema]:
    """Let every schema that is nested in its like be that very object; return the schema and all below it.

    marshmallow makes a nested schema anew for each field that names it or calls for it, when data comes that deep:
    without this, a recursive schema would fill the memory with one for every path that was ever sent.
    """
    known = [schema]
    close_all(known)
    return known


def close_cycles_below(field: fields.Field[Any]) -> list[Schema]:
    """Do the same below a field that stands alone; return the schemas below it."""
    known: list[Schema] = []
    share_alike([field], known)
    close_all(known)
    return known


def close_all(known: list[Schema]) -> None:
    for each in known:  # it grows meanwhile
        share_alike(each.fields.values(), known)


def share_alike(declared: Iterable[fields.Field[Any]], known: list[Schema]) -> None:
    """Let the schemas that some fields nest be those that are known; add to these what is new."""
    for field in fields_within(declared):
        nested = schema_below(field) if isinstance(field, fields.Nested) else None
        if nested is None or len(known) > MAX_SCHEMAS:
            continue
        same = next((one for one in known if is_alike(one, nested)), None)
        if same is None:
            known.append(nested)
        else:
            field._schema = same


def all_fields(schema: Schema) -> Iterator[Any]:
    """Yield a schema's fields, and those inside of its lists, tuples and mappings."""
    return fields_within(schema.fields.values())


def fields_within(declared: Iterable[fields.Field[Any]]) -> Iterator[Any]:
    """Yield some fields, and those inside of the lists, tuples and mappings among them."""
    todo: list[Any] = list(declared)
    while todo:
        field = todo.pop()
        yield field
        if isinstance(field, fields.List):
            todo.append(field.inner)
        elif isinstance(field, fields.Tuple):
            todo += field.tuple_fields
        elif isinstance(field, fields.Mapping) and field.value_field is not None:
            todo.append(field.value_field)


def schema_below(field: fields.Nested) -> Schema | None:
    """Return a nested field's schema; None where it does not exist yet, or is not marshmallow's to make."""
    if "schema" in {name for kind in type(field).__mro__[:-1] for name in vars(kind) if kind is not fields.Nested}:
        return None
    try:
        return field.schema
    except Exception:  # a name that is defined later; whoever needs it is told then
        return None


def is_alike(one: Schema, other: Schema) -> bool:
    """Whether two schemas are of one class and were made in the same way."""
    if one is other:
        return True
    if type(one) is not type(other) or list(one.fields) != list(other.fields):
        return False
    own, others = own_state(one), own_state(other)
    # of one type first: marshmallow's sets, as in ``only``, can't be compared with None
    return own.keys() == others.keys() and all(
        type(own[name]) is type(others[name]) and own[name] == others[name] for name in own
    )


def own_state(schema: Schema) -> dict[str, Any]:
    return {name: value for name, value in vars(schema).items() if name not in FIELD_TABLES}
