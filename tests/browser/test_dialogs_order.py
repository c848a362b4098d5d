"""What a dialog has asked for comes in any order: what is asked for last is shown, and nothing that came in vain."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import redirect, request
from playwright.sync_api import Page, expect
from werkzeug.wrappers import Response

from tests.browser.stage import Stage, open_page
from tests.stores_processes import eventually

BELOW = '<main><h1>Below</h1><a id="open" href="/card" data-dialog>Card</a></main>'
CARD = """<main><h2>Card</h2><p data-poll="{{ pace }}">{{ n }}</p><form data-submit="input 10ms"><input name="q"></form>
<b>Found: {{ found }}</b>{% call action_form("keep") %}<button>Keep</button>{% endcall %}
<a href="/further" data-dialog>Further</a></main>"""
FURTHER = """<main><h2>Further</h2>{% call action_form("keep") %}<button>Keep</button>{% endcall %}</main>"""

#: each text that the paragraph has had
NOTE_TEXTS = """() => { window.texts = [];
new MutationObserver(() => texts.push(document.querySelector("dialog p")?.textContent))
  .observe(document.body, { childList: true, characterData: true, subtree: true }); }"""


def set_card(stage: Stage, pace: str = "30s", hold: Callable[[int, str], None] = lambda n, q: None) -> list[str]:
    """Set a dialog that counts its visits; returns the pages from which its action was called.

    :param hold: is given the number of the visit and what was searched for, when the page says it already.
    """
    pages: list[str] = []
    visits: list[str] = []

    def count() -> int:
        visits.append(request.full_path)
        return len(visits)

    def found() -> str:
        query = request.args.get("q", "")
        hold(len(visits), query)
        return query

    @stage.actions.register
    def keep() -> None:
        pages.append(request.full_path)

    stage.page("/", BELOW)
    stage.page("/card", CARD, pace=pace, n=count, found=found)
    stage.page("/further", FURTHER)
    return pages


def open_card(page: Page) -> None:
    open_page(page, "/")
    page.click("#open")
    expect(page.locator("dialog[open] h2")).to_have_text("Card")


def test_an_older_answer_does_not_replace_a_newer_one(stage: Stage, page: Page) -> None:
    set_card(stage, "0.5s", lambda n, q: stage.wait("poll") if n == 2 else None)
    with page.expect_request("**/card"):
        open_card(page)
    page.evaluate(NOTE_TEXTS)
    page.get_by_role("link", name="Further").click()
    eventually(lambda: stage.visits.count("/card") == 2)
    page.get_by_role("dialog", name="Further").get_by_role("button", name="Keep").click()  # what is below comes fresh
    expect(page.locator("dialog p")).to_have_text("3")
    stage.gate("poll").set()
    expect(page.locator("dialog p")).to_have_text(re.compile("[4-9]"))
    texts = page.evaluate("texts.filter(Boolean).map(Number)")
    assert texts == sorted(texts)


def test_what_comes_when_a_dialog_is_closed_does_not_bring_it_back(stage: Stage, page: Page) -> None:
    set_card(stage, "0.5s", lambda n, q: stage.wait("poll") if n == 2 else None)
    open_card(page)
    eventually(lambda: stage.visits.count("/card") == 2)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    with page.expect_response("**/card"):
        stage.gate("poll").set()
    page.click("#open")
    expect(page.locator("dialog")).to_be_visible()
    page.go_back()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Below")


def test_a_search_that_failed_leaves_a_dialog_the_page_that_it_shows(stage: Stage, page: Page) -> None:
    pages = set_card(stage)
    open_card(page)
    page.route("**/card?q=*", lambda route: route.abort())
    page.fill("dialog [name=q]", "a")
    expect(page.locator("dialog")).to_contain_text("Please try again.")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("dialog")).to_have_count(0)
    assert pages == ["/card?"]


def test_of_two_searches_in_a_dialog_the_former_one_is_given_up(stage: Stage, page: Page) -> None:
    set_card(stage)
    page.route("**/card?q=a", lambda route: None)  # nobody answers
    open_card(page)
    with page.expect_request("**/card?q=a"):
        page.fill("dialog [name=q]", "a")
    with page.expect_event("requestfailed") as given_up:
        page.fill("dialog [name=q]", "b")
    expect(page.locator("dialog b")).to_have_text("Found: b")
    assert given_up.value.url.endswith("?q=a")


@pytest.mark.parametrize("to", ["", "/"])
def test_a_dialog_in_which_more_is_typed_stays_open(stage: Stage, page: Page, to: str) -> None:
    items: list[str] = []

    @stage.actions.register
    def create(text: str) -> Response | None:
        items.append(text)
        stage.wait(text)
        return redirect(to) if to else None

    stage.page("/", BELOW + "<p>{{ items|length }} there</p>", items=items)
    stage.page(
        "/card",
        """<main><h2>Card</h2>{% call(form) action_form("create") %}<input {{ form.attrs("text") }}>
        <button>Create</button>{% endcall %}</main>""",
    )
    open_card(page)
    text = page.locator("[name=text]")
    text.fill("one")
    text.press("Enter")
    text.fill("two")
    stage.gate("one").set()
    expect(page.locator("body > p")).to_have_text("1 there")
    expect(text).to_have_value("two")
    stage.gate("two").set()
    text.press("Enter")
    expect(page.locator("dialog")).to_have_count(0)
    assert items == ["one", "two"]
