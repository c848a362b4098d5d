"""An operation's arguments in an OpenAPI document: its parameters, and its body as JSON and as a form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields
from marshmallow.decorators import PRE_LOAD
from werkzeug.routing import converters

from ..forms.controls import has_files
from ..http.negotiation import JSON, MULTIPART, URLENCODED
from ..json_schemas.converter import Components, Converter, JsonSchema, portable_pattern
from ..json_schemas.descriptions import Description
from ..json_schemas.partial import Partial, is_partial, partial_below, partial_of
from ..json_schemas.values import fits
from ..marshalling.dump import has_hooks
from ..marshalling.fields import is_many, plucked
from ..marshalling.load import takes_its_fields
from ..operation import MISSING, Operation, Parameter, Source
from ..schemas.flask_forms import filled_form
from .controls import FILE, INDEX, KEY, Entry, form_object, input_entries, json_of_form

IGNORED_HEADERS = frozenset({"accept", "authorization", "content-type"})  # OpenAPI has other places for them
MAX_DEPTH = 4  # objects in each other that a form's names are spelled out for

PLACES = {Source.QUERY: "query", Source.HEADER: "header", Source.COOKIE: "cookie"}


def path_parameters(components: Components, operation: Operation, rule: Any, about: Description) -> list[JsonSchema]:
    """Return the variables of a URL rule.

    :param rule: Werkzeug's.
    """
    declared = {each.key: each for each in operation.path}
    found = []
    for name, converter in rule._converters.items():
        schema = of_converter(converter)
        parameter = declared.get(name)
        if parameter is not None and parameter.text is not None and not makes_objects(converter):
            said = without_null(components.sent.field2property(parameter.text))
            is_one_text = "$ref" not in said and said.get("type") not in ("array", "object")
            schema = narrowed(schema, said) if is_one_text else schema
        found.append(with_description({"name": name, "in": "path", "required": True, "schema": schema}, name, about))
    return found


def narrowed(schema: JsonSchema, said: JsonSchema) -> JsonSchema:
    """Return what both a converter and an annotation let through."""
    return {**said, **schema} if said.get("type") == schema.get("type") else {**schema, **said}


def makes_objects(converter: Any) -> bool:
    """Whether a URL converter is an app's own, whose values are what it makes of the text."""
    return not type(converter).to_python.__module__.startswith("werkzeug.")


def of_converter(converter: Any) -> JsonSchema:
    """Return what a URL converter lets through, as text."""
    if isinstance(converter, converters.NumberConverter) and is_as_written(converter):
        kind = "integer" if isinstance(converter, converters.IntegerConverter) else "number"
        lowest = converter.min if converter.min is not None else (None if converter.signed else 0)
        limits = {"minimum": lowest, "maximum": converter.max}
        return {"type": kind, **{name: limit for name, limit in limits.items() if limit is not None}}
    if isinstance(converter, converters.UUIDConverter) and is_as_written(converter):
        return {"type": "string", "format": "uuid"}
    if isinstance(converter, converters.AnyConverter):
        return {"type": "string", "enum": sorted(converter.items)}
    lengths = re.fullmatch(r"\[\^/\]\{(\d+),?(\d*)\}", converter.regex)
    if isinstance(converter, converters.UnicodeConverter) and lengths is not None:
        low, high = lengths.groups()
        exact = "," not in converter.regex
        longest = {"maxLength": int(low if exact else high)} if exact or high else {}
        return {"type": "string", "minLength": int(low), **longest}
    own = None if type(converter).__module__.startswith("werkzeug.") else portable_pattern(converter.regex, 0)
    return {"type": "string", "minLength": 1, **({"pattern": f"^(?:{converter.regex})$"} if own else {})}


def is_as_written(converter: Any) -> bool:
    """Whether a converter lets the text through that Werkzeug's own does."""
    kind: Any = next(each for each in type(converter).__mro__ if each.__module__.startswith("werkzeug."))
    return bool(type(converter).regex == kind.regex)


def located_parameters(components: Components, operation: Operation, about: Description) -> Iterator[JsonSchema]:
    """Yield what comes from query, headers and cookies."""
    for parameter in operation.located:
        if parameter.source is Source.WHOLE:
            schema: Schema = parameter.schema  # type: ignore[assignment]  # it has one
            named = schema_entries(components.sent, schema, "", parameter.required, is_form=False)
            yield from (as_query(each, about) for each in named if not each.is_pattern)
        elif parameter.source is Source.FORM:
            yield from (as_query(each, about) for each in input_entries(filled_form(parameter, None)))
        elif parameter.source is Source.QUERY:
            yield from (as_query(each, about) for each in entries_of(components.sent, parameter) if not each.is_pattern)
        elif parameter.key.lower() not in IGNORED_HEADERS or parameter.source is Source.COOKIE:
            yield text_schema(components.sent, parameter, about)


def as_query(entry: Entry, about: Description) -> JsonSchema:
    made: JsonSchema = {"name": entry.name, "in": "query", "schema": entry.schema}
    return with_description({**made, "required": True} if entry.required else made, entry.name, about)


def text_schema(converter: Converter, parameter: Parameter, about: Description) -> JsonSchema:
    """Return a header or a cookie; a list's items are parted by commas."""
    entry = next(iter(entries_of(converter, parameter)))
    made: JsonSchema = {"name": parameter.key, "in": PLACES[parameter.source], "schema": entry.schema}
    if entry.required:
        made["required"] = True
    if parameter.source is Source.COOKIE and entry.schema.get("type") == "array":
        made["explode"] = False
    return with_description(made, parameter.name, about)


def with_description(made: JsonSchema, name: str, about: Description) -> JsonSchema:
    """Add what the docstring says of a parameter, or else its field."""
    description = about.parameters.get(name) or made["schema"].pop("description", None)
    return {**made, "description": description} if description else made


def request_body(components: Components, operation: Operation, about: Description) -> JsonSchema | None:
    """Return an operation's body: JSON and a form, or a form alone where files are sent."""
    if not operation.has_body:
        return None
    is_multipart = has_files(operation)
    as_form = form_schema(components, operation, about)
    content = {MULTIPART if is_multipart else URLENCODED: {"schema": as_form}}
    if not is_multipart:
        content = {JSON: {"schema": json_schema(components, operation, about)}, **content}
    # no body at all is an empty form, in which a mapping is not there either, whatever its keys would be called
    has_mapping = any(each.required and isinstance(each.text, fields.Mapping) for each in operation.body)
    return {"required": True, "content": content} if as_form.get("required") or has_mapping else {"content": content}


def json_schema(components: Components, operation: Operation, about: Description) -> JsonSchema:
    if operation.whole is not None:
        made = components.sent.reference(operation.whole.schema)  # type: ignore[arg-type]  # it has a schema
        return with_null(made) if operation.whole.optional else made
    if operation.form is not None:
        return json_of_form(filled_form(operation.form, None))
    properties = {each.key: json_property(components.sent, each, about) for each in operation.body}
    needed = [each.key for each in operation.body if each.default is MISSING]
    made = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": needed} if needed else made


def json_property(converter: Converter, parameter: Parameter, about: Description) -> JsonSchema:
    schema = converter.named(parameter.name, parameter.json)  # type: ignore[arg-type]  # it has a field
    schema = with_null(schema) if parameter.optional else schema
    return with_parameter_text(with_default(schema, parameter), parameter.name, about)


def with_parameter_text(schema: JsonSchema, name: str, about: Description) -> JsonSchema:
    description = about.parameters.get(name)
    return {**schema, "description": description} if description else schema


def form_schema(components: Components, operation: Operation, about: Description) -> JsonSchema:
    """Return a form's names: nested ones with dots, those of a list's items as patterns."""
    converter, entries = components.sent, list[Entry]()
    if operation.whole is not None:
        schema: Schema = operation.whole.schema  # type: ignore[assignment]  # it has one
        entries += schema_entries(converter, schema, "", operation.whole.required)
    elif operation.form is not None:
        entries += input_entries(filled_form(operation.form, None))
    for parameter in operation.body:
        found = entries_of(converter, parameter, is_form=True)
        entries += (
            Entry(each.name, with_parameter_text(each.schema, parameter.name, about), each.required) for each in found
        )
    for parameter in operation.files:
        one = with_parameter_text(dict(FILE), parameter.name, about)
        needed = parameter.required and not parameter.many
        entries.append(Entry(parameter.key, {"type": "array", "items": one} if parameter.many else one, needed))
    return form_object(entries)


def entries_of(converter: Converter, parameter: Parameter, *, is_form: bool = False) -> Iterator[Entry]:
    """Yield the names of one parameter among a form's or a query's."""
    field: fields.Field[Any] = parameter.text  # type: ignore[assignment]  # it has one
    default = parameter if is_default_shown(field) else None
    yield from field_entries(converter, field, parameter.key, parameter.required, is_form=is_form, default=default)


def is_default_shown(field: fields.Field[Any]) -> bool:
    return not isinstance(field, (fields.Nested, fields.Mapping))


def field_entries(
    converter: Converter,
    field: fields.Field[Any],
    name: str,
    required: bool,
    *,
    is_form: bool = True,
    default: Parameter | None = None,
    depth: int = 0,
    partial: Partial = None,
) -> Iterator[Entry]:
    """Yield the names that a field's value is spread over.

    :param name: a regular expression, where it holds an index.
    :param partial: of what is nested in the field.
    """
    if isinstance(field, fields.Pluck):
        field = plucked(field)
    if depth > MAX_DEPTH:
        return
    inner = getattr(field, "inner", None)
    if isinstance(field, fields.Nested):
        below = f"{name}.{INDEX}." if is_many(field) else f"{name}."
        needed = required and not is_many(field)
        yield from schema_entries(
            converter, field.schema, below, needed, is_form=is_form, depth=depth + 1, partial=partial
        )
    elif isinstance(inner, (fields.Nested, fields.Mapping, fields.List)):
        yield from field_entries(
            converter, inner, f"{name}.{INDEX}", False, is_form=is_form, depth=depth + 1, partial=partial
        )
    elif isinstance(field, fields.Mapping):
        if field.value_field is None:
            yield Entry(f"{name}.{KEY}", {}, False)
            return
        yield from field_entries(
            converter, field.value_field, f"{name}.{KEY}", False, is_form=is_form, depth=depth + 1, partial=partial
        )
    else:
        schema = with_default(without_null(converter.named(name, field)), default)
        empty_is_fine = isinstance(field, fields.List) and not schema.get("minItems")
        unticked = is_form and isinstance(field, fields.Boolean) and not field.allow_none
        yield Entry(name, schema, required and not (empty_is_fine or unticked))


def schema_entries(
    converter: Converter,
    schema: Schema,
    prefix: str,
    required: bool,
    *,
    is_form: bool = True,
    depth: int = 0,
    partial: Partial = None,
) -> Iterator[Entry]:
    """Yield the names of a schema's fields.

    :param partial: what the schema around it says; None where there is none.
    """
    prefix = f"{prefix}{INDEX}." if schema.many and not prefix else prefix
    is_own_load = not takes_its_fields(schema)  # nobody knows what it asks for
    partial = partial_of(schema, partial)
    for name, field in schema.load_fields.items():
        needed = required and bool(field.required) and INDEX not in prefix
        needed = needed and not (is_own_load or is_partial(partial, name) or has_hooks(schema, PRE_LOAD))
        key = field.data_key or name
        found = field_entries(
            converter, field, f"{prefix}{key}", needed,
            is_form=is_form, depth=depth, partial=partial_below(partial, key),
        )  # fmt: skip
        for each in found:
            yield Entry(each.name, {}, False) if is_own_load else without_default(each, partial, name)


def without_default(entry: Entry, partial: Partial, name: str) -> Entry:
    if not is_partial(partial, name) or "default" not in entry.schema:
        return entry
    return replace(entry, schema={key: each for key, each in entry.schema.items() if key != "default"})


def with_default(schema: JsonSchema, parameter: Parameter | None) -> JsonSchema:
    """Add a parameter's default, where JSON can say it."""
    if parameter is None or parameter.default in (MISSING, None) or callable(parameter.default):
        return schema
    field: fields.Field[Any] = parameter.text  # type: ignore[assignment]  # it has one
    try:
        default = field._serialize(parameter.default, parameter.key, None)
    except (AttributeError, TypeError, ValueError):  # a default of another type than the annotation's
        return schema
    return {**schema, "default": default} if fits(default, schema) else schema


def with_null(schema: JsonSchema) -> JsonSchema:
    kind = schema.get("type")
    if "$ref" in schema:
        return {"anyOf": [{"$ref": schema["$ref"]}, {"type": "null"}]}
    if kind is None or kind == "null" or "null" in kind:
        return schema
    choices = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*([kind] if isinstance(kind, str) else kind), "null"], **choices}


def without_null(schema: JsonSchema) -> JsonSchema:
    """Return a schema for text, which can't say null."""
    made = {key: each for key, each in schema.items() if key != "default" or each is not None}
    if isinstance(made.get("type"), list):
        kinds = [each for each in made["type"] if each != "null"]
        made["type"] = kinds[0] if len(kinds) == 1 else kinds
    if "enum" in made:
        made["enum"] = [each for each in made["enum"] if each is not None]
    return made
