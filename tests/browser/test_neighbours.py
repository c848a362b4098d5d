"""Pages of the neighbours in a real browser: other people's scripts and styles beside the client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.stage import watch
from tests.neighbours.programs import program_of
from tests.todo_app import served
from tools.make_pictures import signed

#: opens a page of a neighbour's program, signed in where a session is given
OpenProgram = Callable[..., Page]


@pytest.fixture
def open_program(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenProgram]:
    monkeypatch.chdir(tmp_path)
    with ExitStack() as stack:

        def open_program(name: str, start: str = "/", **session: object) -> Page:
            app = stack.enter_context(program_of(name, tmp_path)).app
            address = stack.enter_context(served(app))
            context = browser.new_context(base_url=address)
            stack.callback(context.close)
            if session:
                context.add_cookies([{"name": "session", "value": signed(app, session), "url": address}])  # type: ignore[arg-type]
            page = context.new_page()
            problems = watch(page)
            stack.callback(lambda: pytest.fail(str(problems)) if problems else None)
            page.goto(start)
            return page

        yield open_program


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_the_toolbar_stays_usable_when_a_fresh_page_is_shown(open_program: OpenProgram) -> None:
    page = open_program("flask-debugtoolbar")
    toolbar = page.locator("#flDebugToolbar")
    expect(toolbar).to_be_visible()
    for text in ("Tea", "Tea", "Milk"):  # the second one is refused: its page has no toolbar
        page.get_by_label("Text").fill(text)
        press(page, "Add")
        listed = ["Tea"] if text == "Tea" else ["Tea", "Milk"]
        expect(page.locator("main li")).to_have_text(listed)
    expect(toolbar).to_be_visible()
    page.get_by_role("link", name="Versions").click()
    expect(page.locator("#flDebugVersionPanel-content, [id*=Version][id$=-content]").first).to_be_visible()


def test_bootstrap_marks_what_is_refused_and_the_mark_goes(open_program: OpenProgram) -> None:
    page = open_program("bootstrap-flask")
    page.evaluate("window.same = true")
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Seats").evaluate("node => node.removeAttribute('max')")
    page.get_by_label("Seats").fill("9")
    press(page, "Book")
    expect(page.locator(".invalid-feedback")).to_have_text("1 to 8, please.")
    expect(page.get_by_label("Seats")).to_have_class("form-control is-invalid")
    expect(page.get_by_label("Name")).to_have_value("Ada")
    page.get_by_label("Seats").fill("3")
    press(page, "Book")
    expect(page.get_by_role("listitem")).to_have_text("Ada")
    expect(page.locator(".invalid-feedback, .is-invalid")).to_have_count(0)
    assert page.evaluate("window.same")


def test_an_action_stands_among_the_pages_of_flask_admin(open_program: OpenProgram) -> None:
    page = open_program("flask-admin", "/admin/articles/new/", user="ada", roles=["admin"])
    page.get_by_label("Name").fill("Tea")
    press(page, "Save")  # Flask-Admin's own form
    expect(page.get_by_role("cell", name="Tea")).to_be_visible()
    page.get_by_role("link", name="Tools").click()
    page.evaluate("window.same = true")
    press(page, "Empty the stock")
    expect(page.get_by_text("Tick the box first.").first).to_be_visible()
    page.get_by_label("Sure").check()
    with page.expect_response(lambda response: "_action=empty_stock" in response.url) as answer:
        press(page, "Empty the stock")
    assert answer.value.status == 200
    assert page.evaluate("window.same")
    page.get_by_role("link", name="Article", exact=True).click()
    expect(page.get_by_text("There are no items in the table.")).to_be_visible()
