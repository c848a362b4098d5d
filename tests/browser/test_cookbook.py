"""Recipes of the cookbook in a real browser: the programs as their pages show them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.stage import watch
from tests.doc_blocks import blocks_of, importing_from, run_blocks
from tests.todo_app import served

COOKBOOK = Path(__file__).parents[2] / "docs" / "cookbook"

CALLS = re.compile("_action=")

#: opens the first page of a recipe's program
OpenRecipe = Callable[[str], Page]


@pytest.fixture
def open_recipe(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRecipe]:
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack:
        stack.enter_context(importing_from(tmp_path))
        seen: list[list[str]] = []

        def open_recipe(name: str) -> Page:
            program = [block for block in blocks_of(COOKBOOK / f"{name}.rst") if not block.is_check]
            app: Flask = run_blocks(program, tmp_path, "page").app
            context = browser.new_context(base_url=stack.enter_context(served(app)))
            stack.callback(context.close)
            page = context.new_page()
            seen.append(watch(page))
            page.goto("/", wait_until="load")
            page.evaluate("window.same = true")
            return page

        yield open_recipe
    assert seen == [[]]


def test_a_toast_says_what_was_done_and_goes(open_recipe: OpenRecipe) -> None:
    page = open_recipe("toasts")
    page.get_by_label("Text").fill("Tea")
    page.keyboard.press("Enter")
    toast = page.locator("[data-messages] > *")
    expect(toast).to_have_text("“Tea” is on the list.")
    assert toast.evaluate("node => getComputedStyle(node).animationName") == "go"
    assert page.evaluate("window.same")


def test_a_like_is_shown_before_the_answer_and_the_page_then_says_what_is_true(open_recipe: OpenRecipe) -> None:
    page = open_recipe("like_button")
    held: list[Route] = []
    page.route(CALLS, lambda route: held.append(route))
    first = page.locator("form").first
    with page.expect_request(CALLS):
        first.get_by_role("button").click()
    expect(first.get_by_text("♥ 2")).to_be_visible()
    expect(first.get_by_role("button")).to_be_hidden()
    held[0].continue_()
    expect(first.get_by_role("button", pressed=True)).to_have_text("♥ 2")
    expect(first.locator("span", has_text="♥ 2")).to_have_count(0)


def test_a_list_grows_by_a_button_and_what_was_typed_stays(open_recipe: OpenRecipe) -> None:
    page = open_recipe("growing_list")
    page.get_by_label("Article").fill("Tea")
    page.get_by_role("button", name="One more").click()
    expect(page.get_by_label("Article")).to_have_count(2)
    expect(page.get_by_label("Article").first).to_have_value("Tea")
    page.get_by_label("Article").last.fill("Jam")
    page.get_by_role("button", name="Order").click()
    expect(page.get_by_text("Orders: 1")).to_be_visible()
    expect(page.get_by_label("Article")).to_have_count(1)
    expect(page.get_by_label("Article")).to_have_value("")
    assert page.evaluate("window.same")


def test_a_wizard_is_gone_through_with_back(open_recipe: OpenRecipe) -> None:
    page = open_recipe("wizard")
    page.get_by_label("Day").fill("2026-05-01")
    page.get_by_label("Kind").select_option("double")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading")).to_have_text("2 of 3: the guest")
    page.go_back()
    expect(page.get_by_role("heading")).to_have_text("1 of 3: the room")
    expect(page.get_by_label("Kind")).to_have_value("double")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Mail").fill("ada@example.org")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("double, 2026-05-01, Ada")).to_be_visible()
    page.get_by_role("button", name="Book").click()
    expect(page.get_by_role("heading")).to_have_text("1 of 3: the room")


def test_a_dialog_keeps_a_refusal_and_closes_when_its_form_is_saved(open_recipe: OpenRecipe) -> None:
    page = open_recipe("dialog")
    page.get_by_role("link", name="New contact").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Ada")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_text("You know her already.").first).to_be_visible()
    dialog.get_by_label("Name").fill("Grace")
    dialog.get_by_role("button", name="Add").click()
    expect(page.get_by_role("listitem")).to_have_text(["Ada", "Grace"])
    expect(dialog).to_have_count(0)
    assert page.evaluate("window.same")


def test_a_row_is_edited_in_place_and_another_that_is_open_is_left_alone(open_recipe: OpenRecipe) -> None:
    page = open_recipe("inline_edit")
    rows = page.get_by_role("listitem")
    for row in rows.all():
        row.get_by_text("Edit").click()
    rows.nth(1).get_by_label("Text").fill("Call")
    rows.nth(0).get_by_label("Text").fill("Buy bread")
    rows.nth(0).get_by_role("button", name="Save").click()
    expect(rows.nth(0)).to_contain_text("Buy bread")
    expect(rows.nth(0).get_by_label("Text")).to_be_hidden()
    expect(rows.nth(1).get_by_label("Text")).to_have_value("Call")


def test_results_are_there_while_somebody_types(open_recipe: OpenRecipe) -> None:
    page = open_recipe("live_search")
    page.get_by_label("Search").press_sequentially("emm")
    expect(page.get_by_role("listitem")).to_have_text(["Emma"])
    expect(page).to_have_url(re.compile(r"\?q=emm$"))
    expect(page.get_by_label("Search")).to_be_focused()
    assert page.evaluate("window.same")


def test_the_next_rows_come_when_the_end_is_seen_and_one_of_them_is_hidden(open_recipe: OpenRecipe) -> None:
    page = open_recipe("infinite_scroll")
    page.get_by_text("Post 81", exact=False).scroll_into_view_if_needed()
    page.mouse.wheel(0, 5000)
    row = page.locator("#post-75")
    expect(row).to_be_visible()
    row.get_by_role("button", name="Hide").click()
    expect(row).to_have_count(0)
    expect(page.locator("#post-100")).to_be_attached()
    expect(page.locator("#post-74")).to_be_attached()


def test_a_draft_saves_itself_and_what_is_typed_stays(open_recipe: OpenRecipe) -> None:
    page = open_recipe("autosave")
    page.get_by_label("Text").press_sequentially("Dear Ada")
    expect(page.get_by_text("Version 1 is saved")).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value("Dear Ada")
    expect(page.get_by_label("Text")).to_be_focused()


def test_what_one_says_appears_at_another(open_recipe: OpenRecipe, browser: Browser) -> None:
    page = open_recipe("live_list")
    other = browser.new_context().new_page()
    other.goto(page.url)
    other.get_by_label("Text").fill("Hello")
    other.get_by_role("button", name="Say").click()
    expect(page.get_by_role("listitem")).to_have_text(["Hello"])
    assert page.evaluate("window.same")
    other.context.close()


def test_a_slow_panel_comes_after_its_page(open_recipe: OpenRecipe) -> None:
    page = open_recipe("lazy_panel")
    expect(page.get_by_text("1204")).to_be_visible()
    expect(page.get_by_text("Counting…")).to_have_count(0)
    assert page.evaluate("window.same")
