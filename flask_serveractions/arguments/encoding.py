"""From the arguments of a Python call to what a request would have brought, so that the same rules check both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.fields import Field

from ..operation import MISSING, Operation, Parameter, Source
from ..schemas.flask_forms import flask_form

SCALARS = (str, int, float, bool, type(None))


@dataclass(slots=True, eq=False)
class EncodedArguments:
    """Arguments as a request has them; the bound ones as they are."""

    bound: dict[str, Any] = field(default_factory=dict)
    json: Any = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)


def encode_arguments(operation: Operation, arguments: Mapping[str, Any]) -> EncodedArguments:
    """Return what a call with these arguments would send.

    :raises TypeError: an argument is unknown or missing, or can't be said in JSON; names the function and the mend.
    """
    check_names(operation, arguments)
    encoded = EncodedArguments()
    for parameter in operation.parameters:
        if parameter.name in arguments:
            encode_argument(encoded, operation, parameter, arguments[parameter.name])
    encoded.json = as_json(operation, encoded.json)
    return encoded


def check_names(operation: Operation, arguments: Mapping[str, Any]) -> None:
    known = {parameter.name: parameter for parameter in operation.parameters}
    unknown = ", ".join(sorted(repr(name) for name in arguments if name not in known))
    if unknown:
        takes = ", ".join(known) or "nothing"
        raise TypeError(f"{operation.where} does not take {unknown}. It takes: {takes}.")
    missing = [name for name, each in known.items() if each.required and name not in arguments]
    if missing:
        raise TypeError(f"{operation.where} needs {', '.join(map(repr, missing))}. Give it to enqueue().")


def as_json(operation: Operation, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, default=number_as_text))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{operation.where}: an argument can't be kept for a job ({error}). Give its ID.") from error


def number_as_text(value: Any) -> str:
    """Return a Decimal as fields load it; marshmallow's leaves it as it is."""
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def encode_argument(encoded: EncodedArguments, operation: Operation, parameter: Parameter, value: Any) -> None:
    if parameter.source is Source.BOUND:
        encoded.bound[parameter.name] = value
    elif parameter in operation.located:
        encode_located(encoded, parameter, value)
    elif parameter.source is Source.WHOLE and parameter.schema is not None:
        encoded.json = encode_whole(parameter.schema, value)
    elif parameter.source is Source.FORM:
        encoded.json = encode_form(value)
    else:
        encoded.json[parameter.key] = encode_value(parameter.json, parameter.name, value)


def encode_located(encoded: EncodedArguments, parameter: Parameter, value: Any) -> None:
    if value is None:
        return
    if parameter.source is Source.WHOLE and parameter.schema is not None:
        encoded.query += pairs_of(encode_whole(parameter.schema, value))
    elif parameter.source is Source.FORM:
        encoded.query += pairs_of(encode_form(value))
    elif parameter.source is Source.QUERY:
        encoded.query += pairs_of({parameter.key: encode_value(parameter.text, parameter.name, value)})
    else:
        texts = (text for _, text in pairs_of({"": encode_value(parameter.text, parameter.name, value)}))
        place = encoded.headers if parameter.source is Source.HEADER else encoded.cookies
        place[parameter.key] = ",".join(texts)


def pairs_of(values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Return the arguments of a query: one for each item of a list."""
    for name, value in values.items():
        yield from ((name, str(each)) for each in (value if isinstance(value, list) else [value]) if each is not None)


def encode_value(how: Field[Any] | None, name: str, value: Any) -> Any:
    """Return a value as JSON has it; what JSON says already stays as it is, for the loading to judge."""
    if how is None or is_plain(value):
        return value
    try:
        return how.serialize(name, {name: value})
    except (ValidationError, ValueError, TypeError, AttributeError):
        return value


def is_plain(value: Any) -> bool:
    if type(value) is list:
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(type(key) is str and is_plain(each) for key, each in value.items())
    return type(value) in SCALARS


def encode_whole(schema: Schema, value: Any) -> Any:
    """Return what a schema loads, from a mapping or from an object such as the schema makes."""
    if is_plain(value):
        return value
    if isinstance(value, (list, tuple)):
        return [encode_whole(schema, each) for each in value]
    items = dict(value) if isinstance(value, Mapping) else {}
    encoded = {}
    for name, each in schema.load_fields.items():
        key = each.data_key or name
        found = items.pop(key, items.pop(name, MISSING)) if items else getattr(value, each.attribute or name, MISSING)
        if found is not MISSING:
            encoded[key] = encode_value(each, name, found)
    return {**encoded, **items}  # the loading tells of those that it does not know


def encode_form(value: Any) -> Any:
    return value.data if isinstance(value, flask_form()) else value
