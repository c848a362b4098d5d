"""The WSGI middleware around an app: what comes before its first step, and after its last one.

It takes the argument ``_action`` out of a page's query, hands forms that are no action's to the page itself, and lets
the second pass follow a call that wants its page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ..app_state import AppState
from ..http.concurrency import shares_one_thread
from ..http.envelope import envelope_of
from ..http.headers import values_of, with_header, without
from ..http.locations import is_below, readable_query, redirect_target
from ..http.negotiation import ANSWER, CLOSED_TO_CACHES, JSON, wants_html
from ..http.page_arguments import (
    ACTION_ARGUMENT,
    REGIONS_ARGUMENT,
    REGIONS_HEADER,
    REGIONS_KEY,
    ActionArgument,
    is_field,
    parse_names,
    without_action,
    without_regions,
)
from ..logs import loggable, logger
from ..operation import (
    HOLDS_FORMS,
    SENDS_NO_COOKIES,
    SENT_HEADERS,
    MiddlewareState,
    Rerender,
    middleware_state_of,
)
from ..shared.streams import event
from .downloads import LEAVE, with_stay
from .foreign_forms import is_foreign
from .form_pages import headers_of_forms
from .page_urls import url_of
from .prefetch import CLEAR
from .second_pass import CapturedResponse, begun, close, place_page, read_whole, render_page, unused_write, with_page_in

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MARK = ANSWER.lower()  # what our own headers begin with
RENDERED = "Serveractions-Rendered"  # when, by our clock: which of two pages is the fresher one
UNREAD = "Serveractions-Unread"  # the page does not show what was flashed: the client does


class Middleware:
    """The middleware around ``app.wsgi_app``.

    :param start: called before the first request of any URL; what it raises comes through.
    :param token_headers: gives the environ keys of the CSRF token's headers.
    """

    def __init__(
        self,
        app: WSGIApplication,
        state: AppState,
        start: Callable[[], None],
        token_headers: Callable[[], tuple[str, ...]],
    ) -> None:
        self.app = app
        self.state = state
        self.start: Callable[[], None] | None = start
        self.limit = 0  # bytes of a form that are looked through, whatever it calls
        self.token_headers = token_headers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start = self.start  # another thread may set it to None meanwhile
        if start is not None:
            start()
            self.limit = largest_limit(self.state)
            self.start = None
            if shares_one_thread():
                logger.warning(
                    "WsgiToAsgi serves one request at a time: whoever waits, for a stream too, keeps everybody waiting."
                    " Call it in an asgiref.sync.ThreadSensitiveContext."
                )
        query = environ.setdefault("QUERY_STRING", "")
        if not query.isascii():
            query = environ["QUERY_STRING"] = readable_query(query)
        begin = partial(self.begin, environ, start_response)
        if REGIONS_ARGUMENT in query or REGIONS_HEADER in environ:
            query = take_regions(environ, query)
        if ACTION_ARGUMENT in query:
            self.take_action(environ, query)
        if environ["REQUEST_METHOD"] == "POST" and self.may_call(environ) and MiddlewareState.KEY not in environ:
            return self.follow(environ, begin)
        return self.app(environ, begin)

    def may_call(self, environ: WSGIEnvironment) -> bool:
        """Whether a POST may call an action: on a page, or anywhere below the prefix."""
        return ActionArgument.KEY in environ or self.state.settings.url_prefix in environ.get("PATH_INFO", "")

    def take_action(self, environ: WSGIEnvironment, query: str) -> None:
        """Move ``_action`` from the query into the environ, where a form of ours was posted; else drop it."""
        environ["QUERY_STRING"], action = without_action(query)
        if environ["REQUEST_METHOD"] == "GET" and is_field(query):
            logger.warning(
                'A form of an action was sent to %s by GET, which runs nothing. Write it as <form method="post">.',
                loggable(url_of(environ).partition("?")[0]),  # the rest is what was typed, and the token
            )
        if action is None or environ["REQUEST_METHOD"] != "POST":
            return
        if is_foreign(environ, self.limit, self.state.settings.allowed_origins, self.token_headers):
            logger.warning(
                "A form without the field %s was posted to %s, and is handed to that page."
                " If it was meant for an action, make it with action_form, or write {{ action_fields(action) }} in it.",
                ACTION_ARGUMENT,
                loggable(url_of(environ)),
            )
        else:
            environ[ActionArgument.KEY] = action

    def begin(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        status: str,
        headers: list[tuple[str, str]],
        *exc_info: Any,
    ) -> Any:
        """Start an answer; one that holds a form of ours is kept out of shared caches, and its forms usable."""
        headers = self.with_own_marks(headers)
        if SENDS_NO_COOKIES in environ:
            headers = without(headers, {"set-cookie"})
        state = middleware_state_of(environ)
        if state is not None and state.reached:
            headers = [*headers, CLEAR]
        if HOLDS_FORMS in environ:
            headers = headers_of_forms(headers, environ)
        if LEAVE in environ.get("HTTP_COOKIE", ""):
            headers = with_stay(status, headers, environ)
        environ[SENT_HEADERS] = headers
        return start_response(status, headers, *exc_info)

    def with_own_marks(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Say of our own answers what they are, and let nobody else say it.

        Inside the app the value of ``Serveractions`` and ``Serveractions-…`` begins with a secret; what follows it is
        sent, else "1".
        """
        for name, _ in headers:  # any() takes a hundredth of a small answer, and lower() half of that
            if name and name[0] in "Ss" and name.lower().startswith(MARK):
                break
        else:
            return headers
        secret = self.state.answer_mark
        others, marks = [], []
        for name, value in headers:
            if name[:1] not in "Ss" or not name.lower().startswith(MARK):
                others.append((name, value))
            elif value.startswith(secret):
                marks.append((name, value.removeprefix(secret) or "1"))
        return others + marks

    def follow(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Run the app, and after it what the call wants."""
        state = MiddlewareState(environ=environ.copy())  # without the state: it shall not hold itself
        environ[MiddlewareState.KEY] = state
        first = ActionResponse(start_response, environ, state, self.state.settings.url_prefix)
        body = begun(self.app(environ, first.start_response), first)
        if state.streams:
            return EventStream(self, state, body)
        answered = first.answered
        if answered is None:
            return body
        answered.body = read_whole(body)
        if state.rerender is None:
            answered = self.led_away(answered, environ)
        elif answered.status.startswith(str(state.rerender.status)):  # else it is the app's own page for an error
            began = time.time()
            page = self.render(state.rerender, state, answered)
            if page is not None:
                answered = place_page(answered, page, state.rerender)
                if state.rerender.as_json:
                    answered.headers = [*answered.headers, (RENDERED, f"{self.state.answer_mark}{began:.6f}")]
                if state.rerender.leaves_messages:
                    answered.headers.append((UNREAD, f"{self.state.answer_mark}true"))
        start_response(answered.status, with_header(answered.headers, "Content-Length", str(len(answered.body))))
        return [answered.body]

    def render(self, rerender: Rerender, state: MiddlewareState, answered: CapturedResponse) -> CapturedResponse | None:
        return render_page(self.app, rerender, state, answered, self.token_headers())

    def led_away(self, answered: CapturedResponse, environ: WSGIEnvironment) -> CapturedResponse:
        """Return a guard's redirect as an answer of ours, with its cookies; one to no http(s) URL as it is."""
        target = redirect_target(answered.location, url_of(environ), environ.get("SCRIPT_NAME", ""))
        if target is None:
            return answered
        cookies = [("Set-Cookie", cookie) for cookie in values_of(answered.headers, "set-cookie")]
        headers = [("Content-Type", JSON), *CLOSED_TO_CACHES, (ANSWER, self.state.answer_mark), *cookies]
        return CapturedResponse("200 OK", headers, envelope_of("null", target))


def largest_limit(state: AppState) -> int:
    """Return the greatest size of a body that any action takes: by one for all names none is told from another."""
    own = (operation.max_content_length or 0 for operation in state.actions.values())
    return max([state.settings.max_content_length, *own])


def take_regions(environ: WSGIEnvironment, query: str) -> str:
    """Move ``_regions`` from the query into the environ, and what a call says in a header; return the query."""
    query, names = without_regions(query)
    if environ["REQUEST_METHOD"] == "POST":
        names |= parse_names(environ.get(REGIONS_HEADER, ""))
    environ["QUERY_STRING"], environ[REGIONS_KEY] = query, names
    return query


class EventStream(Iterator[bytes]):
    """A stream of events, and after its context is closed the last event, with the page in it."""

    def __init__(self, middleware: Middleware, state: MiddlewareState, body: Iterable[bytes]) -> None:
        self.middleware = middleware
        self.state = state
        self.body = body
        self.chunks = iter(body)

    def __next__(self) -> bytes:
        chunk = next(self.chunks, None)
        if chunk is not None:
            return chunk
        self.close()
        if self.state.last_event is None:
            raise StopIteration
        (name, answer), self.state.last_event = self.state.last_event, None
        rerender, answered = self.state.rerender, CapturedResponse("200 OK", [], answer)
        page = self.middleware.render(rerender, self.state, answered) if rerender is not None else None
        return event(name, (with_page_in(answered, page) if page is not None else answered).body.decode().strip())

    def close(self) -> None:
        close(self.body)


class ActionResponse:
    """Holds the action's own start back until it is known whether a page is requested, or a guard leads elsewhere."""

    def __init__(
        self, start_response: StartResponse, environ: WSGIEnvironment, state: MiddlewareState, url_prefix: str
    ) -> None:
        self.real = start_response
        self.environ = environ
        self.state = state
        self.url_prefix = url_prefix
        self.has_begun = False
        self.answered: CapturedResponse | None = None

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.has_begun = True
        self.answered = None if exc_info is not None else self.held(status, headers)
        if self.answered is not None:
            return unused_write
        return self.real(status, headers, exc_info) if exc_info is not None else self.real(status, headers)

    def held(self, status: str, headers: list[tuple[str, str]]) -> CapturedResponse | None:
        """Return an answer that the page follows, or that leads a call away from its door; None for any other one."""
        if self.state.rerender is None and self.state.reached:  # nearly every call
            return None
        answered = CapturedResponse(status, headers)
        return answered if self.state.rerender is not None or self.is_led_away(answered) else None

    def is_led_away(self, answered: CapturedResponse) -> bool:
        """Whether a guard before the door redirects a call that asks for JSON."""
        if not answered.is_redirect or not is_call(self.environ, self.url_prefix):
            return False
        accept = self.environ.get("HTTP_ACCEPT", "")
        return JSON in accept and not wants_html(accept)


def is_call(environ: WSGIEnvironment, url_prefix: str) -> bool:
    """Whether a POST calls an action: on a page, or under the prefix without one."""
    path = environ.get("PATH_INFO", "")
    is_direct = is_below(path, url_prefix) and not path.startswith(f"{url_prefix}/-/")
    return is_direct or ActionArgument.KEY in environ
