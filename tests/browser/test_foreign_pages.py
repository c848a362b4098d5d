"""Ways to another origin that look like ways about this one: by none of them anything is sent, or shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Page, expect

from tests.browser.stage import Stage, await_events, open_page
from tests.todo_app import served

TAKEN = """<main>Of somebody else<ul data-region="rows"><li>Of somebody else</li></ul></main>
<div data-region="lazy" data-lazy="loaded">Of somebody else</div><script>window.taken = origin</script>"""
OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*", "Access-Control-Allow-Methods": "*"}


@dataclass
class Foreign:
    """A server of somebody else's, who lets every page read its answers."""

    host: str
    asked: list[str] = field(default_factory=list)  # for what, by fetch


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    app = Flask("foreign")
    asked: list[str] = []

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST", "DELETE"])
    @app.route("/<path:path>", methods=["GET", "POST", "DELETE"])
    def take(path: str) -> Response:
        if request.headers["Sec-Fetch-Mode"] != "navigate":
            asked.append(request.full_path)
        return Response(TAKEN, mimetype="text/html")

    @app.after_request
    def open_to_all(response: Response) -> Response:
        if request.method == "OPTIONS":
            asked.append(request.full_path)
        response.headers.update(OPEN)
        return response

    with served(app) as address:
        yield Foreign(address.removeprefix("http://"), asked)


LAYOUT = """<main><p>There is no such page.</p>{% call(form) action_form("sign_in") %}<input name="password">
<button>Sign in</button>{% endcall %}<div data-poll="500ms" data-region="news"></div></main>"""


def test_a_page_whose_path_begins_as_another_host_sends_its_forms_to_its_own(
    stage: Stage, page: Page, foreign: Foreign
) -> None:
    taken: list[str] = []

    @stage.actions.register
    def sign_in(password: str) -> None:
        taken.append(password)

    stage.page("/layout", LAYOUT)
    stage.app.register_error_handler(404, lambda _: (stage.app.view_functions["/layout"](), 404))
    open_page(page, f"/.//{foreign.host}/")
    own = page.url
    page.fill("[name=password]", "secret")
    page.get_by_role("button").click()
    await_events(page, "finish", 1)
    assert (taken, foreign.asked, page.url) == (["secret"], [], own)


def test_a_page_whose_path_begins_as_another_host_is_fetched_from_its_own(
    stage: Stage, page: Page, foreign: Foreign
) -> None:
    stage.page("/layout", '<main><p id="number">{{ number }}</p></main>', number=lambda: len(stage.visits))
    stage.app.register_error_handler(404, lambda _: (stage.app.view_functions["/layout"](), 404))
    open_page(page, f"/.//{foreign.host}/")
    own = page.url
    page.evaluate("async () => (await import('/_actions/client.js')).refresh()")
    expect(page.locator("#number")).to_have_text("2")
    assert (foreign.asked, page.url) == ([], own)


LINKS = {
    "a dialog": '<a data-dialog href="{link}">Go</a>',
    "rows that follow": '<ul data-region="rows"><li>1</li></ul><a data-more="rows" href="{link}">Go</a>',
}
FORMS = {
    "a search": '<form data-submit="change" action="{link}"><input name="q"><button>Go</button></form>',
}
LAZY = """<div data-region="lazy" data-lazy="waiting" data-serveractions-page="{link}">
<a data-lazy-link href="?">Go</a></div>"""
NOT_LOADED = "This part could not be loaded."
CALL = '<div data-serveractions-page="{link}"><button data-action="?_action=create/x">Go</button></div>'
JOB = '<div data-job="{link}"><form method="post" action="{link}"><button>Go</button></form></div>'
#: a browser takes tabs and line breaks out of a URL (URL Standard, 4.4)
DISGUISES = ["/&#9;/{host}/", "//{host}/", "http://{host}/", "\\\\{host}/", "/&#10;\\{host}/"]


@pytest.mark.parametrize("markup", [*LINKS.values(), *FORMS.values()], ids=[*LINKS, *FORMS])
def test_a_path_that_begins_as_another_host_is_fetched_from_ones_own(
    stage: Stage, page: Page, foreign: Foreign, markup: str
) -> None:
    stage.policy = ""  # nothing else stops it
    stage.page("/wall", f"<main>{markup.format(link=f'/.//{foreign.host}/')}</main>")
    open_page(page, "/wall")
    expect(page.locator("[data-more]")).to_have_count(0)  # it has been tried, and is a link again
    page.get_by_text("Go", exact=True).click()
    expect(page).to_have_url(re.compile(rf"//{foreign.host}/(\?q=)?$"))
    assert (foreign.asked, page.evaluate("window.taken")) == ([], None)


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_lazy_part_that_says_it_came_from_another_origin_is_fetched_from_ones_own(
    stage: Stage, page: Page, foreign: Foreign, disguise: str
) -> None:
    stage.policy = ""
    stage.page("/wall", f"<main>{LAZY.format(link=disguise.format(host=foreign.host))}</main>")
    open_page(page, "/wall")
    expect(page.get_by_role("alert")).to_have_text(NOT_LOADED)
    assert (foreign.asked, page.evaluate("window.taken")) == ([], None)


@pytest.mark.parametrize("disguise", DISGUISES)
def test_no_call_goes_to_the_origin_that_markup_around_its_button_names(
    stage: Stage, page: Page, foreign: Foreign, disguise: str
) -> None:
    stage.page("/wall", f"<main>{CALL.format(link=disguise.format(host=foreign.host))}</main>")
    open_page(page, "/wall")
    own = page.url
    with page.expect_request(lambda request: "_action=create/x" in request.url) as asked:
        page.get_by_role("button").click()
    assert asked.value.url.startswith(own)
    await_events(page, "finish", 1)
    assert foreign.asked == []


def test_no_token_goes_to_the_job_of_another_origin(stage: Stage, page: Page, foreign: Foreign) -> None:
    stage.page("/wall", JOB.format(link=f"http://{foreign.host}/job"))
    open_page(page, "/wall")
    page.get_by_role("button").click()
    expect(page).to_have_url(f"http://{foreign.host}/job")
    assert foreign.asked == []


SANDBOXES = ["sandbox", "default-src 'none'; sandbox allow-scripts", "script-src 'self', sandbox;"]


@pytest.mark.parametrize("policy", SANDBOXES)
@pytest.mark.parametrize("markup", [*LINKS.values(), LAZY], ids=[*LINKS, "a lazy part"])
def test_what_was_sent_in_a_sandbox_is_never_put_into_a_page(
    stage: Stage, page: Page, markup: str, policy: str
) -> None:
    stage.policy = ""
    asked: list[str] = []

    @stage.app.get("/uploads/page.html")
    def upload() -> Response:
        way = request.headers["Sec-Fetch-Mode"]
        asked.append(way)
        body = TAKEN if way != "navigate" else "<main></main>"  # Chromium tells of a script that it does not run
        return Response(body, mimetype="text/html", headers={"Content-Security-Policy": policy})

    stage.page("/wall", f"<main>{markup.format(link='/uploads/page.html')}</main>")
    open_page(page, "/wall")
    if "lazy" in markup:
        expect(page.get_by_role("alert")).to_have_text(NOT_LOADED)
    else:
        expect(page.locator("[data-more]")).to_have_count(0)
        page.get_by_text("Go", exact=True).click()
        expect(page).to_have_url(re.compile("/uploads/page.html$"))
    assert asked[0] == "cors"
    assert page.evaluate("window.taken") is None


def test_a_host_or_a_header_of_the_name_is_no_sandbox(stage: Stage, page: Page) -> None:
    stage.policy = "script-src 'self'; connect-src 'self' sandbox.example.com"

    @stage.app.after_request
    def tell(response: Response) -> Response:
        response.headers.update({"X-Environment": "sandbox", "Cache-Tag": "page, sandbox, wall"})
        return response

    stage.page("/other", "<main>Other</main>")
    stage.page("/wall", '<main><a href="/other" data-dialog>Go</a></main>')
    open_page(page, "/wall")
    page.get_by_text("Go", exact=True).click()
    expect(page.locator("dialog[open]")).to_contain_text("Other")
