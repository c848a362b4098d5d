"""The session's cookie, without which no form works: told where the browser will not send it back."""

from __future__ import annotations

from flask import Flask, Request

from ..app_state import AppState
from ..http.cookies import is_path_of_cookie
from ..logs import logger

EFFECT = "so the browser does not send it back, and the forms of this page are refused"


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
