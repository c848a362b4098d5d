"""The second pass: as a WSGI middleware among others."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, Response, render_template_string, request, session, stream_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_serveractions import ActionError, ServerActions
from tests.callers import BROWSER, ONE_FORM, app_with, form_in, open_form, submit
from tests.failing_todos import BOTH, create_todo, fail, log, nothing_yet, page_of  # noqa: F401 (an autouse fixture among them)


def gzipping(app: Any) -> None:
    """Compress every answer to whoever accepts it, as Flask-Compress does."""
    import gzip

    @app.after_request
    def compress(response: Response) -> Response:
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.set_data(gzip.compress(response.get_data()))
            response.headers["Content-Encoding"] = "gzip"
        return response


@BOTH
def test_an_answer_that_was_compressed_gets_its_page(headers: dict[str, str]) -> None:
    app = app_with(create_todo)
    gzipping(app)
    answer = fail(app.test_client(), {**headers, "Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert form_in(page_of(answer) or "").inputs["text"]["value"] == "bad"
    assert answer.headers["Content-Length"] == str(len(answer.data))


@BOTH
def test_a_middleware_below_ours_may_be_a_generator(headers: dict[str, str]) -> None:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    inner = app.wsgi_app

    def generator(environ: Any, start_response: Any) -> Any:
        yield from inner(environ, start_response)

    app.wsgi_app = generator  # type: ignore[method-assign]
    ServerActions(app).register(create_todo)
    app.add_url_rule("/", "index", lambda: render_template_string(ONE_FORM, names=["create_todo"]))
    client = app.test_client()
    assert form_in(page_of(fail(client, headers)) or "").inputs["text"]["value"] == "bad"
    assert submit(client, open_form(client), text="milk").status_code == 303


class Prefixed:
    """A middleware that moves ``/mount`` from the path to ``SCRIPT_NAME``."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if not environ["PATH_INFO"].startswith("/mount/"):
            return Response("Nothing here", 404)(environ, start_response)
        moved = {**environ, "SCRIPT_NAME": "/mount", "PATH_INFO": environ["PATH_INFO"][len("/mount") :]}
        return self.app(moved, start_response)


def forwarded(app: Any) -> Any:
    return ProxyFix(app, x_prefix=1)


def dispatched(app: Any) -> Any:
    return DispatcherMiddleware(Response("Nothing here", 404), {"/mount": app})


@BOTH
@pytest.mark.parametrize("where", ["below ours", "above ours"])
@pytest.mark.parametrize("wrap", [Prefixed, dispatched, forwarded], ids=lambda wrap: wrap.__name__)
def test_a_mount_point_is_counted_once(wrap: Any, where: str, headers: dict[str, str]) -> None:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    if where == "below ours":
        app.wsgi_app = wrap(app.wsgi_app)  # type: ignore[method-assign]
    ServerActions(app).register(create_todo)
    if where == "above ours":
        app.wsgi_app = wrap(app.wsgi_app)  # type: ignore[method-assign]
    app.add_url_rule("/todos", "todos", lambda: render_template_string(ONE_FORM, names=["create_todo"]))
    client = app.test_client()
    mount, prefix = ("", {"X-Forwarded-Prefix": "/mount"}) if wrap is forwarded else ("/mount", {})
    page = client.get(f"{mount}/todos", headers=prefix)
    form = form_in(page)
    assert form.url.startswith("/mount/todos?_action=create_todo/")
    answer = client.post(
        form.url.removeprefix("" if mount else "/mount"),
        data={**form.values, "text": "bad"},
        headers={**headers, **prefix},
    )
    again = form_in(page_of(answer) or "")
    assert (again.inputs["text"]["value"], again.url) == ("bad", form.url)


def stripping(app: Any) -> Any:
    """Forward what is below ``/mount`` as a proxy does that tells the app nothing of it."""

    def proxy(environ: Any, start_response: Any) -> Any:
        return app({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix("/mount")}, start_response)

    return proxy


@BOTH
@pytest.mark.parametrize("config", [{"APPLICATION_ROOT": "/mount"}, {"SESSION_COOKIE_PATH": "/mount"}], ids=str)
def test_a_mount_point_that_a_proxy_keeps_to_itself_loses_no_session(config: Any, headers: dict[str, str]) -> None:
    def sign_in(text: str) -> None:
        session["user"] = "ada"
        raise ActionError("No.")

    app = app_with(sign_in, page="{{ session.user }}" + ONE_FORM, **config)
    app.wsgi_app = stripping(app.wsgi_app)  # type: ignore[method-assign]
    client = app.test_client()
    form = form_in(client.get("/mount/", base_url="http://localhost/"))
    data = {**form.values, "text": "bad"}
    answer = client.post(f"/mount{form.url}", data=data, headers=headers, base_url="http://localhost/")
    assert answer.status_code == 422
    assert (page_of(answer) or "").startswith("ada")
    assert client.get("/mount/", base_url="http://localhost/").text.startswith("ada")


@BOTH
def test_a_mount_point_may_have_any_letters(headers: dict[str, str]) -> None:
    app = app_with(create_todo)
    app.wsgi_app = DispatcherMiddleware(
        Response("Nothing here", 404), {"/m\u00f6rt".encode().decode("latin-1"): app.wsgi_app}
    )  # type: ignore[method-assign]
    client = app.test_client()
    form = form_in(client.get("/m\u00f6rt/todos"))
    answer = client.post(form.url, data={**form.values, "text": "bad"}, headers=headers)
    assert form_in(page_of(answer) or "").inputs["text"]["value"] == "bad"


@pytest.mark.parametrize("where", ["below ours", "above ours"])
def test_an_app_inside_another_app_has_its_own_pages(where: str) -> None:
    inner = app_with(create_todo, page="<p>Inner</p>" + ONE_FORM)
    outer = Flask(__name__) if where == "below ours" else app_with(create_todo)
    outer.config["SECRET_KEY"] = "of the tests"
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/inner": inner.wsgi_app})  # type: ignore[method-assign]
    if where == "below ours":
        ServerActions(outer)
    client = outer.test_client()
    form = form_in(client.get("/inner/todos"))
    answer = client.post(form.url, data={**form.values, "text": "bad"}, headers=BROWSER)
    assert "<p>Inner</p>" in answer.text
    assert form_in(answer).inputs["text"]["value"] == "bad"


# Referrer-Policy, and caches


BARE = '{% call action_form("create_todo") %}<input name="text">{% endcall %}'


def policed(policy: str, later: bool) -> Flask:
    """An app whose pages send a Referrer-Policy, set before or after the extension was initialised."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "of the tests"
    app.add_url_rule("/", "index", lambda: render_template_string(ONE_FORM, names=["create_todo"]))
    app.add_url_rule("/line%0Abreak", "odd", lambda: "")
    app.add_url_rule("/plain", "plain", lambda: "<p>No form</p>")
    app.add_url_rule("/odd/<path:rest>", "rest", lambda rest: render_template_string(ONE_FORM, names=["create_todo"]))

    def set_policy(response: Response) -> Response:
        response.headers["Referrer-Policy"] = policy
        return response

    if not later:
        app.after_request(set_policy)
    ServerActions(app).register(create_todo)
    if later:
        app.after_request(set_policy)
    return app


@pytest.mark.parametrize("later", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("policy", ["no-referrer", "No-Referrer", "strict-origin, no-referrer", "no-referrer, new-one"])
def test_a_page_with_a_form_is_not_sent_with_no_referrer(
    policy: str, later: bool, caplog: pytest.LogCaptureFixture
) -> None:
    client = policed(policy, later).test_client()
    assert client.get("/").headers.getlist("Referrer-Policy") == ["same-origin"]
    assert [each.levelname for each in caplog.records] == ["WARNING"]
    assert "Referrer-Policy" in caplog.text
    assert client.get("/plain").headers["Referrer-Policy"] == policy
    assert fail(client).headers.getlist("Referrer-Policy") == ["same-origin"]


@pytest.mark.parametrize("policy", ["same-origin", "strict-origin", "no-referrer, origin", "unsafe-url"])
def test_any_other_referrer_policy_stays(policy: str, caplog: pytest.LogCaptureFixture) -> None:
    assert policed(policy, True).test_client().get("/").headers["Referrer-Policy"] == policy
    assert caplog.records == []


def test_the_warning_of_a_policy_can_not_forge_the_log(caplog: pytest.LogCaptureFixture) -> None:
    policed("no-referrer", True).test_client().get("/odd/a%1B%5B2J%C2%85" + "b" * 5000)
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) < 600


def test_a_page_with_a_form_is_private_unless_the_app_said_otherwise() -> None:
    stateless = app_with(create_todo, SERVERACTIONS_BIND_SESSION=False, WTF_CSRF_ENABLED=False, page=BARE)
    app = policed("same-origin", True)

    @app.get("/public")
    def public() -> Any:
        return render_template_string(ONE_FORM, names=["create_todo"]), {
            "Cache-Control": "no-store",
            "Vary": "Cookie, X",
        }

    client = app.test_client()
    response = client.get("/")
    assert response.headers["Cache-Control"] == "private"
    assert "Cookie" in response.headers["Vary"]
    assert "Cookie" in stateless.test_client().get("/").headers["Vary"]
    plain = client.get("/plain")
    assert "Cache-Control" not in plain.headers
    assert "Vary" not in plain.headers
    response = client.get("/public")
    assert (response.headers["Cache-Control"], response.headers.getlist("Vary")) == ("no-store", ["Cookie, X"])


STREAMED = '{% call action_form("act") %}<input name="text">{% endcall %}'


def streaming_app(debug: bool = False, **headers: str) -> Flask:
    def act(text: str = "") -> None: ...

    app = app_with(act)
    app.debug = debug

    @app.get("/streamed")
    def streamed() -> Any:
        return stream_template_string(STREAMED), headers

    return app


def test_a_form_in_a_streamed_page_that_caches_may_keep_is_an_error_in_debug() -> None:
    with pytest.raises(RuntimeError, match="Cache-Control: private"):
        streaming_app(debug=True).test_client().get("/streamed")


def test_a_form_in_a_streamed_page_that_caches_may_keep_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    client = streaming_app().test_client()
    open_form(client)
    form = form_in(client.get("/streamed"))
    assert [record.levelname for record in caplog.records if "is streamed" in record.message] == ["WARNING"]
    assert submit(client, form, text="milk").status_code == 303


@pytest.mark.parametrize("said", ["private", "no-store", "Private, max-age=60"])
def test_a_form_may_be_streamed_where_the_page_says_that_it_is_private(said: str) -> None:
    client = streaming_app(**{"Cache-Control": said}).test_client()
    open_form(client)
    form = form_in(client.get("/streamed"))
    assert submit(client, form, text="milk").status_code == 303
