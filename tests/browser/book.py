"""The pages of the built documentation, and a look at one: by axe, for its width, and for the contrast of its text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

Scheme = Literal["light", "dark"]

DOCS = Path(__file__).parents[2] / "docs"
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DESK, PHONE = {"width": 1280, "height": 844}, {"width": 390, "height": 844}
FOUND = """options => axe.run({resultTypes: ["violations"], ...options})
  .then(({violations}) => violations.map(({id, nodes}) => `${id}: ${nodes[0].html}`))"""
NO_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}
LOOKS: dict[Scheme, dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
# colours that change with the scheme do so at once
SETTLE = "document.getAnimations().forEach((each) => each instanceof CSSTransition && each.finish())"
# A link in text has to differ from it by a line or a weight, whatever its colour is: stricter than axe's own rule, that
# looks for contrast too, and for what is behind each link, which takes half of its time
LINKS_BY_STYLE = 'axe.configure({rules: [{id: "link-in-text-block", any: ["link-in-text-block-style"]}]})'
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
# Contrast takes axe most of its time, and is the same wherever colours, sizes and weights are: each of those is looked
# at once. Returns the styles of a page, and what is wrong with the text of those that are new.
NEW_STYLES = """async known => {
  document.getAnimations().forEach((each) => each.finish());  // of colours that change with the scheme
  const behind = new Map([[null, ""]]);
  const behindOf = (node) => {
    if (!behind.has(node)) {
      const around = behindOf(node.parentElement), {backgroundColor} = getComputedStyle(node);
      behind.set(node, around.includes(backgroundColor) ? around : `${around};${backgroundColor}`);
    }
    return behind.get(node);
  };
  const styleOf = (node) => {
    const {color, fontSize, fontWeight} = getComputedStyle(node);
    return [color, fontSize, fontWeight, behindOf(node)].join();
  };
  const hasText = (node) => [...node.childNodes].some(({nodeType, data}) => nodeType === 3 && data.trim());
  const here = new Map();
  for (const node of [...document.body.querySelectorAll("*")].filter(hasText)) {
    const style = styleOf(node);
    if (!here.has(style) && node.checkVisibility()) here.set(style, node);
  }
  const styles = [...here.keys()], seen = new Set(known), fresh = styles.filter((style) => !seen.has(style));
  const found = fresh.length === 0 ? {violations: []} : await axe.run(
    {include: fresh.map((style) => here.get(style))}, {runOnly: ["color-contrast"], resultTypes: ["violations"]});
  return [styles, found.violations.flatMap(({nodes}) => nodes.map(({html}) => html))];
}"""


def written_in(folder: str) -> list[str]:
    """Return the names of the pages that are written in a folder: ``cookbook/dialog``."""
    pages = (DOCS / folder).glob("*.rst")
    return sorted(page.relative_to(DOCS).with_suffix("").as_posix() for page in pages)


#: the pages that a file of tests looks at, with those that Sphinx adds
CHAPTERS = [*written_in("."), "genindex", "py-modindex", "search"]
COOKBOOK = written_in("cookbook")
FOLDERS = [*written_in("coming"), *written_in("neighbours"), *written_in("tutorial")]


def found_by_axe(page: Page) -> list[str]:
    """Return what axe finds in a page as it is: by light and by dark, of which only contrast knows."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = []
    for scheme, options in LOOKS.items():
        page.emulate_media(color_scheme=scheme)
        page.evaluate(SETTLE)
        found += page.evaluate(FOUND, options)
    return found


class Reader:
    """Who reads one page of the book after the other, and remembers the styles of text that were good to read."""

    def __init__(self, page: Page, built: Path) -> None:
        self.page, self.built = page, built
        self.good: dict[Scheme, set[str]] = {scheme: set() for scheme in SCHEMES}

    def faults_of(self, name: str) -> list[str]:
        """Return what is wrong with a page: for axe, on a desk or on a phone, by light or by dark."""
        self.open(name)
        faults = ["too wide for a desk"] if self.page.evaluate(TOO_WIDE) else []
        for scheme in SCHEMES:
            faults += [f"{scheme}: {fault}" for fault in self.hard_to_read(scheme)]
        self.page.set_viewport_size(PHONE)
        faults += ["too wide for a phone"] if self.page.evaluate(TOO_WIDE) else []
        return [*faults, *self.page.evaluate(FOUND, NO_CONTRAST)]

    def open(self, name: str) -> None:
        self.page.set_viewport_size(DESK)
        self.page.goto((self.built / f"{name}.html").as_uri(), wait_until="domcontentloaded")

    def hard_to_read(self, scheme: Scheme) -> list[str]:
        """Return the text of the page before us that can't be told from what is behind it."""
        self.page.emulate_media(color_scheme=scheme)
        styles, faults = self.page.evaluate(NEW_STYLES, sorted(self.good[scheme]))
        assert len(styles) > 3
        if not faults:
            self.good[scheme].update(styles)
        return faults


@pytest.fixture(scope="module")
def reader(browser: Browser, built: Path) -> Iterator[Reader]:
    page = browser.new_page(reduced_motion="reduce")
    page.context.add_init_script(f"{AXE.read_text(encoding='utf-8')}\n{LINKS_BY_STYLE}")
    yield Reader(page, built)
    page.close()
