"""What the OpenAPI document says of an app with something of everything."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from flask_serveractions import Job, MethodRoute, ServerActions, enqueue
from flask_serveractions.openapi import document
from tests.openapi.reference_app import make_app

BEARER = {"bearer": {"type": "http", "scheme": "bearer"}}
BODY_STATUSES = {"400", "413", "415", "422"}

Json = Any  # the document, to be looked into


@pytest.fixture(scope="module")
def described() -> Json:
    return document(make_app(schemes=BEARER))


def operation(described: Json, identifier: str) -> Json:
    found = [each for item in described["paths"].values() for each in item.values()]
    return next(each for each in found if each["operationId"] == identifier)


def parameters(described: Json, identifier: str) -> dict[tuple[str, str], Json]:
    given = (resolved(described, each) for each in operation(described, identifier).get("parameters", ()))
    return {(each["in"], each["name"]): each for each in given}


def resolved(described: Json, thing: Json) -> Json:
    for step in thing.get("$ref", "#/").split("/")[1:]:
        thing = described[step] if step == "components" else thing[step] if step else thing
        described = thing
    return thing


def body(described: Json, identifier: str, media: str = "application/json") -> Json:
    return operation(described, identifier)["requestBody"]["content"][media]["schema"]


def answer(described: Json, identifier: str, status: str = "200", media: str = "application/json") -> Json:
    return operation(described, identifier)["responses"][status]["content"][media]["schema"]


# The whole


@pytest.mark.parametrize("schemes", [None, {}, BEARER])
def test_the_document_is_valid(schemes: dict[str, Any] | None) -> None:
    app = public_app() if schemes is None else make_app(schemes=schemes)
    assert list(OpenAPIV31SpecValidator(document(app)).iter_errors()) == []


def public_app() -> Flask:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "tests"

    class Ping(MethodRoute):
        def get(self) -> dict[str, str]:
            return {}

    ServerActions(app).route("/ping")(Ping)
    return app


def test_an_app_without_operations_has_a_document_too() -> None:
    app = Flask(__name__)
    ServerActions(app)
    made = document(app)
    assert list(OpenAPIV31SpecValidator(made).iter_errors()) == []
    assert made["paths"] == {}


def test_every_operation_of_both_doors_is_in_it(described: Json) -> None:
    found = {f"{method} {path}" for path, item in described["paths"].items() for method in item}
    assert found == {
        "get /todos", "post /todos", "get /todos/{todo_id}", "put /todos/{todo_id}", "delete /todos/{todo_id}",
        "get /search/{area}", "get /filtered", "delete /filtered", "post /files", "get /files", "get /pages",
        "post /pages", "post /hooks/payments",
        "post /_actions/add_todo/{signature}", "post /_actions/rename/{signature}",
        "post /_actions/sign_in/{signature}", "post /_actions/report/{signature}",
        "post /_actions/upload/{signature}", "post /_actions/order/{signature}",
        "post /_actions/pay.once/{signature}", "post /_actions/pay.later/{signature}",
        "get /_actions/-/jobs/{job}", "delete /_actions/-/jobs/{job}",
        "post /_actions/-/jobs/{job}",
    }  # fmt: skip


def test_every_operation_has_an_id_of_its_own(described: Json) -> None:
    found = [each["operationId"] for item in described["paths"].values() for each in item.values()]
    assert len(found) == len(set(found))


def test_a_class_under_two_rules_has_two_ids() -> None:
    app = public_app()
    app.extensions["serveractions"].route("/pong", endpoint="Ping")(
        next(iter(app.view_functions.values())).view_class
    ) if False else None
    view = app.view_functions["Ping"]
    app.add_url_rule("/pong", "Ping", view)
    paths = document(app)["paths"]
    assert (paths["/ping"]["get"]["operationId"], paths["/pong"]["get"]["operationId"]) == ("Ping.get", "Ping.get-2")


def test_the_names_of_schemas_do_not_depend_on_what_else_is_registered(described: Json) -> None:
    assert list(described["components"]["schemas"]) == [
        "AddressInput", "Job", "Message", "Owner", "OwnerInput", "Problem", "Revalidated", "Todo", "TodoInput",
    ]  # fmt: skip


def test_it_is_the_same_each_time(described: Json) -> None:
    assert document(make_app(schemes=BEARER)) == described


def test_the_module_of_the_app_says_what_it_is_and_its_version(described: Json) -> None:
    about = "An app with something of everything, for tests of what is said of it: in OpenAPI, and in TypeScript."
    assert described["info"] == {"title": "tests.openapi.reference_app", "version": "1.2.3", "description": about}


def test_resources_come_before_webhooks_and_actions(described: Json) -> None:
    assert [tag["name"] for tag in described["tags"]] == [
        "files", "filtered", "pages", "search", "todos", "actions", "webhooks",
    ]  # fmt: skip


# Where arguments come from


def test_a_docstring_gives_summary_description_and_what_parameters_are(described: Json) -> None:
    listed = operation(described, "Todos.get")
    assert (listed["summary"], listed["description"]) == ("List the to-dos.", "Those of everybody.")
    assert parameters(described, "Todos.get")["query", "done"]["description"] == "whether they are done"


def test_path_parameters_say_what_the_rule_lets_through(described: Json) -> None:
    assert parameters(described, "TodoItem.get")["path", "todo_id"] == {
        "name": "todo_id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0},
    }  # fmt: skip
    assert parameters(described, "Search.get")["path", "area"]["schema"] == {
        "type": "string",
        "enum": ["people", "places"],
    }


def test_query_parameters_have_types_limits_and_defaults(described: Json) -> None:
    given = parameters(described, "Todos.get")
    assert given["query", "limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 50, "default": 5}
    assert given["query", "kind"]["schema"]["items"] == {"type": "string", "enum": ["chore", "hobby"]}
    assert given["query", "done"]["schema"] == {"type": "boolean"}, "text can't say null"


def test_only_what_must_be_there_is_required(described: Json) -> None:
    given = parameters(described, "Search.get")
    assert {name for (_, name), each in given.items() if each.get("required")} == {"area", "words", "where.street"}


def test_an_object_in_the_query_is_spread_over_names_with_dots(described: Json) -> None:
    given = parameters(described, "Search.get")
    assert given["query", "where.city"]["schema"] == {"type": "string", "default": "Berlin"}
    assert ("query", "owner.name") in parameters(described, "Filtered.get")


def test_headers_and_cookies_are_parameters(described: Json) -> None:
    given = parameters(described, "Search.get")
    assert given["header", "x-request-id"]["schema"] == {"type": "string", "default": "none"}
    assert given["header", "tags"]["schema"] == {"type": "array", "items": {"type": "string"}}
    assert given["cookie", "theme"]["schema"] == {"type": "string", "default": "light"}
    assert given["cookie", "seen"]["explode"] is False


def test_a_schema_is_the_body_as_json_and_as_a_form(described: Json) -> None:
    assert body(described, "Todos.post") == {"$ref": "#/components/schemas/TodoInput"}
    form = body(described, "Todos.post", "application/x-www-form-urlencoded")
    assert list(form["properties"]) == ["text", "done", "owner.name"]
    assert form["required"] == ["text"]
    assert operation(described, "Todos.post")["requestBody"]["required"] is True


def test_the_parameters_of_a_function_are_an_object_without_other_keys(described: Json) -> None:
    given = body(described, "actions.add_todo")
    assert given["additionalProperties"] is False
    assert given["required"] == ["text", "when", "address", "lines", "tags"]
    assert given["properties"]["text"] == {
        "type": "string", "minLength": 1, "maxLength": 200, "description": "what is to be done",
    }  # fmt: skip
    assert given["properties"]["when"] == {"type": ["string", "null"], "format": "date"}
    assert given["properties"]["lines"]["items"] == {"$ref": "#/components/schemas/AddressInput"}


def test_a_form_names_what_is_nested_with_dots_and_lists_by_patterns(described: Json) -> None:
    form = body(described, "actions.add_todo", "application/x-www-form-urlencoded")
    assert set(form["properties"]) == {"text", "when", "address.street", "address.city"}
    assert set(form["patternProperties"]) == {
        r"^lines\.[0-9]+\.street$", r"^lines\.[0-9]+\.city$", r"^tags\.[^.]+$",
    }  # fmt: skip
    assert form["required"] == ["text", "address.street"]


def test_files_are_sent_in_a_multipart_form_alone(described: Json) -> None:
    content = operation(described, "Files.post")["requestBody"]["content"]
    assert list(content) == ["multipart/form-data"]
    properties = content["multipart/form-data"]["schema"]["properties"]
    assert properties["file"]["format"] == "binary"
    assert properties["more"]["items"]["format"] == "binary"
    assert content["multipart/form-data"]["schema"]["required"] == ["file"]


def test_a_flask_form_is_the_body(described: Json) -> None:
    form = body(described, "actions.order", "application/x-www-form-urlencoded")
    assert form["properties"] == {
        "name": {"type": "string", "minLength": 2, "maxLength": 30, "description": "Who orders."},
        "size": {"type": "string", "enum": ["s", "l"]},
        "first-amount": {"type": "integer", "minimum": 1, "maximum": 9},
    }
    assert list(form["patternProperties"]) == ["^lines-[0-9]+-amount$"]
    assert form["required"] == ["name", "first-amount"]
    lines = body(described, "actions.order")["properties"]["lines"]
    assert (lines["maxItems"], lines["items"]["required"]) == (5, ["amount"])


def test_bound_arguments_are_in_the_signature_and_nowhere_else(described: Json) -> None:
    assert set(body(described, "actions.rename")["properties"]) == {"text"}
    assert operation(described, "actions.rename")["description"] == "The signature holds `todo_id`."


def test_passwords_are_marked(described: Json) -> None:
    assert body(described, "actions.sign_in")["properties"]["password"]["format"] == "password"


def test_pages_are_asked_for_by_number_or_by_cursor(described: Json) -> None:
    assert {("query", "page"), ("query", "per_page")} <= set(parameters(described, "Todos.get"))
    assert {("query", "cursor"), ("query", "per_page")} <= set(parameters(described, "Search.get"))
    assert ("query", "page") not in parameters(described, "Search.get")


def test_conditions_are_headers(described: Json) -> None:
    assert ("header", "If-None-Match") in parameters(described, "TodoItem.get")
    assert parameters(described, "TodoItem.put")["header", "If-Match"]["required"] is True
    assert "required" not in parameters(described, "Filtered.delete")["header", "If-Match"]


def test_an_action_takes_a_signature_a_token_and_a_key(described: Json) -> None:
    given = set(parameters(described, "actions.pay-once"))
    assert {("path", "signature"), ("header", "X-CSRFToken"), ("header", "Idempotency-Key")} <= given
    assert ("header", "Idempotency-Key") not in parameters(described, "actions.rename")


def test_without_csrf_there_is_no_token() -> None:
    given = parameters(document(make_app(WTF_CSRF_ENABLED=False)), "actions.rename")
    assert ("header", "X-CSRFToken") not in given


# What comes back


def test_the_return_annotation_is_the_answer(described: Json) -> None:
    assert answer(described, "Todos.get") == {"type": "array", "items": {"$ref": "#/components/schemas/Todo"}}
    assert answer(described, "TodoItem.put") == {"$ref": "#/components/schemas/Todo"}
    assert answer(described, "Filtered.get") == {"type": "object", "additionalProperties": {"type": "integer"}}
    assert answer(described, "Files.post")["properties"] == {"x": {"type": "integer"}, "y": {"type": "number"}}


@pytest.mark.parametrize(
    ("identifier", "status"),
    [
        ("Todos.post", "201"),  # from its code
        ("Filtered.delete", "202"),  # from its annotation
        ("TodoItem.delete", "204"),
        ("TodoItem.get", "204"),  # or None
        ("Pages.post", "2XX"),  # it does not say
        ("actions.pay-later", "202"),
        ("actions.rename", "200"),
    ],
)
def test_an_operation_succeeds_with_its_own_status(described: Json, identifier: str, status: str) -> None:
    assert status in operation(described, identifier)["responses"]


def test_a_page_is_html_and_a_response_may_be_anything(described: Json) -> None:
    assert list(operation(described, "Pages.get")["responses"]["200"]["content"]) == ["text/html"]
    assert list(operation(described, "Files.get")["responses"]["200"]["content"]) == ["*/*"]


def test_an_action_answers_its_envelope(described: Json) -> None:
    envelope = answer(described, "actions.add_todo")
    assert envelope["required"] == ["data", "redirect", "revalidated", "messages", "page"]
    assert envelope["properties"]["data"] == {"anyOf": [{"$ref": "#/components/schemas/Todo"}, {"type": "null"}]}
    assert answer(described, "actions.rename")["properties"]["data"] == {"type": "null"}
    assert answer(described, "actions.report")["properties"]["data"]["additionalProperties"] == {"type": "integer"}


def test_a_generator_also_answers_with_events(described: Json) -> None:
    assert "text/event-stream" in operation(described, "actions.report")["responses"]["200"]["content"]


def test_answers_have_the_headers_that_apply(described: Json) -> None:
    def headers(identifier: str, status: str) -> set[str]:
        return set(operation(described, identifier)["responses"][status].get("headers", {}))

    assert headers("Todos.get", "200") == {"ETag", "Link", "X-Total-Count"}
    assert headers("Search.get", "200") == {"ETag", "Link"}
    assert headers("Todos.post", "201") == {"Location"}
    assert headers("actions.pay-later", "202") == {"Location"}
    assert headers("TodoItem.put", "200") == set()


def test_a_docstring_says_what_comes_back_and_what_else_may_happen(described: Json) -> None:
    responses = operation(described, "Todos.post")["responses"]
    assert responses["201"]["description"] == "the new one"
    assert responses["409"]["description"] == "there is one like it"


@pytest.mark.parametrize(
    ("identifier", "failures"),
    [
        ("Todos.get", {"401", "403", "406", "422"}),
        ("Todos.post", {"401", "403", "406", "409", *BODY_STATUSES}),
        ("TodoItem.get", {"401", "403", "404", "406", "410"}),
        ("TodoItem.put", {"401", "403", "404", "406", "410", "412", "428", *BODY_STATUSES}),  # 410 by its get
        ("TodoItem.delete", {"400", "401", "403", "404", "410", "412", "413", "428"}),
        ("Search.get", {"403", "404", "406", "422"}),
        ("Pages.get", {"401", "403"}),
        ("received", {"400", "413", "415", "503"}),
        ("actions.sign_in", {"403", "404", "406", *BODY_STATUSES}),
        ("actions.rename", {"401", "403", "404", "406", *BODY_STATUSES}),
        ("actions.pay-once", {"401", "403", "404", "406", "409", "503", *BODY_STATUSES}),
        ("actions.pay-later", {"401", "403", "404", "406", "429", "503", *BODY_STATUSES}),
    ],
)
def test_an_operation_fails_as_it_really_can(described: Json, identifier: str, failures: set[str]) -> None:
    responses = operation(described, identifier)["responses"]
    assert {status for status in responses if status >= "4"} == {*failures, "500"}


def test_every_failure_is_told_in_problem_details(described: Json) -> None:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for item in described["paths"].values():
        for each in item.values():
            failing = [resolved(described, given) for status, given in each["responses"].items() if status >= "4"]
            assert all(given["content"]["application/problem+json"] == problem for given in failing)


def test_a_path_that_fits_no_rule_is_the_apps_own_404(described: Json) -> None:
    of_rule = resolved(described, operation(described, "TodoItem.get")["responses"]["404"])
    of_action = resolved(described, operation(described, "actions.rename")["responses"]["404"])
    assert set(of_rule["content"]) == {"application/problem+json", "text/html"}
    assert set(of_action["content"]) == {"application/problem+json"}


# Who may


def test_what_needs_an_identity_names_the_schemes(described: Json) -> None:
    assert operation(described, "Todos.get")["security"] == [{"bearer": []}]
    assert operation(described, "TodoItem.delete")["security"] == [{"bearer": ["admin", "owner"]}]
    assert operation(described, "TodoItem.delete")["description"] == "Requires: `admin`, `owner`."
    assert described["components"]["securitySchemes"]["bearer"] == BEARER["bearer"]


def test_what_is_public_says_so(described: Json) -> None:
    assert operation(described, "Search.get")["security"] == []
    assert operation(described, "actions.sign_in")["security"] == []
    assert operation(described, "received")["security"] == [], "its sender signs it"


def test_an_actions_caller_may_be_known_by_the_session(described: Json) -> None:
    assert operation(described, "actions.rename")["security"] == [{"session": []}, {"bearer": []}]
    assert described["components"]["securitySchemes"]["session"]["name"] == "session"


def test_a_hook_without_schemes_knows_people_by_their_session() -> None:
    made = document(make_app())
    assert operation(made, "Todos.get")["security"] == [{"session": []}]
    assert list(made["components"]["securitySchemes"]) == ["session"]


def test_without_a_hook_everything_is_open() -> None:
    made = document(public_app())
    assert operation(made, "Ping.get")["security"] == []
    assert set(operation(made, "Ping.get")["responses"]) == {"200", "304", "406", "500"}
    assert "securitySchemes" not in made["components"]


def test_a_default_that_json_has_no_type_for_is_written_as_text() -> None:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "tests"
    actions = ServerActions(app)

    @actions.register
    def order(price: Decimal = Decimal("2.50")) -> None:
        return None

    assert '"default": "2.50"' in json.dumps(document(app))


def test_a_resource_that_returns_a_job_is_described_as_a_background_action_is() -> None:
    app = Flask(__name__)
    app.secret_key = "of the tests"
    actions = ServerActions(app)
    actions.register(name="report", background=True)(lambda: None)

    @actions.route("/reports")
    class Reports(MethodRoute):
        def post(self) -> tuple[Job, int]:
            return enqueue("report"), 202

        def put(self) -> Job:
            return enqueue("report")

    described = app.test_client().get("/openapi.json").json
    assert described is not None
    for method in ("post", "put"):
        answers = described["paths"]["/reports"][method]["responses"]
        assert {"202", "429", "503"} <= set(answers)
        assert "200" not in answers
        assert "Location" in answers["202"]["headers"]
        body = answers["202"]["content"]["application/json"]["schema"]
        assert body["properties"] == {"job": {"$ref": "#/components/schemas/Job"}}
