"""What is done to the program of each recipe before its picture is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from playwright.sync_api import FilePayload, Page

#: brings a page, opened at a recipe's first URL, to where there is something to see
Scene = Callable[[Page], None]
NO_FILE = "a.png is no PNG or JPEG."
SESSIONS = {"roles": {"user": "grace"}}  # of who is signed in already
START = {"confirm": "/own", "edit_form": "/notes/1", "password_reset": "/forgotten"}  # where that is not "/"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def fill(page: Page, **values: str) -> None:
    """Fill in controls by their labels: ``fill(page, Text="Tea")``."""
    for label, value in values.items():
        page.get_by_label(label.replace("_", " "), exact=True).last.fill(value)


def say(page: Page, texts: list[str]) -> None:
    for text in texts:
        fill(page, Text=text)
        press(page, "Say")
        page.get_by_text(text).wait_for()


def as_it_is(page: Page) -> None:
    """The first page says it all."""


def autosave(page: Page) -> None:
    fill(page, Title="A letter", Text="Dear Ada,\n\nthe engine works.")
    page.get_by_text("Version 1 is saved").wait_for()


def background_jobs(page: Page) -> None:
    for title in ("Spring", "Summer"):
        fill(page, Title=title)
        press(page, "Make a report")
        page.get_by_role("listitem").get_by_text(title, exact=True).wait_for()


def confirm(page: Page) -> None:
    press(page, "Delete")
    page.get_by_role("dialog").get_by_text("Delete “Buy milk”?").wait_for()


def controls(page: Page) -> None:
    page.get_by_label("City").select_option("Bergen")
    for box in ("Large", "Olives", "Basil", "Bring it by bike"):
        page.get_by_label(box).check()
    fill(page, Note="Ring twice.")


def csv_import(page: Page) -> None:
    page.get_by_label("CSV").set_input_files(
        FilePayload(name="products.csv", mimeType="text/csv", buffer=b"name,price\nTea,300\n,200\nJam,cheap\n"),
    )
    press(page, "Import")
    page.get_by_text("Not a valid integer.").wait_for()


def dependent_selects(page: Page) -> None:
    page.get_by_label("Country").select_option("Sweden")
    page.get_by_label("City").select_option("Malmö")


def dialog(page: Page) -> None:
    page.get_by_role("link", name="New contact").click()
    fill(page, Name="Ada")
    press(page, "Add")
    page.get_by_role("dialog").get_by_text("You know her already.").first.wait_for()


def edit_form(page: Page) -> None:
    fill(page, Text="Milk\nBread\nTea")
    press(page, "Save")
    page.get_by_text("Saved.").wait_for()


def growing_list(page: Page) -> None:
    fill(page, Article="Tea")
    press(page, "One more")
    page.get_by_label("Article").nth(1).fill("Jam")


def infinite_scroll(page: Page) -> None:
    page.mouse.wheel(0, 3000)
    page.locator("#post-70").wait_for()
    page.locator("#post-83").evaluate("node => node.scrollIntoView()")


def inline_edit(page: Page) -> None:
    page.get_by_text("Edit").nth(1).click()
    page.get_by_label("Text").nth(1).fill("Call Ada")


def lazy_panel(page: Page) -> None:
    page.get_by_text("1204").wait_for()


def like_button(page: Page) -> None:
    page.get_by_role("button", name="Like").first.click()
    page.get_by_role("button", name="Like", pressed=True).wait_for()


def live_list(page: Page) -> None:
    say(page, ["Who brings the tea?", "I do."])
    other = page.context.browser.new_page()  # type: ignore[union-attr]  # it has one: we have launched it
    other.goto(page.url)
    say(other, ["And I the biscuits."])
    other.close()
    page.get_by_text("And I the biscuits.").wait_for()


def live_search(page: Page) -> None:
    page.get_by_label("Search").press_sequentially("ma")
    page.get_by_text("2 found").wait_for()


def multiple_upload(page: Page) -> None:
    page.get_by_label("Pictures").set_input_files(
        FilePayload(name="a.png", mimeType="image/png", buffer=b"Dear Ada"),
    )
    press(page, "Upload")
    page.get_by_text(NO_FILE).first.wait_for()


def no_websocket(page: Page) -> None:
    page.locator("input[name=text]").fill("Buy milk")
    press(page, "Add")
    page.get_by_role("listitem").wait_for()


def pagination(page: Page) -> None:
    page.get_by_role("link", name="Next").click()
    page.get_by_text("Page 2 of 4").wait_for()


def password_reset(page: Page) -> None:
    page.get_by_label("E-mail").fill("ada@example.org")
    press(page, "Send me a link")
    page.get_by_text("If there is an account").wait_for()


def postgres(page: Page) -> None:
    for name in ("1A", "1B"):
        fill(page, Name=name)
        press(page, "Add")
        page.get_by_role("heading", name=name).wait_for()
    page.get_by_label("Guest").first.fill("Ada")
    press(page, "Reserve")
    page.get_by_role("heading", name="1A: Ada").wait_for()


def rate_limit(page: Page) -> None:
    fill(page, Name="ada")
    for _ in range(6):
        fill(page, Password="guess")
        with page.expect_response(lambda response: "_action=" in response.url):
            press(page, "Sign in")
    page.get_by_text("5 per 1 minute").first.wait_for()


def sign_in(page: Page) -> None:
    fill(page, Name="ada", Password="wrong")
    page.get_by_label("Remember me").check()
    press(page, "Sign in")
    page.get_by_text("No account has").first.wait_for()


def several_workers(page: Page) -> None:
    fill(page, Article="coffee", Price="5")
    press(page, "Set")
    page.get_by_text("coffee: 5").wait_for()


def testing(page: Page) -> None:
    fill(page, Text="Tea")
    press(page, "Add")
    page.get_by_role("listitem").wait_for()


def toasts(page: Page) -> None:
    testing(page)
    page.locator("[data-messages] > *").wait_for()


def translations(page: Page) -> None:
    page.get_by_label("Zone").select_option("Europe/Berlin")
    press(page, "Save")
    fill(page, Title="Lunch", When="2999-01-15T12:00")
    press(page, "Add")
    page.get_by_role("listitem").wait_for()


def undo(page: Page) -> None:
    press(page, "Delete")
    page.get_by_role("button", name="Undo").wait_for()


def upload_progress(page: Page) -> None:
    page.get_by_label("Video").set_input_files(
        FilePayload(name="engine.mp4", mimeType="video/mp4", buffer=b"x" * 4_200_000),
    )
    press(page, "Upload")
    page.get_by_text("engine.mp4, 4.2 MB").wait_for()


def wizard(page: Page) -> None:
    fill(page, Day="2026-05-01")
    page.get_by_label("Kind").select_option("double")
    press(page, "Next")
    fill(page, Name="Ada", Mail="ada@example.org")
    press(page, "Next")
    page.get_by_text("3 of 3").wait_for()


SCENES: Mapping[str, Scene] = {
    "autosave": autosave,
    "background_jobs": background_jobs,
    "confirm": confirm,
    "controls": controls,
    "csp": as_it_is,
    "csv_export": as_it_is,
    "csv_import": csv_import,
    "dependent_selects": dependent_selects,
    "dialog": dialog,
    "edit_form": edit_form,
    "growing_list": growing_list,
    "infinite_scroll": infinite_scroll,
    "inline_edit": inline_edit,
    "lazy_panel": lazy_panel,
    "like_button": like_button,
    "live_list": live_list,
    "live_search": live_search,
    "multiple_upload": multiple_upload,
    "no_websocket": no_websocket,
    "pagination": pagination,
    "password_reset": password_reset,
    "postgres": postgres,
    "rate_limit": rate_limit,
    "roles": as_it_is,
    "several_workers": several_workers,
    "sign_in": sign_in,
    "testing": testing,
    "toasts": toasts,
    "translations": translations,
    "undo": undo,
    "upload_progress": upload_progress,
    "wizard": wizard,
}
