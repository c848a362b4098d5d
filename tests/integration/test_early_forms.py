"""A form that a function before the door has read is held to the same rules as one that nobody has."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import flask
import pytest
from flask import Flask, render_template_string, request
from werkzeug.test import TestResponse

from flask_serveractions import MethodRoute, ServerActions
from tests.callers import BROWSER, SCRIPT, app_with, extension_of, form_in

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n%s\r\n'

calls: list[str] = []
READERS: dict[str, Any] = {
    "nobody": lambda: None,
    "form": lambda: request.form.get("x"),
    "values": lambda: request.values.get("x"),
    "files": lambda: request.files.get("x"),
    "data": lambda: request.data,
    "get_data": lambda: request.get_data(),
    "get_data and form": lambda: (request.get_data(), request.form),
    "form and get_data": lambda: (request.form, request.get_data()),
    "get_json": lambda: request.get_json(silent=True),
}


def save(text: str = "nothing") -> None:
    calls.append(text)


@pytest.fixture(params=list(READERS))
def app(request: pytest.FixtureRequest) -> Flask:
    calls.clear()
    app = app_with(save, WTF_CSRF_ENABLED=False, SERVERACTIONS_MAX_CONTENT_LENGTH=1000)
    read = READERS[request.param]
    app.before_request(lambda: (read(), None)[1])

    @extension_of(app).route("/api/texts")
    class Texts(MethodRoute):
        def post(self, text: str = "nothing") -> str:
            calls.append(text)
            return text

    @app.post("/own")
    def own() -> str:
        return flask.request.form.get("text", "none")

    return app


def send(app: Flask, where: str, body: bytes, content_type: str, **more: Any) -> TestResponse:
    client = app.test_client()
    url = "/api/texts"
    if where == "action":
        url = form_in(client.get("/", headers=BROWSER)).attributes["action"]
        body = b"_action=save%3A&" + body if content_type == URLENCODED else body
        if content_type == MULTIPART and body.startswith(b"--b"):
            body = b'--b\r\nContent-Disposition: form-data; name="_action"\r\n\r\nsave:\r\n' + body
    length = {"CONTENT_LENGTH": str(len(body)), **more}
    return client.post(
        url, input_stream=BytesIO(body), content_type=content_type, headers=SCRIPT, environ_overrides=length
    )


@pytest.mark.parametrize("where", ["action", "route"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"text=%ff%fe", URLENCODED),
        (b"text=\xff", URLENCODED),
        (PART % b"\xff" + b"--b--\r\n", MULTIPART),
        (PART % b"milk", MULTIPART),
        ((PART % b"milk")[:-4], MULTIPART),
        (b"", MULTIPART),
    ],
)
def test_what_can_not_be_read_whole_is_a_400(app: Flask, where: str, body: bytes, content_type: str) -> None:
    assert send(app, where, body, content_type).status_code == 400
    assert calls == []


@pytest.mark.parametrize("where", ["action", "route"])
def test_a_body_over_the_limit_or_of_too_many_fields_is_a_413(app: Flask, where: str) -> None:
    assert send(app, where, b"text=" + b"a" * 1000, URLENCODED).status_code == 413
    assert send(app, where, PART % (b"a" * 1000) + b"--b--\r\n", MULTIPART).status_code == 413
    assert calls == []


@pytest.mark.parametrize("where", ["action", "route"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"text=a%0D%0Ab", URLENCODED), (PART % b"a\r\nb" + b"--b--\r\n", MULTIPART)],
)
def test_what_can_be_read_is_read(app: Flask, where: str, body: bytes, content_type: str) -> None:
    assert send(app, where, body, content_type).status_code == 200
    assert calls == ["a\nb"]


def test_a_view_of_the_apps_own_is_left_to_werkzeug(app: Flask) -> None:
    assert app.test_client().post("/own", data=b"text=%ff", content_type=URLENCODED).text == "%FF"


def test_the_action_s_own_limit_holds_for_who_reads_first() -> None:
    calls.clear()
    app = Flask(__name__)
    app.config.update(SECRET_KEY="of the tests", WTF_CSRF_ENABLED=False, SERVERACTIONS_MAX_CONTENT_LENGTH=100)
    actions = ServerActions(app)
    actions.register(name="texts.save", max_content_length=5000)(save)
    app.before_request(lambda: (request.form, None)[1])
    template = "{% call action_form('texts.save') %}{% endcall %}"
    app.add_url_rule("/", "index", lambda: render_template_string(template))
    client = app.test_client()
    url = form_in(client.get("/")).attributes["action"]
    sent = client.post(url, data={"_action": "texts.save:", "text": "a" * 1000}, headers=BROWSER)
    assert (sent.status_code, calls) == (303, ["a" * 1000])


@pytest.mark.parametrize("take", [lambda: request.stream.read(), lambda: request.get_data(cache=False)])
def test_a_body_that_somebody_took_away_is_a_400_that_the_log_explains(
    take: Any, caplog: pytest.LogCaptureFixture
) -> None:
    calls.clear()
    app = app_with(save, WTF_CSRF_ENABLED=False)
    app.before_request(lambda: (take(), None)[1])
    assert send(app, "action", b"text=milk", URLENCODED).status_code == 400
    assert calls == []
    assert "something has read it before" in caplog.text
