"""What the forms call, and who may call it."""

from __future__ import annotations

import hmac
import time
from typing import Annotated

from flask import current_app, flash, redirect, session, url_for
from marshmallow import fields
from marshmallow.validate import Length, Range, Regexp
from werkzeug.wrappers import Response

from flask_serveractions import ActionError, Bound, Operation, public, requires, revalidate_path

from . import carts, catalogue
from .extensions import db, server
from .money import Price, cents, euros

ADMIN_PASSWORD = "demo-password"

Quantity = Annotated[int, Range(0, carts.MOST, error=f"Give a number from 0 to {carts.MOST}.")]
Name = Annotated[str, Length(1, 100, error="Who is paying?")]
Card = Annotated[
    str,
    Regexp(r"(\d ?){15}\d\Z", error="A card has 16 digits."),
    fields.String(
        metadata={"label": "Card number", "description": "Any 16 digits; the bank refuses those that end in 0000."}
    ),
]
Password = Annotated[str, fields.String(metadata={"description": f"It is {ADMIN_PASSWORD}."})]


@server.auth_hook
def authenticate(operation: Operation) -> str | None:
    """Return who is calling. What is for everybody is marked @public; the rest is the admin's."""
    return "admin" if session.get("admin") else None


@server.register
@public
def add_to_cart(product_id: Bound[int]) -> None:
    carts.put(product_id, 1, more=True)
    revalidate_path("/")
    revalidate_path("/cart")


@server.register
@public
def change_quantity(product_id: Bound[int], quantity: Quantity) -> None:
    carts.put(product_id, quantity)
    revalidate_path("/cart")


@server.register(once=True)
@public
def pay(total: Bound[int], name: Name, card: Card) -> Response:
    """Charge the card and make the cart an order: once, however often the form is sent."""
    cart = carts.items()
    if carts.total_of(cart) != total:
        flash("Your cart or a price has changed. Please look at it again: nothing was paid.")
        return redirect(url_for("pages.cart"))
    if not cart:
        raise ActionError("Your cart is empty.")
    made = carts.order(cart, name)
    charge(card)
    db.session.commit()
    flash(f"Thank you, {name}. {euros(total)} are paid, and order {made.id} is on its way.")
    return redirect(url_for("pages.orders"))


def charge(card: str) -> None:
    """Ask the bank.

    :raises ActionError: it refuses: a card that ends in 0000.
    """
    time.sleep(current_app.config["BANK_SECONDS"])
    if card.endswith("0000"):
        raise ActionError("The bank refuses this card.", field="card")


@server.register
@requires("admin")
def set_price(product_id: Bound[int], price: Price) -> None:
    product = catalogue.change_price(cents(price), id=product_id)
    flash(f"{product.name} costs {euros(product.price)} now.")


@server.register
@public
def sign_in(password: Password, back: Bound[str]) -> Response:
    if not hmac.compare_digest(password.encode(), ADMIN_PASSWORD.encode()):
        raise ActionError("That is not the password.", field="password")
    session["admin"] = True
    return redirect(back)


@server.register
def sign_out() -> Response:
    session.pop("admin")
    return redirect(url_for("pages.index"))
