"""What a visitor has made of a page stays when a fresh one comes: choices, sizes, what she has made readable."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest
from marshmallow.validate import Length
from playwright.sync_api import Page, expect

from flask_serveractions import ActionError, Bound
from tests.browser.stage import Stage, await_events, open_page, press

GO = '{% call action_form("go") %}<button id="go">Go</button>{% endcall %}'


def set_page(stage: Stage, body: str, **context: Any) -> None:
    """Set a page with a button, and ``n``: how often it was pressed."""
    pressed: list[int] = []

    @stage.actions.register
    def go() -> None:
        pressed.append(1)

    stage.page("/p", f'<main data-n="{{{{ n }}}}">{GO}{body}</main>', **{"n": lambda: len(pressed), **context})


OPTIONS = "<option value={0} {{{{ 'selected' if n == {1} }}}}>{0}"
RADIO = "<input type=radio name=way value={0} {{{{ 'checked' if n == {1} }}}}>"


def test_what_is_chosen_outside_of_any_form_stays_chosen_whatever_the_server_says(stage: Stage, page: Page) -> None:
    radios = "".join(RADIO.format(value, n) for n, value in enumerate("abc"))
    options = "".join(OPTIONS.format(value, n) for n, value in enumerate("abc"))
    set_page(stage, f"{radios}<select>{options}</select>")
    open_page(page, "/p")
    page.check("[value=c]")
    page.select_option("select", "c")
    press(page)
    expect(page.locator("[type=radio]:checked")).to_have_value("c")
    expect(page.locator("select")).to_have_value("c")


def test_choices_that_nobody_has_made_are_the_servers(stage: Stage, page: Page) -> None:
    radios = "".join(RADIO.format(value, n) for n, value in enumerate("abc"))
    options = "".join(OPTIONS.format(value, n) for n, value in enumerate("abc"))
    set_page(stage, f"{radios}<select>{options}</select>")
    open_page(page, "/p")
    press(page)
    expect(page.locator("[type=radio]:checked")).to_have_value("b")
    expect(page.locator("select")).to_have_value("b")


def test_a_password_that_was_made_readable_is_still_there_after_a_refusal(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def sign_in(password: str) -> None:
        raise ActionError("Not that one.", field="password")

    stage.page(
        "/p",
        '<main>{% call(form) action_form("sign_in") %}<input {{ form.attrs("password") }}>'
        '{{ form.error("password") }}<button id="go">Go</button>{% endcall %}</main>',
    )
    open_page(page, "/p")
    field = page.locator("[name=password]")
    expect(field).to_have_attribute("type", "password")
    field.fill("secret")
    page.evaluate("document.querySelector('[name=password]').type = 'text'")
    page.click("#go")
    expect(page.locator("[data-error=password]")).to_have_text("Not that one.")
    expect(field).to_have_value("secret")


def test_a_textarea_keeps_the_size_that_the_visitor_gave_it(stage: Stage, page: Page) -> None:
    sized_by_the_server = "<textarea id=sized style='height: {{ 50 + n }}px'></textarea>"
    set_page(stage, "<textarea data-n='{{ n }}'></textarea>" + sized_by_the_server)
    open_page(page, "/p")
    area = page.locator("textarea").first
    box = area.bounding_box()
    assert box is not None
    corner = box["x"] + box["width"] - 4, box["y"] + box["height"] - 4
    page.mouse.move(*corner)
    page.mouse.down()
    page.mouse.move(corner[0] + 50, corner[1] + 70)
    page.mouse.up()
    sized = area.bounding_box()
    assert sized is not None
    assert sized["height"] > box["height"] + 60
    press(page)
    expect(area).to_have_attribute("data-n", "1")
    assert area.bounding_box() == sized
    expect(page.locator("#sized")).to_have_css("height", "51px")
    # an editor of a script's stood in its place: the fresh page has none
    page.evaluate("document.querySelector('textarea').style.display = 'none'")
    press(page, 2)
    expect(area).to_be_visible()


@pytest.mark.parametrize("typed", [True, False], ids=["begun", "not begun"])
def test_what_names_a_form_from_outside_is_left_with_it(stage: Stage, page: Page, typed: bool) -> None:
    @stage.actions.register
    def save(text: str, note: str, size: str) -> None: ...

    outside = (
        '<input name="note" form="{{ form.id }}-form" value="note {{ n }}">'
        '<select name="size" form="{{ form.id }}-form"><option>s<option {{ "selected" if n }}>l</select>'
    )
    body = """{% set form = action_state("save") %}BEFORE
    {% call(form) action_form("save") %}<input name="text" value="text {{ n }}">{% endcall %}AFTER"""
    set_page(stage, body.replace("BEFORE", outside).replace("AFTER", outside.replace("note", "more")))
    open_page(page, "/p")
    page.focus("[name=text]")
    if typed:
        page.fill("[name=text]", "typed")
    press(page)
    text, n = ("typed", 0) if typed else ("text 1", 1)
    expect(page.locator("[name=text]")).to_have_value(text)
    expect(page.locator("[name=note]")).to_have_value(f"note {n}")
    expect(page.locator("[name=more]")).to_have_value(f"more {n}")
    for select in page.locator("select").all():
        expect(select).to_have_value("sl"[n])


def test_the_focus_goes_to_an_editable_text_that_follows(stage: Stage, page: Page) -> None:
    before = "{% if not n %}<button id=old>Old</button>{% endif %}"
    set_page(stage, before + "<p id=text contenteditable>Text</p><a href=#>A</a>")
    open_page(page, "/p")
    page.focus("#old")
    press(page)
    await_events(page, "finish", 1)
    expect(page.locator("#text")).to_be_focused()


def test_a_choice_that_the_server_has_no_more_is_the_servers(stage: Stage, page: Page) -> None:
    valued = "{% for o in 'abcd'[n:] %}<option value={{ o }} {{ 'selected' if o == 'd' }}>{{ o }}{% endfor %}"
    bare = "<option>red<option>{{ 'blue' if n else 'green' }}"
    set_page(stage, f"<select id=valued>{valued}</select><select id=bare>{bare}</select>")
    open_page(page, "/p")
    page.select_option("#valued", "a")
    page.select_option("#bare", "green")
    press(page)
    expect(page.locator("#valued")).to_have_value("d")
    expect(page.locator("#bare")).to_have_value("red")


def test_what_a_script_makes_of_a_form_stays_though_a_button_outside_was_pressed_for_it(
    stage: Stage, page: Page
) -> None:
    stage.scripts["map"] = """
      document.querySelector("#map").onclick = () => { document.querySelector("[name=lat]").value = "52.5"; };
      document.querySelector("#add").onclick = () => {
        const row = document.querySelector("[name=row]").cloneNode();
        document.querySelector("#rows").append(row);
      };
    """
    forms = "<form><input type=hidden name=lat></form><form id=rows><input name=row></form>"
    set_page(stage, f"{forms}<p id=map>Map</p><button id=add>Add</button><script src=/own/map.js></script>")
    open_page(page, "/p")
    page.click("#map")
    page.click("#add")
    press(page)
    expect(page.locator("[name=lat]")).to_have_value("52.5")
    expect(page.locator("[name=row]")).to_have_count(2)


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "not typed"])
def test_a_row_outside_of_a_form_that_was_begun_stays_with_what_was_typed(
    stage: Stage, page: Page, typed: bool
) -> None:
    @stage.actions.register
    def save(text: str, notes: list[str]) -> None: ...

    row = '<tr><td><input name="notes" form="{{ form.id }}-form" aria-label="Nr N"></td></tr>'
    body = """{% set form = action_state("save") %}<table><tbody id="rows">ROW
    {% if not n %}ANOTHER{% endif %}</tbody></table>
    {% call(form) action_form("save") %}<input name="text">{% endcall %}"""
    rows = {"ROW": row.replace("Nr N", "Note 1"), "ANOTHER": row.replace("Nr N", "Note 2")}
    set_page(stage, re.sub("ROW|ANOTHER", lambda found: rows[found[0]], body))
    open_page(page, "/p")
    if typed:
        page.get_by_label("Note 2").fill("typed")
    press(page)
    expect(page.locator("#rows tr")).to_have_count(2 if typed else 1)
    if typed:
        expect(page.get_by_label("Note 2")).to_have_value("typed")


def test_a_row_that_a_script_added_outside_of_a_form_stays_with_what_was_typed(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def save(text: str, notes: list[str]) -> None: ...

    body = """{% set form = action_state("save") %}<table><tbody id="rows"></tbody></table>
    {% call(form) action_form("save") %}<input name="text">{% endcall %}"""
    set_page(stage, body)
    open_page(page, "/p")
    page.evaluate("""{
      const field = Object.assign(document.createElement("input"), { name: "notes" });
      field.setAttribute("form", document.querySelector("[name=text]").form.getAttribute("id"));
      document.querySelector("#rows").insertRow().insertCell().append(field);
    }""")
    page.fill("[name=notes]", "typed")
    for n in 1, 2:
        press(page, n)
    expect(page.locator("[name=notes]")).to_have_value("typed")


FIELD = '<input data-row="{{ row }}">'
#: what tells one record from another: an id in it, or where its link leads to
RECORDS = {
    "a heading": ("ul", f'<li>{FIELD}<h3 id="title-{{{{ row }}}}">Title</h3></li>'),
    "a link": ("ul", f'<li><a href="/rows/{{{{ row }}}}">Row {{{{ row }}}}</a>{FIELD}</li>'),
    "a link in a table": ("table", f'<tr><td><a href="/rows/{{{{ row }}}}">Row {{{{ row }}}}</a><td>{FIELD}</tr>'),
}


@pytest.mark.parametrize(("around", "record"), RECORDS.values(), ids=RECORDS)
@pytest.mark.parametrize("rows", [[1], [1, 2, 3]], ids=["alone", "among others"])
def test_what_was_typed_into_a_record_does_not_move_to_the_one_that_takes_its_place(
    stage: Stage, page: Page, around: str, record: str, rows: list[int]
) -> None:
    body = f"<{around}>{{% for row in rows[n] %}}{record}{{% endfor %}}</{around}>"
    set_page(stage, body, rows=[rows, [4, *rows[1:]]])
    open_page(page, "/p")
    for row in rows:
        page.fill(f"[data-row='{row}']", f"of {row}")
    press(page)
    expect(page.locator("[data-row='4']")).to_have_value("")
    for row in rows[1:]:
        expect(page.locator(f"[data-row='{row}']")).to_have_value(f"of {row}")


MODAL = """<div class="modal" id="new" hidden>{% call(form) action_form("add") %}
{{ form.field("text") }}<button id="add" formnovalidate>Add</button>{% endcall %}</div>"""
#: as a library of dialogs opens one, and a message is shown
OPEN = """() => {
  const put = (className) =>
    document.body.appendChild(Object.assign(document.createElement("p"), { className, textContent: className }));
  document.querySelector("#new").hidden = false;
  document.body.classList.add("opened");
  put("backdrop");
  put("tip").role = "tooltip";
  document.addEventListener("action:success", () => put("toast"));
}"""


def test_what_scripts_have_put_beside_the_servers_elements_stays_and_a_dialog_of_theirs_stays_open(
    stage: Stage, page: Page
) -> None:
    rows: list[str] = []

    @stage.actions.register
    def add(text: Annotated[str, Length(3)]) -> None:
        rows.append(text)

    stage.page(
        "/p", MODAL + '{% for row in rows %}{{ row }}<p class="row">{{ row }}</p>{% endfor %}', rows=lambda: rows
    )
    open_page(page, "/p")
    page.evaluate(OPEN)
    page.fill("[name=text]", "a")
    page.click("#add")
    expect(page.locator("#add-text-error")).to_be_visible()
    expect(page.locator("body")).to_have_class("opened")
    expect(page.locator(".tip")).to_have_count(0)
    for n in 1, 2:
        page.fill("[name=text]", "milk")
        page.click("#add")
        expect(page.locator(".row")).to_have_text(["milk"] * n)
        expect(page.locator(".toast")).to_have_count(n)
    expect(page.locator(".backdrop")).to_have_count(1)
    rows.pop()
    page.evaluate("import(document.querySelector('#serveractions').src).then((client) => client.refresh())")
    expect(page.locator(".row")).to_have_count(1)
    assert page.evaluate("document.body.innerText.match(/milk/g).length") == 2


def test_it_stays_where_a_message_has_gone_with_the_dialog_that_it_stood_in(stage: Stage, page: Page) -> None:
    clicks = [0]

    @stage.actions.register
    def count() -> None:
        clicks[0] += 1

    @stage.actions.register
    def refuse() -> None:
        raise ActionError("Not today.")

    counter = '{% call action_form("count") %}<button id="count">{{ clicks[0] }}</button>{% endcall %}'
    stage.page("/p", f'<main><a id="open" href="/card" data-dialog>Card</a>{counter}</main>', clicks=clicks)
    stage.page("/card", """<main><button data-action="{{ action_url('refuse') }}">Refuse</button></main>""")
    open_page(page, "/p")
    page.evaluate("document.body.append(Object.assign(document.createElement('p'), { className: 'toast' }))")
    page.click("#open")
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("Not today.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.click("#count")
    expect(page.locator("#count")).to_have_text("1")
    expect(page.locator(".toast")).to_have_count(1)


def test_a_message_beside_the_servers_elements_is_over_with_a_fresh_page(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def refuse() -> None:
        raise ActionError("Not today.")

    stage.page("/p", """<button data-action="{{ action_url('refuse') }}">Refuse</button>""")
    open_page(page, "/p")
    page.click("button")
    message = page.locator("body > .serveractions-message")
    expect(message).to_have_text("Not today.")
    page.evaluate("import(document.querySelector('#serveractions').src).then((client) => client.refresh())")
    expect(message).to_have_count(0)


#: as a neighbour puts its pages in place of ours: a part, or all of it
SWAPS = [
    "main => main.replaceWith(Object.assign(document.createElement('main'), { className: 'other' }))",
    "() => document.body.replaceChildren(...document.body.cloneNode(true).childNodes)",
]


@pytest.mark.parametrize("swap", SWAPS, ids=["a part", "all"])
def test_what_a_neighbour_has_put_in_place_of_the_servers_elements_is_no_scripts_own(
    stage: Stage, page: Page, swap: str
) -> None:
    said = ["before"]
    stage.page("/p", "<header>{{ said[0] }}</header><main>{{ said[0] }}</main><p>{{ said[0] }}</p>", said=lambda: said)
    open_page(page, "/p")
    page.locator("main").evaluate(swap)
    said[0] = "after"
    page.evaluate("import(document.querySelector('#serveractions').src).then((client) => client.refresh())")
    expect(page.locator("header,main,p")).to_have_text(["after"] * 3)


NUMBERED = """<table>{% for row in rows %}<tr><td>Row {{ row }}</td>
<td><form id="edit-{{ loop.index }}" method="post" action="{{ action_url('save', row=row) }}">
{{ action_fields("save", row=row) }}<button>Save</button></form></td>
<td data-row="{{ row }}"><input name="text" form="edit-{{ loop.index }}" IDS></td></tr>{% endfor %}</table>"""


@pytest.mark.parametrize("ids", ["", 'id="text-{{ loop.index }}"'], ids=["without an id", "with a number"])
def test_what_names_a_numbered_form_from_outside_stays_with_its_record(stage: Stage, page: Page, ids: str) -> None:
    rows, saved = [1, 2, 3], []

    @stage.actions.register
    def save(text: str, row: Bound[int]) -> None:
        saved.append((row, text))

    set_page(stage, NUMBERED.replace("IDS", ids), rows=lambda: rows)
    open_page(page, "/p")
    for row in (1, 2):
        page.fill(f"[data-row='{row}'] input", f"typed for {row}")
    rows[:] = [4, 2, 3]
    press(page)
    fields = page.locator("table input[name=text]")
    assert [field.input_value() for field in fields.all()] == ["", "typed for 2", ""]
    expect(page.locator(".serveractions-message", has_text="The form that you had begun is gone.")).to_have_count(1)
    rows[:] = [2, 3]
    press(page, 2)
    assert [field.input_value() for field in fields.all()] == ["typed for 2", ""]
    page.fill("[data-row='3'] input", "typed for 3")
    for row in (3, 2):
        page.press(f"[data-row='{row}'] input", "Enter")
        expect(page.locator(f"[data-row='{row}'] input")).to_have_value("")
    assert saved == [(3, "typed for 3"), (2, "typed for 2")]


#: forms without an id that are no action's
FORMS = {"a search": "<form role=search>", "a contact form": '<form method="post" action="/contact">'}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_form_that_is_no_actions_is_left_as_it_is_below_a_message_that_comes(
    stage: Stage, page: Page, form: str
) -> None:
    body = f"<div>{form}<input name=text><p>{{{{ n }}}}</p></form></div>"
    set_page(stage, "{% if n %}<div class=alert>Done.</div>{% endif %}" + body)
    open_page(page, "/p")
    page.fill("[name=text]", "typed")
    press(page)
    expect(page.locator(".alert")).to_be_visible()
    expect(page.locator("[name=text]")).to_have_value("typed")


def test_what_was_typed_into_a_form_that_is_no_actions_does_not_move_to_another_record(
    stage: Stage, page: Page
) -> None:
    row = '<form action="/rows/{{ row }}"><input name=text></form>'
    set_page(stage, f"{{% for row in rows[n] %}}<div>{row}</div>{{% endfor %}}", rows=["abc", "axc"])
    open_page(page, "/p")
    for name in "bc":
        page.fill(f"[action='/rows/{name}'] input", f"of {name}")
    press(page)
    expect(page.locator("[action='/rows/x'] input")).to_have_value("")
    expect(page.locator("[action='/rows/c'] input")).to_have_value("of c")


@pytest.mark.parametrize("written", ["", "<b>by the server</b>"], ids=["empty", "filled"])
def test_a_custom_element_is_kept_in_what_stands_below_a_message_that_comes(
    stage: Stage, page: Page, written: str
) -> None:
    body = f"<div><x-map>{written}</x-map></div>"
    set_page(stage, "{% if n %}<div class=alert>Done.</div>{% endif %}" + body)
    open_page(page, "/p")
    page.evaluate("""{
      customElements.define("x-map", class extends HTMLElement {});
      document.querySelector("x-map").append("drawn");
    }""")
    press(page)
    expect(page.locator(".alert")).to_be_visible()
    assert page.inner_text("x-map") == ("by the server" if written else "") + "drawn"


def test_an_editable_text_stays_with_its_row_below_one_that_comes(stage: Stage, page: Page) -> None:
    row = "<li><div contenteditable>Row {{ row }}</div></li>"
    set_page(stage, f"<ul>{{% for row in rows[n] %}}{row}{{% endfor %}}</ul>", rows=["bc", "abc"])
    open_page(page, "/p")
    page.click("li:nth-child(2) div")
    page.keyboard.press("End")
    page.keyboard.type(", mine")
    press(page)
    assert page.locator("li").all_inner_texts() == ["Row a", "Row b", "Row c, mine"]
