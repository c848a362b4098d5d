"""What is stored: products, carts, orders, and the latest report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .extensions import db


class Product(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    note: Mapped[str]
    price: Mapped[int]  # cents


class CartItem(db.Model):
    __table_args__ = (UniqueConstraint("visitor", "product_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visitor: Mapped[str]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    product: Mapped[Product] = relationship()
    quantity: Mapped[int] = mapped_column(default=0)

    @property
    def amount(self) -> int:
        return self.quantity * self.product.price


class Order(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    visitor: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    total: Mapped[int]  # cents
    created: Mapped[datetime] = mapped_column(server_default=func.now())
    lines: Mapped[list[OrderLine]] = relationship(order_by="OrderLine.id")


class OrderLine(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    sku: Mapped[str]
    name: Mapped[str]
    price: Mapped[int]  # as it was then
    quantity: Mapped[int]


class Report(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created: Mapped[datetime] = mapped_column(server_default=func.now())
