"""What clients may not set: bound arguments, undeclared keys, methods, and values of another place."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from marshmallow import Schema, fields

from flask_serveractions import Bound, MethodRoute, Query
from tests.callers import BROWSER, SCRIPT, app_with, extension_of, form_in, open_form, post_json, submit

saved: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_saved() -> None:
    saved.clear()


class AuthorSchema(Schema):
    id = fields.Integer(dump_only=True)
    name = fields.String(load_default="")


class BookSchema(Schema):
    id = fields.Integer(dump_only=True)
    title = fields.String(load_default="")
    is_admin = fields.Boolean(dump_only=True)
    author = fields.Nested(AuthorSchema)
    shelves = fields.List(fields.Nested(AuthorSchema))


def save(book: Annotated[dict[str, Any], BookSchema()], book_id: Bound[int], owner: Bound[str] = "nobody") -> None:
    saved.append((book_id, owner, book))


def put(title: str = "", pages: int = 0) -> None:
    saved.append((title, pages))


def asked(title: Query[str] = "", pages: int = 0) -> None:
    saved.append((title, pages))


PAGE = """{% call action_form("save", book_id=7, owner="ada") %}{% endcall %}
{% call action_form("put") %}{% endcall %}{% call action_form("asked") %}{% endcall %}"""


@pytest.fixture
def app() -> Flask:
    app = app_with(save, put, asked, page=PAGE)

    @extension_of(app).route("/books/<int:book_id>")
    class Books(MethodRoute):
        def get(self, book_id: int) -> dict[str, int]:
            return {"id": book_id}

        def put(self, book_id: int, title: str = "") -> None:
            saved.append((book_id, title))

        def delete(self, book_id: int) -> None:
            saved.append(("deleted", book_id))

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


MORE = {
    "book_id": "8",
    "owner": "eve",
    "bound": "8",
    "id": "8",
    "is_admin": "true",
    "author.id": "8",
    "author.role": "admin",
    "shelves.0.id": "8",
    "__class__": "x",
    "__init__.__globals__": "x",
    "author.__class__": "x",
    "self": "x",
    "kwargs": "x",
}


def test_a_form_sets_only_what_is_declared_at_every_depth(client: FlaskClient) -> None:
    fields = {**MORE, "title": "Emma", "author.name": "Jane", "shelves.0.name": "A"}
    assert submit(client, open_form(client, "save"), **fields).status_code == 303
    wanted = {"title": "Emma", "author": {"name": "Jane"}, "shelves": [{"name": "A"}]}
    assert saved == [(7, "ada", wanted)]


@pytest.mark.parametrize(
    "body",
    [
        {"id": 8},
        {"is_admin": True},
        {"author": {"id": 8}},
        {"author": {"role": "admin"}},
        {"shelves": [{"id": 8}]},
        {"__class__": {"x": 1}},
        {"author": {"__proto__": {}}},
    ],
    ids=str,
)
def test_json_that_sets_anything_else_is_a_422_and_sets_nothing(client: FlaskClient, body: dict[str, Any]) -> None:
    assert post_json(client, open_form(client, "save"), json={"title": "Emma", **body}).status_code == 422
    assert saved == []


def test_json_under_the_name_of_a_bound_argument_is_ignored(client: FlaskClient) -> None:
    json = {"title": "Emma", "book_id": 8, "owner": "eve"}
    assert post_json(client, open_form(client, "save"), json=json).status_code == 200
    assert saved == [(7, "ada", {"title": "Emma"})]


@pytest.mark.parametrize("headers", [BROWSER, SCRIPT], ids=["browser", "script"])
def test_a_bound_argument_comes_from_no_query_header_or_cookie(client: FlaskClient, headers: dict[str, str]) -> None:
    form = open_form(client, "save")
    client.set_cookie("book_id", "8")
    url = f"{form.url}&book_id=8&owner=eve&bound=%7B%22book_id%22%3A8%7D"
    answer = client.post(url, data=form.values, headers={**headers, "Book-Id": "8", "X-Book-Id": "8", "Owner": "eve"})
    assert answer.status_code in (200, 303)
    assert [each[:2] for each in saved] == [(7, "ada")]


def test_a_value_of_one_place_is_not_taken_from_another(client: FlaskClient) -> None:
    form = open_form(client, "put")
    client.post(f"{form.url}&title=query&pages=9", data={**form.values, "title": "body"}, headers=BROWSER)
    client.post(f"{form.url}&title=query&pages=9", data=form.values, headers=BROWSER)
    form = open_form(client, "asked")
    client.post(f"{form.url}&title=query&pages=9", data={**form.values, "title": "body", "pages": "1"}, headers=BROWSER)
    client.put("/books/7?title=query&book_id=8", json={"title": "body"})
    client.put("/books/7?title=query", data={"title": "body"})
    client.put("/books/7?title=query")
    assert saved == [("body", 0), ("", 0), ("query", 1), (7, "body"), (7, "body"), (7, "")]


def test_of_values_that_come_twice_all_steps_take_the_same(client: FlaskClient) -> None:
    form = open_form(client, "put")
    for tokens in ([form.token, "wrong"], ["wrong", form.token]):
        client.post(form.url, data={"csrf_token": tokens, "title": ["one", "two"]}, headers=SCRIPT)
    assert saved == [("one", 0)]
    twice = f"{form.url}&_action={form.id}"
    assert client.post(twice, data=form.values, headers=BROWSER).status_code == 404
    assert saved == [("one", 0)]


def test_the_token_comes_from_no_query_and_no_cookie(client: FlaskClient) -> None:
    form = open_form(client, "put")
    client.set_cookie("csrf_token", form.token)
    client.set_cookie("X-CSRFToken", form.token)
    answer = client.post(f"{form.url}&csrf_token={form.token}&X-CSRFToken={form.token}", data={}, headers=SCRIPT)
    assert (answer.status_code, saved) == (400, [])


OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]


@pytest.mark.parametrize("header", OVERRIDES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_header_and_no_field_changes_the_method(client: FlaskClient, header: str, method: str) -> None:
    for wanted in ("DELETE", "PUT"):
        url = f"/books/7?_method={wanted}&method={wanted}"
        data = {"_method": wanted, "title": "x"} if method == "POST" else None
        answer = client.open(url, method=method, data=data, headers={header: wanted})
        assert answer.status_code == (405 if method == "POST" else 200)
    form = open_form(client, "put")
    for wanted in ("GET", "DELETE"):
        data = {**form.values, "_method": wanted}
        assert (
            client.post(f"{form.url}&_method={wanted}", data=data, headers={**BROWSER, header: wanted}).status_code
            == 303
        )
        assert client.get(f"{form.url}&_method=POST", headers={**BROWSER, header: "POST"}).status_code == 200
    assert saved == [("", 0)] * 2


FOREIGN = [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "same-site", "Origin": "http://sub.localhost"}]


@pytest.mark.parametrize("headers", [*FOREIGN, {"Origin": "null"}], ids=str)
def test_another_origin_is_opened_nothing_by_any_answer(client: FlaskClient, headers: dict[str, str]) -> None:
    form = open_form(client, "put")
    preflight = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-csrftoken"}
    answers = [
        client.options("/books/7", headers={**headers, **preflight}),
        client.options(form.url, headers={**headers, **preflight}),
        client.get("/books/7", headers=headers),
        client.put("/books/7", json={}, headers=headers),
        client.post(form.url, data=form.values, headers=headers),
        client.get("/openapi.json", headers=headers),
        client.get("/_actions/client.js", headers=headers),
        client.get("/", headers=headers),
    ]
    for answer in answers:
        assert [name for name, _ in answer.headers if name.lower().startswith("access-control")] == []
    assert saved == []


VALIDATE = {"Serveractions-Validate": "title"}
STREAM = {"Accept": "text/event-stream"}


@pytest.mark.parametrize("headers", [*FOREIGN, {"Origin": "null"}], ids=str)
@pytest.mark.parametrize(
    "kind", [VALIDATE, STREAM, {"Prefer": "return=representation"}, {"HX-Request": "true"}], ids=str
)
def test_no_kind_of_request_passes_from_elsewhere(
    client: FlaskClient, headers: dict[str, str], kind: dict[str, str]
) -> None:
    form = open_form(client, "put")
    answer = submit(client, form, headers={**SCRIPT, "Sec-Fetch-Site": "none", **headers, **kind}, title="x")
    assert (answer.status_code, saved) == (403, [])
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_apps_own_cookies_keep_their_flags() -> None:
    def act() -> None:
        session["seen"] = True

    flags = {"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Strict", "SESSION_COOKIE_NAME": "__Host-own"}
    client = app_with(act, page='{% call action_form("act") %}{% endcall %}', **flags).test_client()
    https = "https://localhost"
    page = client.get("/", base_url=https)
    form = form_in(page)
    answer = client.post(form.url, data=form.values, base_url=https, headers={**BROWSER, "Origin": https})
    for each in (page, answer):
        (cookie,) = each.headers.getlist("Set-Cookie")
        assert cookie.startswith("__Host-own=")
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
