"""Leaving: a dialog that is closed, a download that is none, and what would be lost."""

from __future__ import annotations

import re

import pytest
from flask import Response, abort, flash, redirect
from playwright.sync_api import Dialog, Page, expect

from tests.browser.readiness import await_ready
from tests.browser.stage import Stage, await_events, open_page

FLASHES = "{% for text in get_flashed_messages() %}<p class=flash>{{ text }}</p>{% endfor %}"
LIST = '<main><h1>Below</h1><a id="new" href="/new" data-dialog>New</a></main>'
FORM = """<main><h2>New</h2>{% call(form) action_form("create", attrs=attrs) %}{{ form.field("text") }}
<button>Create</button>{% endcall %}</main>"""


def set_pages(stage: Stage, below: str = LIST, new: str = FORM, attrs: dict[str, str] | None = None) -> None:
    @stage.actions.register
    def create(text: str) -> None:
        flash(f"{text} is there.")

    stage.page("/", below)
    stage.page("/new", new, attrs=attrs)


def open_new(page: Page) -> None:
    open_page(page, "/")
    page.click("#new")
    expect(page.get_by_role("dialog", name="New")).to_be_visible()


@pytest.mark.parametrize("below", [FLASHES, "<div data-messages></div>", ""], ids=["shown", "a place", "none"])
@pytest.mark.parametrize("new", [FLASHES, ""], ids=["shown in its page", "not shown there"])
def test_what_a_dialogs_form_flashed_is_said_once(stage: Stage, page: Page, below: str, new: str) -> None:
    set_pages(stage, below + LIST, new + FORM)
    open_new(page)
    for count, text in enumerate(["milk", "eggs"], 1):
        if count > 1:
            page.click("#new")
        page.locator("dialog input[name=text]").fill(text)
        page.get_by_role("button", name="Create").click()
        expect(page.locator("dialog")).to_have_count(0)
        await_events(page, "finish", count)
        expect(page.get_by_text(f"{text} is there.")).to_have_count(1)


@pytest.mark.parametrize("new", [FLASHES, ""], ids=["shown in its page", "not shown there"])
def test_what_a_dialogs_form_flashed_stands_where_the_page_below_shows_it(stage: Stage, page: Page, new: str) -> None:
    set_pages(stage, FLASHES + LIST, new + FORM)
    open_new(page)
    page.locator("dialog input[name=text]").fill("milk")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("body > p")).to_have_text(["milk is there."])
    await_events(page, "finish", 1)
    expect(page.get_by_text("milk is there.")).to_have_count(1)
    page.reload()
    expect(page.get_by_text("milk is there.")).to_have_count(0)


def test_an_attachment_is_downloaded_and_no_dialog(stage: Stage, page: Page) -> None:
    set_pages(stage)

    @stage.app.get("/attached")
    def attached() -> Response:
        return Response("<main>Attached</main>", headers={"Content-Disposition": 'attachment; filename="a.html"'})

    stage.page("/list", '<main><a id="file" href="/attached" data-dialog>A file</a></main>')
    open_page(page, "/list")
    await_ready(page)
    with page.expect_download() as download:
        page.click("#file")
    assert download.value.suggested_filename == "a.html"
    expect(page.locator("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("/list$"))


DEPTH = """depth => new Promise(resolve => {
  const look = () => (history.state?.serveractionsDialogs ?? 0) === depth ? resolve() : setTimeout(look, 20);
  look();
})"""


def await_depth(page: Page, depth: int) -> None:
    """Wait until the history says that so many dialogs are open."""
    page.evaluate(DEPTH, depth)


# Playwright looks at no page that is about to be left
NOTE_DISABLED = """{
  const button = document.querySelector("button"), states = [];
  new MutationObserver(() => {
    states.push(button.disabled);
    document.documentElement.dataset.disabled = states.join();
  }).observe(button, { attributeFilter: ["disabled"] });
}"""
CLOSINGS = ["Escape", "button", "Back"]


def close(page: Page, way: str) -> None:
    if way == "Escape":
        page.keyboard.press("Escape")
    elif way == "button":
        page.get_by_role("button", name="Close").click()
    else:
        page.evaluate("history.back()")


@pytest.mark.parametrize("way", CLOSINGS)
def test_a_dialog_is_not_closed_unasked_where_what_was_typed_would_be_lost(stage: Stage, page: Page, way: str) -> None:
    set_pages(stage, attrs={"data-dirty": ""})
    open_new(page)
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        (dialog.accept if len(asked) == 2 else dialog.dismiss)()

    page.on("dialog", answer)
    field = page.locator("dialog input[name=text]")
    field.fill("half")
    with page.expect_event("dialog"):
        close(page, way)
    await_depth(page, 1)
    expect(field).to_have_value("half")
    field.press("End")  # a second Escape in a row is the browser's
    close(page, way)
    expect(page.locator("dialog")).to_have_count(0)
    assert asked == ["What you have typed will be lost."] * 2
    await_depth(page, 0)
    page.click("#new")
    expect(field).to_have_value("")


@pytest.mark.parametrize("way", CLOSINGS)
def test_a_dialog_in_which_nothing_was_typed_or_all_is_sent_is_closed_unasked(
    stage: Stage, page: Page, way: str
) -> None:
    set_pages(stage, attrs={"data-dirty": ""})
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    open_new(page)
    close(page, way)
    expect(page.locator("dialog")).to_have_count(0)
    page.click("#new")
    page.locator("dialog input[name=text]").fill("whole")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("dialog")).to_have_count(0)
    assert asked == []


@pytest.mark.parametrize("way", ["natively", "by the client"])
def test_what_was_answered_on_the_page_is_nothing_that_would_be_lost(stage: Stage, page: Page, way: str) -> None:
    @stage.actions.register(show_result=True)
    def double(text: str) -> str:
        return text * 2

    stage.page(
        "/p",
        """<main>{% call(form) action_form("double", attrs={"data-dirty": ""}) %}<input {{ form.attrs("text") }}>
        <output>{{ form.result }}</output>{% endcall %}</main>""",
    )
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    if way == "natively":
        page.route("**/client.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    for typed in ("", "z"):
        open_page(page, "/p")
        page.unroute_all()
        page.fill("[name=text]", "ab")
        page.press("[name=text]", "Enter")
        expect(page.locator("output")).to_have_text("abab")
        await_ready(page)
        page.press("[name=text]", "End")
        page.keyboard.type(typed)
        page.goto("/p")
        assert asked == ["beforeunload"] * len(typed)


def test_a_redirect_to_a_download_gives_the_button_back_and_the_next_press_is_sent(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def report() -> Response:
        return redirect("/report.csv")

    @stage.app.get("/report.csv")
    def file() -> Response:
        return Response("a;b", headers={"Content-Disposition": 'Attachment; filename="report.csv"'})

    stage.page("/p", '<main>{% call action_form("report") %}<button>Report</button>{% endcall %}</main>')
    open_page(page, "/p")
    page.evaluate(NOTE_DISABLED)
    for states in "true,false", "true,false,true,false":
        with page.expect_download() as download:
            page.get_by_role("button").click(no_wait_after=True)
        assert download.value.suggested_filename == "report.csv"
        expect(page.locator("html")).to_have_attribute("data-disabled", states)
        expect(page.locator("form")).not_to_have_attribute("aria-busy", "true")
    assert len(stage.calls) == 2


REFRESH = "async () => await (await import('/_actions/client.js')).refresh()"
NOTE = """<main><form id="note"><input name="note"></form></main>"""


def test_what_was_begun_stays_where_a_fresh_page_can_not_be_had(stage: Stage, page: Page) -> None:
    stage.page("/", NOTE)
    open_page(page, "/")
    page.fill("[name=note]", "on a train")
    page.evaluate(REFRESH)  # it is loaded, too
    page.context.set_offline(True)
    page.evaluate(REFRESH)
    page.context.set_offline(False)
    link = page.get_by_role("link", name="The page could not be loaded.")
    expect(link).to_be_visible()
    assert link.evaluate("link => [link.href, link.target]") == [page.url, "_blank"]
    expect(page.locator("[name=note]")).to_have_value("on a train")


@pytest.mark.parametrize("way", ["dialog", "search"])
def test_what_was_begun_stays_where_what_is_not_the_page_itself_can_not_be_shown_on_it(
    stage: Stage, page: Page, way: str
) -> None:
    features = (
        """<a href="/new" data-dialog>New</a><form action="/new" data-submit="input 10ms"><input name="q"></form>"""
    )
    stage.page("/", NOTE + features)
    stage.app.add_url_rule("/new", "new", lambda: redirect("/sign-in"))
    open_page(page, "/")
    page.fill("[name=note]", "half a letter")
    if way == "dialog":
        page.click("[data-dialog]")
    else:
        page.fill("[name=q]", "milk")
    link = page.get_by_role("link", name="The page could not be loaded.")
    expect(link).to_have_attribute("href", re.compile("/new$" if way == "dialog" else "/new[?]q=milk$"))
    expect(page.locator("[name=note]")).to_have_value("half a letter")


def test_what_is_typed_while_a_fresh_page_is_asked_for_stays_where_that_can_not_be_had(
    stage: Stage, page: Page
) -> None:
    def fail_after_the_first() -> str:
        if len(stage.visits) == 3:  # after the one that was to come with the answer
            stage.wait("page")
        return abort(500) if stage.visits[1:] else ""

    set_pages(stage)
    stage.page("/todos", FORM + "{{ failing }}", attrs={}, failing=fail_after_the_first)
    open_page(page, "/todos")
    page.fill("[name=text]", "milk")
    with page.expect_request("**/todos"):
        page.press("[name=text]", "Enter")
    page.fill("[name=text]", "bread")
    stage.gate("page").set()
    expect(page.get_by_role("link", name="The page could not be loaded.")).to_be_visible()
    expect(page.locator("[name=text]")).to_have_value("bread")


def test_a_page_whose_connection_breaks_off_is_asked_for_again_before_the_browser_goes_there(
    stage: Stage, page: Page
) -> None:
    stage.page("/", NOTE + "<b>{{ count }}</b>", count=lambda: len(stage.visits))
    open_page(page, "/")
    page.evaluate("window.same = true")
    page.route("**/", lambda route: route.abort(), times=1)
    page.evaluate(REFRESH)
    expect(page.locator("b")).to_have_text("2")
    assert page.evaluate("window.same")


def test_where_nothing_was_begun_the_browser_says_what_is_wrong_with_the_page(stage: Stage, page: Page) -> None:
    statuses = [200]
    stage.page("/", NOTE + "{{ status }}", status=lambda: statuses.pop() if statuses else abort(500))
    open_page(page, "/")
    with page.expect_navigation():
        page.evaluate("() => void import('/_actions/client.js').then(({ refresh }) => refresh())")
    expect(page.get_by_text("Internal Server Error").first).to_be_visible()
