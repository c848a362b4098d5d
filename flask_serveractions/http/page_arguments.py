"""What the query of a page's URL says to us: which action a form of it calls, which lazy regions are asked for.

``_action=<name>/<signature>``, with ``/<n>`` for the n-th of equal forms of the page; one spelling of each is known.
``_regions=stats,todos`` names regions, as a header of calls does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote_plus

ACTION_ARGUMENT: Final = "_action"  # in a query, and as the first field of a form
ORDINAL = re.compile(r"[2-9]|[1-9][0-9]{1,5}", re.ASCII)

REGIONS_ARGUMENT: Final = "_regions"  # in a query
REGIONS_HEADER: Final = "HTTP_SERVERACTIONS_REGIONS"  # of a call, in its environ
REGIONS_KEY: Final = "flask_serveractions.regions"  # in the environ, where the middleware puts the names
REGION_NAME = re.compile(r"[\w.:-]{1,100}")
MOST_REGIONS = 100


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
        if name == ACTION_ARGUMENT:
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
    return f"{page}{'&' if '?' in page else '?'}{ACTION_ARGUMENT}="


def value_of(name: str, signed: str, ordinal: str) -> str:
    """Return the argument's value: letters, digits and ``_.-/``, which need no escapes anywhere."""
    return f"{name}/{signed}/{ordinal}" if ordinal else f"{name}/{signed}"


def without_regions(query: str) -> tuple[str, frozenset[str]]:
    """Return a query without the argument, byte for byte, and the names that it holds.

    :param query: of a WSGI environ: undecoded.
    """
    pieces = query.split("&")
    rest = [piece for piece in pieces if not is_regions(piece)]
    if len(rest) == len(pieces):
        return query, frozenset()
    values = [piece.partition("=")[2] for piece in pieces if is_regions(piece)]
    return "&".join(rest), parse_names(",".join(values))


def is_regions(piece: str) -> bool:
    return piece.partition("=")[0] == REGIONS_ARGUMENT


def parse_names(text: str) -> frozenset[str]:
    """Return names, as the argument or the header has them: ``todos,stats``, each quoted. What is no name is dropped.

    :param text: of a WSGI environ: undecoded, bytes as latin-1.
    """
    if not text.isascii():
        text = text.encode("latin-1", "replace").decode(errors="replace")
    names = (name.strip() for name in unquote_plus(text).split(",", MOST_REGIONS)[:MOST_REGIONS])
    return frozenset(name for name in names if REGION_NAME.fullmatch(name))


def names_of_path(path: str) -> frozenset[str]:
    """Return the names of a region and of those around it, as a form in it has them: ``panel stats``."""
    return frozenset(filter(REGION_NAME.fullmatch, path.split()[:MOST_REGIONS]))


def with_regions(page: str, names: Iterable[str]) -> str:
    """Return a page's URL with the argument at its end.

    :param page: path and query.
    """
    return f"{page}{'&' if '?' in page else '?'}{REGIONS_ARGUMENT}={','.join(map(quote, names))}"
