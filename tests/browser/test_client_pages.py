"""A fresh page says what a reload would say: head, styles, scripts, data; and what the visitor has stays."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Response, render_template_string
from playwright.sync_api import Page, expect

from flask_serveractions import ActionError, Bound
from tests.browser.stage import Stage, await_events, open_page, press

GO = '{% call action_form("go") %}<button id="go">Go</button>{% endcall %}'


def set_page(stage: Stage, body: str, title: str = "Page", **context: Any) -> None:
    """Set a page with a button, and ``n``: how often it was pressed."""
    state = {"n": 0}

    @stage.actions.register
    def go() -> None:
        state["n"] += 1

    stage.page("/p", f'<main data-n="{{{{ n }}}}">{GO}{body}</main>', title, **{"n": lambda: state["n"], **context})


def test_language_classes_metadata_and_styles_are_those_of_the_fresh_page(stage: Stage, page: Page) -> None:
    state = {"n": 0}

    @stage.actions.register
    def go() -> None:
        state["n"] += 1

    @stage.app.get("/p")
    def show() -> str:
        return render_template_string(
            """<!doctype html><html lang="{{ ["en", "de"][n] }}" class="{{ ["light", "dark"][n] }}"><head>
            <title>{{ n }}</title><meta name="count" content="{{ n }}">
            {% if n %}<link rel="stylesheet" href="/own.css">{% endif %}{{ serveractions_script() }}</head>
            <body class="{{ ["before", "after"][n] }}"><main data-n="{{ n }}">"""
            + GO
            + "</main></body></html>",
            n=state["n"],
        )

    stage.app.add_url_rule("/own.css", "css", lambda: Response("main{color:rgb(1, 2, 3)}", mimetype="text/css"))
    open_page(page, "/p")
    page.evaluate("document.documentElement.dataset.theme = 'of a script'")
    press(page)
    html = page.locator("html")
    expect(html).to_have_attribute("lang", "de")
    expect(html).to_have_class("dark")
    expect(html).to_have_attribute("data-theme", "of a script")
    expect(page.locator("body")).to_have_class("after")
    expect(page.locator("main")).to_have_css("color", "rgb(1, 2, 3)")
    assert page.title() == "1"
    assert page.evaluate("[...document.querySelectorAll('meta[name=count]')].map((each) => each.content)") == ["1"]


def test_noscript_stays_inert(stage: Stage, page: Page) -> None:
    seen: list[str] = []

    @stage.actions.register
    def go(how: str = "with scripts") -> None:
        seen.append(how)

    stage.head = "<noscript><img src='/pixel'></noscript>"  # in a head it would end it, for who has no scripts
    form = GO.replace("<button", "<noscript><input name='how' value='without'></noscript><button")
    stage.page("/p", f'<main data-n="{{{{ n }}}}">{form}</main>', n=lambda: len(seen))
    open_page(page, "/p")
    press(page)
    press(page, 2)
    assert seen == ["with scripts", "with scripts"]
    assert page.evaluate("document.querySelectorAll('noscript *, img').length") == 0
    said = page.evaluate("[...document.querySelectorAll('noscript')].map(({ textContent }) => textContent)")
    assert said == ["<img src='/pixel'>", "<input name='how' value='without'>"], "as a reload has it"


def test_a_script_that_the_page_did_not_have_runs_once_and_data_is_renewed(stage: Stage, page: Page) -> None:
    stage.scripts["one"] = "document.documentElement.dataset.ran = 'one'"
    stage.scripts["two"] = "document.documentElement.dataset.ran += ' two'"
    body = """<script src="/own/one.js"></script>{% if n %}<script src="/own/two.js"></script>{% endif %}
    <script id="data" type="application/json">{"n": {{ n }}}</script>"""
    set_page(stage, body)
    open_page(page, "/p")
    press(page)
    expect(page.locator("html")).to_have_attribute("data-ran", "one two")
    press(page, 2)
    expect(page.locator("html")).to_have_attribute("data-ran", "one two")
    assert page.evaluate("JSON.parse(document.querySelector('#data').textContent).n") == 2


@pytest.mark.parametrize("kind", ["open", "closed"])
def test_shadow_roots_of_the_fresh_page_are_roots(stage: Stage, page: Page, kind: str) -> None:
    root = f'<template shadowrootmode="{kind}"><p>{{{{ n }}}}</p></template>'
    body = f'{{% if n %}}<div id="host">{root}</div>{{% endif %}}'
    set_page(stage, body)
    open_page(page, "/p")
    press(page)
    assert page.evaluate("document.querySelectorAll('template').length") == 0
    expect(page.locator("#host")).to_be_visible()


def test_an_editor_that_was_opened_to_send_a_form_closes_and_another_stays_open(stage: Stage, page: Page) -> None:
    names = {1: "one", 2: "two"}

    @stage.actions.register
    def rename(row: Bound[int], text: str) -> None:
        names[row] = text

    stage.page(
        "/p",
        """<main>{% for row, name in names.items() %}<details><summary>{{ name }}</summary>
        {% call(form) action_form("rename", row=row) %}<input {{ form.attrs("text", value=name) }}><button>Save</button>
        {% endcall %}</details>{% endfor %}</main>""",
        names=lambda: dict(names),
    )
    open_page(page, "/p")
    for summary in page.locator("summary").all():
        summary.click()
    page.locator("[name=text]").first.fill("renamed")
    page.get_by_role("button").first.click()
    expect(page.locator("summary").first).to_have_text("renamed")
    assert page.evaluate("[...document.querySelectorAll('details')].map(({ open }) => open)") == [False, True]


OPENED = """<main>{% if opened == "dialog" %}<button id="open" commandfor="add" command="show-modal">New</button>
<dialog id="add">{{ add() }}</dialog>{% elif opened == "popover" %}<button id="open" popovertarget="add">New</button>
<div id="add" popover>{{ add() }}</div>{% else %}<details><summary id="open">New</summary>{{ add() }}</details>
{% endif %}<p id="count">{{ items|length }}</p></main>"""
ADD = """{% call(form) action_form("add", attrs=attrs) %}<input {{ form.attrs("text") }}>{{ form.error("text") }}
<button id="go">Add</button>{% endcall %}"""


def set_opened(stage: Stage, opened: str, **attrs: str) -> None:
    """Set a page with a form in something that is opened for it."""
    items: list[str] = []

    @stage.actions.register
    def add(text: str) -> None:
        if text == "taken":
            raise ActionError("You have that one.", field="text")
        items.append(text)
        if text in stage.gates:
            stage.wait(text)

    template = OPENED.replace("{{ add() }}", ADD)
    stage.page("/p", template, opened=opened, attrs=lambda: attrs, items=lambda: items)


@pytest.mark.parametrize("opened", ["dialog", "popover", "details"])
def test_what_was_opened_for_a_form_stays_open_until_it_has_been_sent(stage: Stage, page: Page, opened: str) -> None:
    set_opened(stage, opened)
    open_page(page, "/p")
    page.click("#open")
    page.fill("[name=text]", "taken")
    page.click("#go")
    expect(page.get_by_text("You have that one.")).to_be_visible()
    page.fill("[name=text]", "milk")
    page.click("#go")
    expect(page.locator("#count")).to_have_text("1")
    expect(page.locator("#go")).to_be_hidden()
    page.click("#open")  # it can be opened again, and nothing is left of what lay behind it
    page.fill("[name=text]", "bread")
    page.click("#go")
    expect(page.locator("#count")).to_have_text("2")
    expect(page.locator("#go")).to_be_hidden()


@pytest.mark.parametrize("opened", ["dialog", "popover", "details"])
def test_what_was_opened_for_a_form_that_saves_itself_stays_open(stage: Stage, page: Page, opened: str) -> None:
    set_opened(stage, opened, **{"data-submit": "input 30ms"})
    open_page(page, "/p")
    page.click("#open")
    page.locator("[name=text]").press_sequentially("a")
    expect(page.locator("#count")).to_have_text("1")
    page.keyboard.type("b")
    expect(page.locator("#count")).to_have_text("2")
    expect(page.locator("[name=text]")).to_be_focused()
    expect(page.locator("[name=text]")).to_have_value("ab")


@pytest.mark.parametrize("opened", ["dialog", "popover", "details"])
def test_what_was_opened_for_a_form_stays_open_where_more_is_typed(stage: Stage, page: Page, opened: str) -> None:
    set_opened(stage, opened)
    stage.gate("milk")
    open_page(page, "/p")
    page.click("#open")
    page.fill("[name=text]", "milk")
    page.press("[name=text]", "Enter")
    page.fill("[name=text]", "bread")
    stage.gate("milk").set()
    expect(page.locator("#count")).to_have_text("1")
    expect(page.locator("[name=text]")).to_be_visible()
    expect(page.locator("[name=text]")).to_have_value("bread")


def test_after_a_deletion_the_focus_goes_to_the_next_row_then_to_the_one_before_then_to_the_region(
    stage: Stage, page: Page
) -> None:
    rows = [1, 2, 3]

    @stage.actions.register
    def delete(row: Bound[int]) -> None:
        rows.remove(row)

    stage.page(
        "/p",
        """<main><a href="/">Above</a><ul data-region="rows">{% for row in rows %}<li>
        {% call action_form("delete", row=row) %}<button aria-label="{{ row }}">x</button>{% endcall %}</li>{% endfor %}
        </ul><a href="/">Below</a></main>""",
        rows=lambda: list(rows),
    )
    open_page(page, "/p")
    for count, (row, following) in enumerate([(2, "3"), (3, "1"), (1, None)], start=1):
        page.get_by_label(str(row), exact=True).focus()
        page.keyboard.press("Enter")
        await_events(page, "finish", count)
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == following
    assert page.evaluate("document.activeElement.dataset.region") == "rows"


def test_a_form_that_was_begun_and_is_gone_is_told_of(stage: Stage, page: Page) -> None:
    set_page(stage, "{% if not n %}<form><input name='text'></form>{% endif %}<div data-messages></div>")
    open_page(page, "/p")
    page.fill("[name=text]", "half a sentence")
    press(page)
    expect(page.locator("[data-messages]")).to_have_text("The form that you had begun is gone.")


def test_what_is_kept_is_left_alone(stage: Stage, page: Page) -> None:
    set_page(stage, '<div id="chart" data-keep>{{ n }}</div>')
    open_page(page, "/p")
    page.evaluate("document.querySelector('#chart').append('drawn')")
    press(page)
    expect(page.locator("#chart")).to_have_text("0drawn")


def test_a_cancelled_render_shows_nothing_and_a_listener_may_change_the_page(stage: Stage, page: Page) -> None:
    set_page(stage, "<p id=n>{{ n }}</p>")
    open_page(page, "/p")
    page.evaluate("""document.addEventListener("action:render", (event) => event.preventDefault(), { once: true })""")
    page.click("#go")
    await_events(page, "finish", 1)
    expect(page.locator("#n")).to_have_text("0")
    page.evaluate("""document.addEventListener("action:render", ({ detail }) => {
        detail.page.querySelector("#n").textContent += " changed"; })""")
    page.click("#go")
    expect(page.locator("#n")).to_have_text("2 changed")


def test_who_asks_in_another_way_answers_for_the_visitor(stage: Stage, page: Page) -> None:
    set_page(stage, "")
    open_page(page, "/p")
    page.evaluate("""() => { const answers = [false, true];
        document.querySelector("form").dataset.confirm = "Really?";
        document.addEventListener("action:confirm", ({ detail }) => detail.respondWith(new Promise((resolve) =>
            setTimeout(() => {
                const answer = answers.shift();
                resolve(answer);
                setTimeout(() => document.documentElement.dataset.answered = answer);
            }))));
    }""")
    page.click("#go")
    expect(page.locator("html")).to_have_attribute("data-answered", "false")
    assert stage.calls == []
    page.click("#go")
    expect(page.locator('main[data-n="1"]')).to_have_count(1)


def test_leaving_asks_while_what_was_typed_would_be_lost(stage: Stage, page: Page) -> None:
    set_page(stage, "<form data-dirty><input name='text'></form>")
    open_page(page, "/p")
    asks = "!dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert page.evaluate(asks) is False
    page.fill("[name=text]", "half a sentence")
    assert page.evaluate(asks) is True
    page.fill("[name=text]", "")
    assert page.evaluate(asks) is False


def test_two_regions_of_one_name_are_each_their_own(stage: Stage, page: Page) -> None:
    texts = ["a", "b"]

    @stage.actions.register
    def change() -> None:
        texts[:] = ["a", "c", "d"]

    body = """<main>{% for text in texts %}<p data-region="same"><input value="{{ text }}">{{ text }}</p>{% endfor %}
    {% call action_form("change") %}<button id="go">Go</button>{% endcall %}</main>"""
    stage.page("/p", body, texts=lambda: texts)
    open_page(page, "/p")
    page.locator("p input").first.fill("typed")
    page.click("#go")
    expect(page.locator("p")).to_have_text(["a", "c", "d"])
    assert page.locator("p input").first.input_value() == "typed"


def test_a_form_on_an_error_page_works_without_a_load(stage: Stage, page: Page) -> None:
    added: list[str] = []

    @stage.actions.register
    def add(text: str) -> None:
        added.append(text)

    template = """<!doctype html><html lang=en><title>Nothing here</title><main>{% call(form) action_form("add") %}
    <input {{ form.attrs("text") }}><button id="go">Go</button>{% endcall %}<p>{{ added|length }}</p></main>
    {{ serveractions_script() }}"""
    stage.app.register_error_handler(404, lambda error: (render_template_string(template, added=added), 404))
    open_page(page, "/nowhere?x=1")
    page.evaluate("window.same = true")
    page.fill("[name=text]", "milk")
    page.click("#go")
    expect(page.locator("p")).to_have_text("1")
    expect(page).to_have_url("/nowhere?x=1")
    assert page.evaluate("window.same")
    assert added == ["milk"]


@pytest.mark.parametrize("query", ["q=why?", "a=1&", "_regions=x&q=why?&"])
def test_the_query_is_kept_to_its_last_character(stage: Stage, page: Page, query: str) -> None:
    set_page(stage, "<p>{{ request.query_string.decode() }}</p>")
    open_page(page, f"/p?{query}")
    press(page)
    assert page.inner_text("p") == query.removeprefix("_regions=x&")
