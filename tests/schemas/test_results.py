"""``schemas.results``: a schema in a return annotation is applied, or is an error at registration."""

from __future__ import annotations

import collections
import dataclasses
import sys
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    MutableSequence,
    Sequence,
)
from http import HTTPStatus
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, TypeVar, Union

import pytest
from flask import Response
from marshmallow import Schema, fields
from typing_extensions import TypeAliasType
from werkzeug.wrappers import Response as WerkzeugResponse

from flask_serveractions import Bound, Progress
from flask_serveractions.schemas.results import compile_answer
from flask_serveractions.schemas.type_hints import NoField

T = TypeVar("T")


class UserSchema(Schema):
    name = fields.String()


class AdminSchema(Schema):
    name = fields.String()
    role = fields.String()


@dataclasses.dataclass
class User:
    name: str
    password: str = "secret"
    role: str = "none"


class Admin(User):
    pass


class Team:
    name = "team"


UserOut = Annotated[dict, UserSchema()]
Person = Annotated[User, UserSchema()]
Boss = Annotated[Admin, AdminSchema()]
Alias = TypeAliasType("Alias", UserOut)
Aliases = TypeAliasType("Aliases", list[Alias])
Listed = TypeAliasType("Listed", list[T], type_params=(T,))
WithStatus = TypeAliasType("WithStatus", tuple[Alias, int])
New = NewType("New", UserOut)  # type: ignore[valid-newtype]  # a form that runs
ADA = {"name": "Ada", "password": "secret"}
SHOWN = {"name": "Ada"}
# Python 3.10 leaves what stands in quotes within list[...] as it is: there this is a NoField that says so
IN_QUOTES = [(TypeAliasType("Quoted", "list['UserOut']"), [ADA], [SHOWN])] if sys.version_info >= (3, 11) else []


@pytest.mark.parametrize(
    ("annotation", "value", "written"),
    [
        (UserOut, ADA, SHOWN),
        (Annotated[UserOut, 201], ADA, SHOWN),
        (UserOut | None, ADA, SHOWN),
        (Annotated[UserOut | None, 200], ADA, SHOWN),
        (UserOut | Response, ADA, SHOWN),
        (Optional[Union[UserOut, WerkzeugResponse]], ADA, SHOWN),  # noqa: UP007, UP045
        (Alias, ADA, SHOWN),
        *IN_QUOTES,
        (New, ADA, SHOWN),
        (Annotated[Alias | None, "a note"] | Response, ADA, SHOWN),
        (Annotated[Annotated[UserOut | None, "inner"] | None, "outer"], ADA, SHOWN),
        (Annotated[dict | Response, UserSchema()], ADA, SHOWN),
        (Annotated[list[dict] | Response | None, UserSchema()], [ADA], [SHOWN]),
        (Annotated[list[dict] | dict, UserSchema()], [ADA], [SHOWN]),
        (Annotated[list[dict] | dict, UserSchema()], ADA, SHOWN),
        (list[Annotated[list[dict] | Team, UserSchema()]], [[ADA], Team()], [[SHOWN], {"name": "team"}]),
        (TypeVar("Bounded", bound=UserOut), ADA, SHOWN),
        (list[TypeVar("Either", UserOut, int)], [ADA], [SHOWN]),  # type: ignore[misc]  # a form that runs
        (Bound[UserOut], ADA, SHOWN),
        (Annotated[dict, fields.Nested(UserSchema)], ADA, SHOWN),
        (Annotated[list, fields.List(fields.Nested(UserSchema()))], [ADA], [SHOWN]),
        (list[Annotated[dict, fields.Nested(UserSchema)]], [ADA], [SHOWN]),
        (list[UserOut], [ADA], [SHOWN]),
        (list[UserOut] | Response, [ADA], [SHOWN]),
        (Annotated[list[dict], UserSchema()], [ADA], [SHOWN]),
        (Annotated[Sequence[dict], UserSchema()], [ADA], [SHOWN]),
        (Annotated[list, UserSchema()], [ADA], [SHOWN]),
        (Annotated[set[Team], UserSchema()], {Team()}, [{"name": "team"}]),
        (Aliases, [ADA], [SHOWN]),
        (Listed[UserOut], [ADA], [SHOWN]),
        (Annotated[Listed[Alias] | None, 200], [ADA], [SHOWN]),
        (Sequence[UserOut], (ADA,), [SHOWN]),
        (MutableSequence[UserOut], [ADA], [SHOWN]),
        (Collection[UserOut], [ADA], [SHOWN]),
        (Iterable[UserOut], iter([ADA]), [SHOWN]),
        (Iterator[UserOut], iter([ADA]), [SHOWN]),
        (Generator[UserOut, None, None], (each for each in [ADA]), [SHOWN]),
        (collections.deque[UserOut], collections.deque([ADA]), [SHOWN]),
        (tuple[UserOut, ...], (ADA, ADA), [SHOWN, SHOWN]),
        (list[UserOut | None], [ADA, None], [SHOWN, None]),
        (list[list[UserOut]], [[ADA], []], [[SHOWN], []]),
        (list[list[UserOut] | None], [[ADA], None], [[SHOWN], None]),
        (list[Annotated[list[dict], UserSchema(many=True)]], [[ADA]], [[SHOWN]]),
        (list[tuple[str, UserOut]], [("a", ADA)], [["a", SHOWN]]),
        (tuple[UserOut, Annotated[Team, UserSchema()]], (ADA, Team()), [SHOWN, {"name": "team"}]),
        (dict[str, UserOut], {"ada": ADA}, {"ada": SHOWN}),
        (Mapping[str, UserOut | None], {"ada": ADA, "bob": None}, {"ada": SHOWN, "bob": None}),
        (collections.defaultdict[str, list[UserOut]], {"a": [ADA]}, {"a": [SHOWN]}),
        (dict[str, dict[str, UserOut]], {"a": {"b": ADA}}, {"a": {"b": SHOWN}}),
        (tuple[UserOut, int], ADA, SHOWN),
        (tuple[UserOut, HTTPStatus], ADA, SHOWN),
        (tuple[UserOut, Literal[201]], ADA, SHOWN),
        (tuple[UserOut, dict[str, str]], ADA, SHOWN),
        (tuple[list[UserOut], int, dict[str, str]], [ADA], [SHOWN]),
        (WithStatus, ADA, SHOWN),
        (UserOut | tuple[UserOut, int], ADA, SHOWN),
        (UserOut | tuple[dict, int], ADA, SHOWN),
        (UserOut | str, ADA, SHOWN),
        (UserOut | str, "text", "text"),
        (UserOut | int, 7, 7),
        (UserOut | list[UserOut], ADA, SHOWN),
        (UserOut | list[UserOut], [ADA], [SHOWN]),
        (Person | Annotated[Team, AdminSchema()], Team(), {"name": "team"}),
        (Person | Boss, Admin("Ada", role="chief"), {"name": "Ada", "role": "chief"}),
        (Person | Boss, User("Ada", role="chief"), {"name": "Ada"}),
        (Person | Team, User("Ada"), {"name": "Ada"}),
        (
            list[Person | Boss | None],
            [User("a"), None, Admin("b")],
            [{"name": "a"}, None, {"name": "b", "role": "none"}],
        ),
        (Awaitable[UserOut], ADA, SHOWN),
        (Coroutine[Any, Any, UserOut], ADA, SHOWN),
    ],
)
def test_a_schema_is_applied_wherever_it_stands(annotation: Any, value: Any, written: Any) -> None:
    dump = compile_answer(annotation).dump
    assert dump is not None
    assert dump(value) == written


@dataclasses.dataclass
class Page:
    items: list[UserOut]


class Row(NamedTuple):
    user: UserOut


class Typed(TypedDict):
    user: UserOut


Endless = TypeAliasType("Endless", "UserOut | list[Endless]")


@pytest.mark.parametrize(
    ("annotation", "mend"),
    [
        (UserOut | Annotated[dict, AdminSchema()], "409"),
        (UserOut | dict, "409"),
        (UserOut | Mapping[str, Any], "409"),
        (UserOut | Any, "409"),
        (Person | Admin, "409"),
        (list[UserOut] | list[str], "409"),
        (Annotated[dict, UserSchema(), AdminSchema()], "Leave one"),
        (Annotated[UserOut, AdminSchema()], "Leave one"),
        (Annotated[list[UserOut], AdminSchema()], "Leave one"),
        (list[Annotated[list[UserOut], AdminSchema()]], "Leave one"),
        (UserSchema, "Annotated"),
        (UserSchema(), "Annotated"),
        (list[UserSchema], "Annotated"),
        (UserSchema | None, "Annotated"),
        (Page, "schema of its own"),
        (list[Page], "schema of its own"),
        (Row, "schema of its own"),
        (Typed, "schema of its own"),
        (dict[UserOut, str], "schema of its own"),
        (Callable[[], UserOut], "schema of its own"),
        (AsyncIterator[UserOut], "schema of its own"),
        (Generator[str, UserOut, None], "schema of its own"),
        (list[UserOut | Response], "schema of its own"),
        (type[UserOut], "schema of its own"),
        (Endless, "schema of its own"),
        (tuple[dict, UserOut], "first of a tuple"),
        (tuple[UserOut, int, UserOut], "first of a tuple"),
        (Annotated[UserOut, 201] | Annotated[Response, 200] | Annotated[str, 202], "not the first"),
        (TypeAliasType("Quoted", "list['NobodyKnowsIt']"), "without"),  # noqa: F821
    ],
)
def test_a_schema_that_could_not_be_applied_is_an_error_with_its_mend(annotation: Any, mend: str) -> None:
    with pytest.raises(NoField) as caught:
        compile_answer(annotation)
    assert mend in f"{caught.value} {caught.value.mend}"


def test_a_value_of_no_type_of_the_union_is_not_sent() -> None:
    dump = compile_answer(Person | Annotated[Team, AdminSchema()]).dump
    assert dump is not None
    with pytest.raises(TypeError, match="User, Team"):
        dump(ADA)


@pytest.mark.parametrize(
    ("annotation", "status"),
    [
        (Annotated[UserOut, 201], 201),
        (Annotated[None, 202], 202),
        (Annotated[UserOut, 201] | Response, 201),
        (Annotated[Alias | None, 203], 203),
        (list[Annotated[UserOut, 201]], 201),
        (tuple[Annotated[UserOut, 201], dict], 201),
        (Annotated[UserOut, True], None),
        (UserOut, None),
    ],
)
def test_the_status_is_found_wherever_it_stands(annotation: Any, status: int | None) -> None:
    assert compile_answer(annotation).status == status


@pytest.mark.parametrize(
    ("annotation", "is_json"),
    [
        (UserOut, True),
        (UserOut | None, True),
        (list[list[UserOut]], True),
        (dict[str, int] | None, True),
        (UserOut | Response, False),
        (UserOut | str, False),
        (dict | str, False),
        (Response, False),
        (str, False),
        (Any, False),
    ],
)
def test_it_is_known_whether_an_answer_can_but_be_json(annotation: Any, is_json: bool) -> None:
    assert compile_answer(annotation).is_json is is_json


def test_a_generator_returns_the_last_of_three() -> None:
    dump = compile_answer(Generator[Progress, None, UserOut], is_generator=True).dump
    assert dump is not None
    assert dump(ADA) == SHOWN
    assert compile_answer(Iterator[Progress], is_generator=True).dump is None
    with pytest.raises(NoField, match="yielded"):
        compile_answer(Iterator[UserOut], is_generator=True)


Json = TypeAliasType("Json", "dict[str, Json] | list[Json] | str")


@pytest.mark.parametrize(
    "annotation",
    [None, Any, object, Json, T, list, dict, Callable[[int], str], Literal["a"], int | str, list[int | str]],
)
def test_without_a_schema_everything_goes(annotation: Any) -> None:
    assert compile_answer(annotation).dump is None
