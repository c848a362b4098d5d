"""What the document says of results whose annotation has a schema somewhere: nothing that it hides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from flask import Flask, Response
from marshmallow import Schema, fields
from openapi_spec_validator import validate

from flask_serveractions import MethodRoute, ServerActions


@dataclass
class User:
    name: str
    password: str


class UserSchema(Schema):
    name = fields.String()


UserOut = Annotated[User, UserSchema()]


@pytest.mark.parametrize(
    ("annotation", "media_types"),
    [
        (UserOut, {"application/json"}),
        (UserOut | None, {"application/json"}),
        (UserOut | Response, {"application/json", "*/*"}),
        (dict[str, UserOut], {"application/json"}),
        (list[list[UserOut]], {"application/json"}),
        (tuple[UserOut, int], {"application/json"}),
    ],
)
def test_what_a_schema_hides_is_not_in_the_document(annotation: Any, media_types: set[str]) -> None:
    class Users(MethodRoute):
        def get(self) -> Any: ...

    Users.get.__annotations__["return"] = annotation
    app = Flask(__name__)
    app.secret_key = "of the tests"
    ServerActions(app).route("/users")(Users)
    described = app.test_client().get("/openapi.json").json
    validate(described)
    assert "password" not in json.dumps(described)
    assert set(described["paths"]["/users"]["get"]["responses"]["200"]["content"]) == media_types
