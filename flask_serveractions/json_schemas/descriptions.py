"""What a function says of itself: its docstring, and the statuses that stand in its code."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import CellType
from typing import Any

from werkzeug.exceptions import HTTPException

FIELD = re.compile(r"^:(?P<name>\w+)(?:\s+(?P<argument>[^:]+))?:(?P<text>.*)$")
STATUS_FIELDS = frozenset({"status", "statuscode", "code"})  # sphinxcontrib-httpdomain's
PARAMETER_FIELDS = frozenset({"param", "parameter", "arg", "argument", "query", "reqheader"})
RETURN_FIELDS = frozenset({"return", "returns"})
ROLE = re.compile(r":[\w:+-]+:`(?:[^`<]*<)?~?([^`<>]+)>?`")
LITERAL = re.compile(r"``(.+?)``")

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
    is_open: bool = True  # something is returned with no status, or with one that is not known


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
    """Return the statuses in a function's own code: ``return todo, 201``, ``raise ActionError(..., status=409)``.

    A constant counts by whatever name the function knows it: ``HTTPStatus.CREATED``.
    """
    written = inspect.unwrap(function)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(written)))
    except (OSError, SyntaxError, TypeError):  # typed into a console, or generated
        return Statuses()
    names = names_known_to(written)
    nodes = list(own_nodes(tree.body[0])) if tree.body else []
    values = [value for node in nodes if isinstance(node, ast.Return) for value in alternatives(node.value)]
    returned = [frozenset(statuses_returned(value, names)) for value in values]
    raised = (status for node in nodes for status in statuses_raised(node, names))
    return Statuses(
        returned=frozenset().union(*returned), raised=frozenset(raised), is_open=not all(returned) or not values
    )


def names_known_to(function: Any) -> dict[str, Any]:
    """Return what the names in a function's code stand for, as far as that is known before it runs."""
    code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
    if code is None:
        return {}
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    around = {name: cell.cell_contents for name, cell in cells if cell != CellType()}
    names = {name: value for name, value in function.__globals__.items() if name not in code.co_varnames}
    return {**names, **around}


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


def statuses_returned(value: ast.AST, names: Mapping[str, Any]) -> Iterator[int]:
    if isinstance(value, ast.Tuple) and len(value.elts) > 1:
        for each in alternatives(value.elts[1]):
            yield from constant_status(each, names)


def statuses_raised(node: ast.AST, names: Mapping[str, Any]) -> Iterator[int]:
    """Yield what a node raises: ``abort(410)``, ``ActionError(..., status=409)``, ``raise NotFound``."""
    if isinstance(node, ast.Raise):
        kind = constant(node.exc.func if isinstance(node.exc, ast.Call) else node.exc, names)
        if inspect.isclass(kind) and issubclass(kind, HTTPException) and kind.code:
            yield kind.code
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    named = {each.arg: each.value for each in node.keywords}
    if name == "abort" and (node.args or "code" in named):
        yield from constant_status(named.get("code") or node.args[0], names)
    elif name == "ActionError" and "status" not in named:
        yield DEFAULT_STATUS
    elif name == "ActionError":
        yield from constant_status(named["status"], names)


def constant_status(node: ast.AST, names: Mapping[str, Any]) -> Iterator[int]:
    value = constant(node, names)
    if isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 599:
        yield int(value)


def constant(node: ast.AST | None, names: Mapping[str, Any]) -> Any:
    """Return what an expression stands for where nothing need run for that; None where it does not say."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = constant(node.value, names)
    if isinstance(owner, Enum):
        return owner.value if node.attr == "value" else None
    return getattr(owner, node.attr, None) if inspect.isclass(owner) or inspect.ismodule(owner) else None
