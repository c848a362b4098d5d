"""Pages whose forms nobody could send, or whoever looks next: told of where they are rendered.

A cache keeps them for everybody, the browser does not send the session's cookie back, or they are streamed, so that
what they need can't be sent any more.
"""

from __future__ import annotations

import re

from flask import Flask, Request, current_app

from ..app_state import AppState
from ..http.cookies import is_path_of_cookie
from ..logs import logger
from ..operation import SENT_HEADERS
from ..scope import scope
from ..shared.caching import keys_being_computed

EFFECT = "so the browser does not send it back, and the forms of this page are refused"
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


def warn_of_lost_cookie(app: Flask, state: AppState, request: Request) -> None:
    """Tell, once for each cause, that the cookie of this page's session will not come back (RFC 6265, 5.3 and 5.4)."""
    for key, problem in lost_by(app, request):
        if key not in state.told:
            state.told.add(key)
            logger.warning("%s: %s", key, problem)


def lost_by(app: Flask, request: Request) -> list[tuple[str, str]]:
    """Return the settings that keep the cookie back, each with what is wrong and the mend."""
    interface, found = app.session_interface, []
    if interface.get_cookie_secure(app) and not request.is_secure:
        mend = "Leave it False in development; behind a proxy that speaks https, wrap the app in Werkzeug's ProxyFix"
        found.append(("SESSION_COOKIE_SECURE", f"True, but this page came by http, {EFFECT}. {mend}."))
    domain = interface.get_cookie_domain(app)
    if domain and not is_of_domain(host_of(request), domain.lstrip(".")):
        host = host_of(request)
        mend = f"Leave it out, or set the domain that visitors use: {host!r}"
        found.append(("SESSION_COOKIE_DOMAIN", f"{domain!r}, but this page is of {host!r}, {EFFECT}. {mend}."))
    path = interface.get_cookie_path(app)
    if path != "/" and not is_path_of_cookie(here := request.root_path + request.path, path):
        key = "SESSION_COOKIE_PATH" if app.config.get("SESSION_COOKIE_PATH") else "APPLICATION_ROOT"
        found.append((key, f"{path!r}, but this page is {here!r}, {EFFECT}. Set it to '/'."))
    return found


def host_of(request: Request) -> str:
    """Return the request's host without its port."""
    return request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host


def is_of_domain(host: str, domain: str) -> bool:
    return host.lower() == domain.lower() or host.lower().endswith(f".{domain.lower()}")


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
