"""Signing up, in and out: actions like all others."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask_login import logout_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from flask_serveractions import ActionError, Bound, current_identity, public, requires

from .access import welcome
from .extensions import db
from .models import User
from .schemas import Name, NewPassword


@public
def sign_up(name: Name, password: NewPassword) -> Response:
    user = User(name=name.lower())
    user.set_password(password)
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise ActionError("Somebody has that name already.", field="name") from None
    welcome(user)
    flash(f"Welcome, {user.name}. Your list is kept from now on.")
    return redirect(url_for("pages.index"))


@public
def sign_in(name: str, password: str, back: Bound[str]) -> Response:
    user = db.session.scalar(select(User).filter_by(name=name.strip().lower()))
    if user is None or not user.has_password(password):
        raise ActionError("No account has that name and password.")
    welcome(user)
    flash(f"Welcome back, {user.name}.")
    return redirect(back)


def sign_out() -> Response:
    logout_user()
    flash("You are signed out.")
    return redirect(url_for("pages.index"))


@requires("member")
def renew_token() -> None:
    token = current_identity.new_token()
    db.session.commit()
    flash(token, "token")
    flash("This is your new token. Copy it now: it is not shown again.")


@requires("member")
def delete_account(password: str) -> Response:
    if not current_identity.has_password(password):
        raise ActionError("That is not your password.", field="password")
    db.session.delete(db.session.get_one(User, current_identity.id))
    db.session.commit()
    logout_user()
    flash("Your account and your list are deleted.")
    return redirect(url_for("pages.index"))
