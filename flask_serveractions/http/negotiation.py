"""Who asked, and in which form the answer shall come: ``Accept`` and ``Prefer``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from flask import Request

PROBLEM = "application/problem+json"  # RFC 9457
HTML = "text/html"
JSON = "application/json"
EVENTS = "text/event-stream"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
HTML_UTF8 = f"{HTML}; charset=utf-8"
#: the header by which the client knows our answers; it, and what begins with it, is sent by the middleware alone
ANSWER = "Serveractions"
LONGEST_ACCEPT = 1000  # characters
#: headers of every answer of the action door
CLOSED_TO_CACHES = (
    ("Cache-Control", "no-store"),
    ("Vary", "Accept, Cookie"),
    ("X-Content-Type-Options", "nosniff"),
)


def wants_html(accept: str) -> bool:
    """Whether a browser without JavaScript asked.

    Its ``Accept`` names ``text/html``, and prefers nothing that only programs read; no browser's is very long.
    """
    return HTML in accept and len(accept) <= LONGEST_ACCEPT and prefers_html(accept)


@lru_cache(maxsize=1024)  # browsers send the same few
def prefers_html(accept: str) -> bool:
    accepted = dict(parse_accept_header(accept, MIMEAccept))
    html = accepted.get(HTML, 0)
    return bool(html > 0 and html >= accepted.get(JSON, 0) and html >= accepted.get(EVENTS, 0))


def accepts(accept: str, *offered: str) -> bool:
    """Whether one of the media types is acceptable (RFC 9110, 12.5.1).

    Everything is, where nothing is asked for, or too much: a server may disregard ``Accept`` (12.5.1).
    """
    return not accept or len(accept) > LONGEST_ACCEPT or matches(accept, offered)


def accepts_kind_of_json(accept: str) -> bool:
    """Whether JSON of some kind is acceptable (``application/vnd.api+json``): a function's own headers may name it."""
    ranges = parse_accept_header(accept, MIMEAccept)
    return any(quality > 0 and each.partition(";")[0].rstrip().endswith("+json") for each, quality in ranges)


@lru_cache(maxsize=1024)
def matches(accept: str, offered: tuple[str, ...]) -> bool:
    readable = accept.replace("q=.", "q=0.")  # as Java writes it: */*; q=.2
    ranges = [(each.partition(";")[0], quality) for each, quality in parse_accept_header(readable, MIMEAccept)]
    return bool(MIMEAccept(ranges).best_match(offered))  # what we offer has no parameters


def is_htmx(environ: Mapping[str, Any]) -> bool:
    """Whether htmx asked for whatever there is: its requests accept ``*/*``, and it can only show HTML."""
    return "HTTP_HX_REQUEST" in environ and environ.get("HTTP_ACCEPT", "*/*") == "*/*"


def is_from_dialog(environ: Mapping[str, Any]) -> bool:
    """Whether a form in a dialog was sent: the client fetches the page below it by itself."""
    return "HTTP_SERVERACTIONS_DIALOG" in environ


def preference(request: Request) -> str | None:
    """Return ``"representation"`` or ``"minimal"`` where ``Prefer: return=...`` says so (RFC 7240, 4.2).

    None where that is not followed: a form in a dialog gets no page.
    """
    header: str = request.environ.get("HTTP_PREFER", "")  # of several headers WSGI makes one
    if not header:
        return None
    for each in header.lower().split(","):
        name, _, value = each.partition(";")[0].partition("=")
        if name.strip() == "return" and value.strip(' \t"') in ("representation", "minimal"):
            said = value.strip(' \t"')
            return None if said == "representation" and is_from_dialog(request.environ) else said
    return None
