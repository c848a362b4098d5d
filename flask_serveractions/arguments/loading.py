"""From a request to a function's arguments, with every error at once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict

from ..errors import NOTHING_HERE, WHOLE, Errors, Invalid, Refusal, UnknownAction, Unreadable
from ..marshalling.error_names import field_messages, flat_errors, schema_messages
from ..marshalling.fields import MAX_REPORTED, is_delimited, is_list
from ..marshalling.form_data import FormReader, data_for, flat_values, is_clean, join_name, raw_value, unclean_names
from ..marshalling.sentences import FILL_IN, FORM, sentence_of
from ..operation import MISSING, Operation, Parameter, Source
from ..schemas.flask_forms import (
    Place,
    check_flood,
    fields_of,
    filled_form,
    form_errors,
    pairs_of,
    refuse_odd_numbers,
    unclean_fields,
    unknown_names,
)
from .bodies import Received

if TYPE_CHECKING:
    from flask import Request

UNKNOWN = "Unknown field."
MAX_SHOWN = 200  # values of JSON: no page has inputs for as many
NOT_TEXT = "Must not hold NUL or half a surrogate pair."

FORM_READER = FormReader(is_form=True)

Messages = dict[str, list[str]]


NOTHING_GIVEN: Mapping[str, Any] = {}


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
            try:
                loaded[parameter.name] = load_typed(parameter, raw)
            except ValidationError:
                raise UnknownAction(f"the ID's {parameter.key!r} is {raw!r}") from None
    return loaded


def load_path(operation: Operation, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the path arguments; ``values`` as the URL's converters made them.

    :raises Refusal: an annotation rejects one, or it is what no body may bring: NUL, an infinite number (404).
    """
    for key, raw in values.items():
        if not is_usable(raw):
            raise nothing_at(key, raw)
    loaded = dict(values)
    for parameter in operation.path:
        raw = values.get(parameter.key, MISSING)
        if type(raw) is parameter.plain or raw is MISSING or parameter.text is None:  # the first is nearly every one
            continue
        try:
            loaded[parameter.name] = load_typed(parameter, raw)
        except ValidationError:
            raise nothing_at(parameter.key, raw) from None
    return loaded


def is_usable(raw: Any) -> bool:
    """Whether a text can be stored, and a number be said in JSON: of 400 digits a converter makes an infinite one."""
    return isfinite(raw) if isinstance(raw, float) else not isinstance(raw, str) or is_clean(raw)


def nothing_at(key: str, raw: Any) -> Refusal:
    return Refusal(404, f"path argument {key!r} is {raw!r}", NOTHING_HERE)


def load_typed(parameter: Parameter, raw: Any) -> Any:
    """:raises ValidationError: a value is not of its parameter's type."""
    return raw if parameter.load_json is None else parameter.load_json(raw, None, None)


def load_arguments(
    operation: Operation, request: Request, received: Received, given: Mapping[str, Any] = NOTHING_GIVEN
) -> dict[str, Any]:
    """Return the arguments from query, headers, cookies and body.

    :param given: those that are known already, from the ID or the path: the factory of a form may take them.
    :raises Invalid: 422, with the messages of all fields at once.
    :raises Unreadable: the body nests deeper than its schema can follow (400).
    """
    values: dict[str, Any] = {}
    errors: Messages = {}
    try:
        for parameter in operation.located:
            load_located(parameter, request, values, errors, given)
        load_body(operation, received, values, errors, given)
    except RecursionError:
        raise Unreadable("it nests too deep") from None
    if errors:
        raise Invalid(errors)
    return values


LINES = frozenset({Source.HEADER, Source.COOKIE})  # one line of text, whose parts are parted by commas

PLACES: Mapping[Source, Callable[[Request], Any]] = {
    Source.QUERY: lambda request: request.args,
    Source.HEADER: lambda request: request.headers,
    Source.COOKIE: lambda request: request.cookies,
}


def load_located(
    parameter: Parameter, request: Request, values: dict[str, Any], errors: Messages, given: Mapping[str, Any]
) -> None:
    if parameter.source is Source.WHOLE:
        sent = data_for(parameter.schema, request.args, is_form=False)  # type: ignore[arg-type]  # it has a schema
        load_whole(parameter, sent or MISSING, values, errors)
    elif parameter.source is Source.FORM:
        load_form(parameter, request.args, values, errors, given)
    else:
        load_text(parameter, PLACES[parameter.source](request), values, errors)


def load_body(
    operation: Operation, received: Received, values: dict[str, Any], errors: Messages, given: Mapping[str, Any]
) -> None:
    if operation.whole is not None:
        is_sent = received.is_json and not operation.bound  # as it came, which it nearly always does at a resource
        sent = received.json if is_sent else sent_whole(operation, operation.whole, received)
        load_whole(operation.whole, sent, values, errors, plain=received.plain)
    elif operation.form is not None and received.is_json:
        load_json_form(operation.form, sent_json(operation, received), values, errors, given)
    elif operation.form is not None:
        load_form(operation.form, CombinedMultiDict([received.files, received.form]), values, errors, given)
    elif received.is_json:
        load_json(operation, sent_json(operation, received), values, errors)
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
        if is_form and raw is not MISSING and (raw == "" or parameter.is_box):
            raw = FORM_READER.one_text(field, form.getlist(parameter.key))  # type: ignore[arg-type]  # it has a field
        raw = MISSING if raw == "" and not parameter.is_text else raw
    elif parameter.source in LINES:
        raw = line_value(field, form, parameter.key)
    else:
        raw = raw_value(field, form, parameter.key, is_form=is_form, required=parameter.required)  # type: ignore[arg-type]  # it has a field
    if raw is None and parameter.optional:
        values[parameter.name] = None
    elif raw is not MISSING:
        load_value(parameter.load_text, parameter, raw, values, errors)
    elif not parameter.required:
        values[parameter.name] = default_of(parameter)
    elif parameter.is_box and is_form:
        values[parameter.name] = False
    elif is_list(field):
        load_value(parameter.load_text, parameter, "" if is_delimited(field) else [], values, errors)
    else:
        errors[error_name(parameter)] = missing_message(field)


def line_value(field: Any, line: Mapping[str, str], key: str) -> Any:
    """Return the values that a header or a cookie lists; MISSING where it is not there."""
    if key not in line:
        return MISSING
    text = line[key]
    if is_delimited(field):
        return text
    return [each.strip() for each in text.split(",")]


def missing_message(field: fields.Field[Any] | None) -> list[str]:
    """Return what to say where a value is missing: the field's own words, where it has some."""
    return [FILL_IN if field is None else sentence_of(str(field.error_messages["required"]))]


def load_value(load: Any, parameter: Parameter, raw: Any, values: dict[str, Any], errors: Messages) -> None:
    if not is_clean(raw):
        errors.update({name: [NOT_TEXT] for name in islice(unclean_names(raw, error_name(parameter)), MAX_REPORTED)})
        return
    try:
        values[parameter.name] = load(raw, None, None)
    except ValidationError as error:
        messages = field_messages(parameter.text, error.messages, raw)
        errors.update(flat_errors(messages, error_name(parameter), raw))


def error_name(parameter: Parameter) -> str:
    return parameter.name if parameter.source is Source.HEADER else parameter.key


def default_of(parameter: Parameter) -> Any:
    default = None if parameter.default is MISSING else parameter.default
    if callable(default):  # a marshmallow load_default
        return default()
    return copy.deepcopy(default) if isinstance(default, (list, dict)) else default


def sent_json(operation: Operation, received: Received) -> Any:
    """Return a JSON body, without what stands under the name of a bound argument; MISSING where there is none."""
    body = received.json
    if not operation.bound or not isinstance(body, dict):
        return body
    ignored = {parameter.key for parameter in operation.bound if not is_declared(operation, parameter.key)}
    return {key: value for key, value in body.items() if key not in ignored}


def is_declared(operation: Operation, key: str) -> bool:
    """Whether the schema or the form of the whole body has a field of its own under a name."""
    if operation.whole is not None and operation.whole.schema is not None:
        return key in {field.data_key or name for name, field in operation.whole.schema.load_fields.items()}
    return operation.form is not None and hasattr(operation.form.form_class, key)


def load_json(operation: Operation, body: Any, values: dict[str, Any], errors: Messages) -> None:
    """Load the fields of a JSON object; a key that nobody declared is an error."""
    if body is MISSING or (body is None and not operation.body):
        body = {}
    if not isinstance(body, dict):
        errors[WHOLE] = [FORM]
        return
    known = {parameter.key for parameter in operation.body}
    errors.update(
        {join_name("", key): [UNKNOWN] for key in islice((key for key in body if key not in known), MAX_REPORTED)}
    )
    for parameter in operation.body:
        raw = body.get(parameter.key, MISSING)
        if raw is None and parameter.optional:
            values[parameter.name] = None
        elif raw is not MISSING:
            load_value(parameter.load_json, parameter, raw, values, errors)
        elif parameter.default is not MISSING:
            values[parameter.name] = default_of(parameter)
        else:
            errors[parameter.key] = missing_message(parameter.json)


def sent_whole(operation: Operation, whole: Parameter, received: Received) -> Any:
    """Return what a schema of the whole body is to load; MISSING where nothing of it was sent."""
    if received.is_json:
        return sent_json(operation, received)
    schema: Schema = whole.schema  # type: ignore[assignment]
    if not whole.required and not data_for(schema, received.form, is_form=False):
        return MISSING
    return data_for(schema, received.form, is_form=True)


def load_whole(whole: Parameter, data: Any, values: dict[str, Any], errors: Messages, *, plain: bool = False) -> None:
    """Load what a schema loads.

    :param plain: the data is known to hold neither NUL nor surrogates.
    """
    if data is MISSING and not whole.required:
        values[whole.name] = default_of(whole)
        return
    if data is None and whole.optional:
        values[whole.name] = None
        return
    data = {} if data is MISSING else data
    if not (plain or is_clean(data)):
        errors.update({name: [NOT_TEXT] for name in islice(unclean_names(data), MAX_REPORTED)})
        return
    loaded, complaints = whole.load(data)  # type: ignore[misc]  # it has a schema
    if complaints is not None:
        messages = schema_messages(whole.schema, complaints, data)  # type: ignore[arg-type]  # it has one
        errors.update(flat_errors(messages, data=data))
    else:
        values[whole.name] = loaded


def load_form(
    parameter: Parameter,
    data: MultiDict[str, Any],
    values: dict[str, Any],
    errors: Messages,
    given: Mapping[str, Any],
) -> None:
    """Load a FlaskForm from the names of its inputs."""
    form = filled_form(parameter, data, bound=given)
    places = list(fields_of(form, data))
    if not parameter.required and not any(place.name in data for place in places):
        values[parameter.name] = default_of(parameter)
        return
    validate_form(parameter, form, places, values, errors, by_path=False)


def load_json_form(
    parameter: Parameter, body: Any, values: dict[str, Any], errors: Messages, given: Mapping[str, Any]
) -> None:
    """Load a FlaskForm from a JSON object."""
    if body in (MISSING, None) and not parameter.required:
        values[parameter.name] = default_of(parameter)
        return
    body = {} if body is MISSING else body
    if not isinstance(body, dict):
        errors[WHOLE] = [FORM]
        return
    check_flood(body)
    pairs = pairs_of(body)
    form = filled_form(parameter, pairs, bound=given)
    places = list(fields_of(form, pairs))
    unknown = unknown_names(places, body)
    errors.update({name: [UNKNOWN] for name in unknown[:MAX_REPORTED]})
    validate_form(parameter, form, places, values, errors, by_path=True)


def validate_form(
    parameter: Parameter,
    form: Any,
    places: list[Place],
    values: dict[str, Any],
    errors: Messages,
    *,
    by_path: bool,
) -> None:
    refuse_odd_numbers(places)
    unclean = unclean_fields(places, by_path=by_path)
    if unclean:
        errors.update({name: [NOT_TEXT] for name in unclean})
    elif form.validate():
        values[parameter.name] = form
    else:
        errors.update(form_errors(form, places, by_path=by_path))


def load_file(
    parameter: Parameter, files: MultiDict[str, FileStorage], values: dict[str, Any], errors: Messages
) -> None:
    sent = [each for each in files.getlist(parameter.key) if each.filename]  # browsers send an empty part for none
    if not sent and parameter.required and not parameter.many:
        errors[parameter.key] = missing_message(parameter.text)
        return
    if not sent and not (parameter.many and parameter.required):
        values[parameter.name] = default_of(parameter)
        return
    value: Any = sent if parameter.many else sent[0]
    if parameter.load_text is not None:
        load_value(parameter.load_text, parameter, value, values, errors)
    else:
        values[parameter.name] = value


def submitted_values(received: Received) -> dict[str, Any]:
    """Return what was sent by dotted names, for the form to show again: a text, or a list of several."""
    if received.is_json:
        values = flat_values(received.json, most=MAX_SHOWN)
        return {
            name: value[:MAX_SHOWN] if isinstance(value, list) else value for name, value in values if is_clean(value)
        }
    return {name: values if len(values) > 1 else values[0] for name, values in received.form.lists()}


def errors_below(errors: Errors, names: list[str]) -> dict[str, list[str]]:
    """Return the errors of some fields, and of what is nested in them."""
    wanted = tuple(f"{name}." for name in names)
    return {field: list(texts) for field, texts in errors.items() if f"{field}.".startswith(wanted)}
