"""Who acts on a page waits until it is ready: it has loaded, and what the client has asked for has come.

A page can be seen before its client runs, and the client runs before its later modules are there. What Playwright does
on a page waits for its target alone: on a machine that is busy it would press a button in that time, and the browser
would send the form itself. Tests of that very time say :func:`at_once`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary, WeakSet

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Keyboard, Locator, Mouse, Page, Request

PATIENCE = 60_000  # milliseconds, for a machine that is busy
LATER = ("/screen.js", "/live.js", "/transfer.js")

POINTED = ["check", "click", "dblclick", "hover", "uncheck"]
TYPED = ["blur", "clear", "fill", "focus", "press", "press_sequentially", "select_option", "set_checked"]
READ = ["evaluate", "get_attribute", "inner_html", "inner_text", "input_value", "text_content"]
#: what is done to an element, which has to be there before its page can be known to be the new one
ON_ELEMENTS = [*POINTED, *TYPED, *READ, "dispatch_event", "set_input_files"]
#: what is done to a page as it is
ON_PAGES = ["content", "evaluate", "evaluate_handle", "title"]
#: what is done to those elements that are there
ON_WHAT_THERE_IS = ["all", "all_inner_texts", "all_text_contents", "count", "evaluate_all", "is_visible"]
ON_KEYBOARD = ["press", "type"]
ON_MOUSE = ["click", "move", "wheel"]

# Once a module was asked for, this waits for it: it's fetched and run once. One that doesn't come is no matter of ours,
# nor is one of a page that has been left for another origin's
ARRIVAL = "url => url.startsWith(`${origin}/`) && import(url).then(() => {}, () => {})"

asked: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()
awaited: WeakKeyDictionary[Page, str] = WeakKeyDictionary()
hurried: WeakSet[Page] = WeakSet()
pages: WeakKeyDictionary[Keyboard | Mouse, Page] = WeakKeyDictionary()
evaluate = Page.evaluate


@contextmanager
def at_once(page: Page) -> Iterator[None]:
    """Act on a page as it is, though something of it is yet to come."""
    hurried.add(page)
    try:
        yield
    finally:
        hurried.discard(page)


def note(request: Request) -> None:
    if not urlsplit(request.url).path.endswith(LATER):
        return
    page = request.frame.page
    if request.url != awaited.get(page):  # else we ask, once more, for one that did not come
        asked.setdefault(page, []).append(request.url)


def await_ready(page: Page) -> None:
    """Wait until a page has loaded, and its later modules with it."""
    if page in hurried:
        return
    page.wait_for_load_state()
    while urls := asked.pop(page, []):
        for url in urls:
            await_module(page, url)


def await_module(page: Page, url: str) -> None:
    awaited[page] = url
    try:
        evaluate(page, ARRIVAL, url)
    except Error:  # the page has been left
        page.wait_for_load_state()
    finally:
        del awaited[page]


def await_element(locator: Locator) -> None:
    if locator.page not in hurried:
        locator.first.wait_for(state="attached")
        await_ready(locator.page)


def await_selected(page: Page, selector: str) -> None:
    await_element(page.locator(selector))


def first(wait: Callable[..., None], action: Callable[..., Any]) -> Callable[..., Any]:
    """Return an action that is done after a wait for what it's done to, given its first arguments."""
    count = wait.__code__.co_argcount

    @wraps(action)
    def waiting(*given: Any, **options: Any) -> Any:
        wait(*given[:count])
        return action(*given, **options)

    return waiting


def keeping(page_owned: property) -> property:
    """Return a property of pages whose value knows its page."""

    def get(page: Page) -> Any:
        value = page_owned.__get__(page)
        pages[value] = page
        return value

    return property(get)


def opening(open_one: Callable[..., Any]) -> Callable[..., Any]:
    """Return how a browser opens a context, or a page in one of its own, that notes which modules are asked for."""

    @wraps(open_one)
    def opening(browser: Browser, **options: Any) -> Any:
        opened = open_one(browser, **options)
        context: BrowserContext = getattr(opened, "context", opened)
        context.set_default_timeout(PATIENCE)
        context.on("request", note)
        return opened

    return opening


def wait_for_pages(patch: pytest.MonkeyPatch) -> None:
    """Let all that acts on pages wait for them."""
    for owner, names, wait in (
        (Locator, ON_ELEMENTS, await_element),
        (Locator, ON_WHAT_THERE_IS, lambda locator: await_ready(locator.page)),
        (Page, set(ON_ELEMENTS) - {"blur", "clear", "evaluate", "press_sequentially"}, await_selected),
        (Page, ON_PAGES, await_ready),
        (Keyboard, ON_KEYBOARD, lambda keyboard: await_ready(pages[keyboard])),
        (Mouse, ON_MOUSE, lambda mouse: await_ready(pages[mouse])),
    ):
        for name in names:
            patch.setattr(owner, name, first(wait, getattr(owner, name)))
    patch.setattr(Page, "keyboard", keeping(Page.keyboard))
    patch.setattr(Page, "mouse", keeping(Page.mouse))
    for name in ("new_context", "new_page"):
        patch.setattr(Browser, name, opening(getattr(Browser, name)))
