"""Pages that a cache keeps for everybody: told where they hold forms, which are one visitor's."""

from __future__ import annotations

from flask import Flask

from ..app_state import AppState
from ..logs import logger
from ..shared.caching import keys_being_computed


def warn_of_kept_page(app: Flask, state: AppState, endpoint: str | None) -> None:
    """Tell, once for each page, that others would get this visitor's forms: their IDs and token are refused then."""
    cache = cache_around(app, endpoint)
    key = f"{cache} {endpoint}"
    if cache is None or key in state.told:
        return
    state.told.add(key)
    logger.warning(
        "What %r shows is kept by %s, and its forms are one visitor's: nobody else can send them, and everybody gets"
        " that visitor's token. Cache the data, and render the page for each visitor.",
        endpoint,
        cache,
    )


def cache_around(app: Flask, endpoint: str | None) -> str | None:
    """Return the decorator that keeps what is being rendered, if there is one."""
    if keys_being_computed():
        return "@cached"
    view = app.view_functions.get(endpoint or "")
    # what Flask-Caching's decorator leaves on a view
    return "@cache.cached" if hasattr(view, "uncached") and hasattr(view, "make_cache_key") else None
