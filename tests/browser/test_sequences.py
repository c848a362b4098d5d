"""What happens while something else is under way: answers in any order, lost connections, changes in between."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Response, redirect, request
from playwright.sync_api import Page, Route, expect
from werkzeug.datastructures import FileStorage

from flask_serveractions import ActionError, revalidate_tag
from tests.browser.stage import Stage, await_events, kinds, open_page
from tests.stores_processes import eventually

QUEUED = """<main>{% call(form) action_form("add", attrs=attrs) %}
<input {{ form.attrs("text") }}> {{ form.error("text") }} <b>{{ items|length }}</b>
<button>Add</button>{% endcall %}</main>"""


def set_adding(stage: Stage, mode: str = "ignore", pages: Iterable[str] = (), **attrs: str) -> list[str]:
    """Set a form that says how much there is; each call waits for the gate of its number, and may lead to a page."""
    items: list[str] = []
    calls: list[str] = []

    @stage.actions.register
    def add(text: str) -> Response | None:
        calls.append(text)
        stage.wait(str(len(calls)))
        if text == "bad":
            raise ActionError("Not that one.", field="text")
        items.append(text)
        return redirect(f"/{text}") if text in pages else None

    stage.page("/", QUEUED, attrs={"data-concurrency": mode, **attrs}, items=lambda: items)
    return items


def test_a_form_that_was_sent_twice_alike_says_what_both_have_done(stage: Stage, page: Page) -> None:
    items = set_adding(stage, "queue")
    open_page(page, "/")
    page.fill("[name=text]", "milk")
    for _ in range(2):
        page.press("[name=text]", "Enter")
    await_events(page, "start", 2)
    stage.gate("1").set()
    stage.gate("2").set()
    await_events(page, "finish", 2)
    assert items == ["milk", "milk"]
    expect(page.locator("form b")).to_have_text("2")
    expect(page.locator("[name=text]")).to_have_value("")


def test_what_was_wrong_is_not_said_any_more_when_it_was_put_right_and_more_is_typed(stage: Stage, page: Page) -> None:
    set_adding(stage)
    open_page(page, "/")
    stage.gate("1").set()
    page.fill("[name=text]", "bad")
    page.press("[name=text]", "Enter")
    expect(page.locator("form")).to_contain_text("Not that one.")
    page.fill("[name=text]", "good")
    page.press("[name=text]", "Enter")
    await_events(page, "start", 2)
    page.fill("[name=text]", "next")
    stage.gate("2").set()
    await_events(page, "finish", 2)
    expect(page.locator("form")).not_to_contain_text("Not that one.")
    expect(page.locator("[name=text]")).to_have_value("next")
    expect(page.locator("[name=text]")).not_to_have_attribute("aria-invalid", "true")


def test_a_dialog_that_can_not_be_had_on_a_page_without_actions_is_the_browsers(stage: Stage, page: Page) -> None:
    stage.page("/", '<main><a id="open" href="/new" data-dialog>New</a></main>')
    stage.page("/new", "<main><h2>New</h2></main>")
    open_page(page, "/")

    def answer(route: Route) -> None:
        if route.request.is_navigation_request():
            route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")
        else:
            route.abort()

    page.route("**/new", answer)
    page.route("**/screen.js*", lambda route: route.abort())
    page.click("#open")
    expect(page.locator("h1")).to_have_text("Bad gateway")


def test_a_lazy_region_that_can_not_be_had_says_so_on_a_page_without_actions(stage: Stage, page: Page) -> None:
    stage.page("/", '<main>{% call region("slow", lazy=True, fallback="Later") %}Here{% endcall %}</main>')
    lost = [True]
    page.route("**/?_regions=*", lambda route: route.abort() if lost else route.continue_())
    page.route("**/screen.js*", lambda route: route.abort() if lost else route.continue_())
    open_page(page, "/")
    expect(page.locator("[role=alert]")).to_have_text("This part could not be loaded.")
    lost.clear()
    page.click("[data-lazy-link]")
    expect(page.locator("[data-region=slow]")).to_have_text("Here")


#: that a module could not be loaded is an error for the console
UNREPORTED = "addEventListener('error', (event) => event.preventDefault())"

FEATURES = {
    "dialog": '<a href="/new" data-dialog>New</a>',
    "endless": '<ul data-region="rows"><li>1</li></ul><a href="/new" data-more="rows">New</a>',
    "lazy": '{% call region("slow", lazy=True, fallback="Later") %}New{% endcall %}',
    "search": '<form action="/new" data-submit="input 10ms"><input name="q"></form>',
}


@pytest.mark.parametrize("feature", FEATURES)
def test_where_what_shows_a_part_can_not_be_loaded_it_is_as_if_the_part_could_not(
    stage: Stage, page: Page, feature: str
) -> None:
    stage.page("/", f"<main>{FEATURES[feature]}</main>")
    stage.page("/new", "<main><h2>New</h2></main>")
    page.route("**/screen.js*", lambda route: route.abort())
    open_page(page, "/")
    if feature == "search":
        page.fill("[name=q]", "milk")
    if feature in ("lazy", "search"):
        expect(page.locator("[role=alert]")).not_to_be_empty()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
    else:
        if feature == "endless":
            expect(page.locator("a")).not_to_have_attribute("data-more", "rows")
        page.click("a")
        page.wait_for_url("**/new")


def test_what_is_typed_is_saved_though_what_saves_it_could_not_be_loaded_at_once(stage: Stage, page: Page) -> None:
    saved: list[str] = []

    @stage.actions.register
    def save(text: str) -> None:
        saved.append(text)

    stage.page(
        "/",
        """<main>{% call action_form("save", attrs={"data-submit": "input 10ms"}) %}<input name="text">
        {% endcall %}</main>""",
    )
    page.route("**/live.js*", lambda route: route.abort(), times=1)
    page.add_init_script(UNREPORTED)
    page.goto("/", wait_until="load")
    page.fill("[name=text]", "milk")
    await_events(page, "success", 1)
    assert saved == ["milk"]


def test_what_was_begun_stays_where_what_shows_an_answers_page_can_not_be_loaded(stage: Stage, page: Page) -> None:
    set_adding(stage, "")
    stage.gate("1").set()
    stage.page("/note", "<main><form><input name=note></form></main>" + QUEUED, attrs={}, items=list)
    page.route("**/screen.js*", lambda route: route.abort())
    page.add_init_script(UNREPORTED)
    open_page(page, "/note")
    page.fill("[name=note]", "half a letter")
    page.fill("[name=text]", "milk")
    page.press("[name=text]", "Enter")
    await_events(page, "finish", 1)
    expect(page.get_by_role("link", name="The page could not be loaded.")).to_be_visible()
    expect(page.locator("[name=note]")).to_have_value("half a letter")


def test_a_change_that_comes_while_a_search_is_under_way_is_on_the_page_that_it_found(stage: Stage, page: Page) -> None:
    todos: list[str] = []

    def found() -> list[str]:
        listed = list(todos)
        if request.args:
            stage.wait("search")
        elif len(stage.visits) > 2:
            stage.wait("refresh")
        return listed

    @stage.actions.register
    def add(text: str) -> None:
        todos.append(text)
        revalidate_tag("todos")

    stage.page(
        "/",
        """<main><form data-submit="input 10ms"><input name="q"></form>
        {% call region("todos", live=("todos",)) %}{{ found|join(" ") }}{% endcall %}</main>""",
        found=found,
    )
    page.request.get("/")
    with page.expect_response("**/-/live?**"):
        open_page(page, "/")
    with page.expect_request("**/?q=m"):
        page.fill("[name=q]", "m")
    eventually(lambda: len(stage.visits) == 3)
    with page.expect_request("**/"), stage.app.app_context():
        todos.append("milk")
        revalidate_tag("todos")
    stage.gate("search").set()
    page.wait_for_url("**/?q=m")
    stage.gate("refresh").set()
    expect(page.locator("[data-region=todos]")).to_have_text("milk")


def test_of_files_that_were_sent_in_a_formers_place_the_latest_runs(stage: Stage, page: Page, tmp_path: Path) -> None:
    ran: list[Any] = []

    @stage.actions.register
    def keep(file: FileStorage, text: str) -> None:
        ran.append(text)
        stage.wait(text)

    stage.page(
        "/",
        """<main>{% call(form) action_form("keep", attrs={"data-concurrency": "latest"}) %}
        <input {{ form.attrs("file") }}><input {{ form.attrs("text") }}><button>Keep</button>{% endcall %}</main>""",
    )
    open_page(page, "/")
    page.set_input_files("[type=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
    page.fill("[name=text]", "one")
    page.press("[name=text]", "Enter")
    eventually(lambda: ran == ["one"])
    page.evaluate("""() => {
      const form = document.querySelector("form");
      for (const text of ["two", "three"]) { form.elements.text.value = text; form.requestSubmit(); }
    }""")
    for name in ("one", "two", "three"):
        stage.gate(name).set()
    await_events(page, "finish", 3)
    assert ran == ["one", "three"]


#: what takes as long as somebody lets it: a question in a dialog that was left, a function
UNENDING = {
    "a question": """document.querySelector("form").dataset.confirm = "Really?";
        document.addEventListener("action:confirm", ({ detail }) => detail.respondWith(new Promise(() => {})));""",
    "an action": "",
}


@pytest.mark.parametrize("script", UNENDING.values(), ids=UNENDING)
def test_a_page_comes_by_itself_though_what_is_under_way_does_not_end(stage: Stage, page: Page, script: str) -> None:
    set_adding(stage)
    stage.page(
        "/polled",
        """<main><p data-region="clock" data-poll="0.5s">{{ n }}</p>
        {% call(form) action_form("add") %}<input {{ form.attrs("text") }}><button>Add</button>{% endcall %}</main>""",
        n=lambda: len(stage.visits),
    )
    open_page(page, "/polled")
    page.evaluate(f"() => {{ {script} }}")
    page.fill("[name=text]", "milk")
    page.press("[name=text]", "Enter")
    clock = page.locator("[data-region=clock]")
    for _ in range(2):
        expect(clock).not_to_have_text(clock.inner_text())
    expect(page.locator("[name=text]")).to_have_value("milk")


def test_what_is_pressed_again_while_a_question_is_open_asks_again_and_is_sent_once(stage: Stage, page: Page) -> None:
    items = set_adding(stage, **{"data-confirm": "Really?"})
    stage.gate("1").set()
    open_page(page, "/")
    page.evaluate("""() => {
      window.answers = [];
      document.addEventListener("action:confirm", ({ detail }) =>
        detail.respondWith(new Promise((resolve) => answers.push(resolve))));
    }""")
    page.fill("[name=text]", "milk")
    for _ in range(3):
        page.press("[name=text]", "Enter")
    assert page.evaluate("answers.length") == 3
    page.evaluate("answers[1](true); answers[0](true)")
    await_events(page, "finish", 1)
    page.evaluate("answers[2](true)")
    page.fill("[name=text]", "bread")
    page.press("[name=text]", "Enter")
    stage.gate("2").set()
    page.evaluate("answers[3](true)")
    await_events(page, "finish", 2)
    assert items == ["milk", "bread"]


def test_an_answered_question_sends_nothing_beside_what_was_sent_while_it_was_open(stage: Stage, page: Page) -> None:
    items = set_adding(stage)
    open_page(page, "/")
    page.evaluate("""() => {
      document.addEventListener("action:confirm", ({ detail }) =>
        detail.respondWith(new Promise((resolve) => (window.answer = resolve))));
      document.querySelector("form button").dataset.confirm = "Really?";
    }""")
    page.fill("[name=text]", "milk")
    page.click("form button")
    page.evaluate("document.querySelector('form').requestSubmit()")
    await_events(page, "start", 1)
    page.evaluate("answer(true)")
    stage.gate("1").set()
    stage.gate("2").set()
    await_events(page, "finish", 1)
    expect(page.locator("form b")).to_have_text("1")
    assert (items, kinds(page).count("start")) == (["milk"], 1)


@pytest.mark.parametrize(("texts", "end"), [(["one", "two"], "/two"), (["one", "bad"], "/")])
def test_what_waits_in_a_queue_is_sent_though_the_former_one_leads_elsewhere(
    stage: Stage, page: Page, texts: list[str], end: str
) -> None:
    items = set_adding(stage, "queue", pages=["one", "two"])
    for path in ("/one", "/two"):
        stage.page(path, "<main></main>", path)
    open_page(page, "/")
    for text in texts:
        page.fill("[name=text]", text)
        page.press("[name=text]", "Enter")
    await_events(page, "start", 2)
    with page.expect_response(lambda response: "_action" in response.url):
        stage.gate("1").set()
    stage.gate("2").set()
    if end == "/":
        expect(page.locator("form")).to_contain_text("Not that one.")
        expect(page.locator("form b")).to_have_text("1")
    else:
        expect(page).to_have_title(end)
    assert items == [text for text in texts if text != "bad"]
    assert stage.visits.count("/one") == 0
