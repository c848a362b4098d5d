"""What marshmallow says, as sentences for people."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import marshmallow.fields
import marshmallow.validate
import pytest
from marshmallow import Schema

from flask_serveractions.http.messages import LONGEST, MESSAGES
from flask_serveractions.marshalling.sentences import PLAIN, VARIABLE, sentence_of

KNOWN = {re.sub(r"\{\w+\}", "{}", message) for message in (*PLAIN, *VARIABLE, *MESSAGES, "Unknown field.")}
#: messages of dumping, and parts of other messages
NOT_TOLD = re.compile(r".*cannot be formatted.*|(greater|less) than.*")
#: what stands in "Not a valid {obj_type}."
KINDS = {
    "Not a valid {obj_type}.": "Not a valid datetime.",
    "Not a valid {awareness} {obj_type}.": "Not a valid aware datetime.",
}


def marshmallows() -> Iterator[str]:
    """Yield marshmallow's own messages, with ``{}`` for their variables."""
    for _, field in inspect.getmembers(marshmallow.fields, inspect.isclass):
        yield from getattr(field, "default_error_messages", {}).values()
    yield from Schema._default_error_messages.values()
    for _, validator in inspect.getmembers(marshmallow.validate, inspect.isclass):
        found = {name: text for name, text in inspect.getmembers(validator) if isinstance(text, str)}
        operators = {
            "min_op": [text for name, text in found.items() if name in ("message_gt", "message_gte")],
            "max_op": [text for name, text in found.items() if name in ("message_lt", "message_lte")],
        }
        for name, text in found.items():
            if name.startswith(("message", "default_message")):
                yield from expanded(text, operators)


def expanded(text: str, operators: dict[str, list[str]]) -> Iterator[str]:
    for name, words in operators.items():
        if f"{{{name}}}" in text:
            for word in words:
                yield from expanded(text.replace(f"{{{name}}}", word), operators)
            return
    yield text.replace("{{", "{").replace("}}", "}")


def test_every_message_of_marshmallow_is_known() -> None:
    told = {KINDS.get(text, text) for text in marshmallows() if not NOT_TOLD.fullmatch(text)}
    templates = {re.sub(r"\{[^}]*\}", "{}", text) for text in told}
    assert len(templates) > 40
    assert templates - KNOWN == set()


def test_every_sentence_can_be_translated() -> None:
    assert {*PLAIN.values(), *VARIABLE.values()} - set(MESSAGES) == set()


@pytest.mark.parametrize(
    ("message", "value", "expected"),
    [
        ("Missing data for required field.", None, "Please fill in this field."),
        ("Not a valid aware datetime.", "x", "Not a valid aware datetime."),
        ("Longer than maximum length 200.", "x", "At most 200 characters."),
        ("Longer than maximum length 1.", "xx", "At most 1 character."),
        ("Longer than maximum length 1.", ["a", "b"], "At most 1 entry."),
        ("Longer than maximum length 11.", ["a"], "At most 11 entries."),
        ("Length must be between 1 and 3.", {}, "Between 1 and 3 entries."),
        ("Length must be 1.", "", "Exactly 1 character."),
        ("Must be greater than or equal to 1 and less than or equal to 30.", 0, "Must be from 1 to 30."),
        ("Must be greater than 1 and less than or equal to 30.", 0, "Must be more than 1 and at most 30."),
        ("Must be greater than 2026-01-31 00:00:00+00:00.", 0, "Must be more than 2026-01-31 00:00:00+00:00."),
        ("Must be less than or equal to 2 days, 0:00:00.", 0, "Must be at most 2 days, 0:00:00."),
        ("Must be one of: red, {green}.", "x", "Please choose one of: red, {green}."),
    ],
)
def test_a_message_is_a_sentence_for_people(message: str, value: object, expected: str) -> None:
    assert sentence_of(message, value) == expected
    assert sentence_of(expected, value) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Really?",
        "Must be greater than the start.",
        "Length must be odd.",
        "Must be equal to the password.",
        "Not a valid delimited list.",
        "Must be one of: " + "x" * LONGEST + ".",
    ],
)
def test_other_texts_are_somebodys_own(text: str) -> None:
    assert sentence_of(text) == text
