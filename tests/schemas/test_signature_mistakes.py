"""Signatures that can't work: each is a ``TypeError`` that names the function, the parameter and the mend."""

from __future__ import annotations

import datetime as dt
import types
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import pytest
from flask_wtf import FlaskForm
from marshmallow import Schema, fields
from marshmallow.validate import And, ContainsOnly, Email, Length, OneOf, Predicate, Range, Regexp
from werkzeug.datastructures import FileStorage
from wtforms import StringField

from flask_serveractions import Bound, Cookie, Header, MethodRoute, Query
from flask_serveractions.operation import Source
from flask_serveractions.schemas.signature import compile_operation
from tests.calling import Door, function_of, make_app
from tests.decorators import wrapping


class TodoSchema(Schema):
    text = fields.String(required=True, validate=Length(1, 200))
    done = fields.Boolean(load_default=False)


TodoIn = Annotated[dict, TodoSchema()]


class TodoForm(FlaskForm):
    text = StringField()


@dataclass
class Point:
    x: int
    y: int = 0


class Unknown:
    """No field loads it."""


def compiled(function: Callable[..., Any], kind: str = "action", method: str = "POST", **more: Any) -> Any:
    return compile_operation(function, name="act", kind=kind, method=method, **more)


def sources(function: Callable[..., Any], **how: Any) -> dict[str, Source]:
    return {each.name: each.source for each in compiled(function, **how).parameters}


# Signatures that can't work


def refused(function: Callable[..., Any], **how: Any) -> str:
    with pytest.raises(TypeError) as caught:
        compiled(function, **how)
    return str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "mend"),
    [
        (set[int], "Take a list"),
        (Sequence[int], "Take a list"),
        (Mapping[str, int], "Take a dict"),
        (bytes, "Take str"),
    ],
)
def test_the_likeness_of_a_type_that_does_not_load_is_named(annotation: Any, mend: str) -> None:
    def act(value: Any) -> None: ...

    act.__annotations__["value"] = annotation
    assert mend in refused(act)


FIELDS = {"text": fields.String(), "secret": fields.String(load_only=True)}


def test_fields_in_a_dict_are_no_schema() -> None:
    def take(todo: Annotated[dict, FIELDS]) -> None: ...

    def give() -> Annotated[dict, FIELDS]: ...

    def give_many() -> list[Annotated[dict, FIELDS]]: ...

    for function in (take, give, give_many):
        assert "Schema.from_dict" in refused(function)


def test_a_type_no_field_exists_for_is_a_type_error_that_says_where_and_how_to_mend_it() -> None:
    _, actions = make_app()

    with pytest.raises(TypeError) as caught:

        @actions.register
        def create(text: str, thing: Unknown) -> None: ...

    said = str(caught.value)
    assert "create" in said
    assert "'thing'" in said
    assert "Unknown" in said
    assert "Annotated[X, fields.String()]" in said
    assert "test_signature_mistakes.py" in said


@pytest.mark.parametrize(
    "annotation",
    [
        Unknown,
        set[str],
        tuple[int, str],
        int | str,
        list[Unknown],
        dict[str, Unknown],
        list[int | str],
        Unknown | None,
        bytes,
        complex,
        Callable[[], None],
        Annotated[str, Length],
        Annotated[str, fields.List],
    ],
)
def test_what_no_field_loads_is_a_type_error(annotation: Any) -> None:
    assert "parameter 'value'" in refused(function_of(annotation))


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (Annotated[str, Range(1)], "str"),
        (Annotated[int, Length(1, 3)], "int"),
        (Annotated[Decimal, Regexp("[0-9]+")], "Decimal"),
        (Annotated[uuid.UUID, Length(equal=36)], "UUID"),
        (Annotated[dt.date, Range(min=dt.datetime(2026, 1, 1))], "date"),
        (Annotated[dt.datetime, Range(min=dt.date(2026, 1, 1))], "datetime"),
        (Annotated[list[int], Range(1)], "list"),
        (list[Annotated[float, Email()]], "float"),
        (Annotated[bool | None, Length(1)], "bool"),
        (Annotated[str, And(Length(1), Range(1))], "str"),
        (Annotated[int, Predicate("isidentifier")], "int"),
    ],
)
def test_a_validator_that_suits_no_value_of_the_type_is_a_type_error(annotation: Any, kind: str) -> None:
    said = refused(function_of(annotation))
    assert f"can't check {kind}" in said
    assert "Take one that suits the type" in said


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str, Range("a", "f")],
        Annotated[Decimal, Range(0, 1.5)],
        Annotated[dt.datetime, Range(min=dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc))],
        Annotated[dt.time, Range(max=dt.time(18))],
        Annotated[dict[str, int], Length(1)],
        Annotated[list[str], ContainsOnly(["a", "b"])],
        Annotated[int, OneOf({1, 2})],
        Annotated[str, lambda value: value > 3],  # of one's own anything is taken
    ],
)
def test_a_validator_that_suits_the_type_is_taken(annotation: Any) -> None:
    assert compiled(function_of(annotation)).parameters


def test_a_validator_of_ones_own_is_called_with_nothing_at_registration() -> None:
    def ask_the_database(value: str) -> None:
        raise LookupError("There is none yet.")

    assert compiled(function_of(Annotated[str, And(Length(1), ask_the_database)])).parameters


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (Annotated[str, Range(1)], "Range can't check str"),
        (Annotated[int, Range], "Range is a class"),
        (Annotated[int, [Range(1)]], "a list of validators"),
        (Annotated[types.SimpleNamespace, Range], "Range is a class"),
    ],
)
def test_a_validator_that_checks_nothing_is_a_type_error_in_a_path_too(annotation: Any, said: str) -> None:
    assert said in refused(function_of(annotation), kind="route", path_names={"value"})


def test_a_parameter_without_a_type_is_a_type_error() -> None:
    def create(text, done=False):  # type: ignore[no-untyped-def]
        """Nobody knows what text is."""

    assert "parameter 'text', without annotation" in refused(create)


def test_arguments_without_names_are_a_type_error() -> None:
    def many(*texts: str) -> None: ...
    def rest(**texts: str) -> None: ...
    def positional(text: str, /) -> None: ...

    assert "'texts'" in refused(many)
    assert "'texts'" in refused(rest)
    assert "'text'" in refused(positional)


@pytest.mark.parametrize("annotation", [FileStorage, list[FileStorage], TodoForm, TodoIn])
def test_a_bound_argument_that_a_form_cannot_carry_is_a_type_error(annotation: Any) -> None:
    said = refused(function_of(Bound[annotation]))
    assert "a signed ID can't carry it" in said
    assert "UUID" in said


@pytest.mark.parametrize("place", [Header, Cookie])
@pytest.mark.parametrize("annotation", [FileStorage, TodoForm, TodoIn, Point, dict, list[Point]])
def test_what_one_line_cannot_carry_is_a_type_error(place: Any, annotation: Any) -> None:
    assert "parameter 'value'" in refused(function_of(place[annotation]))


def test_a_file_from_the_query_is_a_type_error() -> None:
    assert "Body[FileStorage]" in refused(function_of(Query[FileStorage]))


def test_two_places_for_one_argument_are_a_type_error() -> None:
    assert "two places" in refused(function_of(Query[Header[int]]))


def test_a_bound_argument_of_a_route_is_a_type_error() -> None:
    assert "<value>" in refused(function_of(Bound[int]), kind="route")


def test_a_bound_argument_called_as_an_argument_of_action_form_is_a_type_error() -> None:
    for name in ("attrs", "caller", "values"):
        assert "action_form" in refused(function_of(Bound[str], name=name))


def test_a_query_argument_of_a_page_may_have_any_name_but_ours() -> None:
    assert "hidden field" in refused(function_of(Query[str], name="_action"))
    for name in ("page", "form"):
        assert sources(function_of(Query[str], name=name)) == {name: Source.QUERY}


@pytest.mark.parametrize(("whole", "other"), [(TodoIn, int), (TodoForm, int), (TodoIn, TodoForm), (TodoIn, TodoIn)])
def test_a_field_beside_the_whole_body_is_a_type_error(whole: Any, other: Any) -> None:
    def create(todo: Any, more: Any) -> None: ...

    create.__annotations__ = {"todo": whole, "more": other}
    said = refused(create)
    assert "the whole body is 'todo' already" in said
    assert "'more'" in said


def test_a_variable_of_the_rule_that_the_method_lacks_is_a_type_error() -> None:
    _, actions = make_app()

    class Item(MethodRoute):
        def get(self, other: int) -> None: ...

    with pytest.raises(TypeError, match=r"'todo_id'.*Add todo_id"):
        actions.route("/<int:todo_id>")(Item)


def test_a_method_that_takes_whatever_comes_is_a_view_as_in_flask() -> None:
    door = Door()

    class Item(MethodRoute):
        def get(self, *args: Any, **kwargs: Any) -> Any:
            return kwargs

    door.actions.route("/<int:todo_id>")(Item)
    assert door.client.get("/5").json == {"todo_id": 5}


def test_decorators_that_wrap_leave_the_signature_as_it_is() -> None:
    @wrapping
    @wrapping
    def create(text: str, todo_id: Bound[int]) -> None: ...

    assert sources(create) == {"text": Source.BODY, "todo_id": Source.BOUND}


def test_a_registered_function_stays_a_plain_function() -> None:
    _, actions = make_app()

    @actions.register
    def double(number: int = 2) -> int:
        return number * 2

    assert isinstance(double, types.FunctionType)
    assert double(4) == 8


def test_annotations_of_the_result_that_name_several_types_are_flask_s_to_render() -> None:
    def create() -> list[int | str] | None: ...

    assert compiled(create).answer.schema is None


def test_the_annotation_of_the_result_holds_schema_status_and_many() -> None:
    def one() -> Annotated[Point, TodoSchema(), 201]: ...
    def some() -> list[Annotated[Point, TodoSchema, 203]]: ...
    def all_() -> Annotated[list[Point], TodoSchema()] | None: ...

    answers = [compiled(each).answer for each in (one, some, all_)]
    assert [(each.status, each.many) for each in answers] == [(201, False), (203, True), (None, True)]
    assert all(isinstance(each.schema, TodoSchema) for each in answers)
