"""The pages."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from . import store

blueprint = Blueprint("pages", __name__)


@blueprint.context_processor
def names() -> dict[str, dict[str, str]]:
    return {"titles": store.COLUMNS, "people": {"": "Nobody", **store.PEOPLE}}


@blueprint.before_request
def lead_to_sign_in() -> Response | None:
    return None if "person" in session or request.endpoint == "pages.sign_in" else redirect(url_for("pages.sign_in"))


@blueprint.get("/sign-in")
def sign_in() -> str:
    return render_template("sign_in.html")


@blueprint.get("/")
def board() -> str:
    words = request.args.get("q", "")
    shown = {"columns": store.columns(words), "feed": store.feed(), "statistics": store.statistics}
    return render_template("board.html", words=words, stages=list(store.COLUMNS), **shown)


@blueprint.get("/cards/new")
def new_card() -> str:
    return render_template("new.html", values={"stage": request.args.get("stage", "todo")})


@blueprint.get("/cards/<int:card_id>")
def card(card_id: int) -> str:
    found = store.card(card_id) or abort(404)
    return render_template("card.html", card=found, values=dict(found), comments=store.comments(card_id))


@blueprint.get("/archive")
def archive() -> str:
    number = max(request.args.get("page", 1, int), 1)
    found = store.archived(number)
    has_more = len(found) > store.ON_A_PAGE
    return render_template("archive.html", cards=found[: store.ON_A_PAGE], number=number, has_more=has_more)
