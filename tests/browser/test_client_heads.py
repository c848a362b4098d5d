"""The head of a fresh page: its styles, in their order; its data, its links; and nothing of a former one."""

from __future__ import annotations

import re
import secrets
import threading

import pytest
from flask import Response, render_template_string, request
from markupsafe import Markup
from playwright.sync_api import Browser, Page, expect

from flask_serveractions import revalidate_path
from tests.browser.stage import Stage, await_events, open_page
from tests.todo_app import served

COLOURS = {"light": "rgb(1, 1, 1)", "dark": "rgb(2, 2, 2)", "last": "rgb(3, 3, 3)"}
LIGHT, DARK, LAST = (f'<link rel="stylesheet" href="/{name}.css">' for name in COLOURS)
STYLE = "<style>main { color: rgb(2, 2, 2) }</style>"
PAGE = """<!doctype html><html lang="en"><head><title>Page</title>{{ head|safe }}{{ serveractions_script("go") }}</head>
<body><main data-n="{{ n }}">{% call action_form("go") %}<input name="note"><button id="go">Go</button>
{% endcall %}</main></body></html>"""


def set_heads(stage: Stage, *heads: str) -> None:
    """Set a page with a button; each time that it is pressed, the next head is served."""
    pressed: list[int] = []

    @stage.actions.register
    def go() -> None:
        pressed.append(1)
        revalidate_path("/p")

    @stage.app.get("/p")
    def show() -> str:
        return render_template_string(PAGE, n=len(pressed), head=heads[len(pressed) % len(heads)])

    for name, colour in COLOURS.items():
        sheet = f"main {{ color: {colour} }}"
        stage.app.add_url_rule(f"/{name}.css", name, lambda sheet=sheet: Response(sheet, mimetype="text/css"))


def press(page: Page, n: int) -> None:
    page.locator("#go").click()
    expect(page.locator(f'main[data-n="{n}"]')).to_have_count(1)


def expect_colour(page: Page, name: str) -> None:
    expect(page.locator("main")).to_have_css("color", COLOURS[name])


@pytest.mark.parametrize("theme", [DARK, STYLE], ids=["linked", "inline"])
def test_a_style_that_a_fresh_page_brought_goes_with_it(stage: Stage, page: Page, theme: str) -> None:
    set_heads(stage, LIGHT, LIGHT + theme)
    open_page(page, "/p")
    for n, name in enumerate(["dark", "light", "dark", "light"], 1):
        press(page, n)
        expect_colour(page, name)


@pytest.mark.parametrize("theme", [DARK, STYLE], ids=["linked", "inline"])
def test_a_style_of_the_first_page_goes_with_it(stage: Stage, page: Page, theme: str) -> None:
    set_heads(stage, LIGHT + theme, LIGHT, LIGHT + theme)
    open_page(page, "/p")
    for n, name in enumerate(["light", "dark"], 1):
        press(page, n)
        expect_colour(page, name)


def test_a_theme_is_chosen_again_and_again(stage: Stage, page: Page) -> None:
    set_heads(stage, LIGHT, DARK)
    open_page(page, "/p")
    for n, name in enumerate(["dark", "light", "dark", "light"], 1):
        press(page, n)
        expect_colour(page, name)


def test_a_new_stylesheet_stands_where_the_fresh_page_has_it(stage: Stage, page: Page) -> None:
    set_heads(stage, LIGHT + LAST, LIGHT + DARK + LAST)
    open_page(page, "/p")
    press(page, 1)
    links = page.locator("link[rel=stylesheet]")
    assert [link.get_attribute("href") for link in links.all()] == ["/light.css", "/dark.css", "/last.css"]
    expect_colour(page, "last")


def test_a_stylesheet_that_its_own_script_changes_does_not_pile_up(stage: Stage, page: Page) -> None:
    stage.policy = ""
    set_heads(stage, LIGHT.replace(">", """ media="print" onload="this.media='all'">"""))
    open_page(page, "/p")
    for n in range(1, 5):
        expect_colour(page, "light")
        press(page, n)
    assert page.locator("link[rel=stylesheet]").count() == 1


def test_what_a_script_added_to_the_head_stays(stage: Stage, page: Page) -> None:
    set_heads(stage, LIGHT, DARK)
    open_page(page, "/p")
    page.evaluate("document.head.append(Object.assign(document.createElement('style'), {id: 'own'}))")
    press(page, 1)
    press(page, 2)
    assert page.locator("head #own").count() == 1


def test_where_relative_links_lead_is_what_the_fresh_page_says(stage: Stage, page: Page) -> None:
    set_heads(stage, '<base href="/a/">', '<base href="/a/">', '<base href="/b/">')
    open_page(page, "/p")
    for n, base in (1, "/a/"), (2, "/b/"):
        press(page, n)
        assert page.evaluate("document.baseURI.slice(location.origin.length)") == base


def test_data_in_the_head_is_renewed(stage: Stage, page: Page) -> None:
    set_heads(stage, *(f'<script id="data" type="application/json">{{"n": {n}}}</script>' for n in range(3)))
    open_page(page, "/p")
    for n in 1, 2:
        press(page, n)
        assert page.evaluate("[...document.querySelectorAll('#data')].map(({ text }) => JSON.parse(text).n)") == [n]


def test_links_of_one_kind_are_each_the_fresh_pages(stage: Stage, page: Page) -> None:
    link = '<link rel="alternate" hreflang="{1}" href="/{1}?{0}">'
    set_heads(stage, *("".join(link.format(n, language) for language in ("en", "de")) for n in range(2)))
    open_page(page, "/p")
    press(page, 1)
    links = page.locator("link[rel=alternate]")
    assert [link.get_attribute("href") for link in links.all()] == ["/en?1", "/de?1"]


def test_a_script_in_the_head_runs_once_though_it_went_and_came_again(stage: Stage, page: Page) -> None:
    stage.scripts["one"] = "document.documentElement.dataset.ran = 'x' + (document.documentElement.dataset.ran ?? '')"
    stage.scripts["two"] = "document.documentElement.dataset.two = 'ran'"
    one, two = (f'<script src="/own/{name}.js"></script>' for name in ("one", "two"))
    set_heads(stage, "", one, "", one + two)
    open_page(page, "/p")
    press(page, 1)
    expect(page.locator("html")).to_have_attribute("data-ran", "x")
    press(page, 2)
    press(page, 3)
    expect(page.locator("html")).to_have_attribute("data-two", "ran")
    expect(page.locator("html")).to_have_attribute("data-ran", "x")


BY_NONCE = """<!doctype html><html lang="en"><head><title>Page</title>
<style nonce="{{ nonce }}">h1 { color: rgb({{ n }}, 0, 0) }</style>{% if n %}
<script nonce="{{ nonce }}">note("head")</script><link rel="stylesheet" href="/dark.css" nonce="{{ nonce }}">{% endif %}
<script nonce="{{ nonce }}">ran = []; note = (place) => ran.push(place)</script>
{{ serveractions_script(nonce=nonce) }}</head><body><main data-n="{{ n }}"><h1>A page</h1>
{% call action_form("again") %}<button id="go">Go</button>{% endcall %}{% if n %}
<script nonce="{{ nonce }}">note("body")</script><script nonce="guessed">note("injected")</script>
<style nonce="{{ nonce }}">h1 { padding: {{ n }}px }</style>{% endif %}</main></body></html>"""


def under_nonce(html: str, nonce: str, also: str = "") -> Response:
    """Return a page whose policy lets in what has this nonce, and scripts by another source too."""
    policy = f"script-src 'nonce-{nonce}' {also}; style-src 'nonce-{nonce}'; require-trusted-types-for 'script'"
    return Response(html, headers={"Content-Security-Policy": f"{policy}; trusted-types serveractions"})


def count_presses(stage: Stage) -> list[int]:
    """Register the button's action, for pages with a policy of their own; return what has an item for each press."""
    pressed: list[int] = []
    set_heads(stage, "")
    stage.policy = ""
    stage.actions.register(name="again")(lambda: pressed.append(1))
    return pressed


@pytest.mark.parametrize("also", ["'self'", "'strict-dynamic'"])
def test_under_a_new_nonce_scripts_run_once_styles_are_the_fresh_pages_and_one_that_was_guessed_counts_for_nothing(
    stage: Stage, browser: Browser, also: str
) -> None:
    pressed = count_presses(stage)

    @stage.app.get("/by-nonce")
    def by_nonce() -> Response:
        nonce = secrets.token_urlsafe(8)
        html = render_template_string(BY_NONCE, nonce=nonce, n=len(pressed))
        return under_nonce(html, nonce, also)

    with served(stage.app) as address:
        page = browser.new_context(base_url=address).new_page()  # what its policy blocks is noted in the console
        open_page(page, "/by-nonce")
        for n in range(1, 4):
            press(page, n)
            expect(page.locator("h1")).to_have_css("color", f"rgb({n}, 0, 0)")
            expect(page.locator("h1")).to_have_css("padding-left", f"{n}px")
            expect_colour(page, "dark")
        assert page.evaluate("ran") == ["head", "body"]
        page.context.close()


def test_a_page_in_order_violates_no_policy_while_it_is_brought_up_to_date(stage: Stage, page: Page) -> None:
    pressed = count_presses(stage)

    @stage.app.get("/in-order")
    def in_order() -> Response:
        nonce = secrets.token_urlsafe(8)
        guessed = re.compile('<(script|style) nonce="guessed">.*?</(script|style)>')
        html = guessed.sub("", render_template_string(BY_NONCE, nonce=nonce, n=len(pressed)))
        return under_nonce(html, nonce)

    open_page(page, "/in-order")
    page.evaluate("window.violated = 0; addEventListener('securitypolicyviolation', () => window.violated++)")
    for n in range(1, 4):
        press(page, n)
        expect(page.locator("h1")).to_have_css("color", f"rgb({n}, 0, 0)")
        expect(page.locator("h1")).to_have_css("padding-left", f"{n}px")
    assert page.evaluate("[ran, window.violated]") == [["head", "body"], 0]


GUESSED = """<!doctype html><html lang="en"><head><title>Page</title>{{ style }}</head><body>
<main data-n="{{ n }}"><h1>A page</h1>{% if n >= since %}{{ injected|safe }}{% endif %}</main>
{{ serveractions_script(nonce=nonce) }}</body></html>"""
EVIL = """<script nonce="a guessed one">window.evil = "ran"</script>
<style nonce="a guessed one">h1 { padding: 9px }</style><script nonce="undefined">window.evil = "ran"</script>"""
FORGED = '<script id="serveractions" nonce="a guessed one" data-token="x.y" type="module" src="'
#: what a visitor might get into a page, before all that is the app's own
INJECTED = {
    "first": f'<p nonce="a guessed one"></p>{EVIL}',
    "client": f'{FORGED}x"></script>{EVIL}',
    "other element": f'<p id="serveractions" nonce="a guessed one"></p>{EVIL}',
    "swallows": f'{FORGED}/_actions/client.js"></script>{EVIL}<textarea>',
}


@pytest.mark.parametrize("injected", INJECTED.values(), ids=INJECTED)
@pytest.mark.parametrize("also", ["'self'", "'strict-dynamic'"])
@pytest.mark.parametrize("since", [0, 1], ids=["from the first page on", "in fresh pages"])
def test_a_nonce_that_was_guessed_lets_nothing_in_wherever_it_stands(
    stage: Stage, browser: Browser, injected: str, also: str, since: int
) -> None:
    served_pages: list[int] = []
    stage.policy = ""

    @stage.app.get("/attacked")
    def attacked() -> Response:
        nonce = secrets.token_urlsafe(8)
        style = Markup(f'<style nonce="{nonce}">h1 {{ margin: 1px }}</style>' if request.args else "")
        n = len(served_pages)
        served_pages.append(n)
        html = render_template_string(GUESSED, nonce=nonce, n=n, injected=injected, since=since, style=style)
        return under_nonce(html, nonce, also)

    with served(stage.app) as address:
        page = browser.new_context(base_url=address).new_page()  # what its policy blocks is noted in the console
        for path in ("/attacked", "/attacked?styled"):
            served_pages.clear()
            open_page(page, path)
            page.evaluate("async () => Object.assign(window, await import('/_actions/client.js'))")
            for n in range(1, 4):
                page.evaluate("refresh()")
                expect(page.locator(f'main[data-n="{n}"]')).to_have_count(1)
            assert page.evaluate("window.evil") is None
            expect(page.locator("h1")).to_have_css("padding-left", "0px")
        page.context.close()


def ask_for_slow_style(stage: Stage, page: Page) -> None:
    """Let a fresh page wait for its style, which comes when the gate is open."""
    asked = threading.Event()

    @stage.app.get("/slow.css")
    def slow() -> Response:
        asked.set()
        stage.wait("style")
        return Response("main { color: rgb(9, 9, 9) }", mimetype="text/css")

    open_page(page, "/p")
    page.click("#go")
    assert asked.wait(60)


def test_a_fresh_page_is_not_seen_before_its_new_style(stage: Stage, page: Page) -> None:
    styles = '<link rel="stylesheet" href="/slow.css"><link rel="stylesheet" href="/gone.css" media="print">'
    set_heads(stage, LIGHT, styles)
    ask_for_slow_style(stage, page)
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.locator("main")).to_have_attribute("data-n", "0")
    expect_colour(page, "light")
    stage.gate("style").set()
    expect(page.locator("main")).to_have_attribute("data-n", "1")
    expect(page.locator("main")).to_have_css("color", "rgb(9, 9, 9)")


@pytest.mark.parametrize("address", ["", 'href=""'])
def test_a_stylesheet_without_an_address_holds_no_page_back(stage: Stage, page: Page, address: str) -> None:
    set_heads(stage, LIGHT, f'<link rel="stylesheet" {address}>')
    open_page(page, "/p")
    press(page, 1)


def test_a_page_that_waits_for_its_style_gives_way_to_a_later_one(stage: Stage, page: Page) -> None:
    set_heads(stage, LIGHT, '<link rel="stylesheet" href="/slow.css">', LIGHT)
    ask_for_slow_style(stage, page)
    page.evaluate("import('/_actions/client.js').then(({ call }) => call('go'))")
    expect(page.locator('main[data-n="2"]')).to_have_count(1)
    stage.gate("style").set()
    await_events(page, "finish", 2)
    expect(page.locator('main[data-n="2"]')).to_have_count(1)
    expect_colour(page, "light")


def test_what_is_typed_while_a_page_waits_for_its_style_stays_though_a_later_one_is_shown(
    stage: Stage, page: Page
) -> None:
    set_heads(stage, LIGHT, '<link rel="stylesheet" href="/slow.css">', LIGHT)
    ask_for_slow_style(stage, page)
    page.fill("[name=note]", "half a letter")
    page.evaluate("import('/_actions/client.js').then(({ call }) => call('go'))")
    expect(page.locator('main[data-n="2"]')).to_have_count(1)
    stage.gate("style").set()
    await_events(page, "finish", 2)
    expect(page.locator("[name=note]")).to_have_value("half a letter")


def test_the_scripts_of_a_fresh_page_run_in_their_order(stage: Stage, page: Page) -> None:
    stage.policy = ""
    new = (
        "<script defer src='/late.js'></script><script>window.order = ['inline'];</script>"
        "<script src='/library.js'></script><script>order.push(typeof library);</script>"
    )
    set_heads(stage, LIGHT, LIGHT + new)

    @stage.app.get("/library.js")
    def library() -> Response:
        stage.wait("library")
        return Response("order.push('library'); window.library = () => {};", mimetype="text/javascript")

    @stage.app.get("/late.js")
    def late() -> Response:
        return Response("order.push('late');", mimetype="text/javascript")

    open_page(page, "/p")
    with page.expect_request("**/library.js"):
        page.click("#go")
    assert page.evaluate("order") == ["inline"]
    stage.gate("library").set()
    page.wait_for_function("order.includes('late')")
    assert page.evaluate("order") == ["inline", "library", "function", "late"]
