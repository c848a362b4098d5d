"""What is stored: people, and what they have to do."""

from __future__ import annotations

import secrets
from hashlib import sha256

from flask_login import UserMixin
from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from werkzeug.security import check_password_hash, generate_password_hash

from .extensions import db

# An ID is never given out twice: an old session must not open a new account.
NEVER_AGAIN = {"sqlite_autoincrement": True}


class User(UserMixin, db.Model):
    """Somebody with a list: a member, or a guest, who has no name."""

    __table_args__ = NEVER_AGAIN

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    token_digest: Mapped[str | None] = mapped_column(unique=True)
    is_admin: Mapped[bool] = mapped_column(default=False)
    todos: Mapped[list[Todo]] = relationship(back_populates="owner", order_by="Todo.id", cascade="all, delete-orphan")
    report: Mapped[Report | None] = relationship(cascade="all, delete-orphan")

    @property
    def is_guest(self) -> bool:
        return self.name is None

    @property
    def roles(self) -> set[str]:
        """Return what ``@requires`` may ask for."""
        if self.is_guest:
            return set()
        return {"member", "admin"} if self.is_admin else {"member"}

    def set_password(self, password: str) -> None:
        self.password_hash = generate_password_hash(password)

    def has_password(self, password: str) -> bool:
        return self.password_hash is not None and check_password_hash(self.password_hash, password)

    def new_token(self) -> str:
        """Return a new token for the API. Only its digest is stored, so it can't be shown again."""
        token = secrets.token_urlsafe(32)
        self.token_digest = digest(token)
        return token

    def adopt(self, guest: User) -> None:
        """Take over a guest's list; what stands on both is kept once."""
        own = {todo.text for todo in self.todos}
        for todo in list(guest.todos):
            if todo.text not in own:
                todo.owner = self
        db.session.delete(guest)


class Todo(db.Model):
    __table_args__ = (UniqueConstraint("owner_id", "text"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    completed: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    owner: Mapped[User] = relationship(back_populates="todos")


class Report(db.Model):
    """What the last report said about somebody's list."""

    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    text: Mapped[str]


def digest(token: str) -> str:
    """Return a token as it is stored. It is long and random: one round of SHA-256 is enough."""
    return sha256(token.encode()).hexdigest()
