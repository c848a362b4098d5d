"""A real browser: Chromium, launched once. Where it is missing, the tests fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.readiness import PATIENCE, wait_for_pages
from tests.browser.stage import Stage, watch
from tests.todo_app import served

HEADLESS = Path("/usr/bin/chromium-headless-shell")  # Chromium without windows, to open which costs most of a test
CHROMIUM = str(HEADLESS) if HEADLESS.exists() else "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # no processes for these two: a fifteenth of what a page costs. The other features are Playwright's
    "--in-process-gpu",
    "--enable-features=NetworkServiceInProcess2,CDPScreenshotNewSurface,SkipListAccountsWithoutGaiaCookies",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        wait_for_pages(patch)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def config() -> dict[str, Any]:
    """The app's configuration; a test may say otherwise by a parameter."""
    return {}


@pytest.fixture
def stage(tmp_path: Path, config: dict[str, Any]) -> Stage:
    """A stage to set before the first page is opened."""
    return Stage(tmp_path, config)


@pytest.fixture
def page(browser: Browser, stage: Stage) -> Iterator[Page]:
    """A page of a new visitor; at the end nothing has gone wrong in it, nor against its policy."""
    with served(stage.app) as address:
        context = browser.new_context(base_url=address)
        page = context.new_page()
        problems = watch(page)
        yield page
        stage.open_gates()
        context.close()
    assert problems == []
