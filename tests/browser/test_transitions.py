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
  return (window.latest = startViewTransition.call(document, change));
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


#: what was stays, above the page, for as long as the test needs
SLOW = "<style>::view-transition-old(root) { animation-duration: 600s }</style>"
PRESSES = """
window.presses = 0;
addEventListener("click", ({ target }) => (window.presses += target.id === "press"));
addEventListener("pagereveal", ({ viewTransition }) => {
  const { dataset } = document.documentElement, shown = viewTransition?.ready ?? Promise.reject();
  viewTransition?.finished.catch(() => {});  // the browser leaves some out
  shown.then(() => (dataset.came = "slowly"), () => (dataset.came = "at once"));
});
"""


def follow_slowly(page: Page) -> None:
    """Follow a link by a transition: where a page takes long to come, browsers show none."""
    for _ in range(20):
        open_page(page, "/")
        page.wait_for_function(
            "document.getAnimations().length === 0"
        )  # it's there for good, as what it will have been
        page.click("a")
        page.wait_for_url("/next")
        if page.locator("html[data-came]").get_attribute("data-came") == "slowly":
            return
    raise AssertionError("No transition was shown.")


def test_what_a_transition_brings_can_be_pressed_before_it_is_over(stage: Stage, page: Page) -> None:
    body = '<main>{}<p><button id="press">Press</button></p></main>{{{{ serveractions_script(transitions=True) }}}}'
    stage.page("/", body.format('<a href="/next">Next</a>'))
    stage.page("/next", SLOW + body.format("Here"))
    stage.policy = ""
    page.add_init_script(PRESSES)
    follow_slowly(page)
    page.mouse.click(*place_of(page, "#press"))
    assert page.evaluate("[presses, document.getAnimations().length > 0]") == [1, True]


def place_of(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + 5, box["y"] + 5


def set_slow_refresh(stage: Stage, page: Page) -> None:
    """Open a page that comes fresh by a transition that lasts."""
    stage.policy = ""
    body = '<main><b>{{ n }}</b><button id="press">Press</button></main>{{ serveractions_script(transitions=True) }}'
    stage.page("/", SLOW + body, n=lambda: len(stage.visits))
    page.add_init_script(WATCH + PRESSES)
    open_page(page, "/")
    page.wait_for_function("document.getAnimations().length === 0")


REFRESH = "import(document.querySelector('#serveractions').src).then((client) => client.refresh())"


def test_a_fresh_page_can_be_used_while_its_transition_is_shown(stage: Stage, page: Page) -> None:
    set_slow_refresh(stage, page)
    # where it takes long to begin, browsers show none
    assert any(page.evaluate(f"{REFRESH}.then(() => latest.ready).then(() => true, () => false)") for _ in range(20))
    page.mouse.click(*place_of(page, "#press"))
    assert page.evaluate("[presses, document.getAnimations().length > 0]") == [1, True]


def test_what_is_being_pressed_when_the_page_comes_fresh_is_pressed(stage: Stage, page: Page) -> None:
    set_slow_refresh(stage, page)
    page.mouse.move(*place_of(page, "#press"))
    page.mouse.down()
    page.evaluate(REFRESH)
    expect(page.locator("b")).to_have_text("2")
    page.mouse.up()
    assert page.evaluate("[presses, transitions]") == [1, 0]
