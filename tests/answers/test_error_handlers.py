"""Who tells an API's failures: a handler of the resource's blueprint, the problem handler, or RFC 9457."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, jsonify, make_response
from flask_limiter import Limiter
from werkzeug.exceptions import Conflict, HTTPException, NotFound

from flask_serveractions import ActionError, MethodRoute, Problem, ServerActions
from flask_serveractions.testing import ActionsClient
from tests import callers
from tests.calling import make_app

BROWSER = {"Accept": "text/html,*/*;q=0.8"}


class OutOfStock(Exception):
    pass


class Item(MethodRoute):
    def get(self, number: int) -> dict[str, int]:
        if number == 9:
            abort(404, "No such item.")
        if number == 8:
            raise ActionError("Sold.", field="number", status=409, code="sold")
        if number == 7:
            raise OutOfStock("none left")
        if number == 6:
            raise RuntimeError("a bug")
        if number == 5:
            abort(make_response("as it is", 418))
        return {"number": number}

    def put(self, number: int, name: str) -> dict[str, str]:
        return {"name": name}


class Locked(MethodRoute):
    require_if_match = True

    def get(self) -> dict[str, int]:
        return {"a": 1}

    def put(self, a: int) -> dict[str, int]:
        return {"a": a}


def app_with(
    *, handler: Callable[[Problem], Any] | None = None, blueprint_handlers: dict[Any, Any] | None = None, **config: Any
) -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="of the tests", **config)
    actions = ServerActions(app)
    if handler is not None:
        assert actions.problem_handler(handler) is handler
    api = Blueprint("api", __name__, url_prefix="/api")
    for kind, told in (blueprint_handlers or {}).items():
        api.register_error_handler(kind, told)

    @actions.auth_hook
    def somebody(operation: Any) -> str | None:
        from flask import request

        return request.headers.get("X-User", "ada") or None

    api.add_url_rule("/items/<int:number>", view_func=Item.as_view("item"))
    api.add_url_rule("/locked", view_func=Locked.as_view("locked"))
    app.register_blueprint(api)
    return app


def own_format(problem: Problem) -> Any:
    return {"problem": problem.status, "says": problem.detail, "errors": dict(problem.errors)}, problem.status


def in_a_blueprint(error: HTTPException) -> Any:
    return {"blueprint": error.code, "says": error.description}, error.code


#: method, path, what is sent, and the status
FAILURES: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/api/items/9", {}, 404),
    ("GET", "/api/items/8", {}, 409),
    ("GET", "/api/items/6", {}, 500),
    ("GET", "/api/items/1", {"headers": {"X-User": ""}}, 401),
    ("GET", "/api/items/1", {"headers": {"Accept": "image/png"}}, 406),
    ("PATCH", "/api/items/1", {}, 405),
    ("PUT", "/api/items/1", {"json": {}}, 422),
    ("PUT", "/api/items/1", {"data": b"{", "content_type": "application/json"}, 400),
    ("PUT", "/api/items/1", {"data": b"x", "content_type": "text/csv"}, 415),
    ("PUT", "/api/items/1", {"json": {"name": "x" * 2_000_000}}, 413),
    ("PUT", "/api/items/1", {"json": {"name": "x"}, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
    ("PUT", "/api/items/1", {"json": {"name": "x"}, "headers": {"If-Match": '"other"'}}, 412),
    ("PUT", "/api/locked", {"json": {"a": 1}}, 428),
]


@pytest.mark.parametrize(("method", "path", "sent", "status"), FAILURES)
def test_the_problem_handler_tells_each_failure_of_a_resource(
    method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    answer = app_with(handler=own_format).test_client().open(path, method=method, **sent)
    assert (answer.status_code, answer.json["problem"]) == (status, status)


@pytest.mark.parametrize(("method", "path", "sent", "status"), FAILURES)
@pytest.mark.parametrize("handler", [None, own_format])
def test_a_handler_of_the_resources_blueprint_comes_before_it(
    handler: Any, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    app = app_with(handler=handler, blueprint_handlers={HTTPException: in_a_blueprint})
    app.register_error_handler(404, lambda error: ("<h1>Nothing here</h1>", 404))  # for browsers
    answer = app.test_client().open(path, method=method, **sent)
    assert (answer.status_code, answer.json["blueprint"]) == (status, status)


@pytest.mark.parametrize(("method", "path", "sent", "status"), FAILURES)
def test_without_either_it_is_problem_details(method: str, path: str, sent: dict[str, Any], status: int) -> None:
    app = app_with()
    app.register_error_handler(HTTPException, lambda error: ("<h1>Sorry</h1>", error.code))  # for browsers
    answer = app.test_client().open(path, method=method, **sent)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status


def test_a_problem_says_all_that_problem_details_do() -> None:
    told: list[Problem] = []
    client = app_with(handler=lambda problem: told.append(problem) or "told").test_client()
    client.get("/api/items/8")
    client.put("/api/items/1", json={})
    client.get("/api/items/6")
    sold, invalid, bug = told
    assert (sold.status, sold.title, sold.detail, sold.code) == (409, "Conflict", "Sold.", "sold")
    assert sold.errors == {"number": ["Sold."]}
    assert invalid.errors == {"name": ["Please fill in this field."]}
    assert (bug.errors, str(bug.instance)[:9]) == ({}, "urn:uuid:")


@pytest.mark.parametrize(
    "handler", [lambda problem: {"code": problem.status}, lambda problem: "text", lambda problem: [problem.status]]
)
def test_a_failure_is_never_told_as_a_success(handler: Any) -> None:
    assert app_with(handler=handler).test_client().get("/api/items/9").status_code == 404


def test_the_handler_may_be_async_and_choose_the_status() -> None:
    async def later(problem: Problem) -> Response:
        response = jsonify(later=problem.title)
        response.status_code = 410
        return response

    answer = app_with(handler=later).test_client().get("/api/items/9")
    assert (answer.status_code, answer.json) == (410, {"later": "Not Found"})


def test_headers_that_a_failure_needs_are_there_whoever_tells_it() -> None:
    for app in (app_with(handler=own_format), app_with(blueprint_handlers={HTTPException: in_a_blueprint})):
        client = app.test_client()
        assert client.patch("/api/items/1").headers["Allow"] == "GET, HEAD, OPTIONS, PUT"
        refused = client.get("/api/items/1", headers={"X-User": ""})
        assert refused.headers["WWW-Authenticate"].startswith("Session")
        assert refused.headers["Cache-Control"] == "no-store"
        fetched = client.get("/api/items/1", headers={"X-User": "", "Sec-Fetch-Mode": "cors"})
        assert "WWW-Authenticate" not in fetched.headers


@pytest.mark.parametrize("options", [{"handler": own_format}, {"blueprint_handlers": {HTTPException: in_a_blueprint}}])
def test_a_rate_limit_is_told_like_the_rest_with_retry_after(options: Any) -> None:
    app = app_with(**options)
    Limiter(lambda: "anybody", app=app, default_limits=["1 per minute"], storage_uri="memory://")
    client = app.test_client()
    assert client.get("/api/items/1").status_code == 200
    answer = client.get("/api/items/1")
    assert answer.status_code == 429
    assert set(answer.json) & {"problem", "blueprint"}
    assert 0 < int(answer.headers["Retry-After"]) <= 61


def test_headers_of_the_handler_win() -> None:
    app = app_with(handler=lambda problem: ("told", problem.status, {"Allow": "GET", "WWW-Authenticate": "Bearer"}))
    client = app.test_client()
    assert client.patch("/api/items/1").headers["Allow"] == "GET"
    assert client.get("/api/items/1", headers={"X-User": ""}).headers.get_all("WWW-Authenticate") == ["Bearer"]


@pytest.mark.parametrize("options", [{"handler": own_format}, {"blueprint_handlers": {404: in_a_blueprint}}, {}])
def test_a_class_of_the_apps_own_goes_to_the_handler_of_that_class(options: Any) -> None:
    app = app_with(**options)
    app.register_error_handler(OutOfStock, lambda error: (f"sorry, {error}", 503))
    answer = app.test_client().get("/api/items/7")
    assert (answer.status_code, answer.text) == (503, "sorry, none left")


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_so_does_one_that_is_made_of_action_error_on_both_doors(accept: str) -> None:
    class Gone(ActionError): ...

    class Sold(Gone): ...

    app, actions = make_app()

    @actions.register
    def buy() -> None:
        raise Sold("Somebody else was faster.", status=410)

    @actions.route("/api/one")
    class One(MethodRoute):
        def get(self) -> None:
            buy()

    app.register_error_handler(Gone, lambda error: (f"too late: {error}", 410))
    app.register_error_handler(ActionError, lambda error: "never asked")
    client = ActionsClient(app, app.response_class)
    client.environ_base["HTTP_ACCEPT"] = accept
    for answer in (client.get("/api/one"), client.call_action(buy)):
        assert (answer.status_code, answer.text) == (410, "too late: Somebody else was faster.")
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("headers", [callers.BROWSER, callers.SCRIPT], ids=["browser", "script"])
def test_of_an_action_that_runs_once_it_is_answered_alike_each_time(headers: dict[str, str]) -> None:
    class Sold(ActionError): ...

    def buy() -> None:
        raise Sold("Somebody else was faster.", status=410)

    app = callers.app_with(page='{% call action_form("buy") %}{% endcall %}')
    callers.extension_of(app).register(once=True)(buy)
    app.register_error_handler(Sold, lambda error: ("too late", 410))
    client = app.test_client()
    form = callers.open_form(client)
    first, second = (callers.submit(client, form, headers) for _ in range(2))
    for answer in (first, second):
        assert answer.status_code == 410
        assert "Somebody else was faster." in answer.text
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_response_that_was_aborted_with_is_sent_as_it_is() -> None:
    answer = app_with(handler=own_format).test_client().get("/api/items/5")
    assert (answer.status_code, answer.text) == (418, "as it is")


def test_browsers_get_the_apps_own_page() -> None:
    app = app_with(handler=own_format)
    app.register_error_handler(404, lambda error: ("<h1>Nothing here</h1>", 404))
    answer = app.test_client().get("/api/items/9", headers=BROWSER)
    assert (answer.status_code, answer.text) == (404, "<h1>Nothing here</h1>")


@pytest.mark.parametrize(
    ("kinds", "path", "told"),
    [
        ((404, HTTPException), "/api/items/9", "404"),
        ((NotFound, HTTPException), "/api/items/9", "404"),
        ((HTTPException, Exception), "/api/items/9", "HTTPException"),
        ((Exception,), "/api/items/9", "Exception"),
        ((409, HTTPException), "/api/items/8", "409"),
        ((Conflict,), "/api/items/8", "409"),
        ((ActionError, HTTPException), "/api/items/8", "ActionError"),
        ((Exception,), "/api/items/8", "Exception"),
        ((500, HTTPException), "/api/items/6", "500"),
        ((Exception, 500), "/api/items/6", "Exception"),
        ((RuntimeError, Exception), "/api/items/6", "RuntimeError"),
    ],
)
def test_a_blueprints_handlers_are_chosen_as_flask_chooses_them(kinds: Any, path: str, told: str) -> None:
    def saying(kind: Any) -> Callable[[Exception], Any]:
        return lambda error: {"told": str(getattr(kind, "code", None) or getattr(kind, "__name__", kind))}

    app = app_with(handler=own_format, blueprint_handlers={kind: saying(kind) for kind in kinds})
    assert app.test_client().get(path).json == {"told": told}


def test_the_handler_of_a_nested_blueprint_comes_before_its_parents() -> None:
    app = Flask(__name__)
    ServerActions(app)
    shop, admin = Blueprint("shop", __name__, url_prefix="/shop"), Blueprint("admin", __name__, url_prefix="/admin")
    shop.register_error_handler(404, lambda error: ({"told": "shop"}, 404))
    shop.register_error_handler(405, lambda error: ({"told": "shop"}, 405))
    admin.register_error_handler(404, lambda error: ({"told": "admin"}, 404))
    admin.add_url_rule("/<int:number>", view_func=Item.as_view("item"))
    shop.register_blueprint(admin)
    app.register_blueprint(shop)
    client = app.test_client()
    assert client.get("/shop/admin/9").json == {"told": "admin"}
    assert client.patch("/shop/admin/9").json == {"told": "shop"}


def test_a_bug_is_raised_again_with_propagate_exceptions() -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        app_with(handler=own_format, PROPAGATE_EXCEPTIONS=True).test_client().get("/api/items/6")


def test_where_the_handler_fails_it_is_logged_and_problem_details_are_sent(caplog: pytest.LogCaptureFixture) -> None:
    def broken(problem: Problem) -> Any:
        raise KeyError("nothing of that name")

    answer = app_with(handler=broken).test_client().get("/api/items/9")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert "nothing of that name" in caplog.text


def test_actions_keep_problem_details() -> None:
    client = app_with(handler=own_format).test_client()
    answer = client.post("/_actions/none/signed", headers={"Accept": "application/json"})
    assert answer.content_type == "application/problem+json"


def test_there_is_one_problem_handler_and_it_is_a_function() -> None:
    actions = ServerActions()
    with pytest.raises(TypeError, match="brackets"):
        actions.problem_handler({})  # type: ignore[type-var]  # what must not be
    actions.problem_handler(own_format)
    with pytest.raises(ValueError, match="already"):
        actions.problem_handler(own_format)


def test_a_problem_handler_may_send_the_errors_of_whatever_went_wrong() -> None:
    actions = ServerActions()
    actions.problem_handler(lambda problem: ({"failed": problem.title, "fields": problem.errors}, problem.status))

    @actions.route("/things/<int:number>")
    class Thing(MethodRoute):
        def get(self, number: int, size: int = 0) -> Any:
            abort(404)

    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    actions.init_app(app)
    client = app.test_client()
    assert client.get("/things/1").json == {"failed": "Not Found", "fields": {}}
    assert client.get("/things/1?size=x").json["fields"] == {"size": ["Not a valid integer."]}
    assert client.put("/things/1").json == {"failed": "Method Not Allowed", "fields": {}}
