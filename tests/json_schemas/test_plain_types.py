from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Optional, TypedDict

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from flask_serveractions.json_schemas.plain_types import type_schema


class Color(str, enum.Enum):
    RED = "red"
    BLUE = "blue"


class Plain(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: float = 0.5


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)


class Movie(TypedDict, total=False):
    title: str
    stars: int | None


NOW = dt.datetime(2026, 1, 2, 3, 4, 5)
CASES: list[tuple[Any, Any, Any]] = [  # a type, a value of it, and JSON that is none
    (str, "a", 1),
    (int, 1, "1"),
    (float, 1.5, "1.5"),
    (bool, True, "yes"),
    (None, None, 0),
    (decimal.Decimal, decimal.Decimal("1.50"), 1.5),
    (uuid.UUID, uuid.UUID(int=7), 7),
    (dt.date, NOW.date(), 5),
    (dt.datetime, NOW, 5),
    (int | None, None, "1"),
    (Optional[str], "a", 1),  # noqa: UP045
    (int | str, "a", 1.5),
    (Literal["a", 2], 2, "b"),
    (Annotated[int, "anything"], 1, "1"),
    (list[int], [1, 2], ["1"]),
    (list, [1, "a"], {}),
    (Sequence[str], ["a"], "a"),
    (tuple[int, ...], (1, 2), ["a"]),
    (tuple[int, str], (1, "a"), [1]),
    (dict[str, int], {"a": 1}, {"a": "b"}),
    (dict, {"a": [1]}, []),
    (Color, Color.RED, "green"),
    (Point, Point(1), {"x": 1}),
    (Tree, Tree("root", [Tree("leaf")]), {"name": "root", "children": ["leaf"]}),
    (Movie, {"stars": None}, {"title": 5}),
    (list[Point], [Point(1, 2.5)], [{}]),
]


@pytest.mark.parametrize(("annotation", "value", "wrong"), CASES, ids=lambda case: repr(case)[:40])
def test_a_types_schema_holds_for_what_flask_writes_and_for_nothing_else(
    annotation: Any, value: Any, wrong: Any
) -> None:
    validator = Draft202012Validator(type_schema(type(None) if annotation is None else annotation))
    written = json.loads(Flask(__name__).json.dumps(value))
    assert list(validator.iter_errors(written)) == []
    assert list(validator.iter_errors(wrong)) != []


@pytest.mark.parametrize("annotation", [Any, object, Plain, set[int], "unknown", 5])
def test_of_other_types_nothing_is_said(annotation: Any) -> None:
    assert type_schema(annotation) == {}
