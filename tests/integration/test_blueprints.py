"""What belongs to a blueprint of the app's is guarded and answered as its views are."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Blueprint, Flask, Response, abort, g, render_template_string, request
from flask.cli import FlaskGroup
from werkzeug.exceptions import HTTPException

from flask_serveractions import ActionError, Bound, MethodRoute, Query, ServerActions
from flask_serveractions.testing import ActionsClient
from tests.callers import client_of

BROWSER = {"Accept": "text/html,*/*;q=0.8", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


def make_app(**config: Any) -> tuple[Flask, ServerActions, Blueprint]:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key for tests", SERVERACTIONS_OPENAPI_URL=None, **config)
    app.test_client_class = ActionsClient
    return app, ServerActions(app), Blueprint("admin", __name__, url_prefix="/admin")


class Users(MethodRoute):
    def get(self) -> list[str]:
        return ["ada"]

    def post(self) -> None:
        raise LookupError("nobody")


def wipe() -> str:
    return request.endpoint or ""


# Where it stands


def test_an_action_has_an_endpoint_of_its_blueprint() -> None:
    app, actions, admin = make_app()
    actions.register(blueprint=admin)(wipe)
    actions.register(name="users.wipe", blueprint="admin")(wipe)
    actions.register(name="own.wipe")(wipe)
    app.register_blueprint(admin)
    client = client_of(app)
    found = [client.call_action(name).json["data"] for name in ("wipe", "users.wipe", "own.wipe")]  # type: ignore[index]
    assert found == ["admin.wipe", "admin.users-wipe", "actions.own-wipe"]


def nested() -> tuple[Blueprint, Blueprint]:
    shop, admin = Blueprint("shop", __name__, url_prefix="/shop"), Blueprint("admin", __name__, url_prefix="/admin")
    shop.register_blueprint(admin)
    return shop, admin


@pytest.mark.parametrize("named_by", ["name", "blueprint"])
@pytest.mark.parametrize("registered", ["before", "after", "after the extension"])
def test_a_nested_blueprint_is_named_by_dots_or_by_itself(named_by: str, registered: str) -> None:
    app, actions = Flask(__name__), ServerActions()
    app.config.update(SECRET_KEY="a key for tests")
    shop, admin = nested()
    if registered == "before":
        app.register_blueprint(shop)
    blueprint = admin if named_by == "blueprint" else "shop.admin"
    actions.register(blueprint=blueprint)(wipe)
    actions.route("/users", blueprint=blueprint)(Users)
    if registered != "after the extension":
        actions.init_app(app)
    if registered != "before":
        app.register_blueprint(shop)
    if registered == "after the extension":
        actions.init_app(app)
    client = client_of(app)
    assert client.call_action("wipe").json["data"] == "shop.admin.wipe"  # type: ignore[index]
    assert client.get("/shop/admin/users").json == ["ada"]
    with app.test_request_context():
        assert app.url_for("shop.admin.Users") == "/shop/admin/users"


def prefixed_by_options(app: Flask, admin: Blueprint) -> None:
    app.register_blueprint(admin, url_prefix="/backstage")


def with_a_rule(app: Flask, admin: Blueprint) -> None:
    admin.add_url_rule("/<int:number>/pages/<name>", "page", lambda number, name: name)
    prefixed_by_options(app, admin)


def renamed(app: Flask, admin: Blueprint) -> None:
    admin.add_url_rule("/", "index", lambda: "index")
    admin.add_url_rule("/index.html", view_func=wipe)
    app.register_blueprint(admin, name="backstage", url_prefix="/backstage/")


@pytest.mark.parametrize("put", [prefixed_by_options, with_a_rule, renamed])
def test_url_prefix_applies_to_a_resource_as_the_blueprint_was_registered(
    put: Callable[[Flask, Blueprint], None],
) -> None:
    app, actions, admin = make_app()
    actions.route("/users", blueprint=admin)(Users)
    put(app, admin)
    client = client_of(app)
    assert [client.get(path).status_code for path in ("/backstage/users", "/admin/users", "/users")] == [200, 404, 404]


@pytest.mark.parametrize("put", [with_a_rule, renamed])
def test_url_prefix_applies_where_the_blueprint_was_registered_first(put: Callable[[Flask, Blueprint], None]) -> None:
    app, actions, admin = make_app()
    put(app, admin)
    actions.route("/users", blueprint=admin)(Users)
    assert client_of(app).get("/backstage/users").status_code == 200


@pytest.mark.parametrize("first", ["route", "registered"])
@pytest.mark.parametrize("put", [prefixed_by_options, with_a_rule])
def test_url_prefix_applies_where_the_blueprint_is_named(put: Callable[[Flask, Blueprint], None], first: str) -> None:
    app, actions, admin = make_app()
    if first == "registered":
        put(app, admin)
    actions.route("/users", blueprint="admin")(Users)
    if first == "route":
        put(app, admin)
    client = client_of(app)
    assert [client.get(path).status_code for path in ("/backstage/users", "/admin/users", "/users")] == [200, 404, 404]


VIEWS: dict[str, list[str]] = {
    "an index": ["/"],
    "an index without a slash": [""],
    "one view of several rules": ["/", "/page/<int:number>"],
    "of which the index is the last": ["/page/<int:number>", "/"],
}


@pytest.mark.parametrize("rules", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("options", [{"url_prefix": "/backstage"}, {"url_prefix": "/backstage/", "name": "staff"}])
def test_url_prefix_is_read_from_the_views_of_a_blueprint_that_is_older_than_the_extension(
    rules: list[str], options: dict[str, Any]
) -> None:
    app, admin = Flask(__name__), Blueprint("admin", __name__, url_prefix="/admin")
    app.config.update(SECRET_KEY="a key for tests")
    for rule in rules:
        admin.add_url_rule(rule, "index", index)
    app.register_blueprint(admin, **options)
    ServerActions(app).route("/users", blueprint=admin)(Users)
    assert client_of(app).get("/backstage/users").status_code == 200


def index(number: int = 1) -> str:
    return str(number)


def test_url_prefix_is_read_from_the_static_files_of_a_blueprint_that_is_older_than_the_extension() -> None:
    app, admin = Flask(__name__), Blueprint("admin", __name__, static_folder="static", url_prefix="/admin")
    app.config.update(SECRET_KEY="a key for tests")
    app.register_blueprint(admin, url_prefix="/backstage")
    ServerActions(app).route("/users", blueprint=admin)(Users)
    assert client_of(app).get("/backstage/users").status_code == 200


@pytest.mark.parametrize(("options", "path"), [({"url_prefix": "/staff"}, "/shop/staff/"), ({}, "/shop/admin/")])
def test_a_nested_blueprint_without_views_that_is_older_than_the_extension_is_where_it_was_put(
    options: dict[str, Any], path: str
) -> None:
    app, shop = Flask(__name__), Blueprint("shop", __name__, url_prefix="/shop")
    app.config.update(SECRET_KEY="a key for tests")
    admin = Blueprint("admin", __name__, url_prefix="/admin")
    shop.register_blueprint(admin, **options)
    app.register_blueprint(shop)
    ServerActions(app).route("/users", blueprint=admin)(Users)
    assert client_of(app).get(f"{path}users").status_code == 200


def test_url_prefix_applies_to_a_nested_blueprint_that_is_named() -> None:
    app, actions, _ = make_app()
    shop, staff = Blueprint("shop", __name__), Blueprint("staff", __name__)
    actions.route("/users", blueprint="shop.staff")(Users)
    shop.register_blueprint(staff, url_prefix="/staff")
    app.register_blueprint(shop, url_prefix="/shop")
    assert client_of(app).get("/shop/staff/users").status_code == 200


def test_a_subdomain_applies_to_a_resource_and_not_to_an_action() -> None:
    app, actions, _ = make_app(SERVER_NAME="example.org")
    app.subdomain_matching = True
    app.url_map.default_subdomain = ""
    admin = Blueprint("admin", __name__, subdomain="admin")
    actions.route("/users", blueprint=admin)(Users)
    actions.register(blueprint=admin)(wipe)
    app.register_blueprint(admin)
    client = client_of(app)
    assert client.get("http://admin.example.org/users").status_code == 200
    assert client.get("http://example.org/users").status_code == 404
    assert client.call_action("wipe").json["data"] == "admin.wipe"  # type: ignore[index]


def test_a_class_may_have_several_rules_in_a_blueprint() -> None:
    app, actions, admin = make_app()
    actions.route("/users", blueprint=admin)(actions.route("/people", blueprint=admin)(Users))
    app.register_blueprint(admin)
    client = client_of(app)
    assert [client.get(path).status_code for path in ("/admin/users", "/admin/people")] == [200, 200]


def test_flask_routes_lists_what_belongs_to_a_blueprint() -> None:
    app, actions, admin = make_app()
    actions.register(blueprint=admin)(wipe)
    actions.route("/users", blueprint="admin")(Users)
    app.register_blueprint(admin)
    listed = CliRunner().invoke(FlaskGroup(create_app=lambda: app), ["routes"]).output
    assert "admin.wipe" in listed
    assert "/_actions/wipe/<signature>" in listed
    assert "/admin/users" in listed


def test_a_module_may_belong_to_a_blueprint() -> None:
    app, actions, admin = make_app()
    module = ModuleType(__name__)
    module.__dict__.update(wipe=wipe, __all__=["wipe"])
    actions.register_module(module, prefix="admin.", blueprint=admin)
    app.register_blueprint(admin)
    assert client_of(app).call_action("admin.wipe").json["data"] == "admin.admin-wipe"  # type: ignore[index]


def test_one_extension_serves_several_apps_with_one_blueprint() -> None:
    actions, admin = ServerActions(), Blueprint("admin", __name__, url_prefix="/admin")
    actions.register(blueprint=admin)(wipe)
    actions.route("/users", blueprint=admin)(Users)
    for prefix in ("/one", "/two"):
        app = Flask(__name__)
        app.config.update(SECRET_KEY="a key for tests")
        app.register_blueprint(admin, url_prefix=prefix)
        actions.init_app(app)
        assert client_of(app).get(f"{prefix}/users").status_code == 200


# Mistakes


def test_a_blueprint_that_is_registered_twice_is_an_error_that_asks_for_a_name() -> None:
    app, actions, admin = make_app()
    actions.register(blueprint=admin)(wipe)
    app.register_blueprint(admin)
    app.register_blueprint(admin, name="again", url_prefix="/again")
    with pytest.raises(ValueError, match=r"registered 2 times: 'admin', 'again'.*blueprint=…"):
        app.test_client().get("/")


def test_one_of_two_registrations_can_be_named() -> None:
    app, actions, admin = make_app()
    actions.register(blueprint="again")(wipe)
    actions.route("/users", blueprint="again")(Users)
    app.register_blueprint(admin)
    app.register_blueprint(admin, name="again", url_prefix="/again")
    client = client_of(app)
    assert client.call_action("wipe").json["data"] == "again.wipe"  # type: ignore[index]
    assert client.get("/again/users").status_code == 200


@pytest.mark.parametrize("blueprint", ["nobody", Blueprint("nobody", __name__)])
def test_a_blueprint_that_the_app_does_not_have_is_an_error_at_start(blueprint: Any) -> None:
    app, actions, admin = make_app()
    app.register_blueprint(admin)
    actions.register(blueprint=blueprint)(wipe)
    with pytest.raises(ValueError, match=r"'wipe' belongs to .*not registered.*'actions', 'admin'"):
        app.test_client().get("/")


@pytest.mark.parametrize("blueprint", ["", 7, True, Flask])
def test_what_is_no_blueprint_is_an_error_at_once(blueprint: Any) -> None:
    _, actions, _ = make_app()
    with pytest.raises(TypeError, match="give a Blueprint, or the name"):
        actions.register(blueprint=blueprint)(wipe)
    with pytest.raises(TypeError, match="give a Blueprint, or the name"):
        actions.route("/users", blueprint=blueprint)(Users)


def test_an_endpoint_that_a_view_of_the_blueprint_has_is_an_error_at_start() -> None:
    app, actions, admin = make_app()
    admin.add_url_rule("/wipe", "wipe", lambda: "wiped")
    app.register_blueprint(admin)
    actions.register(blueprint=admin)(wipe)
    with pytest.raises(ValueError, match=r"'admin\.wipe'.*taken by a view"):
        app.test_client().get("/")


# What the blueprint says


@pytest.fixture
def guarded() -> tuple[ActionsClient, Blueprint, list[str]]:
    app, actions, admin = make_app()
    ran: list[str] = []

    @admin.before_request
    def admins_alone() -> None:
        if request.headers.get("X-Who") != "admin":
            abort(403)

    @admin.after_request
    def sign(response: Response) -> Response:
        response.headers["X-Blueprint"] = "admin"
        return response

    @actions.register(blueprint=admin)
    def purge(todo_id: Bound[int] = 0, hard: Query[bool] = False) -> None:
        ran.append("purge")
        abort(410)

    @actions.register(blueprint=admin)
    def crash() -> None:
        ran.append("crash")
        raise LookupError("nobody")

    @actions.register(blueprint=admin)
    def fail() -> None:
        raise ActionError("Not now.")

    actions.route("/users", blueprint=admin)(Users)
    actions.register(wipe)
    app.register_blueprint(admin)
    app.add_url_rule("/", "home", lambda: render_template_string("{% call action_form('purge') %}{% endcall %}"))
    return client_of(app), admin, ran


def test_what_guards_the_pages_of_a_blueprint_guards_what_belongs_to_it(
    guarded: tuple[ActionsClient, Blueprint, list[str]],
) -> None:
    client, _, ran = guarded
    assert client.call_action("purge").status_code == 403
    assert client.submit(client.get("/", headers=BROWSER), "purge").status_code == 403
    assert client.get("/admin/users").status_code == 403
    assert client.call_action("wipe").status_code == 200
    assert ran == []
    client.environ_base["HTTP_X_WHO"] = "admin"
    assert client.get("/admin/users").headers["X-Blueprint"] == "admin"
    assert client.call_action("purge").headers["X-Blueprint"] == "admin"
    assert ran == ["purge"]


def test_who_is_turned_away_before_the_view_is_told_as_by_the_hook() -> None:
    app, actions, admin = make_app()
    app.register_error_handler(403, lambda error: ("an error page", 403))

    @admin.before_request
    def admins_alone() -> None:
        abort(401 if request.headers.get("X-Who") is None else 403, "This is for admins.")

    actions.register(blueprint=admin)(wipe)
    actions.route("/users", blueprint=admin)(Users)
    app.register_blueprint(admin)
    client = client_of(app)
    unknown = client.call_action("wipe")
    assert (unknown.mimetype, unknown.headers["Serveractions"]) == ("application/problem+json", "1")
    assert (unknown.json or {})["detail"] == "This is for admins."
    assert "WWW-Authenticate" not in unknown.headers
    assert client.get("/admin/users").headers["WWW-Authenticate"].startswith("Session realm=")
    client.environ_base["HTTP_X_WHO"] = "joan"
    assert (client.call_action("wipe").json or {})["status"] == 403
    assert (client.get("/admin/users").json or {})["status"] == 403
    assert client.get("/admin/users", headers=BROWSER).text == "an error page"
    assert client.post("/_actions/wipe/signed", headers=BROWSER).text == "an error page"


def test_a_handler_of_the_blueprint_answers_whom_it_turns_away() -> None:
    app, actions, admin = make_app()
    admin.before_request(lambda: abort(403))
    admin.register_error_handler(403, lambda error: ({"handled": 403}, 403))
    actions.register(blueprint=admin)(wipe)
    actions.route("/users", blueprint=admin)(Users)
    app.register_blueprint(admin)
    client = client_of(app)
    assert client.call_action("wipe").json == {"handled": 403}
    assert client.get("/admin/users").json == {"handled": 403}


@pytest.mark.parametrize("kind", [410, HTTPException, 500, LookupError, Exception])
def test_an_error_handler_of_the_blueprint_answers_for_it(kind: Any) -> None:
    app, actions, admin = make_app()

    @admin.errorhandler(kind)
    def handle(error: Exception) -> tuple[dict[str, str], int]:
        return {"handled": type(error).__name__}, 418

    @actions.register(blueprint=admin)
    def purge() -> None:
        abort(410) if kind in (410, HTTPException) else None
        raise LookupError("nobody")

    actions.register(name="outside")(purge)
    app.register_blueprint(admin)
    client = client_of(app)
    assert client.call_action("purge").status_code == 418
    assert client.call_action("outside").status_code in (410, 500)


def test_an_error_handler_of_the_blueprint_answers_for_what_the_hook_refuses() -> None:
    app, actions, admin = make_app(SERVERACTIONS_LOGIN_VIEW=None)
    admin.register_error_handler(401, lambda error: ({"handled": 401}, 401))
    actions.auth_hook(lambda operation: None)
    actions.register(blueprint=admin)(wipe)
    actions.register(name="outside")(wipe)
    app.register_blueprint(admin)
    client = client_of(app)
    assert client.call_action("wipe").json == {"handled": 401}
    assert client.call_action("outside").mimetype == "application/problem+json"


def test_an_error_handler_of_the_app_is_for_browsers_still() -> None:
    app, actions, admin = make_app()
    app.register_error_handler(410, lambda error: ("gone, says the app", 410))
    actions.register(name="purge", blueprint=admin)(lambda: abort(410))
    app.register_blueprint(admin)
    assert client_of(app).call_action("purge").mimetype == "application/problem+json"


# Values of the URL


def test_a_value_that_a_call_does_not_have_is_a_404_whose_log_names_it(caplog: pytest.LogCaptureFixture) -> None:
    app, actions, _ = make_app()
    tenants = Blueprint("tenants", __name__, url_prefix="/<tenant>")

    @tenants.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.tenant = (values or {}).pop("tenant")

    @actions.register(blueprint=tenants)
    def purge() -> str:
        return str(g.tenant)

    actions.register(wipe)
    tenants.add_url_rule("/", "home", lambda: str(g.tenant))
    app.register_blueprint(tenants)
    client = client_of(app)
    refused = client.call_action("purge", "/nothing/here/at/all")
    assert (refused.status_code, refused.mimetype) == (404, "application/problem+json")
    assert caplog.messages[-1].endswith("a value of the page's URL is missing: 'tenant'")
    assert client.get("/acme/").text == "acme"
    assert client.call_action("wipe").status_code == 200
