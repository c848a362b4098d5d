"""The resource door: the signature is the contract, and HTTP is as RFC 9110 says."""

from __future__ import annotations

import asyncio
import enum
from io import BytesIO
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from flask import Response, jsonify, redirect, stream_with_context
from marshmallow.validate import Range
from werkzeug.datastructures import FileStorage

from flask_serveractions import Body, Cookie, Header, MethodRoute, Query
from flask_serveractions.testing import ActionsClient
from tests.callers import client_of
from tests.decorators import wrapping
from tests.views.todo_resources import (
    Todo,
    TodoOut,
    TodoSchema,
    make_app,
    problem_of,
    ran,
    returning,
    serving,
)

PROBLEM = "application/problem+json"


Item = TypeVar("Item")


class Store(MethodRoute, Generic[Item]):
    """Written once for many kinds of things."""

    def get(self) -> list[Item]:
        return [Todo(1, "milk")]  # type: ignore[list-item]  # what a subclass says

    def put(self, item: Item) -> Item | None:
        return item


class TodoStore(Store[TodoOut]): ...


class NumberStore(Store[Annotated[int, Range(1)]]): ...


class Colour(enum.Enum):
    RED = "red"


@pytest.fixture
def client() -> ActionsClient:
    return client_of(make_app())


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (lambda: Response("no", status=409), 409),
        (lambda: redirect("/elsewhere"), 302),
        (lambda: (Response("no", status=409), 410), 410),
        (lambda: Todo(1, "milk"), 201),
    ],
)
def test_the_status_of_the_annotation_is_none_of_a_response_s(result: Any, status: int) -> None:
    client = serving(returning(result, Annotated[Todo, TodoSchema(), 201] | Response))
    assert client.get("/thing").status_code == status


# Where arguments come from


def test_a_generic_base_takes_and_writes_what_its_subclass_says() -> None:
    todos, numbers = serving(TodoStore), serving(NumberStore)
    assert todos.get("/thing").json == [{"id": 1, "text": "milk", "completed": False}]
    assert numbers.put("/thing", json={"item": 3}).json == 3
    assert problem_of(numbers.put("/thing", json={"item": 0}))["errors"] == {"item": ["Must be at least 1."]}


def test_variables_of_the_rule_come_from_the_path(client: ActionsClient) -> None:
    assert client.get("/api/todos/7").json == {"id": 7, "text": "milk", "completed": False}


def test_get_and_delete_take_the_rest_from_the_query(client: ActionsClient) -> None:
    client.get("/api/todos?completed=1&page=2")
    client.get("/api/todos")
    assert ran == [(True, 2), (None, 1)]


def test_a_bad_query_is_a_422_with_all_errors_at_once(client: ActionsClient) -> None:
    response = client.get("/api/todos?completed=perhaps&page=0")
    assert response.status_code == 422
    assert list(problem_of(response)["errors"]) == ["completed", "page"]
    assert ran == []


def test_an_unknown_key_in_the_query_is_ignored(client: ActionsClient) -> None:
    assert client.get("/api/todos?utm_source=x").status_code == 200


@pytest.mark.parametrize("how", ["json", "data"])
def test_post_put_and_patch_take_the_rest_from_the_body_json_or_form(client: ActionsClient, how: str) -> None:
    response = client.put("/api/todos/7", **{how: {"text": "bread"}})  # type: ignore[arg-type]
    assert response.json == {"id": 7, "text": "bread", "completed": False}
    response = client.patch("/api/todos/7", **{how: {"text": "bread"}})  # type: ignore[arg-type]
    assert (response.status_code, response.json) == (202, {"id": 7, "text": "bread", "completed": False})


def test_an_unknown_key_in_json_is_a_422_that_names_it(client: ActionsClient) -> None:
    response = client.put("/api/todos/7", json={"text": "bread", "colour": "red"})
    assert problem_of(response)["errors"] == {"colour": ["Unknown field."]}


def test_an_unknown_key_in_a_form_is_ignored(client: ActionsClient) -> None:
    assert client.put("/api/todos/7", data={"text": "bread", "colour": "red"}).status_code == 200


def test_a_whole_body_is_loaded_by_its_schema(client: ActionsClient) -> None:
    response = client.post("/api/todos", json={"text": "milk"})
    assert (response.status_code, response.location) == (201, "/api/todos/3")
    assert response.json == {"id": 3, "text": "milk", "completed": False}
    assert ran == [{"text": "milk", "completed": False}]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"text": ["Please fill in this field."]}),
        ({"text": ""}, {"text": ["Length must be between 1 and 20 characters."]}),
        ({"text": 1, "completed": 7, "x": 1}, {"completed", "text", "x"}),
        ([], {"_schema": ["This does not have the expected form."]}),
        ({"id": 9, "text": "milk"}, {"id": ["Unknown field."]}),
    ],
)
def test_a_body_that_the_schema_refuses_is_a_422(client: ActionsClient, body: Any, errors: Any) -> None:
    response = client.post("/api/todos", json=body)
    assert response.status_code == 422
    found = problem_of(response)["errors"]
    assert (set(found) if isinstance(errors, set) else found) == errors
    assert ran == []


def test_what_is_no_method_is_an_error_that_names_it() -> None:
    class Word(MethodRoute):
        @property
        def get(self) -> Any:
            return lambda: "word"

    with pytest.raises(TypeError, match=r"Word\.get is <property object .*>, and no method\. Write def get\(self\)"):
        Word.as_view("word")


def test_a_path_value_that_its_annotation_rejects_is_a_404() -> None:
    class Paint(MethodRoute):
        def get(self, colour: Colour, size: Annotated[int, Range(max=9)], kind: Literal["a", "b"]) -> str:
            return f"{colour.name} {size + 1} {kind}"

    client = serving(Paint, "/paint/<colour>/<size>/<kind>")
    assert client.get("/paint/red/7/a").text == "RED 8 a"
    for path in ("/paint/blue/7/a", "/paint/red/x/a", "/paint/red/10/a", "/paint/red/7/c"):
        assert problem_of(client.get(path))["status"] == 404


def test_an_unannotated_path_value_passes_unchanged() -> None:
    class Shown(MethodRoute):
        def get(self, number, word):
            return jsonify([number, word])

    assert serving(Shown, "/<int:number>/<word>").get("/7/007").json == [7, "007"]


def test_query_header_cookie_and_body_come_from_that_place_whatever_the_method() -> None:
    class Placed(MethodRoute):
        def delete(self, reason: Body[str], x_request_id: Header[int], theme: Cookie[str] = "light") -> list[Any]:
            return [reason, x_request_id, theme]

        def post(self, dry_run: Query[bool], text: str) -> list[Any]:
            return [dry_run, text]

    client = serving(Placed)
    client.set_cookie("theme", "dark")
    response = client.delete("/thing", json={"reason": "old"}, headers={"X-Request-Id": "7"})
    assert response.json == ["old", 7, "dark"]
    assert client.post("/thing?dry_run=1", json={"text": "x"}).json == [True, "x"]
    errors = problem_of(client.delete("/thing", json={}))["errors"]
    assert set(errors) == {"x_request_id", "reason"}


def test_a_file_is_uploaded() -> None:
    class Upload(MethodRoute):
        def put(self, file: FileStorage, note: str = "") -> list[Any]:
            return [file.filename, file.read().decode(), note]

    client = serving(Upload)
    response = client.put("/thing", data={"file": (BytesIO(b"content"), "a.txt"), "note": "x"})
    assert response.json == ["a.txt", "content", "x"]
    assert problem_of(client.put("/thing", data={"note": "x"}))["errors"] == {"file": ["Please fill in this field."]}


# Bodies


UNREADABLE: dict[str, tuple[bytes, str, int]] = {
    "not JSON": (b"{", "application/json", 400),
    "NaN": (b'{"text": NaN}', "application/json", 400),
    "nested too deep": (b"[" * 100_000, "application/json", 400),
    "not UTF-8": (b'{"text": "\xff"}', "application/json", 400),
    "half a multipart body": (
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nmi',
        "multipart/form-data; boundary=x",
        400,
    ),
    "multipart without boundary": (b"text=milk", "multipart/form-data", 400),
    "another type": (b"<text/>", "application/xml", 415),
    "no type": (b"text=milk", "", 415),
    "too much": (b"text=" + b"x" * 2000, "application/x-www-form-urlencoded", 413),
}


@pytest.mark.parametrize(("body", "content_type", "status"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_can_not_be_read_is_refused_and_nothing_runs(body: bytes, content_type: str, status: int) -> None:
    client = client_of(make_app(SERVERACTIONS_MAX_CONTENT_LENGTH=1500 if status == 413 else 10**6))
    response = client.post("/api/todos", data=body, content_type=content_type)
    assert response.status_code == status
    problem_of(response)
    assert ran == []


def test_a_compressed_body_is_a_415_that_says_what_is_accepted(client: ActionsClient) -> None:
    response = client.post("/api/todos", json={"text": "x"}, headers={"Content-Encoding": "gzip"})
    assert (response.status_code, response.headers["Accept-Encoding"]) == (415, "identity")


def test_a_method_that_declares_no_body_reads_it_itself() -> None:
    class Raw(MethodRoute):
        def post(self):
            from flask import request

            return request.get_data(as_text=True)

    assert serving(Raw).post("/thing", data="<x/>", content_type="application/xml").text == "<x/>"


# What comes back


def test_none_is_a_204_without_a_body_or_its_type(client: ActionsClient) -> None:
    response = client.delete("/api/todos/7")
    assert (response.status_code, response.data, response.content_type) == (204, b"", None)


def test_a_list_goes_through_the_schema_of_its_items(client: ActionsClient) -> None:
    assert client.get("/api/todos").json == [
        {"id": 1, "text": "milk", "completed": False},
        {"id": 2, "text": "bread", "completed": True},
    ]


TODO = b'{"completed":false,"id":1,"text":"x"}\n'
CREATED = Annotated[Todo, TodoSchema(), 201]
ACCEPTED = Annotated[dict[str, int], 202]

RESULTS: dict[str, tuple[Any, Any, int, str | None, bytes]] = {
    "a dict": ({"a": 1}, Any, 200, "application/json", b'{"a":1}\n'),
    "a list": ([1], Any, 200, "application/json", b"[1]\n"),
    "a number": (7, Any, 200, "application/json", b"7\n"),
    "False": (False, Any, 200, "application/json", b"false\n"),
    "text": ("<p>", Any, 200, "text/html; charset=utf-8", b"<p>"),
    "bytes": (b"<p>", Any, 200, "text/html; charset=utf-8", b"<p>"),
    "a status": (({"a": 1}, 203), Any, 203, "application/json", b'{"a":1}\n'),
    "None with a status": ((None, 202), Any, 202, None, b""),
    "None with headers": ((None, {"X-A": "1"}), Any, 204, None, b""),
    "a schema and a status": ((Todo(1, "x"), 203), TodoOut, 203, "application/json", TODO),
    "a schema and None": (None, TodoOut | None, 204, None, b""),
    "a status in the annotation": (Todo(1, "x"), CREATED, 201, "application/json", TODO),
    "a status that overrules the annotation": ((Todo(1, "x"), 200), CREATED, 200, "application/json", TODO),
    "a status and no schema in the annotation": ({"a": 1}, ACCEPTED, 202, "application/json", b'{"a":1}\n'),
}  # fmt: skip


@pytest.mark.parametrize(("result", "annotation", "status", "content_type", "body"), RESULTS.values(), ids=RESULTS)
def test_a_result_is_answered(result: Any, annotation: Any, status: int, content_type: str | None, body: bytes) -> None:
    response = serving(returning(result, annotation)).get("/thing")
    assert response.status_code == status
    if content_type == "application/json":
        import json

        assert json.loads(response.data) == json.loads(body)
    else:
        assert response.data == body
    assert response.content_type == content_type or (content_type is None and not response.data)


def test_a_response_passes_through() -> None:
    response = serving(returning(lambda: redirect("/elsewhere", 307))).get("/thing")
    assert (response.status_code, response.location) == (307, "/elsewhere")


def test_a_schema_does_not_stand_in_the_way_of_a_response() -> None:
    response = serving(returning(lambda: Response("x", 203, content_type="text/plain"), TodoOut)).get("/thing")
    assert (response.status_code, response.text, response.content_type) == (203, "x", "text/plain")


def test_a_generator_streams_as_in_flask() -> None:
    def lines() -> Any:
        yield from ("a\n", "b\n")

    for result in (lines, lambda: stream_with_context(lines())):
        response = serving(returning(result)).get("/thing")
        assert (response.text, response.content_length) == ("a\nb\n", None)


def test_an_async_method_is_awaited() -> None:
    class Slow(MethodRoute):
        async def get(self, number: int) -> dict[str, int]:
            await asyncio.sleep(0)
            return {"number": number}

    assert serving(Slow).get("/thing?number=7").json == {"number": 7}


def test_an_async_method_is_awaited_behind_a_decorator_that_knows_nothing_of_it() -> None:
    class Slow(MethodRoute):
        @wrapping
        async def get(self, number: int = 7) -> dict[str, int]:
            return {"number": number}

        @wrapping
        async def put(self, number: int) -> dict[str, int]:
            return {"number": number}

    client = serving(Slow)
    tag = client.get("/thing").headers["ETag"]
    assert client.get("/thing").json == {"number": 7}
    assert client.put("/thing", json={"number": 8}, headers={"If-Match": tag}).json == {"number": 8}


def test_an_async_action_is_awaited_behind_a_decorator_that_knows_nothing_of_it() -> None:
    app = make_app()

    @app.extensions["serveractions"].register
    @wrapping
    async def double(number: int) -> int:
        return 2 * number

    response = client_of(app).call_action("double", number=2)
    assert response.json is not None
    assert response.json["data"] == 4


# Methods


def test_head_is_get_without_its_body(client: ActionsClient) -> None:
    got, head = client.get("/api/todos/7"), client.head("/api/todos/7")
    assert (head.status_code, head.data) == (200, b"")
    assert (head.content_type, head.content_length) == (got.content_type, got.content_length)


def test_options_tells_the_methods_and_needs_nothing(client: ActionsClient) -> None:
    response = client.options("/api/todos/7", headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == 200
    assert sorted(response.headers["Allow"].split(", ")) == ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"]


def test_a_method_that_is_not_there_is_a_405_with_allow(client: ActionsClient) -> None:
    response = client.post("/api/todos/7", json={})
    assert (response.status_code, response.headers["Allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT")
    problem_of(response)


# Who asks


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("application/*", 200),
        ("application/problem+json", 200),
        ("text/html,*/*;q=0.1", 200),
        ("text/csv", 406),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/hal+json;q=0", 406),
    ],
)
def test_who_accepts_nothing_that_there_is_gets_a_406(client: ActionsClient, accept: str, status: int) -> None:
    assert client.get("/api/todos", headers={"Accept": accept}).status_code == status
    assert len(ran) == (status == 200)


def test_json_of_a_kind_of_its_own_is_sent_to_who_accepts_it() -> None:
    class Articles(MethodRoute):
        def get(self) -> tuple[dict[str, Any], dict[str, str]]:
            return {"data": []}, {"Content-Type": "application/vnd.api+json"}

        def post(self) -> dict[str, Any]:
            return {"data": []}, 201, {"Content-Type": "application/vnd.api+json"}  # type: ignore[return-value]

    client = serving(Articles)
    for response in (
        client.get("/thing", headers={"Accept": "application/vnd.api+json"}),
        client.post("/thing", headers={"Accept": 'application/vnd.api+json; ext="x", text/csv'}),
    ):
        assert (response.content_type, response.json) == ("application/vnd.api+json", {"data": []})
