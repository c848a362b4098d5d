"""The package's logger, and how what a client has sent is written into a line of a log."""

from __future__ import annotations

import logging

logger = logging.getLogger("flask_serveractions")

LONGEST = 300  # characters of what a client has sent


def loggable(text: str) -> str:
    """Return text that can't break a line of the log, nor fill it: escaped and cut."""
    return text.encode("unicode_escape", "backslashreplace").decode("ascii")[:LONGEST]
