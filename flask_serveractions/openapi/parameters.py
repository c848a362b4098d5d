"""Parameters of this package's own in an OpenAPI document, beside those that a function declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..http.conditional import CHANGING_METHODS
from ..operation import ACTION, Operation
from ..representations.listing import BY_CURSOR
from ..representations.pagination import MAX_PAGE, MAX_PER_PAGE, PER_PAGE

JsonSchema = dict[str, Any]

TEXT: JsonSchema = {"type": "string"}


def whole_number(default: int, largest: int) -> JsonSchema:
    return {"type": "integer", "minimum": 1, "maximum": largest, "default": default}


#: parameters of this package's own, by the names of their components
PARAMETERS: Mapping[str, JsonSchema] = {
    "Signature": {
        "name": "signature", "in": "path", "required": True, "schema": TEXT,
        "description": "The signed ID, as `action_form` and `action_url` write it.",
    },
    "ActionPage": {
        "name": "page", "in": "query", "schema": {**TEXT, "default": "/"},
        "description": "Where the form stands: a path of this app.",
    },
    "Prefer": {
        "name": "Prefer", "in": "header", "schema": TEXT,
        "description": "`return=representation`: the answer brings the fresh page; `return=minimal`: it does not.",
    },
    "Validate": {
        "name": "Serveractions-Validate", "in": "header", "schema": TEXT,
        "description": "Names of fields, parted by commas: they are checked, and nothing is run.",
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "schema": {**TEXT, "minLength": 1},
        "description": "A second call with it gets the first one's answer. A form brings it as `idempotency_key`.",
    },
    "IfMatch": {
        "name": "If-Match", "in": "header", "schema": TEXT,
        "description": "The `ETag` that was read: nothing is changed where it is not current (RFC 9110, 13.1.1).",
    },
    "IfNoneMatch": {
        "name": "If-None-Match", "in": "header", "schema": TEXT,
        "description": "The `ETag` that the caller has: 304 while it is the current one (RFC 9110, 13.1.2).",
    },
    "Page": {"name": "page", "in": "query", "schema": whole_number(1, MAX_PAGE)},
    "PerPage": {"name": "per_page", "in": "query", "schema": whole_number(PER_PAGE, MAX_PER_PAGE)},
    "Cursor": {
        "name": "cursor", "in": "query", "schema": TEXT,
        "description": "Where the page begins, as a `Link` brought it.",
    },
}  # fmt: skip


def names_of_shared(operation: Operation) -> Iterator[str]:
    """Yield the names, in PARAMETERS, of those that an operation takes."""
    if operation.kind == ACTION:
        yield from ("Signature", "ActionPage", "Prefer", "Validate")
    if operation.once:
        yield "IdempotencyKey"
    if operation.paginate:
        yield "Cursor" if operation.paginate == BY_CURSOR else "Page"
        yield "PerPage"
    if operation.owner is not None and operation.method == "GET":
        yield "IfNoneMatch"
    if operation.owner is not None and operation.method in CHANGING_METHODS:
        yield "IfMatch"


def merge(declared: Iterable[JsonSchema], shared: Iterable[str], operation: Operation) -> list[JsonSchema | str]:
    """Return all parameters of an operation, each place and name once.

    A function that declares what this package reads as well, such as ``page``, gets the same value: both must take it.

    :param declared: the function's own.
    :param shared: names in PARAMETERS, which stand for themselves.
    """
    made: dict[tuple[str, str], JsonSchema | str] = {place_of(each): each for each in declared}
    is_needed = bool(getattr(operation.owner, "require_if_match", False))
    for name in shared:
        ours = {**PARAMETERS[name], "required": True} if name == "IfMatch" and is_needed else PARAMETERS[name]
        place = place_of(ours)
        own = made.get(place)
        if isinstance(own, dict):
            made[place] = both(own, ours)
        else:
            made[place] = ours if "required" in ours and name == "IfMatch" else name
    return list(made.values())


def place_of(parameter: Mapping[str, Any]) -> tuple[str, str]:
    name: str = parameter["name"]
    return parameter["in"], name.lower() if parameter["in"] == "header" else name


def both(own: JsonSchema, ours: JsonSchema) -> JsonSchema:
    """Return one parameter that is read twice."""
    made = {**own, "schema": both_schemas(own["schema"], ours["schema"], bool(own.get("required")))}
    return {**made, "required": True} if ours.get("required") else made


def both_schemas(own: JsonSchema, ours: JsonSchema, is_required: bool) -> JsonSchema:
    if ours.get("type") != "integer":
        return own
    if own.get("type") != "integer":  # its text is a whole number all the same
        return {key: each for key, each in ours.items() if key != "default"}
    made = {**ours, **own}
    made["minimum"] = max(ours["minimum"], own.get("minimum", ours["minimum"]))
    made["maximum"] = min(ours["maximum"], own.get("maximum", ours["maximum"]))
    if is_required or not made["minimum"] <= made["default"] <= made["maximum"]:
        del made["default"]
    return made
