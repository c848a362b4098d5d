"""Live pages when something is wrong beneath them, and over several processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.live_todos import rows, set_todos
from tests.browser.stage import Stage, await_events, open_page, watch
from tests.live_servers import LiveServer, serving
from tests.stores_processes import RedisServer

pytest_plugins = ["tests.stores_fixtures"]

CATCHING_UP = 60_000  # milliseconds at most: a page asks less often the longer nobody answers


@pytest.fixture
def other(browser: Browser) -> Iterator[Page]:
    """Somebody else's page in another browser."""
    context = browser.new_context()
    page = context.new_page()
    problems = watch(page)
    yield page
    context.close()
    assert problems == []


def add(page: Page, text: str) -> None:
    page.fill("[name=text]", text)
    page.click("button")


def open_live(page: Page, url: str) -> None:
    """Open a page, and wait until its connection is."""
    with page.expect_response("**/-/live?**"):
        open_page(page, url)


def address(page: Page) -> str:
    return page.url.rpartition("/")[0]


def pages_fetched(page: Page) -> list[str]:
    """Note what a page fetches from now on, but for what its connection is."""
    fetched: list[str] = []

    def note(request: Request) -> None:
        if request.method == "GET" and "/-/live?" not in request.url:
            fetched.append(request.url)

    page.on("request", note)
    return fetched


# A topic that is void


def test_a_page_whose_topic_is_void_is_renewed_says_nothing_and_goes_on(stage: Stage, page: Page, other: Page) -> None:
    items = set_todos(stage)
    open_page(page, "/todos")
    topic = page.get_attribute("[data-region=todos]", "data-live")
    page.evaluate("window.same = true")
    page.context.clear_cookies()  # signed out elsewhere; nothing that the page holds is good any more
    page.evaluate(
        "dispatchEvent(new PageTransitionEvent('pagehide')); dispatchEvent(new PageTransitionEvent('pageshow'))"
    )
    expect(page.locator("[data-region=todos]")).not_to_have_attribute("data-live", topic or "")
    assert page.evaluate("window.same")
    expect(page.locator("[role=alert]:not(:empty), [role=status]:not(:empty)")).to_have_count(0)
    open_live(other, address(page) + "/todos")
    add(other, "milk")
    expect(rows(page)).to_have_text(["milk"])
    add(page, "bread")
    expect(rows(other)).to_have_text(["milk", "bread"])
    assert items == ["milk", "bread"]


@pytest.mark.parametrize("config", [{"SERVERACTIONS_MAX_AGE": 10**10}])
def test_where_ids_have_an_age_a_fresh_page_holds_on_to_its_connection(
    stage: Stage, page: Page, config: dict[str, Any]
) -> None:
    set_todos(stage)
    opened: list[str] = []
    page.on("request", lambda request: opened.append(request.url) if "/-/live?" in request.url else None)
    open_live(page, "/todos")
    topic, action = (page.get_attribute(*each) for each in (("[data-live]", "data-live"), ("form", "action")))
    while page.get_attribute("form", "action") == action:  # until a page is of another second
        page.evaluate("import(document.querySelector('#serveractions').src).then((client) => client.refresh())")
    add(page, "milk")
    expect(rows(page)).to_have_text(["milk"])
    assert page.get_attribute("[data-live]", "data-live") == topic
    assert len(opened) == 1


# The store is away


class Redis:
    def __init__(self, server: RedisServer) -> None:
        self.server, self.url = server, server.url

    def stop(self) -> None:
        self.server.kill()

    def go_on(self) -> None:
        self.server.start()


class FrozenRedis(Redis):
    def stop(self) -> None:
        self.server.freeze()

    def go_on(self) -> None:
        self.server.thaw()


class LockedSQLite:
    def __init__(self, path: Path) -> None:
        self.path, self.url = path, f"sqlite:///{path}"

    def stop(self) -> None:
        self.other = sqlite3.connect(self.path, isolation_level=None)
        self.other.execute("BEGIN IMMEDIATE")

    def go_on(self) -> None:
        with closing(self.other):
            self.other.execute("ROLLBACK")


@pytest.fixture(params=["redis", "frozen redis", "locked sqlite"])
def faulty(request: pytest.FixtureRequest, tmp_path: Path) -> Redis | LockedSQLite:
    if request.param == "locked sqlite":
        return LockedSQLite(tmp_path / "state.sqlite3")
    kind = Redis if request.param == "redis" else FrozenRedis
    return kind(request.getfixturevalue("redis_server"))


@pytest.fixture
def config(request: pytest.FixtureRequest) -> dict[str, Any]:
    if "faulty" in request.fixturenames:
        return {"SERVERACTIONS_STORE_URL": request.getfixturevalue("faulty").url}
    return {}


def test_while_the_store_is_away_the_page_stays_usable_and_it_catches_up(
    stage: Stage, page: Page, other: Page, faulty: Redis | LockedSQLite
) -> None:
    set_todos(stage)
    open_live(page, "/todos")
    open_live(other, page.url)
    add(page, "before")
    expect(rows(other)).to_have_text(["before"])
    faulty.stop()
    add(page, "milk")
    await_events(page, "success", 2)
    expect(rows(page)).to_have_text(["before", "milk"])
    other.reload(wait_until="load")  # pages are made without it, too
    expect(rows(other)).to_have_text(["before", "milk"])
    add(page, "bread")
    await_events(page, "success", 3)
    faulty.go_on()
    expect(rows(other)).to_have_text(["before", "milk", "bread"], timeout=CATCHING_UP)
    add(other, "eggs")
    expect(rows(page)).to_have_text(["before", "milk", "bread", "eggs"], timeout=CATCHING_UP)


# Several processes


@pytest.mark.parametrize("store", ["sqlite", "redis"])
def test_a_change_in_one_process_is_on_the_screen_of_another(
    browser: Browser, other: Page, store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/state.sqlite3" if store == "sqlite" else request.getfixturevalue("redis_server").url
    context = browser.new_context()
    page = context.new_page()
    with serving(*(LiveServer(tmp_path / name, url) for name in ("one", "two"))) as [one, two]:
        open_live(page, one.address + "/")
        open_live(other, two.address + "/")
        for writer, reader, number in ((page, other, "1"), (other, page, "2")):
            fetched = pages_fetched(writer)
            writer.click("button")
            expect(reader.locator("[data-region=todos]")).to_have_text(number)
            expect(writer.locator("[data-region=todos]")).to_have_text(number)
            assert fetched == []
        context.close()


def test_a_worker_of_one_thread_serves_live_pages_one_after_the_other(
    browser: Browser, other: Page, tmp_path: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    server = LiveServer(tmp_path / "one", f"sqlite:///{tmp_path}/state.sqlite3", 5, "--worker-class sync")
    with serving(server):
        with page.expect_event("requestfinished", lambda request: "/-/live?" in request.url):  # nothing is held
            open_page(page, server.address + "/")
        open_live(other, server.address + "/")
        page.click("button")
        expect(other.locator("[data-region=todos]")).to_have_text("1")
        other.click("button")
        expect(page.locator("[data-region=todos]")).to_have_text("2")
        context.close()
