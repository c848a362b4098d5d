"""The pages. The admin's are MethodRoutes: the one hook guards them as well."""

from __future__ import annotations

import re

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from flask_serveractions import MethodRoute, requires

from . import carts, reports
from .catalogue import catalogue

pages = Blueprint("pages", __name__)


@pages.get("/")
def index() -> str:
    return render_template("index.html", products=catalogue())


@pages.get("/cart")
def cart() -> str:
    items = carts.items()
    return render_template("cart.html", items=items, total=carts.total_of(items))


@pages.get("/orders")
def orders() -> str:
    return render_template("orders.html", orders=carts.orders())


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    back = own_path(request.args.get("next", ""))
    return redirect(back) if session.get("admin") else render_template("sign_in.html", back=back)


@requires("admin")
class Prices(MethodRoute):
    def get(self) -> str:
        return render_template("prices.html", products=catalogue())


@requires("admin")
class Report(MethodRoute):
    def get(self) -> str:
        return render_template("report.html", report=reports.latest())


pages.add_url_rule("/prices", view_func=Prices.as_view("prices"))
pages.add_url_rule("/report", view_func=Report.as_view("report"))


@pages.app_errorhandler(HTTPException)
def show_error(error: HTTPException) -> ResponseReturnValue:
    """Say it in the site's own dress. The doors answer API clients with problem details by themselves."""
    return render_template("error.html", error=error), error.code or 500


def own_path(path: str) -> str:
    """Return a path of this site, or the admin's first page: a link to ``/sign-in`` may come from anywhere."""
    return path if re.fullmatch(r"/(?!/)[^\\\s\x00-\x1f]*", path) else url_for("pages.prices")
