"""Notes: what visitors write while workers are killed. Nothing but ``once`` keeps one from being written twice."""

from __future__ import annotations

import time
from collections.abc import Generator

from flask import Blueprint, render_template, render_template_string
from flask_login import current_user
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from examples.todo.extensions import db, server
from examples.todo.schemas import TodoText
from flask_serveractions import Progress, cached, current_identity, public, revalidate_tag

SHOWN = 20
STEP_SECONDS = 0.02
FORMS = ("write_note", "write_note_slowly", "write_note_later", "add_todo", "renew_token")

pages = Blueprint("notes", __name__, template_folder="templates")


class Note(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str]


@cached(tags=("notes",))
def latest(owner_id: int) -> list[str]:
    query = select(Note.text).filter_by(owner_id=owner_id).order_by(Note.id.desc()).limit(SHOWN)
    return list(db.session.scalars(query))


@pages.get("/notes")
def index() -> str:
    return render_template("notes.html", names=FORMS, texts=latest(current_user.id))


VIEWED = """<main>{% call region("viewed", live=("viewed",)) %}{% endcall %}
{% call action_form("touch") %}<button>Touch</button>{% endcall %}</main>"""


@pages.get("/viewed")
def viewed() -> str:
    return render_template_string(VIEWED)


@server.register
@public
def touch() -> None:
    revalidate_tag("viewed")


def write(owner_id: int, text: str) -> str:
    db.session.add(Note(owner_id=owner_id, text=text))
    db.session.commit()
    revalidate_tag("notes")
    return text


@server.register(once=True)
def write_note(text: TodoText) -> str:
    return write(current_identity.id, text)


@server.register(once=True)
def write_note_slowly(text: TodoText) -> Generator[Progress, None, str]:
    """Say something before the note is written, and after."""
    for number in range(1, 4):
        yield Progress(number, 4, text)
        time.sleep(STEP_SECONDS)
    written = write(current_identity.id, text)
    yield Progress(4, 4, text)
    return written


@server.register(once=True, background=True)
def write_note_later(text: TodoText) -> Generator[Progress, None, str]:
    yield Progress(0, 1, text)
    return write(int(str(current_identity)), text)  # in a job, an identity is its ID
