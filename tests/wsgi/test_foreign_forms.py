"""A form body without the field ``_action`` is the page's own, and calls no action."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from flask import Flask, Response, render_template_string, request
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage

from flask_serveractions import ServerActions
from flask_serveractions.wsgi.foreign_forms import UrlencodedFinder, is_foreign
from tests.callers import BROWSER, SCRIPT, Form, open_form, submit

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
PAGE = '{% call(form) action_form("save") %}<input {{ form.attrs("text") }}>{% endcall %}'

calls: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


def save(text: str = "", upload: FileStorage | None = None) -> None:
    calls.append(("action", text if upload is None else len(upload.read())))


def make_app(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": "of the tests", **config})
    ServerActions(app).register(save)

    @app.route("/", methods=["GET", "POST"])
    def page() -> str | Response:
        if request.method == "GET":
            return render_template_string(PAGE)
        files = {name: len(each.read()) for name, each in request.files.items()}
        calls.append(("page", request.form.to_dict(), files, request.full_path))
        return Response("The page's own view.", mimetype="text/plain")

    app.add_url_rule("/plain", "plain", lambda: render_template_string(PAGE))
    return app


@pytest.fixture
def client() -> FlaskClient:
    return make_app().test_client()


def parts(*names: str, end: bytes = b"--b--\r\n") -> bytes:
    one = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\nx\r\n'
    return b"".join(one % name.encode() for name in names) + end


def test_it_is_handed_to_the_pages_own_view_with_its_body(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    form = open_form(client, page="/?page=2")
    answer = client.post(form.url, data={"mail": "a@b.c"}, headers=BROWSER)
    assert (answer.status_code, answer.text) == (200, "The page's own view.")
    assert calls == [("page", {"mail": "a@b.c"}, {}, "/?page=2")]
    (warning,) = caplog.records
    assert (warning.levelno, "action_fields" in warning.getMessage()) == (logging.WARNING, True)


def test_on_a_page_without_such_a_view_it_is_what_it_is_in_flask(client: FlaskClient) -> None:
    form = open_form(client, page="/plain")
    assert client.post(form.url, data={"mail": "a@b.c"}, headers=BROWSER).status_code == 405
    assert calls == []


def test_csrf_protect_guards_it_as_any_form_of_the_apps() -> None:
    app = make_app()
    CSRFProtect(app)
    client = app.test_client()
    form = open_form(client)
    assert client.post(form.url, data={"mail": "x"}, headers=BROWSER).status_code == 400
    assert client.post(form.url, data={"mail": "x", "csrf_token": form.token}, headers=BROWSER).status_code == 200
    assert submit(client, form, text="milk").status_code == 303
    assert [kind for kind, *_ in calls] == ["page", "action"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, b"_action=&text=a"),
        (URLENCODED, b"text=a&_action"),
        (URLENCODED, b"text=a&%5faction=x"),
        (URLENCODED, b"x=" + b"y" * 200_000 + b"&_action=&text=a"),
        (MULTIPART, parts("_action", "text")),
        (MULTIPART, parts("x" * 70_000, "text", "_action")),
    ],
    ids=["first", "without a value", "escaped", "behind 200 kB", "multipart", "multipart behind 70 kB"],
)
def test_with_the_field_wherever_it_stands_it_is_the_actions(
    client: FlaskClient, content_type: str, body: bytes
) -> None:
    form = open_form(client)
    token = f"&csrf_token={form.token}".encode()
    if content_type == MULTIPART:
        token = b""
        part = f'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{form.token}\r\n'
        body = body.replace(b"--b--", part.encode() + b"--b--")
    answer = client.post(form.url, data=body + token, headers=BROWSER, content_type=content_type)
    assert (answer.status_code, [kind for kind, *_ in calls]) == (303, ["action"])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (URLENCODED, b""),
        (URLENCODED, b"text=_action=x&action=y&_actions=z&x_action=1"),
        (URLENCODED, b"a=" + b"y" * 65_533 + b"_action=x"),
        (MULTIPART, parts("action", "text")),
        (MULTIPART, parts("text").replace(b"\r\nx\r\n", b'\r\nname="_action"\r\n')),
        ("text/plain", b"_action=x\r\n"),
        (URLENCODED.title(), b"text=a"),
        (MULTIPART.replace("form-data", "Form-Data"), parts("text")),
        ("Text/Plain", b"text=a"),
    ],
)
def test_what_only_looks_like_the_field_is_none(client: FlaskClient, content_type: str, body: bytes) -> None:
    form = open_form(client)
    answer = client.post(form.url, data=body, headers=BROWSER, content_type=content_type)
    assert (answer.status_code, [kind for kind, *_ in calls]) == (200, ["page"])


def of_a_script(form: Form) -> list[dict[str, str]]:
    return [
        SCRIPT,
        {**BROWSER, "HX-Request": "true"},
        {**BROWSER, "X-Requested-With": "XMLHttpRequest"},
        {**BROWSER, "X-CSRFToken": form.token},
        {**BROWSER, "Idempotency-Key": "k"},
        {**BROWSER, "Serveractions-Who": ""},
    ]


@pytest.mark.parametrize("index", range(6))
def test_what_no_form_can_send_needs_no_field(client: FlaskClient, index: int) -> None:
    form = open_form(client)
    data = {"text": "a", "csrf_token": form.token}
    assert client.post(form.url, data=data, headers=of_a_script(form)[index]).status_code in (200, 303)
    assert [kind for kind, *_ in calls] == ["action"]


def test_a_form_that_htmx_boosts_is_a_form(client: FlaskClient) -> None:
    form = open_form(client)
    headers = {**BROWSER, "HX-Request": "true", "HX-Boosted": "true"}
    client.post(form.url, data={"text": "a", "csrf_token": form.token}, headers=headers)
    client.post(form.url, data={**form.values, "text": "a"}, headers=headers)
    assert [kind for kind, *_ in calls] == ["page", "action"]


def test_a_file_over_the_actions_limit_reaches_the_page_under_the_apps_own_limits(client: FlaskClient) -> None:
    form = open_form(client)
    file = b'--b\r\nContent-Disposition: form-data; name="upload"; filename="large.bin"\r\n\r\n%b\r\n' % (
        b"z" * 3_000_000
    )
    sent: dict[str, Any] = {"data": parts("title", end=file + b"--b--\r\n"), "content_type": MULTIPART}
    assert client.post(form.url, headers=BROWSER, **sent).status_code == 200
    assert calls == [("page", {"title": "x"}, {"upload": 3_000_000}, "/?")]
    client.application.config["MAX_CONTENT_LENGTH"] = 1000
    assert client.post(form.url, headers=BROWSER, **sent).status_code == 413


def test_a_body_that_can_not_be_read_runs_nothing(client: FlaskClient) -> None:
    form = open_form(client)
    for content_type in ("multipart/form-data", MULTIPART):
        answer = client.post(form.url, data=b"--b\r\nCont", headers=BROWSER, content_type=content_type)
        assert answer.status_code in (200, 400)
    assert [kind for kind, *_ in calls if kind == "action"] == []


@given(st.lists(st.sampled_from([b"_action", b"=", b"&", b"x", b"%5F", b"%5faction", b"+"]) | st.binary(max_size=9)))
def test_it_is_found_wherever_the_body_is_cut_as_whole(pieces: list[bytes]) -> None:
    whole, cut = UrlencodedFinder(), UrlencodedFinder()
    whole.feed(b"".join(pieces))
    for piece in pieces:
        if not cut.found:
            cut.feed(piece)
    whole.finish()
    cut.finish()
    assert cut.found == whole.found


@given(st.binary(max_size=200), st.integers(1, 100))
def test_the_body_is_given_again_byte_for_byte(body: bytes, limit: int) -> None:
    environ: dict[str, Any] = {
        "CONTENT_TYPE": URLENCODED,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_ACCEPT": "text/html",
        "wsgi.input": io.BytesIO(body + b"of the next request"),
    }
    is_foreign(environ, limit, frozenset(), tuple)
    assert environ["wsgi.input"].read(len(body)) == body


class Counted(io.BytesIO):
    """A body that knows how much of it was read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


FILE = b'--b\r\nContent-Disposition: form-data; name="upload"; filename="large.bin"\r\n\r\n%b\r\n' % (b"z" * 900_000)
OTHER = {"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [(MULTIPART, FILE + parts("_action")), (MULTIPART, FILE + parts("title")), (URLENCODED, b"text=" + b"a" * 900_000)],
)
def test_of_what_comes_from_another_site_the_beginning_is_read_alone(
    client: FlaskClient, content_type: str, body: bytes
) -> None:
    url, stream = open_form(client).url, Counted(body)
    answer = client.post(
        url,
        headers={**BROWSER, **OTHER},
        content_type=content_type,
        input_stream=stream,
        environ_overrides={"CONTENT_LENGTH": str(len(body))},
    )
    assert (answer.status_code, calls) == (403, [])
    assert stream.count <= 64 * 1024


def test_a_small_form_of_another_site_without_the_field_is_the_pages_as_ever(client: FlaskClient) -> None:
    url = open_form(client).url
    assert client.post(url, data={"mail": "a@b.c"}, headers={**BROWSER, **OTHER}).status_code == 200
    assert [kind for kind, *_ in calls] == ["page"]


def test_of_a_site_that_may_call_actions_all_is_looked_through() -> None:
    client = make_app(SERVERACTIONS_ALLOWED_ORIGINS=(OTHER["Origin"],), WTF_CSRF_ENABLED=False).test_client()
    form = open_form(client)
    body = FILE + parts("_action")
    answer = client.post(form.url, data=body, headers={**BROWSER, **OTHER}, content_type=MULTIPART)
    assert (answer.status_code, calls) == (303, [("action", 900_000)])


class Broken(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        raise ConnectionResetError


def test_a_connection_that_breaks_runs_nothing(client: FlaskClient) -> None:
    form = open_form(client)
    answer = client.post(
        form.url,
        headers=BROWSER,
        content_type=URLENCODED,
        environ_overrides={"CONTENT_LENGTH": "100", "wsgi.input": Broken()},
    )
    assert (answer.status_code, calls) == (400, [])


@pytest.mark.parametrize(
    ("body", "status"), [(b"text=" + b"a" * 1_200_000, 413), (b"text=\xff", 400)], ids=["too large", "not UTF-8"]
)
def test_what_is_left_of_a_chunked_body_that_was_refused_is_no_form(body: bytes, status: int) -> None:
    client = make_app(WTF_CSRF_ENABLED=False).test_client()  # so that the token is not looked for before
    url = open_form(client).url
    chunked = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = client.post(url, headers=SCRIPT, content_type=URLENCODED, environ_overrides=chunked)
    assert (answer.status_code, calls) == (status, [])
