"""What a page's browser is told by files of ours: which links to fetch ahead, and how to show a change of pages."""

from __future__ import annotations

from flask import Response, current_app, request

from ..app_state import state_of
from ..pages.script import transitions_style
from ..wsgi.prefetch import RULES_TYPE, rules

AN_HOUR = 3600  # seconds
A_YEAR = 365 * 24 * AN_HOUR


def prefetch_rules() -> Response:
    """Serve the speculation rules that a page's header names."""
    text = rules(request.root_path, state_of(current_app).settings.url_prefix)
    return asset(text, RULES_TYPE, f"public, max-age={AN_HOUR}")


def transitions() -> Response:
    """Serve the style sheet that turns view transitions on; by its versioned URL for good."""
    style = transitions_style()
    is_current = request.args.get("v") == style.version
    caching = f"public, max-age={A_YEAR}, immutable" if is_current else "no-cache"
    return asset(style.text, "text/css; charset=utf-8", caching)


def asset(text: str, content_type: str, caching: str) -> Response:
    response: Response = current_app.response_class(text, content_type=content_type)
    response.headers["Cache-Control"] = caching
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
