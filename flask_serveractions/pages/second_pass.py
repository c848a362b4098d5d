"""The second pass: the page that a call wants, rendered after the call's own request is over.

A WSGI middleware, so that the page never shares a database session or a lock with the action. It runs in process, on a
copy of the environ that the request came in with, once, and is known by an object in that environ.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header
from werkzeug.wsgi import ClosingIterator

from ..http.cookies import cookies_after, last_of_each
from ..http.locations import readable_query
from ..http.negotiation import HTML, NO_PAGE, with_page
from ..operation import HOLDS_FORMS, SENT_HEADERS, MiddlewareState, Rerender
from ..shared.progress import event

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("flask_serveractions")

#: of a request, and not of the page's: bodies, conditions, ranges, tokens
DROPPED = frozenset(
    {
        "CONTENT_TYPE",
        "CONTENT_LENGTH",
        "HTTP_ACCEPT_ENCODING",
        "HTTP_EXPECT",
        "HTTP_IDEMPOTENCY_KEY",
        "HTTP_ORIGIN",
        "HTTP_PREFER",
        "HTTP_RANGE",
        "HTTP_SERVERACTIONS_VALIDATE",
        "HTTP_TRANSFER_ENCODING",
        "HTTP_X_CSRFTOKEN",
        "HTTP_X_CSRF_TOKEN",
        "HTTP_X_HTTP_METHOD_OVERRIDE",
        "werkzeug.debug.preserve_context",
        "wsgi.input_terminated",
    }
)
DROPPED_PREFIXES = ("HTTP_IF_", "HTTP_CONTENT_", "HTTP_SEC_FETCH_")
#: headers of the page that are not sent: the action's stand in their place
NOT_THE_PAGES = frozenset(
    {"content-length", "cache-control", "expires", "pragma", "etag", "last-modified", "vary", "set-cookie", "date"}
)


REFERRER_POLICIES = frozenset(
    {
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    }
)


#: headers of the action's answer that speak of the body which the page replaces
BODY_HEADERS = frozenset({"content-encoding", "content-length", "content-type", "etag", "last-modified"})


@dataclass(slots=True)
class CapturedResponse:
    """What a WSGI application answered, read whole."""

    status: str
    headers: Headers
    body: bytes = b""


class SecondPass:
    """The middleware around ``app.wsgi_app``.

    :param start: called before the first request of any URL; what it raises comes through.
    :param token_headers: gives the environ keys of the CSRF token's headers.
    """

    def __init__(
        self, app: WSGIApplication, start: Callable[[], None], token_headers: Callable[[], Iterable[str]]
    ) -> None:
        self.app = app
        self.start: Callable[[], None] | None = start
        self.token_headers = token_headers

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start = self.start  # another thread may set it to None meanwhile
        if start is not None:
            start()
            self.start = None
        environ["QUERY_STRING"] = readable_query(environ.get("QUERY_STRING", ""))
        if environ["REQUEST_METHOD"] != "POST" or MiddlewareState.KEY in environ:
            return self.app(environ, partial(start_page, environ, start_response))
        state = environ[MiddlewareState.KEY] = MiddlewareState()
        state.environ = environ.copy()
        first = ActionResponse(partial(start_page, environ, start_response), state)
        body = begun(self.app(environ, first.start_response), first)
        if state.streams:
            return EventStream(self, state, body)
        if state.rerender is None or first.answered is None:
            return body
        return self.follow(state.rerender, state, first.answered, body, start_response)

    def follow(
        self,
        rerender: Rerender,
        state: MiddlewareState,
        answered: CapturedResponse,
        body: Iterable[bytes],
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        answered.body = read_whole(body)
        is_ours = answered.status.startswith(str(rerender.status))  # and not the app's own page for an error since
        page = self.render(rerender, state, answered.headers) if is_ours else None
        if page is not None:
            answered = (
                with_page_in(uncompressed(answered, rerender), page)
                if rerender.as_json
                else replace_by_page(answered, page)
            )
        answered.headers["Content-Length"] = str(len(answered.body))
        start_response(answered.status, answered.headers.to_wsgi_list())
        return [answered.body]

    def render(self, rerender: Rerender, state: MiddlewareState, headers: Headers) -> CapturedResponse | None:
        """Return the page that is requested, or None where it can't be used; the session is then what it was."""
        page_state = MiddlewareState(second_pass=True, submission=rerender.submission)
        page = self._rendered(rerender, state, page_state, headers)
        if page is None and page_state.undo is not None:
            page_state.undo()
        return page

    def _rendered(
        self, rerender: Rerender, state: MiddlewareState, page_state: MiddlewareState, headers: Headers
    ) -> CapturedResponse | None:
        environ = page_environ(state.environ, rerender, headers, self.token_headers())
        environ[MiddlewareState.KEY] = page_state
        try:
            page = run(self.app, environ)
        except Exception:
            logger.exception("The page %r raised while it was rendered for an action", rerender.target[:300])
            return None
        if page is None or (rerender.must_show and not (rerender.submission and rerender.submission.is_shown)):
            return None
        if HOLDS_FORMS in environ:
            page.headers = Headers(for_forms(page.headers, environ))
        return page


def start_page(
    environ: WSGIEnvironment,
    start_response: StartResponse,
    status: str,
    headers: list[tuple[str, str]],
    *exc_info: Any,
) -> Any:
    """Start an answer; a page that holds a form of ours is kept out of shared caches, and its forms usable."""
    if HOLDS_FORMS in environ:
        headers = for_forms(Headers(headers), environ)
    environ[SENT_HEADERS] = headers
    return start_response(status, headers, *exc_info)


def for_forms(headers: Headers, environ: WSGIEnvironment) -> list[tuple[str, str]]:
    headers.setdefault("Cache-Control", "private")
    if "cookie" not in headers.get("Vary", "").lower():
        headers.add("Vary", "Cookie")
    if sends_no_referrer(headers):
        # browsers then post "Origin: null", which is nobody's own
        headers["Referrer-Policy"] = "same-origin"
        page = environ.get("PATH_INFO", "").encode("unicode_escape").decode("ascii")[:300]
        logger.warning("Referrer-Policy 'no-referrer' on %s would break its forms: sent as 'same-origin'", page)
    return headers.to_wsgi_list()


def sends_no_referrer(headers: Headers) -> bool:
    """Whether the last policy that browsers know is ``no-referrer`` (Referrer Policy, 4.1 and 8.1)."""
    policies = [each.strip().lower() for each in ",".join(headers.getlist("Referrer-Policy")).split(",")]
    return [each for each in policies if each in REFERRER_POLICIES][-1:] == ["no-referrer"]


class EventStream(Iterator[bytes]):
    """A stream of events, and after its context is closed the last event, with the page in it."""

    def __init__(self, middleware: SecondPass, state: MiddlewareState, body: Iterable[bytes]) -> None:
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
        rerender = self.state.rerender
        page = self.middleware.render(rerender, self.state, Headers()) if rerender is not None else None
        answered = CapturedResponse("200 OK", Headers(), answer)
        return event(name, (with_page_in(answered, page) if page is not None else answered).body.decode().strip())

    def close(self) -> None:
        close(self.body)


class ActionResponse:
    """Holds the action's own start back until it is known whether a page is requested."""

    def __init__(self, start_response: StartResponse, state: MiddlewareState) -> None:
        self.real = start_response
        self.state = state
        self.has_begun = False
        self.answered: CapturedResponse | None = None

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.has_begun = True
        if self.state.rerender is None or exc_info is not None:
            self.answered = None
            return self.real(status, headers, exc_info) if exc_info is not None else self.real(status, headers)
        self.answered = CapturedResponse(status, Headers(headers))
        return unused_write


def unused_write(data: bytes) -> None:
    raise RuntimeError("Flask does not use WSGI's write().")


class PageResponse:
    """Notes what the app answers; nothing is sent."""

    def __init__(self) -> None:
        self.has_begun = False
        self.answered: CapturedResponse | None = None

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.has_begun = True
        self.answered = CapturedResponse(status, Headers(headers))
        return unused_write


def begun(body: Iterable[bytes], answer: ActionResponse | PageResponse) -> Iterable[bytes]:
    """Return a body whose answer has begun; a middleware below ours may be a generator, which begins when read."""
    if answer.has_begun:
        return body
    chunks, head = iter(body), []
    for chunk in chunks:
        head.append(chunk)
        if answer.has_begun:
            break
    return ClosingIterator(chain(head, chunks), partial(close, body))


def read_whole(body: Iterable[bytes]) -> bytes:
    try:
        return b"".join(body)
    finally:
        close(body)


def close(body: Iterable[bytes]) -> None:
    closing = getattr(body, "close", None)
    if closing is not None:
        closing()


def page_environ(
    arrived: Mapping[str, Any], rerender: Rerender, headers: Headers, token_headers: Iterable[str]
) -> dict[str, Any]:
    """Return the environ of ``GET target``, with the cookies as the action left them."""
    dropped = DROPPED.union(token_headers)
    environ = {
        key: value for key, value in arrived.items() if key not in dropped and not key.startswith(DROPPED_PREFIXES)
    }
    path, _, query = rerender.target.partition("?")
    cookie_path = quote(rerender.cookie_root, safe="/%") + path
    environ.update(
        REQUEST_METHOD="GET",
        PATH_INFO=mount_inside(arrived, rerender) + unquote_to_bytes(path).decode("latin-1"),
        QUERY_STRING=query,
        HTTP_ACCEPT=HTML,
        HTTP_COOKIE=cookies_after(arrived.get("HTTP_COOKIE", ""), headers.getlist("Set-Cookie"), cookie_path),
    )
    for key in ("REQUEST_URI", "RAW_URI"):
        if key in environ:
            environ[key] = quote(rerender.mount, safe="/%") + rerender.target
    environ["wsgi.input"] = BytesIO()
    environ["wsgi.errors"] = arrived.get("wsgi.errors", sys.stderr)
    return environ


def mount_inside(arrived: Mapping[str, Any], rerender: Rerender) -> str:
    """Return the part of the mount point that a middleware below ours moves from ``PATH_INFO`` to ``SCRIPT_NAME``."""
    mount, outside = rerender.mount.encode().decode("latin-1"), arrived.get("SCRIPT_NAME", "")
    inside = mount[len(outside) :] if mount.startswith(outside) else ""
    return inside if inside and arrived.get("PATH_INFO", "").startswith(f"{inside}/") else ""


def run(app: WSGIApplication, environ: WSGIEnvironment) -> CapturedResponse | None:
    """Return what the app answers, where it is whole HTML with status 200; anything else is closed."""
    second = PageResponse()
    body = begun(app(environ, second.start_response), second)
    page = second.answered
    if page is None or not is_whole_page(page, body):
        close(body)
        return None
    page.body = read_whole(body)
    return page


def is_whole_page(page: CapturedResponse, body: Iterable[bytes]) -> bool:
    if page.status[:3] != "200" or parse_options_header(page.headers.get("Content-Type"))[0] != HTML:
        return False
    if "Content-Encoding" in page.headers or "Content-Range" in page.headers:
        return False
    return "Content-Length" in page.headers or isinstance(body, (list, tuple))


def uncompressed(answered: CapturedResponse, rerender: Rerender) -> CapturedResponse:
    """Return a JSON answer as it was made, where something compressed it on its way here."""
    if "Content-Encoding" in answered.headers:
        answered.headers.remove("Content-Encoding")
        answered.body = rerender.body
    return answered


def with_page_in(answered: CapturedResponse, page: CapturedResponse) -> CapturedResponse:
    if NO_PAGE not in answered.body:
        return answered
    charset = parse_options_header(page.headers["Content-Type"])[1].get("charset", "utf-8")
    try:
        text = page.body.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return answered
    answered.body = with_page(answered.body, text)
    add_cookies(answered.headers, page.headers)
    return answered


def replace_by_page(answered: CapturedResponse, page: CapturedResponse) -> CapturedResponse:
    """Return the page with the action's status and cache headers; of all else the page's own are sent."""
    of_page = [pair for pair in page.headers if pair[0].lower() not in NOT_THE_PAGES]
    replaced = BODY_HEADERS.union(name.lower() for name, _ in of_page)
    headers = Headers([pair for pair in answered.headers if pair[0].lower() not in replaced])
    add_cookies(headers, page.headers)
    headers.extend(of_page)
    return CapturedResponse(answered.status, headers, page.body)


def add_cookies(headers: Headers, of_page: Headers) -> None:
    """Let the page's cookies follow the action's; of the same name, domain and path the last one alone."""
    cookies = last_of_each([*headers.getlist("Set-Cookie"), *of_page.getlist("Set-Cookie")])
    headers.setlist("Set-Cookie", cookies)
