"""The same app on Flask's MethodView and on MethodRoute answers a browser alike, whatever its methods do."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Iterator
from io import BytesIO
from types import MappingProxyType
from typing import Any

import pytest
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    flash,
    g,
    get_flashed_messages,
    jsonify,
    make_response,
    redirect,
    render_template_string,
    request,
    send_file,
    session,
    stream_template_string,
    stream_with_context,
    url_for,
)
from flask.views import MethodView
from werkzeug.exceptions import Conflict, HTTPException, NotFound, ServiceUnavailable
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response as WerkzeugResponse

from flask_serveractions import MethodRoute, ServerActions

BROWSER = {"Accept": "text/html,*/*;q=0.8"}
OURS = {  # headers that a resource's answers have beside Flask's: a tag, and what keeps refusals from caches
    *(("Cache-Control", "no-store"), ("Vary", "Accept, Cookie"), ("X-Content-Type-Options", "nosniff")),
}

Act = Callable[[], Any]


class OutOfStock(Exception):
    """An exception of the app's own, which its error handler answers."""


class Taken(Conflict):
    description = "Somebody else has it."


def lines() -> Iterator[str]:
    yield "a"
    yield "b"


def raising(error: Exception) -> Act:
    def act() -> Any:
        raise error

    return act


def counted() -> str:
    session["seen"] = session.get("seen", 0) + 1
    return str(session["seen"])


def flashed() -> str:
    flash("Saved.")
    return str(get_flashed_messages())


def with_cookies() -> Response:
    response = make_response("cookies")
    response.set_cookie("a", "b")
    response.delete_cookie("c")
    return response


def conditional() -> Response:
    response = make_response("conditional")
    response.add_etag()
    response.last_modified = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
    return response.make_conditional(request)


def streamed() -> Any:
    return stream_with_context(f"{request.path} {number}" for number in range(2))


def what_came() -> dict[str, Any]:
    return {
        "query": request.args.to_dict(flat=False),
        "form": request.form.to_dict(flat=False),
        "files": {name: each.read().decode() for name, each in request.files.items()},
        "json": request.get_json(silent=True),
        "seen": [request.endpoint, request.blueprint, g.get("seen"), request.view_args],
    }


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    start_response("203 Fine", [("Content-Type", "text/css")])
    return [b"wsgi"]


ACTS: MappingProxyType[str, Act] = MappingProxyType(
    {
        "text": lambda: "<p>",
        "empty text": lambda: "",
        "bytes": lambda: b"\x00a",
        "a bytearray": lambda: bytearray(b"x"),
        "an object": lambda: {"b": 1, "a": [None]},
        "a list": lambda: [1, {"x": 2}],
        "a status": lambda: ("no", 418),
        "a status with its reason": lambda: ("no", "299 Strange"),
        "an object and a status": lambda: ({"a": 1}, 201),
        "a list and headers": lambda: ([1], {"X-A": "1"}),
        "headers twice": lambda: ("x", [("X-A", "1"), ("X-A", "2")]),
        "status and headers": lambda: ("x", 203, {"Content-Type": "text/css"}),
        "no status and headers": lambda: ("x", None, {"X-A": "1"}),
        "a refusal": lambda: ({"why": "gone"}, 410),
        "an object without content": lambda: ({}, 204),
        "not modified": lambda: ("", 304),
        "an own type": lambda: ({"a": 1}, {"Content-Type": "application/vnd.own+json"}),
        "a generator": lines,
        "a generator and a status": lambda: (lines(), 201, {"Content-Type": "text/csv"}),
        "an iterator": lambda: iter(["a", "b"]),
        "a map": lambda: map(str, range(3)),
        "a stream with its context": streamed,
        "a template": lambda: render_template_string("{{ request.path }}"),
        "a template that streams": lambda: stream_template_string("a{{ request.path }}b"),
        "a response": lambda: Response("x", 203, content_type="text/plain"),
        "a response and a status": lambda: (Response("x"), 202, {"X-A": "1"}),
        "a response that streams": lambda: Response(lines(), mimetype="text/plain"),
        "Werkzeug's response": lambda: WerkzeugResponse("w", 202),
        "jsonify": lambda: jsonify(1, 2),
        "a WSGI app": lambda: wsgi,
        "a redirect": lambda: redirect("/elsewhere?x=1", 308),
        "a file": lambda: send_file(BytesIO(b"0123456789"), mimetype="application/octet-stream"),
        "an attachment": lambda: send_file(BytesIO(b"01"), download_name="a.txt", as_attachment=True),
        "a conditional response": conditional,
        "cookies": with_cookies,
        "the session": counted,
        "a message": flashed,
        "a date and a number": lambda: {"day": dt.date(2020, 1, 2), "text": "ü\u2028<>&"},
        "its URL": lambda: url_for(request.endpoint or "", **(request.view_args or {})),
        "what came": what_came,
        "abort": lambda: abort(404),
        "abort with a text": lambda: abort(400, "why <b>"),
        "abort with a response": lambda: abort(Response("stop", 401, {"X-S": "1"})),
        "abort with a redirect": lambda: abort(redirect("/elsewhere")),
        "a key that did not come": lambda: request.form["nothing"],
        "an error with headers": raising(ServiceUnavailable(retry_after=7)),
        "an error with a response": raising(NotFound(response=Response("own", 404))),
        "an error of the app's own": raising(OutOfStock("none left")),
        "an HTTP error of the app's own": raising(Taken()),
        "a bug": lambda: 1 // 0,
    }
)


def method_for(act: Act, is_async: bool) -> Any:
    def method(self: Any, number: int) -> Any:
        return act()

    async def method_in_async(self: Any, number: int) -> Any:
        await asyncio.sleep(0)
        return act()

    return method_in_async if is_async else method


def adding_a_header(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def added(**values: Any) -> Any:
        response = make_response(view(**values))
        response.headers["X-Added"] = "1"
        return response

    return added


class Shop:
    """An app whose views are of one base class, and what its teardown functions were told."""

    def __init__(self, base: type[MethodView], act: Act, place: str) -> None:
        self.app = app = Flask(__name__)
        app.secret_key = "a key for tests"
        app.logger.disabled = True
        ServerActions(app)
        self.told: list[str] = []
        owner: Any = Blueprint("shop", __name__) if place == "a blueprint" else app
        owner.before_request(lambda: setattr(g, "seen", place))
        owner.after_request(self.tag)
        owner.teardown_request(lambda error: self.told.append(type(error).__name__))
        owner.register_error_handler(OutOfStock, lambda error: (f"We have {error}.", 410))
        if place == "an app with pages for errors":
            owner.register_error_handler(HTTPException, lambda error: (f"Our page for {error.code}", error.code or 500))
            owner.register_error_handler(Exception, lambda error: (f"Our page for {type(error).__name__}", 500))
        methods = ("get", "post", "delete")
        attributes: dict[str, Any] = {name: method_for(act, place == "an async method") for name in methods}
        if place == "decorators":
            attributes["decorators"] = [adding_a_header]
        if place == "one instance":
            attributes["init_every_request"] = False
        owner.add_url_rule("/items/<int:number>", view_func=type("Item", (base,), attributes).as_view("item"))
        if owner is not app:
            app.register_blueprint(owner, url_prefix=None)

    @staticmethod
    def tag(response: Response) -> Response:
        response.headers["X-Tag"] = "tagged"
        return response

    def answers(self) -> Iterator[tuple[Any, ...]]:
        client = self.app.test_client()
        for method, headers, body in REQUESTS:
            self.told.clear()
            try:
                response = client.open("/items/7?a=1&a=2", method=method, headers={**BROWSER, **headers}, **body)
            except ValueError as error:  # of Flask's before 3.1.2, where an async method streams with its context
                yield method, str(error).partition("was created")[2]
                continue
            yield method, response.status, headers_of(response), body_of(response), list(self.told)


def is_bug(response: TestResponse) -> bool:
    """Whether a bug is told on Werkzeug's page, on which we name what stands in the log."""
    return response.status_code == 500 and "Our page" not in response.text


def headers_of(response: TestResponse) -> list[tuple[str, str]]:
    left = {"ETag", "Date", "Set-Cookie", "Allow", *(["Content-Length"] if is_bug(response) else [])}
    headers = [each for each in response.headers if each[0] not in left and each not in OURS]
    cookies = [("Set-Cookie", each.partition(".")[0]) for each in response.headers.getlist("Set-Cookie")]
    allowed = [("Allow", each) for each in response.allow]
    return sorted([*headers, *cookies, *allowed])  # what follows the point in the session's is when it was signed


def body_of(response: TestResponse) -> bytes:
    return b"" if is_bug(response) else response.data


REQUESTS: tuple[tuple[str, dict[str, str], dict[str, Any]], ...] = (
    ("GET", {}, {}),
    ("HEAD", {}, {}),
    ("OPTIONS", {}, {}),
    ("PUT", {}, {}),
    ("GET", {"Range": "bytes=0-2"}, {}),
    ("GET", {"If-Modified-Since": "Wed, 01 Jan 2025 00:00:00 GMT"}, {}),
    ("POST", {}, {"json": {"a": 1}}),
    ("POST", {}, {"data": {"a": "1", "b": ["2", "3"]}}),
    ("POST", {}, {"data": b"{broken", "content_type": "application/json"}),
    ("DELETE", {}, {"data": b"raw\xff", "content_type": "text/plain"}),
)
PLACES = (
    "an app",
    "an app with pages for errors",
    "a blueprint",
    "decorators",
    "an async method",
    "one instance",
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("act", ACTS)
def test_a_methodview_becomes_a_methodroute_by_its_base_class(act: str, place: str) -> None:
    plain, ours = (Shop(base, ACTS[act], place) for base in (MethodView, MethodRoute))
    assert list(ours.answers()) == list(plain.answers())
