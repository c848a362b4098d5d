"""View transitions when a fresh page is shown."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import Stage, open_page
from tests.stores_processes import eventually

COUNT = """<main>{% call action_form("count") %}<button>Count</button>{% endcall %}<b>{{ n }}</b></main>
{{ serveractions_script(transitions=wanted) }}"""
WATCH = """
window.transitions = 0;
const { startViewTransition } = document;
document.startViewTransition = (change) => {
  window.transitions += 1;
  return startViewTransition.call(document, change);
};
"""
#: a transition begins, as with a page that takes long to be drawn, when the test says so
BEGIN_LATER = """
const { startViewTransition } = document;
document.startViewTransition = (change) => startViewTransition.call(document, async () => {
  await new Promise((resolve) => (window.begin = resolve));
  await change();
  document.documentElement.dataset.changed = "";
});
"""


@pytest.mark.parametrize(
    ("wanted", "motion", "seen"), [(True, "no-preference", 1), (True, "reduce", 0), (False, "no-preference", 0)]
)
def test_a_fresh_page_is_shown_in_a_transition_where_the_page_and_the_visitor_want_one(
    stage: Stage, page: Page, wanted: bool, motion: str, seen: int
) -> None:
    calls: list[int] = []

    def count() -> None:
        calls.append(1)

    stage.actions.register(count)
    stage.page("/count", COUNT, n=lambda: len(calls), wanted=wanted)
    page.emulate_media(reduced_motion=motion)
    page.add_init_script(WATCH)
    open_page(page, "/count")
    page.click("button")
    expect(page.locator("b")).to_have_text("1")
    assert page.evaluate("transitions") == seen


def test_a_dialog_that_opens_while_a_transition_begins_stays(stage: Stage, page: Page) -> None:
    stage.page("/", '<main><a href="/new" data-dialog>New</a></main>{{ serveractions_script(transitions=True) }}')
    stage.page("/new", "<main><h2>A new one</h2></main>")
    page.add_init_script(BEGIN_LATER)
    open_page(page, "/")
    page.evaluate("void import(document.querySelector('#serveractions').src).then((client) => client.refresh())")
    eventually(lambda: page.evaluate("'begin' in window"))
    page.click("a")
    expect(page.get_by_role("dialog", name="A new one")).to_be_visible()
    page.evaluate("begin()")
    expect(page.locator("html[data-changed]")).to_have_count(1)
    expect(page.get_by_role("dialog", name="A new one")).to_be_visible()
