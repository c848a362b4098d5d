"""Other libraries on the same page: htmx, Turbo and Idiomorph, as npm has them."""

from __future__ import annotations

from typing import Annotated

import pytest
from flask_wtf.csrf import generate_csrf
from marshmallow.validate import Length
from playwright.sync_api import Page, expect

from tests.browser.stage import Stage, open_page

SELF = "script-src 'self'"  # they write HTML without Trusted Types
ADD = """<main data-n="{{ todos|length }}">{% call(form) action_form("create") %}<input {{ form.attrs("text") }}>
{{ form.error("text") }}<button id="add">Add</button>{% endcall %}
<ul id="list">{% for item in todos %}<li>{{ item }}</li>{% endfor %}</ul>{{ more|safe }}</main>"""


def set_todos(stage: Stage, more: str = "", body: str = ADD) -> list[str]:
    items: list[str] = []

    @stage.actions.register
    def create(text: str) -> None:
        items.append(text)

    stage.page("/todos", body.replace("{{ more|safe }}", more), todos=lambda: list(items))
    return items


def add(page: Page, text: str) -> None:
    page.fill("[name=text]", text)
    page.click("#add")


def rows(page: Page, *texts: str) -> None:
    expect(page.locator("#list > li")).to_have_text(list(texts))


def visit(page: Page, link: str, path: str) -> None:
    """Follow a link, and wait until Turbo has shown the page itself: a preview of it comes first."""
    mark = "document.documentElement.dataset.loaded = location.pathname"
    page.evaluate(f"document.addEventListener('turbo:load', () => {{ {mark} }}, {{ once: true }})")
    page.click(link)
    expect(page.locator(f'html[data-loaded="{path}"]:not([data-turbo-preview])')).to_have_count(1)


def test_turbo_visits_pages_and_the_client_sends_their_forms_once(stage: Stage, page: Page) -> None:
    stage.policy = SELF
    stage.head = '<script type="module" src="/npm/@hotwired/turbo/dist/turbo.es2017-esm.js"></script>'
    items = set_todos(stage, '<a id="away" href="/other">Away</a>')
    stage.page("/other", '<main><h1>Other</h1><a id="back" href="/todos">Back</a></main>')
    open_page(page, "/todos")
    page.evaluate("window.same = true")
    add(page, "milk")
    rows(page, "milk")
    visit(page, "#away", "/other")
    expect(page.locator("h1")).to_have_text("Other")
    visit(page, "#back", "/todos")
    rows(page, "milk")
    add(page, "eggs")
    rows(page, "milk", "eggs")
    assert items == ["milk", "eggs"]
    assert page.evaluate("window.same"), "Turbo's visit"
    assert ["json" in call.headers["accept"] for call in stage.calls] == [True, True]


def test_a_form_that_turbo_sends_itself_works_too(stage: Stage, page: Page) -> None:
    stage.policy = SELF
    stage.head = '<script type="module" src="/npm/@hotwired/turbo/dist/turbo.es2017-esm.js"></script>'
    body = ADD.replace('action_form("create")', 'action_form("create", attrs={"data-serveraction": none})')
    items = set_todos(stage, body=body)
    open_page(page, "/todos")
    add(page, "milk")
    rows(page, "milk")
    assert items == ["milk"]
    assert "turbo-stream" in stage.calls[0].headers["accept"]


@pytest.mark.parametrize("version", ["htmx.org", "htmx2"])
def test_htmx_posts_to_an_actions_url_and_the_client_sends_the_forms(stage: Stage, page: Page, version: str) -> None:
    stage.policy = SELF
    stage.head = f"""<meta name="htmx-config" content='{{"includeIndicatorStyles": false}}'>
    <script src="/npm/{version}/dist/htmx.js"></script>"""
    hits: list[int] = []

    @stage.actions.register
    def hit() -> None:
        hits.append(1)

    button = """<div id="box"><button id="hit" hx-post="{{ action_url('hit') }}" hx-target="#box" hx-select="#box"
    hx-swap="outerHTML" hx-headers='{"Accept": "text/html", "X-CSRFToken": "{{ csrf() }}"}'>{{ hits() }}</button>
    </div>"""
    stage.app.jinja_env.globals.update(csrf=generate_csrf, hits=lambda: len(hits))
    items = set_todos(stage, button)
    open_page(page, "/todos")
    page.click("#hit")
    expect(page.locator("#hit")).to_have_text("1")
    add(page, "milk")
    rows(page, "milk")
    page.click("#hit")
    expect(page.locator("#hit")).to_have_text("2")
    assert (items, hits, len(stage.calls)) == (["milk"], [1, 1], 3)


HTMX_CONFIG = """<meta name="htmx-config" content='{"includeIndicatorStyles": false,
"responseHandling": [{"code": "204", "swap": false}, {"code": "[23]..", "swap": true}, {"code": "422", "swap": true}]}'>
<script src="/npm/%s/dist/htmx.js"></script>"""


def set_short_todos(stage: Stage, body: str) -> list[str]:
    items: list[str] = []

    @stage.actions.register
    def create(text: Annotated[str, Length(2, 9)]) -> None:
        items.append(text)

    stage.page("/todos", body, todos=lambda: list(items))
    return items


def fail_and_mend(page: Page) -> None:
    """Send what is refused, see it said at the field of the page, and send what is not."""
    page.evaluate("window.same = true")
    add(page, "m")
    expect(page.locator("[data-error=text]")).to_contain_text("Length must be between 2 and 9")
    expect(page.locator("[name=text]")).to_have_value("m")
    add(page, "milk")
    rows(page, "milk")
    expect(page.locator("[data-error=text]")).to_have_text("")
    assert page.evaluate("window.same"), "no page was loaded"


OFF = ADD.replace(
    'action_form("create")', 'action_form("create", attrs={"data-serveraction": none, "novalidate": true})'
)


@pytest.mark.parametrize("version", ["htmx.org", "htmx2"])
def test_htmx_boosts_links_and_forms_of_actions(stage: Stage, page: Page, version: str) -> None:
    stage.policy = SELF
    stage.head = HTMX_CONFIG % version
    link = '<a id="away" href="/other">Away</a>'
    boosted = OFF.replace("<main ", '<main hx-boost:inherited="true" hx-boost="true" ').replace("{{ more|safe }}", link)
    items = set_short_todos(stage, boosted)
    stage.page("/other", "<main><h1>Other</h1></main>")
    open_page(page, "/todos?page=2")
    fail_and_mend(page)
    expect(page).to_have_url("/todos?page=2")
    assert items == ["milk"]
    assert {(call.headers.get("hx-boosted"), call.headers.get("hx-request")) for call in stage.calls} == {
        ("true", "true")
    }
    page.click("#away")
    expect(page.locator("h1")).to_have_text("Other")
    assert page.evaluate("window.same")


@pytest.mark.parametrize("version", ["htmx.org", "htmx2"])
def test_htmx_posts_a_form_that_was_written_by_hand(stage: Stage, page: Page, version: str) -> None:
    stage.policy = SELF
    stage.head = HTMX_CONFIG % version
    body = """<main id="main">{% set form = action_state("create") %}
    <form novalidate hx-post="{{ action_url("create") }}" hx-headers='{"Accept": "text/html"}'
    hx-target="#main" hx-select="#main" hx-swap="outerHTML">{{ action_fields("create") }}
    <input name="text" value="{{ form.values.text }}"><p data-error="text">{{ form.errors.text|join }}</p>
    <button id="add">Add</button></form>
    <ul id="list">{% for item in todos %}<li>{{ item }}</li>{% endfor %}</ul></main>"""
    items = set_short_todos(stage, body)
    open_page(page, "/todos")
    fail_and_mend(page)
    assert items == ["milk"]
    assert len(stage.calls) == 2


def test_turbo_shows_the_page_of_a_refusal_and_follows_the_redirect_of_a_success(stage: Stage, page: Page) -> None:
    stage.policy = SELF
    stage.head = '<script type="module" src="/npm/@hotwired/turbo/dist/turbo.es2017-esm.js"></script>'
    items = set_short_todos(stage, OFF)
    open_page(page, "/todos?page=2")
    fail_and_mend(page)
    expect(page).to_have_url("/todos?page=2")
    assert items == ["milk"]
    page.reload()
    rows(page, "milk")
    assert items == ["milk"]
