"""A page whose ``<meta name="referrer">`` makes its forms useless: browsers then post ``Origin: null`` (Fetch, 3.2)."""

from __future__ import annotations

import logging
import re

from flask import Response, request

logger = logging.getLogger("flask_serveractions")

META = re.compile(rb"<meta\s[^>]*>", re.IGNORECASE)
NAME = re.compile(rb"""\bname\s*=\s*["']?\s*referrer["'\s/>]""", re.IGNORECASE)
POLICY = re.compile(rb"""\bcontent\s*=\s*["']?\s*([a-z-]+)""", re.IGNORECASE)
NO_REFERRER = (b"no-referrer", b"never")  # the second is an old name


def warn_of_no_referrer(response: Response) -> Response:
    """Tell of a page that holds forms and says ``no-referrer``; one that is streamed is not looked into."""
    if response.is_sequence and says_no_referrer(response.get_data()):
        page = request.path.encode("unicode_escape").decode("ascii")[:300]
        logger.warning(
            '<meta name="referrer" content="no-referrer"> on %s: browsers without JavaScript will be refused what its'
            ' forms send, since they do not say where it comes from. Write content="same-origin".',
            page,
        )
    return response


def says_no_referrer(html: bytes) -> bool:
    """Whether the last policy of a page is ``no-referrer`` (Referrer Policy, 4.2)."""
    if b"referrer" not in html.lower():
        return False
    policies = [found[1].lower() for tag in META.findall(html) if NAME.search(tag) and (found := POLICY.search(tag))]
    return policies[-1:] != [] and policies[-1] in NO_REFERRER
