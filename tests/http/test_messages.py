"""What we say to visitors: known, translated, and found by whoever extracts it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from flask_serveractions.http import messages
from flask_serveractions.http.messages import LONGEST, MESSAGES, is_message, translated

PACKAGE = Path(messages.__file__).parents[1]
KNOWN = {re.sub(r"\{\w+\}", "{}", message) for message in MESSAGES}


def shout(text: str) -> str:
    """Translate into a language that every text has."""
    return re.sub(r"(\{\w+\})|(\w+)", lambda match: match[1] or match[2].upper(), text)


def template_of(node: ast.expr, names: dict[str, str]) -> str | None:
    """Return a text of the source, with ``{}`` for its variables."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join("{}" if isinstance(each, ast.FormattedValue) else str(each.value) for each in node.values)  # type: ignore[attr-defined]
    return None


#: which argument of a call is told to the caller
TOLD = {"Refusal": 2, "problem_response": 2, "PreconditionFailed": 0, "PreconditionRequired": 0, "localize": 1}
#: the modules whose constants are told to callers; the sentences of others are for developers
TELLING = (
    "answers/failures",
    "representations/pagination",
    "arguments/loading",
    "errors",
    "pipeline/delivery",
    "jobs/records",
    "shared/once",
    "jobs/queues",
)


def told_texts() -> Iterator[tuple[str, str]]:
    """Yield the texts of the package that are told to callers, with the module that tells them."""
    for path in sorted(PACKAGE.glob("**/*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                text = template_of(node.value, {})
                names |= {node.targets[0].id: text} if text is not None else {}
        for node in ast.walk(tree):
            called = getattr(node, "func", None)
            argument = TOLD.get(getattr(called, "id", getattr(called, "attr", "")))
            is_refusal = (
                ast.unparse(called).startswith("super().__init__") if called and path.stem == "errors" else False
            )
            place = 2 if is_refusal else argument
            if isinstance(node, ast.Call) and place is not None and place < len(node.args):
                text = template_of(node.args[place], names)
                if text:
                    yield path.stem, text


def test_every_text_that_the_package_tells_is_known() -> None:
    told = list(told_texts())
    assert len(told) > 25
    assert [(module, text) for module, text in told if text not in KNOWN] == []


def test_every_message_that_is_a_constant_is_known() -> None:
    found = {
        node.value.value
        for module in TELLING
        for node in ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        if re.fullmatch(r"[A-Z][^_]* .*\.", str(node.value.value))
    }
    assert len(found) > 8
    assert found - KNOWN == set()


def test_the_messages_are_found_by_pybabel() -> None:
    extracted = {text for _, text, _, _ in extract_from_file("python", messages.__file__)}
    assert extracted == set(MESSAGES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sign in to do this.", "SIGN IN TO DO THIS."),
        ("At least 3 characters.", "AT LEAST 3 CHARACTERS."),
        ("Length must be between 1 and 20 characters.", "LENGTH MUST BE BETWEEN 1 AND 20 CHARACTERS."),
        ("Must be at least 1 and less than 3.", "MUST BE AT LEAST 1 AND LESS THAN 3."),
        ("Please choose one of: red, {green}.", "PLEASE CHOOSE ONE OF: red, {green}."),
        ("The request is too large: more than 9 rows.", "THE REQUEST IS TOO LARGE: more than 9 rows."),
        ("The request is too large: at most 1 MB can be sent.", "THE REQUEST IS TOO LARGE: AT MOST 1 MB CAN BE SENT."),
    ],
)
def test_a_message_is_translated_with_what_stands_in_it(text: str, expected: str) -> None:
    assert translated(shout, text) == expected


@pytest.mark.parametrize("text", ["", "You already have that one.", "Please choose one of: " + "x" * LONGEST + "."])
def test_other_texts_are_left_alone(text: str) -> None:
    assert translated(shout, text) == text


@pytest.mark.parametrize("wrong", ["{maximum}", "{", "{0}"])
def test_a_translation_that_can_not_be_filled_in_gives_way_to_the_english(wrong: str) -> None:
    assert translated(lambda text: wrong, "At most 3 characters.") == "At most 3 characters."


@pytest.mark.parametrize(("value", "expected"), [("", True), (None, False), (3, False), (["a"], False), (b"a", False)])
def test_what_is_a_message(value: object, expected: bool) -> None:
    assert is_message(value) is expected
