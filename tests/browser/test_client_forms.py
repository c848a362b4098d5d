"""Forms with the client: what is sent, what is shown meanwhile, what is shown in the end."""

from __future__ import annotations

import re
from typing import Annotated

import pytest
from marshmallow import validate
from playwright.sync_api import Dialog, Locator, Page, expect
from werkzeug.datastructures import FileStorage

from flask_serveractions import ActionError, Bound
from tests.browser.stage import Stage, await_events, events, kinds, open_page

Small = Annotated[str, validate.Regexp("[a-z0-9 ]*$", error="Small letters only.")]

ADD = """<main><h1>Todos</h1>
{% call(form) action_form("create", attrs=attrs) %}
<input {{ form.attrs("text") }}>{{ form.error("text") }}""" + (
    """<button id="add" data-pending="Adding…"><b>Add</b> it</button>{{ more|safe }}
{% endcall %}
<ul id="list">{% for item in todos %}<li>{{ item }}</li>{% endfor %}{{ after|safe }}</ul></main>"""
)
GO = """<main data-n="{{ n }}">{% call action_form("go", attrs=attrs) %}{{ content|safe }}<button id="go">Go</button>
{% endcall %}</main>"""


def set_todos(stage: Stage, once: bool = False, **context: object) -> list[str]:
    """Set a page with a list and a form to add to it."""
    items: list[str] = []

    def create(text: Small) -> str:
        if text == "bad":
            raise ActionError("You already have that one.", field="text")
        if text == "worse":
            raise ActionError("The list is full.")
        if text in stage.gates:
            stage.wait(text)
        items.append(text)
        return text

    stage.actions.register(once=once)(create)
    stage.page("/todos", ADD, "Todos {{ todos|length }}", todos=lambda: list(items), **{"attrs": {}, **context})
    return items


def set_go(stage: Stage, *, content: str = "", attrs: dict[str, str] | None = None) -> None:
    stage.page("/go", GO, n=lambda: len(stage.calls), content=content, attrs=attrs or {})


def add(page: Page, text: str) -> None:
    page.fill("[name=text]", text)
    page.click("#add")


def rows(page: Page) -> Locator:
    return page.locator("#list > li")


def test_a_forms_data_and_the_fresh_page_are_one_round_trip(stage: Stage, page: Page) -> None:
    items = set_todos(stage)
    open_page(page, "/todos")
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.method, request.resource_type)))
    add(page, "milk")
    expect(rows(page)).to_have_text(["milk"])
    expect(page.locator("[name=text]")).to_have_value("")
    assert items == ["milk"]
    assert sent == [("POST", "fetch")]
    assert page.title() == "Todos 1"
    headers = stage.calls[0].headers
    assert headers["accept"] == "application/json, text/event-stream"
    assert headers["prefer"] == "return=representation"
    assert headers["x-csrftoken"]


def test_a_call_under_way_shows_and_its_marks_go_with_it(stage: Stage, page: Page) -> None:
    set_todos(stage)
    stage.gate("milk")
    open_page(page, "/todos")
    add(page, "milk")
    button, form = page.locator("#add"), page.locator("form")
    expect(form).to_have_attribute("aria-busy", "true")
    expect(button).to_have_text("Adding…")
    expect(button).to_be_disabled()
    stage.gate("milk").set()
    expect(rows(page)).to_have_count(1)
    expect(form).not_to_have_attribute("aria-busy", "true")
    expect(button).to_be_enabled()
    expect(button).to_be_focused()
    assert page.inner_html("#add") == "<b>Add</b> it"


def test_an_error_stands_at_its_field_which_has_the_focus_and_keeps_what_was_typed(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_page(page, "/todos")
    add(page, "bad")
    text, error = page.locator("[name=text]"), page.locator("#create-text-error")
    expect(error).to_have_text("You already have that one.")
    expect(text).to_have_attribute("aria-invalid", "true")
    expect(text).to_be_focused()
    expect(text).to_have_value("bad")
    add(page, "good")
    expect(rows(page)).to_have_text(["good"])
    expect(error).to_have_text("")
    expect(text).not_to_have_attribute("aria-invalid", "true")


def test_errors_that_come_without_a_page_are_put_in_place(stage: Stage, page: Page) -> None:
    set_todos(stage)
    problem = '{"status": 422, "title": "No", "detail": "Mend it.", "errors": {"text": ["Short.", "Dull."]}}'
    stage.instead["create"] = (422, {"Content-Type": "application/problem+json", "Serveractions": "1"}, problem)
    open_page(page, "/todos")
    add(page, "x")
    expect(page.locator("#create-text-error")).to_have_text("Short. Dull.")
    expect(page.locator("[data-message]")).to_have_text("Mend it.")
    expect(page.locator("[name=text]")).to_be_focused()
    del stage.instead["create"]
    page.click("#add")
    expect(rows(page)).to_have_text(["x"])
    expect(page.locator("#create-text-error")).to_have_text("")
    expect(page.locator("[data-message]")).to_have_text("")


def test_a_message_that_stands_at_its_field_is_not_said_twice(stage: Stage, page: Page) -> None:
    set_todos(stage)
    problem = '{"status": 422, "title": "No", "detail": "Too short.", "errors": {"text": ["Too short."]}}'
    stage.instead["create"] = (422, {"Content-Type": "application/problem+json", "Serveractions": "1"}, problem)
    open_page(page, "/todos")
    add(page, "x")
    expect(page.locator("#create-text-error")).to_have_text("Too short.")
    expect(page.locator("[data-message]")).to_have_text("")


def test_what_no_field_is_to_blame_for_is_announced(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_page(page, "/todos")
    add(page, "worse")
    expect(page.get_by_role("alert")).to_have_text("The list is full.")


def test_a_refused_confirmation_sends_nothing(stage: Stage, page: Page) -> None:
    set_todos(stage, attrs={"data-confirm": "Really?"})
    open_page(page, "/todos")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept() if len(asked) == 2 else dialog.dismiss()

    page.on("dialog", answer)
    add(page, "milk")
    assert (asked, stage.calls) == (["Really?"], [])
    add(page, "milk")
    expect(rows(page)).to_have_text(["milk"])
    assert len(stage.calls) == 1


GHOST = '<template id="ghost"><li class="ghost"><i data-value="text"></i></li></template>'


def test_an_optimistic_row_stands_until_the_answer(stage: Stage, page: Page) -> None:
    set_todos(stage, attrs={"data-optimistic": "ghost"}, after=GHOST)
    stage.gate("milk")
    open_page(page, "/todos")
    add(page, "milk")
    expect(page.locator("li.ghost")).to_have_text("milk")
    stage.gate("milk").set()
    expect(page.locator("#list > li:not(.ghost)")).to_have_text(["milk"])
    expect(page.locator("li.ghost")).to_have_count(0)


def test_an_optimistic_row_goes_away_after_a_failure(stage: Stage, page: Page) -> None:
    set_todos(stage, attrs={"data-optimistic": "ghost"}, after=GHOST)
    open_page(page, "/todos")
    add(page, "bad")
    expect(page.locator("#create-text-error")).not_to_be_empty()
    expect(page.locator("li.ghost")).to_have_count(0)


def test_an_optimistic_template_within_the_form_shows_in_its_place(stage: Stage, page: Page) -> None:
    set_todos(stage, more='<template data-optimistic><em>Saving <b data-value="text"></b></em></template>')
    stage.gate("milk")
    open_page(page, "/todos")
    add(page, "milk")
    expect(page.locator("form em")).to_have_text("Saving milk")
    stage.gate("milk").set()
    expect(rows(page)).to_have_count(1)
    expect(page.locator("form em")).to_have_count(0)


CLICKS = """() => { for (let n = 0; n < 5; n++) {
    document.querySelector("[name=text]").value = "t" + n; document.querySelector("#add").click(); } }"""


@pytest.mark.parametrize("attrs", [{}, {"data-concurrency": "ignore"}])
def test_five_clicks_in_a_row_are_one_call(stage: Stage, page: Page, attrs: dict[str, str]) -> None:
    items = set_todos(stage, attrs=attrs)
    stage.gate("t0")
    open_page(page, "/todos")
    page.evaluate(CLICKS)
    page.evaluate("document.forms[0].requestSubmit()")
    stage.gate("t0").set()
    expect(rows(page)).to_have_text(["t0"])
    assert (items, len(stage.calls)) == (["t0"], 1)


@pytest.mark.parametrize("once", [False, True])
def test_a_queue_sends_five_clicks_one_after_the_other(stage: Stage, page: Page, once: bool) -> None:
    items = set_todos(stage, once=once, attrs={"data-concurrency": "queue"})
    open_page(page, "/todos")
    page.evaluate(CLICKS)
    expect(rows(page)).to_have_text(["t0", "t1", "t2", "t3", "t4"])
    await_events(page, "finish", 5)
    assert items == ["t0", "t1", "t2", "t3", "t4"]
    assert not once or len({call.headers["idempotency-key"] for call in stage.calls}) == 5


def test_typing_on_while_a_queue_is_under_way_loses_nothing(stage: Stage, page: Page) -> None:
    items = set_todos(stage, attrs={"data-concurrency": "queue"})
    stage.gate("one")
    open_page(page, "/todos")
    text = page.locator("[name=text]")
    text.fill("one")
    text.press("Enter")
    expect(page.locator("form")).to_have_attribute("aria-busy", "true")
    text.fill("tw")
    stage.gate("one").set()
    expect(rows(page)).to_have_text(["one"])
    expect(text).to_have_value("tw")
    expect(text).to_be_focused()
    page.keyboard.type("o")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_text(["one", "two"])
    expect(text).to_have_value("")
    assert items == ["one", "two"]


def test_latest_gives_up_the_former_call(stage: Stage, page: Page) -> None:
    set_todos(stage, attrs={"data-concurrency": "latest"})
    stage.gate("t3")
    open_page(page, "/todos")
    page.evaluate(CLICKS.replace("n = 0", "n = 3"))
    await_events(page, "finish", 2)
    expect(rows(page)).to_have_text(["t4"])
    assert sorted(kind for kind, *_ in events(page)) == ["finish", "finish", "start", "start", "success"]


def test_the_submitters_own_name_value_and_formaction_count(stage: Stage, page: Page) -> None:
    ran: list[tuple[str, int, str]] = []

    @stage.actions.register
    def go(op: str) -> None:
        ran.append(("go", 0, op))

    @stage.actions.register
    def other(item: Bound[int], op: str) -> None:
        ran.append(("other", item, op))

    buttons = """<button id="one" name="op" value="x">1</button>
    <button id="two" name="op" value="y" formaction="{{ action_url("other", item=7) }}">2</button>"""
    stage.page("/go", GO.replace("{{ content|safe }}", buttons), n=0, attrs={})
    open_page(page, "/go")
    page.click("#one")
    await_events(page, "finish", 1)
    page.click("#two")
    await_events(page, "finish", 2)
    assert ran == [("go", 0, "x"), ("other", 7, "y")]
    assert [action for _, action, *_ in events(page)] == ["go"] * 3 + ["other"] * 3


def test_what_is_not_ours_is_sent_natively(stage: Stage, page: Page) -> None:
    stage.actions.register(name="go")(lambda: None)
    buttons = """<button id="get" formmethod="get" formaction="/got">1</button>
    <button id="blank" formtarget="_blank">2</button><button id="plain" formaction="/plain">3</button>"""
    set_go(stage, content=buttons)
    stage.page("/got", "<h1>Got</h1>")
    stage.app.add_url_rule("/plain", "plain", lambda: "<h1>Plain</h1>", methods=["POST"])
    open_page(page, "/go")
    page.click("#get")
    expect(page.locator("h1")).to_have_text("Got")
    open_page(page, "/go")
    page.click("#plain")
    expect(page.locator("h1")).to_have_text("Plain")
    open_page(page, "/go")
    with page.context.expect_page() as opened:
        page.click("#blank")
    expect(opened.value.locator("#go")).to_be_visible()
    assert "text/html" in stage.calls[-1].headers["accept"]


def test_a_submit_that_the_page_prevents_is_not_sent(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_page(page, "/todos")
    page.evaluate("document.forms[0].addEventListener('submit', (event) => event.preventDefault())")
    add(page, "milk")
    page.evaluate("document.forms[0].replaceWith(document.forms[0].cloneNode(true))")
    add(page, "eggs")
    expect(rows(page)).to_have_text(["eggs"])
    assert len(stage.calls) == 1


@pytest.mark.parametrize("on", ["window", "document"])
def test_a_listener_that_comes_after_the_client_may_prevent_a_submit(stage: Stage, page: Page, on: str) -> None:
    set_todos(stage)
    open_page(page, "/todos")
    page.evaluate(f"""{on}.addEventListener("submit", (event) => {{
      if (event.target.elements.text.value === "milk") event.preventDefault();
    }})""")
    add(page, "milk")
    page.evaluate(f"{on}.addEventListener('submit', (event) => event.stopPropagation())")
    add(page, "eggs")
    expect(rows(page)).to_have_text(["eggs"])
    assert [len(stage.calls), kinds(page).count("start")] == [1, 1]


NAMES = ["action", "method", "target", "reset", "elements", "dataset", "id", "name", "matches", "closest", "submit"]


@pytest.mark.parametrize("name", NAMES)
def test_a_field_may_have_any_name(stage: Stage, page: Page, name: str) -> None:
    stage.actions.register(name="go")(lambda: None)
    set_go(stage, content=f'<input name="{name}" value="v">')
    open_page(page, "/go")
    with page.expect_request(re.compile("_action=")) as sent:
        page.click("#go")
    expect(page.locator("main")).to_have_attribute("data-n", "1")
    assert f'name="{name}"\r\n\r\nv' in (sent.value.post_data or "")
    assert "json" in stage.calls[0].headers["accept"]


@pytest.mark.parametrize("reset", ["", "false"])
def test_a_form_is_reset_after_a_success_unless_it_says_otherwise(stage: Stage, page: Page, reset: str) -> None:
    set_todos(stage, attrs={"data-reset": reset} if reset else {})
    open_page(page, "/todos")
    add(page, "milk")
    expect(rows(page)).to_have_count(1)
    expect(page.locator("[name=text]")).to_have_value("milk" if reset else "")


def test_a_field_is_validated_when_it_changes(stage: Stage, page: Page) -> None:
    items = set_todos(stage, more='<input name="other">')
    open_page(page, "/todos")
    page.evaluate("document.querySelector('[name=text]').toggleAttribute('data-validate')")
    page.evaluate("document.querySelector('[name=text]').removeAttribute('aria-describedby')")  # one written by hand
    page.fill("[name=text]", "LOUD")
    page.press("[name=text]", "Tab")
    expect(page.locator("#create-text-error")).to_have_text("Small letters only.")
    expect(page.locator("[name=text]")).to_have_attribute("aria-invalid", "true")
    assert stage.calls[0].headers["serveractions-validate"] == "text"
    page.fill("[name=text]", "good")
    page.press("[name=text]", "Tab")
    expect(page.locator("#create-text-error")).to_have_text("")
    page.fill("[name=other]", "x")
    page.press("[name=other]", "Tab")
    add(page, "last")
    expect(rows(page)).to_have_text(["last"])
    assert (len(stage.calls), items) == (4, ["last"]), "none for the other field"


def uploads(stage: Stage, answer: object) -> None:
    def upload(file: FileStorage, text: str = "") -> int:
        if isinstance(answer, ActionError):
            raise answer
        return len(file.read())

    stage.actions.register(max_content_length=8_000_000)(upload)
    form = """<main>{% call(form) action_form("upload") %}<input {{ form.attrs("file") }}>{{ form.error("file") }}
    <input name="text" value="é"><input type="password" name="password"><progress></progress>
    <button id="go">Go</button>{% endcall %}</main>"""
    stage.page("/go", form)


def test_an_upload_reports_how_much_is_sent(stage: Stage, page: Page) -> None:
    uploads(stage, None)
    open_page(page, "/go")
    page.set_input_files("[name=file]", {"name": "a.bin", "mimeType": "text/plain", "buffer": b"x" * 3_000_000})
    page.click("#go")
    await_events(page, "finish", 1)
    progress = [carried for kind, _, _, carried in events(page) if kind == "progress"]
    assert progress[-1]["done"] == progress[-1]["total"] > 3_000_000
    assert events(page)[-2] == ["success", "upload", "form", 3_000_000]
    assert page.evaluate("document.querySelector('[name=file]').files.length") == 0


def test_a_refused_upload_keeps_the_chosen_file_and_the_password(stage: Stage, page: Page) -> None:
    uploads(stage, ActionError("Too big.", field="file"))
    open_page(page, "/go")
    page.set_input_files("[name=file]", {"name": "a.bin", "mimeType": "text/plain", "buffer": b"abc"})
    page.fill("[name=password]", "secret")
    page.click("#go")
    expect(page.locator("[data-error=file]")).to_have_text("Too big.")
    expect(page.locator("[name=password]")).to_have_value("secret")
    assert page.evaluate("document.querySelector('[name=file]').files.length") == 1


def test_a_form_sent_before_the_client_has_loaded_is_sent_natively(stage: Stage, page: Page) -> None:
    set_todos(stage)
    page.route("**/client.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    open_page(page, "/todos")
    add(page, "milk")
    expect(rows(page)).to_have_text(["milk"])
    assert "text/html" in stage.calls[0].headers["accept"]
