"""The board in a real browser, with scripts and without."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from examples.board import create_app, store
from examples.board.demo import seed
from tests.browser.book import found_by_axe
from tests.browser.stage import watch
from tests.reliability_servers import ROOT, free_port, python
from tests.stores_processes import eventually
from tests.todo_app import served

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
NO_TRANSITION = (
    "ViewTransition opt-in disabled"  # Chromium's word where one page wants transitions and the next does not
)


@pytest.fixture
def board(tmp_path: Path) -> Flask:
    config = {
        "DATABASE": str(tmp_path / "board.sqlite3"),
        "SERVERACTIONS_STORE_URL": f"sqlite:///{tmp_path / 'state.sqlite3'}",
        "EXPORT_SECONDS": 0.05,
        "SECRET_KEY": "of the tests",
    }
    app = create_app(config)
    seed(app)
    return app


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def address(board: Flask) -> Iterator[str]:
    with served(board) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str, scripts: bool) -> Iterator[Page]:
    context = browser.new_context(base_url=address, java_script_enabled=scripts, viewport=WIDE)
    page = context.new_page()
    problems = watch(page)
    yield page
    context.close()
    assert [each for each in problems if NO_TRANSITION not in each] == []


def sign_in(page: Page, person: str) -> None:
    page.goto("/")  # leads to the sign-in page
    page.get_by_label("Person").select_option(person)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Cards")).to_be_visible()


def create(page: Page, title: str) -> None:
    page.get_by_role("link", name="New card").click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Create card").click()
    expect(page.get_by_role("region", name="To do").get_by_role("link", name=title)).to_be_visible()


def test_a_card_is_created_moved_annotated_and_archived(page: Page, scripts: bool) -> None:
    sign_in(page, "Ada")
    create(page, "Buy cables")
    page.get_by_role("button", name="Move “Buy cables” to In progress").click()
    link = page.get_by_role("region", name="In progress").get_by_role("link", name="Buy cables")
    expect(link).to_be_visible()
    expect(page.get_by_role("region", name="Activity")).to_contain_text("Ada moved “Buy cables” to In progress")
    link.click()
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_label("Notes, saved while you type").fill("Two metres")
        if not scripts:
            page.get_by_role("button", name="Save notes").click()
    page.goto("/")
    link.click()
    expect(page.get_by_label("Notes, saved while you type")).to_have_value("Two metres")
    page.get_by_role("button", name="Archive card").click()
    expect(page.get_by_role("heading", name="Cards")).to_be_visible()
    expect(link).to_have_count(0)
    page.get_by_role("link", name="Archive").click()
    expect(page.get_by_text("Buy cables")).to_be_visible()


def test_an_error_is_told_where_the_card_is_made(page: Page) -> None:
    sign_in(page, "Ada")
    page.get_by_role("link", name="New card").click()
    page.get_by_label("Title").evaluate("field => field.removeAttribute('maxlength')")
    page.get_by_label("Title").fill("x" * 81)
    page.get_by_role("button", name="Create card").click()
    expect(page.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Title")).to_have_value("x" * 81)


def test_cards_are_searched_for(page: Page, scripts: bool) -> None:
    sign_in(page, "Ada")
    page.get_by_role("searchbox").fill("icons")
    if not scripts:
        page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="Draw the new icons")).to_be_visible()
    expect(page.get_by_role("link", name="Measure a cold start")).to_have_count(0)
    expect(page.get_by_role("region", name="To do")).to_contain_text("Nothing found.")
    expect(page).to_have_url("/?q=icons")
    page.get_by_role("searchbox").fill("%")
    if not scripts:
        page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("listitem").filter(has_text="Nothing found.")).to_have_count(3)


@pytest.mark.parametrize("scripts", [True])
def test_comments_of_others_come_while_a_card_is_open(page: Page, browser: Browser, address: str) -> None:
    sign_in(page, "Ada")
    page.get_by_role("link", name="Draw the new icons").click()
    page.get_by_role("dialog").get_by_label("Comment", exact=True).press_sequentially("I will")
    context = browser.new_context(base_url=address)
    other = context.new_page()
    sign_in(other, "Grace")
    other.get_by_role("link", name="Draw the new icons").click()
    other.get_by_role("dialog").get_by_label("Comment", exact=True).fill("Who draws?")
    other.get_by_role("button", name="Add comment").click()
    expect(page.get_by_role("dialog")).to_contain_text("Grace Who draws?")
    expect(page.get_by_role("dialog").get_by_label("Comment", exact=True)).to_have_value("I will")
    context.close()


def test_it_is_small_and_has_no_script_of_its_own() -> None:
    folder = ROOT / "examples" / "board"
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in folder.rglob("*.py")) < 400
    assert list(folder.rglob("*.js")) == []
    assert all("<script" not in path.read_text(encoding="utf-8") for path in folder.rglob("*.html"))


def test_the_statistics_come_later(page: Page, scripts: bool) -> None:
    sign_in(page, "Ada")
    statistics = page.get_by_role("region", name="Statistics")
    if not scripts:
        expect(statistics).to_contain_text("Counting…")
        statistics.get_by_role("link").click()
    expect(statistics.get_by_role("row", name="Katherine")).to_be_visible()


def test_the_archive_goes_on(page: Page, scripts: bool) -> None:
    sign_in(page, "Ada")
    page.get_by_role("link", name="Archive").click()
    expect(page.get_by_text("Old card 60")).to_be_visible()
    while page.get_by_text("Old card 1", exact=True).count() == 0:
        if scripts:
            page.mouse.wheel(0, 2_000)
        else:
            page.get_by_role("link", name="Older cards").click()
        page.wait_for_timeout(50)
    expect(page.locator(".archive .card")).to_have_count(60 if scripts else 20)


def test_an_export_is_followed(page: Page) -> None:
    sign_in(page, "Ada")
    page.get_by_role("button", name="Export the board").click()
    expect(page.get_by_role("region", name="Export").locator(".job")).to_contain_text("done")


@pytest.mark.parametrize("scripts", [False], indirect=True)
def test_an_export_without_scripts_is_waited_for_on_a_page_of_the_board_and_cancelled_there(
    page: Page, board: Flask
) -> None:
    board.config["EXPORT_SECONDS"] = 20
    sign_in(page, "Ada")
    page.get_by_role("button", name="Export the board").click()
    expect(page.get_by_role("heading", name="Exporting")).to_be_visible()
    expect(page.get_by_role("link", name="Archive")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("region", name="Export").locator(".job")).to_contain_text("The job was cancelled.")


@pytest.mark.parametrize("scripts", [True], indirect=True)
def test_everybody_sees_a_card_move(page: Page, browser: Browser, address: str) -> None:
    sign_in(page, "Ada")
    context = browser.new_context(base_url=address)
    other = context.new_page()
    sign_in(other, "Grace")
    create(other, "Paint the shed")
    expect(page.get_by_role("region", name="To do").get_by_role("link", name="Paint the shed")).to_be_visible()
    other.get_by_role("button", name="Move “Paint the shed” to In progress").click()
    expect(page.get_by_role("region", name="In progress").get_by_role("link", name="Paint the shed")).to_be_visible()
    expect(page.get_by_role("region", name="Activity")).to_contain_text("Grace moved")
    context.close()


@pytest.mark.parametrize("scripts", [True], indirect=True)
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_it_fits_and_axe_finds_nothing(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    sign_in(page, "Ada")
    expect(page.get_by_role("row", name="Katherine")).to_be_visible()
    for open_dialog in (False, True):
        if open_dialog:
            page.get_by_role("link", name="Answer the security review").click()
            expect(page.get_by_role("dialog")).to_be_visible()
        assert found_by_axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scripts", [True], indirect=True)
def test_the_keyboard_alone_makes_and_moves_a_card(page: Page) -> None:
    sign_in(page, "Ada")
    press = page.keyboard.press
    page.get_by_role("searchbox").focus()
    for _ in range(2):
        press("Tab")
    press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Title")).to_be_focused()
    page.keyboard.type("Water the plants")
    press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Water the plants")).to_be_visible()
    expect(page.get_by_role("link", name="New card")).to_be_focused()
    press("Tab")
    expect(page.get_by_role("link", name="Water the plants")).to_be_focused()
    press("Tab")
    press("Enter")
    card = page.get_by_role("region", name="In progress").get_by_role("link", name="Water the plants")
    expect(card).to_be_visible()
    expect(page.locator("body")).not_to_be_focused()
    card.focus()
    press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    press("Escape")
    expect(card).to_be_focused()


def test_a_board_without_cards_says_so_everywhere(page: Page, board: Flask, scripts: bool) -> None:
    with board.app_context():
        store.change("DELETE FROM cards")
    sign_in(page, "Ada")
    expect(page.get_by_text("Nothing here yet.")).to_have_count(3)
    expect(page.get_by_text("Nobody has done anything yet.")).to_be_visible()
    if scripts:
        expect(page.get_by_text("No cards.")).to_be_visible()
    page.get_by_role("link", name="Archive").click()
    expect(page.get_by_text("Nothing is archived yet.")).to_be_visible()
    expect(page.get_by_role("link", name="Older cards")).to_have_count(0)


def test_with_redis_several_workers_serve_one_board(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    command = ["make", "-n", "--no-print-directory", "board", f"PORT={port}", "STORE=redis"]
    line = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    demo = python(line.partition(" -m ")[2], tmp_path, FLASK_DATABASE=str(tmp_path / "board.sqlite3"))
    contexts = [browser.new_context(base_url=f"http://127.0.0.1:{port}") for _ in range(2)]
    try:
        eventually(lambda: "Booting worker" in demo.said or demo.process.poll() is not None, 60)
        page, other = (context.new_page() for context in contexts)
        for each, person in ((page, "Ada"), (other, "Grace")):
            sign_in(each, person)
        create(other, "Paint the shed")
        expect(page.get_by_role("region", name="To do").get_by_role("link", name="Paint the shed")).to_be_visible()
        page.get_by_role("button", name="Export the board").click()
        expect(page.get_by_role("region", name="Export").locator(".job")).to_contain_text("done")
        assert demo.said.count("Booting worker") == 3
    finally:
        for context in contexts:
            context.close()
        demo.process.terminate()  # as Ctrl-C does, it ends Redis and the workers
        demo.process.wait(60)
