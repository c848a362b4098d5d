"""Where a request comes from, and whether its token is this session's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..config import Origin, parse_origin
from ..errors import Refusal

if TYPE_CHECKING:
    from flask import Request
    from werkzeug.datastructures import Headers

    from .signing import CsrfTokens

OWN_SITES = frozenset({"same-origin", "none"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, 9.2.1
CSRF_HEADERS = ("X-CSRFToken", "X-CSRF-Token")  # Flask-WTF's defaults
CSRF_AGE = 3600  # seconds, Flask-WTF's default
OPEN_TOO_LONG = "This page was open for too long. What you typed is still here: please send it again."


def check_origin(request: Request, allowed: frozenset[Origin]) -> None:
    """Refuse what a browser sends from another origin (403).

    Both headers must say so where they are sent; with neither, the CSRF token alone decides.
    """
    environ, headers = request.environ, request.headers
    claimed = environ.get("HTTP_ORIGIN")
    if claimed is None and "HTTP_SEC_FETCH_SITE" not in environ:
        return  # not a browser of today
    if (
        claimed is not None
        and claimed == f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST')}"
        and environ.get("HTTP_SEC_FETCH_SITE", "same-origin") in OWN_SITES
    ):
        return  # as nearly every request: nothing to parse
    if not is_same_origin(headers, own_url(request), allowed):
        site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
        reason = f"foreign origin: Sec-Fetch-Site {site!r}, Origin {origin!r}"
        if origin == "null" and site in OWN_SITES:
            reason += "; so do browsers send it from a page whose referrer policy is no-referrer, by a <meta> perhaps"
        raise Refusal(403, reason, "The request comes from another site.")


def has_bearer_alone(environ: Mapping[str, Any]) -> bool:
    """Whether a request has a bearer token and no cookie: no other site's page can make a browser send that.

    A browser adds cookies by itself; a script of another site may set ``Authorization`` only where CORS lets it.
    """
    if "HTTP_AUTHORIZATION" not in environ:
        return False
    scheme, _, token = environ["HTTP_AUTHORIZATION"].strip().partition(" ")
    return scheme.lower() == "bearer" and bool(token.strip()) and "HTTP_COOKIE" not in environ


def own_url(request: Request) -> str:
    """Return ``https://example.org/``, or ``""`` for a host that does not parse: nobody's own."""
    try:
        return request.host_url
    except ValueError:  # Werkzeug before 3.1.8
        return ""


def is_same_origin(headers: Headers, host_url: str, allowed: frozenset[Origin]) -> bool:
    """Whether the headers say that a request comes from here, or say nothing.

    :param host_url: ``https://example.org/``
    """
    origin = headers.get("Origin")
    if origin is not None and f"{origin}/" != host_url:
        given = parse_origin(origin)  # None for "null" and whatever does not parse: nobody's own
        if given is not None and given in allowed:
            return True
        if given is None or given != parse_origin(host_url[:-1]):
            return False
    return headers.get("Sec-Fetch-Site", "same-origin") in OWN_SITES


def is_cross_site(environ: Mapping[str, Any], allowed: frozenset[Origin]) -> bool:
    """Whether a browser says that a request comes from another site; then :func:`check_origin` refuses it on any host.

    A proxy changes a host; this is known before it is.
    """
    if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") in OWN_SITES:
        return False
    return parse_origin(environ.get("HTTP_ORIGIN", "null")) not in allowed


def check_token(
    config: Mapping[str, Any], tokens: CsrfTokens, session: Mapping[str, Any], headers: Headers, form: Mapping[str, str]
) -> None:
    """Refuse a request without this session's CSRF token, as Flask-WTF makes it (400).

    :param form: the fields of the body; empty where it is no form.
    """
    name = token_field(config)
    expected, max_age = session.get(name), config.get("WTF_CSRF_TIME_LIMIT", CSRF_AGE)
    reason = "missing. Forms have it by action_form; one written by hand has it by action_fields(action)"
    # any of them will do: the client renews the header, and does not know each field of its name
    for token in filter(None, tokens_sent(config, name, headers, form)):
        if not isinstance(expected, str):
            raise bad_token("there is none in the session")
        if tokens.matches(token, expected, max_age):
            return
        reason = "wrong or expired"
    raise bad_token(reason)


def tokens_sent(
    config: Mapping[str, Any], name: str, headers: Headers, form: Mapping[str, str]
) -> Iterator[str | None]:
    """Yield what may be the token, one after the other: a form's first field is it nearly always."""
    yield form.get(name)
    yield token_in_headers(config, headers)
    yield prefixed_token(name, form)


def token_in_headers(config: Mapping[str, Any], headers: Headers) -> str | None:
    names = token_header_names(config)
    return next((headers[name] for name in names if name in headers), None)


def token_header_names(config: Mapping[str, Any]) -> Sequence[str]:
    names: Sequence[str] = config.get("WTF_CSRF_HEADERS", CSRF_HEADERS)
    return names


def token_header(config: Mapping[str, Any]) -> str:
    """Return the name of the header in which scripts send the CSRF token."""
    return next(iter(token_header_names(config)), CSRF_HEADERS[0])


def token_field(config: Mapping[str, Any]) -> str:
    """Return the name of the CSRF token, as a form's field and in the session."""
    name: str = config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    return name


def wants_token(config: Mapping[str, Any]) -> bool:
    """Whether calls of actions need a CSRF token; tests of an app often switch it off."""
    return bool(config.get("WTF_CSRF_ENABLED", True))


def token_headers(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the environ keys of the headers that carry the CSRF token."""
    return environ_keys(tuple(token_header_names(config)))


@lru_cache(maxsize=8)  # an app has one set: spelling it anew takes a hundredth of a call
def environ_keys(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in names)


def prefixed_token(name: str, form: Mapping[str, str]) -> str | None:
    return next((form[key] for key in form if key.endswith(name) and form[key]), None)


def bad_token(reason: str) -> Refusal:
    return Refusal(400, f"CSRF token: {reason}", OPEN_TOO_LONG, stale="true")
