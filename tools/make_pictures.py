"""Take the pictures of the book anew, in Chromium, of the running examples and recipes: ``make pictures``.

``python -m tools.make_pictures dialog wizard`` takes those of some recipes alone.
"""

from __future__ import annotations

import base64
import io
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, Route, ViewportSize, sync_playwright
from werkzeug.serving import make_server

from examples import board
from examples.board.demo import seed as seed_board
from examples.todo import create_app
from examples.todo.demo import PASSWORD, seed
from tests.cookbook.postgres_server import postgres
from tests.doc_blocks import blocks_of, importing_from, run_blocks
from tools.recipe_scenes import SCENES, SESSIONS, START, Scene, as_it_is

CHROMIUM = "/usr/bin/chromium"
DOCS = Path(__file__).parents[1] / "docs"
PICTURES = DOCS / "_static"
RECIPES = PICTURES / "cookbook"
PHONE: ViewportSize = {"width": 400, "height": 560}
CLIP: FloatRect = {"x": 0, "y": 92, "width": 400, "height": 430}  # below the head of the page
LARGEST = 60_000  # bytes
COLOURS = 48  # of a picture's palette
DESK: ViewportSize = {"width": 1060, "height": 660}
ROOM: ViewportSize = {"width": 480, "height": 460}
#: a font and some space: the recipes are HTML without a style of their own
PAPER = """
  body { margin: 20px; font: 15px/1.5 sans-serif }
  h1 { margin: 0 0 12px; font-size: 22px } h2 { margin: 16px 0 8px; font-size: 17px }
  input, select, textarea, button { margin: 2px 0; font: inherit; accent-color: #1b5fa8 }
  textarea { width: 100%; max-height: 90px; box-sizing: border-box } label { margin-right: 6px }
  [data-error] { color: #a30000 }
"""
#: the height of what there is to see, a dialog or a toast included
HEIGHT = """() => 20 + Math.max(
  ...[...document.body.querySelectorAll("*")].map((node) => node.getBoundingClientRect().bottom))"""
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


@contextmanager
def program_of(page: Path) -> Iterator[Flask]:
    """Give the app of a page of the book, run in a folder of its own."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, importing_from(Path(folder)):
        os.chdir(folder)
        try:
            program = [block for block in blocks_of(page) if not block.is_check]
            yield app_in(run_blocks(program, Path(folder), "page"))
        finally:
            os.chdir(before)


def app_in(module: ModuleType) -> Flask:
    """Return the app of a program: its own, that of its factory, or that of its file ``app.py``."""
    if not {"app", "create_app"} & set(vars(module)):
        module = import_module("app")
    app: Flask = module.app if "app" in vars(module) else module.create_app()
    if "create-tables" in app.cli.commands:
        app.test_cli_runner().invoke(args=["create-tables"])
    return app


def program_picture(browser: Browser, source: Path, start: str, scene: Scene) -> bytes:
    """Play a scene on the first page of a program of the book, and take it."""
    with program_of(source) as app, served(app) as address:
        context = browser.new_context(base_url=address, viewport=ROOM, device_scale_factor=2, bypass_csp=True)
        if source.stem in SESSIONS:
            context.add_cookies([{"name": "session", "value": signed(app, SESSIONS[source.stem]), "url": address}])
        page = context.new_page()
        page.goto(start)
        page.add_style_tag(content=PAPER)
        scene(page)
        page.add_style_tag(content=PAPER)  # the scene may have led elsewhere
        height = min(page.evaluate(HEIGHT), ROOM["height"])
        shot = page.screenshot(clip={"x": 0, "y": 0, "width": ROOM["width"], "height": height})
        context.close()
    return shot


def signed(app: Flask, session: Mapping[str, str]) -> str:
    """Return the cookie of a session."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    return str(serializer.dumps(session)) if serializer else ""


def recipe_picture(browser: Browser, name: str) -> bytes:
    return program_picture(browser, DOCS / "cookbook" / f"{name}.rst", START.get(name, "/"), SCENES[name])


def board_pictures(browser: Browser, folder: str) -> dict[str, bytes]:
    """Return the board, and a card of it in a dialog."""
    app = board.create_app(
        {
            "DATABASE": f"{folder}/board.sqlite3",
            "SERVERACTIONS_STORE_URL": f"sqlite:///{folder}/state.sqlite3",
        }
    )
    seed_board(app)
    with served(app) as address:
        page = browser.new_page(base_url=address, viewport=DESK, reduced_motion="reduce")
        page.goto("/")
        page.get_by_label("Person").select_option("Ada")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Move “Answer the security review” to Done").click()
        page.get_by_text("moved “Answer").wait_for()
        page.evaluate("scrollTo(0, 0)")
        whole = page.screenshot()
        page.get_by_role("link", name="Draw the new icons").click()
        page.get_by_role("dialog").get_by_label("Title").wait_for()
        in_dialog = page.screenshot()
        page.close()
    return {"board.png": whole, "dialog.png": in_dialog}


def example_pictures(browser: Browser) -> Mapping[str, bytes]:
    """Return the pictures of the examples by their names."""
    with tempfile.TemporaryDirectory() as folder, served(example(folder)) as address:
        captions = ("Without JavaScript", "With JavaScript, before the answer")
        shots = (refused(browser, address), pending(browser, address))
        return {
            "todo.png": beside(browser, list(zip(captions, shots, strict=True))),
            "docs-page.png": documentation(browser, address),
            "form.png": program_picture(browser, DOCS / "forms.rst", "/", as_it_is),
            **board_pictures(browser, folder),
        }


def main(*recipes: str) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with postgres() as database, sync_playwright() as playwright:
        os.environ["DATABASE_URL"] = database  # for the recipe of PostgreSQL
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        if not recipes:
            for name, shot in example_pictures(browser).items():
                keep(PICTURES / name, shot)
        for name in recipes or SCENES:
            keep(RECIPES / f"{name}.png", recipe_picture(browser, name))
        browser.close()


def keep(path: Path, shot: bytes) -> None:
    """Write a picture with a palette, which takes a third of the bytes."""
    packed = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS).save(packed, "PNG", optimize=True)
    if packed.tell() > LARGEST:
        sys.exit(f"{path.name} has {packed.tell():,} bytes; {LARGEST:,} are the most that a page may carry.")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(packed.getvalue())


if __name__ == "__main__":
    main(*sys.argv[1:])
