"""The supplier's messages: a signed webhook changes a price."""

from __future__ import annotations

import os
from typing import Any

from marshmallow import ValidationError

from flask_serveractions import ActionError, webhooks

from . import catalogue
from .extensions import server
from .money import Euros, cents

SECRET = os.environ.get("SHOP_SUPPLIER_SECRET", "whsec_b25seSBmb3IgdHJ5aW5nIGl0IG91dA==")


@server.webhook("/hooks/supplier", webhooks.standard(SECRET))
def supplier_event(event: dict[str, Any]) -> None:
    """Take a message: ``{"type": "price.changed", "data": {"sku": "TEA", "price": "4.90"}}``; others are not for us."""
    if event.get("type") != "price.changed":
        return
    try:
        sku, price = event["data"]["sku"], Euros().deserialize(event["data"]["price"])
    except (KeyError, TypeError, ValidationError) as error:
        raise ActionError("A price.changed has data with a sku and a price.", status=400) from error
    catalogue.change_price(cents(price), sku=sku)
