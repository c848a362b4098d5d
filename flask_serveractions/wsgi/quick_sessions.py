"""Flask's own sessions, in cookies, read in half of the time that they take by themselves."""

from __future__ import annotations

import marshal
import time
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import Signer, URLSafeTimedSerializer
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.sansio.http import parse_cookie

from ..operation import middleware_state_of
from ..security.signing import SessionSigner


def quicken_sessions(app: Flask) -> None:
    """Let Flask's own sessions, where nobody has changed anything of them, be opened in half of their time."""
    if type(app.session_interface) is not SecureCookieSessionInterface or vars(app.session_interface):
        return
    interface = copy(app.session_interface)  # by itself it is one object for all apps
    ready = ready_serializers(interface.get_signing_serializer)
    interface.get_signing_serializer = ready  # type: ignore[assignment, method-assign]
    interface.open_session = reading_cookies_once(interface.open_session)  # type: ignore[assignment, method-assign]
    app.session_interface = interface


def ready_serializers(
    make: Callable[[Flask], URLSafeTimedSerializer | None],
) -> Callable[[Flask], SessionSerializer | None]:
    """Return what gives an app's serializer of sessions, made anew only when the app's keys have changed."""
    made: tuple[tuple[Any, ...], SessionSerializer | None] = (), None  # in one piece: other threads replace it, too

    def get_signing_serializer(app: Flask) -> SessionSerializer | None:
        nonlocal made
        keys = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        known, serializer = made
        if keys != known:
            theirs = make(app)
            serializer = None if theirs is None else SessionSerializer(theirs)
            made = keys, serializer
        return serializer

    return get_signing_serializer


def reading_cookies_once(theirs: Callable[[Flask, Request], Any]) -> Callable[[Flask, Request], Any]:
    """Let ``request.cookies`` be read at less cost, when a session is opened."""

    def open_session(app: Flask, asked: Request) -> Any:
        if type(asked).cookies is COOKIES:
            asked.__dict__["cookies"] = cookies_of(asked)
        return theirs(app, asked)

    return open_session


COOKIES = Request.cookies  # Werkzeug's, which a class of an app's own may replace


def cookies_of(asked: Request) -> Any:
    """Return what ``request.cookies`` is.

    A page that goes into an answer has those of its action. Of any other request, the one header is read; Werkzeug
    goes through all of them for it, which takes a twentieth of an action.
    """
    header = asked.environ.get("HTTP_COOKIE", "")
    state = middleware_state_of(asked.environ)
    if state is not None and state.page_for is not None and state.page_for.cookies is not None:
        kind, of_action, cookies = state.page_for.cookies
        if kind is type(asked) and of_action == header and isinstance(cookies, ImmutableMultiDict):
            return cookies
    return parse_cookie(header, cls=asked.dict_storage_class)


class SessionSerializer(URLSafeTimedSerializer):
    """Flask's serializer of sessions, with one signer for all requests, which remembers what it has read lately.

    A visitor sends the same cookie again and again, and the page that goes into an action's answer has the action's. To
    remember what it held, and when it was signed, saves a tenth of an action. Only what was genuine is remembered; how
    old it is, is looked at each time; and for other keys there is another serializer.
    """

    MOST = 1000  # cookies: a few hundred bytes each, and never more than 4 KB in browsers

    def __init__(self, theirs: URLSafeTimedSerializer) -> None:
        kwargs = theirs.signer_kwargs
        super().__init__(theirs.secret_keys, theirs.salt, theirs.serializer, signer=SessionSigner, signer_kwargs=kwargs)
        self.ready_signer = super().make_signer()
        self.read: dict[str | bytes, tuple[bytes, int]] = {}  # what a cookie's value held, and when it was signed

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        return self.ready_signer if salt is None or salt == self.salt else super().make_signer(salt)

    def loads(  # type: ignore[override]  # as itsdangerous itself has it
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> Any:
        if max_age is None or return_timestamp or salt is not None:  # not as Flask opens a session
            return super().loads(s, max_age, return_timestamp, salt)
        held, signed_at = self.read.get(s, NOT_READ)
        if held and 0 <= int(time.time()) - signed_at <= max_age:
            return marshal.loads(held)  # noqa: S302  # dumped in this process
        payload, moment = super().loads(s, max_age, return_timestamp=True)
        self.remember(s, payload, int(moment.timestamp()))
        return payload

    def remember(self, value: str | bytes, payload: Any, signed_at: int) -> None:
        """Remember what a genuine cookie held, unless that is more than plain values; all are forgotten at once."""
        if len(self.read) >= self.MOST:
            self.read.clear()
        with suppress(ValueError):  # marshal has no dates, nor other objects
            self.read[value] = marshal.dumps(payload), signed_at  # so that nobody can change it


NOT_READ = b"", 0


def spare_vary(app: Flask, session: SessionMixin) -> None:
    """Let Flask not look whether ``Cookie`` is in the ``Vary`` of an answer: it is, or nobody gets that header.

    To look takes a sixtieth of an action, and a thirtieth of a page. What else than Flask saves a session may want to
    know that it was read.
    """
    if type(app.session_interface) is SecureCookieSessionInterface:
        session.accessed = False
