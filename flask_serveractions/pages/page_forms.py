"""What the page that is being rendered has of ours: its visitor, its token, where its forms are posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import after_this_request, current_app, g, request, session
from flask_wtf.csrf import generate_csrf

from ..app_state import AppState, state_of
from ..http.locations import mounted
from ..operation import HOLDS_FORMS, Operation
from ..security.signing import KeyRing, who_mark
from ..security.visitors import distinct_identity, known_identity, remember_session, visitor_for_page, visitor_of
from ..shared.caching import keys_being_computed
from ..wsgi.page_urls import page_of_forms
from ..wsgi.streamed_pages import check_session_is_sent, check_still_private
from .kept_pages import warn_of_kept_page
from .referrer_policy import mend_no_referrer
from .session_cookies import warn_of_lost_cookie

if TYPE_CHECKING:
    from flask import Flask, Response


@dataclass(slots=True, eq=False)
class PageForms:
    """What the page that is being rendered has of ours."""

    environ: dict[str, Any]
    seen: dict[tuple[str, str, str], int] = field(default_factory=dict)  # equal forms: region, action, payload
    ids: set[str] = field(default_factory=set)  # of its forms
    ring: KeyRing | None = None
    fields: dict[str, str] = field(default_factory=dict)  # the hidden fields that name an action, rendered
    tokens: str | None = None  # the hidden field with the CSRF token, rendered
    visitor: str | None = None
    who: str | None = None  # its visitor's identity, as a mark
    url: str | None = None  # where its forms are posted
    made: dict[tuple[str, str], Any] = field(default_factory=dict)  # by factories, by action and payload
    open: str = ""  # the action whose form is being rendered


def ring_for(forms: PageForms, state: AppState) -> KeyRing:
    """Return the keys, looked for once for a page."""
    if forms.ring is None:
        forms.ring = state.signing.ring
    return forms.ring


def page_for(forms: PageForms, state: AppState) -> str:
    """Return the URL of the page, with its mount point; found out once for a page."""
    if forms.url is None:
        forms.url = mounted(request.root_path, page_of_forms(request.environ, state.settings.url_prefix))
    return forms.url


def visitor_for(forms: PageForms, state: AppState, operation: Operation, bound: Mapping[str, Any]) -> str:
    if forms.visitor is None:
        forms.visitor = ""
        if state.settings.bind_session:
            before = visitor_of(session)
            forms.visitor = visitor_for_page(session, partial(identify, state, operation, bound))
            after_this_request(remember_session_of)
            if forms.visitor != before:
                check_session_is_sent()
    return forms.visitor


def who_for(forms: PageForms, state: AppState, operation: Operation, bound: Mapping[str, Any]) -> str:
    """Return the mark of who looks at the page, so that nothing is sent as somebody else; found out once for a page."""
    if forms.who is None:
        if state.settings.bind_session:
            visitor_for(forms, state, operation, bound)
            known = known_identity(session)
        else:
            known = distinct_identity(identify(state, operation, bound))
        forms.who = who_mark(ring_for(forms, state), known)
    return forms.who


def remember_session_of(response: Response) -> Response:
    remember_session(session)
    return response


def identify(state: AppState, operation: Operation, bound: Mapping[str, Any]) -> Any:
    """Ask the hook who is looking at the page; its refusals are for calls, not for pages.

    A first request is no exception: a proxy may say who it is, and a hook may make a guest of who has no cookie yet.
    """
    if state.hook is None:
        return None
    try:
        return state.hook.ask(current_app._get_current_object(), operation, bound)  # type: ignore[attr-defined]
    except Exception:
        return None


def page_forms() -> PageForms:
    """Return what the page has of ours.

    :raises RuntimeError: in debug: its headers are sent, and let shared caches keep this visitor's IDs and token.
    """
    forms: PageForms | None = request.environ.get(HOLDS_FORMS)
    if forms is None or keys_being_computed():
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        warn_of_kept_page(app, state_of(app), request.endpoint)
    if forms is None:
        check_still_private()
        after_this_request(mend_no_referrer)
        forms = request.environ[HOLDS_FORMS] = PageForms(request.environ)
        # Flask-WTF's token of this request; g may hold another visitor's, where an app context outlives requests
        g.pop(token_field(), None)
        warn_of_lost_cookie(app, state_of(app), request)
    return forms


def token_field() -> str:
    name: str = current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    return name


def csrf_token() -> str:
    """Return Flask-WTF's token, which the session must hold when it is sent."""
    before = session.get(token_field())
    token: str = generate_csrf()
    if session.get(token_field()) != before:
        check_session_is_sent()
    return token
