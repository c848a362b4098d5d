"""Resources that fail or refuse: problem details for programs, the app's own pages for browsers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort
from werkzeug.exceptions import Conflict, HTTPException, NotFound

from flask_serveractions import ActionError, MethodRoute, ServerActions
from flask_serveractions.errors import Invalid
from flask_serveractions.testing import ActionsClient
from tests.callers import client_of
from tests.views.todo_resources import (
    make_app,
    problem_of,
    ran,
    returning,
    serving,
)

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


PROBLEM = "application/problem+json"


@pytest.fixture
def client() -> ActionsClient:
    return client_of(make_app())


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


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "error",
    [
        ActionError("No."),
        ActionError("Sign in.", status=401),
        ActionError("Taken.", status=409, code="taken", field="number"),
        ActionError("Down.", status=503, result={"seen": 1}),
        Invalid({"number": ["Too many."], "_schema": ["Bad."]}),
    ],
    ids=["422", "401", "409", "503", "invalid"],
)
def test_a_failure_is_told_alike_whether_or_not_a_blueprint_might_answer_it(error: Exception, method: str) -> None:
    class Failing(MethodRoute):
        def get(self, number: int = 0) -> dict:
            raise error

        def post(self, number: int = 0) -> dict:
            raise error

    app = Flask(__name__)
    actions = ServerActions(app)
    pages = Blueprint("pages", __name__)
    actions.route("/alone", endpoint="alone")(Failing)
    app.register_blueprint(pages)
    actions.route("/in-blueprint", endpoint="within", blueprint=pages)(Failing)
    answers = [app.test_client().open(path, method=method) for path in ("/alone", "/in-blueprint")]
    alone, within = ((each.status, list(each.headers), each.data) for each in answers)
    assert alone == within


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


class Locked(HTTPException):
    code = 423

    def get_body(self, *_: Any) -> str:
        return f'{{"locked": "{self.description}"}}'

    def get_headers(self, *_: Any) -> list[tuple[str, str]]:
        return [("Content-Type", "application/vnd.own+json"), ("Retry-After", "7")]


class Moved(NotFound):
    def get_response(self, *_: Any, **__: Any) -> Response:
        return Response("moved", 410, content_type="text/plain")


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (Locked("for a while"), (423, "application/vnd.own+json", '{"locked": "for a while"}', "7")),
        (Moved(), (410, "text/plain", "moved", None)),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", BROWSER["Accept"]])
def test_an_exception_that_writes_its_own_response_sends_it(
    error: HTTPException, sent: tuple[Any, ...], accept: str
) -> None:
    response = serving(failing(error)).get("/thing", headers={"Accept": accept})
    assert (response.status_code, response.content_type, response.text, response.headers.get("Retry-After")) == sent


def failing(error: Exception) -> type[MethodRoute]:
    class Failing(MethodRoute):
        def get(self) -> dict[str, Any]:
            raise error

    return Failing


def test_a_handler_of_the_resources_api_comes_before_what_the_exception_writes() -> None:
    app = Flask(__name__)
    actions = ServerActions(app)
    actions.problem_handler(lambda problem: {"told": problem.detail})
    actions.route("/thing")(failing(Locked("for a while")))
    response = app.test_client().get("/thing")
    assert (response.status_code, response.json) == (423, {"told": "for a while"})


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


def test_a_bug_shows_a_program_what_was_raised_in_debug_mode(caplog: pytest.LogCaptureFixture) -> None:
    problem = problem_of(client_of(make_app(DEBUG=True)).get("/api/todos/500"))
    assert problem["detail"] == "ZeroDivisionError: the secret of the inside"
    assert problem["traceback"].startswith("Traceback (most recent call last):")
    assert problem["instance"] in caplog.text


def test_a_bug_is_the_debuggers_where_a_browser_asked_in_debug_mode() -> None:
    app = make_app(DEBUG=True)
    app.register_error_handler(500, lambda error: ("<h1>Sorry</h1>", 500))
    with pytest.raises(ZeroDivisionError):
        client_of(app).get("/api/todos/500", headers=BROWSER)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert client_of(app).get("/api/todos/500", headers=BROWSER).text == "<h1>Sorry</h1>"


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
