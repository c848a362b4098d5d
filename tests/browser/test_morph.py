"""Bringing one tree up to date to another: the cases of ``client/test/morph``, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, send_from_directory
from playwright.sync_api import Browser, Page

from tests.stores_processes import eventually
from tests.todo_app import served

ROOT = Path(__file__).parents[2]
PAGE = (
    '<!doctype html><title>Morph</title><script type="module" src="/client/test/morph/index.js"></script><body></body>'
)
POLICY = "script-src 'self'; require-trusted-types-for 'script'; trusted-types serveractions"
GROUPS = ["controls", "records", "elements", "moved", "names"]
NO_MOVES = "delete Element.prototype.moveBefore"
COUNT_READS = """
  window.reads = 0;
  for (const [owner, name] of [[Element, "getAttribute"], [Node, "isEqualNode"], [Node, "contains"]]) {
    const own = owner.prototype[name];
    owner.prototype[name] = function (...given) { reads++; return own.apply(this, given); };
  }
  window.bringRows = (n, other) => {
    const row = (r) => `<li id="r${r}">Row ${r} <a href="/x">x</a></li>`;
    const page = (rows) => `<ul>${rows.map(row).join("")}</ul>`;
    const rows = Array.from({ length: n }, (_, r) => r);
    show(page(rows));
    reads = 0;
    bring(page(rows.map(other)));
    return reads;
  };
"""
WATCH_COMPOSITION = """() => {
  const field = document.querySelector("input");
  window.log = [];
  for (const type of ["compositionstart", "compositionend"]) field.addEventListener(type, () => log.push(type));
  field.focus();
}"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = Flask(__name__)

    @app.get("/")
    def index() -> Response:
        return Response(PAGE, headers={"Content-Security-Policy": POLICY})

    app.add_url_rule("/client/<path:path>", "client", lambda path: send_from_directory(ROOT / "client", path))
    app.add_url_rule("/frame", "frame", lambda: "<!doctype html><title>Frame</title>")
    with served(app) as address:
        yield address


def open_tests(browser: Browser, address: str, script: str = "") -> Page:
    page = browser.new_context().new_page()
    page.add_init_script(script)
    page.goto(address)
    eventually(lambda: page.evaluate("'check' in window"))
    return page


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = open_tests(browser, address)
    yield page
    page.context.close()


@pytest.mark.parametrize("group", GROUPS)
def test_what_the_visitor_has_is_kept_and_all_else_renewed(page: Page, group: str) -> None:
    assert page.evaluate("group => check(group)", group) == {}


@pytest.mark.parametrize("group", ["controls", "records", "elements"])
def test_a_browser_without_move_before_keeps_all_but_frames_and_custom_elements(
    browser: Browser, address: str, group: str
) -> None:
    page = open_tests(browser, address, NO_MOVES)
    assert page.evaluate("group => check(group)", group) == {}
    page.context.close()


def test_any_page_becomes_any_other(page: Page) -> None:
    assert page.evaluate("compare(1000)") == []


def test_a_composition_goes_on(page: Page) -> None:
    """As an input method for Japanese sends it."""
    form = '<form action="/?_action=rename/p1.{}"><input name="text"></form>'
    page.evaluate("html => show(html)", "<p>a</p>" + form.format("a"))
    page.evaluate(WATCH_COMPOSITION)
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    page.evaluate("html => bring(html)", "<p>new</p><p>b</p>" + form.format("b"))
    session.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    session.send("Input.insertText", {"text": "日本"})
    assert page.input_value("input") == "日本"
    assert page.evaluate("log") == ["compositionstart", "compositionend"]


def test_a_chosen_file_stays(page: Page) -> None:
    page.evaluate("html => show(html)", '<p>a</p><input type="file">')
    page.set_input_files("input", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    page.evaluate("html => bring(html)", '<p>new</p><p>b</p><input type="file">')
    assert page.evaluate("document.querySelector('input').files[0].name") == "a.txt"


@pytest.mark.parametrize("others", ["r + 100000", "n - r", "r && r + 1"])
def test_a_list_of_many_rows_costs_in_proportion(browser: Browser, address: str, others: str) -> None:
    page = open_tests(browser, address, COUNT_READS)
    small, large = (page.evaluate(f"n => bringRows(n, (r) => {others})", n) for n in (500, 2000))
    page.context.close()
    assert large < 5 * small, f"{small} reads for 500 rows, {large} for 2,000"
