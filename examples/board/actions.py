"""What people do to cards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Literal

from flask import current_app, redirect, request, session, url_for
from marshmallow.validate import Length
from werkzeug.wrappers import Response

from flask_serveractions import ActionError, Bound, Progress, ServerActions, current_identity, public, revalidate_tag

from . import store

server = ServerActions()
Title = Annotated[str, Length(1, 80)]
Person = Literal["", "Ada", "Grace", "Katherine", "Margaret"]
Stage = Literal["todo", "doing", "done"]


@server.auth_hook(schemes={"bearer": {"type": "http", "scheme": "bearer"}})
def who(operation: object) -> str | None:
    given = request.authorization
    return given.token if given and given.token in store.PEOPLE else session.get("person")


def tell(text: str) -> None:
    """Put a line into the feed, and let every open board know."""
    store.change("INSERT INTO events (person, text) VALUES (?, ?)", str(current_identity), text)
    revalidate_tag("cards")


def existing(card_id: int) -> store.Row:
    """:raises ActionError: somebody has deleted it."""
    card = store.card(card_id)
    if card is None:
        raise ActionError("This card is gone.", status=404)
    return card


@public
@server.register
def sign_in(person: Literal["Ada", "Grace", "Katherine", "Margaret"]) -> Response:
    session["person"] = person
    return redirect(url_for("pages.board"))


@server.register
def sign_out() -> Response:
    session.clear()
    return redirect(url_for("pages.sign_in"))


@server.register(once=True)
def create_card(title: Title, person: Person = "", stage: Stage = "todo") -> Response:
    store.change("INSERT INTO cards (title, person, stage) VALUES (?, ?, ?)", title, person, stage)
    tell(f"added “{title}”")
    return redirect(url_for("pages.board"))


@server.register
def edit_card(card_id: Bound[int], title: Title, person: Person, stage: Stage) -> Response:
    existing(card_id)
    store.change("UPDATE cards SET title = ?, person = ?, stage = ? WHERE id = ?", title, person, stage, card_id)
    tell(f"changed “{title}”")
    return redirect(url_for("pages.board"))


@server.register
def move_card(card_id: Bound[int], stage: Bound[str]) -> None:
    card = existing(card_id)
    store.change("UPDATE cards SET stage = ? WHERE id = ?", stage, card_id)
    tell(f"moved “{card['title']}” to {store.COLUMNS[stage]}")


@server.register
def archive_card(card_id: Bound[int]) -> Response:
    card = existing(card_id)
    store.change("UPDATE cards SET archived = 1 WHERE id = ?", card_id)
    tell(f"archived “{card['title']}”")
    return redirect(url_for("pages.board"))


@server.register
def save_notes(card_id: Bound[int], notes: Annotated[str, Length(max=2000)] = "") -> None:
    existing(card_id)
    store.change("UPDATE cards SET notes = ? WHERE id = ?", notes, card_id)


@server.register(once=True)
def comment(card_id: Bound[int], text: Annotated[str, Length(1, 500)]) -> None:
    card = existing(card_id)
    store.change("INSERT INTO comments (card, person, text) VALUES (?, ?, ?)", card_id, str(current_identity), text)
    tell(f"commented on “{card['title']}”")


@server.register(background=True)
def export() -> Iterator[Progress | dict[str, int]]:
    """Count what there is, slowly, as an export of a big board would be."""
    counts: dict[str, int] = {}
    for done, (stage, cards) in enumerate(store.columns().items(), 1):
        time.sleep(current_app.config["EXPORT_SECONDS"])
        counts[stage] = len(cards)
        yield Progress(done, len(store.COLUMNS), f"{len(cards)} in “{store.COLUMNS[stage]}”")
    return counts
