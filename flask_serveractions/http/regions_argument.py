"""The argument ``_regions`` in a page's query, and the header of the same meaning: which lazy regions are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote_plus

ARGUMENT: Final = "_regions"  # in a query
HEADER: Final = "HTTP_SERVERACTIONS_REGIONS"  # of a call, in its environ
KEY: Final = "flask_serveractions.regions"  # in the environ, where the middleware puts the names

NAME = re.compile(r"[\w.:-]{1,100}")
MOST_NAMES = 100


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
    return piece.partition("=")[0] == ARGUMENT


def parse_names(text: str) -> frozenset[str]:
    """Return names, as the argument or the header has them: ``todos,stats``, each quoted. What is no name is dropped.

    :param text: of a WSGI environ: undecoded, bytes as latin-1.
    """
    if not text.isascii():
        text = text.encode("latin-1", "replace").decode(errors="replace")
    names = (name.strip() for name in unquote_plus(text).split(",", MOST_NAMES)[:MOST_NAMES])
    return frozenset(name for name in names if NAME.fullmatch(name))


def names_of_path(path: str) -> frozenset[str]:
    """Return the names of a region and of those around it, as a form in it has them: ``panel stats``."""
    return frozenset(filter(NAME.fullmatch, path.split()[:MOST_NAMES]))


def with_regions(page: str, names: Iterable[str]) -> str:
    """Return a page's URL with the argument at its end.

    :param page: path and query.
    """
    return f"{page}{'&' if '?' in page else '?'}{ARGUMENT}={','.join(map(quote, names))}"
