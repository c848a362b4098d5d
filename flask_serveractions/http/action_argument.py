"""The argument ``_action`` in the query of a page's URL: which action a form on that page calls.

``_action=<name>/<signature>``, with ``/<n>`` for the n-th of equal forms of the page; one spelling of each is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

ARGUMENT: Final = "_action"  # in a query, and as the first field of a form
ORDINAL = re.compile(r"[2-9]|[1-9][0-9]{1,5}", re.ASCII)


@dataclass(slots=True, kw_only=True)
class ActionArgument:
    """Which action a form's URL calls; where the argument does not parse, ``name`` is empty: no action's."""

    #: the key in the environ, where the middleware puts it
    KEY = "flask_serveractions.action"

    name: str
    signed: str  # the signed ID, not verified
    ordinal: str = ""  # "2" for the second of equal forms of the page
    answers_get: bool = True  # set when the rule is chosen: whether the URL, less this argument, is a page's
    host: tuple[Any, ...] = ()  # set when the rule is chosen: what the URL map made of the environ's


def without_action(query: str) -> tuple[str, ActionArgument | None]:
    """Return a query without the argument, byte for byte, and what it says; None where it is not there.

    :param query: of a WSGI environ: undecoded.
    """
    rest, values = parted(query)
    if not values:
        return query, None
    return "&".join(rest), parse_value(values[0]) if len(values) == 1 else ActionArgument(name="", signed="")


def parted(query: str) -> tuple[list[str], list[str]]:
    """Return the pieces of a query that are no ``_action``, and the values of those that are."""
    rest, values = [], []
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        if name == ARGUMENT:
            values.append(value)
        else:
            rest.append(piece)
    return rest, values


def is_field(query: str) -> bool:
    """Whether a query has the hidden field of a form, ``_action=<name>:<who>``: the form was sent by GET."""
    return any((":" in value or "%3A" in value) and "/" not in value for value in parted(query)[1])


def parse_value(value: str) -> ActionArgument:
    name, _, rest = value.partition("/")
    signed, separator, ordinal = rest.partition("/")
    if not name or not signed or (separator and not ORDINAL.fullmatch(ordinal)):
        return ActionArgument(name="", signed="")
    return ActionArgument(name=name, signed=signed, ordinal=ordinal)


def before_value(page: str) -> str:
    """Return what all URLs of the forms on a page begin with: ``/todos?page=2&_action=``.

    :param page: path and query.
    """
    return f"{page}{'&' if '?' in page else '?'}{ARGUMENT}="


def value_of(name: str, signed: str, ordinal: str) -> str:
    """Return the argument's value: letters, digits and ``_.-/``, which need no escapes anywhere."""
    return f"{name}/{signed}/{ordinal}" if ordinal else f"{name}/{signed}"
