"""A page whose ``<meta name="referrer">`` makes its forms useless: browsers then post ``Origin: null`` (Fetch, 3.2)."""

from __future__ import annotations

import re

from flask import Response, request

from ..logs import loggable, logger

META = re.compile(rb"<meta\s[^<>]*>", re.IGNORECASE)
NAME = re.compile(rb"""\bname\s*=\s*["']?\s*referrer["'\s/>]""", re.IGNORECASE)
POLICY = re.compile(rb"""\bcontent\s*=\s*["']?\s*([a-z-]+)""", re.IGNORECASE)
NO_REFERRER = (b"no-referrer", b"never")  # the second is an old name


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
