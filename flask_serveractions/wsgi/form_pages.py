"""A page that holds a form of ours: its headers, and the referrer policy that its HTML may have as well.

Under ``no-referrer`` browsers post ``Origin: null`` (Fetch, 3.2), which is nobody's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, request
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
META = re.compile(rb"<meta\s[^<>]*>", re.IGNORECASE)
NAME = re.compile(rb"""\bname\s*=\s*["']?\s*referrer["'\s/>]""", re.IGNORECASE)
POLICY = re.compile(rb"""\bcontent\s*=\s*["']?\s*([a-z-]+)""", re.IGNORECASE)
NO_REFERRER = (b"no-referrer", b"never")  # the second is an old name


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


def mend_no_referrer(response: Response) -> Response:
    """Send a page that holds forms and says ``no-referrer`` with ``same-origin``, which tells other sites as little.

    One that is streamed is not looked into.
    """
    if response.is_sequence and says_no_referrer(response.get_data()):
        response.set_data(META.sub(with_same_origin, response.get_data()))
        page = loggable(request.path)
        logger.warning(
            '<meta name="referrer" content="no-referrer"> on %s would break its forms: sent as "same-origin"', page
        )
    return response


def says_no_referrer(html: bytes) -> bool:
    """Whether the last policy of a page is ``no-referrer`` (Referrer Policy, 4.2)."""
    if b"referrer" not in html.lower():
        return False
    policies = [found[1].lower() for tag in META.findall(html) if NAME.search(tag) and (found := POLICY.search(tag))]
    return policies[-1:] != [] and policies[-1] in NO_REFERRER


def with_same_origin(found: re.Match[bytes]) -> bytes:
    tag = found[0]
    policy = POLICY.search(tag) if NAME.search(tag) else None
    if policy is None or policy[1].lower() not in NO_REFERRER:
        return tag
    return tag[: policy.start(1)] + b"same-origin" + tag[policy.end(1) :]
