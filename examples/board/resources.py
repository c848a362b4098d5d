"""The cards for other programs: whoever sends a person's name as the token writes as that person."""

from __future__ import annotations

from typing import Annotated

from marshmallow import Schema, fields

from flask_serveractions import MethodRoute, public

from . import store
from .actions import Person, Stage, Title, server, tell


class CardSchema(Schema):
    id = fields.Integer()
    title = fields.String()
    stage = fields.String()
    person = fields.String()


Card = Annotated[store.Row, CardSchema()]


@server.route("/api/cards")
class Cards(MethodRoute):
    @public
    def get(self, q: str = "") -> list[Card]:
        """List the cards whose title has these words in it.

        :param q: the words
        """
        return [card for cards in store.columns(q).values() for card in cards]

    def post(self, title: Title, person: Person = "", stage: Stage = "todo") -> Annotated[Card | None, 201]:
        """Add a card, which all open boards then show."""
        added = store.change("INSERT INTO cards (title, person, stage) VALUES (?, ?, ?)", title, person, stage)
        tell(f"added “{title}”")
        return store.card(added.lastrowid or 0)
