"""Where to go next: the page that a form stood on, and the target of a redirect."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, TypeVar
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urljoin, urlsplit

Text = TypeVar("Text", bound="str | None")

REMEMBERED_LENGTH = 512  # characters

MAX_ARGUMENTS = 1000

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\\\u2028\u2029]")
URL_SAFE = "/%:=&?~#+!$,;'@()*[]"  # what may stand in a URL as it is


def remembered(look: Callable[[Text, str], str]) -> Callable[[Text, str], str]:
    """Remember what was made of a text, unless it is long: what clients send shall not fill the memory."""
    known = lru_cache(maxsize=4096)(look)

    @wraps(look)
    def look_up(text: Text, url_prefix: str) -> str:
        return look(text, url_prefix) if text is not None and len(text) > REMEMBERED_LENGTH else known(text, url_prefix)

    return look_up


@remembered
def safe_page(page: str | None, url_prefix: str) -> str:
    """Return a path of this app with its query, or ``/`` for anything else.

    :param page: ``/todos?page=2``, as the client sent it; not to be trusted.
    :param url_prefix: where the actions are mounted: never a page.
    """
    if not page or not page.startswith("/") or CONTROL.search(page):
        return "/"
    path, _, query = page.partition("#")[0].partition("?")
    if path.startswith("//") or is_below(path, url_prefix):
        return "/"
    return quote(f"{path}?{query}" if query else path, safe=URL_SAFE, errors="replace")


#: keys of a WSGI environ by which Werkzeug knows the host that a request came to
HOST_KEYS = (
    *("wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME"),
    *("HTTP_CONNECTION", "HTTP_UPGRADE"),
)


def host_said(environ: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(map(environ.get, HOST_KEYS))


def mounted(root_path: str, page: str) -> str:
    """Return a page's URL with its mount point; to browsers ``//`` at its beginning would be a host."""
    url = f"{root_path}{page}"
    return f"/.{url}" if url.startswith("//") else url


def argument_in(query: str, name: str) -> str | None:
    """Return the first argument of a name; None where there is none, or more than anybody reads.

    :param query: of a WSGI environ: undecoded.
    """
    if is_flood(query):
        return None
    text = query if query.isascii() else query.encode("latin-1", "replace").decode(errors="replace")
    return next((value for key, value in parse_qsl(text, keep_blank_values=True) if key == name), None)


def is_flood(query: str) -> bool:
    """Whether a query has more arguments than a form may have fields."""
    return query.count("&") >= MAX_ARGUMENTS


def readable_query(query: str) -> str:
    """Return a query as it came in; where its bytes are no UTF-8, which Werkzeug can't read, escaped.

    :param query: of a WSGI environ: bytes as latin-1.
    """
    if query.isascii():
        return query
    try:
        query.encode("latin-1").decode()
    except UnicodeDecodeError:
        return quote(query, safe=URL_SAFE, encoding="latin-1")
    return query


def is_below(path: str, prefix: str) -> bool:
    """Whether a path, however it is spelled, is the prefix or stands below it."""
    is_plain = path.startswith("/") and not ("%" in path or "//" in path or "/." in path)  # as nearly every one
    plain = path if is_plain else posixpath.normpath("/" + unquote(path).lstrip("/"))
    return plain == prefix or plain.startswith(prefix + "/")


def redirect_target(location: str, page: str, script_name: str) -> str | None:
    """Return an absolute path or an http(s) URL to redirect to, or None where it is neither.

    :param location: what the function chose; relative ones stand beside ``page`` (RFC 3986, 5).
    :param page: a path of this app, without ``script_name``.
    """
    if re.search(r"[\x00-\x1f\x7f]", location):
        return None
    try:
        parts = urlsplit(location)
    except ValueError:
        return None
    if parts.scheme:
        return location if parts.scheme in ("http", "https") and parts.netloc else None
    if parts.netloc or "\\" in location:  # //host: whoever checks a path by its first slash did not mean it
        return None
    target = urljoin(mounted(script_name, page), location.strip(" "))
    return f"/.{target}" if target.startswith("//") else target  # from /.//host: a path, and to browsers a host


def path_in_app(location: str, host_url: str, script_name: str, url_prefix: str | None = None) -> str | None:
    """Return a redirect's target as path and query of this app, or None where it leads elsewhere.

    :param host_url: ``https://example.org/``, as the request had it.
    :param url_prefix: where the actions are mounted, if what stands there is no target.
    """
    parts = urlsplit(location)
    if parts.netloc and host_of(parts) != host_of(urlsplit(host_url)):
        return None
    path = parts.path or "/"
    if script_name and path != script_name and not path.startswith(script_name + "/"):
        return None
    path = path[len(script_name) :] or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    is_action = url_prefix is not None and is_below(path, url_prefix)
    return None if is_action or path.startswith("//") else quote(target, safe=URL_SAFE)


def host_of(parts: SplitResult) -> tuple[str, str]:
    """Return scheme and host, without the port that the scheme has anyway."""
    return parts.scheme, parts.netloc.lower().removesuffix(":443" if parts.scheme == "https" else ":80")
