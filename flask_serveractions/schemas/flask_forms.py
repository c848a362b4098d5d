"""A ``FlaskForm`` as a parameter: filled from a form, a query or JSON, validated, and searched for its fields."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from math import isnan
from typing import Any, NamedTuple

from flask import current_app
from werkzeug.datastructures import MultiDict
from wtforms import DecimalField, Field, FieldList, FileField, FormField, IntegerField
from wtforms.csrf.core import CSRFTokenField
from wtforms.fields import choices
from wtforms.fields.core import UnboundField
from wtforms.form import BaseForm

from ..app_state import run_awaitable
from ..errors import WHOLE, TooLarge, Unreadable
from ..marshalling.form_data import flat_values, is_clean, join_name
from ..operation import Parameter
from .annotations import is_class
from .mistakes import NoField

MAX_ROWS = 250  # of forms in lists: WTForms looks through all names for each of them
LONGEST_INDEX = 10  # digits
MAX_VALUES = 1000  # of JSON that stands for a form
#: since WTForms 3.3, where tuples are deprecated; until then they were all that there was
MAKE_CHOICE: Callable[..., Any] = getattr(choices, "SelectChoice", lambda *parts: parts)
ROW = re.compile(r".*-[0-9]+(?=-)", re.DOTALL)


class Place(NamedTuple):
    """A field of a form, and where its value was sent."""

    name: str  # of the input: WTForms nests with hyphens
    path: str  # in JSON: "lines.0.text"
    field: Any


def of_flask_wtf(module: str, name: str) -> Any:
    """Return a class of Flask-WTF for ``isinstance``; nothing where nobody has imported that, and has one.

    To import it takes a fifth of what Flask does, since it brings Flask-Babel where that is installed.
    """
    return getattr(sys.modules.get(f"flask_wtf.{module}"), name, ())


def flask_form() -> Any:
    return of_flask_wtf("form", "FlaskForm")


def filled_form(parameter: Parameter, data: Any, *, initial: Any = None, bound: Mapping[str, Any] | None = None) -> Any:
    """Return a form of a parameter's class; its own CSRF protection is off, the pipeline has checked.

    :param data: a ``MultiDict`` by the names of its inputs; None for an empty form.
    :param initial: a mapping or an object that an empty form shows.
    :param bound: the bound arguments, for the factory that makes the form; None outside of a request, where no factory
        is called: what the class says must do.
    :raises Unreadable: a name has an index that is none (400).
    :raises TooLarge: more rows of nested forms than WTForms can make in time (413).
    """
    if parameter.make_form is not None and bound is None:
        return form_of_class(parameter.form_class)
    made: Any = parameter.form_class if parameter.make_form is None else factory_with(parameter.make_form, bound or {})
    if len({match.group() for name in data or () if (match := ROW.match(name))}) > MAX_ROWS:
        raise TooLarge(f"more than {MAX_ROWS} rows")
    try:
        given = {} if initial is None else {"data" if isinstance(initial, Mapping) else "obj": initial}
        form = run_awaitable(current_app, made(formdata=data, meta={"csrf": False}, **given))  # a factory may be async
    except ValueError:
        if data is None or not any(map(has_odd_index, data)):
            raise
        raise Unreadable("an index among its names is no number") from None
    remove_tokens(form)
    for field in fields_below(form):
        mend_choices(field)
    return form


def fields_below(form: Any) -> Iterator[Any]:
    """Yield the fields of a form, those of nested forms and of lists too."""
    todo = list(form)
    while todo:
        field = todo.pop()
        yield field
        if isinstance(field, (FormField, FieldList)):
            todo += field


def mend_choices(field: Any) -> None:
    """Make pairs of what WTForms 3.3 does not read any more, and others did: numbers, rows of a database, lists."""
    given = getattr(field, "choices", None)
    if isinstance(given, Mapping):
        field.choices = {group: choices_read(each) for group, each in given.items()}
    elif isinstance(given, Iterable) and not isinstance(given, type):  # an Enum is WTForms' to read
        field.choices = choices_read(given)


def choices_read(given: Iterable[Any]) -> list[Any]:
    return [each if is_choice(each) else choice_made(each) for each in given]


def is_choice(choice: Any) -> bool:
    """Whether WTForms reads it: a text, a tuple, or an object of its own with the value and the label."""
    return isinstance(choice, (str, tuple)) or hasattr(choice, "label")


def choice_made(choice: Any) -> Any:
    """Return a choice of WTForms: of a row or a list, or of one value that is its label too."""
    return MAKE_CHOICE(*choice) if has_columns(choice) else MAKE_CHOICE(choice, str(choice))


def has_columns(value: Any) -> bool:
    """Whether a value is several in order: a tuple, a list, a row of a database; a text too, which is one."""
    return hasattr(type(value), "__getitem__") and not isinstance(value, Mapping)


def factory_with(factory: Callable[..., Any], bound: Mapping[str, Any]) -> Callable[..., Any]:
    """Return a factory that has those of the bound arguments that it takes."""
    known = inspect.signature(factory).parameters
    takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in known.values())
    return partial(factory, **{name: value for name, value in bound.items() if takes_any or name in known})


def form_of_class(form_class: Any) -> Any:
    """Return an empty form of the fields that a class declares, without making one of the class."""
    declared = [(name, getattr(form_class, name)) for name in dir(form_class) if not name.startswith("_")]
    fields = [(name, each) for name, each in declared if isinstance(each, UnboundField)]
    form = BaseForm(sorted(fields, key=lambda pair: pair[1].creation_counter))
    form.process()
    return form


def check_can_be_made(form_class: type[Any]) -> None:
    """:raises NoField: a class of forms needs arguments, and nobody has them."""
    given = list(inspect.signature(form_class.__init__).parameters.values())[1:]
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    required = [each.name for each in given if each.kind not in open_ended and each.default is inspect.Parameter.empty]
    if required:
        name = form_class.__name__
        raise NoField(
            f"{name} can't be made, it needs {', '.join(required)}",
            f"Name a factory that has it: Annotated[{name}, make_form], with def make_form(**kwargs) that returns"
            f" {name}({required[0]}=..., **kwargs).",
        )


def factory_among(metadata: Iterable[Any]) -> Callable[..., Any] | None:
    """Return the factory of a form, as ``Annotated[PostForm, make_form]`` names it."""
    return next((each for each in metadata if callable(each) and not is_class(each)), None)


def has_odd_index(name: str) -> bool:
    """Whether a name may hold what WTForms takes for an index and ``int`` does not: ``²``, or thousands of digits."""
    return len(name) > 4300 or any(each.isdigit() and not each.isascii() for each in name)


def remove_tokens(form: Any) -> None:
    """Take the CSRF tokens out of a form and of the forms nested in it, which may be FlaskForms as well."""
    for field in list(form):
        if isinstance(field, CSRFTokenField):
            del form[field.short_name]
        for each in field.entries if isinstance(field, FieldList) else [field]:
            if isinstance(each, FormField):
                remove_tokens(each.form)


def check_flood(body: Any) -> None:
    """Refuse JSON that holds more than a form could (413).

    :raises TooLarge: more than 1,000 values.
    """
    todo, seen = [body], 0
    while todo:
        value = todo.pop()
        seen += 1
        if seen > MAX_VALUES:
            raise TooLarge(f"more than {MAX_VALUES} values")
        todo += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def pairs_of(body: Mapping[str, Any]) -> MultiDict[str, str]:
    """Return JSON as a form would have sent it; a list's items also with their numbers, as a FieldList has them."""
    pairs: MultiDict[str, str] = MultiDict()
    for name, value in flat_values(body):
        key = name.replace(".", "-")
        for index, each in enumerate(value if isinstance(value, list) else [value]):
            if each is None or each is False:
                continue
            pairs.add(key, str(each))
            if isinstance(value, list):
                pairs.add(f"{key}-{index}", str(each))
    return pairs


def fields_of(form: Any, sent: Iterable[str]) -> Iterator[Place]:
    """Yield every field of a form, the nested ones too.

    :param sent: the names that were sent: WTForms numbers what a FieldList got anew.
    """
    for field in form:
        yield from places_below(Place(field.name, field.name, field), list(sent))


def places_below(place: Place, sent: list[str]) -> Iterator[Place]:
    yield place
    name, path, field = place
    if isinstance(field, FormField):
        for each in field.form:
            inner = Place(f"{name}{field.separator}{each.short_name}", f"{path}.{each.short_name}", each)
            yield from places_below(inner, sent)
    elif isinstance(field, FieldList):
        prefix = f"{name}{separator_of(field)}"
        indices = indices_in(sent, prefix)
        for number, each in enumerate(field.entries):
            index = indices[number] if number < len(indices) else number
            yield from places_below(Place(f"{prefix}{index}", f"{path}.{index}", each), sent)


def separator_of(field: FieldList) -> str:
    return getattr(field, "_separator", "-")


def indices_in(names: Iterable[str], prefix: str) -> list[int]:
    rests = (name[len(prefix) :] for name in names if name.startswith(prefix))
    digits = (re.match(r"\d+", rest, re.ASCII) for rest in rests)
    return sorted({int(match.group()) for match in digits if match})


def unclean_fields(places: Iterable[Place], *, by_path: bool) -> list[str]:
    """Return the names under which text was sent that can't be stored."""
    return [label(each, by_path) for each in places if not is_clean(getattr(each.field, "raw_data", None) or [])]


def refuse_odd_numbers(places: Iterable[Place]) -> None:
    """Take what is a number to Python and can't be compared for none: ``sNaN``, or thousands of digits."""
    for _, _, field in places:
        data = field.data if isinstance(field, (DecimalField, IntegerField)) else None
        try:
            isnan(0 if data is None else data)  # as WTForms' NumberRange asks
        except (OverflowError, ValueError):
            field.data = None
            kind = "decimal" if isinstance(field, DecimalField) else "integer"
            field.process_errors = [*field.process_errors, field.gettext(f"Not a valid {kind} value.")]


def label(place: Place, by_path: bool) -> str:
    return place.path if by_path else place.name


def unknown_names(places: Iterable[Place], body: Mapping[str, Any]) -> list[str]:
    """Return what JSON says that the form has no field for."""
    known = {each.path for each in places}
    named = [name for name, _ in flat_values(body)] + [join_name("", key) for key, value in body.items() if not value]
    return [name for name in dict.fromkeys(named) if name not in known]


def form_errors(form: Any, places: Iterable[Place], *, by_path: bool) -> dict[str, list[str]]:
    """Return the messages of a form that is not valid.

    :param by_path: by the paths of JSON; else by the names of the inputs.
    """
    found: dict[str, list[str]] = {}
    if form.form_errors:
        found[WHOLE] = [str(each) for each in form.form_errors]
    for each in places:
        texts = each.field.form.form_errors if isinstance(each.field, FormField) else each.field.errors
        own = [str(text) for text in texts if not isinstance(text, (list, tuple, Mapping))]  # a list has its items' too
        if own:
            found[label(each, by_path)] = own
    return found or {WHOLE: ["Not valid."]}


def declares_file(form_class: type[Any]) -> bool:
    """Whether a form's class has a file among its own fields; without making the form, which may need an app."""
    declared = (getattr(form_class, name) for name in dir(form_class))
    return any(isinstance(each, UnboundField) and issubclass(each.field_class, FileField) for each in declared)


def new_entry(field: FieldList) -> Any:
    """Return an item of a list as it is when it is new; the list stays as it is."""
    if field.max_entries and len(field.entries) >= field.max_entries:
        return field.entries[-1]
    last, entry = field.last_index, field.append_entry()
    field.entries.pop()
    field.last_index = last
    return entry


def field_named(
    fields: Iterable[Field], name: str, prefix: str = "", new_entry: Callable[[FieldList], Any] = new_entry
) -> Any:
    """Return the field of an input, from an empty form; None where there is none.

    :param new_entry: makes the item of a list that has none of its index.
    """
    for field in fields:
        full = f"{prefix}{field.short_name}"
        if full == name:
            return field
        if isinstance(field, FormField) and name.startswith(full + field.separator):
            return field_named(field.form, name, full + field.separator, new_entry)
        if isinstance(field, FieldList) and name.startswith(full + separator_of(field)):
            return item_named(field, name, full + separator_of(field), new_entry)
    return None


def item_named(field: FieldList, name: str, prefix: str, new_entry: Callable[[FieldList], Any]) -> Any:
    match = re.match(r"\d+", name[len(prefix) :], re.ASCII)
    if match is None:
        return None
    index = int(match.group()) if len(match.group()) < LONGEST_INDEX else MAX_ROWS
    entry = field.entries[index] if index < len(field.entries) else new_entry(field)
    full = prefix + match.group()
    if full == name:
        return entry
    inner = entry.form if isinstance(entry, FormField) else ()
    return field_named(inner, name, full + getattr(entry, "separator", "-"), new_entry)
