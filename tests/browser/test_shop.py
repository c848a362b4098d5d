"""The shop in a real browser: paying once, and a report that says how far it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from examples.shop import create_app, reports
from examples.shop.actions import ADMIN_PASSWORD
from examples.shop.demo import seed
from examples.shop.extensions import db
from tests.todo_app import served

PHONE = {"width": 390, "height": 844}
TOLD = """window.told = [];
document.addEventListener("action:progress", ({detail}) => told.push(detail.progress.message))"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Flask]:
    config = {
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'shop.sqlite3'}",
        "SERVERACTIONS_STORE_URL": f"sqlite:///{tmp_path / 'state.sqlite3'}",
    }
    app = create_app(config)
    seed(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def page(browser: Browser, shop: Flask, scripts: bool) -> Iterator[Page]:
    with served(shop) as address:
        context = browser.new_context(base_url=address, java_script_enabled=scripts, viewport=PHONE)
        yield context.new_page()
        context.close()


def open_report(page: Page) -> None:
    page.goto("/report")  # leads to the sign-in page
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Report")).to_be_visible()


def test_a_cart_is_filled_a_card_refused_and_another_one_charged_once(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Add Assam to the cart").click()
    page.get_by_role("link", name="Cart (1)").click()
    page.get_by_label("Name").fill("Ada")
    card, pay = page.get_by_label("Card number"), page.get_by_role("button", name="Pay")
    card.fill("4242424242420000")
    pay.click()
    expect(page.get_by_text("The bank refuses this card.")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Ada")
    card.fill("4242424242424242")
    pay.dblclick()
    paid, still = page.get_by_role("heading", name="Order 1"), page.get_by_text("still being done")
    expect(paid.or_(still)).to_be_visible()
    if still.is_visible():  # without scripts the second request can come before the first has its answer
        pay.click()
        expect(paid).to_be_visible()
    page.goto("/orders")
    expect(page.get_by_role("heading", level=2)).to_have_count(1)


@pytest.mark.parametrize("button", ["Generate report", "Generate in the background"])
def test_a_report_comes_on_its_page(page: Page, button: str) -> None:
    open_report(page)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("table")).to_contain_text("Report 1")
    assert page.url.endswith("/report")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What a report waits for before each line."""
    gate = threading.Event()
    monkeypatch.setattr(reports, "time", SimpleNamespace(sleep=lambda seconds: gate.wait(60)))
    yield gate
    gate.set()


def begin_report(page: Page) -> None:
    """Begin one in the background, and come back to its page."""
    open_report(page)
    expect(page.get_by_role("progressbar")).to_have_count(0)  # nothing runs
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_role("button", name="Generate in the background").click()
    page.goto("/report")
    expect(page.get_by_role("progressbar")).to_be_visible()


def test_a_report_that_runs_is_seen_after_a_reload_and_can_be_cancelled(page: Page, gate: threading.Event) -> None:
    begin_report(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_text("There is none yet.")).to_be_visible()


@pytest.mark.parametrize("scripts", [True])
def test_the_page_follows_a_report_that_was_begun_before_a_reload(page: Page, gate: threading.Event) -> None:
    begin_report(page)
    gate.set()
    expect(page.get_by_role("table")).to_contain_text("Report 1")
    expect(page.get_by_role("progressbar")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True])
def test_a_script_hears_of_each_step_of_a_report(page: Page) -> None:
    open_report(page)
    page.evaluate(TOLD)
    page.get_by_role("button", name="Generate report").click()
    expect(page.get_by_role("table")).to_contain_text("Report 1")
    assert page.evaluate("told") == [f"Counting {name}" for name in ("Assam", "Darjeeling", "Mint", "Sencha", "Tea")]


def test_a_new_price_is_in_the_catalogue(page: Page) -> None:
    open_report(page)
    page.get_by_role("link", name="Prices").click()
    page.get_by_label("Price of Tea in euros").fill("4.90")
    page.get_by_role("listitem").filter(has_text="Tea").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Tea costs € 4.90 now.")).to_be_visible()
    page.goto("/")
    expect(page.locator("[data-sku=TEA]")).to_have_text("€ 4.90")


def test_a_page_fits_a_phone(page: Page) -> None:
    open_report(page)
    for path in ("/", "/cart", "/orders", "/prices", "/report"):
        page.goto(path)
        links = page.get_by_role("navigation").get_by_role("link").all()
        assert all((link.bounding_box() or {"height": 99})["height"] < 50 for link in links)  # none breaks its line
        assert page.locator("main").bounding_box()["width"] <= PHONE["width"]  # type: ignore[index]
