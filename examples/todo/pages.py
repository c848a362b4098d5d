"""The pages. Those that are not for everybody are MethodRoutes: the one hook guards them as well."""

from __future__ import annotations

import re

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from flask_serveractions import MethodRoute, requires

from . import store

pages = Blueprint("pages", __name__)


@pages.get("/")
def index() -> str:
    return render_template(
        "index.html",
        todos=store.todos_of(current_user, completed=False),
        completed=store.todos_of(current_user, completed=True),
        report=store.report_of(current_user),
    )


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    back = own_path(request.args.get("next", ""))
    return render_template("sign_in.html", back=back) if current_user.is_guest else redirect(back)


@pages.get("/sign-up")
def sign_up() -> ResponseReturnValue:
    return render_template("sign_up.html") if current_user.is_guest else redirect(url_for("pages.index"))


@requires("member")
class Account(MethodRoute):
    def get(self) -> str:
        return render_template("account.html")


@requires("admin")
class Report(MethodRoute):
    def get(self) -> str:
        return render_template("report.html", figures=store.figures())


pages.add_url_rule("/account", view_func=Account.as_view("account"))
pages.add_url_rule("/report", view_func=Report.as_view("report"))


@pages.app_errorhandler(HTTPException)
def show_error(error: HTTPException) -> ResponseReturnValue:
    """Say it in the site's own dress. The doors answer API clients with problem details by themselves."""
    return render_template("error.html", error=error), error.code or 500


def own_path(path: str) -> str:
    """Return a path of this site, or the first page: a link to ``/sign-in`` may come from anywhere."""
    return path if re.fullmatch(r"/(?!/)[^\\\s\x00-\x1f]*", path) else url_for("pages.index")
