"""What the signature says of a control: its kind, its type, its limits, its options, whether it is a secret."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from difflib import get_close_matches
from functools import cache, partial
from itertools import pairwise
from typing import Any

from marshmallow import INCLUDE, Schema, ValidationError, fields, missing, validate

from ..marshalling.fields import (
    Choice,
    has_plain_values,
    is_aware,
    is_list,
    is_many,
    is_text,
    plucked,
    range_limits,
    simple_validators,
)
from ..marshalling.form_data import MAX_DEPTH
from ..operation import MISSING, Operation, Parameter
from ..schemas.flask_forms import field_named, filled_form, new_entry
from .initial_values import found_in
from .inputs import YES_OR_NO, Input, Kind, is_secret, is_secret_name, option_pair
from .native_inputs import address_type, limits, text_of
from .wtf_inputs import any_file, input_of, is_secret_field, wtf_names

Place = fields.Field[Any] | Schema  # that fields may stand below
FieldBelow = Callable[[Place, str], fields.Field[Any] | None]

TYPES: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (fields.Boolean, "checkbox"),
    (fields.Number, "number"),
    (fields.TimeDelta, "number"),  # of seconds, or what its precision says
    (fields.DateTime, "datetime-local"),
    (fields.Date, "date"),
    (fields.Time, "time"),
)


def describe(operation: Operation, name: str, form: Any = None) -> Input:
    """Return what an operation says of the control of a name; nested names with dots.

    :param form: the form that its factory makes in this request, of which choices are asked.
    :raises LookupError: the operation takes no such name.
    """
    for parameter in operation.files:
        if parameter.key == name:
            return file_input(parameter)
    if operation.form is not None:
        found_input = input_of(filled_form(operation.form, None) if form is None else form, name)
        if found_input is not None:
            return found_input
    found, argument = fields_to(operation, name)
    if not found and not takes_any(operation, name):
        raise unknown_name(operation, name)
    return described(found, name, argument)


def unknown_name(operation: Operation, name: str) -> LookupError:
    if name.count(".") >= MAX_DEPTH:
        return LookupError(
            f"{operation.where}: the names of its form lead through more than {MAX_DEPTH} steps, {name[:60]!r} and so"
            " on: what fills it leads back to itself, by new objects each time. Leave the way back out of the schema,"
            " as in fields.Nested(Author, exclude=['books']), or out of values=."
        )
    known = ", ".join(control_names(operation)) or "none at all"
    near = get_close_matches(name, control_names(operation), 1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    if any(each.key == name for each in operation.bound):
        meant = " It is Bound: signed into the form by action_form, and no control's."
    return LookupError(f"{operation.where} takes no {name!r}.{meant} The names of its form are: {known}.")


def takes_any(operation: Operation, name: str) -> bool:
    """Whether what nobody declared is a value too: below a plain ``dict``, or in a schema that includes it."""
    first, *below = name.split(".")
    schema = operation.whole.schema if operation.whole else None
    if schema is not None:
        declared = {field.data_key or key: field for key, field in schema.fields.items()}
        if schema.unknown == INCLUDE and first not in declared:
            return True
        return bool(below) and first in declared and is_open(declared[first])
    return bool(below) and any(each.key == first and is_open(each.text) for each in operation.body)


def is_open(field: Any) -> bool:
    return isinstance(field, fields.Raw) or (isinstance(field, fields.Mapping) and field.value_field is None)


def control_names(operation: Operation) -> list[str]:
    """Return the names that a form of an operation has, in the order of its signature."""
    if operation.form is not None:
        return [*wtf_names(filled_form(operation.form, None)), *(each.key for each in operation.files)]
    if operation.whole is not None and operation.whole.schema is not None:
        schema = operation.whole.schema
        row = "0." if schema.many else ""
        return [f"{row}{field.data_key or name}" for name, field in schema.load_fields.items()]
    named = {each.key for each in (*operation.body, *operation.files)}
    return [each.key for each in operation.parameters if each.key in named]


def file_input(parameter: Parameter) -> Input:
    field = parameter.text
    accepted = field.metadata.get("accept") if field is not None else None
    validators = [getattr(each, "accept", None) for each in (field.validators if field is not None else ())]
    return Input(
        kind=Kind.FILE,
        type="file",
        required=parameter.required and not parameter.many,
        multiple=parameter.many,
        accept=accepted or next((each for each in validators if isinstance(each, str)), None),
        **texts_for(field),
    )


def fields_to(operation: Operation, name: str, find: FieldBelow | None = None) -> tuple[list[Any], Parameter | None]:
    """Return the fields that lead to a name, and the parameter that they are of; None: a schema of the whole body.

    :param find: :func:`field_below`, or that with a memory.
    """
    path = name.split(".", MAX_DEPTH)  # a stale form may have sent any name
    find = find or field_below
    for parameter in (*operation.body, *operation.located):
        if parameter.key == path[0] and parameter.text is not None:
            return fields_along(parameter.text, path[1:], find), parameter
    schema = operation.whole.schema if operation.whole else None
    return ([] if schema is None else fields_along(schema, path, find)[1:]), None


def secrets_of(operation: Operation) -> Callable[[str], bool]:
    """Return what tells whether an input of a name is a secret, as :func:`describe` does: for a thousand names."""
    if operation.form is None:
        find = cache(field_below)
        return lambda name: is_secret_name(name) or any(map(is_secret, fields_to(operation, name, find)[0]))
    form, new_entry_once = filled_form(operation.form, None), cache(new_entry)

    def is_secret_input(name: str) -> bool:
        field = field_named(form, name, new_entry=new_entry_once)
        return is_secret_name(name) or (field is not None and is_secret_field(field))

    return is_secret_input


def is_fillable(found: list[fields.Field[Any]]) -> bool:
    """Whether nothing sent is a value too: a box that is not ticked, a list without items."""
    return bool(found) and isinstance(found[-1], (fields.Boolean, fields.List))


def fields_along(place: Place, path: list[str], find: FieldBelow) -> list[Any]:
    """Return a place and the fields that a path leads through from there; ``[]`` where it leads nowhere."""
    found: list[Any] = [place]
    for step in path:
        if has_plain_values(found[-1]):
            return [*found, found[-1].value_field]
        below = find(found[-1], step)
        if below is None:
            return []
        found.append(below)
    return found


def field_below(place: Place, step: str) -> fields.Field[Any] | None:
    """Return where a step of a name leads: through objects by name, through lists by index."""
    if isinstance(place, Schema):
        return first_field(place, step)
    if isinstance(place, fields.List):
        return place.inner if step.isdigit() else None
    if isinstance(place, fields.Mapping):
        return place.value_field
    if not isinstance(place, fields.Nested):
        return None
    if is_many(place):
        return one_of_many(place) if step.isdigit() else None
    return field_below(place.schema, step)


def first_field(schema: Schema, step: str) -> fields.Field[Any] | None:
    if not schema.many:
        return next((field for name, field in schema.fields.items() if (field.data_key or name) == step), None)
    return one_of_many(nesting(schema)) if step.isdigit() else None


def nesting(schema: Schema) -> fields.Nested:
    field = fields.Nested(schema)
    field._schema = schema  # marshmallow would make a copy with fields of its own
    return field


def one_of_many(field: fields.Nested) -> fields.Nested:
    """Return the field of an item of ``Nested(many=True)``."""
    item = copy(field)
    item.many, item._schema = False, copy(field.schema)
    item._schema.many = False
    return item


def described(found: list[fields.Field[Any]], name: str, parameter: Parameter | None) -> Input:
    """Describe a marshmallow field by those that lead to it.

    :param found: its own the last; ``[]`` where any value is taken.
    :param parameter: the argument that it is of; None for a field of a schema of the whole body.
    """
    if not found:
        return Input(secret=is_secret_name(name))
    field = plucked(found[-1]) if isinstance(found[-1], fields.Pluck) else found[-1]
    item = field.inner if isinstance(field, fields.List) else field
    secret = is_secret_name(name) or any(map(is_secret, found))
    native = native_type(item)
    kind = kind_of(field)
    if kind is Kind.AREA and is_secret_name(name) and field.metadata.get("type") is None:
        kind = Kind.TEXT  # a text area shows what is typed
    low, high, longest = limits(item.validators)
    default = default_for(field, parameter if len(found) == 1 else None)
    return Input(
        kind=kind,
        type="password" if secret and native is None else native,
        required=is_required(found, parameter.required if parameter else None),
        maxlength=longest if isinstance(item, fields.String) else None,
        min=low,
        max=high,
        step="any" if isinstance(item, (fields.Float, fields.Decimal, fields.TimeDelta)) else None,
        multiple=isinstance(field, (fields.List, fields.Tuple)),
        secret=secret,
        nullable=field.allow_none or (parameter is not None and parameter.optional and len(found) == 1),
        options=options_of(item),
        default=default,
        says_no=no_of(kind, item, default is True or is_in_row(found, name)),
        ticked=text_of(item, True) if isinstance(item, fields.Boolean) else "true",
        parts=parts_of(field),
        whole_keys=has_plain_values(field),
        declared=field.schema.fields if isinstance(field, fields.Nested) else None,
        rows=len(field.tuple_fields) if isinstance(field, fields.Tuple) else 0,
        write_each=tuple(partial(text_of, each) for each in getattr(field, "tuple_fields", ())),
        attributes=attributes_of(found, name),
        write=partial(plucked_text, found[-1]) if isinstance(found[-1], fields.Pluck) else partial(text_of, item),
        read=partial(read_text, item),
        **texts_for(found[-1]),
    )


def texts_for(field: fields.Field[Any] | None) -> dict[str, Any]:
    """Return a field's label and hint, where its ``metadata`` has them; a lazy text as it is: visitors differ."""
    metadata = field.metadata if field is not None else {}
    return {"label": metadata.get("label", ""), "hint": metadata.get("description", "")}


LONG_TEXT = 250  # characters: from here on a text wants several lines


def kind_of(field: fields.Field[Any]) -> Kind:
    """Return the control that suits a field."""
    if isinstance(field, fields.List):
        if isinstance(field.inner, (fields.Nested, fields.List, fields.Mapping)):
            return Kind.OBJECTS
        return Kind.CHOICES if options_of(field.inner) else Kind.LIST
    if isinstance(field, fields.Tuple):
        return Kind.LIST
    if isinstance(field, fields.Nested):
        return Kind.OBJECTS if is_many(field) else Kind.OBJECT
    if isinstance(field, fields.Mapping):
        return Kind.MAPPING
    if isinstance(field, fields.Boolean):
        return Kind.CHOICE if field.allow_none else Kind.BOX
    if options_of(field):
        return Kind.CHOICE
    longest = limits(field.validators)[2]
    is_long = field.metadata.get("type") == "textarea" or (longest or 0) >= LONG_TEXT
    is_text = isinstance(field, fields.String) and native_type(field) is None  # an address is one line, however long
    return Kind.AREA if is_long and is_text else Kind.TEXT


def native_type(field: fields.Field[Any]) -> str | None:
    """Return the type of the native control that can write what a field loads; None for a text field."""
    given = field.metadata.get("type")
    if given is not None:
        return None if given == "textarea" else str(given)
    if isinstance(field, fields.Boolean) and field.allow_none:
        return None
    if isinstance(field, fields.AwareDateTime) and field.default_timezone is None:
        return None  # a native control knows no zone
    if any(map(is_aware, range_limits(field.validators))):
        return None
    if isinstance(field, (fields.DateTime, fields.Time)) and field.format not in (None, "iso", "iso8601"):
        return None
    if isinstance(field, fields.String):
        return address_type(field)
    return next((text for made, text in TYPES if isinstance(field, made)), None)


def options_of(field: fields.Field[Any]) -> tuple[tuple[str, Any], ...]:
    """Return the values and labels of a ``Literal``, an ``Enum``, a ``OneOf``, or a ``bool`` that may be None."""
    if isinstance(field, fields.Enum):
        return tuple(option_pair(member, partial(text_of, field)) for member in field.enum)
    if isinstance(field, Choice):
        return tuple(option_pair(choice, partial(text_of, field)) for choice in field.choices)
    if isinstance(field, fields.Boolean):
        return YES_OR_NO if field.allow_none else ()
    one_of = next((each for each in simple_validators(field.validators) if isinstance(each, validate.OneOf)), None)
    if one_of is None:
        return ()
    labels = [*one_of.labels, *("" for _ in one_of.choices)]
    pairs = [(text_of(field, choice), label) for choice, label in zip(one_of.choices, labels, strict=False)]
    return tuple((text, text if isinstance(label, str) and not label else label) for text, label in pairs)


def default_for(field: fields.Field[Any], parameter: Parameter | None) -> Any:
    """Return what the function gets where a control is left out, or what makes it: a clean form shows it."""
    default = field.load_default if parameter is None else parameter.default
    return MISSING if default is missing else default


def attributes_of(found: list[fields.Field[Any]], name: str) -> tuple[str, ...]:
    """Return what each part of a name is called in Python; ``()`` where that is what the form calls it."""
    steps = name.split(".")[-len(found) :]
    own = [
        (field.attribute or field.name or step) if step == (field.data_key or field.name) else step
        for step, field in zip(steps, found, strict=False)
    ]
    return () if own == steps else (*name.split(".")[: -len(found)], *own)


def is_in_row(found: list[fields.Field[Any]], name: str) -> bool:
    """Whether a control stands in an item of a list, or at a key of a mapping: with nothing sent, that is not there."""
    around = found[:-1]
    return any(is_list(each) or isinstance(each, fields.Mapping) for each in around) or name.split(".")[0].isdigit()


def no_of(kind: Kind, item: fields.Field[Any], is_wanted: bool) -> str | None:
    """Return what says that no box is ticked, where something has to; None where nothing sent says it."""
    if not is_wanted or kind not in (Kind.BOX, Kind.CHOICES):
        return None
    if kind is Kind.BOX:
        return text_of(item, False)
    return None if is_text(item) else ""  # where an empty text is a choice, it would be chosen


def plucked_text(field: fields.Pluck, value: Any) -> str:
    """Return what stands for an object, be it given whole or as it is sent."""
    inner = field.schema.fields[field.field_name]
    whole = found_in(value, [inner.attribute or field.field_name])
    return text_of(inner, value if whole is MISSING else whole)


def parts_of(field: fields.Field[Any]) -> tuple[str, ...]:
    if not isinstance(field, fields.Nested) or isinstance(field, fields.Pluck):
        inner = field.inner if isinstance(field, fields.List) else None
        return parts_of(inner) if inner is not None else ()
    return tuple(each.data_key or name for name, each in field.schema.load_fields.items())


def read_text(field: fields.Field[Any], text: str) -> Any:
    """Return what a text says to a field; a text that says nothing stays as it is."""
    try:
        return field.deserialize(text)
    except (ValidationError, ValueError, TypeError):
        return text


def is_required(found: list[fields.Field[Any]], is_wanted: bool | None) -> bool:
    """Whether an input must be filled in: its field, and every object around it, is required."""
    if is_wanted is False or is_fillable(found):
        return False
    first = is_wanted or found[0].required or isinstance(found[0], fields.List)
    return first and all(each.required or is_container(each, around) for around, each in pairwise(found))


def is_container(field: fields.Field[Any], around: fields.Field[Any]) -> bool:
    """Whether a field is a list, or an object in one: what stands in an item that is there may be required."""
    if isinstance(field, fields.List):
        return True
    return isinstance(field, fields.Nested) and isinstance(around, (fields.List, fields.Mapping))


def has_files(operation: Operation) -> bool:
    """Whether a form for this operation must be ``multipart/form-data``."""
    if operation.files:
        return True
    return operation.form is not None and any_file(filled_form(operation.form, None))


def declared_names(operation: Operation) -> frozenset[str]:
    """Return the first parts of all names that an operation takes from a body."""
    names = {each.key for each in (*operation.body, *operation.located, *operation.files)}
    if operation.whole is not None and operation.whole.schema is not None:
        names |= {field.data_key or name for name, field in operation.whole.schema.load_fields.items()}
    if operation.form is not None:
        names |= {field.name for field in filled_form(operation.form, None)}
    return frozenset(names)
