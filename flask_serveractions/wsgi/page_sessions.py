"""The session of a page that is rendered for an action.

Where the page is not used, its session stays as the action has left it. One in a cookie does so by itself, since the
page's cookies are dropped. One that a server keeps has been saved by then, without the messages that the page has shown
to nobody.
"""

from __future__ import annotations

import logging
import marshal
from collections.abc import Mapping
from copy import copy, deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from ..http.negotiation import JSON
from ..operation import MiddlewareState, middleware_state_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Request

logger = logging.getLogger("flask_serveractions")


def is_kept_by_server(app: Flask) -> bool:
    return not isinstance(app.session_interface, SecureCookieSessionInterface)


def share_sessions(app: Flask) -> None:
    """Let a page that goes into an answer take the session as its action found it, unless the action has set a cookie.

    To read the cookies again, and to check a signature that was checked a moment ago, takes a tenth of both together.
    """
    if type(app.session_interface) is not SecureCookieSessionInterface:
        return
    interface = copy(app.session_interface)  # by itself it is one object for all apps
    theirs = interface.open_session

    def open_session(app: Flask, asked: Request) -> SecureCookieSession | None:
        state = asked.environ.get(MiddlewareState.KEY)
        if not isinstance(state, MiddlewareState):  # nearly every request has none
            return theirs(app, asked)
        cookies = asked.environ.get("HTTP_COOKIE", "")
        if state.session is not None and state.session[:2] == (app, cookies):
            return interface.session_class(marshal.loads(state.session[2]))  # noqa: S302  # dumped in this process
        session = theirs(app, asked)
        if session and not state.second_pass and JSON in asked.environ.get("HTTP_ACCEPT", ""):
            state.session = dump_session(app, cookies, session)
        return session

    interface.open_session = open_session  # type: ignore[assignment, method-assign]
    app.session_interface = interface


def dump_session(app: Flask, cookies: str, session: SecureCookieSession) -> tuple[Flask, str, bytes] | None:
    """Return what a session holds, so that nobody can change it; None where that is more than plain values.

    To dump and load it takes half of what a deep copy does, and nearly every call needs the first alone.
    """
    try:
        return app, cookies, marshal.dumps(dict(session))
    except ValueError:
        return None


def remember_session(app: Flask, asked: Request) -> None:
    """Remember what a session holds when a page begins to be rendered for an action, where a server keeps it."""
    middleware = middleware_state_of(asked.environ)
    if middleware is None or not middleware.second_pass:
        return
    sid = getattr(session, "sid", None)  # as Flask-Session calls it
    middleware.undo = partial(put_back, app, dict(asked.environ), deepcopy(dict(session)), sid)


def put_back(app: Flask, environ: WSGIEnvironment, before: Mapping[str, Any], sid: str | None) -> None:
    """Let the server keep what the session held before. Never fails: the action has happened."""
    try:
        with app.request_context(environ):
            current = session._get_current_object()  # type: ignore[attr-defined]
            if dict(current) == before:
                return
            if sid is not None:
                current.sid = sid  # the page may have ended the session, which then has a new one
            current.clear()
            current.update(before)
            current.modified = True
            app.session_interface.save_session(app, current, app.response_class())
    except Exception:
        logger.exception("The session could not be put back after a page that is not used.")
