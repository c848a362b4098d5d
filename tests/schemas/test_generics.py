"""Generic classes: what stands for their type variables counts wherever these stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Optional, TypeVar

import pytest
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length

from flask_serveractions.schemas.type_hints import NoField, field_for, resolved_hints
from tests.calling import make_app

T = TypeVar("T")
U = TypeVar("U")


@dataclass
class Page(Generic[T]):
    items: list[T]
    first: Optional[T] = None  # noqa: UP045  # as older code has it


@dataclass
class Tree(Generic[T]):
    value: T
    branches: list[Tree[T]] = field(default_factory=list)


@dataclass
class Pair(Page[list[U]], Generic[T, U]):
    other: T | None = None


@dataclass
class Numbers(Page[int]):
    total: int = 0


def loaded(annotation: Any, value: Any) -> Any:
    return field_for(annotation, strict=True).deserialize(value)


@pytest.mark.parametrize(
    ("annotation", "value", "made"),
    [
        (Page[int], {"items": [1], "first": 2}, Page([1], 2)),
        (Page[Page[str]], {"items": [{"items": ["a"]}]}, Page([Page(["a"])])),
        (Page[int | None], {"items": [1, None]}, Page([1, None])),
        (Tree[int], {"value": 1, "branches": [{"value": 2}]}, Tree(1, [Tree(2)])),
        (Numbers, {"items": [1], "total": 1}, Numbers([1], total=1)),
        (Pair[str, int], {"items": [[1]], "other": "a"}, Pair([[1]], other="a")),
    ],
)
def test_a_generic_dataclass_comes_from_an_object(annotation: Any, value: Any, made: Any) -> None:
    assert loaded(annotation, value) == made


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Page[int], {"items": ["a"]}),
        (Page[Annotated[str, Length(1, 2)]], {"items": ["abc"]}),
        (Tree[int], {"value": 1, "branches": [{"value": "a"}]}),
        (Numbers, {"items": ["a"]}),
        (Pair[str, int], {"items": [["a"]]}),
    ],
)
def test_its_arguments_are_checked_at_every_depth(annotation: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        loaded(annotation, value)


def test_one_without_its_arguments_says_no_type() -> None:
    with pytest.raises(NoField, match="says no type"):
        field_for(Page, strict=True)


def test_the_document_tells_one_from_another() -> None:
    app, actions = make_app()

    def save(numbers: Page[int], words: Page[str]) -> None: ...

    actions.register(save)
    told = app.test_client().get("/openapi.json").json["components"]["schemas"]
    items = {name: each["properties"]["items"]["items"]["type"] for name, each in told.items() if "Page" in name}
    assert items == {"Page_intInput": "integer", "Page_strInput": "string"}


class ItemSchema(Schema):
    text = fields.String()


def test_type_variables_that_a_class_or_a_function_declares_for_itself_are_known_by_name() -> None:
    own = TypeVar("Own", bound=Annotated[dict, ItemSchema()])

    def get(self: Any) -> Own: ...  # type: ignore[name-defined]  # noqa: F821  # def get[Own: ItemOut](self) -> Own

    get.__type_params__ = (own,)  # type: ignore[attr-defined]  # as Python 3.12 sets it
    assert resolved_hints(get, {})["return"] is own
