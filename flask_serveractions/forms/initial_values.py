"""What fills a form that nobody has sent yet: a mapping, an object or a row, searched by the names of controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jinja2 import Undefined, UndefinedError

from ..operation import MISSING


def check_values(values: Any, where: str) -> None:
    """Refuse what can fill no form: its controls would be empty without a word.

    :raises UndefinedError: the template has no such variable.
    :raises TypeError: it has no names, or is a class.
    """
    if isinstance(values, Undefined):
        raise UndefinedError(
            f"{where}: values={values._undefined_name}, and {values._undefined_name!r} is undefined in the template."
            " Pass it to render_template, or leave values out."
        )
    if isinstance(values, type):
        raise TypeError(f"{where}: values={values!r} is a class. Give an object of it, as in values=todo.")
    is_named_tuple = isinstance(values, tuple) and hasattr(values, "_fields")
    if isinstance(values, (str, bytes, int, float, list, tuple, set)) and not is_named_tuple:
        raise TypeError(
            f"{where}: values={values!r} has no names. Give a mapping or an object,"
            " as in values={'text': ...} or values=todo."
        )


def is_listed(value: Any) -> bool:
    return isinstance(value, (Sequence, set, frozenset)) and not isinstance(value, (str, bytes))


def is_row(value: Any) -> bool:
    """Whether something gives its values by their names alone, and is no mapping: ``sqlite3.Row``."""
    return hasattr(type(value), "keys") and hasattr(type(value), "__getitem__")


def found_in(data: Any, steps: Iterable[str]) -> Any:
    """Return what a mapping or an object holds at a nested name, or MISSING."""
    for step in steps:
        if isinstance(data, Mapping):
            data = data.get(step, MISSING)
        elif is_listed(data) and step.isdigit():
            data = data[int(step)] if int(step) < len(data) else MISSING
        elif is_row(data):
            data = data[step] if step in data.keys() else MISSING  # noqa: SIM118 a row
        else:
            data = MISSING if data is None else getattr(data, step, MISSING)
        if data is MISSING:
            return MISSING
    return data


def is_item(name: str, of: str) -> bool:
    head, _, index = name.rpartition(".")
    return head == of and index.isdigit()


def is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) < 10
