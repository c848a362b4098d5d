"""The built documentation in a real browser: on a desk and on a phone, by light and by dark."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.test_docs_links import built as built  # a fixture

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
KINDS = ("index", "quickstart", "cookbook/dialog", "search")
FOUND = """([where, options]) => axe.run(where ?? document, {resultTypes: ["violations"], ...options})
  .then(({violations}) => violations.map(({id, nodes}) => `${id}: ${nodes[0].html}`))"""
NO_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
# Contrast takes axe most of its time, and is the same wherever colours, sizes and weights are: each of those is looked
# at once. Returns selectors of the elements that differ from those seen on other pages.
NEW_STYLES = """seen => {
  const styleOf = (node) => {
    const {color, fontSize, fontWeight} = getComputedStyle(node), chain = [];
    for (let each = node; each; each = each.parentElement) chain.push(getComputedStyle(each).backgroundColor);
    return [color, fontSize, fontWeight, ...new Set(chain)].join();
  };
  const hasText = (node) => [...node.childNodes].some(({nodeType, data}) => nodeType === 3 && data.trim());
  const known = new Set(seen), found = [];
  for (const node of [...document.body.querySelectorAll("*")].filter(hasText)) {
    const style = styleOf(node);
    if (known.has(style) || !node.checkVisibility()) continue;
    known.add(style);
    node.setAttribute("data-looked-at", found.push(`[data-looked-at="${found.length}"]`) - 1);
  }
  return [[...known], found];
}"""
SEARCHES = {
    "modal": "cookbook/dialog",
    "wizard": "cookbook/wizard",
    "infinite scroll": "cookbook/infinite_scroll",
    "autosave": "cookbook/autosave",
    "live search": "cookbook/live_search",
    "inline edit": "cookbook/inline_edit",
    "rate limit": "cookbook/rate_limit",
    "polling": "cookbook/live_list",
    "toast": "cookbook/toasts",
    "postgres": "cookbook/postgres",
    "cors": "cookbook/cors",
    "upload": "cookbook/upload_progress",
    "textarea": "cookbook/controls",
    "radio": "cookbook/controls",
    "htmx": "coming/htmx",
    "websocket": "cookbook/no_websocket",
    "csv": "cookbook/csv_import",
    "confirm": "cookbook/confirm",
    "css class": "forms",
    "docker": "deployment",
    "dropdown": "cookbook/controls",
    "logout": "cookbook/sign_in",
    "spinner": "client",
}


def pages_of(built: Path) -> list[Path]:
    pages = sorted(built.glob("**/*.html"))
    assert len(pages) > 80
    return pages


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_a_page_of_each_kind(
    browser: Browser, built: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    found: dict[str, list[str]] = {}
    for name in KINDS:
        page.goto((built / f"{name}.html").as_uri())
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found[name] = page.evaluate(FOUND, [None, {}])
    page.close()
    assert found == {name: [] for name in KINDS}


def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_the_screen(browser: Browser, built: Path) -> None:
    page = browser.new_page()
    found: dict[str, list[str]] = {}
    for path in pages_of(built):
        page.set_viewport_size({"width": 1280, "height": 844})
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        on_a_desk = page.evaluate(TOO_WIDE)
        page.set_viewport_size({"width": 390, "height": 844})
        too_wide = ["too wide"] if max(on_a_desk, page.evaluate(TOO_WIDE)) > 0 else []
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found[path.name] = [*page.evaluate(FOUND, [None, NO_CONTRAST]), *too_wide]
    page.close()
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_told_from_what_is_behind_it(
    browser: Browser, built: Path, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 844}, color_scheme=scheme)
    seen: list[str] = []
    found: dict[str, list[str]] = {}
    for path in pages_of(built):
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        seen, where = page.evaluate(NEW_STYLES, seen)
        if where:
            page.evaluate(AXE.read_text(encoding="utf-8"))
            found[path.name] = page.evaluate(FOUND, [where, {"runOnly": ["color-contrast"]}])
    page.close()
    assert len(seen) > 20
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_the_search_finds_what_people_look_for(browser: Browser, built: Path) -> None:
    page = browser.new_page()
    lost: dict[str, list[str | None]] = {}
    for words, expected in SEARCHES.items():
        page.goto(f"{(built / 'search.html').as_uri()}?q={words}", wait_until="domcontentloaded")
        page.locator("#search-results li a").first.wait_for()
        page.locator(".search-summary", has_text="finished").wait_for()
        links = page.locator("#search-results li > a").evaluate_all("links => links.map(({href}) => href)")
        if not any(f"/{expected}.html" in link for link in links[:5]):
            lost[words] = links[:5]
    page.close()
    assert lost == {}


def test_the_whole_book_is_in_the_sidebar_and_its_pictures_are_there(browser: Browser, built: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 844})
    page.goto((built / "jobs.html").as_uri())
    links = page.locator(".sidebar-tree").get_by_role("link")
    assert {"Quickstart", "Validation", "Coming from htmx", "Troubleshooting"} <= set(links.all_inner_texts())
    assert page.get_by_placeholder("Search").is_visible()
    page.goto((built / "index.html").as_uri())
    widths = page.locator("article img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert len(widths) == 2
    assert min(widths) > 500
    page.close()
