"""The to-do example in a real browser: what people do with it, and what they see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from examples.todo.demo import PASSWORD
from tests.browser.book import found_by_axe
from tests.browser.stage import watch
from tests.todo_app import served, todo_app

PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 568}
DESK = {"width": 1280, "height": 800}
FINGER = 44  # CSS pixels (WCAG 2.2, 2.5.5)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with todo_app(tmp_path) as app, served(app) as address:
        yield address


@pytest.fixture
def scripts() -> bool:
    """Whether scripts run; a test may say otherwise by a parameter."""
    return False


@pytest.fixture
def page(browser: Browser, address: str, scripts: bool) -> Iterator[Page]:
    """A page of a visitor who is new here."""
    context = browser.new_context(base_url=address, java_script_enabled=scripts, viewport=PHONE)
    page = context.new_page()
    problems = watch(page)
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    context.close()
    assert problems == []


# What people do, step by step: each works with scripts and without


def sign_in_add_fail_mend_rename_delete_sign_out(page: Page) -> None:
    sign_in(page, "ada")
    add(page, "Water the plants")
    expect(item(page, "Water the plants")).to_be_visible()

    add(page, "Buy milk")
    expect(error(page)).to_have_text("That is on your list already.")
    expect(new_text(page)).to_have_value("Buy milk")
    expect(new_text(page)).to_be_focused()

    new_text(page).fill("Buy oat milk")
    page.keyboard.press("Enter")
    expect(item(page, "Buy oat milk")).to_be_visible()
    expect(new_text(page)).to_have_value("")
    expect(error(page)).to_be_hidden()

    rename(page, "Buy oat milk", "Buy almond milk")
    expect(item(page, "Buy almond milk")).to_be_visible()
    expect(item(page, "Buy oat milk")).to_have_count(0)

    delete(page, "Buy almond milk")
    expect(item(page, "Buy almond milk")).to_have_count(0)
    expect(counters(page)).to_contain_text("3 to do, 1 done")

    sign_out(page)
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    expect(page.get_by_role("listitem")).to_have_count(0)
    expect(heading(page)).to_have_text("Your list")


def a_guests_list_comes_along_at_sign_in(page: Page) -> None:
    page.goto("/")
    add(page, "Water the plants")
    expect(counters(page)).to_contain_text("1 to do, 0 done")
    sign_in(page, "ada")
    expect(heading(page)).to_have_text("ada’s list")
    expect(item(page, "Water the plants")).to_be_visible()
    expect(item(page, "Buy milk")).to_be_visible()


def complete_reopen_and_clear(page: Page) -> None:
    sign_in(page, "ada")
    done(page, "Buy milk").click()
    expect(done(page, "Buy milk")).to_have_attribute("aria-pressed", "true")
    expect(counters(page)).to_contain_text("1 to do, 2 done")
    done(page, "Order punched cards").click()
    expect(done(page, "Order punched cards")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Clear completed").click()
    expect(counters(page)).to_contain_text("2 to do, 0 done")
    expect(item(page, "Buy milk")).to_have_count(0)
    expect(page.get_by_role("heading", name="Done")).to_have_count(0)


def a_rename_that_fails_says_so_in_its_place(page: Page) -> None:
    sign_in(page, "ada")
    rename(page, "Write to Charles about the engine", "Buy milk")
    failed = item(page, "Write to Charles about the engine")
    expect(error(failed)).to_have_text("That is on your list already.")
    expect(failed.get_by_label("New text")).to_have_value("Buy milk")
    expect(failed.get_by_label("New text")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[aria-invalid]")).to_have_count(1)

    failed.get_by_label("New text").fill("   ")
    failed.get_by_role("button", name="Save").click()
    expect(error(failed)).to_have_text("Write 1 to 200 characters.")

    failed.get_by_label("New text").fill("Write to Charles")
    failed.get_by_role("button", name="Save").click()
    expect(item(page, "Write to Charles")).to_be_visible()
    expect(page.locator("[aria-invalid]")).to_have_count(0)


def a_wrong_password_keeps_the_name(page: Page) -> None:
    try_to_sign_in(page, "ada", "wrong-password")
    expect(page.get_by_role("alert")).to_have_text("No account has that name and password.")
    expect(page.get_by_label("Name")).to_have_value("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(heading(page)).to_have_text("ada’s list")


def sign_up_make_a_token_delete_the_account(page: Page) -> None:
    page.goto("/")
    add(page, "Water the plants")
    expect(item(page, "Water the plants")).to_be_visible()
    page.get_by_role("link", name="Sign up").first.click()
    fill_account(page, "mary s", "short")
    page.get_by_role("button", name="Sign up").click()
    expect(error(page, "name")).to_have_text("Use 2 to 30 letters, digits, - or _.")
    expect(error(page, "password")).to_have_text("Use 8 characters or more.")
    expect(page.get_by_label("Name")).to_have_value("mary s")
    fill_account(page, "mary", "a long one")
    page.get_by_role("button", name="Sign up").click()
    expect(heading(page)).to_have_text("mary’s list")
    expect(item(page, "Water the plants")).to_be_visible()

    page.get_by_role("link", name="Account of mary").click()
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_role("status")).to_contain_text("This is your new token.")
    page.get_by_label("Password").fill("a long one")
    page.get_by_role("button", name="Delete account").click()
    expect(page.get_by_role("status")).to_have_text("Your account and your list are deleted.")
    expect(page.get_by_role("listitem")).to_have_count(0)


def a_page_that_asks_for_more_comes_after_signing_in(page: Page) -> None:
    page.goto("/report")
    expect(heading(page)).to_have_text("Sign in")
    fill_account(page, "grace", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(heading(page)).to_have_text("Report")
    expect(page.get_by_role("definition")).to_have_text(["2", "0", "3", "2"])


def a_form_left_open_loses_nothing(page: Page) -> None:
    sign_in(page, "ada")
    new_text(page).fill("Water the plants")
    other = page.context.new_page()
    other.goto("/")
    sign_out(other)
    expect(other.get_by_role("status")).to_have_text("You are signed out.")
    page.bring_to_front()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert").filter(has_text="You are somebody else by now")).to_be_visible()
    expect(new_text(page)).to_have_value("Water the plants")
    page.get_by_role("button", name="Add").click()
    expect(item(page, "Water the plants")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(1)


def generate_a_report(page: Page) -> None:
    sign_in(page, "ada")
    page.get_by_role("button", name="Generate report").click()
    expect(report(page)).to_contain_text("1 of 3 done; 11 words in all.")
    done(page, "Buy milk").click()
    expect(counters(page)).to_contain_text("1 to do, 2 done")
    page.get_by_role("button", name="Generate report").click()
    expect(report(page)).to_contain_text("2 of 3 done")


def by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(new_text(page)).to_be_focused()
    page.keyboard.type("Water the plants")
    page.keyboard.press("Enter")
    done(page, "Water the plants").focus()
    page.keyboard.press("Space")
    expect(done(page, "Water the plants")).to_have_attribute("aria-pressed", "true")
    item(page, "Water the plants").locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(item(page, "Water the plants").get_by_label("New text")).to_be_focused()


def an_editor_closes_after_saving(page: Page) -> None:
    sign_in(page, "ada")
    editors = page.locator("details[open]")
    rename(page, "Buy milk", "   ")
    expect(error(item(page, "Buy milk"))).to_have_text("Write 1 to 200 characters.")
    expect(editors).to_have_count(1)
    editors.get_by_label("New text").fill("Buy oat milk")
    editors.get_by_role("button", name="Save").click()
    expect(item(page, "Buy oat milk")).to_be_visible()
    expect(editors).to_have_count(0)


SCENARIOS: list[Callable[[Page], None]] = [
    sign_in_add_fail_mend_rename_delete_sign_out,
    a_guests_list_comes_along_at_sign_in,
    complete_reopen_and_clear,
    a_rename_that_fails_says_so_in_its_place,
    a_wrong_password_keeps_the_name,
    sign_up_make_a_token_delete_the_account,
    a_page_that_asks_for_more_comes_after_signing_in,
    a_form_left_open_loses_nothing,
    generate_a_report,
    by_keyboard_alone,
    an_editor_closes_after_saving,
]


@pytest.mark.parametrize("scripts", [False, True], ids=["scripts off", "scripts on"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_people_can(scenario: Callable[[Page], None], scripts: bool, page: Page) -> None:
    scenario(page)


@pytest.mark.parametrize("scripts", [True])
def test_focus_stays_in_the_list_when_what_had_it_goes(page: Page) -> None:
    sign_in(page, "ada")
    where = "document.activeElement.closest('[data-region=list]') !== null"
    page.get_by_role("button", name="Delete: Buy milk").focus()
    page.keyboard.press("Enter")
    expect(item(page, "Buy milk")).to_have_count(0)
    assert page.evaluate(where)
    done(page, "Write to Charles about the engine").focus()
    page.keyboard.press("Enter")
    expect(counters(page)).to_contain_text("0 to do, 2 done")
    assert page.evaluate(where)


def test_nothing_idle_is_on_a_page(page: Page) -> None:
    sign_in(page, "ada")
    expect(page.get_by_role("progressbar")).to_have_count(0)


# The words of the scenarios


def sign_in(page: Page, name: str) -> None:
    try_to_sign_in(page, name, PASSWORD)
    expect(heading(page)).to_have_text(f"{name}’s list")


def try_to_sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/sign-in")
    fill_account(page, name, password)
    page.get_by_role("button", name="Sign in").click()


def fill_account(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()


def add(page: Page, text: str) -> None:
    new_text(page).fill(text)
    page.get_by_role("button", name="Add").click()


def rename(page: Page, text: str, new: str) -> None:
    renamed = item(page, text)
    renamed.locator("summary").click()
    renamed.get_by_label("New text").fill(new)
    renamed.get_by_role("button", name="Save").click()


def delete(page: Page, text: str) -> None:
    page.get_by_role("button", name=f"Delete: {text}").click()


def new_text(page: Page) -> Locator:
    return page.get_by_label("What is to be done?")


def item(page: Page, text: str) -> Locator:
    return page.locator("li:not(.new)").filter(has=page.get_by_text(text, exact=True))


def done(page: Page, text: str) -> Locator:
    return page.get_by_role("button", name=f"Done: {text}")


def error(where: Page | Locator, name: str = "text") -> Locator:
    return where.locator(f'[data-error="{name}"]').first


def counters(page: Page) -> Locator:
    return page.locator('[data-region="counters"]')


def report(page: Page) -> Locator:
    return page.get_by_role("region", name="Report")


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


# What they see

PAGES = ["/", "/sign-in", "/sign-up", "/account", "/report", "/nothing"]


@pytest.mark.parametrize("size", [NARROWEST, PHONE, DESK], ids=["narrowest", "phone", "desk"])
def test_no_page_is_wider_than_the_screen(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    sign_in(page, "grace")
    add(page, "A-word-without-an-end-" * 9)
    expect(item(page, "A-word-without-an-end-" * 9)).to_be_visible()
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path


def test_what_can_be_pressed_is_large_enough_for_a_finger(page: Page) -> None:
    sign_in(page, "ada")
    for path in ("/", "/account"):
        page.goto(path)
        targets = page.locator("button, summary, input:not([type=hidden]), nav a").all()
        heights = [target.bounding_box()["height"] for target in targets if target.is_visible()]
        assert len(heights) >= 5
        assert min(heights) >= FINGER


def test_every_page_passes_the_checks_for_accessibility(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, viewport=PHONE)
    page = context.new_page()
    for path in ("/", "/sign-up"):
        page.goto(path)
        assert found_by_axe(page) == []
    try_to_sign_in(page, "nobody", PASSWORD)
    expect(page.get_by_role("alert")).to_be_visible()
    assert found_by_axe(page) == []
    sign_in(page, "grace")
    rename(page, "Explain a nanosecond", "Find the moth")
    expect(error(item(page, "Explain a nanosecond"))).to_be_visible()
    assert found_by_axe(page) == []
    for path in PAGES:
        page.goto(path)
        assert found_by_axe(page) == []
    context.close()


def test_a_page_with_calls_under_way_passes_the_checks_for_accessibility(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, viewport=PHONE)
    page = context.new_page()
    sign_in(page, "ada")
    held: list[Route] = []
    page.route(re.compile("_action="), lambda route: held.append(route))
    add(page, "Water the plants")
    expect(page.get_by_role("listitem").filter(has_text="Water the plants")).to_be_visible()
    expect(page.get_by_role("button", name="Adding…")).to_be_disabled()
    page.get_by_role("button", name="Generate report").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert found_by_axe(page) == []
    for route in held:
        route.continue_()
    expect(item(page, "Water the plants")).to_be_visible()
    context.close()
