"""The shop example, through its forms, its webhook and its launcher."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from examples.ports import free_port
from examples.shop import carts, create_app, supplier
from examples.shop.actions import ADMIN_PASSWORD
from examples.shop.demo import seed
from examples.shop.extensions import db
from examples.shop.models import CartItem, Order, Product, Report
from flask_serveractions import ActionError
from tests.callers import BROWSER, SCRIPT, Form, form_in, forms_in, submit
from tests.reliability_servers import HTML, Visitor
from tests.stores_processes import eventually, redis_server_path

PAYMENT = {"name": "Ada", "card": "4242 4242 4242 4242"}
EVENTS = {**SCRIPT, "Accept": "application/json, text/event-stream", "Prefer": "return=representation"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    config = {
        "TESTING": True,
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'shop.sqlite3'}",
        "SERVERACTIONS_STORE_URL": f"sqlite:///{tmp_path / 'state.sqlite3'}",
    }
    app = create_app(config)
    seed(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    client = app.test_client()
    page = submit(client, form_on(client, "/sign-in", "sign_in"), password=ADMIN_PASSWORD)
    assert page.location == "/prices"
    return client


def opened(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, headers=BROWSER)


def form_on(client: FlaskClient, path: str, action: str) -> Form:
    return form_in(opened(client, path), action)


def pay_form(client: FlaskClient) -> Form:
    """Put the first product into the cart, and return the form that pays it."""
    submit(client, form_on(client, "/", "add_to_cart"))
    return form_on(client, "/cart", "pay")


def price_of(client: FlaskClient, sku: str) -> str:
    found = re.search(rf'data-sku="{sku}">(.*?)<', opened(client, "/").text)
    assert found is not None
    return found[1]


def count(app: Flask, model: type[Any]) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


# The cart


def test_what_is_added_is_in_the_cart_and_nobody_elses(app: Flask, client: FlaskClient) -> None:
    for _ in range(2):
        submit(client, form_on(client, "/", "add_to_cart"))
    assert "Pay € 7.80" in opened(client, "/cart").text
    assert "Cart (2)" in opened(client, "/").text
    assert "Nothing here yet." in opened(app.test_client(), "/cart").text


def test_a_quantity_is_changed_and_nothing_is_left_of_none(client: FlaskClient) -> None:
    pay_form(client)
    assert submit(client, form_on(client, "/cart", "change_quantity"), quantity="3").location == "/cart"
    assert "Pay € 11.70" in opened(client, "/cart").text
    submit(client, form_on(client, "/cart", "change_quantity"), quantity="0")
    assert "Nothing here yet." in opened(client, "/cart").text


@pytest.mark.parametrize("quantity", ["-1", "100", "two"])
def test_a_quantity_that_can_not_be_comes_back(client: FlaskClient, quantity: str) -> None:
    pay_form(client)
    page = submit(client, form_on(client, "/cart", "change_quantity"), quantity=quantity)
    assert page.status_code == 422
    form = form_in(page, "change_quantity")
    assert form.errors["quantity"]
    assert form.values["quantity"] == quantity


# Paying


def test_a_payment_that_is_sent_twice_is_made_once(app: Flask, client: FlaskClient) -> None:
    form = pay_form(client)
    first, second = (submit(client, form, **PAYMENT) for _ in range(2))
    assert [page.location for page in (first, second)] == ["/orders", "/orders"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert count(app, Order) == 1
    assert "€ 3.90 are paid, and order 1 is on its way." in opened(client, "/orders").text


def test_a_script_pays_by_the_same_form(app: Flask, client: FlaskClient) -> None:
    form = pay_form(client)
    answers = [submit(client, form, {**SCRIPT, "Prefer": "return=representation"}, **PAYMENT) for _ in range(2)]
    assert [answer.json["redirect"] for answer in answers] == ["/orders", "/orders"]
    assert "order 1 is on its way" in client.get("/orders").text
    assert count(app, Order) == 1


def test_a_card_that_is_refused_can_be_mended(app: Flask, client: FlaskClient) -> None:
    page = submit(client, pay_form(client), name="Ada", card="4242424242420000")
    assert page.status_code == 422
    again = form_in(page, "pay")
    assert again.errors["card"] == "The bank refuses this card."
    assert submit(client, again, **PAYMENT).location == "/orders"
    assert count(app, Order) == 1


def test_nothing_is_paid_at_another_price_than_the_form_showed(
    app: Flask, client: FlaskClient, admin: FlaskClient
) -> None:
    form = pay_form(client)
    submit(admin, form_on(admin, "/prices", "set_price"), price="9.99")
    assert submit(client, form, **PAYMENT).location == "/cart"
    assert "nothing was paid" in opened(client, "/cart").text
    assert count(app, Order) == 0


def test_two_tabs_that_pay_one_cart_at_the_same_time_pay_it_once(app: Flask, client: FlaskClient) -> None:
    pay_form(client)
    with app.test_request_context():
        (item,) = cart = db.session.scalars(select(CartItem)).all()
        assert item.product  # read, and then the other tab is quicker
        with db.engine.begin() as other:
            other.execute(db.delete(CartItem))
        with pytest.raises(ActionError, match="in another tab"):
            carts.order(cart, "Ada")
    assert count(app, Order) == 0


# The catalogue


def test_the_catalogue_is_read_once_and_again_after_a_change(
    app: Flask, client: FlaskClient, admin: FlaskClient
) -> None:
    assert price_of(client, "ASSAM") == "€ 3.90"
    with app.app_context():  # behind the catalogue's back
        db.session.execute(db.update(Product).values(price=100))
        db.session.commit()
    assert price_of(client, "ASSAM") == "€ 3.90"
    page = submit(admin, form_on(admin, "/prices", "set_price"), price="4.5")
    assert page.location == "/prices"
    assert price_of(client, "ASSAM") == "€ 4.50"
    assert price_of(client, "TEA") == "€ 1.00"


@pytest.mark.parametrize("price", ["", "0", "-1", "10000", "much"])
def test_a_price_that_can_not_be_comes_back(client: FlaskClient, admin: FlaskClient, price: str) -> None:
    page = submit(admin, form_on(admin, "/prices", "set_price"), price=price)
    assert page.status_code == 422
    assert form_in(page, "set_price").errors["price"]
    assert price_of(client, "ASSAM") == "€ 3.90"


def test_only_the_shopkeeper_sets_prices_and_reads_reports(client: FlaskClient) -> None:
    for path in ("/prices", "/report"):
        assert opened(client, path).location == f"/sign-in?next={path}"
    page = submit(client, form_on(client, "/sign-in", "sign_in"), password="a guess")
    assert page.status_code == 422


def deliver(client: FlaskClient, body: bytes, message_id: str = "msg_1", **changes: str) -> TestResponse:
    headers = {**supplier.signed(body, message_id, int(time.time())), **changes}
    return client.post("/hooks/supplier", data=body, headers=headers)


def test_the_suppliers_message_changes_a_price_once(client: FlaskClient, admin: FlaskClient) -> None:
    assert price_of(client, "TEA") == "€ 4.20"
    body = supplier.price_changed("TEA", "4.90")
    assert deliver(client, body).status_code == 204
    assert price_of(client, "TEA") == "€ 4.90"
    submit(admin, forms_in(opened(admin, "/prices"))[4], price="5.10")
    assert deliver(client, body).status_code == 200  # the same message again
    assert price_of(client, "TEA") == "€ 5.10"


def test_a_message_of_somebody_else_changes_nothing(client: FlaskClient) -> None:
    answer = deliver(client, supplier.price_changed("TEA", "0.01"), **{"webhook-signature": "v1,AAAA"})
    assert answer.status_code == 400
    assert price_of(client, "TEA") == "€ 4.20"


@pytest.mark.parametrize(
    ("data", "status"), [({}, 400), ({"sku": "TEA", "price": "much"}, 400), ({"sku": "COFFEE", "price": "1"}, 404)]
)
def test_a_message_that_can_not_be_followed_says_so(client: FlaskClient, data: dict[str, str], status: int) -> None:
    body = json.dumps({"type": "price.changed", "data": data}).encode()
    assert deliver(client, body).status_code == status


# The report


def test_a_report_counts_what_was_sold(app: Flask, client: FlaskClient, admin: FlaskClient) -> None:
    submit(client, pay_form(client), **PAYMENT)
    assert submit(admin, form_on(admin, "/report", "generate_report")).location == "/report"
    page = opened(admin, "/report").text
    assert re.search(r"Assam</th><td>1</td><td>€ 3.90", page)
    assert re.search(r"Tea</th><td>0</td><td>€ 0.00", page)


def test_a_report_is_told_step_by_step(admin: FlaskClient) -> None:
    answer = submit(admin, form_on(admin, "/report", "generate_report"), EVENTS)
    assert answer.mimetype == "text/event-stream"
    events = re.findall(r"event: (\w+)\ndata: (.*)\n", answer.text)
    assert [kind for kind, _ in events] == ["progress"] * 5 + ["result"]
    assert json.loads(events[1][1]) == {"done": 1, "total": 5, "message": "Counting Darjeeling"}
    result = json.loads(events[-1][1])
    assert len(result["data"]) == 5
    assert "Report 1" in result["page"]


def test_a_report_in_the_background_leads_back_to_its_page(app: Flask, admin: FlaskClient) -> None:
    waiting = submit(admin, form_on(admin, "/report", "generate_report_later"))
    assert waiting.status_code == 202
    done = eventually(lambda: ended(opened(admin, waiting.location)))
    assert done.location == "/report"
    assert count(app, Report) == 1


def ended(page: TestResponse) -> TestResponse | None:
    return None if page.status_code == 200 else page


# Without a store


def test_the_shop_stays_open_without_its_store_and_takes_no_money(tmp_path: Path) -> None:
    config = {
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'shop.sqlite3'}",
        "SERVERACTIONS_STORE_URL": f"redis://127.0.0.1:{free_port()}/0",  # where nobody listens
    }
    app = create_app(config)
    seed(app)
    client = app.test_client()
    form = pay_form(client)
    assert price_of(client, "ASSAM") == "€ 3.90"
    page = submit(client, form, **PAYMENT)
    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert form_in(page, "pay").values["name"] == "Ada"
    assert count(app, Order) == 0
    with app.app_context():
        db.engine.dispose()


# make shop STORE=redis


def test_the_launcher_brings_everything_up_and_takes_it_down(tmp_path: Path) -> None:
    port = free_port()
    environ = {
        **os.environ,
        "PATH": f"{Path(redis_server_path()).parent}{os.pathsep}{os.environ['PATH']}",
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'shop.sqlite3'}",
        "FLASK_REPORT_SECONDS": "0",
    }
    command = [sys.executable, "-m", "examples.shop.demo", str(port), "redis"]
    output = (tmp_path / "output").open("w+")
    with output, subprocess.Popen(command, env=environ, stdout=output, stderr=output) as shop:
        try:
            eventually(lambda: answers(port))
            children = children_of(shop.pid)
            assert len(children) == 3
            a_worker_makes_a_report(port)
            the_supplier_changes_a_price(port)
        finally:
            shop.send_signal(signal.SIGTERM)
        assert shop.wait(60) == 0, (tmp_path / "output").read_text()
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert not answers(port)


def a_worker_makes_a_report(port: int) -> None:
    admin = Visitor(port)
    admin.submit(admin.form("sign_in", "/sign-in"), password=ADMIN_PASSWORD)
    accepted = admin.submit(admin.form("generate_report_later", "/report"))
    assert accepted.status == 202
    eventually(lambda: "Report 1" in admin.send("GET", "/report", HTML).text)


def the_supplier_changes_a_price(port: int) -> None:
    message = [sys.executable, "-m", "examples.shop.supplier", "TEA", "4.90", f"http://127.0.0.1:{port}"]
    subprocess.run(message, check=True, capture_output=True)
    # whichever of the three workers answers
    assert all("€ 4.90" in Visitor(port).send("GET", "/", HTML).text for _ in range(6))


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=60) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
