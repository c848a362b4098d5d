"""What the signature says of one control, and how its attributes are written."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from jinja2 import Undefined
from markupsafe import Markup, escape
from marshmallow import fields

from ..marshalling.fields import plucked
from ..operation import MISSING
from ..schemas.flask_forms import has_columns
from .native_inputs import plain_text

Attributes = Mapping[str, Any]
#: what a default is that nobody can change
FIXED = (str, int, float, Decimal, date, time, timedelta, UUID, enum.Enum, type(None))
TICKED = ("checkbox", "radio")


SECRET_NAME = re.compile(r"password|passwd|secret|token", re.IGNORECASE)


class Kind(enum.Enum):
    """The control that suits a type."""

    TEXT = "an input"
    AREA = "a textarea"
    BOX = "one checkbox"
    CHOICE = "a select"
    RADIOS = "radio buttons"
    CHOICES = "several checkboxes"
    LIST = "an input for each value"
    FILE = "a file input"
    OBJECT = "a group of controls"
    OBJECTS = "a group of controls for each item"
    MAPPING = "a control for each key"


#: they hand a value on to what stands in them
NESTED = frozenset({Kind.OBJECT, Kind.OBJECTS, Kind.MAPPING})
YES_OR_NO = (("true", "Yes"), ("false", "No"))  # the options of a truth value


class Input(NamedTuple):
    """What the signature says of one control."""

    kind: Kind = Kind.TEXT
    type: str | None = None  # None: a text field, a text area or a choice
    required: bool = False
    maxlength: int | None = None
    min: Any = None
    max: Any = None
    step: str | None = None
    multiple: bool = False
    accept: str | None = None  # a file's
    secret: bool = False  # never filled in again
    nullable: bool = False  # None is a value
    options: tuple[tuple[str, Any], ...] = ()  # value and label, which may be a lazy text, as the next two
    label: Any = ""  # "": made of the name
    hint: Any = ""
    default: Any = MISSING
    says_no: str | None = None  # what a hidden field beside boxes sends, where nothing sent would not mean no
    ticked: str = "true"  # what a box sends
    parts: tuple[str, ...] = ()  # the names below an object's
    declared: Any = None  # an object's fields: one mapping for all objects of a type, which may hold itself
    whole_keys: bool = False  # of a mapping: its keys may have the separator in them
    separator: str = "."  # between a name and those below it
    attributes: tuple[str, ...] = ()  # what each part of the name is called in Python, where one differs
    rows: int = 0  # of objects, where nothing says how many there are
    most: int | None = None  # rows: what is sent beyond is dropped
    further: tuple[tuple[str, Any], ...] = ()  # attributes that change nothing of what stands here
    write: Callable[[Any], str] = plain_text  # a value, or an item of a list
    write_each: tuple[Callable[[Any], str], ...] = ()  # the items of a tuple
    read: Callable[[str], Any] = str  # back again; text that says nothing stays text

    @property
    def has_choices(self) -> bool:
        """Whether it is chosen from options, though there may be none now."""
        return self.kind in (Kind.CHOICE, Kind.RADIOS, Kind.CHOICES)

    @property
    def is_changing(self) -> bool:
        """Whether a clean control is not always the same.

        Inputs of a list show an item each; a default may be made by a function, or be a lazy text, or a list.
        """
        return self.kind is Kind.LIST or not (self.default is MISSING or isinstance(self.default, FIXED))


def is_secret_name(name: str) -> bool:
    """Whether a name says that what is typed there is never given back."""
    return bool(SECRET_NAME.search(name))


def is_secret(field: fields.Field[Any]) -> bool:
    """Whether what is typed for a field is never given back; so is a list of what is one."""
    return field.load_only or field.metadata.get("type") == "password" or any(map(is_secret, fields_by_its_name(field)))


def fields_by_its_name(field: fields.Field[Any]) -> Iterable[fields.Field[Any]]:
    """Return the fields of what is sent by a field's own name: a list's items, a tuple's parts, what is plucked."""
    if isinstance(field, fields.List):
        return (field.inner,)
    if isinstance(field, fields.Tuple):
        return field.tuple_fields
    return (plucked(field),) if isinstance(field, fields.Pluck) else ()


NO_NAME = re.compile(r"""^$|[\s"'<>/=\x00-\x1f\x7f]""")  # HTML Living Standard, 13.1.2.3


def render_attributes(attributes: Attributes) -> Markup:
    """Return ``name="value"`` pairs; True stands alone, None and False are left out.

    A value is text and nothing else: ``Markup`` is safe between tags, and not inside of quotes.

    :raises ValueError: a name that would end where it should not.
    """
    pairs = [
        attribute_name(key) if value is True else f'{attribute_name(key)}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    ]
    return Markup(" ".join(pairs))  # noqa: S704  # escaped above: Markup.format takes thrice the time


@lru_cache(maxsize=256)
def attribute_name(name: str) -> str:
    if NO_NAME.search(name):
        raise ValueError(f"{name!r} is no name of an attribute. Give those that HTML has, and the value as its value.")
    return str(name)


def written(attributes: Attributes) -> dict[str, Any]:
    """Return attributes given in Python by their names in HTML: ``aria_label``, ``class_``."""
    return {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}


def humanized(name: str) -> str:
    """Return a name as a label: ``"address.zip_code"`` as ``"Zip code"``; an index as ``"1"`` for the first."""
    last = name.rpartition(".")[2]
    if last.isdigit():
        return str(int(last) + 1)
    words = last.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


Options = Iterable[Any] | Mapping[str, Any]


def option_groups(options: Options, write: Callable[[Any], str]) -> list[tuple[str | None, list[tuple[str, str]]]]:
    """Return options as groups of value and label; None is the group without a name.

    :raises TypeError: what is given is no list of options.

    :param options: values, pairs of value and label, or a mapping of groups to either.
    """
    if isinstance(options, (str, Undefined)):
        raise TypeError(f"options={options!r}: give a list, as in ['a', 'b'], or pairs of value and label.")
    if isinstance(options, Mapping):
        if any(isinstance(each, str) for each in options.values()):
            raise TypeError(
                f"options={options!r}: a mapping has a group of options for each name. For values with their labels"
                " give its items: labels.items()."
            )
        return [(str(group), option_pairs(each, write)) for group, each in options.items()]
    return [(None, option_pairs(options, write))]


def option_pairs(options: Iterable[Any], write: Callable[[Any], str]) -> list[tuple[str, str]]:
    return [option_pair(each, write) for each in options]


def option_pair(option: Any, write: Callable[[Any], str]) -> tuple[str, str]:
    if is_pair(option):
        return write(option[0]), str(option[1])
    if isinstance(option, (tuple, list)):
        raise TypeError(f"{option!r} is no option: give a value, or a pair of value and label.")
    text = write(option)
    return text, humanized(option.name.lower()) if isinstance(option, enum.Enum) else text


def is_pair(option: Any) -> bool:
    """Whether an option is a value and its label: a tuple, a list, a row of two columns from a database."""
    if isinstance(option, (str, bytes, enum.Enum)):
        return False
    return has_columns(option) and hasattr(type(option), "__len__") and len(option) == 2
