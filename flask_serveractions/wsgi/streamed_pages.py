"""A page whose headers are sent before its forms are rendered: what can't be mended any more is said."""

from __future__ import annotations

import re

from flask import current_app

from ..logs import logger
from ..operation import SENT_HEADERS
from ..scope import scope

PRIVATE = re.compile(r"\b(?:private|no-store)\b", re.IGNORECASE)

PUBLIC = (
    "A form or script of an action in a page that is streamed: its headers are sent, and shared caches may keep it"
    " for others. Use render_template, or give the response the header Cache-Control: private."
)
LOST = (
    "A form or script of an action in a page that is streamed to a new visitor: its headers are sent, so the cookie of"
    " the session can't be any more, and whatever is sent from this page is refused. Use render_template, or call"
    " action_url() and flask_wtf.csrf.generate_csrf() in the view, before the stream begins."
)


def check_still_private() -> None:
    """:raises RuntimeError: in debug: the headers are sent, and let shared caches keep this visitor's IDs and token."""
    sent = scope().get(SENT_HEADERS)
    if sent is not None and not any(name.lower() == "cache-control" and PRIVATE.search(value) for name, value in sent):
        complain(PUBLIC)


def check_session_is_sent() -> None:
    """Called where the session has been given what its visitor's forms need.

    :raises RuntimeError: in debug: the headers are sent, and the session's cookie is not among them.
    """
    if SENT_HEADERS in scope():
        complain(LOST)


def complain(of: str) -> None:
    if current_app.debug:
        raise RuntimeError(of)
    logger.warning(of)
