"""What all rooms speak of."""

from __future__ import annotations

import functools
import typing
from inspect import formatannotation
from typing import Annotated, Any

import pytest
from werkzeug.test import create_environ

from flask_serveractions import Body, Bound, Cookie, Header, Operation, Query
from flask_serveractions.operation import (
    MISSING,
    MiddlewareState,
    Parameter,
    Rerender,
    Source,
    annotation_text,
    middleware_state_of,
    where,
)


def function() -> None:
    """Stand somewhere."""


@pytest.mark.parametrize(
    ("alias", "source"),
    [
        (Bound, Source.BOUND),
        (Query, Source.QUERY),
        (Header, Source.HEADER),
        (Cookie, Source.COOKIE),
        (Body, Source.BODY),
    ],
)
def test_a_place_is_metadata_of_its_type(alias: Any, source: Source) -> None:
    """Type checkers see ``int`` in ``Bound[int]``."""
    assert typing.get_args(alias[int]) == (int, source)
    assert typing.get_args(alias[list[str]]) == (list[str], source)


def test_an_operation_is_compiled_once_and_never_changed() -> None:
    operation = Operation(name="a", kind="action", method="POST", function=function)
    with pytest.raises(AttributeError):
        operation.name = "b"  # type: ignore[misc]
    assert (operation.requires, operation.public, operation.parameters) == (frozenset(), False, ())
    assert operation.where.startswith("tests.test_operation.function (")
    assert "test_operation.py, line" in operation.where


def test_where_a_function_stands_is_where_it_was_written() -> None:
    @functools.wraps(function)
    def wrapper() -> None:
        function()

    assert where(wrapper) == where(function)
    assert where(len) == "builtins.len"


def test_a_parameter_is_required_unless_it_has_a_default_or_may_be_none() -> None:
    made = [
        Parameter(name="a", key="a", source=Source.BODY, annotation=int, optional=optional, default=default)
        for optional, default in [(False, MISSING), (True, MISSING), (False, None), (False, 5)]
    ]
    assert [parameter.required for parameter in made] == [True, False, False, False]


def test_what_middleware_and_pipeline_share_is_known_by_an_object_and_never_by_a_header() -> None:
    middleware = MiddlewareState(page_for=Rerender(target="/"))
    environ = create_environ(headers={"Flask-Serveractions.Middleware": "1"})
    assert middleware_state_of(environ) is None
    assert middleware_state_of({MiddlewareState.KEY: "page_for"}) is None
    assert middleware_state_of({MiddlewareState.KEY: middleware}) is middleware


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (Bound[int], "Bound[int]"),
        (Bound[list[str]], "Bound[list[str]]"),
        (Query[Annotated[int, "even"]], f"Query[{formatannotation(Annotated[int, 'even'])}]"),
        (Bound[Query[int]], "Bound[Query[int]]"),
        (list[Bound[int]], "list[typing.Annotated[int, Bound]]"),
        ("Todo", "'Todo'"),
    ],
    ids=str,
)
def test_an_annotation_is_shown_as_it_is_written(annotation: Any, text: str) -> None:
    assert annotation_text(annotation) == text
