"""The page of an action is rendered for the host that the call came to, which is looked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, render_template_string, request, session
from flask.globals import request_ctx
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.routing import MapAdapter

from flask_serveractions import ServerActions, revalidate_path
from flask_serveractions.operation import middleware_state_of
from tests.callers import ACCEPT_HTML, INSTANCE, ONE_FORM, SCRIPT, WITH_PAGE, app_with, form_in, open_form, submit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

adapters: list[tuple[dict[str, Any], dict[str, Any]]] = []  # of second passes: what there was, and what Flask makes


@pytest.fixture(autouse=True)
def none_seen() -> None:
    adapters.clear()


def state_of_adapter(adapter: MapAdapter | None) -> dict[str, Any]:
    assert adapter is not None
    return {name: value for name, value in vars(adapter).items() if name not in ("map", "match")}


def app_of(config: dict[str, Any] | None = None, **options: Any) -> Flask:
    """Return an app whose page, where it is rendered for an action, holds its URL adapter against Flask's own."""
    app = Flask(__name__, instance_path=INSTANCE.name, **options)
    app.config.update(SECRET_KEY="a key for tests", **(config or {}))
    actions = ServerActions()

    @actions.register
    def save(text: str = "") -> None:
        revalidate_path(request.path)

    @app.get("/", defaults={"rest": ""})
    @app.get("/<path:rest>")
    def page(rest: str) -> str:
        middleware = middleware_state_of(request.environ)
        if middleware is not None and middleware.page_for is not None:
            theirs = Flask.create_url_adapter(app, app.request_class(request.environ))
            adapters.append((state_of_adapter(request_ctx.url_adapter), state_of_adapter(theirs)))
        return render_template_string(ONE_FORM, names=["save"])

    actions.init_app(app)
    return app


def press(app: Flask, path: str = "/", base_url: str = "http://localhost", **environ: Any) -> None:
    """Send the form of a page as the client does, and take the page that comes in the answer."""
    client, origin = app.test_client(), "/".join(base_url.split("/")[:3])
    sent: dict[str, Any] = {"base_url": base_url, "environ_overrides": environ}
    form = form_in(client.get(path, headers={"Accept": ACCEPT_HTML}, **sent))
    url = form.url.removeprefix(base_url.removeprefix(origin))
    headers = {**SCRIPT, "Origin": origin.lower()}
    answer = client.post(url, data=form.values, headers=headers, **sent)
    assert "<form" in answer.json["page"], answer.text


@pytest.mark.parametrize("path", ["/", "/a%20b/%C3%A4?q=%41&&x", "/ж?q=1", "/a//b?"])
@pytest.mark.parametrize(
    "base_url", ["http://localhost", "https://localhost:8443", "http://[::1]:5000", "http://XN--BCHER-KVA.example"]
)
def test_the_page_has_the_url_adapter_that_flask_makes_for_it(path: str, base_url: str) -> None:
    press(app_of(), path, base_url)
    ((there_was, flask_makes),) = adapters
    assert there_was == flask_makes


@pytest.mark.parametrize(
    ("options", "config", "base_url"),
    [
        ({}, {"SERVER_NAME": "example.org"}, "http://example.org"),
        (
            {},
            {"SERVER_NAME": "example.org", "APPLICATION_ROOT": "/app", "SESSION_COOKIE_PATH": "/"},
            "http://other.example",
        ),
        ({"subdomain_matching": True}, {"SERVER_NAME": "example.org"}, "http://example.org"),
        ({}, {"TRUSTED_HOSTS": ["example.org"]}, "http://example.org"),
        ({}, {}, "http://localhost/mounted"),
    ],
)
def test_so_it_has_however_the_app_is_set_up(options: dict[str, Any], config: dict[str, Any], base_url: str) -> None:
    press(app_of(config, **options), base_url=base_url)
    ((there_was, flask_makes),) = adapters
    assert there_was == flask_makes


def test_an_upgrade_that_is_asked_for_is_asked_of_the_page_as_well() -> None:
    press(app_of(), HTTP_CONNECTION="upgrade", HTTP_UPGRADE="h2c")
    ((there_was, flask_makes),) = adapters
    assert there_was == flask_makes


def test_a_middleware_within_may_change_the_host_of_the_page_alone() -> None:
    app = app_of()
    inner: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]] = app.wsgi_app.app  # type: ignore[attr-defined]

    def pages_are_elsewhere(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            environ["HTTP_HOST"] = "pages.example"
        return inner(environ, start_response)

    app.wsgi_app.app = pages_are_elsewhere  # type: ignore[attr-defined]
    press(app)
    ((there_was, flask_makes),) = adapters
    assert there_was == flask_makes
    assert there_was["server_name"] == "pages.example"


def test_an_app_that_makes_its_own_url_adapters_makes_that_of_the_page() -> None:
    made: list[str] = []

    class Own(Flask):
        def create_url_adapter(self, request: Any) -> MapAdapter | None:
            if request is not None:
                made.append(f"{request.method} {request.path}")
            return super().create_url_adapter(request)

    app = Own(__name__, instance_path=INSTANCE.name)
    app.secret_key = "a key for tests"
    actions = ServerActions(app)

    @actions.register
    def save() -> None: ...

    app.add_url_rule("/", "page", lambda: render_template_string(ONE_FORM, names=["save"]))
    client = app.test_client()
    form = open_form(client)
    made.clear()
    submit(client, form, headers=SCRIPT | WITH_PAGE)
    assert made == ["POST /", "GET /"]


class OnlyWhereRead(SecureCookieSessionInterface):
    """Sends a session's cookie anew wherever the session was read."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        return session.accessed


@pytest.mark.parametrize("headers", [{}, SCRIPT | WITH_PAGE])
def test_sessions_of_an_apps_own_kind_know_that_they_were_read(headers: dict[str, str]) -> None:
    def save(text: str = "") -> None:
        assert session.get("cart") is None

    app = app_with(save)
    app.session_interface = OnlyWhereRead()
    client = app.test_client()
    answer = submit(client, open_form(client), headers=headers, text="x")
    assert answer.headers.getlist("Set-Cookie")


def test_what_caches_within_the_app_sees_that_a_page_in_an_answer_is_one_visitors() -> None:
    seen: list[str] = []
    app = app_of()
    inner: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]] = app.wsgi_app.app  # type: ignore[attr-defined]

    def caching(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = Response.from_app(inner, environ)
        seen.append(f"{environ['REQUEST_METHOD']} {answer.headers.get('Vary')}")
        return answer(environ, start_response)

    app.wsgi_app.app = caching  # type: ignore[attr-defined]
    press(app)
    assert seen == ["GET Cookie", "POST Accept, Cookie", "GET Cookie"]
