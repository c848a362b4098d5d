"""Lines of a form's text end as in the browser, and its length is what the browser counts."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Any

import pytest
import wtforms
from flask_wtf import FlaskForm
from marshmallow import Schema, fields
from marshmallow.validate import Length
from werkzeug.test import TestResponse

from tests.calling import Door

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def multipart(value: str, more: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="text"{more}'
    return f"--b\r\n{head}\r\n\r\n{value}\r\n--b--\r\n".encode()


def send(door: Door, body: bytes, content_type: str) -> TestResponse:
    length = {"CONTENT_LENGTH": str(len(body))}
    return door.post(input_stream=BytesIO(body), content_type=content_type, environ_overrides=length)


def taking(*, text: str) -> None: ...


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"text=a%0D%0Ab%0d%0a%0D%0Ac%0Dd%0A", URLENCODED),
        (b"text=a\r\nb%0D\n\r%0Ac\rd\n", URLENCODED),
        (multipart("a\r\nb\r\n\r\nc\rd\n"), MULTIPART),
    ],
)
def test_lines_of_a_form_end_as_scripts_see_them(body: bytes, content_type: str) -> None:
    door = Door(taking)
    send(door, body, content_type)
    assert door.last["text"] == "a\nb\n\nc\rd\n"


def test_json_keeps_its_line_ends() -> None:
    door = Door(taking)
    send(door, b'{"text": "a\\r\\nb"}', "application/json")
    assert door.last["text"] == "a\r\nb"


class Story(FlaskForm):  # type: ignore[misc]
    text = wtforms.TextAreaField(validators=[wtforms.validators.Length(1, 5)])


class StorySchema(Schema):
    text = fields.String(validate=Length(1, 5))


def plain(*, text: Annotated[str, Length(1, 5)]) -> None: ...
def many(*, text: list[Annotated[str, Length(1, 5)]]) -> None: ...
def schema(*, story: Annotated[dict[str, Any], StorySchema()]) -> None: ...
def form(*, story: Story) -> None: ...


@pytest.mark.parametrize("function", [plain, many, schema, form])
def test_a_text_is_as_long_as_maxlength_says(function: Any) -> None:
    door = Door(function)
    for encode, content_type in ((multipart, MULTIPART), (lambda text: b"text=" + text.encode(), URLENCODED)):
        assert send(door, encode("a\r\nb\r\nc"), content_type).status_code == 200
        assert send(door, encode("a\r\nb\r\ncd"), content_type).status_code == 422
