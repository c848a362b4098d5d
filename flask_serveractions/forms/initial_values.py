"""What fills a form that nobody has sent yet: a mapping, an object or a row, searched by the names of controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from jinja2 import Undefined, UndefinedError

from ..operation import MISSING
from .inputs import Input
from .native_inputs import plain_text


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


def initial_at(data: Any, given: Mapping[str, Any], name: str, described: Input) -> Any:
    """Return what a form begins with at a nested name, or MISSING.

    :param given: what the template gave to whole objects and lists, by their names: that comes first.
    """
    steps, own = name.split(described.separator), described.attributes
    for count in range(len(steps), 0, -1) if given else ():
        around = described.separator.join(steps[:count])
        if around in given:
            return found_in(given[around], steps[count:], own[count:])
    return found_in(data, steps, own)


def leads_back(data: Any, given: Mapping[str, Any], name: str, described: Input) -> bool:
    """Whether what a form begins with at a nested name is around it as well: an author's books have the author."""
    steps, value = name.split(described.separator), initial_at(data, given, name, described)
    if value is None or value is MISSING:
        return False
    names = (described.separator.join(steps[:count]) for count in range(1, len(steps)))
    return value is data or any(initial_at(data, given, each, described) is value for each in names)


def found_in(data: Any, steps: Sequence[str], own: Sequence[str] = ()) -> Any:
    """Return what a mapping or an object holds at a nested name, or MISSING.

    :param own: what each step is called in Python, where a ``data_key`` calls it otherwise in the form.
    """
    for count, (step, attribute) in enumerate(zip_longest(steps, own[: len(steps)])):
        key = ".".join(steps[count:])
        whole = value_at(data, key) if key != step and isinstance(data, Mapping) else MISSING  # a key may have dots
        if whole is not MISSING:
            return whole
        names = (step,) if attribute in (None, step) else (step, attribute) if named_by_key(data) else (attribute, step)
        found = (value_at(data, each) for each in names)
        data = next((each for each in found if each is not MISSING), MISSING)
        if data is MISSING:
            return MISSING
    return data


def named_by_key(data: Any) -> bool:
    return isinstance(data, Mapping) or is_row(data)


def value_at(data: Any, step: str) -> Any:
    """Return what stands at one name or index, or MISSING."""
    if isinstance(data, Mapping):
        return data[step] if step in data else next((data[key] for key in data if plain_text(key) == step), MISSING)
    if is_listed(data) and step.isdigit():
        return data[int(step)] if int(step) < len(data) else MISSING
    if is_row(data):
        return data[step] if step in data.keys() else MISSING  # noqa: SIM118 a row
    return MISSING if data is None else getattr(data, step, MISSING)


def is_item(name: str, of: str) -> bool:
    head, _, index = name.rpartition(".")
    return head == of and index.isdigit()


def is_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) < 10
