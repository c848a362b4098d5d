"""The app of the contract: functions behind both doors, the places where it runs, and who sends."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, wraps
from typing import Annotated, Any

from flask import Blueprint, Flask, Response, abort, redirect, render_template_string, request, send_file
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect
from marshmallow import Schema, fields
from marshmallow.validate import Length
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, MethodRoute, ServerActions, current_identity, public, requires
from tests.callers import ACCEPT_HTML, form_in

JSON = "application/json"

actions = ServerActions()
calls: list[str] = []


class ItemSchema(Schema):
    id = fields.Integer(dump_only=True)
    text = fields.String(required=True)


Text = Annotated[str, Length(1, 20)]
ItemOut = Annotated[dict[str, Any], ItemSchema()]
ITEM = {"id": 7, "text": "milk", "inner": "kept"}


# The functions, each behind both doors


def nothing(text: Text) -> None:
    return None


def value(text: Text, count: int = 0) -> Any:
    return {"text": text, "count": count}


def schema(text: Text) -> ItemOut:
    return ITEM


def status(text: Text) -> Any:
    return {"text": text}, 201


def annotated_status(text: Text) -> Annotated[dict[str, Any], ItemSchema(), 201]:
    return ITEM


def headers(text: Text) -> Any:
    return {"text": text}, 202, {"X-Count": "3"}


async def asynchronous(text: Text) -> Any:
    return {"text": text}


def error(text: Text) -> None:
    raise ActionError("Not now.", status=409, code="later")


def field_error(text: Text) -> None:
    raise ActionError("Not that one.", field="text")


async def asynchronous_error(text: Text) -> None:
    raise ActionError("Not that one.", field="text")


def not_found(text: Text) -> None:
    abort(404, "No such thing.")


def forbidden(text: Text) -> None:
    abort(403)


def gone(text: Text) -> None:
    abort(410)


def bug(text: Text) -> None:
    raise ZeroDivisionError("of the inside")


def file(text: Text) -> Response:
    return send_file(io.BytesIO(b"a,b\n"), "text/csv")


def response(text: Text) -> Response:
    return Response("Created", 201, {"X-Own": "1"}, mimetype="text/plain")


def elsewhere(text: Text) -> Response:
    return redirect("https://example.org/done", 302)  # type: ignore[return-value]


@requires("admin")
def restricted(text: Text) -> None:
    return None


FUNCTIONS = [
    nothing, value, schema, status, annotated_status, headers, asynchronous, error, field_error, asynchronous_error,
    not_found, forbidden, gone, bug, file, response, elsewhere, restricted,
]  # fmt: skip


def noting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as both doors have it; it notes that it ran."""
    if function.__name__.startswith("asynchronous"):

        @wraps(function)
        async def noted(*args: Any, **kwargs: Any) -> Any:
            calls.append(function.__name__)
            return await function(*args, **kwargs)
    else:

        @wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            calls.append(function.__name__)
            return function(*args, **kwargs)

    return noted


def add_resource(function: Callable[..., Any]) -> None:
    view_class = type(function.__name__.title(), (MethodRoute,), {"post": staticmethod(function)})
    actions.route(f"/api/{function.__name__}")(view_class)


for each in FUNCTIONS:
    add_resource(actions.register(noting(each)))


@actions.auth_hook
def who(operation: Any) -> str | None:
    if operation.requires - {request.headers.get("X-Role", "admin")}:
        abort(403)
    return request.headers.get("X-User", "ada") or None


@actions.register
@public
def whoever(text: Text) -> Any:
    return {"identity": current_identity._get_current_object()}


PAGE = """{% call(form) action_form(name) %}{{ form.fields() }}{% endcall %}"""


def plain_app(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": "of the tests", **config})
    actions.init_app(app)
    app.add_url_rule("/form/<name>", "page", lambda name: render_template_string(PAGE, name=name))
    app.add_url_rule("/login", "login", lambda: "Sign in")
    return app


# Where the same list runs


@dataclass(frozen=True)
class Place:
    """An app as it is deployed: its client, the path that it is mounted at, and headers that a proxy adds."""

    client: FlaskClient
    mount: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    origin: str = "http://localhost"


def deployed(make: Callable[[], Place]) -> Callable[[], Place]:
    """Make an app once, and a new client for it each time."""
    made = cache(make)

    @wraps(make)
    def place() -> Place:
        client = made().client.application.test_client()
        return replace(made(), client=client)

    return place


@deployed
def plain() -> Place:
    return Place(plain_app().test_client())


@deployed
def second_of_two_apps() -> Place:
    plain_app(SERVERACTIONS_URL_PREFIX="/first", SECRET_KEY="another").test_client().get("/form/value")
    return plain()


@deployed
def page_in_a_blueprint() -> Place:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    blueprint = Blueprint("pages", __name__, url_prefix="/form")
    blueprint.add_url_rule("/<name>", "page", lambda name: render_template_string(PAGE, name=name))
    app.register_blueprint(blueprint)
    actions.init_app(app)
    return Place(app.test_client())


@deployed
def mounted() -> Place:
    app = plain_app()
    app.wsgi_app = DispatcherMiddleware(Response("Nothing here", 404), {"/mount": app.wsgi_app})  # type: ignore[method-assign]
    return Place(app.test_client(), "/mount")


@deployed
def behind_a_proxy() -> Place:
    app = plain_app()
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    proxy = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org"}
    return Place(app.test_client(), headers=tuple(proxy.items()), origin="https://example.org")


@deployed
def with_a_server_name() -> Place:
    app = plain_app(SERVER_NAME="app.example:8000")
    return Place(app.test_client(), headers=(("Host", "app.example:8000"),), origin="http://app.example:8000")


@deployed
def with_csrf_protect() -> Place:
    app = plain_app()
    CSRFProtect(app)
    return Place(app.test_client())


ELSEWHERE = [
    second_of_two_apps,
    page_in_a_blueprint,
    mounted,
    behind_a_proxy,
    with_a_server_name,
    with_csrf_protect,
]


# Who sends


Sent = dict[str, Any]


def by_form(place: Place, name: str, sent: Sent) -> TestResponse:
    return by_action(place, name, {"data": {"text": "milk"}, "accept": ACCEPT_HTML, **sent})


def by_json(place: Place, name: str, sent: Sent) -> TestResponse:
    data = sent.get("data", {"text": "milk"})
    body = {"json": data} if isinstance(data, dict) else {}
    return by_action(place, name, {"data": data, "accept": JSON, **sent, **body})


def by_action(place: Place, name: str, sent: Sent) -> TestResponse:
    client = place.client
    page = client.get(f"{place.mount}/form/{name}", headers=dict(place.headers), base_url=base_url(place))
    form = form_in(page)
    url = form.url if sent.get("method", "POST") == "POST" else f"{place.mount}{form.direct}"
    return deliver(place, url, {"headers": {}, **sent}, {"X-CSRFToken": form.token})


def by_rest(place: Place, name: str, sent: Sent) -> TestResponse:
    sent = {"data": {"text": "milk"}, "accept": JSON, **sent}
    if isinstance(sent["data"], dict):
        sent = {**sent, "json": sent["data"]}
    return deliver(place, f"{place.mount}/api/{name}", {"headers": {}, **sent}, {})


def deliver(place: Place, url: str, sent: Sent, more: dict[str, str]) -> TestResponse:
    headers = {"Accept": sent["accept"], "Origin": place.origin, "Sec-Fetch-Site": "same-origin"}
    body = {"json": sent["json"]} if "json" in sent else {"data": sent["data"]}
    if "content_type" in sent:
        body = {"data": sent["data"], "content_type": sent["content_type"]}
    return place.client.open(
        url,
        method=sent.get("method", "POST"),
        headers={**headers, **more, **dict(place.headers), **sent["headers"]},
        base_url=base_url(place),
        **body,
    )


def base_url(place: Place) -> str:
    return f"{place.origin.replace('https', 'http')}/"


SENDERS = {"form": by_form, "json": by_json, "rest": by_rest}
