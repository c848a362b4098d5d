"""The session of a page that is rendered for an action.

Where the page is not used, its session stays as the action has left it. One in a cookie does so by itself, since the
page's cookies are dropped. One that a server keeps has been saved by then, without the messages that the page has shown
to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response, after_this_request, session
from flask.sessions import SecureCookieSessionInterface

from ..logs import logger
from ..operation import Rerender, middleware_state_of
from ..scope import running_session

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


FLASHED = "flask_serveractions.flashed"  # the key in the environ of a second pass after which something was flashed
PLACE = b"data-messages"  # the attribute of an element in which the client shows messages


def is_kept_by_server(app: Flask) -> bool:
    return not isinstance(app.session_interface, SecureCookieSessionInterface)


def set_savepoint(app: Flask, asked: Request) -> None:
    """Remember what a session holds when a page begins to be rendered for an action, where a server keeps it."""
    middleware = middleware_state_of(asked.environ)
    if middleware is None or middleware.page_for is None:
        return
    sid = getattr(session, "sid", None)  # as Flask-Session calls it
    middleware.undo = partial(put_back, app, dict(asked.environ), deepcopy(dict(session)), sid)


def leave_messages_to_client(asked: Request) -> None:
    """Let the client show what an action flashed where its page does not, but has a place for messages.

    It is used up then: it would be told twice otherwise, or pile up in the session where no page ever shows any.
    """
    rerender: Rerender = asked.environ[FLASHED]
    told = [(each["category"], each["message"]) for each in rerender.messages]
    before = list(session.get("_flashes", ()))
    if [(str(category), str(message)) for category, message in before[-len(told) :]] != told:
        return  # the answer is one that was kept: what was flashed has been shown since

    @after_this_request
    def use_up(response: Response) -> Response:
        if session.get("_flashes") == before and not response.is_streamed and PLACE in response.get_data():
            session["_flashes"] = before[: -len(told)]
            rerender.leaves_messages = True
        return response


def put_back(app: Flask, environ: WSGIEnvironment, before: Mapping[str, Any], sid: str | None) -> None:
    """Let the server keep what the session held before. Never fails: the action has happened."""
    try:
        with app.request_context(environ):
            current = running_session()
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
