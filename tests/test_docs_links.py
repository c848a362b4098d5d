"""The documentation as it is built: each link leads somewhere, what it names is there, nothing public is left out."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from flask import Flask

import flask_serveractions
from flask_serveractions import ServerActions, webhooks
from flask_serveractions.testing import ActionsClient

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "flask_serveractions"
PAGES = [ROOT / "README.rst", ROOT / "CONTRIBUTING.rst", *sorted(DOCS.glob("**/*.rst"))]
# what the pages name of the repository: a file or a folder that is not made by make, a test
FILE = re.compile(r"``((?:tests|examples|docs(?!/_build)|tools|bench|load)/[\w./-]+)``")
TEST = re.compile(r"``(test_\w+)``")


class Page(HTMLParser):
    """A built page: what can be linked to, and what it links to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name, value in attrs if name in ("id", "name") and value}
        link = given.get("src" if tag in ("script", "img") else "href")
        if link is not None and not urlsplit(link).scheme and not link.startswith("//"):
            self.links.append(link)


def newest(paths: Iterator[Path]) -> float:
    return max(path.stat().st_mtime for path in paths)


def is_fresh(built: Path) -> bool:
    """Whether ``make docs`` has built the documentation since anything in it was changed."""
    if not (built / "objects.inv").exists():
        return False
    sources = [*DOCS.glob("**/*.rst"), *PACKAGE.glob("**/*.py"), DOCS / "conf.py", ROOT / "CHANGES.rst"]
    return (built / "objects.inv").stat().st_mtime > newest(iter(sources))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built documentation: that of ``make docs``, or where it is not of now one of our own."""
    by_make = DOCS / "_build" / "html"
    if is_fresh(by_make):
        return by_make
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(DOCS), str(folder)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, Page]:
    # 404.html is shown at any path, and links from the root of the site
    return {path.resolve(): Page(path) for path in built.glob("**/*.html") if path.name != "404.html"}


def leads_nowhere(pages: dict[Path, Page], page: Page, link: str) -> bool:
    target, fragment = urldefrag(link)
    path = (page.path.parent / unquote(urlsplit(target).path)).resolve() if target else page.path.resolve()
    if path.suffix != ".html":
        return not path.exists()
    return path not in pages or bool(fragment and unquote(fragment) not in pages[path].anchors)


def test_every_link_inside_leads_somewhere(pages: dict[Path, Page]) -> None:
    assert sum(len(page.links) for page in pages.values()) > 500
    links = ((page, link) for page in pages.values() for link in page.links)
    lost = {(page.path.name, link) for page, link in links if leads_nowhere(pages, page, link)}
    assert lost == set()


def documented(pages: dict[Path, Page]) -> set[str]:
    return next(page for path, page in pages.items() if path.name == "api.html").anchors


def public_methods(cls: type) -> set[str]:
    return {name for name, value in vars(cls).items() if callable(value) and not name.startswith("_")}


def test_every_method_of_the_extension_and_of_the_test_client_is_documented(pages: dict[Path, Page]) -> None:
    own = {f"flask_serveractions.ServerActions.{name}" for name in public_methods(ServerActions)}
    helpers = {"operation_of", "forms_of", "page_request"}  # of the client itself
    own |= {f"flask_serveractions.testing.ActionsClient.{name}" for name in public_methods(ActionsClient) - helpers}
    assert own - documented(pages) == set()


def test_every_template_function_is_documented(pages: dict[Path, Page]) -> None:
    app = Flask(__name__)
    plain = set(app.jinja_env.globals)
    app.secret_key = "of the tests"
    ServerActions(app)
    ours = [pair for pair in app.jinja_env.globals.items() if pair[0] not in plain]
    assert {"action_form", "region", "serveractions_script"} <= {name for name, _ in ours}
    exported = set(flask_serveractions.__all__)
    places = {name: function.__module__ if name not in exported else "flask_serveractions" for name, function in ours}
    assert {f"{place}.{name}" for name, place in places.items()} - documented(pages) == set()


def test_everything_that_webhooks_exports_is_documented(pages: dict[Path, Page]) -> None:
    tree = ast.parse(Path(str(webhooks.__file__)).read_text(encoding="utf-8"))
    imports = [alias for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    exported = {f"flask_serveractions.webhooks.{each.name}" for each in imports if each.asname == each.name}
    assert len(exported) > 5
    assert exported - documented(pages) == set()


@cache
def all_tests() -> frozenset[str]:
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("**/*.py"))
    return frozenset(name for text in texts for name in re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_file_and_test_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in FILE.findall(text) if not (ROOT / name).exists()] == []
    assert [name for name in TEST.findall(text) if name not in all_tests()] == []
