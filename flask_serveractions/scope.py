"""What belongs to the running request alone.

It stands in the environ: ``g`` belongs to the app context, which may be kept open over many requests (tests do so,
before Flask 3.2).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from flask import g, has_app_context, request


def scope() -> MutableMapping[str, Any]:
    """Return a mapping that lives as long as the request; outside of one, as long as the app context does."""
    try:
        environ: MutableMapping[str, Any] = request._get_current_object().environ  # type: ignore[attr-defined]
    except RuntimeError:  # there is none
        return vars(g._get_current_object()) if has_app_context() else {}
    return environ
