"""What the theme lacks for people who use a keyboard or listen."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

REPLACED = {
    # a heading has a level, and of two landmarks each has a name
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="The book">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="This page">',
    # what scrolls can be reached by the keyboard
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper docutils container">': '<div class="table-wrapper docutils container" tabindex="0">',
    # each page has a heading
    '<div id="search-results"></div>': '<h1>Search</h1>\n<div id="search-results"></div>',
}


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).glob("**/*.html"):
        path.write_text(mended(path.read_text(encoding="utf-8")), encoding="utf-8")


def mended(page: str) -> str:
    for theirs, ours in REPLACED.items():
        page = page.replace(theirs, ours)
    return page


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("build-finished", mend_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
