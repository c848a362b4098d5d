"""Pages that see what others have changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from flask import abort
from playwright.sync_api import Browser, Page, expect

from flask_serveractions import revalidate_tag
from flask_serveractions.app_state import state_of
from tests.browser.live_todos import rows, set_todos
from tests.browser.readiness import await_ready
from tests.browser.stage import Stage, open_page, watch
from tests.stores_processes import eventually
from tests.todo_app import served

POLLED = """<main><p data-region="clock" data-poll="{{ pace }}">{{ number }}</p></main>"""
HIDE = """
let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden });
window.setHidden = (value) => { hidden = value; document.dispatchEvent(new Event("visibilitychange")); };
"""


@pytest.fixture
def other(browser: Browser, page: Page) -> Iterator[Page]:
    """Somebody else's page in another browser."""
    context = browser.new_context(base_url=page.url)
    other = context.new_page()
    problems = watch(other)
    yield other
    context.close()
    assert problems == []


def add(page: Page, text: str) -> None:
    page.fill("[name=text]", text)
    page.click("button")
    expect(rows(page).last).to_have_text(text)


def open_both(page: Page, other: Page) -> None:
    page.request.get("/todos")  # the first page of a new store does not know how far it is, and would be fetched again
    for each in (page, other):
        with each.expect_response("**/-/live?**"):
            open_page(each, address(page) + "/todos")


def address(page: Page) -> str:
    return page.context._impl_obj._options["baseURL"]


def visits_of(page: Page) -> list[str]:
    """Note what a page fetches."""
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if request.url.endswith("/todos") else None)
    return fetched


def test_a_change_in_one_browser_is_on_the_others_screen(stage: Stage, page: Page, other: Page) -> None:
    set_todos(stage)
    open_both(page, other)
    fetched = visits_of(other)
    add(page, "milk")
    expect(rows(other)).to_have_text(["milk"])
    add(page, "bread")
    expect(rows(other)).to_have_text(["milk", "bread"])
    assert len(fetched) == 2


def test_the_page_whose_own_action_it_was_fetches_nothing(stage: Stage, page: Page, other: Page) -> None:
    set_todos(stage)
    open_both(page, other)
    fetched = visits_of(page)
    add(page, "milk")
    expect(rows(other)).to_have_text(["milk"])
    add(other, "bread")
    expect(rows(page)).to_have_text(["milk", "bread"])
    assert len(fetched) == 1


def test_of_many_changes_few_pages_are_fetched(stage: Stage, page: Page) -> None:
    items = set_todos(stage)
    page.request.get("/todos")
    with page.expect_response("**/-/live?**"):
        open_page(page, "/todos")
    with stage.app.app_context():
        for number in range(40):
            items.append(str(number))
            revalidate_tag("todos")
            page.wait_for_timeout(50)
    expect(rows(page)).to_have_count(40)
    resources = "performance.getEntriesByType('resource').filter(({name}) => name.endsWith('/todos'))"
    starts = page.evaluate(f"{resources}.map(({{startTime}}) => startTime)")
    assert min(later - earlier for earlier, later in pairwise(starts)) > 390  # milliseconds: a timer is never early


@pytest.mark.parametrize("config", [{"SERVERACTIONS_LIVE_STREAMS": streams} for streams in (1, 50)])
def test_each_of_many_live_rows_is_watched(stage: Stage, page: Page, config: dict[str, Any]) -> None:
    counts = [0] * 100
    stage.page(
        "/rows",
        """<ol>{% for count in counts %}
        {% call region("row" ~ loop.index0, tag="li", live=("count:" ~ loop.index0,)) %}{{ count }}{% endcall %}
        {% endfor %}</ol>""",
        counts=lambda: counts,
    )
    page.request.get("/rows")
    with page.expect_response("**/-/live?**") as asked:
        open_page(page, "/rows")
    assert len(asked.value.url) < 4094  # as long as a line may be for gunicorn
    for number in (0, 45, 99):
        with stage.app.app_context():
            counts[number] = 1
            revalidate_tag(f"count:{number}")
        expect(page.locator("li").nth(number)).to_have_text("1")


@pytest.mark.parametrize("config", [{"SERVERACTIONS_LIVE_STREAMS": 50}])
def test_many_windows_of_a_browser_leave_connections_for_its_pages(
    stage: Stage, page: Page, config: dict[str, Any]
) -> None:
    set_todos(stage)
    page.request.get("/todos")
    windows = [page, *(page.context.new_page() for _ in range(7))]
    for window in windows:
        with window.expect_response("**/-/live?**"):
            open_page(window, address(page) + "/todos")
    eventually(lambda: len(state_of(stage.app).live.slots.taken) == 2)
    add(page, "milk")
    for window in windows:
        expect(rows(window)).to_have_text(["milk"])


def test_what_is_typed_stays(stage: Stage, page: Page, other: Page) -> None:
    set_todos(stage)
    open_both(page, other)
    other.locator("[name=text]").press_sequentially("half")
    add(page, "milk")
    expect(rows(other)).to_have_text(["milk"])
    expect(other.locator("[name=text]")).to_have_value("half")
    expect(other.locator("[name=text]")).to_be_focused()


def test_a_hidden_page_holds_no_connection_and_catches_up_when_it_is_seen_again(
    stage: Stage, page: Page, other: Page
) -> None:
    set_todos(stage)
    other.add_init_script(HIDE)
    open_both(page, other)
    other.evaluate("setHidden(true)")
    asked: list[str] = []
    other.on("request", lambda request: asked.append(request.url))
    add(page, "milk")
    add(page, "bread")
    other.wait_for_timeout(1500)
    assert asked == []
    other.evaluate("setHidden(false)")
    expect(rows(other)).to_have_text(["milk", "bread"])


def test_a_broken_connection_misses_nothing(stage: Stage, page: Page, other: Page) -> None:
    set_todos(stage)
    open_both(page, other)
    other.context.set_offline(True)
    add(page, "milk")
    other.wait_for_timeout(500)
    other.context.set_offline(False)
    expect(rows(other)).to_have_text(["milk"])


def expect_at_least(page: Page, number: int) -> None:
    """Wait until so many pages were fetched; each number is there but for a moment."""
    eventually(lambda: int(page.locator("p").inner_text()) >= number)


def test_a_region_is_fetched_at_its_pace_and_not_while_nobody_sees_it(stage: Stage, page: Page) -> None:
    stage.page("/clock", POLLED, pace="0.6s", number=lambda: len(stage.visits))
    page.add_init_script(HIDE)
    open_page(page, "/clock")
    expect_at_least(page, 3)
    page.evaluate("setHidden(true)")
    page.wait_for_timeout(1500)
    seen = len(stage.visits)
    page.wait_for_timeout(1500)
    assert len(stage.visits) == seen
    page.evaluate("setHidden(false)")
    expect_at_least(page, seen + 1)


def test_a_poll_that_fails_leaves_the_page_and_goes_on(stage: Stage, page: Page) -> None:
    stage.page("/clock", POLLED, pace="0.6s", number=lambda: len(stage.visits))
    open_page(page, "/clock")
    await_ready(page)
    page.context.set_offline(True)
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    expect_at_least(page, 3)


def test_a_poll_of_somebody_who_asks_too_often_leaves_the_page_and_what_is_typed(stage: Stage, page: Page) -> None:
    def number() -> int:
        if len(stage.visits) in (2, 3):
            abort(429)  # as a rate limit does
        return len(stage.visits)

    stage.page("/clock", POLLED + '<form><input name="text"></form>', pace="0.6s", number=number)
    open_page(page, "/clock")
    page.locator("[name=text]").press_sequentially("half")
    expect_at_least(page, 4)
    expect(page.locator("[name=text]")).to_have_value("half")


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_poll_that_is_refused_takes_nothing_away_that_was_begun(stage: Stage, page: Page, status: int) -> None:
    refused = [2, 3]

    def number() -> int:
        if len(stage.visits) in refused:
            abort(status)
        return len(stage.visits)

    stage.page("/clock", POLLED + '<form><input name="text"></form>', pace="0.6s", number=number)
    open_page(page, "/clock")
    page.locator("[name=text]").fill("half")
    expect_at_least(page, 4)
    expect(page.locator("[name=text]")).to_have_value("half")


def test_without_scripts_the_page_is_as_it_was_rendered(stage: Stage, browser: Browser) -> None:
    set_todos(stage)
    with served(stage.app) as address:
        context = browser.new_context(base_url=address, java_script_enabled=False)
        page = context.new_page()
        page.goto("/todos")
        add(page, "milk")
        context.close()
