"""``/api/pages/<path:path>``: whatever stands below ``pages``, and has no ``route.py`` of its own."""

from __future__ import annotations

from typing import Any

from flask_serveractions import public


@public
def GET(path: str) -> dict[str, Any]:
    return {"path": path, "parts": path.split("/")}
