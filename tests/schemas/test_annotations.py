"""``schemas.annotations``: what an annotation says, in whatever way it is said."""

from __future__ import annotations

from typing import Annotated, Any, NewType, Optional, TypeVar

import pytest
from marshmallow import Schema
from marshmallow.validate import Range
from typing_extensions import TypeAliasType

from flask_serveractions import Bound, Query
from flask_serveractions.operation import Source
from flask_serveractions.schemas.annotations import unaliased, unfold

T = TypeVar("T")

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
        (int | str | None, int | str | None, [], True),
        (Annotated[int | str, POSITIVE], int | str, [POSITIVE], False),
    ],
)
def test_every_spelling_says_the_same(annotation: Any, plain: Any, metadata: list[Any], optional: bool) -> None:
    assert unfold(annotation) == (plain, metadata, optional)


def test_an_alias_without_its_arguments_keeps_its_variables() -> None:
    assert unaliased(Listed) == list[T]  # type: ignore[valid-type]  # as it stands
