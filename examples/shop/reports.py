"""A report that takes its time: told step by step, or made in the background. One function is both."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from flask_serveractions import Progress, ServerActions, requires, revalidate_path

from .extensions import db
from .models import OrderLine, Product, Report


@requires("admin")
def generate_report() -> Generator[Progress, None, list[dict[str, Any]]]:
    """Store what was sold of each product, and return it: ``{"name", "sold", "amount"}`` each."""
    products = db.session.execute(select(Product.sku, Product.name).order_by(Product.name)).all()
    lines = []
    for done, (sku, name) in enumerate(products):
        yield Progress(done, len(products), f"Counting {name}")
        time.sleep(current_app.config["REPORT_SECONDS"])
        lines.append({"name": name, **sales_of(sku)})
    db.session.add(Report(lines=lines))
    db.session.commit()
    revalidate_path("/report")
    return lines


def sales_of(sku: str) -> dict[str, int]:
    amount = OrderLine.price * OrderLine.quantity
    query = select(func.sum(OrderLine.quantity), func.sum(amount)).where(OrderLine.sku == sku)
    sold, taken = db.session.execute(query).one()
    return {"sold": sold or 0, "amount": taken or 0}


def latest() -> Report | None:
    return db.session.scalar(select(Report).order_by(Report.id.desc()).limit(1))


def register_reports(server: ServerActions) -> None:
    server.register(generate_report)
    server.register(name="generate_report_later", background=True)(generate_report)
