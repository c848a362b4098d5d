"""The built documentation in a real browser: on a desk and on a phone, by light and by dark."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.test_docs_links import built as built  # a fixture

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ("index", "quickstart", "nextjs", "troubleshooting", "api", "cookbook/index")
FOUND = "axe.run({resultTypes: ['violations']}).then(({violations}) => violations.map(({id}) => id))"
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_keeps_to_the_screen_and_axe_finds_nothing(
    browser: Browser, built: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    found: dict[str, list[str]] = {}
    for name in PAGES:
        page.goto((built / f"{name}.html").as_uri())
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found[name] = [*page.evaluate(FOUND), *(["too wide"] if page.evaluate(TOO_WIDE) > 0 else [])]
    context.close()
    assert found == {name: [] for name in PAGES}


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
