"""The resource door: the signature is the contract, and HTTP is as RFC 9110 says."""

from __future__ import annotations

import asyncio
import enum
import functools
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Annotated, Any, Literal

import pytest
from flask import Blueprint, Flask, Response, abort, jsonify, redirect, stream_with_context
from flask.views import MethodView
from marshmallow import Schema, fields
from marshmallow.validate import Length, Range
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import Conflict, HTTPException, NotFound
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, Body, Cookie, Header, MethodRoute, Query, ServerActions
from flask_serveractions.testing import ActionsClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROBLEM = "application/problem+json"


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Todo:
    id: int
    text: str
    completed: bool = False


class TodoSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=Length(1, 20))
    completed = fields.Boolean(load_default=False)


TodoIn = Annotated[dict[str, Any], TodoSchema()]
TodoOut = Annotated[Todo, TodoSchema()]

ran: list[Any] = []


class Todos(MethodRoute):
    def get(self, completed: bool | None = None, page: Annotated[int, Range(1)] = 1) -> list[TodoOut]:
        ran.append((completed, page))
        return [Todo(1, "milk"), Todo(2, "bread", True)]

    def post(self, todo: TodoIn) -> tuple[TodoOut, int, dict[str, str]]:
        ran.append(todo)
        return Todo(3, **todo), 201, {"Location": "/api/todos/3"}


class TodoItem(MethodRoute):
    def get(self, todo_id: int) -> TodoOut:
        if todo_id == 404:
            abort(404, "There is no such todo.")
        if todo_id == 500:
            raise ZeroDivisionError("the secret of the inside")
        return Todo(todo_id, "milk")

    def put(self, todo_id: int, text: Annotated[str, Length(1, 20)], completed: bool = False) -> TodoOut:
        if text == "twice":
            raise ActionError("You already have that one.", field="text", code="twice")
        return Todo(todo_id, text, completed)

    def patch(self, todo_id: int, text: str | None = None) -> Annotated[Todo, TodoSchema(), 202]:
        return Todo(todo_id, text or "milk")

    def delete(self, todo_id: int) -> None:
        ran.append(todo_id)


def make_app(*views: tuple[str, type[MethodView]], **config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": "a key for tests", **config})
    actions = ServerActions(app)
    for rule, view_class in (("/api/todos", Todos), ("/api/todos/<int:todo_id>", TodoItem), *views):
        actions.route(rule)(view_class)  # type: ignore[type-var]
    ran.clear()
    return app


@pytest.fixture
def client() -> ActionsClient:
    return client_of(make_app())


def client_of(app: Flask) -> ActionsClient:
    return ActionsClient(app, app.response_class, use_cookies=True)


def serving(view_class: type[MethodRoute], rule: str = "/thing", **config: Any) -> ActionsClient:
    return client_of(make_app((rule, view_class), **config))


def returning(result: Any, annotation: Any = Any) -> type[MethodRoute]:
    def get(self: Any) -> Any:
        return result() if callable(result) and not isinstance(result, type) else result

    get.__annotations__["return"] = annotation
    return type("Returning", (MethodRoute,), {"get": get})


def problem_of(response: TestResponse) -> dict[str, Any]:
    assert response.content_type == PROBLEM
    assert response.json is not None
    assert response.json["status"] == response.status_code
    return response.json


# Where arguments come from


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
        ({}, {"text": ["Missing data for required field."]}),
        ({"text": ""}, {"text": ["Length must be between 1 and 20."]}),
        ({"text": 1, "completed": 7, "x": 1}, {"completed", "text", "x"}),
        ([], {"_schema": ["Invalid input type."]}),
        ({"id": 9, "text": "milk"}, {"id": ["Unknown field."]}),
    ],
)
def test_a_body_that_the_schema_refuses_is_a_422(client: ActionsClient, body: Any, errors: Any) -> None:
    response = client.post("/api/todos", json=body)
    assert response.status_code == 422
    found = problem_of(response)["errors"]
    assert (set(found) if isinstance(errors, set) else found) == errors
    assert ran == []


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
    assert problem_of(client.put("/thing", data={"note": "x"}))["errors"] == {
        "file": ["Missing data for required field."]
    }


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


def plainly(function: Any) -> Any:
    """A decorator that knows nothing of async functions."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def test_an_async_method_is_awaited_behind_a_decorator_that_knows_nothing_of_it() -> None:
    class Slow(MethodRoute):
        @plainly
        async def get(self, number: int = 7) -> dict[str, int]:
            return {"number": number}

        @plainly
        async def put(self, number: int) -> dict[str, int]:
            return {"number": number}

    client = serving(Slow)
    tag = client.get("/thing").headers["ETag"]
    assert client.get("/thing").json == {"number": 7}
    assert client.put("/thing", json={"number": 8}, headers={"If-Match": tag}).json == {"number": 8}


def test_an_async_action_is_awaited_behind_a_decorator_that_knows_nothing_of_it() -> None:
    app = make_app()

    @app.extensions["serveractions"].register
    @plainly
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
    ],
)
def test_who_accepts_nothing_that_there_is_gets_a_406(client: ActionsClient, accept: str, status: int) -> None:
    assert client.get("/api/todos", headers={"Accept": accept}).status_code == status
    assert len(ran) == (status == 200)


# Failures


def test_an_action_error_is_problem_details(client: ActionsClient) -> None:
    response = client.put("/api/todos/7", json={"text": "twice"})
    problem = problem_of(response)
    assert problem.pop("title").startswith("Unprocessable")  # the second word has changed with the RFC
    assert problem == {
        "type": "about:blank",
        "status": 422,
        "detail": "You already have that one.",
        "code": "twice",
        "errors": {"text": ["You already have that one."]},
    }


def test_abort_is_problem_details_for_a_client_and_the_apps_own_page_for_a_browser() -> None:
    app = make_app()
    app.register_error_handler(404, lambda error: (f"<h1>{error.description}</h1>", 404))
    client = client_of(app)
    assert problem_of(client.get("/api/todos/404"))["detail"] == "There is no such todo."
    response = client.get("/api/todos/404", headers=BROWSER)
    assert (response.status_code, response.text) == (404, "<h1>There is no such todo.</h1>")


def test_abort_with_a_response_sends_it() -> None:
    def refuse() -> None:
        abort(Response("mine", 409))

    response = serving(returning(refuse)).get("/thing")
    assert (response.status_code, response.text) == (409, "mine")


def test_a_bug_is_a_500_that_tells_nothing_of_the_inside_and_is_found_in_the_log(
    client: ActionsClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/api/todos/500")
    problem = problem_of(response)
    assert response.status_code == 500
    assert "secret" not in response.text
    assert problem["instance"].startswith("urn:uuid:")
    assert problem["instance"] in caplog.records[-1].getMessage()
    assert "ZeroDivisionError" in caplog.text


def test_a_bug_shows_a_browser_the_apps_own_500() -> None:
    app = make_app()
    app.register_error_handler(500, lambda error: ("<h1>Sorry</h1>", 500))
    response = client_of(app).get("/api/todos/500", headers=BROWSER)
    assert (response.status_code, response.text) == (500, "<h1>Sorry</h1>")


def test_a_bug_shows_its_traceback_in_debug_mode() -> None:
    app = make_app(DEBUG=True)
    assert "the secret of the inside" in problem_of(client_of(app).get("/api/todos/500"))["detail"]


def test_a_bug_is_raised_again_with_propagate_exceptions() -> None:
    client = client_of(make_app(PROPAGATE_EXCEPTIONS=True))
    with pytest.raises(ZeroDivisionError):
        client.get("/api/todos/500")
    assert client.get("/api/todos/404").status_code == 404  # which is no bug


class OutOfStock(Exception):
    pass


class Busy(Conflict):
    pass


def raising(error: Exception) -> Callable[[], Any]:
    def result() -> None:
        raise error

    return result


@pytest.mark.parametrize(
    "error", [OutOfStock("milk"), LookupError("milk"), Busy("milk")], ids=lambda e: type(e).__name__
)
@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["client", "browser"])
def test_the_apps_handlers_for_its_own_exception_classes_win(error: Exception, headers: dict[str, str]) -> None:
    client = serving(returning(raising(error)))
    for cls in (OutOfStock, LookupError, Busy):
        client.application.register_error_handler(cls, lambda error: ({"handled": type(error).__name__}, 418))
    response = client.get("/thing", headers=headers)
    assert (response.status_code, response.json) == (418, {"handled": type(error).__name__})


def test_a_blueprints_handlers_for_its_own_exception_classes_win() -> None:
    app = make_app()
    blueprint = Blueprint("shop", __name__)
    blueprint.add_url_rule("/shop", view_func=returning(raising(OutOfStock())).as_view("shop"))
    blueprint.register_error_handler(OutOfStock, lambda error: ("sold out", 410))
    app.register_blueprint(blueprint)
    response = client_of(app).get("/shop")
    assert (response.status_code, response.text) == (410, "sold out")


@pytest.mark.parametrize("cls", [Exception, HTTPException, NotFound, 404, 500], ids=str)
def test_the_apps_general_handlers_are_its_pages_for_browsers_alone(cls: Any) -> None:
    app = make_app()
    app.register_error_handler(cls, lambda error: ("the page", 200))
    client = client_of(app)
    assert problem_of(client.get("/api/todos/404"))["status"] == 404
    assert problem_of(client.get("/api/todos/500"))["status"] == 500


def test_a_refusal_is_one_warning_and_no_error(client: ActionsClient, caplog: pytest.LogCaptureFixture) -> None:
    client.post("/api/todos", data=b"<x/>", content_type="application/xml\x1b[31m")
    client.post("/api/todos", json={"text": ""})
    refusals = [each for each in caplog.records if each.name == "flask_serveractions"]
    assert [each.levelname for each in refusals] == ["WARNING"] * len(refusals)
    assert len(refusals) >= 1
    assert "\x1b" not in caplog.text


# Other sites


FOREIGN: dict[str, tuple[dict[str, str], int]] = {
    "no browser": ({}, 200),
    "this site": ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 200),
    "typed by the visitor": ({"Sec-Fetch-Site": "none"}, 200),
    "another site": ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
    "another site, an old browser": ({"Origin": "https://evil.example"}, 403),
    "another origin of this site": ({"Origin": "http://other.localhost", "Sec-Fetch-Site": "same-site"}, 403),
    "an origin that says null": ({"Origin": "null"}, 403),
    "an origin that is none": ({"Origin": "http://["}, 403),
    "another port": ({"Origin": "http://localhost:81"}, 403),
    "an allowed origin": ({"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}, 200),
}


@pytest.mark.parametrize(("headers", "status"), FOREIGN.values(), ids=FOREIGN)
def test_an_unsafe_request_must_come_from_here_if_a_browser_sends_it(headers: dict[str, str], status: int) -> None:
    client = client_of(make_app(SERVERACTIONS_ALLOWED_ORIGINS=["https://app.example"]))
    response = client.put("/api/todos/7", json={"text": "x"}, headers=headers)
    assert response.status_code == status


@pytest.mark.parametrize("headers", [headers for headers, _ in FOREIGN.values()], ids=FOREIGN)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_safe_request_may_come_from_anywhere(client: ActionsClient, headers: dict[str, str], method: str) -> None:
    assert client.open("/api/todos/7", method=method, headers=headers).status_code == 200


def test_no_header_can_change_the_method(client: ActionsClient) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE"}
    assert client.put("/api/todos/7?_method=DELETE", json={"text": "x"}, headers=headers).status_code == 200
    assert ran == []


# By as_view, on apps and blueprints


def test_one_class_under_several_rules_takes_each_argument_from_where_its_rule_has_it() -> None:
    class Notes(MethodRoute):
        def get(self, note_id: int | None = None, lang: str = "en") -> list[Any]:
            return [note_id, lang]

    app = make_app()
    view = Notes.as_view("notes")
    app.add_url_rule("/notes", view_func=view)
    app.add_url_rule("/notes/<int:note_id>", view_func=view)
    app.add_url_rule("/<lang>/notes", view_func=view)
    app.add_url_rule("/first", defaults={"note_id": 1}, view_func=view)
    client = client_of(app)
    urls = [
        "/notes",
        "/notes?note_id=2&lang=de",
        "/notes/3?note_id=4&lang=de",
        "/fr/notes?note_id=5&lang=de",
        "/first?note_id=6",
    ]
    assert [client.get(url).json for url in urls] == [[None, "en"], [2, "de"], [3, "de"], [5, "fr"], [1, "en"]]


def test_rules_with_hosts_and_subdomains_bring_their_variables() -> None:
    class Shops(MethodRoute):
        def get(self, shop: str = "none") -> str:
            return shop

    app = Flask(__name__, subdomain_matching=True)
    app.config.update(SERVER_NAME="shops.example", SECRET_KEY="a key for tests")
    ServerActions(app)
    view = Shops.as_view("shops")
    app.add_url_rule("/", view_func=view)
    app.add_url_rule("/", subdomain="<shop>", view_func=view)
    client = app.test_client()
    assert client.get("/", base_url="http://shops.example").text == "none"
    assert client.get("/", base_url="http://milk.shops.example").text == "milk"
    assert client.get("/?shop=bread", base_url="http://shops.example").text == "bread"


def test_a_blueprint_brings_its_prefix_with_variables() -> None:
    blueprint = Blueprint("shop", __name__, url_prefix="/<int:shop_id>")

    class Prices(MethodRoute):
        def get(self, shop_id: int, price: int) -> list[int]:
            return [shop_id, price]

    blueprint.add_url_rule("/prices/<int:price>", view_func=Prices.as_view("prices"))
    app = make_app()
    app.register_blueprint(blueprint, url_prefix="/shops/<int:shop_id>")
    app.register_blueprint(blueprint, name="other", url_prefix="/others/<int:shop_id>")
    client = client_of(app)
    assert [client.get(each).json for each in ("/shops/1/prices/2", "/others/3/prices/4")] == [[1, 2], [3, 4]]


def test_a_forward_reference_that_nobody_knows_is_an_error_of_as_view() -> None:
    class Odd(MethodRoute):
        def get(self, thing: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821, UP037

    with pytest.raises(TypeError, match=r"Odd\.get.*Nowhere"):
        Odd.as_view("odd")


def test_types_that_are_local_to_a_function_are_known() -> None:
    def create_app() -> Flask:
        @dataclass
        class Point:
            x: int
            y: int = 0

        class Points(MethodRoute):
            def post(self, point: Point) -> list[int]:
                return [point.x, point.y]

        return make_app(("/points", Points))

    assert client_of(create_app()).post("/points", json={"point": {"x": 7}}).json == [7, 0]


def test_a_resource_works_below_a_mount_point(client: ActionsClient) -> None:
    assert client.get("/api/todos/7", base_url="http://localhost/mount").json["id"] == 7  # type: ignore[index]


def test_a_resource_reads_and_writes_no_session(client: ActionsClient) -> None:
    response = client.put("/api/todos/7", json={"text": "x"})
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")
