"""View transitions when a fresh page is shown."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import Stage, open_page

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
