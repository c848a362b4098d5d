"""The second pass: the page that a call wants, rendered after the call's own request is over.

So the page never shares a database session or a lock with the action. The pass runs in process, on a copy of the
environ that the request came in with, once, and is known by an object in that environ.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote_to_bytes

from werkzeug.http import parse_options_header
from werkzeug.wsgi import ClosingIterator

from ..http.cookies import cookies_after, last_of_each
from ..http.envelope import NO_PAGE, with_page
from ..http.headers import BODY_HEADERS, Pairs, first_value, names_in, values_of, with_header, without
from ..http.locations import path_in_app, redirect_target
from ..http.negotiation import HTML, HTML_UTF8
from ..http.page_arguments import REGIONS_KEY, ActionArgument, names_of_path
from ..logs import logger
from ..operation import HOLDS_FORMS, MiddlewareState, Rerender
from .form_pages import headers_of_forms
from .page_sessions import FLASHED

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


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
        "HTTP_TRANSFER_ENCODING",
        "HTTP_X_CSRFTOKEN",
        "HTTP_X_CSRF_TOKEN",
        "HTTP_X_HTTP_METHOD_OVERRIDE",
        ActionArgument.KEY,
        "werkzeug.debug.preserve_context",
        "wsgi.input_terminated",
    }
)
DROPPED_PREFIXES = ("HTTP_IF_", "HTTP_CONTENT_", "HTTP_SEC_FETCH_", "HTTP_SERVERACTIONS_")
#: headers of the page that are not sent: the action's stand in their place
NOT_THE_PAGES = frozenset(
    {"content-length", "cache-control", "expires", "pragma", "etag", "last-modified", "vary", "set-cookie", "date"}
)


REDIRECTS = frozenset({"301", "302", "303", "307", "308"})


@dataclass(slots=True, eq=False)
class CapturedResponse:
    """What a WSGI application answered, read whole.

    Its headers stay the pairs that they are: ``Headers`` would check each of them again.
    """

    status: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    came: Mapping[str, str] = field(init=False)  # the first of its headers of each name, in lower case, as they came

    def __post_init__(self) -> None:
        # looked at once: to go through a few headers again for each question takes a hundredth of an answer with a page
        self.came = {name.lower(): value for name, value in reversed(self.headers)}

    @property
    def is_redirect(self) -> bool:
        return self.status[:3] in REDIRECTS and "location" in self.came

    @property
    def location(self) -> str:
        return first_value(self.headers, "location")


def render_page(
    app: WSGIApplication,
    rerender: Rerender,
    state: MiddlewareState,
    answered: CapturedResponse,
    token_headers: tuple[str, ...],
) -> CapturedResponse | None:
    """Return the page that is requested, or where it leads to; None where it can't be used.

    The session is then what it was before.

    :param answered: the action's answer, with the cookies that it sets.
    :param token_headers: the environ keys of the CSRF token's headers.
    """
    page_state = MiddlewareState(page_for=rerender)
    page = rendered(app, rerender, state, page_state, answered, token_headers)
    if page is None and page_state.undo is not None:
        page_state.undo()
    return page


def rendered(
    app: WSGIApplication,
    rerender: Rerender,
    state: MiddlewareState,
    page_state: MiddlewareState,
    answered: CapturedResponse,
    token_headers: tuple[str, ...],
) -> CapturedResponse | None:
    environ = page_environ(state.environ, rerender, answered, token_headers)
    environ[MiddlewareState.KEY] = page_state
    if rerender.messages:
        environ[FLASHED] = rerender
    try:
        page = run(app, environ)
    except Exception:
        logger.exception("The page %r raised while it was rendered for an action", rerender.target[:300])
        return None
    if page is None:
        return None
    if page.is_redirect:
        return led_to(page, rerender, environ)
    if rerender.must_show and not (rerender.submission and rerender.submission.is_shown):
        return None
    if HOLDS_FORMS in environ and not rerender.as_json:  # of which none but cookies are sent
        page.headers = headers_of_forms(page.headers, environ)
    return page


def place_page(answered: CapturedResponse, page: CapturedResponse, rerender: Rerender) -> CapturedResponse:
    """Return an answer with the page in it, or in its place, or leading where the page leads."""
    if rerender.as_json:
        return with_page_in(uncompressed(answered, rerender), page)
    return redirect_to_page(answered, page) if page.is_redirect else replace_by_page(answered, page)


def unused_write(data: bytes) -> None:
    raise RuntimeError("Flask does not use WSGI's write().")


class PageResponse:
    """Notes what the app answers; nothing is sent."""

    def __init__(self) -> None:
        self.has_begun = False
        self.answered: CapturedResponse | None = None

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.has_begun = True
        self.answered = CapturedResponse(status, headers)
        return unused_write


class Begins(Protocol):
    """Notes that an answer has begun."""

    has_begun: bool


def begun(body: Iterable[bytes], answer: Begins) -> Iterable[bytes]:
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
    arrived: Mapping[str, Any], rerender: Rerender, answered: CapturedResponse, token_headers: tuple[str, ...]
) -> dict[str, Any]:
    """Return the environ of ``GET target``, with the cookies as the action left them."""
    environ = dict(arrived)
    for key in keys_to_drop(tuple(arrived), token_headers):
        del environ[key]
    path, _, query = rerender.target.encode().decode("latin-1").partition("?")
    cookies = arrived.get("HTTP_COOKIE", "")
    if "set-cookie" in answered.came:
        cookies_set = values_of(answered.headers, "set-cookie")
        cookies = cookies_after(cookies, cookies_set, quote(rerender.cookie_root, safe="/%") + path)
    environ["REQUEST_METHOD"] = "GET"
    environ["PATH_INFO"] = mount_inside(arrived, rerender) + unquote_to_bytes(path).decode("latin-1")
    environ["QUERY_STRING"] = query
    environ["HTTP_ACCEPT"] = HTML
    environ["HTTP_COOKIE"] = cookies
    for key in ("REQUEST_URI", "RAW_URI"):
        if key in environ:
            environ[key] = quote(rerender.mount, safe="/%") + path + (f"?{query}" if query else "")
    if rerender.submission and rerender.submission.region:  # without scripts nobody names those that are loaded
        environ[REGIONS_KEY] = names_of_path(rerender.submission.region) | environ.get(REGIONS_KEY, frozenset())
    environ["wsgi.input"] = BytesIO()
    environ["wsgi.errors"] = arrived.get("wsgi.errors", sys.stderr)
    return environ


@lru_cache(maxsize=16)  # the keys of a server, and of a browser's headers, are nearly always the same
def keys_to_drop(keys: tuple[str, ...], token_headers: tuple[str, ...]) -> list[str]:
    return [key for key in keys if key in DROPPED or key in token_headers or key.startswith(DROPPED_PREFIXES)]


def mount_inside(arrived: Mapping[str, Any], rerender: Rerender) -> str:
    """Return the part of the mount point that a middleware below ours moves from ``PATH_INFO`` to ``SCRIPT_NAME``."""
    if not rerender.mount:
        return ""
    mount, outside = rerender.mount.encode().decode("latin-1"), arrived.get("SCRIPT_NAME", "")
    inside = mount[len(outside) :] if mount.startswith(outside) else ""
    return inside if inside and arrived.get("PATH_INFO", "").startswith(f"{inside}/") else ""


def run(app: WSGIApplication, environ: WSGIEnvironment) -> CapturedResponse | None:
    """Return what the app answers, where it is a page that a browser would show, or a redirect; else it is closed."""
    second = PageResponse()
    body = begun(app(environ, second.start_response), second)
    page = second.answered
    if page is None or not (page.is_redirect or is_whole_page(page, body)):
        close(body)
        return None
    page.body = read_whole(body)
    return page


def is_whole_page(page: CapturedResponse, body: Iterable[bytes]) -> bool:
    if page.status[:3] != "200" and not page.status.startswith("4"):
        return False
    came = page.came
    if "content-encoding" in came or "content-range" in came:
        return False
    if media_type_of(page)[0].lower() != HTML or not is_shown(page):
        return False
    return "content-length" in came or isinstance(body, (list, tuple))


def media_type_of(page: CapturedResponse) -> tuple[str, dict[str, str]]:
    """Return a page's media type and its parameters; Flask's own is known, and need not be parsed."""
    given = page.came.get("content-type", "")
    return (HTML, {"charset": "utf-8"}) if given == HTML_UTF8 else parse_options_header(given)


def is_shown(page: CapturedResponse) -> bool:
    """Whether a browser shows a page in its own origin: it is no attachment, and not in a sandbox (CSP3, 6.4.1)."""
    if "content-disposition" not in page.came and "content-security-policy" not in page.came:
        return True
    if parse_options_header(first_value(page.headers, "content-disposition"))[0].lower() not in ("", "inline"):
        return False
    directives = re.split("[;,]", ",".join(values_of(page.headers, "content-security-policy")).lower())
    return not any(each.split()[:1] == ["sandbox"] for each in directives)


def led_to(page: CapturedResponse, rerender: Rerender, environ: Mapping[str, Any]) -> CapturedResponse | None:
    """Return a page's redirect for a browser to follow; None for a script, and where it leads out of this app."""
    target = redirect_target(page.location, rerender.target, rerender.mount)
    own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}/"
    if rerender.as_json or target is None or path_in_app(target, own, rerender.mount) is None:
        return None
    page.headers = with_header(page.headers, "Location", target)
    return page


def redirect_to_page(answered: CapturedResponse, page: CapturedResponse) -> CapturedResponse:
    """Return a redirect to where the page leads (a guard may lead to sign in), with the cookies of both."""
    headers = with_header(without(answered.headers, BODY_HEADERS), "Location", page.location)
    return CapturedResponse("303 SEE OTHER", with_cookies(headers, page.headers))


def uncompressed(answered: CapturedResponse, rerender: Rerender) -> CapturedResponse:
    """Return a JSON answer as it was made, where something compressed it on its way here."""
    if "content-encoding" in answered.came:
        answered.headers = without(answered.headers, {"content-encoding"})
        answered.body = b"".join(rerender.body)
    return answered


def with_page_in(answered: CapturedResponse, page: CapturedResponse) -> CapturedResponse:
    if NO_PAGE not in answered.body:
        return answered
    charset = media_type_of(page)[1].get("charset", "utf-8")
    try:
        text = page.body.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return answered
    answered.body = with_page(answered.body, text)
    if "set-cookie" in page.came or "set-cookie" in answered.came:
        answered.headers = with_cookies(answered.headers, page.headers)
    return answered


def replace_by_page(answered: CapturedResponse, page: CapturedResponse) -> CapturedResponse:
    """Return the page with the action's status and cache headers; of all else the page's own are sent.

    A browser may keep it for Back, which then shows what was typed, unless the action or the page says otherwise.
    """
    of_page = without(page.headers, NOT_THE_PAGES)
    headers = without(answered.headers, BODY_HEADERS | names_in(of_page))
    kept_by_nobody = first_value(headers, "cache-control") == "no-store"
    if kept_by_nobody and "no-store" not in first_value(page.headers, "cache-control").lower():
        headers = with_header(headers, "Cache-Control", "private, no-cache")
    return CapturedResponse(answered.status, [*with_cookies(headers, page.headers), *of_page], page.body)


def with_cookies(headers: list[tuple[str, str]], of_page: Pairs) -> list[tuple[str, str]]:
    """Let the page's cookies follow the action's; of the same name, domain and path the last one alone."""
    cookies = [*values_of(headers, "set-cookie"), *values_of(of_page, "set-cookie")]
    if not cookies:
        return headers
    return [*without(headers, {"set-cookie"}), *(("Set-Cookie", cookie) for cookie in last_of_each(cookies))]
