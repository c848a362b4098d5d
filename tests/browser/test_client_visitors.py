"""Somebody else has signed in meanwhile, in another tab: nothing that was typed before is sent for them by itself."""

from __future__ import annotations

import pytest
from flask import request, session
from playwright.sync_api import Page, expect

from tests.browser.stage import Stage, await_events, kinds, open_page

SAID = "You are somebody else by now"
FORM = """<main>{% call(form) action_form("save", attrs=attrs) %}<input name="text">
<button>Save</button>{% endcall %}<p id="who">{{ session.name }}</p></main>"""


@pytest.fixture
def saved(stage: Stage) -> list[list[str]]:
    """What was saved, and for whom, by the form on `/note`, and by one on `/draft` that sends itself."""
    saved: list[list[str]] = []

    @stage.actions.register
    def save(text: str) -> None:
        saved.append([session["name"], text])

    @stage.app.get("/sign-in/<name>")
    def sign_in(name: str) -> str:
        session["name"] = name
        return ""

    stage.actions.auth_hook(lambda operation: session.get("name"))
    stage.page("/note", FORM, attrs={})
    # in the time of the tests it is sent when its field is left, and never before
    stage.page("/draft", FORM, attrs={"data-submit": "input 10m"}, held=lambda: stage.gates and stage.wait("page"))
    return saved


def sign_in(page: Page, name: str) -> None:
    """Sign in, in another tab."""
    other = page.context.new_page()
    other.goto(f"/sign-in/{name}")
    other.close()


def open_for_ada(page: Page, path: str) -> None:
    page.goto("/sign-in/Ada")
    open_page(page, path)


def refresh(page: Page) -> None:
    page.evaluate("async () => await (await import('/_actions/client.js')).refresh()")


@pytest.mark.parametrize("path", ["/note", "/draft"])
def test_a_form_that_was_begun_before_says_so_and_is_sent_when_the_visitor_says_so_again(
    saved: list[list[str]], page: Page, path: str
) -> None:
    open_for_ada(page, path)
    field = page.locator("[name=text]")
    field.press_sequentially("Ada's")
    sign_in(page, "Grace")
    refresh(page)
    expect(page.locator("#who")).to_have_text("Grace")
    expect(field).to_have_value("Ada's")
    send(page, path)
    expect(page.locator("form [role=alert]")).to_contain_text(SAID)
    await_events(page, "finish", 1)
    expect(field).to_have_value("Ada's")
    assert saved == []
    type_on(page, " and Grace's")
    send(page, path)
    await_events(page, "success", 1)
    assert saved == [["Grace", "Ada's and Grace's"]]


def type_on(page: Page, text: str) -> None:
    page.locator("[name=text]").press("End")
    page.keyboard.type(text)


def send(page: Page, path: str) -> None:
    page.locator("button").click() if path == "/note" else page.locator("[name=text]").blur()


def test_what_was_typed_while_the_refusal_was_on_its_way_is_not_sent_by_itself(
    saved: list[list[str]], stage: Stage, page: Page
) -> None:
    open_for_ada(page, "/draft")
    field = page.locator("[name=text]")
    field.press_sequentially("Ada's")
    sign_in(page, "Grace")
    stage.gate("page")
    field.blur()
    await_events(page, "start", 1)
    type_on(page, " too")
    stage.gate("page").set()
    await_events(page, "finish", 1)
    expect(page.locator("form [role=alert]")).to_contain_text(SAID)
    field.blur()
    refresh(page)
    expect(field).to_have_value("Ada's too")
    assert (saved, kinds(page).count("start")) == ([], 1)


@pytest.mark.usefixtures("saved")
def test_a_button_that_waited_for_its_former_call_is_not_pressed_for_somebody_else(stage: Stage, page: Page) -> None:
    pressed: list[str] = []

    @stage.actions.register
    def press() -> None:
        pressed.append(session["name"])
        stage.wait("first")

    stage.page(
        "/",
        """<main><button data-action="{{ action_url("press") }}" data-concurrency="queue">Press</button>
        <p id="who">{{ session.name }}</p></main>""",
    )
    open_for_ada(page, "/")
    for _ in range(2):
        page.locator("button").click()
    sign_in(page, "Grace")
    refresh(page)
    expect(page.locator("#who")).to_have_text("Grace")
    stage.gate("first").set()
    await_events(page, "finish", 2)
    expect(page.get_by_role("alert").filter(has_text=SAID)).to_be_visible()
    assert pressed == ["Ada"]


def test_a_stale_form_is_not_sent_again_with_the_id_of_somebody_else(
    saved: list[list[str]], stage: Stage, page: Page
) -> None:
    @stage.app.before_request
    def sign_in_meanwhile() -> None:
        if request.method == "GET" and stage.calls:
            session["name"] = "Grace"

    open_for_ada(page, "/note")
    page.fill("[name=text]", "Ada's")
    page.evaluate("document.querySelector('#serveractions').dataset.token += 'stale'")
    page.locator("button").click()
    await_events(page, "finish", 1)
    expect(page.locator("form [role=alert]")).not_to_be_empty()
    expect(page.locator("[name=text]")).to_have_value("Ada's")
    assert saved == []
    page.locator("button").click()
    await_events(page, "finish", 2)
    expect(page.locator("form [role=alert]")).to_contain_text(SAID)
    assert saved == []
