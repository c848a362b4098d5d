"""Regions: parts of a page that can be asked for, watched, or come later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask, Request, current_app, got_request_exception, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from ..app_state import AppState, localize, state_of
from ..forms.inputs import render_attributes
from ..http.locations import mounted
from ..http.page_arguments import REGION_NAME, REGIONS_KEY, with_regions
from ..operation import Region
from ..scope import running_app, scope
from ..security.access import NOBODYS
from ..stores.store import StoreUnavailable
from ..wsgi.page_urls import page_of_forms
from .blocks import rendered_block
from .page_forms import page_forms, place_here, visitor_for
from .topics import topic_of

POSITION = "flask_serveractions.position"  # in the scope: how far the store was before the request began

#: what stands in elements that hold nothing but elements of theirs: a parser puts other text before a table
WRAPPERS = {
    **dict.fromkeys(("ul", "ol", "menu"), Markup("<li>{}</li>")),
    **dict.fromkeys(("table", "tbody", "thead", "tfoot"), Markup("<tr><td>{}</td></tr>")),
    "tr": Markup("<td>{}</td>"),
    "dl": Markup("<dd>{}</dd>"),
}

WAITING, LOADED, FAILED = "waiting", "loaded", "failed"  # what a lazy region can be


def region(
    name: str,
    tag: str = "div",
    attrs: Mapping[str, Any] | None = None,
    lazy: bool = False,
    fallback: str = "",
    live: Iterable[str] = (),
    *,
    caller: Callable[[], str] | None = None,
) -> Markup:
    """Return a region of the page: ``{% call region("todos", tag="ul") %}…{% endcall %}``.

    :param name: letters, digits and ``_.:-``; unique on the page.
    :param tag: of the element that is the region.
    :param attrs: further attributes of it.
    :param lazy: its content is left out, and not even rendered, until it is asked for: then the fallback stands in its
        place, with a link to the same page with the content. The client asks when the page is there.
    :param fallback: text, which in a list or a table stands in an item or a row; or ``Markup``, as it is.
    :param live: tags; when one of them is revalidated in any process, the pages that are open show themselves anew.
    :raises ValueError: a name or a tag that can't be one.
    """
    if caller is None:
        raise TypeError(f"region({name!r}) needs a body: {{% call region({name!r}) %}}…{{% endcall %}}.")
    if not REGION_NAME.fullmatch(name):
        raise ValueError(f"region({name!r}): give a name of letters, digits and _.:- alone.")
    if not tag.replace("-", "").isalnum():
        raise ValueError(f"region({name!r}, tag={tag!r}): give the name of an element: 'ul'.")
    state, content = "", Markup("")
    around = place_here().region
    with inside(Region(name, lazy, f"{around.path} {name}" if around else name)):
        state, content = lazy_content(name, tag, caller, fallback) if lazy else ("", Markup(rendered_block(caller)))  # noqa: S704
    attributes = {"data-region": name, "data-lazy": state or None, **live_attributes(live), **(attrs or {})}
    return Markup("<{0} {1}>{2}</{0}>").format(tag, render_attributes(attributes), content)


@contextmanager
def inside(entered: Region) -> Iterator[None]:
    """Let the forms that are rendered in the body know their region: the innermost one."""
    place = place_here()
    around, place.region = place.region, entered
    try:
        yield
    finally:
        place.region = around


def lazy_content(name: str, tag: str, caller: Callable[[], str], fallback: str) -> tuple[str, Markup]:
    """Return what a lazy region is, and what it shows."""
    if not wants_region(name):
        return WAITING, fallback_in(tag, fallback, link_to(name, "Show"))
    try:
        return LOADED, Markup(rendered_block(caller))  # noqa: S704  # a template that does not escape means what it gives
    except HTTPException:
        raise
    except Exception as error:
        return FAILED, wrapped_in(tag, failure_of(name, error))


def fallback_in(tag: str, fallback: str, link: Markup) -> Markup:
    """Return a fallback and the link after it: a ``Markup`` is a row or an item already, where it has to be one."""
    if isinstance(fallback, Markup):
        return Markup("{} {}").format(fallback, wrapped_in(tag, link))
    return wrapped_in(tag, Markup("{} {}").format(fallback, link))


def wrapped_in(tag: str, content: Markup) -> Markup:
    wrapper = WRAPPERS.get(tag.lower())
    return content if wrapper is None else wrapper.format(content)


def failure_of(name: str, error: Exception) -> Markup:
    """Log why a lazy region can't be shown, and return what is told in its place; the rest of the page stands."""
    app = running_app()
    app.logger.error("Exception in the region %s", name, exc_info=error)
    got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
    text = f"{type(error).__name__}: {error}" if app.debug else localize(app, "This part can't be shown just now.")
    told = Markup('<p class="serveractions-error" role="alert">{}</p> {}')
    return told.format(text, link_to(name, "Try again"))


def link_to(name: str, text: str) -> Markup:
    """Return a link to the same page with one more region."""
    app = running_app()
    page = mounted(request.root_path, page_of_forms(request.environ, state_of(app).settings.url_prefix))
    url = with_regions(page, sorted({*request.environ.get(REGIONS_KEY, ()), name}))
    return Markup('<a data-lazy-link rel="nofollow" href="{}">{}</a>').format(url, localize(app, text))


def wants_region(name: str) -> bool:
    """Whether the content of a lazy region is asked for: a view can skip the work for one that is not.

    :param name: as ``region(name, lazy=True)`` has it.
    """
    return name in request.environ.get(REGIONS_KEY, ())


def live_attributes(given: Iterable[str]) -> dict[str, str]:
    tags = given if isinstance(given, str) else tuple(given or ())  # what a filter of Jinja's gives is read once
    if not tags:
        return {}
    if isinstance(tags, str) or not all(isinstance(tag, str) and tag for tag in tags):
        raise ValueError(f"region(live={tags!r}): give a sequence of tags, each a text: live=('todos',).")
    state = state_of(current_app)
    state.live_endpoints[request.endpoint or ""] = True
    since = scope().get(POSITION, "")
    if not since:
        open_store(state)
    visitor = visitor_for(page_forms(), state, NOBODYS, {})
    return {"data-live": topic_of(state, tags, visitor), "data-since": since}


def open_store(state: AppState) -> None:
    """Let other processes know by the store that there is something to tell."""
    with suppress(StoreUnavailable):  # the page is usable, and asks when it is open
        state.live.position()


def remember_position(state: AppState, asked: Request) -> None:
    """Note how far the store is before a page with live regions is made: what changes from then on is news to it."""
    endpoint = asked.endpoint
    if endpoint is None or state.live_endpoints.get(endpoint) is False:
        return
    state.live_endpoints.setdefault(endpoint, False)  # until it renders such a region
    if state.is_store_used():
        try:
            scope()[POSITION] = str(state.live.position())
        except StoreUnavailable:
            return


def install(app: Flask) -> None:
    """Give an app's templates the helpers."""
    app.jinja_env.globals.update(region=region, wants_region=wants_region)
