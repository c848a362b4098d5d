"""Regions that come after the page."""

from __future__ import annotations

from flask import abort, request
from playwright.sync_api import Browser, Page, expect

from flask_serveractions import revalidate_path
from tests.browser.readiness import await_ready
from tests.browser.stage import Stage, open_page
from tests.stores_processes import eventually
from tests.todo_app import served

PANEL = """<main><h1>Panel</h1><p id="visits">{{ visits() }}</p>
{% call action_form("touch") %}<button id="touch">Touch</button>{% endcall %}
{% for name in names %}{% call region(name, lazy=True, fallback="Wait for " ~ name) %}
<b>{{ number(name) }} of {{ name }}</b>
{% call action_form("touch") %}<button>Touch {{ name }}</button>{% endcall %}{% endcall %}{% endfor %}</main>"""


def set_panel(stage: Stage, *names: str) -> dict[str, int]:
    """Set a page with lazy regions: each waits where there is a gate of its name.

    :returns: how often each was rendered.
    """
    rendered: dict[str, int] = {}

    def number(name: str) -> int:
        if name in stage.gates:
            stage.wait(name)
        if name in stage.instead:
            abort(500)
        rendered[name] = rendered.get(name, 0) + 1
        return rendered[name]

    def touch() -> None:
        revalidate_path("/panel")

    stage.actions.register(touch)
    # Jinja would call what is callable before the template runs: see Stage.page
    stage.page("/panel", PANEL, names=lambda: names, number=lambda: number, visits=lambda: lambda: len(stage.visits))
    return rendered


def test_the_page_is_there_before_its_slow_region(stage: Stage, page: Page) -> None:
    rendered = set_panel(stage, "stats")
    gate = stage.gate("stats")
    open_page(page, "/panel")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("[data-region=stats]")).to_contain_text("Wait for stats")
    assert rendered == {}
    gate.set()
    expect(page.locator("[data-region=stats]")).to_contain_text("1 of stats")
    expect(page).to_have_url("/panel")


def test_no_region_waits_for_a_slower_one(stage: Stage, page: Page) -> None:
    set_panel(stage, "slow", "quick")
    gate = stage.gate("slow")
    open_page(page, "/panel")
    expect(page.locator("[data-region=quick]")).to_contain_text("1 of quick")
    expect(page.locator("[data-region=slow]")).to_contain_text("Wait for slow")
    gate.set()
    expect(page.locator("[data-region=slow]")).to_contain_text("1 of slow")
    expect(page.locator("[data-region=quick]")).to_contain_text("of quick")


def test_what_is_loaded_comes_fresh_with_every_page_and_no_fallback_replaces_it(stage: Stage, page: Page) -> None:
    set_panel(stage, "stats")
    open_page(page, "/panel")
    stats = page.locator("[data-region=stats]")
    expect(stats).to_contain_text("1 of stats")
    page.evaluate(
        "window.texts = [];"
        "new MutationObserver(() => texts.push(document.querySelector('[data-region=stats]').innerText))"
        ".observe(document.body, {childList: true, subtree: true, characterData: true})"
    )
    page.locator("#touch").click()
    expect(stats).to_contain_text("2 of stats")
    page.evaluate("import(document.querySelector('#serveractions').src).then((client) => client.refresh())")
    expect(stats).to_contain_text("3 of stats")
    assert not [text for text in page.evaluate("texts") if "Wait" in text]


def test_what_was_on_its_way_while_the_page_changed_says_what_is_true_by_then(stage: Stage, page: Page) -> None:
    items: list[int] = []
    gate = stage.gate("stats")

    def count() -> int:
        number = len(items)  # as it is before the work begins
        stage.wait("stats")
        return number

    @stage.actions.register
    def add() -> None:
        items.append(1)

    stats = "{% call region('stats', lazy=True) %}{{ count() }} in all{% endcall %}"
    form = "{% call action_form('add') %}<button>Add</button>{% endcall %}"
    # Jinja would call what is callable before the template runs: see Stage.page
    stage.page("/", f"<main><b>{{{{ items|length }}}}</b>{form}{stats}</main>", items=items, count=lambda: count)
    with page.expect_request("**/?_regions=stats"):
        open_page(page, "/")
    page.locator("button").click()
    expect(page.locator("b")).to_have_text("1")
    expect(page.locator("[data-region=stats][aria-busy=true]")).to_have_count(1)
    gate.set()
    expect(page.locator("[data-region=stats]:not([aria-busy])")).to_have_text("1 in all")


def test_what_was_on_its_way_while_somebody_searched_is_of_the_page_that_was_found(stage: Stage, page: Page) -> None:
    gate = stage.gate("stats")

    def count() -> str:
        query = request.args.get("q", "")
        if not query:
            stage.wait("stats")
        return query

    form = '<form data-submit="input 10ms"><input name="q"></form><b>{{ request.args.q }}</b>'
    stats = "{% call region('stats', lazy=True) %}for {{ count() }}{% endcall %}"
    stage.page("/", f"<main>{form}{stats}</main>", count=lambda: count)
    with page.expect_request("**/?_regions=stats"):
        open_page(page, "/")
    page.locator("[name=q]").fill("milk")
    expect(page.locator("b")).to_have_text("milk")
    gate.set()
    expect(page.locator("[data-region=stats]")).to_have_text("for milk")


def set_lazy_rows(stage: Stage) -> None:
    """Set a lazy list of three parts, which waits where there is a gate."""

    def number() -> int:
        return request.args.get("page", 1, int)

    def rows() -> range:
        if "rows" in stage.gates:
            stage.wait("rows")
        return range(number() * 10 - 9, number() * 10 + 1)

    stage.page(
        "/rows",
        """<main>{% call region("rows", tag="ul", lazy=True, fallback="…") %}{% for row in rows() %}
        <li style="height: 60px">{{ row }}</li>{% endfor %}{% endcall %}
        {% if number < 3 %}<a data-more="rows" href="?page={{ number + 1 }}">More</a>{% endif %}</main>""",
        rows=lambda: rows,
        number=number,
    )


def scroll_to_end(page: Page) -> None:
    """Scroll until the last row is there."""

    def is_at_end() -> bool:
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        return page.locator("li").count() == 30

    eventually(is_at_end)


def test_a_lazy_list_goes_on_when_its_first_part_is_there(stage: Stage, page: Page) -> None:
    set_lazy_rows(stage)
    gate = stage.gate("rows")
    open_page(page, "/rows")
    await_ready(page)
    page.wait_for_timeout(300)  # its link is in view
    gate.set()
    scroll_to_end(page)
    expect(page.locator("li")).to_have_text([str(row) for row in range(1, 31)])


def test_who_comes_back_to_a_lazy_list_is_where_she_was(stage: Stage, page: Page) -> None:
    set_lazy_rows(stage)
    open_page(page, "/rows")
    scroll_to_end(page)
    page.locator("li").last.scroll_into_view_if_needed()
    page.reload()
    expect(page.locator("li")).to_have_text([str(row) for row in range(1, 31)])
    expect(page.locator("li").last).to_be_in_viewport()


def test_a_form_in_a_lazy_region_works(stage: Stage, page: Page) -> None:
    set_panel(stage, "stats")
    open_page(page, "/panel")
    stats = page.locator("[data-region=stats]")
    expect(stats).to_contain_text("1 of stats")
    stats.locator("button").click()
    expect(stats).to_contain_text("2 of stats")


def test_an_error_is_told_in_its_place_with_a_way_to_try_again(stage: Stage, page: Page) -> None:
    set_panel(stage, "stats", "feed")
    stage.instead["stats"] = (500, {}, "")
    open_page(page, "/panel")
    stats = page.locator("[data-region=stats]")
    expect(page.locator("[data-region=feed]")).to_contain_text("of feed")
    expect(stats.get_by_role("alert")).to_be_visible()
    del stage.instead["stats"]
    stats.get_by_role("link").click()
    expect(stats).to_contain_text("1 of stats")
    expect(page).to_have_url("/panel")


def test_no_answer_is_told_in_its_place_too(stage: Stage, page: Page) -> None:
    set_panel(stage, "stats")
    page.route("**/panel?_regions=*", lambda route: route.abort())
    open_page(page, "/panel")
    stats = page.locator("[data-region=stats]")
    expect(stats.get_by_role("alert")).to_have_text("This part could not be loaded.")
    page.unroute("**/panel?_regions=*")
    stats.get_by_role("link", name="Try again").click()
    expect(stats).to_contain_text("1 of stats")


def test_without_scripts_it_is_a_link(stage: Stage, browser: Browser) -> None:
    set_panel(stage, "stats", "feed")
    with served(stage.app) as address:
        context = browser.new_context(base_url=address, java_script_enabled=False)
        page = context.new_page()
        page.goto("/panel")
        page.locator("[data-region=stats] a").click()
        expect(page.locator("[data-region=stats]")).to_contain_text("1 of stats")
        expect(page.locator("[data-region=feed]")).to_contain_text("Wait for feed")
        context.close()


def test_a_script_in_a_region_runs_once(stage: Stage, page: Page) -> None:
    stage.scripts["chart"] = """
      const { dataset } = document.documentElement;
      dataset.drawn = Number(dataset.drawn ?? 0) + Number(!!document.querySelector("#chart"));
    """
    chart = "{% call region('chart', lazy=True) %}<p id=chart></p><script src=/own/chart.js></script>{% endcall %}"
    stage.page("/charts", f"<main>{chart}<p id=visits>{{{{ n }}}}</p></main>", n=lambda: len(stage.visits))
    open_page(page, "/charts")
    expect(page.locator("html")).to_have_attribute("data-drawn", "1")
    page.evaluate("import('/_actions/client.js').then(({ refresh }) => refresh())")
    expect(page.locator("#visits")).to_have_text("3")
    expect(page.locator("html")).to_have_attribute("data-drawn", "1")
