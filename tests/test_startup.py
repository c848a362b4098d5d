"""What happens once, before the first request of any URL."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Blueprint, Flask, abort
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from flask_serveractions import MethodRoute, ServerActions, requires
from flask_serveractions.startup import start
from flask_serveractions.testing import ActionsClient
from flask_serveractions.webhooks import github
from tests.callers import client_of

BROWSER = {"Accept": "text/html,*/*;q=0.8"}


def make_app(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": "a key for tests", **config})
    app.add_url_rule("/page", "page", lambda: "page", methods=["GET"])
    return app


def say(word: str = "hello") -> str:
    return word


class Thing(MethodRoute):
    def get(self) -> str:
        return "got"

    def post(self, word: str = "posted") -> str:
        return word


# The check


def test_a_login_view_that_no_route_has_is_an_error_that_names_the_key_and_those_there_are() -> None:
    app = make_app(SERVERACTIONS_LOGIN_VIEW="sign_in")
    ServerActions(app)
    with pytest.raises(ValueError, match=r"SERVERACTIONS_LOGIN_VIEW is 'sign_in'.*Give one of the endpoints: .*page"):
        app.test_client().get("/page")


def test_a_login_view_may_be_added_until_the_first_request() -> None:
    app = make_app(SERVERACTIONS_LOGIN_VIEW="sign_in")
    ServerActions(app)
    app.add_url_rule("/sign-in", "sign_in", lambda: "sign in")
    assert app.test_client().get("/page").status_code == 200


@pytest.mark.parametrize(
    ("rule", "methods", "says"),
    [
        ("/sign-in", ["POST"], r"no route for GET has"),
        ("/<language>/sign-in", ["GET"], r"whose URL needs language\. Let @app\.url_defaults give it"),
    ],
)
def test_a_login_view_that_nobody_can_be_led_to_is_an_error(rule: str, methods: list[str], says: str) -> None:
    app = make_app(SERVERACTIONS_LOGIN_VIEW="sign_in")
    ServerActions(app)
    app.add_url_rule(rule, "sign_in", lambda **_: "sign in", methods=methods)
    with pytest.raises(ValueError, match=rf"SERVERACTIONS_LOGIN_VIEW is 'sign_in', .*{says}"):
        app.test_client().get("/page")


def test_a_login_view_may_have_a_value_that_the_app_gives_to_all_its_urls() -> None:
    app = make_app(SERVERACTIONS_LOGIN_VIEW="sign_in")
    ServerActions(app)
    app.url_defaults(lambda endpoint, values: values.setdefault("language", "de"))
    app.add_url_rule("/<language>/sign-in", "sign_in", lambda language: "sign in")
    assert app.test_client().get("/page").status_code == 200


def test_a_signature_that_can_not_work_on_its_rule_is_an_error_at_the_first_request_of_any_url() -> None:
    app = make_app()
    ServerActions(app)
    app.add_url_rule("/things/<int:number>", view_func=Thing.as_view("thing"))
    with pytest.raises(TypeError, match=r"Thing\.get.*'number'.*the URL rule has it.*methods=\["):
        app.test_client().get("/page")


def test_a_method_that_only_another_rule_has_the_value_for_is_an_error_that_names_methods() -> None:
    class Users(MethodRoute):
        def get(self, user_id=None): ...  # type: ignore[no-untyped-def]

        def put(self, user_id): ...  # type: ignore[no-untyped-def]

    def app_with(**rule: Any) -> Flask:
        app = make_app()
        ServerActions(app)
        view = Users.as_view("users")
        app.add_url_rule("/users/", view_func=view, **rule)
        app.add_url_rule("/users/<int:user_id>", view_func=view)
        return app

    with pytest.raises(TypeError, match=r"Users\.put.*'user_id'.*methods=\["):
        app_with().test_client().get("/page")
    client = app_with(methods=["GET"]).test_client()
    assert [client.get("/users/").status_code, client.put("/users/3").status_code] == [204, 204]


def test_a_type_that_no_field_loads_is_an_error_at_the_first_request_of_any_url() -> None:
    class Odd(MethodRoute):
        def get(self, number: complex) -> None: ...

    app = make_app()
    ServerActions(app)
    app.add_url_rule("/odd", view_func=Odd.as_view("odd"))
    with pytest.raises(TypeError, match=r"Odd\.get.*'number'.*complex"):
        app.test_client().get("/page")


def test_a_type_that_no_field_loads_is_fine_where_a_converter_makes_it() -> None:
    class Odd(MethodRoute):
        def get(self, number: complex) -> str:
            return str(number)

    app = make_app()
    ServerActions(app)
    app.add_url_rule("/odd/<number>", view_func=Odd.as_view("odd"))
    assert app.test_client().get("/odd/1").text == "1"


def test_a_webhook_that_requires_something_is_an_error_since_nobody_asks_for_it() -> None:
    app = make_app()
    actions = ServerActions(app)
    actions.auth_hook(lambda operation: None)

    @actions.webhook("/hooks/github", github("a secret"))
    @requires("admin")
    def pushed(event: dict[str, Any]) -> None: ...

    with pytest.raises(RuntimeError, match=r"pushed.*nobody asks the hook"):
        app.test_client().get("/page")


def test_what_keeps_an_app_from_starting_keeps_it_at_every_request() -> None:
    app = make_app()
    actions = ServerActions(app)
    actions.register(requires("admin")(lambda_free))
    client = app.test_client()
    for _ in range(3):
        with pytest.raises(RuntimeError, match="requires 'admin'"):
            client.get("/page")


def lambda_free() -> None: ...


def test_an_app_starts_once_however_many_threads_bring_the_first_requests() -> None:
    app = make_app()
    ServerActions(app).register(say)
    CSRFProtect(app)
    ready, statuses = threading.Barrier(8), []

    def first_request() -> None:
        ready.wait()
        statuses.append(app.test_client().get("/page").status_code)

    threads = [threading.Thread(target=first_request) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert statuses == [200] * 8


def test_starting_twice_changes_nothing() -> None:
    app = make_app()
    ServerActions(app).register(say)
    state = app.extensions["serveractions.state"]
    start(app, state)
    handlers, operations = app.error_handler_spec[None][405], dict(state.actions)
    kept = dict(handlers)
    start(app, state)
    assert (dict(handlers), dict(state.actions)) == (kept, operations)


# CSRFProtect


@pytest.mark.parametrize("first", ["CSRFProtect", "ServerActions"])
def test_csrf_protect_leaves_our_doors_to_us_and_no_other_whichever_was_initialised_first(first: str) -> None:
    app, protect, actions = make_app(), CSRFProtect(), ServerActions()
    for each in (protect, actions) if first == "CSRFProtect" else (actions, protect):
        each.init_app(app)
    blueprint = Blueprint("shop", __name__)
    blueprint.add_url_rule("/shop", view_func=lambda: "sold", methods=["POST"], endpoint="sell")
    blueprint.add_url_rule("/shop/thing", view_func=Thing.as_view("thing"))
    app.register_blueprint(blueprint)
    app.add_url_rule("/own", "actions.own", lambda: "own", methods=["POST"])
    app.add_url_rule("/posted", "posted", lambda: "posted", methods=["POST"])
    actions.register(say)
    client = client_of(app)
    refused = [client.post(path).status_code for path in ("/shop", "/own", "/posted")]
    passed = [client.post("/shop/thing").status_code, client.call_action("say").status_code]
    assert (refused, passed) == ([400, 400, 400], [200, 200])


def test_csrf_protect_exempts_what_the_app_exempts_and_no_more() -> None:
    app = make_app()
    protect = CSRFProtect(app)
    ServerActions(app)

    def exempted() -> str:
        return "exempted"

    app.add_url_rule("/exempted", view_func=protect.exempt(exempted), methods=["POST"])
    app.add_url_rule("/posted", "posted", lambda: "posted", methods=["POST"])
    client = app.test_client()
    assert [client.post("/exempted").status_code, client.post("/posted").status_code] == [200, 400]


def test_our_own_rule_holds_where_csrf_protect_leaves_it_to_us() -> None:
    app = make_app()
    CSRFProtect(app)
    actions = ServerActions(app)
    actions.register(say)
    actions.route("/thing")(Thing)
    client = client_of(app)
    foreign = {"Origin": "https://evil.example", "Accept": "application/json"}
    assert client.post("/thing", headers=foreign).status_code == 403
    client.call_action("say")
    url = action_url_of(app, client)
    assert client.post(url, json={}, headers={"Accept": "application/json"}).status_code == 400  # without a token


def action_url_of(app: Flask, client: ActionsClient) -> str:
    from flask_serveractions.pages.templates import action_url

    with client.page_request():
        return action_url("say")


def test_a_form_of_the_apps_own_is_still_protected_by_csrf_protect() -> None:
    from flask import render_template_string, request

    app = make_app()
    CSRFProtect(app)
    ServerActions(app).register(say)
    app.add_url_rule("/form", "form", lambda: render_template_string("{{ csrf_token() }}"))
    app.add_url_rule("/send", "send", lambda: request.form["word"], methods=["POST"])
    client = app.test_client()
    token = client.get("/form").text
    assert client.post("/send", data={"word": "x", "csrf_token": token}).text == "x"
    assert client.post("/send", data={"word": "x"}).status_code == 400


# 405


def app_with_doors() -> Flask:
    app = make_app()
    actions = ServerActions(app)
    actions.register(say)
    actions.route("/thing")(Thing)
    return app


@pytest.mark.parametrize(
    ("path", "allow"),
    [("/thing", "GET, HEAD, OPTIONS, POST"), ("/_actions/say/x", "GET, HEAD, OPTIONS, POST")],
)
def test_a_method_that_a_door_does_not_have_is_a_405_in_problem_details_with_allow(path: str, allow: str) -> None:
    response = app_with_doors().test_client().delete(path)
    assert (response.status_code, response.content_type) == (405, "application/problem+json")
    assert response.headers["Allow"] == allow
    assert response.json is not None
    assert response.json["detail"] == f"DELETE is not allowed here. Allowed: {allow}."


@pytest.mark.parametrize("path", ["/thing", "/_actions/say/x"])
def test_a_browser_gets_the_apps_own_405(path: str) -> None:
    app = app_with_doors()
    app.register_error_handler(405, lambda error: ("<h1>No</h1>", 405, {"Allow": ", ".join(error.valid_methods)}))
    response = app.test_client().delete(path, headers=BROWSER)
    assert (response.status_code, response.text) == (405, "<h1>No</h1>")
    assert "GET" in response.headers["Allow"]


def test_a_browser_gets_flasks_405_where_the_app_has_none() -> None:
    response = app_with_doors().test_client().delete("/thing", headers=BROWSER)
    assert (response.status_code, response.mimetype) == (405, "text/html")
    assert "POST" in response.headers["Allow"]


def other_405(app: Flask) -> tuple[int, str]:
    """Return how a wrong method on a page of the app's own is answered to a client."""
    response = app.test_client().delete("/page", headers={"Accept": "application/json"})
    return response.status_code, response.text


def test_a_405_elsewhere_stays_flasks_own() -> None:
    assert other_405(app_with_doors()) == other_405(make_app())


def handle_405(error: MethodNotAllowed) -> tuple[str, int]:
    return "the handler of 405", 405


def handle_http(error: HTTPException) -> tuple[str, int]:
    return "the handler of HTTPException", 405


def handle_all(error: Exception) -> tuple[str, int]:
    return "the handler of Exception", 500


async def handle_in_async(error: MethodNotAllowed) -> tuple[str, int]:
    return "the async handler of 405", 405


@pytest.mark.parametrize(
    "handlers",
    [
        {405: handle_405},
        {MethodNotAllowed: handle_405, HTTPException: handle_http, Exception: handle_all},
        {HTTPException: handle_http, Exception: handle_all},
        {Exception: handle_all},
        {405: handle_in_async},
        {404: handle_405},
    ],
)
def test_a_405_elsewhere_goes_to_the_handler_that_it_would_have_had(handlers: dict[Any, Any]) -> None:
    plain, ours = make_app(), app_with_doors()
    for app in (plain, ours):
        for what, handler in handlers.items():
            app.register_error_handler(what, handler)
    assert other_405(ours) == other_405(plain)


@pytest.mark.parametrize("status", [405, 429])
@pytest.mark.parametrize("kind", [HTTPException, Exception])
def test_what_a_page_of_a_blueprint_raises_goes_to_its_handler_as_in_flask(status: int, kind: Any) -> None:
    app = app_with_doors()
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/refuse", "refuse", lambda: abort(status))
    shop.register_error_handler(kind, lambda error: ("the blueprint's handler", error.code))
    app.register_blueprint(shop)
    app.register_error_handler(kind, lambda error: ("the app's handler", error.code))
    response = app.test_client().get("/refuse")
    assert (response.status_code, response.text) == (status, "the blueprint's handler")


def test_a_405_that_a_view_raises_itself_is_its_own() -> None:
    app = app_with_doors()
    app.add_url_rule("/refuse", "refuse", lambda: abort(405))
    app.register_error_handler(405, handle_405)
    assert app.test_client().get("/refuse").text == "the handler of 405"


def test_a_url_that_leads_to_a_door_and_a_page_is_answered_by_the_door() -> None:
    app = app_with_doors()
    app.add_url_rule("/thing", "other_thing", lambda: "put", methods=["PUT"])
    response = app.test_client().delete("/thing")
    assert (response.content_type, response.headers["Allow"]) == (
        "application/problem+json",
        "GET, HEAD, OPTIONS, POST, PUT",
    )


def test_a_url_that_no_rule_matches_is_the_apps_own_404() -> None:
    app = app_with_doors()
    app.register_error_handler(404, lambda error: ("nothing here", 404))
    assert app.test_client().get("/nowhere", headers={"Accept": "application/json"}).text == "nothing here"


def test_a_door_with_a_slash_at_its_end_is_no_trap_for_a_wrong_method() -> None:
    app = app_with_doors()
    extension_of(app).route("/things/")(Thing)
    client = app.test_client()
    assert client.delete("/things/").content_type == "application/problem+json"
    assert client.delete("/things").status_code < 500


def extension_of(app: Flask) -> ServerActions:
    actions: ServerActions = app.extensions["serveractions"]
    return actions
