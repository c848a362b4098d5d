"""Pages that a browser fetches before they are asked for: which ones, and what they may not use up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Response, current_app, request, session

from ..app_state import state_of

HEADER = "Speculation-Rules"
RULES_PATH = "/-/prefetch.json"  # below the prefix
RULES_TYPE = "application/speculationrules+json"
CLEAR = ("Clear-Site-Data", '"prefetchCache"')  # of an action's answer: what was fetched before it is stale

#: how addresses of pages that end a session are written: logout, log-out, log_out
SIGN_OUT_PAIRS = (
    *((verb, way) for verb in ("log", "sign") for way in ("out", "off")),
    ("end", "session"),
    ("cerrar", "sesion"),
    ("terminar", "sessao"),
    ("logga", "ut"),
)
SIGN_OUT_WORDS = (
    *("abmelden", "afmelden", "ausloggen", "deconnecter", "deconnexion"),
    *("desconectar", "disconnetti", "uitloggen", "wyloguj"),
)
SIGN_OUT = (*(dash.join(pair) for pair in SIGN_OUT_PAIRS for dash in ("", "-", "_")), *SIGN_OUT_WORDS)
#: links that are no plain pages, or that somebody has exempted
EXEMPT = (
    '[data-prefetch="false"]',
    '[data-prefetch="false"] *',
    "[download]",
    "[data-dialog]",
    "[data-more]",
    "[data-lazy-link]",
    "[rel~=nofollow]",
    '[href*="_action="]',
    *(f'[href*="{text}" i]' for text in SIGN_OUT),
)


@lru_cache(maxsize=8)  # mount points, of which a server knows one or two
def rules(root_path: str, url_prefix: str) -> str:
    """Return the speculation rules (HTML, 7.6.1) for links within the app, when the pointer rests on them."""
    where = {
        "and": [
            {"href_matches": f"{root_path}/*"},
            {"not": {"href_matches": f"{root_path}{url_prefix}/*"}},
            {"not": {"selector_matches": list(EXEMPT)}},
        ]
    }
    return json.dumps({"prefetch": [{"source": "document", "where": where, "eagerness": "moderate"}]})


def add_rules(response: Response) -> Response:
    """Name the rules in a page's headers, where no policy for scripts stands in their way."""
    url = f"{request.root_path}{state_of(current_app).settings.url_prefix}{RULES_PATH}"
    response.headers.add(HEADER, f'"{url}"')
    return response


def is_prefetched(environ: Mapping[str, Any]) -> bool:
    """Whether a browser fetches a page ahead."""
    return "HTTP_SEC_PURPOSE" in environ and "prefetch" in environ["HTTP_SEC_PURPOSE"]


def refuse_to_show_flashes() -> Response | None:
    """Answer a browser that fetches a page ahead with 503 where messages wait: nobody would see them."""
    if not session.get("_flashes"):
        return None
    response: Response = current_app.response_class(b"", 503)
    response.headers["Cache-Control"] = "no-store"
    return response
