"""A page that came again, with scripts off, stands at its own URL.

Over plain HTTP, by a host's name, where browsers send no ``Sec-Fetch-*``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask, render_template_string, request
from flask_wtf import CSRFProtect
from marshmallow.validate import Length
from playwright.sync_api import Browser, Page, expect

from flask_serveractions import ServerActions
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.todo_app import served

PAGE = """<!doctype html><title>List</title><main><p id="at">{{ request.full_path }}</p>
{% call(form) action_form("subscribe", attrs={"novalidate": true}) %}
<input {{ form.attrs("mail") }}>{{ form.error("mail") }}
<button id="go">go</button>
<button id="other" formaction="{{ action_url("pay") }}" name="idempotency_key" value="of this page">pay</button>
{% endcall %}
<a id="next" href="?page=2">next page</a> <a id="beside" href="edit">edit</a>
<form id="search"><input name="q" value="milk"><button id="find">find</button></form>
<form id="invite" method="post"><input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<input name="mail" value="a@b.c"><button id="send">invite</button></form></main>
{{ serveractions_script() }}"""

called: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    called.clear()


def make_app(folder: Path) -> Flask:
    app = Flask(__name__, instance_path=str(folder))
    app.config["SECRET_KEY"] = "of the tests"
    actions = ServerActions(app)
    CSRFProtect(app)

    @actions.register
    def subscribe(mail: Annotated[str, Length(3, 10)]) -> None:
        called.append(("subscribe", mail))

    @actions.register(once=True)
    def pay() -> None:
        called.append(("pay",))

    @app.route("/list/", methods=["GET", "POST"])
    @app.route("/list/<path:below>", methods=["GET", "POST"])
    def index(below: str = "") -> str:
        if request.method == "POST":
            called.append(("page", request.form["mail"]))
        return render_template_string(PAGE)

    app.register_error_handler(404, lambda error: (render_template_string(PAGE), 404))
    return app


@pytest.fixture(scope="module")
def named(browser: Browser) -> Iterator[Browser]:
    """A browser to which ``shop.test`` is this machine."""
    rules = "--host-resolver-rules=MAP shop.test 127.0.0.1"
    made = browser.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, rules])
    yield made
    made.close()


@pytest.fixture
def tab(named: Browser, tmp_path: Path) -> Iterator[Page]:
    with served(make_app(tmp_path)) as address:
        context = named.new_context(base_url=address.replace("127.0.0.1", "shop.test"), java_script_enabled=False)
        yield context.new_page()
        context.close()


def press(tab: Page, what: str) -> None:
    with tab.expect_navigation(wait_until="load"):
        tab.click(what)


def fail(tab: Page, path: str = "/list/") -> None:
    """Send a form whose page comes again."""
    tab.goto(path)
    tab.fill("[name=mail] >> nth=0", "x")
    press(tab, "#go")
    assert "Length must be" in tab.inner_text("main")
    assert called == []


def at(tab: Page) -> str:
    return tab.inner_text("#at").removesuffix("?")


@pytest.mark.parametrize(
    ("what", "where"), [("#next", "/list/?page=2"), ("#beside", "/list/edit"), ("#find", "/list/?q=milk")]
)
def test_links_and_searches_lead_where_they_lead_on_the_page(tab: Page, what: str, where: str) -> None:
    fail(tab)
    press(tab, what)
    assert at(tab) == where


def test_a_plain_form_of_the_page_posts_to_the_page(tab: Page) -> None:
    fail(tab, "/list/?page=2")
    press(tab, "#send")
    assert (called, at(tab)) == ([("page", "a@b.c")], "/list/?page=2")


def test_the_form_is_mended_and_leads_to_its_page(tab: Page) -> None:
    fail(tab, "/list/?page=2")
    assert tab.input_value("[name=mail] >> nth=0") == "x"
    tab.fill("[name=mail] >> nth=0", "a@b.c")
    press(tab, "#go")
    assert (called, urlsplit(tab.url).query) == ([("subscribe", "a@b.c")], "page=2")
    tab.reload()
    assert called == [("subscribe", "a@b.c")]


def test_reload_sends_what_was_refused_again_and_runs_nothing(tab: Page) -> None:
    fail(tab, "/list/?page=2")
    tab.reload()
    assert "Length must be" in tab.inner_text("main")
    assert (at(tab), called) == ("/list/?page=2", [])


def test_with_scripts_the_client_works_where_the_browser_says_nothing_of_the_site(tab: Page, named: Browser) -> None:
    context = named.new_context(base_url=tab.context._impl_obj._options["baseURL"])
    page = context.new_page()
    page.goto("/list/?page=2", wait_until="load")
    page.evaluate("window.same = true")
    page.fill("[name=mail] >> nth=0", "x")
    page.click("#go")
    expect(page.locator("[data-error=mail]")).to_contain_text("Length must be")
    page.fill("[name=mail] >> nth=0", "a@b.c")
    page.click("#go")
    expect(page.locator("[name=mail] >> nth=0")).to_have_value("")
    assert called == [("subscribe", "a@b.c")]
    assert page.evaluate("[window.same, isSecureContext]") == [True, False]
    context.close()


def test_back_and_the_address_are_the_pages(tab: Page) -> None:
    fail(tab, "/list/?page=2")
    press(tab, "#next")
    tab.go_back()
    assert urlsplit(tab.url).path == "/list/"
    tab.goto(tab.url)  # what Enter in the address bar does
    assert (at(tab), called) == ("/list/?page=2", [])


def test_a_button_leads_to_another_action_that_runs_once(tab: Page) -> None:
    tab.goto("/list/?page=2")
    press(tab, "#other")
    assert (called, urlsplit(tab.url).query) == ([("pay",)], "page=2")
    tab.go_back()
    press(tab, "#other")
    assert called == [("pay",)]


def test_a_page_on_a_404_comes_again_there(tab: Page) -> None:
    fail(tab, "/nowhere?x=1")
    assert at(tab) == "/nowhere?x=1"
    tab.fill("[name=mail] >> nth=0", "a@b.c")
    press(tab, "#go")
    assert (at(tab), called) == ("/nowhere?x=1", [("subscribe", "a@b.c")])


@pytest.mark.parametrize("query", [quote("ж" * 450), "жук", "a%2525+%26", "%41%7e"])
def test_a_query_is_what_it_was(tab: Page, query: str) -> None:
    tab.goto(f"/list/?q={query}")
    shown, address = at(tab), tab.url
    tab.fill("[name=mail] >> nth=0", "a@b.c")
    press(tab, "#go")
    assert (at(tab), tab.url) == (shown, address)
