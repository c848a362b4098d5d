"""Pages in dialogs: a link opens, an action closes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from flask import redirect
from marshmallow.validate import Length
from playwright.sync_api import Browser, Page, expect
from werkzeug.wrappers import Response

from flask_serveractions import ActionError
from tests.browser.stage import NODE_MODULES, Stage, open_page
from tests.todo_app import served

Text = Annotated[str, Length(1, 20)]
BELOW = """<main><h1>Todos</h1><ul id="list">{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul>
<a id="new" href="/todos/new" data-dialog>New</a> <a id="missing" href="/nowhere" data-dialog>Missing</a></main>"""
NEW = """<nav>Not shown</nav><main><h2 id="title">A new one</h2>
{% call(form) action_form(action) %}<label for="{{ form.id }}-text">Text</label>
<input {{ form.attrs("text") }}>{{ form.error("text") }}<button>Create</button>{% endcall %}
<a class="another" href="new/tag" data-dialog>A tag</a><p>{{ items|length }} there</p></main>"""


def set_todos(stage: Stage, to: str = "") -> list[str]:
    """Set a page with a dialog, that has another.

    :param to: where creating leads to; nowhere, by default.
    """
    items: list[str] = []

    def create(text: Text) -> Response | None:
        if text == "taken":
            raise ActionError("You already have that one.", field="text")
        items.append(text)
        return redirect(to) if to else None

    def tag(text: Text) -> None:
        items.append("#" + text)

    stage.actions.register(create)
    stage.actions.register(tag)
    stage.page("/todos", BELOW, "Todos", items=lambda: items)
    stage.page("/todos/new", NEW, "New", items=lambda: items, action="create")
    stage.page("/todos/new/tag", NEW, "Tag", items=lambda: items, action="tag")
    return items


def open_dialog(page: Page) -> None:
    open_page(page, "/todos")
    page.locator("#new").click()
    expect(page.locator("dialog[open]")).to_be_visible()


def refresh(page: Page) -> None:
    page.evaluate("import(document.querySelector('#serveractions').src).then((client) => client.refresh())")


def test_a_link_shows_the_main_part_of_its_page_in_a_modal_dialog(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_dialog(page)
    dialog = page.get_by_role("dialog", name="A new one")
    expect(dialog).not_to_contain_text("Not shown")
    expect(page).to_have_url("/todos")
    expect(dialog.get_by_label("Text")).to_be_focused()
    assert page.evaluate("document.querySelector('dialog').matches(':modal')")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(({id}) => id)")
    assert len(ids) == len(set(ids))


def test_success_closes_it_and_refreshes_what_is_below(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_dialog(page)
    page.locator("dialog [name=text]").fill("milk")
    page.locator("dialog button").first.click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#list li")).to_have_text(["milk"])
    expect(page.locator("#new")).to_be_focused()
    assert [call.action for call in stage.calls] == ["create"]


def test_a_refusal_stays_in_it(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_dialog(page)
    field = page.locator("dialog [name=text]")
    field.fill("taken")
    page.locator("dialog button").first.click()
    expect(page.locator("dialog")).to_contain_text("You already have that one.")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("free")
    page.locator("dialog button").first.click()
    expect(page.locator("#list li")).to_have_text(["free"])


def test_a_redirect_to_the_page_below_closes_it_too(stage: Stage, page: Page) -> None:
    set_todos(stage, to="/todos")
    open_dialog(page)
    page.evaluate("window.same = true")
    page.locator("dialog [name=text]").fill("milk")
    page.locator("dialog button").first.click()
    expect(page.locator("#list li")).to_have_text(["milk"])
    expect(page.locator("dialog")).to_have_count(0)
    assert page.evaluate("window.same")


def test_a_redirect_elsewhere_is_followed(stage: Stage, page: Page) -> None:
    set_todos(stage, to="/other")
    stage.page("/other", "<main>Other</main>")
    open_dialog(page)
    page.locator("dialog [name=text]").fill("milk")
    page.locator("dialog button").first.click()
    expect(page).to_have_url("/other")


def test_escape_closes_it_and_gives_the_focus_back(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_dialog(page)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#new")).to_be_focused()
    page.wait_for_function("!history.state?.serveractionsDialogs")


@pytest.mark.parametrize("way", ["Escape", "Back", "Close"])
def test_what_was_typed_in_a_dialog_that_was_closed_is_not_missed(stage: Stage, page: Page, way: str) -> None:
    items = set_todos(stage)
    open_dialog(page)
    page.locator("dialog [name=text]").fill("half")
    if way == "Escape":
        page.keyboard.press("Escape")
    elif way == "Back":
        page.go_back()
    else:
        page.get_by_role("button", name="Close").click()
    expect(page.locator("dialog")).to_have_count(0)
    items.append("by somebody else")
    refresh(page)
    expect(page.locator("#list li")).to_have_text(["by somebody else"])
    expect(page.locator("body")).not_to_contain_text("is gone")


def test_back_closes_it_and_the_page_stays(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_dialog(page)
    page.evaluate("window.same = true")
    page.go_back()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page).to_have_url("/todos")
    assert page.evaluate("window.same")


def test_a_dialog_opens_another_and_each_closes_by_itself(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_dialog(page)
    page.locator("dialog .another").click()
    expect(page.locator("dialog")).to_have_count(2)
    top = page.locator("dialog").last
    top.locator("[name=text]").fill("red")
    top.locator("button").first.click()
    expect(page.locator("dialog")).to_have_count(1)
    expect(page.locator("dialog")).to_contain_text("1 there")
    expect(page.locator("#list li")).to_have_text(["#red"])
    page.go_back()
    expect(page.locator("dialog")).to_have_count(0)


def test_what_is_typed_in_it_stays_while_the_page_below_is_refreshed(stage: Stage, page: Page) -> None:
    items = set_todos(stage)
    open_dialog(page)
    page.locator("dialog [name=text]").fill("half")
    items.append("by somebody else")
    refresh(page)
    expect(page.locator("#list li")).to_have_text(["by somebody else"])
    expect(page.locator("dialog[open] [name=text]")).to_have_value("half")
    expect(page.locator("dialog[open] [name=text]")).to_be_focused()


def test_a_page_that_can_not_be_had_is_the_browsers(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_page(page, "/todos")
    page.locator("#missing").click()
    expect(page).to_have_url("/nowhere")


def test_axe_finds_nothing_in_an_open_dialog(stage: Stage, page: Page) -> None:
    set_todos(stage)
    stage.policy = ""
    open_dialog(page)
    page.add_script_tag(content=Path(NODE_MODULES, "axe-core", "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(({violations}) => violations.map(({id, help}) => `${id}: ${help}`))")
    assert found == []


def test_without_scripts_it_is_a_page(stage: Stage, browser: Browser) -> None:
    set_todos(stage, to="/todos")
    with served(stage.app) as address:
        context = browser.new_context(base_url=address, java_script_enabled=False)
        page = context.new_page()
        page.goto("/todos")
        page.locator("#new").click()
        page.locator("[name=text]").fill("milk")
        page.locator("button").click()
        expect(page).to_have_url(f"{address}/todos")
        expect(page.locator("#list li")).to_have_text(["milk"])
        context.close()
