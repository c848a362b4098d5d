"""``schemas.annotations``: what an annotation says, in whatever way it is said."""

from __future__ import annotations

from typing import Annotated, Any, Generic, NewType, Optional, TypeVar, Union

import pytest
from marshmallow import Schema
from marshmallow.validate import Range
from typing_extensions import TypeAliasType

from flask_serveractions import Bound, Query
from flask_serveractions.operation import Source
from flask_serveractions.schemas.annotations import each_of_union, type_arguments, unaliased, unfold

T = TypeVar("T")
U = TypeVar("U")
Whole = TypeVar("Whole", bound=Query[int])
Either = TypeVar("Either", int, str)

Number = NewType("Number", int)
Asked = TypeAliasType("Asked", Query[int])
Perhaps = TypeAliasType("Perhaps", Optional[T], type_params=(T,))  # noqa: UP045
Listed = TypeAliasType("Listed", list[T], type_params=(T,))
Twice = TypeAliasType("Twice", Perhaps[Asked])
SCHEMA, POSITIVE = Schema(), Range(1)


@pytest.mark.parametrize(
    ("annotation", "plain", "metadata", "optional"),
    [
        (int, int, [], False),
        (Number, int, [], False),
        (Optional[Number], int, [], True),  # noqa: UP045
        (Query[int | None], int, [Source.QUERY], True),
        (Query[int] | None, int, [Source.QUERY], True),
        (Annotated[Bound[int] | None, POSITIVE], int, [Source.BOUND, POSITIVE], True),
        (Query[Annotated[dict, SCHEMA] | None], dict, [SCHEMA, Source.QUERY], True),
        (Asked, int, [Source.QUERY], False),
        (Annotated[Asked, POSITIVE], int, [Source.QUERY, POSITIVE], False),
        (Annotated[Annotated[Asked | None, POSITIVE] | None, "more"], int, [Source.QUERY, POSITIVE, "more"], True),
        (Perhaps[Asked], int, [Source.QUERY], True),
        (Twice, int, [Source.QUERY], True),
        (Listed[int], list[int], [], False),
        (Annotated[Listed[Asked], POSITIVE], list[Asked], [POSITIVE], False),
        (Whole, int, [Source.QUERY], False),
        (Annotated[Optional[Whole], POSITIVE], int, [Source.QUERY, POSITIVE], True),  # noqa: UP045
        (Either, Union[int, str], [], False),  # noqa: UP007
        (T, T, [], False),
        (int | str | None, int | str | None, [], True),
        (Annotated[int | str, POSITIVE], int | str, [POSITIVE], False),
    ],
)
def test_every_spelling_says_the_same(annotation: Any, plain: Any, metadata: list[Any], optional: bool) -> None:
    assert unfold(annotation) == (plain, metadata, optional)


def test_an_alias_without_its_arguments_keeps_its_variables() -> None:
    assert unaliased(Listed) == list[T]  # type: ignore[valid-type]  # as it stands


def test_what_stands_around_a_union_stands_at_each_of_its_types() -> None:
    around = Annotated[list[int] | Annotated[Asked | Either, "inner"] | None, POSITIVE]
    assert each_of_union(unfold(around)) == [
        (list[int], [POSITIVE], True),
        (int, [Source.QUERY, "inner", POSITIVE], True),
        (int, ["inner", POSITIVE], True),
        (str, ["inner", POSITIVE], True),
    ]
    assert each_of_union(unfold(Number)) == [(int, [], False)]


class Base(Generic[T]):
    def get(self) -> T: ...  # type: ignore[empty-body]  # only its annotation counts


class Middle(Base[list[U]], Generic[T, U]):
    def put(self) -> tuple[T, U]: ...  # type: ignore[empty-body]  # as above


class Last(Middle[int, Asked]):
    def post(self) -> None: ...


@pytest.mark.parametrize(
    ("name", "given"), [("get", {T: list[Asked]}), ("put", {T: int, U: Asked}), ("post", {}), ("delete", {})]
)
def test_a_variable_is_what_the_class_says_where_its_method_was_written(name: str, given: Any) -> None:
    assert type_arguments(Last, name) == given
