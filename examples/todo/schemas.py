"""The rules for what comes in, and the shape of what goes out: the same for forms and for the API."""

from __future__ import annotations

from typing import Annotated, Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range, Regexp

from .models import Todo


class Text(fields.String):
    """What is to be done: 1 to 200 characters, not counting spaces around them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=Length(1, 200, error="Write 1 to 200 characters."), **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        return super()._deserialize(*args, **kwargs).strip()


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = Text(required=True)
    completed = fields.Boolean(load_default=False)


TodoId = Annotated[int, Range(max=2**63 - 1)]  # the largest that SQLite holds
TodoText = Annotated[str, Text()]
TodoIn = Annotated[dict[str, Any], TodoSchema()]
TodoChanges = Annotated[dict[str, Any], TodoSchema(partial=True)]
TodoOut = Annotated[Todo, TodoSchema()]

Name = Annotated[str, Regexp(r"[A-Za-z0-9_-]{2,30}\Z", error="Use 2 to 30 letters, digits, - or _.")]
NewPassword = Annotated[
    str,
    Length(8, 200, error="Use 8 characters or more."),
    fields.String(metadata={"description": "8 characters or more"}),
]
