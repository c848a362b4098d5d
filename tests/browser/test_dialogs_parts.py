"""Dialogs whose pages have parts of their own: what is live in them, what comes later, what goes on."""

from __future__ import annotations

import re

import pytest
from flask import abort, request
from playwright.sync_api import Page, Route, expect

from flask_serveractions import ActionError, Bound, revalidate_tag
from tests.browser.readiness import at_once
from tests.browser.stage import Stage, open_page
from tests.stores_processes import eventually

BELOW = """<main><h1>Cards</h1><a id="open" href="/cards/1/" data-dialog>Card</a> <p id="note">Below</p>
{% call region("below", live=("cards",)) %}{{ comments|length }}{% endcall %}</main>"""
#: its link leads to another place than it would lead to from the page below, and its ID is there already
LINKED = """<label for="note">A note</label><input id="note" name="note"> <a href="more">More</a>"""


def set_card(stage: Stage, body: str) -> list[str]:
    """Set a page, and a card that it shows in a dialog; return the card's comments."""
    comments: list[str] = []

    @stage.actions.register
    def comment(text: str) -> None:
        comments.append(text)
        revalidate_tag("cards")

    stage.page("/", BELOW, comments=lambda: comments)
    stage.page("/cards/1/", f"<main><h2>Card</h2>{body}</main>", comments=lambda: comments, number=number)
    return comments


def number() -> int:
    return request.args.get("page", 1, int)


def open_card(page: Page) -> None:
    page.request.get("/")  # the first live page of an application makes its store
    open_page(page, "/")
    page.locator("#open").click()
    expect(page.get_by_role("dialog", name="Card")).to_be_visible()


def await_answers(page: Page) -> None:
    """Wait until what came has been shown: a later page is."""
    page.evaluate("import(document.querySelector('#serveractions').src).then(({ refresh }) => refresh())")


def expect_own_ids_and_links(page: Page) -> None:
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(({id}) => id)")
    assert len(ids) == len(set(ids))
    page.get_by_role("dialog").get_by_label("A note").first.fill("typed")
    assert page.get_by_role("link", name="More").first.evaluate("link => link.pathname") == "/cards/1/more"


def test_what_is_live_in_a_dialog_is_as_fresh_as_the_page_below(stage: Stage, page: Page) -> None:
    comments = set_card(
        stage,
        """{% call region("comments", tag="ul", live=("cards",)) %}{% for each in comments %}<li>{{ each }}</li>
        {% endfor %}{% endcall %}{% call(form) action_form("comment") %}{{ form.field("text") }}{% endcall %}""",
    )
    with page.expect_response("**/-/live?**"):
        open_card(page)
    page.get_by_label("Text").press_sequentially("half")
    for text in ("one", "two"):
        with stage.app.app_context():
            comments.append(text)
            revalidate_tag("cards")
        expect(page.locator("dialog li")).to_have_text(comments)
        expect(page.locator("[data-region=below]")).to_have_text(str(len(comments)))
    expect(page.get_by_label("Text")).to_have_value("half")
    expect(page.get_by_label("Text")).to_be_focused()


@pytest.mark.parametrize("status", [403, 404])
def test_a_live_dialog_that_may_no_longer_be_read_takes_nothing_away_that_was_begun(
    stage: Stage, page: Page, status: int
) -> None:
    refused: list[int] = []

    def title() -> str:
        if refused:
            refused.append(status)
            abort(status)
        return "Card"

    comments = set_card(
        stage,
        """<h3>{{ title() }}</h3>{% call region("n", live=("cards",)) %}<b>{{ comments|length }}</b>{% endcall %}
        {% call(form) action_form("comment") %}{{ form.field("text") }}{% endcall %}""",
    )
    stage.app.jinja_env.globals["title"] = title
    stage.app.register_error_handler(status, lambda error: ("<main><h1>No</h1></main>", status))
    with page.expect_response("**/-/live?**"):
        open_card(page)
    page.get_by_label("Text").press_sequentially("half")
    for count in (1, 2):
        refused += [0] * (count == 2)
        with stage.app.app_context():
            comments.append("one")
            revalidate_tag("cards")
        expect(page.locator("[data-region=below]")).to_have_text(str(count))
    eventually(lambda: len(refused) == 2)
    await_answers(page)
    expect(page.get_by_label("Text")).to_have_value("half")
    expect(page.locator("dialog b")).to_have_text("1")


@pytest.mark.parametrize("left", [["b", "c"], ["b"], []], ids=["follows", "precedes", "none"])
def test_who_closes_a_dialog_whose_link_is_gone_goes_on_beside_it(stage: Stage, page: Page, left: list[str]) -> None:
    gone = {"bc": "a", "b": "c", "": "a"}["".join(left)]
    names = sorted({*left, gone})
    stage.page(
        "/",
        """<main><a href="/other">Other</a>{% call region("names", tag="ul", live=("names",)) %}{% for name in names %}
        <li><a href="/names" data-dialog>{{ name }}</a></li>{% endfor %}{% endcall %}</main>""",
        names=lambda: names,
    )
    stage.page("/names", "<main><h2>A name</h2></main>")
    page.request.get("/")
    with page.expect_response("**/-/live?**"):
        open_page(page, "/")
    page.get_by_role("link", name=gone, exact=True).click()
    expect(page.get_by_role("dialog", name="A name")).to_be_visible()
    with stage.app.app_context():
        names.remove(gone)
        revalidate_tag("names")
    expect(page.locator("ul a")).to_have_text(left)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="b") if left else page.locator("ul")).to_be_focused()


def test_what_is_polled_in_a_dialog_is(stage: Stage, page: Page) -> None:
    set_card(stage, """<p data-region="clock" data-poll="0.5s">{{ visits() }}</p>""")
    stage.app.jinja_env.globals["visits"] = lambda: stage.visits.count("/cards/1/")
    open_card(page)
    expect(page.locator("dialog p")).to_have_text(re.compile("[3-9]"))


def test_a_lazy_region_of_a_dialog_has_ids_and_links_of_its_own(stage: Stage, page: Page) -> None:
    set_card(stage, f"""{{% call region("details", lazy=True, fallback="…") %}}{LINKED}{{% endcall %}}""")
    open_card(page)
    expect(page.locator("dialog [data-lazy=loaded]")).to_be_visible()
    expect_own_ids_and_links(page)


def test_a_list_in_a_dialog_goes_on_with_ids_and_links_of_its_own(stage: Stage, page: Page) -> None:
    set_card(
        stage,
        f"""<ul data-region="rows"><li id="row-{{{{ number }}}}" style="height: 300px">{LINKED}</li></ul>
        {{% if number < 4 %}}<a data-more="rows" href="?page={{{{ number + 1 }}}}">Further</a>{{% endif %}}""".replace(
            'id="note"', 'id="note{{ number }}"'
        ).replace('for="note"', 'for="note{{ number }}"'),
    )
    open_card(page)

    def is_at_end() -> bool:
        page.locator("dialog").evaluate("dialog => dialog.scrollTo(0, dialog.scrollHeight)")
        return page.locator("dialog li").count() == 4

    eventually(is_at_end)
    expect_own_ids_and_links(page)
    expect(page).to_have_url(re.compile("/$"))


def test_a_list_in_a_dialog_and_one_of_its_name_below_go_on_by_themselves(stage: Stage, page: Page) -> None:
    rows = """<main><h1>{0}</h1><ul data-region="rows">
    {{% for row in range(5) %}}<li style="height: 300px">{0}</li>{{% endfor %}}</ul>
    {{% if number < 3 %}}<a data-more="rows" href="?page={{{{ number + 1 }}}}">More</a>{{% endif %}}{1}</main>"""
    stage.page("/", rows.format("Below", '<a id="open" href="/above" data-dialog>Open</a>'), number=number)
    stage.page("/above", rows.format("Above", ""), number=number)
    open_page(page, "/")
    page.locator("#open").click()
    above, below = page.locator("dialog li"), page.locator("main li")

    def is_at_end() -> bool:
        page.locator("dialog").evaluate("dialog => dialog.scrollTo(0, dialog.scrollHeight)")
        return above.count() == 15

    eventually(is_at_end)
    await_answers(page)
    expect(above).to_have_text(["Above"] * 15)
    assert set(below.all_inner_texts()) == {"Below"}


def test_a_list_in_a_dialog_is_as_long_as_before_when_it_comes_fresh(stage: Stage, page: Page) -> None:
    comments = set_card(
        stage,
        """{% call region("count", live=("cards",)) %}{{ comments|length }}{% endcall %}<ul data-region="rows">
        {% for row in range(5) %}<li>{{ number }} {{ comments|length }}<p style="height: 300px"></p></li>{% endfor %}
        </ul>{% if number < 4 %}<a data-more="rows" href="?page={{ number + 1 }}">More</a>{% endif %}""",
    )
    stage.policy = ""
    with page.expect_response("**/-/live?**"):
        open_card(page)
    rows = page.locator("dialog li")

    def is_long() -> bool:
        page.locator("dialog").evaluate("dialog => dialog.scrollTo(0, dialog.scrollHeight)")
        return rows.count() == 20

    eventually(is_long)
    with stage.app.app_context():
        comments.append("one")
        revalidate_tag("cards")
    expect(rows).to_have_text([f"{number} 1" for number in (1, 2, 3, 4) for _ in range(5)])


@pytest.mark.parametrize("way", ["Escape", "back"])
@pytest.mark.parametrize("slower", ["search", "dialog"])
def test_the_address_of_a_search_that_was_under_way_when_a_dialog_was_opened_stays(
    stage: Stage, page: Page, slower: str, way: str
) -> None:
    gates = {name: stage.gate(name) for name in ("search", "dialog")}

    def query() -> str:
        if request.args:
            stage.wait("search")
        return request.args.get("q", "")

    search = '<form data-submit="input 10ms"><input name="q"></form><p id="found">{{ query }}</p>'
    stage.page("/", f'<main>{search}<a id="open" href="/card" data-dialog>Card</a></main>', query=query)
    stage.page("/card", "<main><h2>Card</h2>{{ wait }}</main>", wait=lambda: stage.wait("dialog") or "")
    open_page(page, "/")
    with page.expect_request("**/?q=milk"):
        page.locator("[name=q]").fill("milk")
    with page.expect_request("**/card"):
        page.locator("#open").click()
    found, dialog = page.locator("#found"), page.get_by_role("dialog", name="Card")
    if slower == "search":
        gates["dialog"].set()
        expect(dialog).to_be_visible()
        gates["search"].set()
    gates["search"].set()
    expect(found).to_have_text("milk")
    gates["dialog"].set()
    expect(dialog).to_be_visible()
    if way == "back":
        page.go_back()
    else:
        page.keyboard.press(way)
    expect(dialog).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/\?q=milk$"))
    await_answers(page)
    expect(found).to_have_text("milk")


def test_a_refusal_that_comes_when_its_dialog_is_closed_is_told_on_the_page(stage: Stage, page: Page) -> None:
    gate = stage.gate("add")

    @stage.actions.register
    def add(text: str) -> None:
        stage.wait("add")
        raise ActionError("You have that one.", field="text")

    stage.page("/", '<main><a id="open" href="/new" data-dialog>New</a></main>')
    stage.page(
        "/new", "<main><h2>New</h2>{% call(form) action_form('add') %}{{ form.field('text') }}{% endcall %}</main>"
    )
    open_page(page, "/")
    page.locator("#open").click()
    page.get_by_label("Text").fill("milk")
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_label("Text").press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    gate.set()
    expect(page.locator("body > [role=alert]")).to_contain_text("You have that one.")


def test_what_a_dialog_names_by_an_id_is_found_in_it_else_on_the_page(stage: Stage, page: Page) -> None:
    icons = '<svg hidden><symbol id="bin"></symbol></svg>'  # of the layout, beside what is shown
    gate = stage.gate("add")

    @stage.actions.register
    def add(text: str) -> None:
        stage.wait("add")

    body = """<h2>Card</h2><svg><use href="#bin"/></svg>
    <ul><template id="new"><li data-value="text"></li></template></ul>
    {% call(form) action_form("add", attrs={"data-optimistic": "new"}) %}{{ form.field("text") }}{% endcall %}"""
    stage.page("/", f'{icons}<main><a id="open" href="/card" data-dialog>Card</a></main>')
    stage.page("/card", f"{icons}<main>{body}</main>")
    open_page(page, "/")
    page.locator("#open").click()
    assert page.locator("dialog use").evaluate("({ href }) => document.querySelectorAll(href.baseVal).length") == 1
    page.get_by_label("Text").fill("milk")
    page.get_by_label("Text").press("Enter")
    expect(page.locator("dialog li")).to_have_text("milk")
    gate.set()
    expect(page.locator("dialog")).to_have_count(0)


def test_after_a_step_in_a_dialog_the_focus_is_on_what_it_shows(stage: Stage, page: Page) -> None:
    reached = [1]

    @stage.actions.register(show_result=True)
    def go_on(step: Bound[int]) -> int:
        reached[0] = step + 1
        return step

    form = '{% call action_form("go_on", step=step) %}<button>From {{ step }}</button>{% endcall %}'
    stage.page("/", '<main><a id="open" href="/steps" data-dialog>Steps</a></main>')
    stage.page("/steps", f"<main><h2>Step {{{{ step }}}}</h2>{form}</main>", step=lambda: reached[0])
    open_page(page, "/")
    page.locator("#open").click()
    page.get_by_role("button", name="From 1").press("Enter")
    expect(page.get_by_role("dialog", name="Step 2").locator("> div")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="From 2")).to_be_focused()


def test_a_script_of_its_main_part_runs_each_time_it_is_opened(stage: Stage, page: Page) -> None:
    stage.scripts["count"] = (
        "{ const { dataset } = document.body.parentNode; dataset.times = 1 + +(dataset.times ?? 0) }"
    )
    set_card(stage, """<script src="/own/count.js"></script>""")
    open_card(page)
    expect(page.locator("html")).to_have_attribute("data-times", "1")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.locator("#open").click()
    expect(page.locator("html")).to_have_attribute("data-times", "2")


@pytest.mark.parametrize("is_under_way", [False, True], ids=["", "while what was typed before is"])
@pytest.mark.parametrize("way", ["Escape", "Back"])
def test_what_saves_itself_is_saved_when_a_dialog_is_closed(
    stage: Stage, page: Page, way: str, is_under_way: bool
) -> None:
    notes: list[str] = []

    @stage.actions.register
    def save(text: str) -> None:
        notes.append(text)
        if text == "mil":
            stage.wait(text)

    form = """{% call(form) action_form("save", attrs={"data-submit": "input 60m"}) %}
        <textarea {{ form.attrs("text") }}></textarea>{% endcall %}"""
    stage.page("/", '<main><a href="/note" data-dialog>Note</a><b>{{ notes|join }}</b></main>', notes=notes)
    stage.page("/note", f"<main><h2>Note</h2>{form}</main>")
    open_page(page, "/")
    page.locator("a").click()
    if is_under_way:
        page.locator("dialog textarea").fill("mil")
        page.locator("dialog textarea").blur()
        eventually(lambda: notes == ["mil"])
    page.locator("dialog textarea").fill("milk")
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.go_back()
    expect(page.locator("dialog")).to_have_count(0)
    stage.gate("mil").set()
    expect(page.locator("b")).to_have_text(re.compile("milk$"))
    assert notes == [*["mil"] * is_under_way, "milk"]


def test_a_fresh_page_that_comes_while_it_is_opened_leaves_it(stage: Stage, page: Page) -> None:
    held: list[Route] = []
    page.route("**/card.css", lambda route: held.append(route))
    styled = "Card</title><link rel='stylesheet' href='/card.css'><title>"
    stage.page("/", '<main><a href="/card" data-dialog>Card</a><p>{{ n }}</p></main>', n=lambda: len(stage.visits))
    stage.page("/card", '<main><h2>Card</h2><label>Text <input name="text"></label></main>', styled)
    with at_once(page):
        page.goto("/")
        with page.expect_request("**/card.css"):
            page.locator("a").click()
        page.evaluate("import('/_actions/client.js').then(({ refresh }) => void refresh())")
        expect(page.locator("main > p")).to_have_text("3")
        for route in held:
            route.fulfill(body="", content_type="text/css")
        expect(page.get_by_role("dialog", name="Card").get_by_label("Text")).to_be_focused()
        page.go_back()
        expect(page.locator("dialog")).to_have_count(0)


def test_a_link_that_is_pressed_early_waits_for_what_opens_its_dialog(stage: Stage, page: Page) -> None:
    held: list[Route] = []
    page.route("**/live.js?*", lambda route: held.append(route))
    set_card(stage, "")
    with at_once(page):
        page.goto("/")
        page.evaluate("window.same = true")
        page.locator("#open").click()
        held[0].continue_()
        expect(page.get_by_role("dialog", name="Card")).to_be_visible()
        assert page.evaluate("window.same")


def test_a_link_that_is_opened_in_another_tab_does_not_wait(stage: Stage, page: Page) -> None:
    page.route("**/live.js?*", lambda route: None)
    set_card(stage, "")
    with at_once(page):
        page.goto("/")
        with page.context.expect_page() as opened:
            page.locator("#open").click(modifiers=["Control"])
    expect(opened.value.locator("dialog")).to_have_count(0)
    expect(opened.value).to_have_url(re.compile("/cards/1/$"))


@pytest.mark.parametrize("key", ["Control", "Shift", "middle"])
def test_a_link_that_is_opened_in_another_tab_is_the_browsers(stage: Stage, page: Page, key: str) -> None:
    set_card(stage, "")
    open_page(page, "/")
    with page.context.expect_page() as opened:
        page.locator("#open").click(**({"button": "middle"} if key == "middle" else {"modifiers": [key]}))
    expect(opened.value).to_have_url(re.compile("/cards/1/$"))
    expect(page.locator("dialog")).to_have_count(0)
