"""Whatever a Python program calls its things, the typed client compiles, and sends what it is given by that name."""

from __future__ import annotations

import inspect
import json
import keyword
import subprocess
import unicodedata
from pathlib import Path
from typing import Annotated, Any

import pytest
from flask import Flask, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields
from openapi_spec_validator import OpenAPIV31SpecValidator

from flask_serveractions import Header, MethodRoute, Query, ServerActions
from flask_serveractions.openapi import document
from flask_serveractions.openapi.identifiers import KEYWORDS, key, member_names, type_name, type_names
from flask_serveractions.openapi.typescript import typescript
from tests.openapi.test_typescript import NODE, NODE_TYPES, compile_strictly
from tests.todo_app import served

#: names that a program may have, and that TypeScript, JavaScript or this client have too
AWKWARD = (
    *sorted(name for name in KEYWORDS if name.isidentifier() and not keyword.iskeyword(name)),
    *("sender", "body", "given", "init", "options", "send", "data", "status", "headers", "path", "query", "method"),
    *("__proto__", "prototype", "toString", "valueOf", "hasOwnProperty", "then", "length", "name", "arguments", "eval"),
    *("Api", "Blob", "File", "Error", "Promise", "Record", "Problem", "Answer", "Array", "Object", "JSON", "BlobStore"),
    *("größe", "Größe", "Grosse", "日本", "中国", "ünder", "_", "__", "_1", "ℌ", "ﬁ", "Ⅷ", "a·b", "aͅ", "𝔘", "São"),
)
RESERVED = {"page", "per_page", "csrf_token", "idempotency_key", "_action", "self", "cls"}


def is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text) and text not in RESERVED


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6).map(
    lambda text: unicodedata.normalize("NFKC", text)
).filter(is_name)  # fmt: skip


def function_of(**annotations: Any) -> Any:
    """Return a function with parameters of these names, all of them by keyword."""

    def function(*_: Any, **values: Any) -> Any:
        return {name: each for name, each in values.items() if each is not None}

    kind = inspect.Parameter.KEYWORD_ONLY
    listed = [inspect.Parameter(name, kind, default=None, annotation=each) for name, each in annotations.items()]
    function.__signature__ = inspect.Signature(listed)  # type: ignore[attr-defined]
    function.__annotations__ = dict(annotations)
    return function


def app_of(names: list[str]) -> Flask:
    """Return an app in which everything is called so: endpoints, schemas and their fields, arguments, actions."""
    app = Flask(__name__, static_folder=None)
    app.config.update(SECRET_KEY="a key for tests", WTF_CSRF_ENABLED=False)
    actions = ServerActions(app)
    for number, name in enumerate(dict.fromkeys(unicodedata.normalize("NFKC", each) for each in names)):
        schema = type(name, (Schema,), {name: fields.Integer(), "other": fields.Nested(type(name, (Schema,), {}))})
        methods = {
            "get": staticmethod(function_of(**{name: Query[str | None]})),
            "post": staticmethod(function_of(**{name: Annotated[dict[str, Any], schema()]})),
            "delete": staticmethod(function_of(**{name: Header[str | None] if name.isascii() else str | None})),
        }
        resource = type(name, (MethodRoute,), methods)
        resource.post.__annotations__["return"] = Annotated[dict[str, Any], schema()]  # type: ignore[attr-defined]
        path = f"<{name}>" if name.isascii() else ""
        app.add_url_rule(f"/{number}/{path}", view_func=resource.as_view(name))
        if name.isascii():
            both = type(name, (MethodRoute,), {"put": staticmethod(function_of(**{name: str, "more": str | None}))})
            app.add_url_rule(f"/both/{number}/<{name}>", endpoint=f"{name}.both", view_func=both.as_view(name))
            if name[0] != "_" or name.strip("_"):
                actions.register(name=name)(function_of(**{name: str | None}))
    return app


def compile_client(app: Flask, folder: Path) -> str:
    assert list(OpenAPIV31SpecValidator(document(app)).iter_errors()) == []
    (folder / "api.ts").write_text(typescript(app), encoding="utf-8")
    return compile_strictly(folder, "api.ts")


def test_awkward_names_compile(tmp_path: Path) -> None:
    assert compile_client(app_of(list(filter(is_name, AWKWARD))), tmp_path) == ""


@settings(max_examples=1, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(names=st.lists(NAMES, min_size=40, max_size=60, unique=True))
def test_every_legal_name_compiles(tmp_path: Path, names: list[str]) -> None:
    assert compile_client(app_of(names), tmp_path) == ""


def echo_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    actions = ServerActions(app)

    @actions.route("/things/<id>/<body>")
    class sender(MethodRoute):
        def post(self, id: str, body: str, by: Annotated[dict[str, Any], Named()], größe: Query[str] = "") -> Any:
            return [id, body, by, größe, request.args.to_dict()]

        def get(
            self, id: str, body: str, constructor: Query[str | None], toString: Header[str | None] = None
        ) -> list[Any]:
            return [id, body, request.args.to_dict(), "Tostring" in request.headers]

    @actions.route("/rooms/<id>")
    class constructor(MethodRoute):
        def get(self, id: str, where: Annotated[dict[str, Any], Named()]) -> list[Any]:
            return [id, where]

    return app


class Named(Schema):
    id = fields.Integer()


USE = """
import { Api } from "./api.js";

const api = new Api({ baseUrl: process.argv[2] ?? "" });
const log: unknown[] = [];
const sent = { id: "a", path_body: "b", body: { id: 3 }, "größe": "c" };
log.push((await api.sender.post(sent)).data);
log.push((await api.sender.get({ id: "a", body: "b", query_constructor: "d" })).data);
log.push((await api.constructor_.get({ id: "a", query_id: 4 })).data);
console.log(JSON.stringify(log));
"""


def test_a_name_in_two_places_is_given_twice_and_nothing_of_the_language_is_sent(tmp_path: Path) -> None:
    app = echo_app()
    (tmp_path / "api.ts").write_text(typescript(app), encoding="utf-8")
    (tmp_path / "use.ts").write_text(USE, encoding="utf-8")
    (tmp_path / "node.d.ts").write_text(NODE_TYPES, encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    assert compile_strictly(tmp_path, "use.ts", "node.d.ts") == ""
    with served(app) as address:
        command = [NODE, tmp_path / "use.js", address]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.stderr == ""
    assert json.loads(done.stdout) == [
        ["a", "b", {"id": 3}, "c", {"größe": "c"}],
        ["a", "b", {"constructor": "d"}, False],
        ["a", {"id": 4}],
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Todo", "Todo"), ("a-b", "a_b"), ("2D", "_2D"), ("Sender", "Sender_"), ("string", "string_")],
)
def test_a_type_has_a_name_that_nothing_else_has(name: str, expected: str) -> None:
    assert type_name(name) == expected


def test_two_components_never_become_one_type() -> None:
    assert type_names(["app_Todo_2", "app_Todo-2", "app.Todo-2", "Answer", "Answer_"]) == {
        "Answer_": "Answer_",
        "app_Todo_2": "app_Todo_2",
        "Answer": "Answer__",
        "app.Todo-2": "app_Todo_2_",
        "app_Todo-2": "app_Todo_2__",
    }


@pytest.mark.parametrize(
    ("name", "expected"), [("a", "a"), ("class", "class"), ("a-b", '"a-b"'), ("__proto__", '["__proto__"]')]
)
def test_a_member_is_written_so_that_it_is_one(name: str, expected: str) -> None:
    assert key(name) == expected


def test_a_parameter_gives_way_to_the_path_and_the_body() -> None:
    listed = [{"in": place, "name": name} for place in ("header", "query", "path") for name in ("id", "body")]
    assert member_names([*listed, {"in": "query", "name": "query_id"}], has_body=True) == {
        ("path", "id"): "id",
        ("path", "body"): "path_body",
        ("query", "id"): "query_id_",
        ("query", "body"): "query_body",
        ("query", "query_id"): "query_id",
        ("header", "id"): "header_id",
        ("header", "body"): "header_body",
    }
