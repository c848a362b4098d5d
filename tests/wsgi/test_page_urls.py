"""A form posts to the page that it stands on: its URL, the page that a call comes from, and the rule that is chosen."""

from __future__ import annotations

import logging
import re
from typing import Annotated, Any
from urllib.parse import quote

import pytest
from flask import Blueprint, Flask, Response, abort, g, redirect, render_template_string, request
from flask.testing import FlaskClient
from marshmallow.validate import Length
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_serveractions import ActionError, Query, ServerActions
from tests.callers import (
    BROWSER,
    INSTANCE,
    ONE_FORM,
    SCRIPT,
    WITH_PAGE,
    app_with,
    extension_of,
    form_in,
    open_form,
    post_json,
    submit,
)

calls: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


def save(text: Annotated[str, Length(0, 5)] = "") -> None:
    calls.append((text, request.path, request.endpoint, request.query_string))


@pytest.fixture
def app() -> Flask:
    app = app_with(save)
    view = lambda **_: render_template_string(ONE_FORM, names=["save"])  # noqa: E731
    app.add_url_rule("/any/<path:rest>", "any", view)
    app.add_url_rule("/both", "both", lambda: calls.append("the page's own") or view(), methods=["GET", "POST"])
    app.add_url_rule("/posted", "posted", view, methods=["POST"])
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


PAGES = [
    "/",
    "/todos",
    "/todos?page=2",
    "/any/a%20b/%2525?q=%D0%B6+%26&&x",
    "/any/%C3%A4/c%3Fd%23e?q=%41%2f",
    "/todos?=",
]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_the_url_that_was_posted_to_less_the_argument(client: FlaskClient, page: str) -> None:
    form = open_form(client, page=page)
    assert form.url == f"{page}{'&' if '?' in page else '?'}_action={form.id}"
    again = submit(client, form, text="too long")
    assert (again.status_code, form_in(again).url.partition("_action")[0]) == (422, form.url.partition("_action")[0])
    assert submit(client, form, text="milk").headers["Location"] == page
    path = "/any/" + {3: "a b/%25", 4: "ä/c?d#e"}[PAGES.index(page)] if "any" in page else page.partition("?")[0]
    assert calls == [("milk", path, "actions.save", page.partition("?")[2].encode())]


def test_raw_utf_8_in_a_query_is_the_same_query_everywhere(client: FlaskClient) -> None:
    raw = {"QUERY_STRING": "q=жук".encode().decode("latin-1")}
    form = form_in(client.get("/todos", environ_overrides=raw))
    assert form.url.startswith("/todos?q=жук&_action=save/")
    posted = {"QUERY_STRING": f"q=жук&_action={form.id}".encode().decode("latin-1")}
    led = client.post("/todos", data=form.values, headers=BROWSER, environ_overrides=posted)
    assert led.headers["Location"] == f"/todos?q={quote('жук')}"
    assert calls[0][3] == "q=жук".encode()


def test_a_query_of_very_many_letters_stands_in_the_url_once(client: FlaskClient) -> None:
    page = f"/todos?q={quote('ж' * 450)}"
    form = open_form(client, page=page)
    assert len(form.url) < len(page) + 100


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "//"])
def test_two_slashes_at_the_beginning_never_name_a_host(client: FlaskClient, path: str) -> None:
    form = open_form(client)
    asked = {"environ_overrides": {"PATH_INFO": path}}
    led = client.post(form.url, data=form.values, headers=BROWSER, **asked)
    assert led.headers["Location"].startswith("/.//")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_with_every_other_method_the_page_is_what_it_was(client: FlaskClient, method: str) -> None:
    seen: list[str] = []
    client.application.before_request(lambda: seen.append(request.url))
    form = open_form(client, page="/todos?page=2")
    seen.clear()
    with_argument = client.open(form.url, method=method)
    without = client.open("/todos?page=2", method=method)
    assert with_argument.status_code == without.status_code
    assert with_argument.headers.get("Allow") == without.headers.get("Allow")
    assert seen == ["http://localhost/todos?page=2"] * 2
    assert calls == []


def test_where_the_page_answers_post_too_the_argument_decides(client: FlaskClient) -> None:
    form = open_form(client, page="/both")
    calls.clear()
    assert submit(client, form, text="milk").status_code == 303
    assert calls == [("milk", "/both", "actions.save", b"")]


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("http://localhost/todos?page=2", "/todos"),
        ("http://localhost/posted", "/"),
        ("http://evil.example/todos", "/"),
        ("http://localhost:81/todos", "/"),
        ("http://localhost/_actions/save/x", "/"),
        ("//localhost/todos", "/"),
        ("http://[", "/"),
        ("", "/"),
    ],
)
def test_of_a_form_on_the_answer_to_a_post_the_page_is_the_referers_path(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, referer: str, page: str
) -> None:
    form = form_in(client.post("/posted", headers=BROWSER))
    assert form.url.startswith("/posted?_action=save/")
    led = submit(client, form, headers={**BROWSER, "Referer": referer}, text="milk")
    assert led.headers["Location"] == page
    (warning,) = caplog.records
    assert (warning.levelno, "/posted" in warning.getMessage()) == (logging.WARNING, True)


WRONG = ["", "save", "save/", "/x", "{id}/1", "{id}/02", "{id}/2/2", "{id}&_action={id}", "{id}%20", "{id}=", "{id}!"]


@pytest.mark.parametrize("value", WRONG)
def test_anything_else_is_the_one_404_after_the_same_checks(client: FlaskClient, value: str) -> None:
    form = open_form(client)
    reference = client.post("/?_action=save/e30.x", json={}, headers={**SCRIPT, "X-CSRFToken": form.token})
    url = f"/?_action={value.format(id=form.id)}"
    answer = client.post(url, json={}, headers={**SCRIPT, "X-CSRFToken": form.token})
    assert (answer.status_code, answer.data, dict(answer.headers)) == (404, reference.data, dict(reference.headers))
    assert client.post(url, json={}, headers={**SCRIPT, "Origin": "null"}).status_code == 403
    assert calls == []


def test_a_call_without_a_page_brings_none(client: FlaskClient) -> None:
    form = open_form(client)
    url = f"{form.direct}?q=1"
    answer = client.post(url, json={"text": "a"}, headers={**WITH_PAGE, "X-CSRFToken": form.token})
    assert (answer.status_code, answer.json["page"]) == (200, None)
    assert client.post(url, data=form.values, headers=BROWSER).headers["Location"] == "/"
    refused = client.post(url, data={**form.values, "text": "too long"}, headers=BROWSER)
    assert (refused.status_code, "<form" in refused.text, "too long" in refused.text) == (422, False, True)


def test_a_query_argument_of_an_action_is_the_pages() -> None:
    def filtered(page: Query[int] = 1) -> None:
        calls.append(page)

    client = app_with(filtered).test_client()
    submit(client, open_form(client, page="/todos?page=3"))
    assert calls == [3]


# Hosts, mounts, guards, neighbours


FORM = '{% call(form) action_form("save") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}'


def with_page(app: Flask, rule: str = "/todos", **options: Any) -> Flask:
    app.config["SECRET_KEY"] = "of the tests"
    ServerActions(app).register(save)
    app.add_url_rule(rule, "page", lambda **_: render_template_string(FORM), **options)
    return app


def subdomain() -> tuple[Flask, str, str]:
    app = Flask(__name__, instance_path=INSTANCE.name, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.test"
    return with_page(app, subdomain="<team>"), "http://red.example.test", "/todos"


def host() -> tuple[Flask, str, str]:
    app = Flask(__name__, instance_path=INSTANCE.name, host_matching=True, static_host="a.test")
    return with_page(app, host="a.test"), "http://a.test", "/todos"


def mount() -> tuple[Flask, str, str]:
    app = with_page(Flask(__name__, instance_path=INSTANCE.name))
    outer = Flask(__name__, instance_path=INSTANCE.name)
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/shop": app.wsgi_app})  # type: ignore[method-assign]
    return outer, "http://localhost", "/shop/todos"


def below() -> tuple[Flask, str, str]:
    """An app with the extension within another one, whose extension was made around both."""
    inner, outer = with_page(Flask(__name__, instance_path=INSTANCE.name)), Flask(__name__, instance_path=INSTANCE.name)
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/shop": inner.wsgi_app})  # type: ignore[method-assign]
    return with_page(outer, "/other"), "http://localhost", "/shop/todos"


@pytest.mark.parametrize("make", [subdomain, host, mount, below], ids=lambda make: make.__name__)
def test_a_form_works_on_every_host_subdomain_and_mount(make: Any) -> None:
    app, origin, path = make()
    client = app.test_client()
    headers = {**BROWSER, "Origin": origin}
    form = form_in(client.get(path, base_url=origin))
    assert form.url.startswith(f"{path}?_action=save/")
    again = client.post(form.url, data={**form.values, "text": "too long"}, headers=headers, base_url=origin)
    assert (again.status_code, form_in(again).inputs["text"]["value"]) == (422, "too long")
    led = client.post(form.url, data={**form.values, "text": "milk"}, headers=headers, base_url=origin)
    assert (led.status_code, led.headers["Location"]) == (303, path)
    assert calls == [("milk", "/todos", "actions.save", b"")]


@pytest.mark.parametrize("make", [subdomain, host], ids=lambda make: make.__name__)
def test_an_adapter_that_nobody_holds_matches_as_that_of_the_request(make: Any) -> None:
    app, origin, path = make()
    endpoints: list[tuple[str, str]] = []

    @app.before_request
    def match_once_more() -> None:
        endpoints.append((request.endpoint, app.create_url_adapter(request).match()[0]))

    client = app.test_client()
    form = form_in(client.get(path, base_url=origin))
    for url in (form.url, form.direct):
        client.post(url, data=form.values, headers={**SCRIPT, "Origin": origin}, base_url=origin)
    assert endpoints == [("page", "page"), ("actions.save", "actions.save"), ("actions.save", "actions.save")]


@pytest.mark.parametrize("make", [subdomain, host], ids=lambda make: make.__name__)
def test_what_the_package_serves_itself_is_served_on_every_host_and_subdomain(make: Any) -> None:
    app, origin, _ = make()
    app.extensions["serveractions"].register(name="work", background=True)(lambda: "done")
    script = '{{ serveractions_script("work") }}{% call action_form("work") %}{% endcall %}'
    on_host = {"subdomain": "<team>"} if app.subdomain_matching else {"host": "a.test"}
    app.add_url_rule("/work", "work", lambda **_: render_template_string(script), **on_host)
    client = app.test_client()
    page = client.get("/work", base_url=origin)
    module = re.findall(r'src="([^"]+)"', page.text)[0]
    assert client.get(module, base_url=origin).mimetype == "text/javascript"
    assert client.get("/openapi.json", base_url=origin).status_code == 200
    form, headers = form_in(page), {**SCRIPT, "Origin": origin}
    queued = client.post(form.url, data=form.values, headers=headers, base_url=origin)
    assert queued.status_code == 202
    assert client.get(queued.headers["Location"], base_url=origin).status_code == 200
    assert client.get("/nobodys", base_url=origin).status_code == 404
    name, signed = form.url.partition("_action=")[2].split("/")
    direct = client.post(f"/_actions/{name}/{signed}", data=form.values, headers=headers, base_url=origin)
    assert direct.status_code == 202


@pytest.mark.filterwarnings("ignore:Current server name:UserWarning")  # Werkzeug's
def test_a_host_that_is_not_the_apps_has_nothing_of_it() -> None:
    app, origin, _ = subdomain()
    client = app.test_client()
    assert client.get("/_actions/client.js", base_url=origin).status_code == 200
    assert client.get("/_actions/client.js", base_url="http://other.example").status_code == 404


def test_what_guards_a_path_around_the_app_guards_its_page_however_it_is_rendered() -> None:
    app = app_with(save)
    app.add_url_rule("/internal/report", "report", lambda: "for the staff alone")
    inside = app.wsgi_app

    def guard(environ: Any, start_response: Any) -> Any:
        refused = Response("no", 403)
        return (refused if environ["PATH_INFO"].startswith("/internal") else inside)(environ, start_response)

    app.wsgi_app = guard  # type: ignore[method-assign]
    client = app.test_client()
    form = open_form(client)
    headers = {**WITH_PAGE, "X-CSRFToken": form.token}
    assert client.post(form.on("/internal/report"), json={}, headers=headers).status_code == 403
    for url in (f"{form.url}&page=/internal/report", f"/?page=/internal/report&_action={form.id}"):
        answer = client.post(url, json={}, headers={**headers, "Referer": "http://localhost/internal/report"})
        assert "for the staff" not in answer.text


@pytest.mark.parametrize("headers", [BROWSER, WITH_PAGE], ids=["a browser", "a script"])
@pytest.mark.parametrize("fields", [{"text": "milk"}, {"text": "far too long"}], ids=["a success", "a failure"])
def test_what_a_referer_names_is_led_to_and_never_rendered(headers: Any, fields: Any) -> None:
    app = app_with(save)
    app.add_url_rule("/internal", "internal", lambda: render_template_string("for the staff alone" + FORM))
    app.add_url_rule("/posted", "posted", lambda: "posted", methods=["POST"])
    client = app.test_client()
    form, referer = open_form(client), {"Referer": "http://localhost/internal"}
    answer = client.post(form.on("/posted"), data={**form.values, **fields}, headers={**headers, **referer})
    stale = client.post(form.on("/posted") + "x", data={**form.values, **fields}, headers={**headers, **referer})
    assert "for the staff" not in answer.text + stale.text
    assert answer.headers.get("Location", "/internal") == "/internal"
    assert (answer.status_code == 422, stale.status_code) == (len(fields["text"]) > 5, 404)


@pytest.mark.parametrize("by", ["path", "endpoint"])
def test_before_request_guards_by_path_and_by_endpoint(by: str) -> None:
    app = app_with(save)

    @app.before_request
    def guard() -> None:
        if request.method == "POST" and (
            request.path == "/todos" if by == "path" else request.endpoint == "actions.save"
        ):
            abort(503)

    client = app.test_client()
    assert submit(client, open_form(client, page="/todos")).status_code == 503
    assert submit(client, open_form(client)).status_code == (303 if by == "path" else 503)


@pytest.mark.parametrize("location", ["/login", "login?next=%2F", "http://localhost/login", "https://id.example/login"])
def test_a_guards_redirect_is_an_answer_to_a_call_that_asks_for_json(location: str) -> None:
    app = app_with(save)

    @app.before_request
    def guard() -> Any:
        if request.method == "POST":
            led = redirect(location)
            led.set_cookie("came", "from the guard")
            return led
        return None

    client = app.test_client()
    form = open_form(client, page="/todos")
    assert submit(client, form).headers["Location"] == location
    answer = post_json(client, form)
    assert (answer.status_code, answer.headers["Serveractions"]) == (200, "1")
    target = "/login?next=%2F" if location.startswith("login") else location
    assert (answer.json["redirect"], answer.json["data"], answer.json["page"]) == (target, None, None)
    assert "came=" in answer.headers["Set-Cookie"]
    direct = client.post(form.direct, json={}, headers=SCRIPT)
    assert (direct.status_code, direct.headers["Serveractions"]) == (200, "1")
    assert client.post(form.direct, data=form.values, headers=BROWSER).status_code in (301, 302, 303, 307, 308)
    assert calls == []


def test_the_values_of_a_pages_url_reach_the_preprocessors_of_its_blueprint() -> None:
    shop = Blueprint("shop", __name__, url_prefix="/<team>")
    seen: list[Any] = []

    @shop.url_value_preprocessor
    def pull(endpoint: str | None, values: Any) -> None:
        g.team = values.pop("team")
        seen.append((endpoint, g.team))

    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    shop.add_url_rule("/todos", "todos", lambda: render_template_string(FORM))
    app.add_url_rule("/elsewhere", "elsewhere", lambda: render_template_string(FORM))
    ServerActions(app).register(blueprint=shop)(save)
    app.register_blueprint(shop)
    client = app.test_client()
    form = open_form(client, page="/red/todos")
    seen.clear()
    assert submit(client, form, text="milk").status_code == 303
    assert seen == [("shop.save", "red")]
    assert client.post(form.direct, data=form.values, headers=SCRIPT).status_code == 404
    assert client.post(form.on("/elsewhere"), data=form.values, headers=SCRIPT).status_code == 404


def test_a_page_of_a_nested_blueprint_is_one_of_those_around_it_and_not_the_other_way() -> None:
    shop, desk = Blueprint("shop", __name__, url_prefix="/<team>"), Blueprint("desk", __name__, url_prefix="/desk")
    seen: list[Any] = []

    @shop.url_value_preprocessor
    def pull(endpoint: str | None, values: Any) -> None:
        seen.append((endpoint, values.pop("team")))

    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    shop.add_url_rule("/todos", "todos", lambda: render_template_string(FORM))
    desk.add_url_rule("/<int:number>", "one", lambda number: render_template_string(FORM))
    shop.register_blueprint(desk)
    app.register_blueprint(shop)
    actions = ServerActions(app)
    actions.register(blueprint=shop)(save)
    actions.register(blueprint="shop.desk", name="tidy")(lambda: None)
    client = app.test_client()
    form = open_form(client, page="/red/desk/7")
    seen.clear()
    assert submit(client, form, text="milk").status_code == 303
    assert seen == [("shop.save", "red")]
    assert client.post(form.on("/red/todos").replace("save", "tidy"), headers=SCRIPT).status_code == 404


# Only our own answers say that they are


def test_nobody_else_says_that_an_answer_is_ours() -> None:
    def download() -> Response:
        return Response("{}", headers={"Serveractions": "1", "SERVERACTIONS": "1"}, mimetype="application/json")

    def refuse() -> Any:
        return {"why": "so"}, 409

    app = app_with(download, refuse)
    app.add_url_rule("/copied", "copied", lambda: ("{}", {"serveractions": "1"}))
    client = app.test_client()
    for name in ("download", "refuse"):
        assert "Serveractions" not in post_json(client, open_form(client, name)).headers
    assert "Serveractions" not in client.get("/copied").headers
    assert "Serveractions" not in client.get("/").headers


def test_nobody_else_says_that_a_form_was_stale_or_when_its_page_was_rendered() -> None:
    said = {"Serveractions-Stale": "true", "serveractions-rendered": "Infinity"}

    def note(text: str = "") -> Any:
        return text, 200, said

    app = app_with(note)
    app.add_url_rule("/copied", "copied", lambda: ("{}", said))
    client = app.test_client()
    answer = post_json(client, open_form(client, "note"), text="milk")
    assert (answer.json["data"], answer.headers["Serveractions"]) == ("milk", "1")
    for headers in (answer.headers, client.get("/copied").headers):
        assert [name for name, _ in headers if name.lower().startswith("serveractions-")] == []


def test_every_json_answer_of_an_action_says_so() -> None:
    def fail(text: str = "") -> None:
        raise ActionError("No.")

    client = app_with(save, fail).test_client()
    form, failing = open_form(client, "save"), open_form(client, "fail")
    headers = {**SCRIPT, "X-CSRFToken": form.token}
    answers = [
        post_json(client, form),
        post_json(client, form, text=7),
        post_json(client, failing),
        post_json(client, failing, WITH_PAGE),
        client.post("/?_action=save/x", json={}, headers=headers),
        client.post(form.url, json={}, headers={**headers, "Serveractions-Validate": "text"}),
        client.post(form.url, json={}, headers={**headers, "Origin": "null"}),
        client.put(form.direct, json={}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [200, 422, 422, 422, 404, 204, 403, 405]
    assert [answer.headers.getlist("Serveractions") for answer in answers] == [["1"]] * len(answers)


def test_a_limit_counts_for_every_name_until_an_id_is_genuine() -> None:
    app = app_with(save)
    extension_of(app).register(name="large", max_content_length=3_000_000)(save)
    client = app.test_client()
    form = open_form(client)
    large = {"text": "x" * 2_000_000}
    told = [
        client.post(f"/?_action={name}/e30.x", json=large, headers={**SCRIPT, "X-CSRFToken": form.token})
        for name in ("large", "save", "unknown")
    ]
    assert {(answer.status_code, answer.data) for answer in told} == {(413, told[0].data)}


def test_a_form_is_looked_through_as_far_for_every_name() -> None:
    app = app_with(save)
    extension_of(app).register(name="large", max_content_length=3_000_000)(save)
    client = app.test_client()
    head = b"--b\r\nContent-Disposition: form-data; name="
    body = head + b'"text"\r\n\r\n' + b"x" * 2_000_000 + b"\r\n" + head + b'"_action"\r\n\r\nx\r\n--b--\r\n'
    told = [
        client.post(
            f"/?_action={name}/e30.x", data=body, content_type="multipart/form-data; boundary=b", headers=BROWSER
        )
        for name in ("large", "save", "unknown")
    ]
    assert {(answer.status_code, answer.data) for answer in told} == {(413, told[0].data)}


def test_an_unknown_action_is_a_404_on_a_page_whose_url_has_values(client: FlaskClient) -> None:
    token = form_in(client.get("/any/a/b")).token
    sent = client.post("/any/a/b?_action=nobody/e30.x", data={"_action": "x", "csrf_token": token}, headers=BROWSER)
    assert sent.status_code == 404
    assert calls == []
