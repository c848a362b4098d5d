"""Every recipe of the cookbook that has a page, in a real browser, with scripts and without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.stage import watch
from tests.doc_blocks import blocks_of, importing_from, run_blocks
from tests.todo_app import served
from tools.make_pictures import app_in, signed
from tools.recipe_scenes import SCENES, SESSIONS, START

COOKBOOK = Path(__file__).parents[2] / "docs" / "cookbook"
#: those that need a server beside them, a script that the visitor's own app has, or a machine that is not busy
ELSEWHERE = {"postgres", "no_websocket", "rate_limit"}
PNG = FilePayload(name="a.png", mimeType="image/png", buffer=b"\x89PNG\r\n")


class OpenRecipe(Protocol):
    """Opens the first page of a recipe's program, as a new visitor."""

    def __call__(self, name: str, start: str = "/", scripts: bool = True) -> Page: ...


@pytest.fixture
def open_recipe(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRecipe]:
    monkeypatch.chdir(tmp_path)
    seen: list[list[str]] = []
    with ExitStack() as stack:
        stack.enter_context(importing_from(tmp_path))

        def open_recipe(name: str, start: str = "/", scripts: bool = True) -> Page:
            program = [block for block in blocks_of(COOKBOOK / f"{name}.rst") if not block.is_check]
            app = app_in(run_blocks(program, tmp_path, "page"))
            address = stack.enter_context(served(app))
            context = browser.new_context(base_url=address, java_script_enabled=scripts)
            stack.callback(context.close)
            if name in SESSIONS and start != "/":
                context.add_cookies([{"name": "session", "value": signed(app, SESSIONS[name]), "url": address}])
            page = context.new_page()
            seen.append(watch(page))
            page.goto(start)
            return page

        yield open_recipe
    assert seen == [[]]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


@pytest.mark.parametrize("name", sorted(set(SCENES) - ELSEWHERE))
def test_the_scene_of_a_recipe_is_played_and_its_page_has_nothing_to_complain_of(
    open_recipe: OpenRecipe, name: str
) -> None:
    start = f"{START.get(name, '/')}?" if name in SESSIONS else START.get(name, "/")
    SCENES[name](open_recipe(name, start))


with_and_without = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


def test_a_record_is_changed_without_scripts(open_recipe: OpenRecipe) -> None:
    page = open_recipe("edit_form", scripts=False)  # a stranger's first request leads to a record
    page.get_by_label("Title").fill("Errands")
    page.get_by_label("Pinned").uncheck()
    press(page, "Save")
    expect(page.get_by_role("heading")).to_have_text("Errands")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    expect(page.get_by_label("Pinned")).not_to_be_checked()


def test_choices_are_sent_without_scripts(open_recipe: OpenRecipe) -> None:
    page = open_recipe("controls", scripts=False)
    page.get_by_label("City").select_option("Bergen")
    for box in ("Large", "Olives", "Basil", "Bring it by bike"):
        page.get_by_label(box).check()
    page.get_by_label("Note").fill("Ring twice.")
    press(page, "Order")
    expect(page.get_by_text("1 ordered")).to_be_visible()


def test_the_second_choice_follows_the_first_without_scripts(open_recipe: OpenRecipe) -> None:
    page = open_recipe("dependent_selects", scripts=False)
    page.get_by_label("Country").select_option("Sweden")
    press(page, "Show its cities")
    page.get_by_label("City").select_option("Malmö")
    press(page, "Travel")
    expect(page.get_by_role("listitem")).to_have_text("Malmö, Sweden")
    expect(page.get_by_label("Country")).to_have_value("Sweden")


@with_and_without
def test_somebody_signs_in_goes_where_she_wanted_to_and_signs_out(open_recipe: OpenRecipe, scripts: bool) -> None:
    page = open_recipe("sign_in", scripts=scripts)
    expect(page).to_have_url("/sign-in?next=%2F")
    for password in ("wrong", "correct horse"):
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(password)
        press(page, "Sign in")
        if password == "wrong":
            expect(page.get_by_text("No account has that name and password.").first).to_be_visible()
            expect(page.get_by_label("Name")).to_have_value("ada")
    expect(page.get_by_role("heading")).to_have_text("Hello ada")
    press(page, "Sign out")
    expect(page.get_by_role("heading")).to_have_text("Sign in")
    page.goto("/")
    expect(page.get_by_role("heading")).to_have_text("Sign in")


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example"])
def test_a_sign_in_leads_to_no_other_site(open_recipe: OpenRecipe, target: str) -> None:
    page = open_recipe("sign_in", f"/sign-in?next={target}")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("correct horse")
    press(page, "Sign in")
    expect(page.get_by_role("heading")).to_have_text("Hello ada")
    expect(page).to_have_url("/")


@with_and_without
def test_each_role_sees_and_may_do_its_own(open_recipe: OpenRecipe, scripts: bool) -> None:
    page = open_recipe("roles", scripts=scripts)
    expect(page.get_by_role("button")).to_have_text(["Sign in"])
    page.get_by_label("Name").select_option("grace")
    press(page, "Sign in")
    expect(page.get_by_role("button")).to_have_text(["Rename", "Rename"])
    page.get_by_label("Title").first.fill("Hello again")
    press(page, "Rename")
    expect(page.get_by_role("heading", name="Hello again")).to_be_visible()


@with_and_without
def test_a_deletion_is_undone(open_recipe: OpenRecipe, scripts: bool) -> None:
    page = open_recipe("undo", scripts=scripts)
    press(page, "Delete")
    expect(page.get_by_role("listitem")).to_have_count(1)
    press(page, "Undo")
    expect(page.get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_question_is_asked_before_something_is_deleted(open_recipe: OpenRecipe) -> None:
    page = open_recipe("confirm")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    press(page, "Delete")
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    press(page, "Delete")
    expect(page.get_by_role("button")).to_have_count(1)
    assert asked == ["Delete “Buy milk”?"] * 2


def test_a_question_is_asked_in_a_dialog_of_the_page_s_own(open_recipe: OpenRecipe) -> None:
    page = open_recipe("confirm", "/own")
    question = page.get_by_role("dialog", name="Delete “Buy milk”?")
    for answer in (lambda: press(page, "Keep it"), lambda: page.keyboard.press("Escape")):
        press(page, "Delete")
        expect(question).to_be_visible()
        answer()
        expect(question).to_have_count(0)
    press(page, "Delete")
    press(page, "Delete it")
    expect(page.get_by_role("button", name="Delete")).to_have_count(1)
    expect(page.get_by_text("Buy milk")).to_have_count(0)


@with_and_without
def test_a_file_of_rows_is_imported_once_all_of_them_are_right(open_recipe: OpenRecipe, scripts: bool) -> None:
    page = open_recipe("csv_import", scripts=scripts)
    for rows, said in [("Tea,cheap", "Nothing was imported."), ("Tea,300\nJam,200", "2 products")]:
        content = f"name,price\n{rows}\n".encode()
        page.get_by_label("CSV").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": content})
        press(page, "Import")
        expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_text("Import: done")).to_be_visible()


def test_a_change_leaves_the_visitor_on_her_page_of_the_list_without_scripts(open_recipe: OpenRecipe) -> None:
    page = open_recipe("pagination", scripts=False)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 4")).to_be_visible()
    page.get_by_role("listitem").filter(has_text="Book 12").get_by_role("button").click()
    expect(page.get_by_role("listitem").filter(has_text="Book 12")).to_have_count(0)
    expect(page.get_by_text("Page 2 of 4")).to_be_visible()
    expect(page).to_have_url("/?page=2")


def test_several_pictures_are_sent_and_shown_without_scripts(open_recipe: OpenRecipe) -> None:
    page = open_recipe("multiple_upload", scripts=False)
    page.get_by_label("Pictures").set_input_files([PNG, {**PNG, "name": "b <b>.png"}])
    press(page, "Upload")
    expect(page.get_by_role("img")).to_have_count(2)
    assert page.get_by_role("img").nth(1).get_attribute("alt") == "b <b>.png"
    assert str(page.get_by_role("img").first.get_attribute("src")).endswith(".png")


def test_a_job_is_on_its_visitors_page_when_it_is_done_without_scripts(open_recipe: OpenRecipe) -> None:
    page = open_recipe("background_jobs", scripts=False)
    page.get_by_label("Title").fill("Spring")
    press(page, "Make a report")
    expect(page.get_by_role("listitem").get_by_text("Spring", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="done")).to_be_visible()


def test_language_and_time_are_the_visitors_without_scripts(open_recipe: OpenRecipe) -> None:
    page = open_recipe("translations", scripts=False)
    page.get_by_label("Language").select_option("de")
    page.get_by_label("Time zone").select_option("America/New_York")
    press(page, "Save")
    expect(page.locator("html[lang=de]")).to_have_count(1)
    page.get_by_label("Title").fill("Lunch")
    page.get_by_label("When").fill("2999-01-15T12:00")
    press(page, "Add")
    expect(page.get_by_role("listitem")).to_contain_text("15.01.2999, 12:00")
    expect(page.get_by_label("Time zone")).to_have_value("America/New_York")


def test_a_download_has_what_the_page_shows(open_recipe: OpenRecipe) -> None:
    page = open_recipe("csv_export", scripts=False)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert download.value.suggested_filename == "orders.csv"
    assert "Tea, green" in download.value.path().read_text(encoding="utf-8")


@with_and_without
def test_who_tries_too_often_is_told_so(open_recipe: OpenRecipe, scripts: bool) -> None:
    page = open_recipe("rate_limit", scripts=scripts)
    statuses = [422]
    while statuses[-1] == 422 and len(statuses) < 20:  # minutes may pass on a busy machine
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill("guessed")
        with page.expect_response(lambda response: response.request.method == "POST") as answer:
            press(page, "Sign in")
        statuses.append(answer.value.status)
        if statuses[-1] == 422:
            expect(page.get_by_text("No account has that name and password.").first).to_be_visible()
            expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    assert (statuses[-1], len(statuses) > 6) == (429, True)
    expect(page.get_by_text("5 per 1 minute").first).to_be_visible()
