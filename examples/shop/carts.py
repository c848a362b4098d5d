"""Carts and orders. They belong to a visitor, who is known by a random number in the session."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from flask import session
from sqlalchemy import delete, select

from flask_serveractions import ActionError

from .extensions import db
from .models import CartItem, Order, OrderLine, Product

MOST = 99  # of one product


def visitor() -> str:
    """Return who is shopping: from now on known by this browser's session."""
    known: str = session.setdefault("visitor", secrets.token_hex(16))
    return known


def items() -> Sequence[CartItem]:
    query = select(CartItem).filter_by(visitor=session.get("visitor", "")).order_by(CartItem.id)
    return db.session.scalars(query).all()


def total_of(cart: Sequence[CartItem]) -> int:
    """Return what a cart costs, in cents."""
    return sum(item.amount for item in cart)


def count() -> int:
    return sum(item.quantity for item in items())


def orders() -> Sequence[Order]:
    query = select(Order).filter_by(visitor=session.get("visitor", "")).order_by(Order.id.desc())
    return db.session.scalars(query).all()


def put(product_id: int, quantity: int, *, more: bool = False) -> None:
    """Put a product into the cart, so often; 0 takes it out.

    :param more: add to what is there.
    :raises ActionError: 404, there is no such product.
    """
    who = visitor()
    if db.session.get(Product, product_id) is None:
        raise ActionError("There is no such product.", status=404)
    item = db.session.scalar(select(CartItem).filter_by(visitor=who, product_id=product_id))
    item = item or CartItem(visitor=who, product_id=product_id, quantity=0)
    item.quantity = min(MOST, quantity + (item.quantity if more else 0))
    db.session.add(item)
    if not item.quantity:
        db.session.delete(item) if item.id else db.session.expunge(item)
    db.session.commit()


def order(cart: Sequence[CartItem], name: str) -> Order:
    """Make the cart an order; the caller commits it, once it is paid.

    :raises ActionError: the cart was paid by another form meanwhile.
    """
    made = Order(visitor=visitor(), name=name, total=total_of(cart))
    made.lines = [
        OrderLine(sku=item.product.sku, name=item.product.name, price=item.product.price, quantity=item.quantity)
        for item in cart
    ]
    taken = db.session.execute(delete(CartItem).where(CartItem.id.in_([item.id for item in cart])))
    if taken.rowcount != len(cart):  # a key guards one form; another tab has a form of its own
        raise ActionError("Your cart was paid meanwhile, in another tab.", status=409)
    db.session.add(made)
    db.session.flush()
    return made
