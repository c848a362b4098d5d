"""Whether the server calls the app for others while a request of it runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def serves_others(environ: Mapping[str, Any]) -> bool:
    """Whether other requests of this process run meanwhile: what holds a connection open would keep them waiting."""
    return bool(environ.get("wsgi.multithread")) and not shares_one_thread()


def shares_one_thread() -> bool:
    """Whether asgiref runs this call in the one thread that it has for everything.

    So does its ``WsgiToAsgi`` without a ``ThreadSensitiveContext``, whatever ``wsgi.multithread`` says.
    """
    asgiref = sys.modules.get("asgiref.sync")
    in_use = getattr(getattr(asgiref, "SyncToAsync", None), "deadlock_context", None)
    return in_use is not None and bool(in_use.get(False))
