"""What clients send on its way into headers, logs and documents: it stays one value, one line, one text."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, Response, flash, redirect, render_template_string, request, send_file
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage

from flask_serveractions import ActionError, Bound, MethodRoute, Progress, ServerActions, revalidate_path
from tests.callers import BROWSER, SCRIPT, WITH_PAGE, extension_of, form_in, open_form, post_json, submit

BREAKS = [
    "\r\nX-Injected: 1",
    "\nX-Injected: 1",
    "\rX-Injected: 1",
    "\r\n\r\n<script>alert(1)</script>",
    "\x00",
    "\x85X: 1",
]
PAGE = """{% for text in get_flashed_messages() %}<p>{{ text }}</p>{% endfor %}
{% for name in names %}{% call(form) action_form(name) %}{{ form.fields() }}
{% endcall %}{% endfor %}"""


def lead(text: str) -> Any:
    return redirect(text)


def lead_below(text: str) -> Any:
    return redirect(f"/todos/{quote(text)}?q={quote(text)}")


def download(text: str) -> Any:
    return send_file(io.BytesIO(b"content"), download_name=text, as_attachment=True)


def set_header(text: str) -> Any:
    return "done", 200, {"X-Text": text}


def set_cookie(text: str) -> Any:
    response = Response("done")
    response.set_cookie("text", text)
    return response


def tell(text: str) -> str:
    flash(text)
    revalidate_path("/todos")
    return text


def fail(text: str) -> None:
    raise ActionError(text, field=text, code=text)


def crash(text: str) -> None:
    raise LookupError("a bug")


def go_on(text: str) -> Any:
    yield Progress(1, 2, text)
    return text


FUNCTIONS: list[Callable[..., Any]] = [
    lead, lead_below, download, set_header, set_cookie, tell, fail, crash, go_on,
]  # fmt: skip


class Wire:
    """A WSGI middleware that keeps the headers as they would be sent."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.sent: list[tuple[str, str]] = []

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            self.sent += [("status", status), *headers]
            return start_response(status, headers, *rest)

        chunks: Iterable[bytes] = self.app(environ, start)
        return chunks


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    app = Flask(__name__, instance_path=str(tmp_path_factory.mktemp("instance")))
    app.config["SECRET_KEY"] = "of the tests"
    actions = ServerActions(app)
    names = [actions.register(each).__name__ for each in FUNCTIONS]
    actions.register(name="work", background=True)(tell_nobody)

    @actions.route("/lists/<path:name>")
    class Lists(MethodRoute):
        paginate = True

        def get(self, name: str, q: str = "") -> list[int]:
            return list(range(50))

    @app.get("/")
    @app.get("/todos")
    def page() -> str:
        if "raise" in request.args:
            raise LookupError("a bug of the page")
        return render_template_string(PAGE, names=[*names, "work"])

    app.wsgi_app = Wire(app.wsgi_app)  # type: ignore[method-assign]
    return app


def tell_nobody(text: str = "") -> str:
    return text


def sent_by(app: Flask) -> list[tuple[str, str]]:
    wire: Wire = app.wsgi_app  # type: ignore[assignment]
    return wire.sent


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    sent_by(app).clear()
    return app.test_client()


@pytest.mark.parametrize("text", BREAKS, ids=repr)
@pytest.mark.parametrize("headers", [BROWSER, WITH_PAGE, {**SCRIPT, "Accept": "text/event-stream"}], ids=str)
def test_nothing_that_is_sent_makes_a_header_of_its_own(
    app: Flask, client: FlaskClient, headers: dict[str, str], text: str
) -> None:
    for function in [*FUNCTIONS, tell_nobody]:
        name = "work" if function is tell_nobody else function.__name__
        form = open_form(client, name)
        asked = f"{form.on(quote('/todos' + text) + '?q=' + quote(text))}"
        wrong = client.post(f"{asked}/{quote(text)}", data={**form.values, "text": f"a{text}"}, headers=headers)
        assert wrong.status_code == 404
        answer = client.post(asked, data={**form.values, "text": f"a{text}"}, headers=headers)
        assert answer.status_code in (200, 202, 303, 422, 500)
        if name == "work" and answer.status_code == 202:
            client.get(answer.headers["Location"], headers=headers)
    for path in (
        f"/lists/a{quote(text)}",
        f"/lists/a?q={quote(text)}&per_page=5&{quote(text)}=1",
        f"/_actions/{quote(text)}",
    ):
        client.get(path, headers=headers)
    for name, value in sent_by(app):
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", f"{name}{value}"), (name, value)
        assert "injected" not in name.lower()


def test_a_file_name_is_given_as_it_was_sent_and_leads_nowhere(tmp_path: Path) -> None:
    seen: list[str | None] = []

    def keep(upload: FileStorage) -> None:
        seen.append(upload.filename)

    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "of the tests"
    ServerActions(app).register(keep)
    app.add_url_rule("/", "page", lambda: render_template_string('{% call action_form("keep") %}{% endcall %}'))
    client = app.test_client()
    for name in ("../../etc/passwd", "/etc/passwd", "..\\..\\boot.ini", "a\x00b.png", "<img src=x>.png"):
        submit(client, open_form(client), headers=SCRIPT, upload=(io.BytesIO(b"x"), name))
    assert seen[0] == "../../etc/passwd"
    assert [each.name for each in tmp_path.iterdir() if not each.name.startswith("serveractions.sqlite3")] == []


# Logs

LINES = "\r\n2026-01-01 CRITICAL all is lost\x1b[2J\x85\u2028"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.DEBUG)
    return lambda: [record.getMessage() for record in caplog.records]


def test_no_line_of_the_log_is_anybody_elses(app: Flask, client: FlaskClient, lines: Callable[[], list[str]]) -> None:
    text, header = quote(LINES), LINES.replace("\r\n", "").replace("\u2028", "")
    form = open_form(client, "crash")
    token = {"X-CSRFToken": form.token}
    for function in FUNCTIONS:  # bugs, and pages that raise
        own = open_form(client, function.__name__)
        client.post(own.on(f"/todos?raise={text}"), data={**own.values, "text": LINES}, headers=WITH_PAGE)
        client.post(own.on(f"/x{text}"), data={**own.values, "text": LINES}, headers=BROWSER)
    client.post(f"/_actions/{text}/{text}", headers=SCRIPT)
    client.post(f"/_actions/crash/{text}", headers=SCRIPT)
    client.get(f"/_actions/-/jobs/{text}", headers=SCRIPT)
    client.delete(f"/lists/{text}", headers={**SCRIPT, "User-Agent": header})
    client.post(form.url, json={LINES: LINES}, headers={**SCRIPT, **token})
    client.post(form.url, data="x", headers={**SCRIPT, **token, "Content-Type": f"text/{header}"})
    client.post(form.url, json={}, headers={**SCRIPT, **token, "Accept": f"image/{header}"})
    client.post(form.url, json={}, headers={**SCRIPT, **token, "Idempotency-Key": header, "Prefer": header})
    client.post(form.url, json={}, headers={**SCRIPT, "X-CSRFToken": header, "Serveractions-Validate": header})
    assert len(lines()) > 10
    for line in lines():
        assert line.isascii(), line
        assert line.isprintable(), line


# Documents

SCRIPTS = "</script><script>alert(1)</script>\"'<!-- ]]> {{ 7*7 }} \u2028\n- yaml: [broken"


def documented_app(tmp_path: Path) -> Flask:
    app = Flask(f"app {SCRIPTS}", root_path=str(tmp_path), instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="of the tests", SERVERACTIONS_DOCS="/docs")
    actions = ServerActions(app)

    def documented(text: str, number: Bound[int] = 0) -> str:
        return text

    documented.__doc__ = SCRIPTS
    actions.register(documented)

    class Things(MethodRoute):
        __doc__ = SCRIPTS

        def get(self, name: str = SCRIPTS) -> dict[str, str]:
            return {"name": name}

    Things.get.__doc__ = f"{SCRIPTS}\n\n:param name: {SCRIPTS}"
    actions.route("/things")(Things)
    return app


def test_no_docstring_is_script_in_the_document_or_in_its_page(tmp_path: Path) -> None:
    client = documented_app(tmp_path).test_client()
    document = client.get("/openapi.json")
    assert document.mimetype == "application/json"
    assert document.headers["X-Content-Type-Options"] == "nosniff"
    assert "alert(1)" in json.dumps(json.loads(document.text))
    page = client.get("/docs")
    assert "<script>alert" not in page.text
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


TRAVERSALS = [
    "../../config.py",
    "..%2f..%2fconfig.py",
    "%2e%2e/%2e%2e/config.py",
    "..\\config.py",
    "/etc/passwd",
    "//etc/passwd",
    "docs.js/../../../config.py",
    "docs.js%00.css",
    "client.js%2f..%2f..%2fconfig.py",
]


@pytest.mark.parametrize("path", TRAVERSALS)
@pytest.mark.parametrize("root", ["/docs/", "/_actions/", "/_actions/client.js/", "/api/files/"])
def test_no_path_leads_out_of_what_is_served(tmp_path: Path, root: str, path: str) -> None:
    app = documented_app(tmp_path)
    folder = tmp_path / "api" / "files" / "[...rest]"
    folder.mkdir(parents=True)
    (folder / "route.py").write_text("def GET(rest: str) -> dict:\n    return {'rest': rest}\n")
    (tmp_path / "api" / "secret.py").write_text("SECRET_KEY = 'from a file'\n")
    extension_of(app).discover(tmp_path / "api", "/api")
    for asked in (root + path, root + path.replace("config.py", "secret.py")):
        answer = app.test_client().get(asked, headers={"Accept": "*/*"})
        assert answer.status_code in (200, 303, 308, 404)
        for inside in ("import ", "from a file", "root:", "def "):
            assert inside not in answer.text
        if answer.status_code == 200:
            assert answer.mimetype in ("application/json", "text/javascript")


def test_a_page_that_fails_is_a_form_again_whatever_was_in_its_url(client: FlaskClient) -> None:
    form = open_form(client, "fail")
    for text in (SCRIPTS, LINES):
        answer = client.post(form.on(f"/todos?{quote(text)}"), data={**form.values, "text": text}, headers=BROWSER)
        assert answer.status_code == 422
        assert "<script>alert" not in answer.text
        assert form_in(answer, "fail").url.startswith("/todos?")
    assert post_json(client, form, text="x\r\nX-Injected: 1").json["code"] == "x\r\nX-Injected: 1"
