"""Names in TypeScript: of types, members and arguments; none is taken, or a word of the language's."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
TEMPLATES = files("flask_serveractions").joinpath("templates")
SOURCES = ("client.ts", "actions.ts")

#: what can't be the name of a type, or is read otherwise where a type stands (TypeScript 5, scanner.ts)
KEYWORDS = frozenset(
    {
        "abstract", "accessor", "any", "as", "assert", "asserts", "async", "await", "bigint", "boolean", "break",
        "case", "catch", "class", "const", "constructor", "continue", "debugger", "declare", "default", "defer",
        "delete", "do", "else", "enum", "export", "extends", "false", "finally", "for", "from", "function", "get",
        "global", "if", "implements", "import", "in", "infer", "instanceof", "interface", "intrinsic", "is",
        "keyof", "let", "module", "namespace", "never", "new", "null", "number", "object", "of", "out", "override",
        "package", "private", "protected", "public", "readonly", "require", "return", "satisfies", "set", "static",
        "string", "super", "switch", "symbol", "this", "throw", "true", "try", "type", "typeof", "undefined",
        "unique", "unknown", "using", "var", "void", "while", "with", "yield",
    }
)  # fmt: skip
OWN = frozenset({"Api", "Blob", "File", "actions", "client"})  # of the part that is generated
#: what every object has: an object without such a member would not fit a type in which it may be absent
INHERITED = frozenset(
    {
        "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString",
        "valueOf",
    }
)  # fmt: skip
COMPONENTS = frozenset({"Problem"})  # types of the document that the sources speak of


@cache
def read_source(name: str) -> str:
    return TEMPLATES.joinpath(name).read_text(encoding="utf-8").strip("\n")


@cache
def taken_names() -> frozenset[str]:
    """Return every word of the sources that stand in a client, and the language's."""
    words = (IDENTIFIER.findall(COMMENT.sub("", read_source(each))) for each in SOURCES)
    return (KEYWORDS | OWN).union(*words) - COMPONENTS


def type_name(name: str) -> str:
    """Return the name of the type that a component of the document becomes."""
    identifier = re.sub(r"\W", "_", name, flags=re.ASCII)
    identifier = f"_{identifier}" if not identifier or identifier[:1].isdigit() else identifier
    return f"{identifier}_" if identifier in taken_names() else identifier


def type_names(components: Iterable[str]) -> dict[str, str]:
    """Return the names of types by those of components, each once."""
    made: dict[str, str] = {}
    for component in sorted(components, key=lambda each: (type_name(each) != each, each)):  # unchanged ones first
        made[component] = free_name(type_name(component), made.values())
    return made


def free_name(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


def key(name: str) -> str:
    """Return a name as that of a member, in types and in objects."""
    if name == "__proto__":
        return '["__proto__"]'  # else it would set the object's prototype
    return name if IDENTIFIER.fullmatch(name) else json.dumps(name)


def field_name(name: str) -> str:
    """Return a name as that of a class's field."""
    return "constructor_" if name == "constructor" else name


def member_names(parameters: Iterable[Mapping[str, Any]], has_body: bool) -> dict[tuple[str, str], str]:
    """Return by which name each parameter is given, by its place and its own name.

    It is the parameter's own, where nothing else has it: ``id`` in the path, and ``query_id`` beside it; ``body`` is
    the body's, where there is one.
    """
    listed = sorted(parameters, key=lambda each: ("path", "query", "header").index(each["in"]))
    names = [each["name"] for each in listed]
    made: dict[tuple[str, str], str] = {}
    taken = {*INHERITED, "body"} if has_body else set(INHERITED)
    for place, name in ((each["in"], each["name"]) for each in listed):
        given = name if name not in taken else free_name(f"{place}_{name}", {*taken, *names})
        made[place, name] = given
        taken.add(given)
    return made
