"""The built documentation in a real browser: on a desk and on a phone, by light and by dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.book import CHAPTERS, COOKBOOK, FOLDERS, found_by_axe
from tests.test_docs_links import built as built  # a fixture

KINDS = ("index", "quickstart", "cookbook/dialog", "search")
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


def test_no_page_of_the_book_is_left_out(built: Path) -> None:
    """Each is looked at by test_book_chapters.py, test_book_cookbook.py or test_book_folders.py."""
    looked_at = {*CHAPTERS, *COOKBOOK, *FOLDERS}
    assert {path.relative_to(built).with_suffix("").as_posix() for path in built.glob("**/*.html")} == looked_at
    assert len(looked_at) > 80


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_a_page_of_each_kind(browser: Browser, built: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    found: dict[str, list[str]] = {}
    for name in KINDS:
        page.goto((built / f"{name}.html").as_uri())
        found[name] = found_by_axe(page)
    page.close()
    assert found == {name: [] for name in KINDS}


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
