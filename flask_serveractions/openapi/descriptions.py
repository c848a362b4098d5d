"""What a function says of itself: its docstring, and the statuses that stand in its code."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FIELD = re.compile(r"^:(?P<name>\w+)(?:\s+(?P<argument>[^:]+))?:(?P<text>.*)$")
STATUS_FIELDS = frozenset({"status", "statuscode", "code"})  # sphinxcontrib-httpdomain's
PARAMETER_FIELDS = frozenset({"param", "parameter", "arg", "argument", "query", "reqheader"})
RETURN_FIELDS = frozenset({"return", "returns"})
ROLE = re.compile(r":[\w:+-]+:`(?:[^`<]*<)?~?([^`<>]+)>?`")
LITERAL = re.compile(r"``(.+?)``")

FAILING = frozenset({"ActionError", "abort"})
DEFAULT_STATUS = 422  # an ActionError's


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A docstring, taken apart; texts are CommonMark."""

    summary: str = ""  # the first paragraph, in one line
    text: str = ""  # the others
    parameters: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[int, str] = field(default_factory=dict)
    returns: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """The statuses that a function's code names."""

    returned: frozenset[int] = frozenset()
    raised: frozenset[int] = frozenset()


def description_of(described: Any) -> Description:
    """Return what a function or a class says of itself, without what it inherits."""
    return read_docstring(inspect.unwrap(described).__doc__ or "")


def read_docstring(docstring: str) -> Description:
    """Take a docstring apart: summary, text, and fields such as ``:param name:`` and ``:status 404:``."""
    paragraphs, fields = prose_and_fields(inspect.cleandoc(docstring).splitlines())
    statuses = [(argument, text) for name, argument, text in fields if name in STATUS_FIELDS]
    return Description(
        summary=" ".join(paragraphs[0].split()) if paragraphs else "",
        text="\n\n".join(paragraphs[1:]),
        parameters={
            argument.split()[-1]: text for name, argument, text in fields if name in PARAMETER_FIELDS and argument
        },
        statuses={int(argument): text for argument, text in statuses if re.fullmatch("[1-5][0-9]{2}", argument)},
        returns=next((text for name, _, text in fields if name in RETURN_FIELDS), ""),
    )


def prose_and_fields(lines: list[str]) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Return the paragraphs, and the fields that follow them: name, argument, text."""
    prose: list[str] = []
    fields: list[list[str]] = []
    for line in lines:
        found = FIELD.match(line)
        if found:
            fields.append([found["name"], (found["argument"] or "").strip(), found["text"]])
        elif fields:
            fields[-1][2] += f" {line}"
        else:
            prose.append(line)
    paragraphs = [markdown(each.strip("\n")) for each in re.split(r"\n\s*\n", "\n".join(prose)) if each.strip()]
    return paragraphs, [(name, argument, markdown(" ".join(text.split()))) for name, argument, text in fields]


def markdown(text: str) -> str:
    """Return reStructuredText's inline marks as CommonMark writes them."""
    return LITERAL.sub(r"`\1`", ROLE.sub(r"`\1`", text))


def statuses_in(function: Callable[..., Any]) -> Statuses:
    """Return the statuses in a function's own code: ``return todo, 201``, ``raise ActionError(..., status=409)``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, SyntaxError, TypeError):  # typed into a console, or generated
        return Statuses()
    nodes = list(own_nodes(tree.body[0])) if tree.body else []
    values = (value for node in nodes if isinstance(node, ast.Return) for value in alternatives(node.value))
    returned = map(status_returned, values)
    raised = (status_raised(node) for node in nodes if isinstance(node, ast.Call))
    return Statuses(returned=frozenset(filter(None, returned)), raised=frozenset(filter(None, raised)))


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function, without the functions in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield child
            yield from own_nodes(child)


def alternatives(value: ast.AST | None) -> Iterator[ast.AST]:
    """Yield what an expression may be: ``a if b else c`` is one of two."""
    if isinstance(value, ast.IfExp):
        yield from alternatives(value.body)
        yield from alternatives(value.orelse)
    elif value is not None:
        yield value


def status_returned(value: ast.AST) -> int | None:
    return constant_status(value.elts[1]) if isinstance(value, ast.Tuple) and len(value.elts) > 1 else None


def status_raised(node: ast.Call) -> int | None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in FAILING:
        return None
    if name == "abort":
        return constant_status(node.args[0]) if node.args else None
    return next((constant_status(each.value) for each in node.keywords if each.arg == "status"), DEFAULT_STATUS)


def constant_status(node: ast.AST) -> int | None:
    value = getattr(node, "value", None)
    return value if type(value) is int and 200 <= value <= 599 else None
