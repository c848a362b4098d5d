"""The pieces that answers are made of."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Annotated, Any

import pytest
from flask import Flask, Response
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from marshmallow import Schema, fields
from werkzeug.datastructures import Headers

from flask_serveractions import MethodRoute, ServerActions
from flask_serveractions.answers.responses import (
    close_to_caches,
    dump_value,
    plain_page,
    problem_response,
    see_other,
    split_result,
)
from flask_serveractions.operation import Answer, Submission
from flask_serveractions.schemas.results import compile_answer

APP = Flask(__name__)


def parts(returned: Any) -> tuple[Any, int | None, list[tuple[str, str]]]:
    result = split_result(returned, Answer())
    return result.value, result.status, (result.headers or Headers()).to_wsgi_list()


@pytest.mark.parametrize(
    ("returned", "value", "status", "headers"),
    [
        (("milk", 201), "milk", 201, []),
        (("milk", "201 CREATED"), "milk", 201, []),
        (("milk", {"X-A": "1"}), "milk", None, [("X-A", "1")]),
        (("milk", [("X-A", "1"), ("X-A", "2")]), "milk", None, [("X-A", "1"), ("X-A", "2")]),
        (("milk", 201, {"X-A": "1"}), "milk", 201, [("X-A", "1")]),
        (("milk", None, {"X-A": "1"}), "milk", None, [("X-A", "1")]),
        ((None, 202), None, 202, []),
    ],
)
def test_a_tuple_is_taken_apart_as_in_flask(returned: Any, value: Any, status: Any, headers: Any) -> None:
    assert parts(returned) == (value, status, headers)


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "returned",
    [None, "milk", 7, ["milk", 201], {"milk": 201}, (1, 2), (1, 2, 3, 4), (1,), (), ("a", True), Point(1, 200)],
)
def test_any_other_value_is_a_value(returned: Any) -> None:
    assert parts(returned) == (returned, None, [])


def test_a_problem_is_what_rfc_9457_says() -> None:
    with APP.app_context():
        response = problem_response(APP, 422, "Too long.", errors={"text": ["Too long."]}, code="long", login=None)
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert response.json == {
        "type": "about:blank",
        "title": response.json["title"],
        "status": 422,
        "detail": "Too long.",
        "code": "long",
        "errors": {"text": ["Too long."]},
    }


@pytest.mark.parametrize("with_page", [True, False])
def test_a_problem_ends_its_line_so_that_a_terminal_can_go_on(with_page: bool) -> None:
    with APP.app_context():
        assert problem_response(APP, 404, "Not there.", with_page=with_page).get_data(as_text=True).endswith("}\n")


def test_a_problem_of_an_unknown_status_has_a_title() -> None:
    with APP.app_context():
        assert problem_response(APP, 499, "Odd.").json["title"] == "Error"


CLOSED = {"Cache-Control": "no-store", "Vary": "Accept, Cookie", "X-Content-Type-Options": "nosniff"}


@pytest.mark.parametrize(
    ("given_headers", "sent"),
    [
        ({}, {}),
        ({"Cache-Control": "no-cache"}, {}),
        ({"X-Content-Type-Options": "nosniff"}, {}),
        ({"Cache-Control": "private, max-age=60"}, {"Cache-Control": "private, max-age=60"}),
        ({"Vary": "Accept-Language"}, {"Vary": "Accept-Language, Accept, Cookie"}),
        ({"Vary": "cookie"}, {"Vary": "cookie, Accept"}),
    ],
)
def test_an_answer_is_closed_to_caches(given_headers: dict[str, str], sent: dict[str, str]) -> None:
    response = Response("x", headers=given_headers)
    close_to_caches(response)
    close_to_caches(response)
    assert {name: response.headers.get(name) for name in CLOSED} == {**CLOSED, **sent}


def test_a_redirect_after_a_call_is_303_and_closed_to_caches() -> None:
    response = see_other(APP, "/todos")
    assert (response.status_code, response.headers["Location"]) == (303, "/todos")
    assert {name: response.headers[name] for name in CLOSED} == CLOSED


class Tenants(Response):
    """Says by which header of a request its answers are chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers["Vary"] = "X-Tenant"
        self.headers["Cache-Control"] = "no-cache"


def test_a_redirect_of_the_apps_own_class_of_responses_is_closed_to_caches_as_well() -> None:
    app = Flask(__name__)
    app.response_class = Tenants
    headers = see_other(app, "/todos").headers
    assert headers.getlist("Cache-Control") == ["no-store"]
    assert headers.getlist("Vary") == ["X-Tenant, Accept, Cookie"]


def failure(**parts: Any) -> Submission:
    return Submission(
        **{"action": "a", "payload": "", "ordinal": "", "values": {}, "errors": {}, "message": "", **parts}
    )


@given(text=st.text(min_size=1))
def test_everything_on_the_built_in_page_is_escaped(text: str) -> None:
    hostile = f"<script>'\"&{text}"
    made = failure(values={"text": hostile}, errors={"text": [hostile], "_schema": [hostile]}, message=hostile)
    page = plain_page(APP, 422, made, f'/x"{text}', frozenset({"text"})).get_data(as_text=True)
    assert "<script" not in page
    assert page.count("&lt;script&gt;&#39;&#34;&amp;") == 4
    assert 'href="/x&#34;' in page


def test_the_built_in_page_shows_message_errors_and_what_was_typed() -> None:
    made = failure(
        values={"text": "milk", "tags": ["a", "b"], "address.city": "Rome", "tags-0": "nested", "x": "undeclared"},
        errors={"text": ["Too long."], "_schema": ["These two do not go together."]},
        message="That did not work.",
    )
    response = plain_page(APP, 422, made, "/todos", frozenset({"text", "tags", "address"}))
    page = response.get_data(as_text=True)
    assert (response.status_code, response.mimetype) == (422, "text/html")
    for shown in (
        "That did not work.",
        "text: Too long.",
        "<li>These two do not",
        "milk",
        "<pre>b</pre>",
        "Rome",
        "nested",
    ):
        assert shown in page
    assert "undeclared" not in page
    assert '<a href="/todos">' in page


def test_line_ends_and_blanks_that_were_typed_are_kept() -> None:
    made = failure(values={"text": "one\n  two"})
    page = plain_page(APP, 422, made, "/", frozenset({"text"})).get_data(as_text=True)
    assert f"<pre>{escape('one')}\n  two</pre>" in page


class NameSchema(Schema):
    name = fields.String()


NameOut = Annotated[dict[str, Any], NameSchema()]
ADA = {"name": "Ada"}


@pytest.mark.parametrize(
    ("annotation", "value", "mend"),
    [
        (NameOut, [ADA], "-> list"),
        (NameOut, (ADA,), "-> list"),
        (NameOut, [], "-> list"),
        (list[NameOut], ADA, "-> TodoOut"),
        (list[NameOut], "Ada", "-> TodoOut"),
        (dict[str, NameOut], {"first": [ADA]}, "-> list"),
    ],
)
def test_a_list_for_one_and_one_for_a_list_are_no_empty_objects(annotation: Any, value: Any, mend: str) -> None:
    with pytest.raises(TypeError, match=mend):
        dump_value(compile_answer(annotation), value)


@pytest.mark.parametrize(("annotation", "value"), [(NameOut, {}), (list[NameOut], []), (list[NameOut], [ADA])])
def test_an_empty_object_and_an_empty_list_are_results(annotation: Any, value: Any) -> None:
    assert dump_value(compile_answer(annotation), value) == value


@pytest.mark.parametrize(
    "annotation", [list[NameOut], tuple[NameOut, ...], Sequence[NameOut] | None, list[dict[str, str]]]
)
def test_two_objects_of_a_list_are_its_items(annotation: Any) -> None:
    assert split_result((ADA, {"name": "Grace"}), compile_answer(annotation)).value == (ADA, {"name": "Grace"})


@pytest.mark.parametrize(
    ("annotation", "returned", "value"),
    [
        (NameOut, (ADA, {"X-A": "1"}), ADA),
        (list[NameOut], ([ADA], {"X-A": "1"}), [ADA]),
        (list[NameOut], ((ADA, ADA), 201), (ADA, ADA)),
        (list[NameOut], ({"why": "gone"}, 410), {"why": "gone"}),
    ],
)
def test_headers_and_a_status_stand_beside_a_value(annotation: Any, returned: Any, value: Any) -> None:
    assert split_result(returned, compile_answer(annotation)).value == value


@pytest.mark.parametrize("kind", ["get", "post"])
@pytest.mark.parametrize(("annotation", "value"), [(NameOut, [ADA]), (list[NameOut], ADA)])
def test_a_resource_answers_with_no_empty_object_in_place_of_its_data(kind: str, annotation: Any, value: Any) -> None:
    app = Flask("resources")
    app.config.update(SECRET_KEY="for this test", PROPAGATE_EXCEPTIONS=True)

    def method(self: MethodRoute) -> Any:
        return value

    method.__annotations__["return"] = annotation
    ServerActions(app).route("/names")(type("Names", (MethodRoute,), {kind: method}))
    with pytest.raises(TypeError, match="was returned where the return annotation says"):
        app.test_client().open("/names", method=kind.upper())
