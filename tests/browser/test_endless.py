"""Lists that go on when their end comes into view."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pytest
from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from playwright.sync_api import Browser, Locator, Page, expect
from werkzeug.wrappers import Response

from flask_serveractions import ActionError, Bound
from tests.browser.stage import Stage, open_page
from tests.stores_processes import eventually
from tests.todo_app import served

ON_A_PAGE = 10
LIST = """<main><h1>Rows</h1>
{% call action_form("add") %}<button id="add">Add</button>{% endcall %}
<ul data-region="rows">{% for row in rows %}<li id="row-{{ row }}" style="height: 60px">{{ row }}
{% call(form) action_form("remove", row=row) %}
<button>Remove</button>{{ form.message }}{% endcall %}</li>{% endfor %}</ul>
{% if more %}<a id="more" data-more="rows" href="?page={{ number + 1 }}">More</a>{% endif %}
<a href="/other">Elsewhere</a></main>"""


def number() -> int:
    return request.args.get("page", 1, int)


def context_of(rows: list[int]) -> dict[str, Callable[[], object]]:
    return {
        "rows": lambda: rows[(number() - 1) * ON_A_PAGE : number() * ON_A_PAGE],
        "number": number,
        "more": lambda: len(rows) > number() * ON_A_PAGE,
    }


def set_rows(stage: Stage, count: int) -> list[int]:
    rows = list(range(1, count + 1))

    def add() -> None:
        rows.insert(0, max(rows) + 1)

    def remove(row: Bound[int]) -> None:
        if row not in rows:
            raise ActionError("That one is gone.")
        rows.remove(row)

    stage.actions.register(add)
    stage.actions.register(remove)
    stage.page("/rows", LIST, **context_of(rows))
    stage.page("/other", "<main>Other</main>")
    return rows


def items(page: Page) -> Locator:
    return page.locator("[data-region=rows] > li")


def scroll_to_end(page: Page, count: int) -> None:
    """Scroll until so many rows are there."""
    while items(page).count() < count:
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_timeout(30)
    expect(items(page)).to_have_count(count)


def add(page: Page) -> None:
    """Add a row, and wait until it is there for the server."""
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.locator("#add").click()


def expect_numbers(page: Page, numbers: Iterable[int]) -> None:
    """Wait until these rows are there, which may come in several parts."""
    expect(items(page)).to_have_text([re.compile(rf"^\s*{number}\b") for number in numbers])


def test_the_next_page_is_appended_when_its_link_comes_into_view(stage: Stage, page: Page) -> None:
    set_rows(stage, 25)
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    expect(items(page)).to_have_count(10)
    assert stage.visits == ["/rows"]  # the link is out of sight
    scroll_to_end(page, 25)
    expect_numbers(page, range(1, 26))
    expect(page.locator("#more")).to_have_count(0)
    assert page.url.endswith("/rows")


def test_a_fresh_page_updates_the_first_part_and_the_others_are_fetched_again(stage: Stage, page: Page) -> None:
    rows = set_rows(stage, 25)
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    scroll_to_end(page, 25)
    add(page)
    expect_numbers(page, rows)


def test_a_row_comes_once_though_others_were_added_before_it_meanwhile(stage: Stage, page: Page) -> None:
    rows = set_rows(stage, 25)
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    expect(items(page)).to_have_count(10)
    rows.insert(0, 99)  # the tenth is on the second page now
    scroll_to_end(page, 25)
    expect_numbers(page, range(1, 26))
    rows.remove(3)
    add(page)  # and two more
    expect_numbers(page, [100, 99, 1, 2, *range(4, 26)])


@pytest.mark.parametrize("count", [95, 15])
def test_who_came_to_the_link_by_the_keyboard_goes_on_with_the_first_new_row(
    stage: Stage, page: Page, count: int
) -> None:
    set_rows(stage, count)
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    page.locator("#more").focus()
    expect(page.locator("#row-11")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#row-11 button")).to_be_focused()
    page.wait_for_timeout(500)  # the focus has not led on to the next link, and so to the end of the list
    expect(items(page)).to_have_count(min(count, 20))


def test_a_form_in_an_appended_part_posts_to_the_page_that_it_came_from(stage: Stage, page: Page) -> None:
    rows = set_rows(stage, 25)
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    scroll_to_end(page, 25)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.locator("#row-15 button").click()
    expect(page.locator("#row-15")).to_have_count(0)
    expect_numbers(page, rows)
    assert "/rows?page=2&_action=remove/" in posts[0]


def test_who_removes_an_appended_row_by_the_keyboard_goes_on_with_the_row_that_follows_it(
    stage: Stage, page: Page
) -> None:
    set_rows(stage, 25)
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    scroll_to_end(page, 25)
    page.locator("#row-15 button").press("Enter")
    expect(page.locator("#row-15")).to_have_count(0)
    expect(page.locator("#row-16 button")).to_be_focused()


def test_a_button_in_a_part_that_is_not_fetched_again_can_be_pressed_again(stage: Stage, page: Page) -> None:
    set_rows(stage, 125)
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    scroll_to_end(page, 125)
    with page.expect_response(lambda response: response.url.endswith("?page=11")):  # the last that is fetched again
        page.locator("#row-119 button").press("Enter")
    expect(page.locator("#row-119 form")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#row-119 button")).to_be_enabled()
    expect(page.locator("#row-119 button")).to_be_focused()


@pytest.mark.parametrize("named", [True, False], ids=["with IDs", "without"])
def test_what_was_begun_goes_with_its_row_into_the_next_part(stage: Stage, page: Page, named: bool) -> None:
    rows = set_rows(stage, 25)
    editable = LIST.replace("<button>Remove", '<input name="why"><button>Remove')
    stage.page("/notes", editable if named else re.sub(' id="row-.*?"', "", editable), **context_of(rows))
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/notes")
    scroll_to_end(page, 25)
    items(page).nth(9).locator("input[name=why]").fill("half")
    # the later parts are fetched again before anything else happens
    with page.expect_response(lambda response: "page=3" in response.url):
        add(page)
    expect_numbers(page, rows)
    expect(items(page).nth(10)).to_contain_text("10")
    expect(items(page).nth(10).locator("input[name=why]")).to_have_value("half")
    rows.remove(10)  # now it is nowhere
    add(page)
    expect_numbers(page, rows)
    expect(page.locator("body")).to_contain_text("The form that you had begun is gone.")


def test_who_types_in_a_row_stays_in_it_when_it_goes_into_the_next_part(stage: Stage, page: Page) -> None:
    rows = set_rows(stage, 25)
    editable = LIST.replace("<button>Remove", '<input name="why"><button>Remove')
    stage.page("/notes", editable, **context_of(rows))
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/notes")
    scroll_to_end(page, 25)
    page.locator("#row-10 input[name=why]").focus()  # nothing has been typed yet
    rows.insert(0, 99)
    page.evaluate("import(document.querySelector('#serveractions').src).then(({ refresh }) => refresh())")
    expect_numbers(page, rows)
    expect(page.locator("#row-10[data-serveractions-page$='/notes?page=2'] input[name=why]")).to_be_focused()


def test_back_returns_to_the_place(stage: Stage, page: Page) -> None:
    set_rows(stage, 45)
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    scroll_to_end(page, 45)
    page.locator("#row-33").scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    page.evaluate("location.assign('/other')")
    expect(page.locator("main")).to_have_text("Other")
    page.go_back()
    expect(page.locator("#row-33")).to_be_in_viewport()
    eventually(lambda: abs(page.evaluate("scrollY") - before) < 60)


def test_without_an_intersection_observer_it_is_a_link(stage: Stage, page: Page) -> None:
    set_rows(stage, 15)
    page.add_init_script("delete window.IntersectionObserver")
    open_page(page, "/rows")
    page.locator("#more").click()
    expect(page).to_have_url("/rows?page=2")
    expect(items(page)).to_have_count(5)


def test_a_page_that_can_not_be_had_leaves_the_link(stage: Stage, page: Page) -> None:
    set_rows(stage, 15)
    page.route("**/rows?page=2", lambda route: route.fulfill(status=500, content_type="text/html", body="<p>No"))
    with page.expect_response("**/rows?page=2"):
        open_page(page, "/rows")
        page.locator("#more").scroll_into_view_if_needed()
    page.unroute("**/rows?page=2")
    page.locator("#more").click()
    expect(page).to_have_url("/rows?page=2")


def test_a_part_that_could_not_be_had_is_asked_for_again_when_the_page_is_fresh(stage: Stage, page: Page) -> None:
    set_rows(stage, 25)
    page.set_viewport_size({"width": 800, "height": 200})
    page.route("**/rows?page=3", lambda route: route.fulfill(status=500, content_type="text/html", body="<p>No"))
    open_page(page, "/rows")
    with page.expect_response("**/rows?page=3"):
        scroll_to_end(page, 20)
        page.locator("#more").scroll_into_view_if_needed()
    expect(page.locator("a:not([data-more])", has_text="More")).to_have_attribute("href", re.compile("page=3$"))
    page.unroute("**/rows?page=3")
    page.evaluate("document.querySelector('#add').click()")  # from where she is: at the end
    expect_numbers(page, [26, *range(1, 26)])


def test_the_rows_of_a_page_that_is_gone_go(stage: Stage, page: Page) -> None:
    rows = set_rows(stage, 11)
    view = stage.app.view_functions["/rows"]

    def strict() -> ResponseReturnValue:
        return view() if number() == 1 or len(rows) > ON_A_PAGE else ("<main>There is no such page.</main>", 404)

    stage.app.view_functions["/rows"] = strict
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    scroll_to_end(page, 11)
    page.locator("#row-11 button").click()
    expect_numbers(page, range(1, 11))
    expect(page.locator("#more")).to_have_count(0)


@pytest.mark.parametrize("link", ["{foreign}/", "/away"])
def test_a_list_never_goes_on_with_a_page_of_another_origin(stage: Stage, page: Page, link: str) -> None:
    other = Flask("other")

    @other.get("/")
    def index() -> Response:
        answer = Response('<ul data-region="rows"><li>Of somebody else</li></ul>', mimetype="text/html")
        answer.headers["Access-Control-Allow-Origin"] = "*"  # even where it would let itself be read
        return answer

    with served(other) as foreign:
        href = link.format(foreign=foreign)
        body = (
            f'<main><ul data-region="rows"><li>1</li></ul><a id="more" data-more="rows" href="{href}">More</a></main>'
        )
        stage.page("/rows", body)
        stage.app.add_url_rule("/away", view_func=lambda: redirect(f"{foreign}/"))
        open_page(page, "/rows")
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        expect(items(page)).to_have_text(["1"])
        page.locator("#more").click()
        expect(page).to_have_url(f"{foreign}/")


def test_without_scripts_the_pages_are_links(stage: Stage, browser: Browser) -> None:
    set_rows(stage, 15)
    with served(stage.app) as address:
        context = browser.new_context(base_url=address, java_script_enabled=False)
        page = context.new_page()
        page.goto("/rows")
        page.locator("#more").click()
        expect(items(page)).to_have_count(5)
        page.locator("#row-12 button").click()
        expect(page).to_have_url(f"{address}/rows?page=2")
        expect(items(page)).to_have_count(4)
        context.close()


def test_the_scripts_of_each_row_that_is_appended_run_once(stage: Stage, page: Page) -> None:
    stage.policy = ""
    rows = (
        "<ul data-region=rows>{% for row in rows %}<li id=row-{{ row }} style='height: 60px'>{{ row }}"
        "<script>window.ran = (window.ran ?? 0) + 1</script></li>{% endfor %}</ul>"
    )
    more = "{% if number < 3 %}<a data-more=rows href='?page={{ number + 1 }}'>More</a>{% endif %}"
    shown = [range(n * 10, n * 10 + 10) for n in range(4)]
    stage.page("/rows", f"<main>{rows}{more}</main>", rows=lambda: shown[number()], number=number)
    page.set_viewport_size({"width": 800, "height": 200})
    open_page(page, "/rows")
    scroll_to_end(page, 30)
    page.wait_for_function("window.ran === 30")
    page.evaluate("import('/_actions/client.js').then(({ refresh }) => refresh())")
    expect(items(page)).to_have_count(30)
    assert page.evaluate("window.ran") == 30
