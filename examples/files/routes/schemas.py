"""What a to-do looks like from outside, and what its text may be."""

from __future__ import annotations

from typing import Annotated

from marshmallow import Schema, fields
from marshmallow.validate import Length

from .store import Todo


class TodoSchema(Schema):
    id = fields.Integer()
    text = fields.String()
    completed = fields.Boolean()


Text = Annotated[str, Length(1, 200)]
TodoOut = Annotated[Todo, TodoSchema()]
