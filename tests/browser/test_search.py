"""Forms that send themselves: search while somebody types, and save what is typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

import pytest
from flask import Flask, redirect, request
from marshmallow.validate import Length
from playwright.sync_api import Browser, Page, expect
from werkzeug.wrappers import Response

from flask_serveractions import ActionError
from tests.browser.readiness import await_ready
from tests.browser.stage import Stage, await_events, kinds, open_page
from tests.stores_processes import eventually
from tests.todo_app import served

WORDS = ("apple", "apricot", "banana", "cherry")
SEARCH = """<main><form data-submit="input 100ms"><label>Search <input name="q" value="{{ q }}"></label>
<select name="sort"><option>up<option {{ 'selected' if sort == 'down' }}>down</select><button>Search</button>
<output>{{ words|length }} found</output></form>
<ul id="found">{% for word in words %}<li>{{ word }}</li>{% endfor %}</ul></main>"""
RESET = """<main><form data-submit="input 50ms"><input name="q"><button type="reset">Clear</button></form>
<p>{{ request.query_string.decode() }}</p></main>"""
FIELD = """customElements.define("x-field", class extends HTMLElement {
  static formAssociated = true;
  internals = this.attachInternals();
  connectedCallback() {
    this.setAttribute("name", "field");
    const input = Object.assign(document.createElement("input"), { ariaLabel: "Inside" });
    this.attachShadow({ mode: "open" }).append(input);
    input.oninput = () => this.internals.setFormValue(input.value);
  }
})"""
NOTE = """<main>{% call(form) action_form("save", attrs={"data-submit": "input 100ms"}) %}
<textarea {{ form.attrs("text") }}></textarea>{{ form.error("text") }}<button>Save</button>{% endcall %}
<p id="saved">{{ notes[-1] if notes }}</p></main>"""


def set_search(stage: Stage) -> list[str]:
    """Set a page to search on; a search for the name of a gate waits for it."""
    asked: list[str] = []

    def query() -> str:
        q = request.args.get("q", "")
        asked.append(q)
        if q in stage.gates:
            stage.wait(q)
        return q

    def words() -> list[str]:
        found = [word for word in WORDS if word.startswith(request.args.get("q", ""))]
        return sorted(found, reverse=request.args.get("sort") == "down")

    def sort() -> str:
        return request.args.get("sort", "up")

    stage.page("/words", SEARCH, "{{ q or 'Words' }}", q=query, words=words, sort=sort)
    return asked


def set_notes(stage: Stage, body: str = NOTE) -> list[str]:
    notes: list[str] = []

    def save(text: Annotated[str, Length(1, 20)]) -> None:
        if text in stage.gates:
            stage.wait(text)
        if text == "taken":
            raise ActionError("Somebody has that one.", field="text")
        notes.append(text)

    stage.actions.register(save)
    stage.page("/note", body, notes=lambda: notes)
    return notes


def test_what_is_found_is_shown_while_somebody_types_and_the_address_says_so(stage: Stage, page: Page) -> None:
    asked = set_search(stage)
    open_page(page, "/words")
    entries = page.evaluate("history.length")
    page.locator("[name=q]").press_sequentially("ap", delay=20)
    expect(page.locator("#found li")).to_have_text(["apple", "apricot"])
    expect(page.locator("output")).to_have_text("2 found")
    expect(page).to_have_url(re.compile(r"/words\?q=ap&sort=up$"))
    expect(page).to_have_title("ap")
    assert page.evaluate("history.length") == entries
    assert asked[-1] == "ap"


def test_what_was_opened_for_a_search_stays_open(stage: Stage, page: Page) -> None:
    stage.page(
        "/words",
        """<main><details><summary>Filter</summary><form data-submit="input 50ms"><input name="q"></form></details>
        <p>{{ request.args.q }}</p></main>""",
    )
    open_page(page, "/words")
    page.locator("summary").click()
    page.locator("[name=q]").press("a")
    expect(page.locator("main p")).to_have_text("a")
    page.keyboard.type("p")
    expect(page.locator("main p")).to_have_text("ap")
    expect(page.locator("[name=q]")).to_be_visible()


def test_focus_and_caret_stay_where_they_are(stage: Stage, page: Page) -> None:
    set_search(stage)
    open_page(page, "/words")
    page.locator("[name=q]").press_sequentially("pricot")
    page.locator("[name=q]").press("Home")
    page.locator("[name=q]").press("a")
    expect(page.locator("#found li")).to_have_text(["apricot"])
    assert page.evaluate("[document.activeElement.name, document.activeElement.selectionStart]") == ["q", 1]
    expect(page.locator("[name=q]")).to_have_value("apricot")


@pytest.mark.parametrize("typed_before", ["", "x"])
def test_a_word_that_is_being_composed_is_not_sent_by_half(stage: Stage, page: Page, typed_before: str) -> None:
    asked = set_search(stage)
    open_page(page, "/words")
    page.locator("[name=q]").focus()
    keyboard = page.context.new_cdp_session(page)
    page.keyboard.type(typed_before)
    for text in ("n", "ni"):
        keyboard.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    page.wait_for_timeout(500)  # longer than the form waits
    keyboard.send("Input.insertText", {"text": "に"})
    expect(page).to_have_title(typed_before + "に")
    assert "ni" not in "".join(asked)
    expect(page.locator("[name=q]")).to_have_value(typed_before + "に")


def test_a_search_on_another_site_is_the_browsers(stage: Stage, page: Page) -> None:
    with served(Flask("other")) as foreign:
        body = f'<form action="{foreign}/find" data-submit="input 50ms"><input name="q"></form>'
        stage.page("/words", f"<main>{body}</main>")
        open_page(page, "/words")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.locator("[name=q]").press_sequentially("ap")
        page.wait_for_timeout(500)
        assert asked == []
        page.locator("[name=q]").press("Enter")
        expect(page).to_have_url(f"{foreign}/find?q=ap")


def test_a_late_answer_never_overwrites_a_newer_one(stage: Stage, page: Page) -> None:
    asked = set_search(stage)
    gate = stage.gate("b")
    open_page(page, "/words")
    page.locator("[name=q]").fill("b")
    while asked[-1] != "b":
        page.wait_for_timeout(10)
    with page.expect_event("requestfailed"):  # the former request is aborted
        page.locator("[name=q]").fill("c")
    expect(page.locator("#found li")).to_have_text(["cherry"])
    gate.set()
    page.locator("[name=q]").fill("ch")
    expect(page).to_have_url(re.compile("q=ch&"))
    expect(page.locator("#found li")).to_have_text(["cherry"])
    expect(page.locator("[name=q]")).to_have_value("ch")


def test_what_is_chosen_and_the_return_key_search_at_once(stage: Stage, page: Page) -> None:
    set_search(stage)
    open_page(page, "/words")
    page.evaluate("window.same = true")
    page.locator("[name=sort]").select_option("down")
    expect(page.locator("#found li")).to_have_text(["cherry", "banana", "apricot", "apple"])
    page.locator("[name=q]").fill("a")
    page.locator("[name=q]").press("Enter")
    expect(page.locator("#found li")).to_have_text(["apricot", "apple"])
    assert page.evaluate("window.same")


def test_a_form_that_is_reset_is_searched_by_as_it_is_then(stage: Stage, page: Page) -> None:
    stage.page("/words", RESET)
    open_page(page, "/words")
    page.locator("[name=q]").fill("milk")
    expect(page.locator("p")).to_have_text("q=milk")
    page.click("[type=reset]")
    expect(page.locator("p")).to_have_text("q=")


def test_what_is_typed_into_a_custom_element_is_searched_for(stage: Stage, page: Page) -> None:
    stage.policy = ""
    stage.page("/words", RESET.replace("<input", "<x-field></x-field><input"))
    page.add_init_script(FIELD)
    open_page(page, "/words")
    page.evaluate("document.dispatchEvent(new Event('change'))")  # a script's own, of no field
    page.get_by_label("Inside").press_sequentially("milk")
    expect(page.locator("p")).to_have_text("field=milk&q=")


def test_the_button_that_was_pressed_counts(stage: Stage, page: Page) -> None:
    body = """<main><form data-submit="input 50ms"><input name="q"><button name="all" value="1">All</button></form>
    <p>{{ request.query_string.decode() }}</p></main>"""
    stage.page("/words", body)
    open_page(page, "/words")
    page.evaluate("window.same = true")
    page.click("button")
    expect(page.locator("p")).to_have_text("q=&all=1")
    assert page.evaluate("window.same")


def test_a_form_of_an_action_saves_itself_and_nothing_is_reset(stage: Stage, page: Page) -> None:
    notes = set_notes(stage)
    open_page(page, "/note")
    page.locator("[name=text]").press_sequentially("milk", delay=20)
    expect(page.locator("#saved")).to_have_text("milk")
    expect(page.locator("[name=text]")).to_have_value("milk")
    expect(page.locator("[name=text]")).to_be_focused()
    assert notes[-1] == "milk"


def test_one_request_is_in_flight_the_newest_waits_and_none_is_aborted(stage: Stage, page: Page) -> None:
    notes = set_notes(stage)
    gate = stage.gate("a")
    open_page(page, "/note")
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    field = page.locator("[name=text]")
    field.fill("a")
    await_events(page, "start", 1)
    for text in ("ab", "abc", "abcd"):
        field.fill(text)
        page.wait_for_timeout(150)  # longer than the form's own pause
    assert kinds(page) == ["start"]
    gate.set()
    await_events(page, "finish", 2)
    expect(page.locator("#saved")).to_have_text("abcd")
    expect(field).to_have_value("abcd")
    assert notes == ["a", "abcd"]
    assert failed == []


def test_a_refusal_while_somebody_types_does_not_take_the_focus(stage: Stage, page: Page) -> None:
    notes = set_notes(stage)
    open_page(page, "/note")
    page.locator("[name=text]").fill("taken")
    page.locator("button").focus()
    expect(page.locator("main")).to_contain_text("Somebody has that one.")
    expect(page.locator("button")).to_be_focused()
    page.locator("[name=text]").fill("free")
    expect(page.locator("#saved")).to_have_text("free")
    expect(page.locator("main")).not_to_contain_text("Somebody")
    assert notes == ["free"]


@pytest.mark.parametrize("way", ["Enter", "Save"])
def test_what_was_sent_by_hand_is_not_sent_once_more(stage: Stage, page: Page, way: str) -> None:
    note = re.sub("<textarea(.*?)></textarea>", r"<input\1>", NOTE).replace(
        "100ms", "2s"
    )  # a busy machine is slow to press
    notes = set_notes(stage, note)
    open_page(page, "/note")
    page.locator("[name=text]").press_sequentially("milk")
    if way == "Enter":
        page.keyboard.press("Enter")
    else:
        # a mouse would leave the field first, which saves it at once
        page.get_by_role("button", name="Save").evaluate("button => button.click()")
    expect(page.locator("#saved")).to_have_text("milk")
    page.wait_for_timeout(2300)
    page.locator("[name=text]").fill("bread")  # what was left to be sent would come before this
    expect(page.locator("#saved")).to_have_text("bread")
    assert notes == ["milk", "bread"]


@pytest.mark.parametrize("kind", ["change", "input 60s"])
def test_what_a_pressed_button_will_send_is_not_sent_before_it(stage: Stage, page: Page, kind: str) -> None:
    notes = set_notes(stage, NOTE.replace("input 100ms", kind))
    open_page(page, "/note")
    for count, text in enumerate(["milk", "bread"], 1):
        page.locator("[name=text]").fill(text)
        page.get_by_role("button", name="Save").hover()
        page.mouse.down()  # the field is left, and has changed
        expect(page.locator("button:active")).to_be_visible()
        page.wait_for_timeout(500)
        page.mouse.up()
        expect(page.locator("#saved")).to_have_text(text)
        await_events(page, "finish", count)
    assert notes == ["milk", "bread"]


def test_what_no_button_sent_after_all_is_saved(stage: Stage, page: Page) -> None:
    notes = set_notes(stage, NOTE.replace("input 100ms", "change"))
    open_page(page, "/note")
    page.locator("[name=text]").fill("milk")
    page.get_by_role("button", name="Save").hover()
    page.mouse.down()
    page.mouse.move(300, 300)  # and away from it
    page.mouse.up()
    expect(page.locator("#saved")).to_have_text("milk")
    assert notes == ["milk"]


def test_what_the_browser_finds_invalid_is_not_sent(stage: Stage, page: Page) -> None:
    notes = set_notes(stage)
    open_page(page, "/note")
    page.locator("[name=text]").fill("a")
    expect(page.locator("#saved")).to_have_text("a")
    page.locator("[name=text]").fill("")
    page.wait_for_timeout(200)
    page.locator("[name=text]").fill("b")
    expect(page.locator("#saved")).to_have_text("b")
    assert notes == ["a", "b"]


def test_what_was_typed_last_is_saved_when_the_visitor_leaves(stage: Stage, page: Page) -> None:
    notes = set_notes(stage)
    stage.page("/other", "<main>Other</main>")
    open_page(page, "/note")
    page.evaluate("document.querySelector('form').dataset.submit = 'input 60m'")
    page.locator("[name=text]").fill("milk")
    page.goto("/other")
    eventually(lambda: notes == ["milk"], 60)
    page.go_back()
    expect(page.locator("[name=text]")).to_be_visible()
    expect(page.locator("form")).not_to_have_attribute("aria-busy", "true")


def test_what_waits_for_an_answer_is_saved_too_when_the_visitor_leaves(stage: Stage, page: Page) -> None:
    notes = set_notes(stage)
    stage.page("/other", "<main>Other</main>")
    gate = stage.gate("a")
    open_page(page, "/note")
    page.locator("[name=text]").fill("a")
    await_events(page, "start", 1)
    page.locator("[name=text]").fill("ab")
    page.goto("/other")
    eventually(lambda: notes == ["ab"], 60)
    gate.set()
    eventually(lambda: sorted(notes) == ["a", "ab"], 60)  # what was under way was not broken off


def test_a_page_that_is_hidden_is_saved(stage: Stage, page: Page) -> None:
    notes = set_notes(stage)
    open_page(page, "/note")
    page.evaluate("document.querySelector('form').dataset.submit = 'input 60m'")
    page.locator("[name=text]").fill("milk")
    page.evaluate("""Object.defineProperty(document, "hidden", { get: () => true });
        document.dispatchEvent(new Event("visibilitychange"));""")
    expect(page.locator("#saved")).to_have_text("milk")
    assert notes == ["milk"]


def test_while_nobody_answers_what_is_typed_stays_and_is_saved_with_what_follows(stage: Stage, page: Page) -> None:
    notes = set_notes(stage)
    open_page(page, "/note")
    await_ready(page)
    page.context.set_offline(True)
    page.locator("[name=text]").press_sequentially("mil")
    await_events(page, "error", 1)
    expect(page.locator("main")).to_contain_text("Please try again.")
    expect(page.locator("[name=text]")).to_have_value("mil")
    expect(page.locator("[name=text]")).to_be_focused()
    page.context.set_offline(False)
    page.locator("[name=text]").press_sequentially("k")
    expect(page.locator("#saved")).to_have_text("milk")
    expect(page.locator("main")).not_to_contain_text("Please try again.")
    assert notes == ["milk"]


def test_a_search_that_nobody_answers_is_told_and_the_next_one_finds(stage: Stage, page: Page) -> None:
    set_search(stage)
    open_page(page, "/words")
    await_ready(page)
    page.context.set_offline(True)
    page.locator("[name=q]").fill("ap")
    expect(page.locator("main")).to_contain_text("Please try again.")
    expect(page.locator("#found li")).to_have_count(len(WORDS))
    expect(page).to_have_url("/words")
    expect(page.locator("[name=q]")).to_have_value("ap")
    page.context.set_offline(False)
    page.locator("[name=q]").fill("app")
    expect(page.locator("#found li")).to_have_text(["apple"])
    expect(page.locator("main")).not_to_contain_text("Please try again.")


@pytest.mark.parametrize(
    ("path", "field", "set_up", "shown"),
    [("/words", "q", set_search, "#found li"), ("/note", "text", set_notes, "#saved")],
)
def test_without_scripts_the_button_does_it(
    stage: Stage, browser: Browser, path: str, field: str, set_up: Callable[[Stage], object], shown: str
) -> None:
    set_up(stage)
    with served(stage.app) as address:
        context = browser.new_context(base_url=address, java_script_enabled=False)
        page = context.new_page()
        page.goto(path)
        page.fill(f"[name={field}]", "banana")
        page.click("button")
        expect(page.locator(shown)).to_have_text("banana")
        context.close()


def test_a_search_of_whose_session_is_over_leads_to_the_sign_in(stage: Stage, page: Page) -> None:
    over: list[int] = []

    @stage.app.before_request
    def guard() -> Response | None:
        return redirect("/login?next=" + quote(request.full_path)) if over and request.path == "/words" else None

    set_search(stage)
    stage.page("/login", "<main><h1>Sign in</h1></main>")
    open_page(page, "/words")
    page.locator("[name=q]").press_sequentially("ap")
    expect(page.locator("output")).to_have_text("2 found")
    over.append(1)
    page.locator("[name=q]").press_sequentially("r")
    expect(page.locator("h1")).to_have_text("Sign in")
    expect(page).to_have_url(re.compile(r"/login\?next=.*apr"))


def test_what_was_sent_before_a_search_is_told_and_shown_on_the_page_that_it_found(stage: Stage, page: Page) -> None:
    words = ["apple", "avocado", "banana"]

    @stage.actions.register
    def drop(word: str) -> None:
        stage.wait(word)
        if word == "banana":
            raise ActionError("Not that one.")
        words.remove(word)

    stage.page(
        "/fruit",
        """<main><form data-submit="input 50ms"><input id=q name=q value="{{ q }}"></form>
        {% call action_form("drop") %}{% for word in words %}<button name=word value="{{ word }}">{{ word }}</button>
        {% endfor %}{% endcall %}</main>""",
        q=lambda: request.args.get("q", ""),
        words=lambda: [word for word in words if request.args.get("q", "") in word],
    )
    open_page(page, "/fruit")
    for number, (word, found, left) in enumerate([("apple", "a", 2), ("banana", "an", 1)], start=1):
        page.click(f"[value={word}]")
        page.fill("#q", found)
        page.wait_for_url(f"**/fruit?q={found}")
        stage.gate(word).set()
        await_events(page, "finish", number)
        expect(page.locator("[name=word]")).to_have_count(left)
    expect(page.locator("main")).to_contain_text("Not that one.")
