"""What the platform does with forms and pages, it does with ours: controls, input methods, submitters, history."""

from __future__ import annotations

from typing import Annotated

from flask import redirect, request
from marshmallow.validate import Length
from playwright.sync_api import Page, expect
from werkzeug.wrappers import Response

from flask_serveractions import Bound
from tests.browser.stage import Stage, await_events, kinds, open_page

OWN = ("_action", "csrf_token")
WIDGET = """customElements.define("x-field", class extends HTMLElement {
  static formAssociated = true;
  #internals = this.attachInternals();
  set value(text) { this.#internals.setFormValue(text); }
})"""


def set_form(stage: Stage, controls: str) -> list[list[tuple[str, str]]]:
    """Set a page with a form; what is sent by it is listed in its order."""
    sent: list[list[tuple[str, str]]] = []

    @stage.actions.register
    def save() -> None:
        sent.append([(name, value) for name, value in request.form.items(multi=True) if name not in OWN])

    stage.page("/p", f'<main>{{% call action_form("save") %}}{controls}{{% endcall %}}</main>')
    return sent


def test_a_picture_sends_where_it_was_pressed(stage: Stage, page: Page) -> None:
    sent = set_form(stage, '<input type="image" name="map" alt="Map" width="50" height="50">')
    open_page(page, "/p")
    page.locator("[name=map]").click(position={"x": 7, "y": 9})
    await_events(page, "success", 1)
    assert [name for name, _ in sent[0]] == ["map.x", "map.y"]


def test_the_direction_of_a_text_is_sent_with_it(stage: Stage, page: Page) -> None:
    sent = set_form(stage, '<input name="text" dirname="direction" dir="rtl"><button>Save</button>')
    open_page(page, "/p")
    page.locator("button").click()
    await_events(page, "success", 1)
    assert sent == [[("text", ""), ("direction", "rtl")]]


def test_a_custom_element_that_belongs_to_the_form_is_sent(stage: Stage, page: Page) -> None:
    stage.scripts["widget"] = WIDGET
    stage.head = '<script src="/own/widget.js"></script>'
    sent = set_form(stage, '<x-field name="text"></x-field><button>Save</button>')
    open_page(page, "/p")
    page.evaluate("document.querySelector('x-field').value = 'typed'")
    page.locator("button").click()
    await_events(page, "success", 1)
    assert sent == [[("text", "typed")]]


ROW = """<tr id="row-{{ id }}">{% call(form) action_form("rename", id=id) %}
<td><input {{ form.attrs("text") }}>{{ form.error("text") }}</td><td><button formnovalidate>Rename</button></td>
{% endcall %}</tr>"""


def test_forms_that_a_parser_has_moved_out_of_the_cells_of_a_table_work_in_rows_that_come_later_too(
    stage: Stage, page: Page
) -> None:
    renamed: list[tuple[int, str]] = []

    def rename(id: Bound[int], text: Annotated[str, Length(3)]) -> None:
        renamed.append((id, text))

    stage.actions.register(once=True)(rename)
    stage.page(
        "/p",
        f"<main><table>{{% for id in rows %}}{ROW}{{% endfor %}}</table></main>",
        rows=lambda: range(2 + len(renamed)),
    )
    open_page(page, "/p")
    page.fill("#row-1 input[name=text]", "begun")
    for id in 0, 2, 3, 0:
        page.fill(f"#row-{id} input[name=text]", "a")
        page.click(f"#row-{id} button")
        expect(page.locator(f"#row-{id} [data-error]")).not_to_be_empty()
        page.fill(f"#row-{id} input[name=text]", "milk")
        page.click(f"#row-{id} button")
        expect(page.locator("tr")).to_have_count(2 + len(renamed))
        expect(page.locator(f"#row-{id} input[name=text]")).to_have_value("")
    assert renamed == [(id, "milk") for id in (0, 2, 3, 0)]
    expect(page.locator("#row-1 input[name=text]")).to_have_value("begun")
    assert len(stage.visits) == 1 + 2 * 4  # all by the client


def test_a_form_in_a_table_that_has_no_id_works_as_before_when_the_page_has_come_fresh(
    stage: Stage, page: Page
) -> None:
    clicks = [0]

    @stage.actions.register
    def count() -> None:
        clicks[0] += 1

    row = '<tr><form action="/found"><td><input name="q" value="{{ row }}"><button>{{ row }}</button></td></form>'
    counter = '{% call action_form("count") %}<button id="count">{{ clicks[0] }}</button>{% endcall %}'
    stage.page("/p", f"<main><table>{{% for row in 'ab' %}}{row}{{% endfor %}}</table>{counter}</main>", clicks=clicks)
    stage.page("/found", "<p>{{ request.args.q }}</p>")
    open_page(page, "/p")
    page.click("#count")
    expect(page.locator("#count")).to_have_text("1")
    page.get_by_role("button", name="b").click()
    expect(page.locator("p")).to_have_text("b")


def test_the_return_key_sends_the_first_button_once(stage: Stage, page: Page) -> None:
    sent = set_form(stage, '<input name="text"><button name="how" value="1">A</button><button name="how" value="2">B')
    open_page(page, "/p")
    page.locator("[name=text]").press("Enter")
    await_events(page, "success", 1)
    assert sent == [[("text", ""), ("how", "1")]]


def test_what_a_script_submits_has_no_button_and_what_a_listener_adds_is_sent(stage: Stage, page: Page) -> None:
    sent = set_form(stage, '<input name="text"><button name="how" value="1">A</button>')
    open_page(page, "/p")
    page.evaluate("document.forms[0].requestSubmit()")
    await_events(page, "success", 1)
    page.evaluate("addEventListener('formdata', ({ formData }) => formData.append('added', 'x'))")
    page.evaluate("document.forms[0].requestSubmit(document.querySelector('button'))")
    await_events(page, "success", 2)
    assert sent == [[("text", "")], [("text", ""), ("how", "1"), ("added", "x")]]


def test_a_button_that_closes_its_dialog_sends_nothing(stage: Stage, page: Page) -> None:
    controls = '<input name="text" required><button formmethod="dialog" formnovalidate value="left">Leave</button>'
    sent = set_form(stage, controls)
    stage.page("/d", f'<dialog id="d" open>{{% call action_form("save") %}}{controls}{{% endcall %}}</dialog>')
    open_page(page, "/d")
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("dialog")).not_to_have_attribute("open", "")
    assert page.evaluate("d.returnValue") == "left"
    assert (sent, kinds(page)) == ([], [])


def test_what_needs_no_valid_fields_is_sent_without_them(stage: Stage, page: Page) -> None:
    buttons = '<button id="go">Go</button><button formnovalidate>Draft</button>'
    sent = set_form(stage, f'<input name="text" required>{buttons}')
    open_page(page, "/p")
    page.click("#go")
    page.get_by_role("button", name="Draft").click()
    await_events(page, "success", 1)
    assert (sent, kinds(page).count("start")) == ([[("text", "")]], 1)


def test_a_composition_goes_on_while_the_page_is_brought_up_to_date(stage: Stage, page: Page) -> None:
    shown: list[int] = []
    body = """{% for n in shown %}<p>Row</p>{% endfor %}<input id="text">
    <ul>{% for n in shown %}<li>Row{% endfor %}</ul>
    {% call action_form("save") %}<button>Save</button>{% endcall %}"""

    @stage.actions.register
    def save() -> None: ...

    stage.page("/p", f"<main>{body}</main>", shown=lambda: shown)
    open_page(page, "/p")
    field = page.locator("#text")
    field.focus()
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    page.evaluate("window.ended = 0; addEventListener('compositionend', () => window.ended++)")
    shown.append(1)
    page.evaluate("async () => await (await import('/_actions/client.js')).refresh()")
    expect(page.locator("li")).to_have_count(1)
    assert page.evaluate("ended") == 0
    keyboard.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    keyboard.send("Input.insertText", {"text": "日本"})
    expect(field).to_have_value("日本")
    assert page.evaluate("ended") == 1


def test_content_and_address_agree_whichever_way_the_visitor_goes(stage: Stage, page: Page) -> None:
    saved: list[str] = []

    @stage.actions.register
    def save(to: str = "") -> Response | None:
        saved.append(to)
        return redirect(to) if to else None

    form = '{% call action_form("save") %}<input name="to"><button>Save</button>{% endcall %}'
    for path in ("/a", "/b", "/c"):
        stage.page(path, f"<main><h1>{path}</h1><p>{{{{ n }}}}</p>{form}</main>", n=lambda: len(saved))

    def send(to: str, arrives: str) -> None:
        page.fill("[name=to]", to)
        count = len(saved) + 1
        page.locator("button").click()
        expect(page.locator("p")).to_have_text(str(count))
        expect_page(arrives)

    def expect_page(path: str) -> None:
        page.wait_for_url(f"**{path}")
        expect(page.locator("h1")).to_have_text(path)

    open_page(page, "/a")
    send("", "/a")
    send("/b", "/b")
    send("", "/b")
    send("/c", "/c")
    send("/c", "/c")
    for path in ("/b", "/a"):
        page.go_back()
        expect_page(path)
    for path in ("/b", "/c"):
        page.go_forward()
        expect_page(path)
    page.go_back()
    send("", "/b")
