"""``.. messages::``, the list of all that the package can say when something is wrong, read from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

PACKAGE = Path(__file__).parents[2] / "flask_serveractions"
LOGGED = frozenset({"warning", "error", "exception"})
RAISED = re.compile(r"(Error|Exception|Refusal|Corrupt|Unavailable|BadParameter|Unreadable|TooLarge|NoField|_error)$")
GROUPS = {
    "arguments": "Arguments",
    "answers": "Results and answers",
    "extension": "Registration",
    "config": "Configuration",
    "openapi": "OpenAPI",
    "pages": "Forms and pages",
    "pipeline": "Calls",
    "schemas": "Signatures",
    "security": "Access, origin, signatures",
    "shared": "Caching, idempotency, jobs",
    "startup": "At start",
    "stores": "The store",
    "testing": "The test client",
    "views": "Registration",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is raised, answered or logged: ``text`` has ``…`` for what differs from case to case."""

    group: str
    kind: str  # "ValueError", "WARNING"
    text: str


def collect() -> list[Message]:
    """Return the messages of the package, by group and text."""
    found = {message for path in PACKAGE.glob("**/*.py") for message in messages_of(path)}
    return sorted(found, key=lambda message: (message.group, message.text))


def messages_of(path: Path) -> Iterator[Message]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    raised = {id(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not (kind := kind_of(node.func, id(node) in raised)):
            continue
        text = " ".join(filter(None, (text_of(argument, constants) for argument in node.args)))
        if " " in text.strip("… "):
            yield Message(GROUPS.get(first, "Elsewhere"), kind, text)


def kind_of(function: ast.expr, is_raised: bool) -> str | None:
    """Return what a call makes: ``"WARNING"``, the name of an exception, ``"Refusal"`` for what a function makes."""
    whole = ast.unparse(function)
    name = whole.rpartition(".")[2]
    if name in LOGGED and "logger." in whole:
        return "WARNING" if name == "warning" else "ERROR"
    if not is_raised and not RAISED.search(name):
        return None
    if name[0].isupper():
        return name
    return "TypeError" if name.endswith("_error") else "Refusal"


def text_of(node: ast.expr, constants: dict[str, ast.expr]) -> str:
    """Return the text of an argument, ``""`` where it has none of its own."""
    match node:
        case ast.Constant(value=str(value)):
            return re.sub(r"%[a-z#.\d]*[a-z]", "…", value)
        case ast.JoinedStr(values=values):
            return "".join(text_of(value, constants) for value in values)
        case ast.FormattedValue():
            return "…"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return text_of(left, constants) + text_of(right, constants)
        case ast.IfExp(body=one, orelse=other):
            return f"{text_of(one, constants)} / {text_of(other, constants)}"
        case ast.Name(id=name) if name in constants:
            return text_of(constants[name], {})
    return ""


class MessagesDirective(Directive):
    """A table for each group: what is said, and as what."""

    def run(self) -> list[nodes.Node]:
        made: list[nodes.Node] = []
        for group, messages in groupby(collect(), key=lambda message: message.group):
            section = nodes.section(ids=[nodes.make_id(f"messages {group}")])
            section += nodes.title(text=group)
            items = nodes.bullet_list()
            for message in messages:
                line = nodes.paragraph("", "", nodes.strong(text=message.kind), nodes.Text(f": {message.text}"))
                items += nodes.list_item("", line)
            section += items
            made.append(section)
        return made


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("messages", MessagesDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
