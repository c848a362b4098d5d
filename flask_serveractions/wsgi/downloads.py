"""A redirect that turns out to be a download: the browser stays on its page, and no event says so.

While it waits to leave, the client has a cookie; what keeps the browser there takes it away, and the client knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..http.headers import values_of

LEAVE = "serveractions_leaving"
TAKEN = ("Set-Cookie", f"{LEAVE}=; Max-Age=0; Path=/")
STAYS = ("204", "205")  # there is nothing to show (HTML, 7.4.5)


def with_stay(status: str, headers: list[tuple[str, str]], environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return headers by which a client that waits to leave knows that it stays: those of an attachment (RFC 6266)."""
    if environ.get("HTTP_SEC_FETCH_MODE", "navigate") != "navigate":
        return headers  # a script's own fetch leads nowhere
    kinds = (value.strip().lower() for value in values_of(headers, "content-disposition"))
    stays = status.startswith(STAYS) or any(kind.startswith("attachment") for kind in kinds)
    return [*headers, TAKEN] if stays else headers
