"""Forms in an OpenAPI document: the names of their inputs, and what a ``FlaskForm`` says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wtforms import Field, FieldList, FormField
from wtforms import fields as inputs

from ..forms.wtf_inputs import is_file

JsonSchema = dict[str, Any]

INDEX = r"[0-9]+"
KEY = "[^.]+"  # of a mapping
FILE: Mapping[str, Any] = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
TYPES: tuple[tuple[type[Field], JsonSchema], ...] = (
    (inputs.BooleanField, {"type": "boolean"}),
    (inputs.IntegerField, {"type": "integer"}),
    (inputs.DecimalField, {"type": "number"}),
    (inputs.FloatField, {"type": "number"}),
    (inputs.DateField, {"type": "string", "format": "date"}),
    (inputs.EmailField, {"type": "string", "format": "email"}),
    (inputs.URLField, {"type": "string", "format": "uri"}),
)
#: WTForms' flags, and JSON Schema's words for them
LIMITS = {"minlength": "minLength", "maxlength": "maxLength", "min": "minimum", "max": "maximum"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of a form."""

    name: str  # a regular expression, where it is one of many
    schema: JsonSchema
    required: bool = False

    @property
    def is_pattern(self) -> bool:
        return INDEX in self.name or KEY in self.name


def form_object(entries: Iterable[Entry]) -> JsonSchema:
    """Return the JSON Schema of a form; undeclared names are ignored."""
    listed = list(entries)
    properties = {each.name: each.schema for each in listed if not each.is_pattern}
    patterns = {f"^{as_pattern(each.name)}$": each.schema for each in listed if each.is_pattern}
    needed = [each.name for each in listed if each.required]
    made: JsonSchema = {"type": "object", "properties": properties}
    return {**made, **({"patternProperties": patterns} if patterns else {}), **({"required": needed} if needed else {})}


def as_pattern(name: str) -> str:
    return re.sub(r"\.(?!\])", r"\\.", name)


def input_entries(form: Iterable[Field], prefix: str = "") -> Iterator[Entry]:
    """Yield the names of a WTForms form, which nests with hyphens."""
    for field in fillable(form):
        name = f"{prefix}{field.short_name}"
        if isinstance(field, FormField):
            yield from input_entries(field.form, f"{name}{field.separator}")
        elif isinstance(field, FieldList):
            yield from input_entries([first_of(field)], f"{name}-{INDEX}")
        else:
            yield Entry(name, input_schema(field), is_required(field) and INDEX not in name)


def fillable(form: Iterable[Field]) -> list[Field]:
    return [each for each in form if not isinstance(each, inputs.SubmitField)]


def first_of(field: FieldList) -> Field:
    entry: Field = field.entries[0] if field.entries else field.append_entry()
    entry.short_name = ""
    return entry


def is_required(field: Field) -> bool:
    return bool(field.flags.required)


def json_of_form(form: Iterable[Field]) -> JsonSchema:
    """Return the JSON Schema of a WTForms form as a JSON object."""
    listed = fillable(form)
    needed = [each.short_name for each in listed if is_required(each)]
    made = {"type": "object", "properties": {each.short_name: json_of_field(each) for each in listed}}
    return {**made, "additionalProperties": False, **({"required": needed} if needed else {})}


def json_of_field(field: Field) -> JsonSchema:
    if isinstance(field, FormField):
        return json_of_form(field.form)
    if isinstance(field, FieldList):
        limits = {"minItems": field.min_entries, "maxItems": field.max_entries}
        items = json_of_field(field.entries[0] if field.entries else field.append_entry())
        return {"type": "array", "items": items, **{name: limit for name, limit in limits.items() if limit}}
    return input_schema(field)


def input_schema(field: Field) -> JsonSchema:
    if is_file(field):
        return {"type": "array", "items": dict(FILE)} if isinstance(field, inputs.MultipleFileField) else dict(FILE)
    if isinstance(field, inputs.SelectMultipleField):
        return {"type": "array", "items": choice_schema(field)}
    if isinstance(field, inputs.SelectField):
        return choice_schema(field)
    made = dict(next((schema for kind, schema in TYPES if isinstance(field, kind)), {"type": "string"}))
    limits = {LIMITS[name]: getattr(field.flags, name) for name in LIMITS}
    texts = {"description": str(field.description)} if field.description else {}
    return {**made, **{name: limit for name, limit in limits.items() if isinstance(limit, (int, float))}, **texts}


def choice_schema(field: Any) -> JsonSchema:
    """Return the choices of a select field, as far as they are known before a request."""
    choices = list(field.iter_choices()) if field.choices and field.validate_choice else []
    values = [each[0] for each in choices]
    return {"type": "string", "enum": [str(each) for each in values]} if values else {"type": "string"}
