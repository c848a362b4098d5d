"""What the document says comes back is what the door makes of the return annotation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal, Optional

import pytest
from flask import Flask, Response
from jsonschema import Draft202012Validator
from marshmallow import Schema, fields, post_dump

from flask_serveractions import ActionError, MethodRoute, Problem, ServerActions
from flask_serveractions.openapi import document


class Todo:
    def __init__(self, text: str = "milk") -> None:
        self.text, self.secret = text, "hidden"


class Page:
    def __init__(self) -> None:
        self.items, self.total = [Todo()], 1


class TodoSchema(Schema):
    text = fields.String(required=True)


class PageSchema(Schema):
    items = fields.List(fields.Nested(TodoSchema), required=True)
    total = fields.Integer(required=True)


class Enveloped(TodoSchema):
    @post_dump(pass_collection=True)
    def wrap(self, data: Any, **_: Any) -> Any:
        return {"data": data}


class Own(TodoSchema):
    def dump(self, obj: Any, **_: Any) -> Any:
        return "all its own"


TodoOut = Annotated[Todo, TodoSchema()]
PageOut = Annotated[Page, PageSchema()]
TODO = {"$ref": "#/components/schemas/Todo"}
PAGE = {"$ref": "#/components/schemas/Page"}
TODOS = {"type": "array", "items": TODO}

CASES: list[tuple[Any, Any, Any]] = [  # annotation, JSON Schema, a value
    (TodoOut, TODO, Todo()),
    (list[TodoOut], TODOS, [Todo()]),
    (Annotated[list[Todo], TodoSchema()], TODOS, [Todo()]),
    (Annotated[list[Todo], TodoSchema(many=True)], TODOS, [Todo()]),
    (Sequence[TodoOut], TODOS, (Todo(),)),
    (Iterable[TodoOut], TODOS, [Todo()]),
    (frozenset[TodoOut], TODOS, {Todo()}),
    (tuple[TodoOut, ...], TODOS, (Todo(), Todo())),
    (dict[str, TodoOut], {"type": "object", "additionalProperties": TODO}, {"a": Todo()}),
    (list[list[TodoOut]], {"type": "array", "items": TODOS}, [[Todo()], []]),
    (list[TodoOut | None], {"type": "array", "items": {"anyOf": [TODO, {"type": "null"}]}}, [None, Todo()]),
    (dict[str, list[TodoOut]], {"type": "object", "additionalProperties": TODOS}, {"a": [Todo()]}),
    (TodoOut | None, TODO, Todo()),
    (Optional[Annotated[TodoOut | None, "told"]], TODO, Todo()),  # noqa: UP045
    (TodoOut | Response, TODO, Todo()),
    (TodoOut | PageOut, {"anyOf": [TODO, PAGE]}, Page()),
    (tuple[TodoOut, int], TODO, Todo()),
    (tuple[TodoOut, int] | tuple[dict[str, str], int], TODO, Todo()),
    (TodoOut | str, TODO, Todo()),
    (Annotated[Todo, Enveloped()], {}, Todo()),
    (Annotated[list[Todo], Enveloped()], {}, [Todo()]),
    (Annotated[Todo, Own()], {"$ref": "#/components/schemas/Own"}, Todo()),
    (dict[str, int] | list[int], None, [1]),
]


def app_that_returns(annotation: Any, value: Any) -> Flask:
    """Return an app with a resource at ``/it`` and an action ``it``, both of which return a value."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key for tests", WTF_CSRF_ENABLED=False, SERVERACTIONS_BIND_SESSION=False)
    actions = ServerActions(app)

    class It(MethodRoute):
        def get(self):  # type: ignore[no-untyped-def]
            return value

    def it():  # type: ignore[no-untyped-def]
        return value

    for function in (It.get, it):
        function.__annotations__["return"] = annotation
    actions.route("/it")(It)
    actions.register(it)
    return app


def content(made: Any, operation: str = "/it", status: str = "200", method: str = "get") -> Any:
    return made["paths"][operation][method]["responses"][status]["content"]


@pytest.mark.parametrize(("annotation", "expected", "value"), CASES, ids=range(len(CASES)))
def test_a_schema_anywhere_in_a_return_annotation_is_in_the_document(
    annotation: Any, expected: Any, value: Any
) -> None:
    app = app_that_returns(annotation, value)
    made = document(app)
    schema = content(made)["application/json"]["schema"]
    assert expected in (None, schema)
    validator = Draft202012Validator({**schema, "components": made["components"]})
    assert list(validator.iter_errors(app.test_client().get("/it").json)) == []
    envelope = content(made, "/_actions/it/{signature}", method="post")["application/json"]["schema"]
    with app.test_request_context():
        signed = app.jinja_env.globals["action_url"]("it")  # type: ignore[operator]
    answered = app.test_client().post(signed, json={}, headers={"Accept": "application/json"})
    validator = Draft202012Validator({**envelope, "components": made["components"]})
    assert list(validator.iter_errors(answered.json)) == []


@pytest.mark.parametrize(
    ("annotation", "media", "statuses"),
    [
        (TodoOut | Response, ["application/json", "*/*"], []),
        (TodoOut | str, ["application/json", "text/html"], []),
        (Iterable[str], ["*/*"], []),
        (Any, ["*/*"], ["204"]),
        (TodoOut | None, ["application/json"], ["204"]),
        (tuple[TodoOut | None, int], ["application/json"], ["204"]),
        (bytes, ["text/html"], []),
        (Literal["a", 3], ["text/html", "application/json"], []),
    ],
    ids=str,
)
def test_what_else_a_resource_may_send_is_in_it(annotation: Any, media: list[str], statuses: list[str]) -> None:
    responses = document(app_that_returns(annotation, None))["paths"]["/it"]["get"]["responses"]
    assert list(responses["200"]["content"]) == media
    assert [each for each in responses if each.startswith("2")] == ["200", *statuses]


def refusing() -> Any:
    class Things(MethodRoute):
        def get(self) -> tuple[TodoOut, Literal[201, 202]] | tuple[dict[str, str], Literal[409]]:
            return {"why": "it is busy"}, 409

        def post(self, text: str) -> TodoOut:
            if text == "a":
                return {"why": "it is gone"}, 410  # type: ignore[return-value]
            if text == "b":
                raise ActionError("It is gone.", status=410)
            return Todo()

    return Things


def test_a_refusal_that_is_returned_is_documented_as_it_is_sent() -> None:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    ServerActions(app).route("/things")(refusing())
    item = document(app)["paths"]["/things"]
    got, posted = item["get"]["responses"], item["post"]["responses"]
    assert [each for each in got if each < "3"] == ["201", "202"]
    assert got["409"]["content"]["application/json"]["schema"]["additionalProperties"] == {"type": "string"}
    assert list(posted["410"]["content"]) == ["*/*", "application/problem+json"]
    sent = [app.test_client().post("/things", json={"text": text}).content_type for text in "ab"]
    assert sent == ["application/json", "application/problem+json"]


def app_with_a_format(handler: Callable[[Problem], Any]) -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    actions = ServerActions(app)
    actions.problem_handler(handler)
    actions.route("/things")(refusing())
    actions.register(lambda: None, name="act")
    return app


def test_an_api_that_tells_failures_in_its_own_format_says_so() -> None:
    def handler(problem: Problem) -> dict[str, str]:
        return {"error": problem.detail}

    made = document(app_with_a_format(handler))
    refs = (
        made["paths"]["/things"]["post"]["responses"],
        made["paths"]["/_actions/act/{signature}"]["post"]["responses"],
    )
    assert [each["422"]["$ref"].rpartition("/")[2] for each in refs] == [
        "ApiUnprocessableEntity",
        "UnprocessableEntity",
    ]
    told = made["components"]["responses"]["ApiUnprocessableEntity"]["content"]
    assert told == {
        "application/json": {"schema": {"type": "object", "additionalProperties": {"type": "string"}}},
    }


def test_a_format_that_says_nothing_of_itself_may_be_anything_with_statuses_of_its_own() -> None:
    def handler(problem):  # type: ignore[no-untyped-def]
        return {"error": problem.detail}, 418

    made = document(app_with_a_format(handler))
    responses = made["paths"]["/things"]["post"]["responses"]
    assert made["components"]["responses"]["ApiUnprocessableEntity"]["content"] == {"*/*": {}}
    assert responses["418"]["content"] == {"*/*": {}}
    json.dumps(made, allow_nan=False)


def test_what_a_function_returns_with_a_status_and_without_is_both_documented() -> None:
    class Things(MethodRoute):
        def put(self, text: str) -> TodoOut:
            if text == "new":
                return Todo(), HTTPStatus.CREATED  # type: ignore[return-value]
            return Todo()

        def post(self, text: str) -> tuple[TodoOut, Literal[HTTPStatus.CREATED]]:
            status: Any = 201
            return Todo(), status

        def patch(self, text: str):  # type: ignore[no-untyped-def]
            return (Todo(), 207) if text else None

    app = Flask(__name__)
    ServerActions(app).route("/things")(Things)
    item = document(app)["paths"]["/things"]
    succeeding = {method: [each for each in item[method]["responses"] if each < "3"] for method in sorted(item)}
    assert succeeding == {"patch": ["207", "2XX"], "post": ["201"], "put": ["200", "201"]}
    client = app.test_client()
    assert [client.put("/things", json={"text": each}).status_code for each in ("new", "old")] == [201, 200]
