"""The catalogue: read by everybody, changed rarely, so it is kept until it changes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from flask_serveractions import ActionError, cached, revalidate_tag

from .extensions import db
from .models import Product

TAG = "catalogue"


@cached(tags=(TAG,))
def catalogue() -> list[dict[str, Any]]:
    """Return what is for sale: ``{"id", "sku", "name", "note", "price"}`` each."""
    columns = (Product.id, Product.sku, Product.name, Product.note, Product.price)
    return [dict(row) for row in db.session.execute(select(*columns).order_by(Product.name)).mappings()]


def change_price(price: int, **which: Any) -> Product:
    """Change the price of a product: ``change_price(420, sku="TEA")``.

    :param price: in cents.
    :raises ActionError: 404, there is no such product.
    """
    product = db.session.scalar(select(Product).filter_by(**which))
    if product is None:
        raise ActionError("There is no such product.", status=404)
    product.price = price
    db.session.commit()
    revalidate_tag(TAG)  # after the commit: whoever reads from now on reads the new price
    return product
