"""``/api/health``: the folder ``(service)`` keeps files together, and adds nothing to the URL."""

from __future__ import annotations

from flask_serveractions import public

from ...store import store


@public
async def GET() -> dict[str, int | str]:
    return {"status": "well", "todos": len(store.all())}
