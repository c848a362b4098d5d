"""What a visitor finds after a mistake, and while a call is under way: her words, the errors' places, the focus."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from marshmallow.validate import Length
from playwright.sync_api import Page, expect
from werkzeug.datastructures import FileStorage

from flask_serveractions import ActionError
from tests.browser.stage import Stage, await_events, open_page

Pair = Annotated[str, Length(2)]

SHORT = "At least 2 characters."
FORM = (
    "<main>{{% call(form) action_form('send', attrs=attrs) %}}{}<button id=send>Send</button>{{% endcall %}}{}</main>"
)
GO = '{% call action_form("go") %}<button id="go">Go</button>{% endcall %}'


def set_form(
    stage: Stage, fields: str, after: str = "", attrs: dict[str, str] | None = None, **context: object
) -> None:
    stage.page("/form", FORM.format(fields, after), attrs=attrs or {}, **context)


def press(page: Page, count: int = 1) -> None:
    page.click("#send")
    await_events(page, "finish", count)


def focused(page: Page, key: str) -> str:
    return page.evaluate("key => document.activeElement[key]", key)


def set_rows(stage: Stage, row: str) -> list[int]:
    """Set a list whose second row goes when a script presses the button."""
    rows = [1, 2, 3]

    @stage.actions.register
    def go() -> None:
        rows.remove(2)

    stage.page(
        "/rows", f"<main>{GO}<ul>{{% for row in rows %}}{row}{{% endfor %}}</ul></main>", rows=lambda: list(rows)
    )
    return rows


def test_a_button_that_the_fresh_page_disables_stays_disabled(stage: Stage, page: Page) -> None:
    votes: list[int] = []

    @stage.actions.register
    def send() -> None:
        votes.append(1)

    stage.page(
        "/vote",
        '{% call action_form("send") %}<button id="vote" {{ "disabled" if votes }}>Vote</button>{% endcall %}',
        votes=lambda: list(votes),
    )
    open_page(page, "/vote")
    page.click("#vote")
    await_events(page, "finish", 1)
    expect(page.locator("#vote")).to_be_disabled()


@pytest.mark.parametrize("mode", ["queue", "latest"])
def test_a_form_is_busy_until_its_last_call_is_over(stage: Stage, page: Page, mode: str) -> None:
    @stage.actions.register
    def send() -> None:
        stage.wait(str(len(stage.calls)))

    set_form(stage, "", attrs={"data-concurrency": mode})
    open_page(page, "/form")
    with page.expect_request(lambda request: request.method == "POST"):
        page.click("#send")
    page.click("#send")
    stage.gate("1").set()
    await_events(page, "finish", 1)
    expect(page.locator("form")).to_have_attribute("aria-busy", "true")
    stage.gate("2").set()
    await_events(page, "finish", 2)
    expect(page.locator("form[aria-busy]")).to_have_count(0)


def test_an_optimistic_row_names_the_file(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(photo: FileStorage) -> None:
        stage.wait("photo")

    set_form(stage, "<input type=file name=photo><template data-optimistic><p id=row data-value=photo></p></template>")
    open_page(page, "/form")
    page.set_input_files("[name=photo]", {"name": "cat.png", "mimeType": "image/png", "buffer": b"x"})
    page.click("#send")
    expect(page.locator("#row")).to_have_text("cat.png")


def test_a_refusal_that_closes_the_fields_shows_them_closed(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(text: str) -> None:
        raise ActionError("Closed.")

    set_form(
        stage,
        '<fieldset {{ "disabled" if form.message }}><input {{ form.attrs("text") }}></fieldset>'
        "<p>{{ form.message }}</p>",
    )
    open_page(page, "/form")
    page.fill("[name=text]", "x")
    press(page)
    expect(page.locator("p")).to_have_text("Closed.")
    expect(page.locator("[name=text]")).to_be_disabled()


def test_fields_that_a_script_disables_meanwhile_are_kept_by_a_refusal_and_reset_by_a_success(
    stage: Stage, page: Page
) -> None:
    @stage.actions.register
    def send(text: str) -> None:
        if text != "taken":
            raise ActionError("No.", field="text")

    stage.scripts["lock"] = """
      for (const [type, disabled] of Object.entries({ start: true, finish: false }))
        document.addEventListener(`action:${type}`, () => (document.querySelector("fieldset").disabled = disabled));
    """
    fields = '<fieldset><input {{ form.attrs("text") }}>{{ form.error("text") }}</fieldset>'
    set_form(stage, fields, after="<script src=/own/lock.js></script>")
    open_page(page, "/form")
    text = page.locator("[name=text]")
    for number, (word, left) in enumerate((("other", "other"), ("taken", "")), start=1):
        text.fill(word)
        press(page, number)
        expect(text).to_have_value(left)
        expect(text).to_be_enabled()


def test_what_is_ticked_in_a_field_of_the_templates_own_stays_beside_the_templates_own_error(
    stage: Stage, page: Page
) -> None:
    @stage.actions.register
    def send(agree: bool = False, text: str = "") -> None:
        raise ActionError("No.", field="text")

    set_form(stage, '<input type=checkbox name=agree><input name=text><p>{{ form.errors.get("text", [""])[0] }}</p>')
    open_page(page, "/form")
    page.check("[name=agree]")
    press(page)
    expect(page.locator("p")).to_have_text("No.")
    expect(page.locator("[name=agree]")).to_be_checked()


def test_a_text_that_was_emptied_while_its_refusal_was_on_the_way_stays_empty(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(text: str) -> None:
        stage.wait("text")
        raise ActionError("No.", field="text")

    set_form(stage, '<input {{ form.attrs("text") }}>{{ form.error("text") }}')
    open_page(page, "/form")
    page.fill("[name=text]", "abc")
    page.click("#send")
    page.fill("[name=text]", "")
    stage.gate("text").set()
    await_events(page, "finish", 1)
    expect(page.locator("[name=text]")).to_have_value("")
    expect(page.locator("form")).to_contain_text("No.")


def test_what_a_script_wrote_into_a_hidden_field_is_sent_again_after_a_mistake(stage: Stage, page: Page) -> None:
    sent = []

    @stage.actions.register
    def send(body: str, text: Pair) -> None:
        sent.append(body)

    set_form(stage, "<input type=hidden name=body><input name=text>")
    open_page(page, "/form")
    page.evaluate("document.querySelector('[name=body]').value = 'written'")
    page.fill("[name=text]", "a")
    press(page)
    page.fill("[name=text]", "ab")
    press(page, 2)
    assert sent == ["written"]


def test_a_hidden_field_that_a_refusal_fills_is_filled(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(sure: str = "") -> None:
        if not sure:
            raise ActionError("Really?")

    set_form(stage, '<input type=hidden name=sure value="{{ "yes" if form.message else "" }}">')
    open_page(page, "/form")
    press(page)
    expect(page.locator("[name=sure]")).to_have_value("yes")
    press(page, 2)
    await_events(page, "success", 1)


def test_the_errors_of_a_list_stand_at_the_list_and_its_first_input_has_the_focus(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(rows: list[Pair]) -> None: ...

    set_form(stage, '{{ form.field("rows") }}')
    open_page(page, "/form")
    page.fill("[name=rows]", "a")
    press(page)
    expect(page.locator("form [data-error=rows]")).to_have_text(SHORT)
    expect(page.locator("[data-message]")).not_to_contain_text(SHORT)
    assert focused(page, "name") == "rows"


def test_a_list_is_validated_when_one_of_its_inputs_changes(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(rows: list[Pair]) -> None: ...

    set_form(stage, '{{ form.field("rows") }}', attrs={"data-validate": ""})
    open_page(page, "/form")
    page.fill("[name=rows]", "a")
    page.press("[name=rows]", "Tab")
    expect(page.locator("form [data-error=rows]")).to_have_text(SHORT)


def test_boxes_are_validated_together_whichever_of_them_changes(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(days: Annotated[list[Literal["Monday", "Tuesday"]], Length(2)]) -> None: ...

    set_form(stage, '{{ form.field("days") }}', attrs={"data-validate": ""})
    open_page(page, "/form")
    page.check("[value=Monday]")
    expect(page.locator("[name=days][aria-invalid=true]")).to_have_count(2)
    page.check("[value=Tuesday]")
    expect(page.locator("[name=days][aria-invalid=true]")).to_have_count(0)


def test_a_control_outside_its_form_is_validated_as_the_form_says(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(text: Pair) -> None: ...

    outside = "<input form=own name=text aria-describedby=error><p id=error></p>"
    set_form(stage, "", outside, attrs={"data-validate": "", "id": "own"})
    open_page(page, "/form")
    page.fill("[name=text]", "a")
    page.press("[name=text]", "Tab")
    expect(page.locator("#error")).to_have_text(SHORT)


@pytest.mark.parametrize("name", ["constructor", "toString"])
def test_a_field_whose_name_every_object_has_is_no_bad_one(stage: Stage, page: Page, name: str) -> None:
    @stage.actions.register
    def send(text: Pair) -> None: ...

    set_form(stage, f"<input name={name}><input name=text>")
    open_page(page, "/form")
    press(page)
    assert focused(page, "name") == "text"
    expect(page.locator("[aria-invalid]")).to_have_count(1)


def test_the_focus_goes_to_the_first_bad_field_that_can_have_it(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(kind: Literal["a"], text: Pair) -> None: ...

    set_form(stage, "<input type=hidden name=kind value=b><input name=text>")
    open_page(page, "/form")
    press(page)
    assert focused(page, "name") == "text"


def test_a_bad_field_that_is_folded_away_is_unfolded_and_has_the_focus(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def send(title: str, note: Pair) -> None: ...

    notes = "<details><summary>Notes</summary>{{ form.field('note') }}</details>"
    folded = f"<details><summary>More</summary>{notes}</details><details id=other><summary>Other</summary></details>"
    fields = "{{ form.field('title') }}" + folded
    set_form(stage, fields, attrs={"novalidate": ""})
    open_page(page, "/form")
    page.fill("[name=title]", "T")
    press(page)
    expect(page.get_by_text(SHORT)).to_be_visible()
    assert focused(page, "name") == "note"
    expect(page.locator("#other")).to_have_js_property("open", False)


def test_of_equal_forms_the_one_that_was_refused_has_the_error_and_each_keeps_its_text(
    stage: Stage, page: Page
) -> None:
    @stage.actions.register
    def send(text: Pair) -> None: ...

    fields = '<input {{ form.attrs("text") }}>{{ form.error("text") }}<button>Send</button>'
    one = f'{{% call(form) action_form("send") %}}{fields}{{% endcall %}}'
    stage.page("/forms", one * 3)
    open_page(page, "/forms")
    page.locator("[name=text]").nth(0).fill("first")
    page.locator("[name=text]").nth(1).fill("x")
    page.get_by_role("button").nth(1).click()
    await_events(page, "finish", 1)
    expect(page.locator("form [data-error]")).to_have_text(["", SHORT, ""])
    assert [field.input_value() for field in page.locator("[name=text]").all()] == ["first", "x", ""]


@pytest.mark.parametrize(
    ("row", "gone", "following"),
    [
        ('<li id="r{{ row }}" tabindex=-1>{{ row }} <a id="a{{ row }}" href="#">more</a></li>', "#r2", "a3"),
    ],
    ids=["tabindex"],
)
def test_whatever_had_the_focus_it_goes_to_what_follows(
    stage: Stage, page: Page, row: str, gone: str, following: str
) -> None:
    set_rows(stage, row)
    open_page(page, "/rows")
    page.focus(gone)
    page.evaluate("document.querySelector('#go').click()")
    await_events(page, "finish", 1)
    expect(page.locator(gone)).to_have_count(0)
    assert focused(page, "id") == following


def test_where_the_region_is_gone_with_its_last_row_the_focus_goes_to_what_it_was_in(stage: Stage, page: Page) -> None:
    rows = ["milk"]

    @stage.actions.register
    def drop() -> None:
        rows.clear()

    drop_form = '{% call action_form("drop") %}<button id=drop>Delete</button>{% endcall %}'
    stage.page(
        "/list",
        f"<main>{{% if rows %}}<div data-region=list>{drop_form}</div>{{% endif %}}</main>",
        rows=lambda: list(rows),
    )
    open_page(page, "/list")
    page.click("#drop")
    await_events(page, "finish", 1)
    assert focused(page, "localName") == "main"


def test_a_field_that_comes_in_place_of_its_button_and_asks_for_the_focus_has_it(stage: Stage, page: Page) -> None:
    editing: list[int] = []

    @stage.actions.register
    def edit() -> None:
        editing.append(1)

    button = '{% call action_form("edit") %}<button id=edit>Edit</button>{% endcall %}'
    field = "<form><input id=text name=text autofocus></form>"
    body = f"{{% if editing %}}{field}{{% else %}}{button}{{% endif %}}"
    stage.page(
        "/note",
        f"<main><input id=find autofocus>{body}<a href=#>Up</a></main>",
        editing=lambda: list(editing),
    )
    open_page(page, "/note")
    page.click("#edit")
    await_events(page, "finish", 1)
    assert focused(page, "id") == "text"
