"""JSON Schemas of what comes and goes: apispec's marshmallow plugin, told what this package's fields and answers mean.

What is sent and what comes back are two schemas: ``TodoInput`` lacks what is ``dump_only`` and has defaults, ``Todo``
lacks what is ``load_only`` and always has what was required.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow.field_converter import DEFAULT_FIELD_MAPPING
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import INCLUDE, RAISE, Schema, fields, missing, validate
from marshmallow.decorators import POST_DUMP, PRE_LOAD

from ..forms.inputs import is_secret_name
from ..marshalling.dump import SCHEMA_DUMPS, has_hooks, is_own
from ..marshalling.fields import Choice, Data, address_validator, is_many, raw_choice, simple_validators
from ..marshalling.load import takes_its_fields
from .descriptions import description_of
from .partial import Partial, is_partial, partial_below, partial_of
from .values import fits, key_names, only_items, range_of, refused_values, serialize_value, truth_values, type_of_values

OPENAPI_VERSION = "3.1.0"
REF = "#/components/schemas/"
TIMESTAMPS = {"timestamp": 253402300800, "timestamp_ms": 253402300800_000}  # where the year 10000 begins
ISO = frozenset({"iso", "iso8601", None})
LONGEST_NAME = 60  # characters

#: the text of a decimal
DECIMAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"

#: what Python writes in one way and ECMA 262 in another
DIALECT = ((r"\Z", "$"), (r"\z", "$"), (r"\A", "^"), ("(?P<", "(?<"))
PYTHON_ONLY = re.compile(r"\(\?(?!:|=|!|<)|[*+?}]\+")  # inline flags, comments, atomic and possessive parts
FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE

JsonSchema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Label:
    """What a component may be called: by its own name, or with its module where two have that."""

    name: str
    module: str

    @property
    def qualified(self) -> str:
        return identifier(f"{self.module}.{self.name}")


def identifier(text: str) -> str:
    """Return a name that OpenAPI, and programs made from it, can carry: letters lose what ASCII has no sign for."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_") or "Schema"


class Components:
    """The named schemas of one document; their names are final when all are known."""

    def __init__(self, spec: APISpec) -> None:
        self.labels: dict[str, Label] = {}  # by the name that stands in references for now
        self.schemas: dict[str, JsonSchema] = {}
        self.sent = Converter(spec, self, returned=False)
        self.returned = Converter(spec, self, returned=True)

    def reserve(self, label: Label) -> str:
        self.labels[f"{len(self.labels)}:"] = label
        return f"{len(self.labels) - 1}:"

    def add(self, name: str, schema: JsonSchema) -> JsonSchema:
        """Add a schema under a name that is known to be free: one of this package's own."""
        self.labels[name] = Label(name, "serveractions")
        self.schemas[name] = schema
        return {"$ref": REF + name}

    def names(self) -> dict[str, str]:
        """Return final names by those that stand in references: equal ones get their module, then a number."""
        taken = Counter(label.name for label in self.labels.values())
        given: Counter[str] = Counter()
        names: dict[str, str] = {}
        for key, label in self.labels.items():
            is_free = taken[label.name] == 1 or not key.endswith(":")
            name = label.name if is_free else label.qualified
            names[key] = f"{name}-{given[name] + 1}" if given[name] else name
            given[names[key].partition("-")[0]] += 1
        return names

    def with_final_names(self, document: Any) -> Any:
        """Return a document with the final names in its references."""
        return rename_references(document, references_to(self.names()))

    def by_name(self) -> dict[str, JsonSchema]:
        names = self.names()
        references = references_to(names)  # once: a large app has hundreds of schemas
        return dict(sorted((names[key], rename_references(each, references)) for key, each in self.schemas.items()))


def references_to(names: Mapping[str, str]) -> dict[str, str]:
    return {REF + key: REF + name for key, name in names.items()}


def rename_references(document: Any, names: Mapping[str, str]) -> Any:
    if isinstance(document, dict):
        return {
            key: names.get(value, value)
            if key == "$ref" and isinstance(value, str)
            else rename_references(value, names)
            for key, value in document.items()
        }
    return [rename_references(each, names) for each in document] if isinstance(document, list) else document


class Converter(OpenAPIConverter):
    """From marshmallow to JSON Schema, in one direction."""

    field_mapping = {
        **DEFAULT_FIELD_MAPPING,
        fields.URL: ("string", "uri"),
        fields.IP: ("string", None),
        fields.IPInterface: ("string", None),
        fields.Tuple: ("array", None),
    }

    def __init__(self, spec: APISpec, components: Components, *, returned: bool) -> None:
        super().__init__(OPENAPI_VERSION, None, spec)
        self.components = components
        self.has_come_back = returned
        self.partial: Partial = None  # of the schema that is being described

    def reference(self, schema: Schema, title: str | None = None, module: str | None = None) -> JsonSchema:
        """Return a reference to the component of a schema; a list of it, where the schema is for many."""
        if self.has_come_back and wraps_whole(schema):
            return {}
        partial = None if self.has_come_back else partial_of(schema, self.partial)
        key = (title or type(schema), module, partial, *modifiers(schema))
        if key not in self.refs:
            label = Label(self.component_name(schema, title, partial), module or type(schema).__module__)
            self.refs[key] = self.components.reserve(label)
            before, self.partial = self.partial, partial
            self.components.schemas[self.refs[key]] = self.object_schema(schema)
            self.partial = before
        made = {"$ref": REF + self.refs[key]}
        return {"type": "array", "items": made} if schema.many else made

    def component_name(self, schema: Schema, title: str | None, partial: Partial) -> str:
        base = identifier(title or type(schema).__name__.removesuffix("Schema"))
        names = ("", *sorted(partial)) if isinstance(partial, frozenset) else ()
        ending = "" if self.has_come_back else "Partial" + "_".join(names) if partial else "Input"
        only, exclude, dump_only, load_only, _, _, nested = modifiers(schema)
        if not (only or exclude or dump_only or load_only or nested) and len(base + ending) <= LONGEST_NAME:
            return identifier(base + ending)
        ending = "Partial" if names else ending
        listed = schema.dump_fields if self.has_come_back else schema.load_fields
        details = listed if only else ["without", *exclude]
        detailed = "_".join((base + ending, *details))
        if (only or exclude) and not nested and len(detailed) <= LONGEST_NAME:
            return identifier(detailed)
        return identifier(f"{base}{ending}_{sha256(repr((*modifiers(schema), names)).encode()).hexdigest()[:6]}")

    def object_schema(self, schema: Schema) -> JsonSchema:
        """Return the JSON Schema of one object, whether the schema is for many or not."""
        described = description_of(type(schema))
        text = getattr(schema.Meta, "description", None) or "\n\n".join(
            filter(None, (described.summary, described.text))
        )
        title = getattr(schema.Meta, "title", None)
        about = {**({"title": title} if title else {}), **({"description": text} if text else {})}
        if not (is_own(schema, Schema, SCHEMA_DUMPS) if self.has_come_back else takes_its_fields(schema)):
            return about  # nobody knows what it makes of what
        listed = schema.dump_fields if self.has_come_back else schema.load_fields
        properties = {field.data_key or name: self.property_of(schema, name, field) for name, field in listed.items()}
        needed = [field.data_key or name for name, field in listed.items() if self.is_needed(schema, name, field)]
        made: JsonSchema = {**about, "type": "object", "properties": properties}
        if needed:
            made["required"] = needed
        is_closed = not (self.has_come_back or has_hooks(schema, PRE_LOAD))
        if is_closed and schema.unknown in (RAISE, INCLUDE):
            made["additionalProperties"] = schema.unknown == INCLUDE
        return made

    def property_of(self, schema: Schema, name: str, field: fields.Field[Any]) -> JsonSchema:
        """Return the JSON Schema of one field of a schema, whose ``partial`` holds for what is nested in it too."""
        partial = self.partial
        self.partial = partial_below(partial, field.data_key or name)
        made = self.named(name, field)
        self.partial = partial
        if is_partial(partial, name):
            made.pop("default", None)  # nothing is filled in
        return made

    def named(self, name: str, field: fields.Field[Any]) -> JsonSchema:
        """Return a field's JSON Schema; what is sent under its name may be a secret."""
        made = self.field2property(field)
        is_secret = field.load_only or field.metadata.get("type") == "password" or is_secret_name(name)
        if self.has_come_back or not is_secret or made.get("type") != "string":
            return made
        return {"format": "password", **made}

    def is_needed(self, schema: Schema, name: str, field: fields.Field[Any]) -> bool:
        if self.has_come_back:
            always = field.required or field.dump_only or field.load_default is not missing
            return (always or field.dump_default is not missing) and not has_hooks(schema, POST_DUMP)
        return bool(field.required) and not (is_partial(self.partial, name) or has_hooks(schema, PRE_LOAD))

    def field2property(self, field: fields.Field[Any]) -> JsonSchema:
        given = super().field2property(with_simple_validators(field)).items()
        made = {key: value for key, value in given if value is not None or key == "default"}
        if isinstance(made.get("type"), list):
            made["type"] = list(dict.fromkeys(made["type"]))  # a nullable Pluck of something nullable has two nulls
        for inner in (made.get("items"), made.get("additionalProperties")):
            if isinstance(inner, dict):
                inner.pop("default", None)  # an item that is absent is none
        if isinstance(field, fields.String):
            made |= format_of_address(field)
        if not self.has_come_back:
            made |= refused_values(field) | self.names_of_keys(field)
            only = only_items(field)
            if only and "type" in made.get("items", {}):
                made["items"] |= only
        known = type_of_values(made.get("enum", []))
        made = {**made, **known} if isinstance(field, fields.Enum) else {**known, **made}
        return made if fits(made.get("default"), made) else {key: made[key] for key in made if key != "default"}

    def names_of_keys(self, field: fields.Field[Any]) -> JsonSchema:
        """Return ``propertyNames`` of a mapping whose keys may not be every text."""
        key = field.key_field if isinstance(field, fields.Mapping) else None
        return {} if key is None else key_names(self.field2property(key))

    def field2type_and_format(self, field: fields.Field[Any], **kwargs: Any) -> JsonSchema:
        if isinstance(field, fields.Decimal) and not self.has_come_back:
            return {"type": ["number", "string"], "pattern": DECIMAL}
        if isinstance(field, fields.Decimal) or (self.has_come_back and getattr(field, "as_string", False)):
            return {"type": "string"}  # as Flask's JSON provider writes it
        if isinstance(field, Choice):
            return type_of_values([raw_choice(each) for each in field.choices])
        if isinstance(field, fields.Constant):
            return {"const": field.constant}
        if isinstance(field, fields.Boolean) and True not in field.truthy and not self.has_come_back:
            return {"enum": truth_values(field)}
        made: JsonSchema = super().field2type_and_format(field, **kwargs)
        if isinstance(field, fields.Tuple):
            size = len(field.tuple_fields)
            made |= {
                "prefixItems": list(map(self.field2property, field.tuple_fields)),
                "minItems": size,
                "maxItems": size,
            }
        return made

    def field2default(self, field: fields.Field[Any], **kwargs: Any) -> JsonSchema:
        default = field.metadata.get("default", field.load_default)
        if self.has_come_back or default is missing or callable(default) or isinstance(field, fields.Constant):
            return {}
        found = serialize_value(field, default)
        return {} if found is missing else {"default": found}

    def field2read_only(self, field: fields.Field[Any], **kwargs: Any) -> JsonSchema:
        return {}

    field2write_only = field2read_only  # each direction has its own schema

    def field2choices(self, field: fields.Field[Any], **kwargs: Any) -> JsonSchema:
        if isinstance(field, fields.List):  # ContainsOnly speaks of the items
            return {}
        if isinstance(field, Choice) and len(field.validators) == 1:  # apispec takes 1 and True for one
            return {"enum": [*map(raw_choice, field.choices), *([None] if field.allow_none else [])]}
        made = [serialize_value(field, each) for each in super().field2choices(field, **kwargs).get("enum", ())]
        return {"enum": [each for each in made if each is not missing]} if made else {}

    def field2range(self, field: fields.Field[Any], ret: JsonSchema) -> JsonSchema:
        kind = ret.get("type", "")
        is_number = {"integer", "number"} & set([kind] if isinstance(kind, str) else kind)
        return range_of(field) if is_number else {}

    def field2length(self, field: fields.Field[Any], **kwargs: Any) -> JsonSchema:
        made: JsonSchema = super().field2length(field, **kwargs)
        if isinstance(field, fields.Dict):
            return {key.replace("Length", "Properties"): value for key, value in made.items()}
        return made

    def field2pattern(self, field: fields.Field[Any], **kwargs: Any) -> JsonSchema:
        regexes = (each.regex for each in field.validators if isinstance(each, validate.Regexp))
        found = (portable_pattern(each.pattern, each.flags) for each in regexes if isinstance(each.pattern, str))
        pattern = next(filter(None, found), None)
        return {"pattern": pattern} if pattern else {}

    def datetime2properties(self, field: fields.Field[Any], **kwargs: Any) -> JsonSchema:
        if not isinstance(field, (fields.DateTime, fields.Date, fields.Time)):
            return {}
        form = field.format or field.DEFAULT_FORMAT
        if form in TIMESTAMPS:
            limits = {} if self.has_come_back else {"minimum": 0, "exclusiveMaximum": TIMESTAMPS[form]}
            return {"type": "number", "format": None, **limits}
        return {"type": "string", "format": self.format_of_time(field) if form in ISO else None}

    def format_of_time(self, field: fields.DateTime | fields.Date | fields.Time) -> str:
        if isinstance(field, fields.Date):
            return "date"
        if isinstance(field, fields.Time):
            return "iso-time"  # RFC 3339's wants an offset
        has_offset = isinstance(field, fields.AwareDateTime) or not (
            self.has_come_back or isinstance(field, fields.NaiveDateTime)
        )
        return "date-time" if has_offset else "iso-date-time"

    def timedelta2properties(self, field: fields.Field[Any], **kwargs: Any) -> JsonSchema:
        if not isinstance(field, fields.TimeDelta):
            return {}
        unit = dt.timedelta(**{field.precision: 1})
        limits = {"minimum": dt.timedelta.min // unit, "maximum": dt.timedelta.max // unit}
        return {"type": "number", "x-unit": field.precision, **({} if self.has_come_back else limits)}

    def pluck2properties(self, field: fields.Field[Any], **kwargs: Any) -> JsonSchema:
        if not isinstance(field, fields.Pluck) or field.many or self.has_come_back:
            return super().pluck2properties(field, **kwargs)
        inner = copy(field.schema.fields[field.field_name])
        inner.allow_none, inner.load_default = False, missing  # what may be absent or null, the outer field says
        return self.field2property(inner)

    def nested2properties(self, field: fields.Field[Any], ret: JsonSchema) -> JsonSchema:
        if not isinstance(field, fields.Nested) or isinstance(field, fields.Pluck):
            return {}
        named = (field.title, field.made.__module__) if isinstance(field, Data) else ()
        schema = field.schema
        if field.unknown is not None and not self.has_come_back:
            schema = copy(schema)
            schema.unknown = field.unknown  # which counts before the schema's own
        found = self.reference(schema, *named)
        return {"type": "array", "items": found} if is_many(field) and not field.schema.many else found


def with_simple_validators(field: fields.Field[Any]) -> fields.Field[Any]:
    """Return a field each of whose validators says one thing; one that has an ``And`` is copied."""
    validators = list(simple_validators(field.validators))
    if len(validators) == len(field.validators):
        return field
    found = copy(field)
    found.validators = validators
    return found


def format_of_address(field: fields.String) -> JsonSchema:
    """Return the ``format`` of a text that a validator takes for an address, ``{}`` of any other."""
    found = address_validator(field)
    if isinstance(found, validate.URL):
        return {"format": "uri-reference" if found.relative else "uri"}
    return {} if found is None else {"format": "email"}


def wraps_whole(schema: Schema) -> bool:
    """Whether a schema's hooks get all that is dumped at once, and may put it into anything."""
    return any(pass_collection for _, pass_collection, _ in schema._hooks.get(POST_DUMP, ()))


def modifiers(schema: Schema) -> tuple[Any, ...]:
    """Return what makes an instance of a schema differ from others of its class."""
    only = None if schema.only is None else tuple(sorted(schema.only))
    partial = schema.partial if isinstance(schema.partial, bool) else tuple(sorted(schema.partial or ()))
    sets = (tuple(sorted(each)) for each in (schema.exclude, schema.dump_only, schema.load_only))
    return only, *sets, partial, str(schema.unknown), nested_choices(schema)


def nested_choices(schema: Schema) -> tuple[Any, ...]:
    """Return which nested fields an instance chose, as by ``only=("todo.id",)``."""
    declared = schema._declared_fields
    pairs = ((name, declared.get(name), field) for name, field in schema.fields.items())
    return tuple((name, *choice(field)) for name, before, field in pairs if choice(field) != choice(before))


def choice(field: Any) -> tuple[Any, ...]:
    only, exclude = getattr(field, "only", None), getattr(field, "exclude", ())
    return None if only is None else tuple(sorted(only)), tuple(sorted(exclude))


def portable_pattern(pattern: str, flags: int) -> str | None:
    """Return a pattern as ECMA 262 writes it, anchored as ``re.match`` is; None where it can't say the same."""
    for python, ecma in DIALECT:
        pattern = pattern.replace(python, ecma)
    if flags & FLAGS or PYTHON_ONLY.search(pattern):
        return None
    return pattern if pattern.startswith("^") and "|" not in pattern else f"^(?:{pattern})"
