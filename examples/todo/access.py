"""Who is calling: one hook for both doors, and what it finds out from a session or from a token."""

from __future__ import annotations

from flask import Request, abort, session
from flask_login import AnonymousUserMixin, current_user, login_user
from sqlalchemy import select

from flask_serveractions import Operation

from .extensions import db, login_manager, server
from .models import User, digest


@server.auth_hook(schemes={"bearer": {"type": "http", "scheme": "bearer"}})
def authenticate(operation: Operation) -> User | None:
    """Return who is calling. Runs before every action and before every method of a resource."""
    if not current_user.is_authenticated:
        return None
    if operation.requires and current_user.is_guest:
        return None  # a guest may sign in first
    if not operation.requires <= current_user.roles:
        abort(403, f"For this you need to be {' and '.join(sorted(operation.requires))}.")
    return current_user


@login_manager.user_loader
def user_of_session(user_id: str) -> User | None:
    return db.session.get(User, int(user_id))


@login_manager.request_loader
def user_of_token(request: Request) -> User | None:
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        return None
    return db.session.scalar(select(User).filter_by(token_digest=digest(sent.token)))


class Nobody(AnonymousUserMixin):
    """A visitor who has not written anything yet."""

    id = name = None
    is_guest = True
    roles: frozenset[str] = frozenset()


login_manager.anonymous_user = Nobody


def begin_guest() -> User:
    """Return a new guest, known by this browser's session."""
    guest = User()
    db.session.add(guest)
    return remember(guest)


def welcome(user: User) -> User:
    """Sign a member in, who takes over the guest's list of this browser."""
    if current_user.is_authenticated and current_user.is_guest:
        user.adopt(db.session.get_one(User, current_user.id))
    return remember(user)


def remember(user: User) -> User:
    db.session.commit()
    session.permanent = True  # for a month, not only until the browser is closed
    login_user(user)
    return user
