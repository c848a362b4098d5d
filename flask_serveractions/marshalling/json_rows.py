"""A list of objects written as JSON by its schema at once, without a dictionary for each object in between.

It is what ``json.dumps`` makes of what ``schema.dump`` gives, byte for byte. It is written column by column: one
function of C writes all values of a field, where they are of one type. A list of twenty is written in half the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from math import isfinite
from typing import Any, NamedTuple

from marshmallow import Schema

from .dump import MISSING, NOTHING, Fill, dumper_of, how_to_read

CONSTANTS = {True: "true", False: "false", None: "null"}
CONSTANT_TYPES = frozenset({bool, NOTHING})


class Style(NamedTuple):
    """How an app writes JSON with nothing between."""

    encode: Callable[[Any], str]  # any value
    quote: Callable[[str], str]  # a text
    sort_keys: bool


WriteRows = Callable[[Sequence[Any], Style], "str | None"]


def compile_rows(schema: Schema) -> WriteRows | None:
    """Return what writes a list of a schema's objects; None where a field is of more than single values."""
    fills = dumper_of(schema).singles
    keys = [key for key, _ in fills]
    if not keys or len(set(keys)) < len(keys) or not all(type(key) is str for key in keys):
        return None
    return partial(written_rows, fills)


def written_rows(fills: Iterable[tuple[str, Fill]], objects: Sequence[Any], style: Style) -> str | None:
    """Return the list in JSON; None where an object lacks a value or something fails: that is ``dump``'s to tell."""
    try:
        way = how_to_read(set(map(type, objects)))
        columns = {key: texts_of(fill(objects, way), style) for key, fill in fills}
        keys = tuple(sorted(columns) if style.sort_keys else columns)
        rows = zip(*[columns[key] for key in keys], strict=True)
        return f"[{','.join(map(row_template(keys, style.quote).__mod__, rows))}]"
    except Exception:
        return None


@lru_cache(maxsize=1024)
def row_template(keys: tuple[str, ...], quote: Callable[[str], str]) -> str:
    """Return an object with places for its values: ``{"id":%s,"text":%s}``."""
    members = [quote(key).replace("%", "%%") + ":%s" for key in keys]
    return "{" + ",".join(members) + "}"


def texts_of(values: list[Any], style: Style) -> Iterable[str]:
    """Return a column in JSON.

    :raises LookupError: an object lacks its value.
    """
    kinds = set(map(type, values))
    if kinds == {str}:
        return map(style.quote, values)
    if kinds == {int}:
        return map(int.__repr__, values)
    if kinds <= CONSTANT_TYPES:
        return map(CONSTANTS.__getitem__, values)
    if kinds == {float} and all(map(isfinite, values)):
        return map(float.__repr__, values)
    if MISSING in kinds:
        raise LookupError
    known: Any = {str: style.quote, int: int.__repr__, bool: CONSTANTS.get, NOTHING: CONSTANTS.get}
    return [known.get(type(value), style.encode)(value) for value in values]
