"""What the page that is being rendered has of ours: its visitor, its token, where its forms are posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import after_this_request, g, request, session
from markupsafe import escape

from ..app_state import AppState, state_of
from ..http.locations import mounted
from ..http.page_arguments import before_value
from ..operation import HOLDS_FORMS, Operation, Region, Submission, middleware_state_of
from ..scope import running_app, running_request, running_session, scope
from ..security.access import NOBODYS
from ..security.origin import token_field, wants_token
from ..security.signing import KeyRing, new_raw_token, who_mark
from ..security.visitors import distinct_identity, known_identity, remember_session, visitor_for_page, visitor_of
from ..shared.caching import keys_being_computed
from ..wsgi.form_pages import mend_no_referrer
from ..wsgi.page_urls import page_of_forms
from ..wsgi.quick_sessions import spare_vary
from .unusable_forms import check_session_is_sent, check_still_private, warn_of_kept_page, warn_of_lost_cookie

if TYPE_CHECKING:
    from flask import Flask, Response

PLACE = "flask_serveractions.place"  # in the scope


@dataclass(slots=True, eq=False)
class Place:
    """Where on the page something is being rendered."""

    region: Region | None = None  # None outside of all


def place_here() -> Place:
    here = scope()
    place: Place | None = here.get(PLACE)
    if place is None:
        place = here[PLACE] = Place()
    return place


@dataclass(slots=True, eq=False)
class PageForms:
    """What the page that is being rendered has of ours."""

    place: Place  # and not the environ, which holds this: such a circle stays until the garbage collector comes
    submission: Submission | None = None  # what it is to show, where it is rendered for a call
    seen: dict[tuple[str, str, str], int] = field(default_factory=dict)  # equal forms: region, action, payload
    ids: set[str] = field(default_factory=set)  # of its forms
    ring: KeyRing | None = None
    fields: dict[str, str] = field(default_factory=dict)  # the hidden fields that name an action, rendered
    tokens: str | None = None  # the hidden field with the CSRF token, rendered
    visitor: str | None = None
    who: str | None = None  # its visitor's identity, as a mark
    url: str | None = None  # where its forms are posted, up to the name of the action
    escaped_url: str = ""
    made: dict[tuple[str, str], Any] = field(default_factory=dict)  # by factories, by action and payload
    open: str = ""  # the action whose form is being rendered


def ring_for(forms: PageForms, state: AppState) -> KeyRing:
    """Return the keys, looked for once for a page."""
    if forms.ring is None:
        forms.ring = state.signing.ring
    return forms.ring


def find_url(forms: PageForms, state: AppState) -> None:
    """Find the URL of the page, with its mount point; once for a page."""
    forms.url = before_value(mounted(request.root_path, page_of_forms(request.environ, state.settings.url_prefix)))
    forms.escaped_url = str(escape(forms.url))


def visitor_for(forms: PageForms, state: AppState, operation: Operation, bound: Mapping[str, Any]) -> str:
    if forms.visitor is None:
        forms.visitor = ""
        if state.settings.bind_session:
            own = running_session()
            before = visitor_of(own)
            forms.visitor = visitor_for_page(own, partial(find_visitor, state, operation, bound))
            if forms.visitor != before:
                after_this_request(remember_session_of)
                check_session_is_sent()
    return forms.visitor


def who_for(forms: PageForms, state: AppState, operation: Operation, bound: Mapping[str, Any]) -> str:
    """Return the mark of who looks at the page, so that nothing is sent as somebody else; found out once for a page."""
    if forms.who is None:
        if state.settings.bind_session:
            visitor_for(forms, state, operation, bound)
            known = known_identity(running_session())
        else:
            known = distinct_identity(find_visitor(state, operation, bound))
        forms.who = who_mark(ring_for(forms, state), known)
    return forms.who


def remember_session_of(response: Response) -> Response:
    remember_session(session)
    return response


def find_visitor(state: AppState, operation: Operation, bound: Mapping[str, Any]) -> Any:
    """Return who is looking at the page, also where the first form of it calls what they may not.

    Else the forms of two who may not would be one's and the other's, since of neither anything was known.
    """
    found = identify(state, operation, bound)
    return identify(state, NOBODYS, {}) if found is None and operation is not NOBODYS else found


def identify(state: AppState, operation: Operation, bound: Mapping[str, Any]) -> Any:
    """Ask the hook who is looking at the page; its refusals are for calls, not for pages.

    A first request is no exception: a proxy may say who it is, and a hook may make a guest of who has no cookie yet.
    """
    if state.hook is None:
        return None
    try:
        return state.hook.ask(running_app(), operation, bound)
    except Exception:
        return None


def page_forms() -> PageForms:
    """Return what the page has of ours.

    :raises RuntimeError: in debug: its headers are sent, and let shared caches keep this visitor's IDs and token.
    """
    forms: PageForms | None = scope().get(HOLDS_FORMS)
    if forms is None or keys_being_computed():
        app = running_app()
        warn_of_kept_page(app, state_of(app), request.endpoint)
    return begin_page() if forms is None else forms


def begin_page() -> PageForms:
    """Do what the first form of a page is the occasion for."""
    check_still_private()
    app = running_app()
    asked = running_request()
    environ = asked.environ
    middleware = middleware_state_of(environ)
    rerender = None if middleware is None else middleware.page_for
    after_this_request(finish_in_answer if rerender is not None and rerender.as_json else mend_no_referrer)
    forms = environ[HOLDS_FORMS] = PageForms(place_here(), None if rerender is None else rerender.submission)
    # Flask-WTF's token of this request; g may hold another visitor's, where an app context outlives requests
    g.pop(token_field(app.config), None)
    warn_of_lost_cookie(app, state_of(app), asked)
    return forms


def finish_in_answer(response: Response) -> Response:
    """Finish a page that goes into an answer, without its headers."""
    response.headers.add("Vary", "Cookie")  # for what caches within the app
    spare_vary(running_app(), running_session())
    return mend_no_referrer(response)


def csrf_token(app: Flask) -> str:
    """Return Flask-WTF's token, which the session must hold when it is sent; in ``g``, as Flask-WTF keeps it."""
    page_forms()  # from here on what g holds is of this request
    name, own, kept = token_field(app.config), running_session(), g._get_current_object()
    token: str | None = kept.get(name)
    if token is None:
        raw = own.get(name)
        if not isinstance(raw, str):
            raw = own[name] = new_raw_token()
            check_session_is_sent()
        token = state_of(app).signing.tokens.sign(raw)
        setattr(kept, name, token)
    return token


def token_input(app: Flask) -> str:
    """Return the hidden input that brings the CSRF token with a form; nothing where the app wants none."""
    return hidden_input(token_field(app.config), csrf_token(app)) if wants_token(app.config) else ""


def hidden_input(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n'
