"""Prices: whole cents inside, euros outside."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from marshmallow import fields
from marshmallow.validate import Range

WRONG = "Give a price from 0.01 to 9999.99."


class Euros(fields.Decimal):
    """A price: euros and cents."""

    def __init__(self) -> None:
        valid = Range(Decimal("0.01"), Decimal("9999.99"), error=WRONG)
        super().__init__(places=2, validate=valid, error_messages={"invalid": WRONG})


Price = Annotated[Decimal, Euros()]


def cents(price: Decimal) -> int:
    return int(price * 100)


def euros(amount: int) -> str:
    """Return an amount of cents for people: ``€ 4.20``."""
    return f"€ {amount // 100}.{amount % 100:02d}"
