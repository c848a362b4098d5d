"""What we say to visitors: known, translated, and found by whoever extracts it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import marshmallow.fields
import marshmallow.validate
import pytest
from babel.messages.extract import extract_from_file
from marshmallow import Schema

from flask_serveractions.http import messages
from flask_serveractions.http.messages import LONGEST, MESSAGES, is_message, translated

PACKAGE = Path(messages.__file__).parents[1]
KNOWN = {re.sub(r"\{\w+\}", "{}", message) for message in MESSAGES}
#: messages of dumping, and parts of other messages
NOT_TOLD = re.compile(r".*cannot be formatted.*|(greater|less) than.*")


def shout(text: str) -> str:
    """Translate into a language that every text has."""
    return re.sub(r"(\{\w+\})|(\w+)", lambda match: match[1] or match[2].upper(), text)


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
    told = {re.sub(r"\{[^}]*\}", "{}", text) for text in marshmallows() if not NOT_TOLD.fullmatch(text)}
    assert len(told) > 40
    assert told - KNOWN == set()


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
    "answers/pagination",
    "arguments/loading",
    "errors",
    "pipeline/delivery",
    "shared/jobs",
    "shared/once",
    "shared/queues",
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
        ("Shorter than minimum length 3.", "SHORTER THAN MINIMUM LENGTH 3."),
        ("Length must be between 1 and 20.", "LENGTH MUST BE BETWEEN 1 AND 20."),
        ("Must be greater than or equal to 1 and less than 3.", "MUST BE GREATER THAN OR EQUAL TO 1 AND LESS THAN 3."),
        ("Must be one of: red, {green}.", "MUST BE ONE OF: red, {green}."),
        ("The request is too large: 9 bytes.", "THE REQUEST IS TOO LARGE: 9 bytes."),
    ],
)
def test_a_message_is_translated_with_what_stands_in_it(text: str, expected: str) -> None:
    assert translated(shout, text) == expected


@pytest.mark.parametrize("text", ["", "You already have that one.", "Must be one of: " + "x" * LONGEST + "."])
def test_other_texts_are_left_alone(text: str) -> None:
    assert translated(shout, text) == text


@pytest.mark.parametrize("wrong", ["{maximum}", "{", "{0}"])
def test_a_translation_that_can_not_be_filled_in_gives_way_to_the_english(wrong: str) -> None:
    assert translated(lambda text: wrong, "Longer than maximum length 3.") == "Longer than maximum length 3."


@pytest.mark.parametrize(("value", "expected"), [("", True), (None, False), (3, False), (["a"], False), (b"a", False)])
def test_what_is_a_message(value: object, expected: bool) -> None:
    assert is_message(value) is expected
