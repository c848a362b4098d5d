"""The session of a page that was rendered for an action, and is not used: it stays as the action has left it.

A session in a cookie does so by itself, since the page's cookies are dropped. One that a server keeps has been saved by
then, without the messages that the page has shown to nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface

from ..operation import middleware_state_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Request

logger = logging.getLogger("flask_serveractions")


def is_kept_by_server(app: Flask) -> bool:
    return not isinstance(app.session_interface, SecureCookieSessionInterface)


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
