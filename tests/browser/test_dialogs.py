"""Pages in dialogs: a link opens, an action closes."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
from flask import Flask, flash, redirect, render_template_string, request, session
from marshmallow.validate import Length
from playwright.sync_api import Browser, Page, expect
from werkzeug.wrappers import Response

from flask_serveractions import ActionError, Bound
from tests.browser.book import AXE, FOUND
from tests.browser.readiness import await_ready
from tests.browser.stage import Stage, open_page
from tests.stores_processes import eventually
from tests.todo_app import served

Text = Annotated[str, Length(1, 20)]
BELOW = """<main><h1>Todos</h1><ul id="list">{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul>
<a id="new" href="/todos/new" data-dialog>New</a> <a id="missing" href="/nowhere" data-dialog>Missing</a></main>"""
NEW = """<nav>Not shown</nav><main><h2 id="title">A new one</h2>
{% call(form) action_form(action) %}<label for="{{ form.id }}-text">Text</label>
<input {{ form.attrs("text") }}>{{ form.error("text") }}<button>Create</button>{% endcall %}
<a class="another" href="new/tag" data-dialog>A tag</a><p>{{ items|length }} there</p></main>"""

PICK = """<main><h2>Pick</h2><form data-submit="input 50ms"><input name="q" value="{{ request.args.q }}"></form>
<ul>{% for word in words if word.startswith(request.args.get("q", "")) %}<li>{{ word }}</li>{% endfor %}</ul></main>"""
ROWS = """<main><ul>{% for row in rows %}<li id="row-{{ row }}"><a href="/row" data-dialog>Row {{ row }}</a></li>
{% endfor %}</ul></main>"""


def set_todos(stage: Stage, to: str = "") -> list[str]:
    """Set a page with a dialog, that has another.

    :param to: where both lead to; nowhere, by default.
    """
    items: list[str] = []

    def create(text: Text) -> Response | None:
        if text == "taken":
            raise ActionError("You already have that one.", field="text")
        items.append(text)
        return redirect(to) if to else None

    def tag(text: Text) -> Response | None:
        items.append("#" + text)
        return redirect(to) if to else None

    stage.actions.register(create)
    stage.actions.register(tag)
    stage.page("/todos", BELOW, "Todos", items=lambda: items)
    stage.page("/todos/new", NEW, "New", items=lambda: items, action="create")
    stage.page("/todos/new/tag", NEW, "Tag", items=lambda: items, action="tag")
    return items


def open_list(page: Page) -> None:
    open_page(page, "/todos")
    await_ready(page)


def open_dialog(page: Page) -> None:
    open_list(page)
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


def test_what_is_wrong_with_a_field_is_told_in_it_though_the_page_below_has_the_same_form(
    stage: Stage, page: Page
) -> None:
    items = set_todos(stage)
    below = NEW.replace("</main>", '<a id="same" href="/todos/new" data-dialog>New</a></main>')
    stage.page("/same", below, "Same", items=lambda: items, action="create")
    open_page(page, "/same")
    await_ready(page)
    page.locator("#same").click()
    page.locator("dialog [name=text]").fill("taken")
    page.locator("dialog button").first.click()
    expect(page.locator("dialog [data-error]")).to_have_text("You already have that one.")
    expect(page.locator("main [data-error]")).to_have_text("")


def test_a_result_is_shown_in_it(stage: Stage, page: Page) -> None:
    @stage.actions.register(show_result=True)
    def shout(text: Text) -> str:
        return text.upper()

    stage.page(
        "/shout",
        """<main><h2>Shout</h2>{% call(form) action_form("shout") %}{{ form.field("text") }}<button>Shout</button>
        <output>{{ form.result }}</output>{% endcall %}</main>""",
    )
    stage.page("/", '<main><a id="new" href="/shout" data-dialog>Shout</a></main>')
    open_page(page, "/")
    await_ready(page)
    page.locator("#new").click()
    dialog = page.get_by_role("dialog", name="Shout")
    for text in "one", "two":
        dialog.get_by_label("Text").fill(text)
        dialog.get_by_role("button", name="Shout").click()
        expect(dialog.locator("output")).to_have_text(text.upper())
        expect(dialog.get_by_label("Text")).to_have_value(text)


def test_a_redirect_to_the_page_below_closes_it_too(stage: Stage, page: Page) -> None:
    set_todos(stage, to="/todos")
    open_dialog(page)
    page.evaluate("window.same = true")
    page.locator("dialog [name=text]").fill("milk")
    page.locator("dialog button").first.click()
    expect(page.locator("#list li")).to_have_text(["milk"])
    expect(page.locator("dialog")).to_have_count(0)
    assert page.evaluate("window.same")


def test_a_redirect_to_a_place_on_the_page_below_leads_there(stage: Stage, page: Page) -> None:
    set_todos(stage, "/todos#end")
    stage.app.view_functions["/todos"] = lambda: render_template_string(
        f"<!doctype html><title>Todos</title>{BELOW}<p style='height:3000px'></p><p id='end'>End</p>"
        "{{ serveractions_script() }}",
        items=(),
    )
    open_dialog(page)
    page.evaluate("() => { window.back = 0; history.go = () => window.back++ }")
    page.get_by_label("Text").fill("milk")
    page.get_by_role("button", name="Create").click()
    expect(page).to_have_url(re.compile("/todos#end$"))
    expect(page.locator("#end")).to_be_in_viewport()
    expect(page.locator("dialog")).to_have_count(0)
    assert page.evaluate("window.back") == 0  # on a busy machine the browser would leave the place again


def test_a_redirect_elsewhere_is_followed(stage: Stage, page: Page) -> None:
    set_todos(stage, to="/other")
    stage.page("/other", "<main>Other</main>")
    open_dialog(page)
    page.locator("dialog [name=text]").fill("milk")
    page.locator("dialog button").first.click()
    expect(page).to_have_url("/other")


def test_a_redirect_from_a_second_dialog_to_the_page_below_closes_both(stage: Stage, page: Page) -> None:
    set_todos(stage, to="/todos")
    open_dialog(page)
    page.evaluate("window.same = true")
    page.locator("dialog .another").click()
    expect(page.locator("dialog")).to_have_count(2)
    page.locator("dialog").last.locator("[name=text]").fill("red")
    page.locator("dialog").last.get_by_role("button", name="Create").click()
    expect(page.locator("#list li")).to_have_text(["#red"])
    expect(page.locator("dialog")).to_have_count(0)
    expect(page).to_have_url("/todos")
    expect(page.locator("#new")).to_be_focused()
    eventually(lambda: page.evaluate("window.same && !history.state?.serveractionsDialogs"))


@pytest.mark.parametrize("to", ["", "/todos"])
@pytest.mark.parametrize("where", ["below", "both"])
def test_what_was_flashed_in_a_dialog_is_told_once_on_the_page_below(
    stage: Stage, page: Page, to: str, where: str
) -> None:
    @stage.actions.register
    def create() -> Response | None:
        flash("Created.")
        return redirect(to) if to else None

    told = "<div data-messages>{% for text in get_flashed_messages() %}<p>{{ text }}</p>{% endfor %}</div>"
    form = "{% call action_form('create') %}<button>Create</button>{% endcall %}"
    below = '<main><a id="new" href="/todos/new" data-dialog>New</a><b>{{ visits }}</b></main>'
    stage.page("/todos", told + below, visits=lambda: stage.visits.count("/todos"))
    stage.page("/todos/new", f"{told if where == 'both' else ''}<main>{form}</main>")
    open_dialog(page)
    page.get_by_role("button", name="Create").click()
    expect(page.locator("b")).to_have_text("2")
    expect(page.locator("[data-messages] p")).to_have_text(["Created."])
    open_list(page)
    expect(page.locator("[data-messages]")).to_have_text("")


def test_escape_closes_it_and_gives_the_focus_back(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_dialog(page)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#new")).to_be_focused()
    eventually(lambda: page.evaluate("!history.state?.serveractionsDialogs"))


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


@pytest.mark.parametrize("way", ["reload", "forward"])
def test_back_closes_a_dialog_also_where_another_one_was_open_before(stage: Stage, page: Page, way: str) -> None:
    set_todos(stage)
    open_dialog(page)
    if way == "reload":
        page.reload(wait_until="load")
        await_ready(page)
    else:
        page.go_back()
        expect(page.locator("dialog")).to_have_count(0)
        page.go_forward()
    page.locator("#new").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.go_back()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page).to_have_url("/todos")


def test_a_link_to_a_place_in_the_dialog_leads_there(stage: Stage, page: Page) -> None:
    stage.page("/todos", '<main><a id="new" href="/long" data-dialog>Long</a></main>')
    stage.page("/long", '<main><h2>Long</h2><a href="#end">To the end</a><p id="end" tabindex="-1">End</p></main>')
    open_dialog(page)
    page.get_by_role("link", name="To the end").click()
    expect(page.locator("dialog p")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page).to_have_url("/todos")


def test_a_search_in_a_dialog_stays_in_it(stage: Stage, page: Page) -> None:
    stage.page("/todos", '<main><h1>Todos</h1><a id="new" href="/pick" data-dialog>Pick</a></main>')
    stage.page("/pick", PICK, words=("apple", "apricot", "banana"))
    open_dialog(page)
    field = page.locator("dialog [name=q]")
    field.press_sequentially("ap")
    expect(page.locator("dialog li")).to_have_text(["apple", "apricot"])
    expect(field).to_be_focused()
    expect(field).to_have_value("ap")
    field.press("r")
    field.press("Enter")
    expect(page.locator("dialog li")).to_have_text(["apricot"])
    expect(page.get_by_role("dialog", name="Pick")).to_be_visible()
    page.context.set_offline(True)
    field.fill("b")
    expect(page.locator("dialog")).to_contain_text("Please try again.")
    expect(page).to_have_url("/todos")
    expect(page.locator("main h1")).to_have_text("Todos")


def test_a_search_in_a_dialog_leads_to_the_sign_in_where_the_session_is_over(stage: Stage, page: Page) -> None:
    over: list[int] = []

    @stage.app.before_request
    def guard() -> Response | None:
        return redirect("/sign-in?next=" + request.full_path) if over and request.path == "/pick" else None

    stage.page("/todos", '<main><h1>Todos</h1><a id="new" href="/pick" data-dialog>Pick</a></main>')
    stage.page("/pick", PICK, words=("apple", "apricot", "banana"))
    stage.page("/sign-in", "<main><h1>Sign in</h1></main>")
    open_dialog(page)
    over.append(1)
    page.locator("dialog [name=q]").press_sequentially("ap")
    expect(page.locator("h1")).to_have_text("Sign in")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/pick\?q="))


def test_after_what_a_dialog_deleted_the_focus_is_on_what_follows(stage: Stage, page: Page) -> None:
    rows = [1, 2, 3]

    @stage.actions.register
    def remove(row: Bound[int]) -> Response:
        rows.remove(row)
        return redirect("/todos")

    stage.page("/todos", ROWS, rows=lambda: rows)
    stage.page(
        "/row", '<main><h2>Row 2</h2>{% call action_form("remove", row=2) %}<button>Remove</button>{% endcall %}'
    )
    open_list(page)
    page.get_by_role("link", name="Row 2").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("li")).to_have_count(2)
    expect(page.get_by_role("link", name="Row 3")).to_be_focused()


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
    open_list(page)
    page.locator("#missing").click()
    expect(page).to_have_url("/nowhere")


@pytest.mark.parametrize("link", ["#foreign", "#led-away"])
def test_a_page_of_another_origin_is_never_put_into_a_dialog(stage: Stage, page: Page, link: str) -> None:
    other = Flask("other")
    asked: list[str] = []

    @other.get("/")
    def index() -> Response:
        asked.append(request.headers["Sec-Fetch-Mode"])
        answer = Response("<main>Of somebody else</main>", mimetype="text/html")
        answer.headers["Access-Control-Allow-Origin"] = "*"  # even where it would let itself be read
        return answer

    with served(other) as foreign:
        links = f'<a id="foreign" href="{foreign}/" data-dialog>1</a> <a id="led-away" href="/away" data-dialog>2</a>'
        stage.page("/todos", f"<main>{links}</main>")
        stage.app.add_url_rule("/away", view_func=lambda: redirect(f"{foreign}/"))
        open_list(page)
        page.locator(link).click()
        expect(page).to_have_url(f"{foreign}/")
        assert asked == ["navigate"]


def test_a_form_that_was_rendered_for_somebody_else_says_so_in_its_dialog_and_can_be_sent_again(
    stage: Stage, page: Page
) -> None:
    items = set_todos(stage)
    stage.actions.auth_hook(lambda operation: session.get("name"))

    @stage.app.get("/sign-in/<name>")
    def sign_in(name: str) -> str:
        session["name"] = name
        return ""

    page.goto("/sign-in/ada")
    open_dialog(page)
    page.locator("dialog [name=text]").fill("milk")
    other = page.context.new_page()
    other.goto("/sign-in/grace")
    items.append("by Grace")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("dialog[open]")).to_contain_text("You are somebody else by now")
    expect(page.locator("dialog[open]")).to_contain_text("1 there")
    expect(page.locator("#list li")).to_have_text(["by Grace"])
    expect(page.locator("dialog [name=text]")).to_have_value("milk")
    assert items == ["by Grace"]
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#list li")).to_have_text(["by Grace", "milk"])
    expect(page.locator("dialog")).to_have_count(0)


def test_the_keyboard_alone_opens_fills_and_leaves_dialogs(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_list(page)
    press = page.keyboard.press
    press("Tab")
    expect(page.locator("#new")).to_be_focused()
    press("Enter")
    expect(page.locator("dialog [name=text]")).to_be_focused()
    for _ in range(3):
        press("Tab")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    for _ in range(3):  # it leads to the browser's own bar, and comes back: never to what is below
        press("Tab")
        assert page.evaluate("document.activeElement.closest('dialog') || document.activeElement === document.body")
    page.locator("dialog .another").focus()
    press("Enter")
    expect(page.locator("dialog").last.locator("[name=text]")).to_be_focused()
    press("Escape")
    expect(page.locator("dialog")).to_have_count(1)
    expect(page.locator("dialog .another")).to_be_focused()
    page.locator("dialog [name=text]").focus()
    page.keyboard.type("milk")
    press("Enter")
    expect(page.locator("#list li")).to_have_text(["milk"])
    expect(page.locator("#new")).to_be_focused()


@pytest.mark.parametrize("state", ["open", "refused", "in another"])
def test_axe_finds_nothing_in_an_open_dialog(stage: Stage, page: Page, state: str) -> None:
    set_todos(stage)
    stage.policy = ""
    open_dialog(page)
    if state == "refused":
        page.locator("dialog [name=text]").fill("taken")
        page.get_by_role("button", name="Create").click()
        expect(page.locator("dialog")).to_contain_text("You already have that one.")
    elif state == "in another":
        page.locator("dialog .another").click()
        expect(page.locator("dialog")).to_have_count(2)
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found = page.evaluate(FOUND, {})
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
