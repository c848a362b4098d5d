"""The tutorial's application, as it stands at the end, in a real browser with scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.stage import watch
from tests.todo_app import served
from tests.tutorial import steps, tutorial_app


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    with tutorial_app(steps()[-1], tmp_path) as app, served(app) as address:
        context = browser.new_context(base_url=address)
        page = context.new_page()
        problems = watch(page)
        yield page
        context.close()
    assert problems == []


def test_what_the_tutorial_says_is_seen(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_url("/sign-in?next=/")
    form = page.locator("form", has=page.get_by_role("button", name="Make an account"))
    form.get_by_label("Name").fill("ada")
    form.get_by_label("Password").fill("correct horse")
    form.get_by_role("button").click()
    expect(page.get_by_role("heading", name="To do")).to_be_visible()
    page.evaluate("window.same = true")

    for text in ("Buy milk", "Call the bank"):
        page.get_by_label("What is to be done?").fill(text)
        page.keyboard.press("Enter")
        expect(page.locator("li:not(.new)", has_text=text)).to_be_visible()

    page.get_by_label("What is to be done?").fill("Buy milk")
    page.keyboard.press("Enter")
    expect(page.get_by_text("That is on your list already.")).to_have_count(1)
    expect(page.get_by_label("What is to be done?")).to_be_focused()

    page.locator("li", has_text="Buy milk").get_by_role("button", name="Done").click()
    expect(page.locator(".done")).to_have_text("Buy milk")
    page.locator("li", has_text="Call the bank").get_by_role("button", name="Delete").click()
    expect(page.locator("li:not(.new)")).to_have_count(1)

    page.get_by_role("button", name="Generate report").click()
    expect(page.get_by_text("1 to-dos, 2 words.")).to_be_visible()
    assert page.evaluate("window.same")  # all of it without loading

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
