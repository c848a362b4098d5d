"""Results as JSON: what the app's JSON provider writes, without making anew what is the same at each call."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from json import encoder as json_encoder
from typing import TYPE_CHECKING, Any

from flask.json.provider import DefaultJSONProvider, JSONProvider

from ..arguments.json_bodies import refuse_constant
from ..http.negotiation import JSON
from ..logs import logger
from ..marshalling.json_rows import Style

if TYPE_CHECKING:
    from flask import Flask

    from ..operation import Operation


Encode = Callable[[Any], str]

#: what each ``json.JSONEncoder`` makes at each call; None where Python has no C for it
c_make_encoder: Any = getattr(json_encoder, "c_make_encoder", None)


@lru_cache(maxsize=64)  # an app has two
def encoder(default: Callable[[Any], Any], ascii_only: bool, sort_keys: bool, spaced: bool | None) -> Encode:
    """Return what ``json.dumps`` makes anew at each call.

    :param spaced: as in Flask's answers: over several lines, or with nothing between; None for spaces alone.
    """
    indent, separators = {None: (None, (", ", ": ")), True: (2, (",", ": ")), False: (None, (",", ":"))}[spaced]
    made = json.JSONEncoder(
        default=default, ensure_ascii=ascii_only, sort_keys=sort_keys, indent=indent, separators=separators
    )
    if c_make_encoder is None or indent is not None:
        return made.encode
    options = (
        default,
        quoter(ascii_only),
        None,
        made.key_separator,
        made.item_separator,
        sort_keys,
        made.skipkeys,
        made.allow_nan,
    )

    def encode(value: Any) -> str:
        """Return what ``made.encode(value)`` does, whose two steps before this one take a hundredth of an answer."""
        return "".join(c_make_encoder({}, *options)(value, 0))

    return encode


@lru_cache(maxsize=64)
def compact_style(default: Callable[[Any], Any], ascii_only: bool, sort_keys: bool) -> Style:
    return Style(encoder(default, ascii_only, sort_keys, False), quoter(ascii_only), sort_keys)


def quoter(ascii_only: bool) -> Callable[[str], str]:
    """Return what writes a text in JSON."""
    quote: Any = json_encoder.encode_basestring_ascii if ascii_only else json_encoder.encode_basestring
    return quote  # type: ignore[no-any-return]


def is_flasks_own(provider: JSONProvider) -> bool:
    """Whether an app writes JSON as Flask does: by its provider, none of whose methods were replaced."""
    replaced = vars(provider)
    return type(provider) is DefaultJSONProvider and "dumps" not in replaced and "response" not in replaced


def to_json(app: Flask, value: Any) -> str:
    """Return what ``app.json.dumps(value)`` does."""
    provider: Any = app.json
    if not is_flasks_own(provider):
        return provider.dumps(value)  # type: ignore[no-any-return]
    if value is None:  # as most actions return
        return "null"
    return encoder(provider.default, provider.ensure_ascii, provider.sort_keys, None)(value)


def json_text(app: Flask, value: Any, operation: Operation | None) -> str:
    """Return an action's result as JSON.

    :param operation: the action, for messages.
    :raises TypeError: it can't be JSON.
    """
    try:
        text = to_json(app, value)
        if "NaN" in text or "Infinity" in text:  # which Python writes, and no browser reads (RFC 8259, 6)
            json.loads(text, parse_constant=refuse_constant)
        return text
    except (TypeError, ValueError) as error:
        raise no_json(operation, value, error) from error


def warn_of_page(value: Any, operation: Operation) -> None:
    if isinstance(value, str) and is_page(value):
        logger.warning(
            "The action %s returns a page of HTML, which nobody sees: a form comes back to its own page."
            " Return None, or a redirect to that page.",
            named(operation),
        )


def no_json(operation: Operation | None, value: Any, error: Exception) -> TypeError:
    kind = "method" if operation is not None and operation.kind == "route" else "action"
    return TypeError(
        f"The {kind} {named(operation)} returns {type(value)!r}, which can't be JSON: {error}."
        " Return what JSON holds, or give it a schema: -> Annotated[Todo, TodoSchema()]."
    )


def named(operation: Operation | None) -> str:
    return f"{operation.name!r}, {operation.where}" if operation is not None else "of that name"


def is_page(text: str) -> bool:
    return text[:100].lstrip()[:9].lower().startswith(("<!doctype", "<html"))


def json_body(app: Flask, provider: DefaultJSONProvider, value: Any, operation: Operation | None) -> bytes:
    """Return the body that ``app.json.response(value)`` has.

    :raises TypeError: it can't be JSON.
    """
    try:
        text = encoder(provider.default, provider.ensure_ascii, provider.sort_keys, is_spaced(app, provider))(value)
    except (TypeError, ValueError) as error:
        raise no_json(operation, value, error) from error
    return f"{text}\n".encode()


def is_spaced(app: Flask, provider: DefaultJSONProvider) -> bool:
    """Whether JSON is written over several lines, for people."""
    return app.debug if provider.compact is None else not provider.compact


def plain_body(app: Flask, operation: Operation, returned: Any) -> bytes | None:
    """Return the body of a result that is 200 and JSON; None where the app's JSON provider is not Flask's own.

    :raises TypeError: it can't be JSON.
    """
    provider: Any = app.json
    answer = operation.answer
    if not is_flasks_own(provider) or provider.mimetype != JSON:
        return None
    if answer.rows is not None and type(returned) is list and returned and not is_spaced(app, provider):
        text = answer.rows(returned, compact_style(provider.default, provider.ensure_ascii, provider.sort_keys))
        if text is not None:
            return f"{text}\n".encode()
    return json_body(app, provider, returned if answer.dump is None else answer.dump(returned), operation)
