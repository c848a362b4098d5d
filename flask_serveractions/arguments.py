"""From a request to a function's arguments, with every error at once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict

from .bodies import Received
from .errors import WHOLE, Errors, Invalid, Refusal, UnknownAction
from .formdata import data_for, flat_errors, flat_values, raw_value
from .operation import MISSING, Operation, Parameter, Source

if TYPE_CHECKING:
    from flask import Request

REQUIRED = "Missing data for required field."  # marshmallow's own words
NOT_TEXT = "Must not hold NUL or half a surrogate pair."

Messages = dict[str, list[str]]


def load_bound(operation: Operation, bound: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bound arguments of a verified ID.

    :raises UnknownAction: one is missing, or of the wrong type (404).
    """
    loaded = {}
    for parameter in operation.bound:
        raw = bound.get(parameter.key, MISSING)
        if raw is MISSING:
            if parameter.required:
                raise UnknownAction(f"the ID lacks {parameter.key!r}")
            loaded[parameter.name] = default_of(parameter)
        elif raw is None and parameter.optional:
            loaded[parameter.name] = None
        else:
            loaded[parameter.name] = load_strictly(
                parameter, raw, UnknownAction(f"the ID's {parameter.key!r} is {raw!r}")
            )
    return loaded


def load_path(operation: Operation, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the path arguments; ``values`` as the URL's converters made them.

    :raises Refusal: an annotation rejects one (404).
    """
    loaded = dict(values)
    for parameter in operation.path:
        raw = values.get(parameter.key, MISSING)
        if raw is MISSING or parameter.text is None:
            continue
        is_usable = not isinstance(raw, str) or is_clean(raw)
        if is_usable and type(raw) is parameter.plain:
            continue
        refusal = Refusal(404, f"path argument {parameter.key!r} is {raw!r}", "There is nothing here.")
        if not is_usable:
            raise refusal
        loaded[parameter.name] = load_strictly(parameter, raw, refusal)
    return loaded


def load_strictly(parameter: Parameter, raw: Any, refusal: Refusal) -> Any:
    field = parameter.json
    if field is None:
        return raw
    try:
        return field.deserialize(raw)
    except ValidationError:
        raise refusal from None


def load_arguments(operation: Operation, request: Request, received: Received) -> dict[str, Any]:
    """Return the arguments from query, headers, cookies and body.

    :raises Invalid: 422, with the messages of all fields at once.
    """
    values: dict[str, Any] = {}
    errors: Messages = {}
    for parameter in operation.located:
        load_text(parameter, PLACES[parameter.source](request), values, errors)
    if operation.has_body or operation.whole is not None:
        load_body(operation, request, received, values, errors)
    elif received.is_json and received.json not in (None, {}):
        load_json(operation, received.json, values, errors)
    if errors:
        raise Invalid(errors)
    return values


LINES = frozenset({Source.HEADER, Source.COOKIE})  # one line of text, whose parts are parted by commas

PLACES: Mapping[Source, Callable[[Request], Any]] = {
    Source.QUERY: lambda request: request.args,
    Source.HEADER: lambda request: request.headers,
    Source.COOKIE: lambda request: request.cookies,
}


def load_body(
    operation: Operation, request: Request, received: Received, values: dict[str, Any], errors: Messages
) -> None:
    whole = operation.whole
    if whole is not None:
        load_whole(whole, request, received, values, errors)
    if operation.form is not None:
        load_form(operation.form, received, values, errors)
    elif received.is_json and (whole is None or whole.key == "query"):
        load_json(operation, received.json, values, errors)
    else:
        for parameter in operation.body:
            load_text(parameter, received.form, values, errors, is_form=True)
    for parameter in operation.files:
        load_file(parameter, received.files, values, errors)


def load_text(
    parameter: Parameter, form: Any, values: dict[str, Any], errors: Messages, *, is_form: bool = False
) -> None:
    """Load one argument from a place where everything is text."""
    field = parameter.text
    if parameter.flat:
        raw = form.get(parameter.key, MISSING)
        raw = MISSING if raw == "" and not parameter.is_text else raw
    elif parameter.source in LINES:
        raw = [each.strip() for each in form[parameter.key].split(",")] if parameter.key in form else MISSING
    else:
        raw = raw_value(field, form, parameter.key)  # type: ignore[arg-type]
    if raw is not MISSING:
        load_value(field, parameter, raw, values, errors)  # type: ignore[arg-type]
    elif not parameter.required:
        values[parameter.name] = default_of(parameter)
    elif isinstance(field, fields.Boolean) and is_form:
        values[parameter.name] = False
    elif isinstance(field, fields.List):
        load_value(field, parameter, [], values, errors)
    else:
        errors[error_name(parameter)] = [REQUIRED]


def load_value(
    field: fields.Field[Any], parameter: Parameter, raw: Any, values: dict[str, Any], errors: Messages
) -> None:
    if not is_clean(raw):
        errors[error_name(parameter)] = [NOT_TEXT]
        return
    try:
        values[parameter.name] = field.deserialize(raw)
    except ValidationError as error:
        errors.update(flat_errors(error.messages, error_name(parameter)))


def error_name(parameter: Parameter) -> str:
    return parameter.name if parameter.source is Source.HEADER else parameter.key


def default_of(parameter: Parameter) -> Any:
    default = None if parameter.default is MISSING else parameter.default
    if callable(default):  # a marshmallow load_default
        return default()
    return copy.copy(default) if isinstance(default, (list, dict)) else default


def load_json(operation: Operation, body: Any, values: dict[str, Any], errors: Messages) -> None:
    """Load the fields of a JSON object; a key that nobody declared is an error."""
    if not isinstance(body, dict):
        errors[WHOLE] = ["Invalid input type."]
        return
    known = {parameter.key for parameter in operation.body}
    for key in body:
        if key not in known:
            errors[key] = ["Unknown field."]
    for parameter in operation.body:
        raw = body.get(parameter.key, MISSING)
        if raw is not MISSING:
            if raw is None and parameter.optional:
                values[parameter.name] = None
                continue
            load_value(parameter.json, parameter, raw, values, errors)  # type: ignore[arg-type]
        elif parameter.default is not MISSING:
            values[parameter.name] = default_of(parameter)
        else:
            errors[parameter.key] = [REQUIRED]


def load_whole(
    whole: Parameter, request: Request, received: Received, values: dict[str, Any], errors: Messages
) -> None:
    schema: Schema = whole.schema  # type: ignore[assignment]
    if whole.key == "query":
        data: Any = data_for(schema, request.args)
    elif received.is_json:
        data = received.json
    elif not received.form and not whole.required:
        values[whole.name] = default_of(whole)
        return
    else:
        data = data_for(schema, received.form)
    unclean = [] if received.plain else [name for name, value in flat_values(data) if not is_clean(value)]
    if unclean:
        errors.update({name: [NOT_TEXT] for name in unclean})
        return
    try:
        values[whole.name] = whole.load(data)  # type: ignore[misc]
    except ValidationError as error:
        errors.update(flat_errors(error.messages))


def load_form(parameter: Parameter, received: Received, values: dict[str, Any], errors: Messages) -> None:
    """Load a FlaskForm; its own CSRF is off, the door has checked."""
    if received.is_json:
        data: Any = MultiDict(form_pairs(received.json))
    else:
        data = CombinedMultiDict([received.files, received.form])
    form = parameter.form_class(formdata=data, meta={"csrf": False})  # type: ignore[misc]
    unclean = [name for name in received.form if not all(map(is_clean, received.form.getlist(name)))]
    if unclean:
        errors.update({name: [NOT_TEXT] for name in unclean})
    elif form.validate():
        values[parameter.name] = form
    else:
        errors.update(form_errors(form))


def form_pairs(data: Any) -> list[tuple[str, str]]:
    """Return JSON as a form would have sent it: WTForms nests with hyphens."""
    pairs = []
    for name, value in flat_values(data):
        for each in value if isinstance(value, list) else [value]:
            if each is not None and each is not False:
                pairs.append((name.replace(".", "-"), str(each)))
    return pairs


def form_errors(form: Any) -> Messages:
    """Return the messages of a WTForms form by the names of its inputs."""
    found: Messages = {}
    if form.form_errors:
        found[WHOLE] = [str(each) for each in form.form_errors]
    for field in form:
        inner = getattr(field, "entries", None) or getattr(field, "form", None)
        if inner is not None:
            for each in inner:
                found.update({each.name: [str(text) for text in each.errors]} if each.errors else {})
        elif field.errors:
            found[field.name] = [str(text) for text in field.errors]
    return found or {WHOLE: ["Not valid."]}


def load_file(
    parameter: Parameter, files: MultiDict[str, FileStorage], values: dict[str, Any], errors: Messages
) -> None:
    sent = [each for each in files.getlist(parameter.key) if each.filename]  # browsers send an empty part for none
    if parameter.many:
        values[parameter.name] = sent or (default_of(parameter) if parameter.default is not MISSING else [])
    elif sent:
        values[parameter.name] = sent[0]
    elif parameter.required:
        errors[parameter.key] = [REQUIRED]
    else:
        values[parameter.name] = default_of(parameter)


def is_clean(value: Any) -> bool:
    """Whether text, at any depth, can be stored and sent: without NUL and without halves of surrogate pairs."""
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or is_unicode(value))
    if isinstance(value, list):
        return all(map(is_clean, value))
    if isinstance(value, dict):
        return all(is_clean(key) and is_clean(each) for key, each in value.items())
    return True


def is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def submitted_values(received: Received) -> dict[str, Any]:
    """Return what was sent by dotted names, for the form to show again: a text, or a list of several."""
    if received.is_json:
        return dict(flat_values(received.json))
    return {name: values if len(values) > 1 else values[0] for name, values in received.form.lists()}


def only(errors: Errors, names: list[str]) -> dict[str, list[str]]:
    """Return the errors of some fields, and of what is nested in them."""
    wanted = tuple(f"{name}." for name in names)
    return {field: list(texts) for field, texts in errors.items() if f"{field}.".startswith(wanted)}
