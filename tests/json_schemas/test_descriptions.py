from __future__ import annotations

import functools
import http.client
from http import HTTPStatus
from typing import Any

import werkzeug.exceptions
from flask import abort
from werkzeug.exceptions import HTTPException

from flask_serveractions import ActionError
from flask_serveractions.json_schemas.descriptions import description_of, read_docstring, statuses_in

DOCSTRING = """Add a to-do
    to the list.

    It stays there until :meth:`~app.Todos.delete` is called,
    with ``force``.

    Really.

    :param text: what is to be done,
        in a few words
    :param int priority: ``1`` is high
    :returns: the to-do, with its ID
    :status 409: it is on the list already
    :statuscode 507: there is no room
    :raises ActionError: not for readers
    """


def test_the_first_paragraph_is_the_summary_in_one_line() -> None:
    assert read_docstring(DOCSTRING).summary == "Add a to-do to the list."


def test_the_other_paragraphs_are_text_in_commonmark() -> None:
    text = "It stays there until `app.Todos.delete` is called,\nwith `force`.\n\nReally."
    assert read_docstring(DOCSTRING).text == text


def test_parameters_are_known_by_name_whatever_their_type_says() -> None:
    parameters = {"text": "what is to be done, in a few words", "priority": "`1` is high"}
    assert read_docstring(DOCSTRING).parameters == parameters


def test_statuses_are_those_of_sphinxcontrib_httpdomain() -> None:
    assert read_docstring(DOCSTRING).statuses == {409: "it is on the list already", 507: "there is no room"}


def test_what_is_returned_is_known() -> None:
    assert read_docstring(DOCSTRING).returns == "the to-do, with its ID"


def test_a_field_that_is_no_status_is_none() -> None:
    assert read_docstring("X.\n\n:status many: of them\n:status 999: no").statuses == {}


def test_nothing_is_said_where_there_is_no_docstring() -> None:
    described = description_of(lambda: None)
    assert (described.summary, described.text, described.parameters) == ("", "", {})


def test_a_docstring_is_found_below_a_decorator() -> None:
    def documented() -> None:
        """Say something."""

    @functools.wraps(documented)
    def wrapper() -> None: ...

    assert description_of(wrapper).summary == "Say something."


def test_a_class_does_not_inherit_its_description() -> None:
    class Base:
        """A base."""

    class Derived(Base):
        pass

    assert (description_of(Base).summary, description_of(Derived).summary) == ("A base.", "")


def adds(kind: str) -> Any:
    if kind == "new":
        return {"kind": kind}, 201, {"Location": "/"}
    if kind == "later":
        return {}, 202
    if kind == "gone":
        abort(410)
    if kind == "twice":
        raise ActionError("Twice.", status=409)

    def inner() -> Any:
        return {}, 418

    return inner() if kind == "odd" else ActionError("Wrong.")


def test_the_statuses_that_stand_in_the_code_are_found() -> None:
    found = statuses_in(adds)
    assert (found.returned, found.raised) == ({201, 202}, {410, 409, 422})


GONE = 410


def put_by_name(kind: str, text: str) -> Any:
    if kind == "new":
        return {"text": text}, HTTPStatus.CREATED
    if kind == "later":
        return {}, (http.HTTPStatus.ACCEPTED if text else http.client.PARTIAL_CONTENT)
    if kind == "odd":
        return {}, HTTPStatus.MULTI_STATUS.value
    if kind == "gone":
        abort(code=GONE)
    if kind == "twice":
        raise ActionError("Twice.", status=HTTPStatus.CONFLICT)
    if kind == "early":
        raise TooEarly
    raise werkzeug.exceptions.NotFound("Nowhere.")


class TooEarly(HTTPException):
    code = 425


def test_a_constant_is_found_by_its_name() -> None:
    found = statuses_in(put_by_name)
    assert (found.returned, found.raised) == ({201, 202, 206, 207}, {404, 409, 410, 425})


def test_what_a_name_will_stand_for_when_the_function_runs_is_not_guessed() -> None:
    later = 202

    def choose(GONE: int) -> Any:
        local = 201
        if GONE:
            return {}, later
        if local:
            raise unknown.Name  # type: ignore[name-defined]  # noqa: F821
        return {}, (local or GONE or abort(GONE))

    found = statuses_in(choose)
    assert (found.returned, found.raised) == ({202}, frozenset())


def test_a_value_that_is_returned_alone_leaves_its_status_open() -> None:
    def put(kind: str) -> Any:
        if kind == "new":
            return {}, 201
        return {}

    def post(kind: str) -> Any:
        return ({}, 201) if kind == "new" else ({}, 202)

    assert (statuses_in(put).is_open, statuses_in(post).is_open) == (True, False)


def test_code_that_can_not_be_read_names_no_status() -> None:
    namespace: dict[str, Any] = {}
    exec("def made():\n    return {}, 201", namespace)
    assert statuses_in(namespace["made"]).returned == frozenset()
