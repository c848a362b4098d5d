"""The headers of a page that holds a form of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.datastructures import Headers

from ..logs import loggable, logger

REFERRER_POLICIES = frozenset(
    {
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    }
)


def headers_of_forms(given: Iterable[tuple[str, str]], environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a page's headers so that shared caches do not keep it, and browsers name their origin to its forms."""
    headers = list(given)
    first = {name.lower(): value for name, value in reversed(headers)}
    if "cache-control" not in first:
        headers.append(("Cache-Control", "private"))
    if "cookie" not in first.get("vary", "").lower():
        headers.append(("Vary", "Cookie"))
    return with_referrer_policy(Headers(headers), environ) if "referrer-policy" in first else headers


def with_referrer_policy(headers: Headers, environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return headers by which browsers name their origin to forms: ``Origin: null`` is nobody's own."""
    if sends_no_referrer(headers):
        headers["Referrer-Policy"] = "same-origin"
        page = loggable(environ.get("PATH_INFO", ""))
        logger.warning("Referrer-Policy 'no-referrer' on %s would break its forms: sent as 'same-origin'", page)
    return headers.to_wsgi_list()


def sends_no_referrer(headers: Headers) -> bool:
    """Whether the last policy that browsers know is ``no-referrer`` (Referrer Policy, 4.1 and 8.1)."""
    policies = [each.strip().lower() for each in ",".join(headers.getlist("Referrer-Policy")).split(",")]
    return [each for each in policies if each in REFERRER_POLICIES][-1:] == ["no-referrer"]
