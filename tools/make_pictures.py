"""Take the pictures of the book anew, in Chromium, of the running examples: ``make pictures``."""

from __future__ import annotations

import base64
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, FloatRect, Page, Route, ViewportSize, sync_playwright
from werkzeug.serving import make_server

from examples.todo import create_app
from examples.todo.demo import PASSWORD, seed

CHROMIUM = "/usr/bin/chromium"
PICTURES = Path(__file__).parents[1] / "docs" / "_static"
PHONE: ViewportSize = {"width": 400, "height": 560}
CLIP: FloatRect = {"x": 0, "y": 92, "width": 400, "height": 430}  # below the head of the page
LARGEST = 60_000  # bytes
FRAME = """
<!doctype html><style>
  body {{ margin: 0; padding: 16px; width: max-content; display: flex; gap: 16px; background: #eef1f4; font: 15px sans-serif }}
  figure {{ margin: 0 }} figcaption {{ padding: 0 0 8px; color: #223 }}
  img {{ display: block; border: 1px solid #b8c0c8; border-radius: 6px }}
</style>{}
"""  # noqa: E501


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def example(folder: str) -> Flask:
    app = create_app(
        {
            "SECRET_KEY": "pictures",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/todo.sqlite3",
            "SERVERACTIONS_STORE_URL": f"sqlite:///{folder}/serveractions.sqlite3",
        }
    )
    seed(app)
    return app


def visit(browser: Browser, address: str, scripts: bool) -> Page:
    """Sign in as Ada and give her list."""
    page = browser.new_context(base_url=address, viewport=PHONE, java_script_enabled=scripts).new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    page.goto("/")  # without the welcome
    return page


def refused(browser: Browser, address: str) -> bytes:
    """The list without scripts: what was typed is there, and beside it what is wrong."""
    page = visit(browser, address, scripts=False)
    page.get_by_label("What is to be done?").fill("Buy milk")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("[data-error=text]:not(:empty)").wait_for()
    return page.screenshot(clip=CLIP)


def pending(browser: Browser, address: str) -> bytes:
    """The list with scripts: the new line is shown before the server has answered."""
    page = visit(browser, address, scripts=True)
    held: list[Route] = []
    page.route(lambda url: "_action=" in url, lambda route: held.append(route))
    page.get_by_label("What is to be done?").fill("Call the bank")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Adding…").wait_for()
    shot = page.screenshot(clip=CLIP)
    for route in held:
        route.abort()
    return shot


def beside(browser: Browser, shots: Sequence[tuple[str, bytes]]) -> bytes:
    """Frame pictures beside each other, each below its caption."""
    images = ((text, f"data:image/png;base64,{base64.b64encode(shot).decode()}") for text, shot in shots)
    figures = (f'<figure><figcaption>{text}</figcaption><img src="{image}"></figure>' for text, image in images)
    page = browser.new_page(viewport={"width": 900, "height": 600})
    page.set_content(FRAME.format("".join(figures)))
    return page.locator("body").screenshot()


def documentation(browser: Browser, address: str) -> bytes:
    """The page of the API, with one operation open."""
    page = browser.new_page(base_url=address, viewport={"width": 860, "height": 560})
    page.goto("/docs")
    page.locator("main details > summary:visible").nth(1).click()
    return page.screenshot()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, served(example(folder)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        captions = ("Without JavaScript", "With JavaScript, before the answer")
        shots = (refused(browser, address), pending(browser, address))
        pictures = {
            "todo.png": beside(browser, list(zip(captions, shots, strict=True))),
            "docs-page.png": documentation(browser, address),
        }
        browser.close()
    for name, picture in pictures.items():
        if len(picture) > LARGEST:
            sys.exit(f"{name} has {len(picture):,} bytes; {LARGEST:,} are the most that a page may carry.")
        (PICTURES / name).write_bytes(picture)


if __name__ == "__main__":
    main()
