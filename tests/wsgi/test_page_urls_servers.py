"""Forms that post to their page, behind real servers: gunicorn, Werkzeug's, and nginx, where a path is guarded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from examples.ports import free_port
from tests.callers import BROWSER, Form, form_in
from tests.nginx_servers import nginx
from tests.reliability_servers import python
from tests.stores_processes import eventually
from tests.todo_app import served
from tests.wsgi.page_urls_app import create_app

URLENCODED = "application/x-www-form-urlencoded"
Answer = tuple[int, str, dict[str, str]]

MULTIPART = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="upload"; filename="large.bin"\r\n\r\n'
LARGE = HEAD + b"z" * 3_000_000 + b"\r\n--b--\r\n"


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port, folder = free_port(), tmp_path_factory.mktemp("gunicorn")
    options = f"--bind 127.0.0.1:{port} --workers 1 --threads 2 --keep-alive 30 --no-control-socket"
    program = python(f"gunicorn {options} tests.wsgi.page_urls_app:create_app()", folder)
    try:
        eventually(lambda: is_up(port))
        yield port
    finally:
        program.kill()


@pytest.fixture(scope="module")
def werkzeug() -> Iterator[int]:
    with served(create_app()) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, gunicorn: int) -> Iterator[int]:
    port = free_port()
    http = f"""server {{
        listen 127.0.0.1:{port};
        client_max_body_size 10m;
        proxy_set_header Host $http_host;
        location /admin {{ deny all; }}
        location / {{ proxy_pass http://127.0.0.1:{gunicorn}; }}
    }}"""
    with nginx(tmp_path_factory.mktemp("nginx"), http):
        eventually(lambda: is_up(port))
        yield port


def is_up(port: int) -> bool:
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except OSError:
            return False


@pytest.fixture(params=["gunicorn", "werkzeug", "proxy"])
def port(request: pytest.FixtureRequest) -> int:
    port: int = request.getfixturevalue(request.param)
    return port


class Browser:
    """A visitor whose requests follow each other on one connection, where the server keeps it."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.origin = f"http://127.0.0.1:{connection.port}"
        self.cookie = ""

    def open(self, path: str = "/") -> Form:
        status, text, headers = self.ask("GET", path)
        assert status == 200
        self.cookie = headers["Set-Cookie"].partition(";")[0] if "Set-Cookie" in headers else self.cookie
        return form_in(text)

    def ask(
        self, method: str, path: str, body: object = None, kind: str = URLENCODED
    ) -> tuple[int, str, dict[str, str]]:
        headers = {**BROWSER, "Origin": self.origin, "Cookie": self.cookie, "Content-Type": kind}
        chunks = not isinstance(body, (bytes, type(None)))
        self.connection.request(method, path, body, headers, encode_chunked=chunks)  # type: ignore[arg-type]
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.headers)


@pytest.fixture
def browser(port: int) -> Iterator[Browser]:
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        yield Browser(connection)


def test_a_form_goes_round_and_fails_at_its_own_url(browser: Browser) -> None:
    form = browser.open("/?page=2&q=%D0%B6")
    refused, text, _ = browser.ask("POST", form.url, urlencode({**form.values, "text": "\0"}).encode())
    assert (refused, form_in(text).url.startswith("/?page=2&q=%D0%B6&_action=keep/")) == (422, True)
    status, _, headers = browser.ask("POST", form.url, urlencode({**form.values, "text": "tea"}).encode())
    assert (status, headers["Location"]) == (303, "/?page=2&q=%D0%B6")


def test_a_large_foreign_form_is_the_pages_and_the_next_request_is_another_one(browser: Browser) -> None:
    form = browser.open()
    for _ in range(2):
        status, text, _ = browser.ask("POST", form.url, LARGE, MULTIPART)
        assert (status, text) == (200, "the page's own: {'upload': 3000000}")
        assert browser.ask("POST", form.url, urlencode({**form.values, "text": "tea"}).encode())[0] == 303


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_body_may_come_in_chunks(browser: Browser, is_ours: bool) -> None:
    form = browser.open()
    fields = {"mail": "x" * 100_000, "text": "tea", **(form.values if is_ours else {})}
    fields["text"] = "tea"
    whole = urlencode(fields).encode()
    pieces = (whole[start : start + 10_000] for start in range(0, len(whole), 10_000))
    status, text, _ = browser.ask("POST", form.url, pieces)
    assert (status, text.startswith("the page's own: ")) == ((303, False) if is_ours else (200, True))
    assert browser.ask("GET", "/")[0] == 200


@pytest.mark.parametrize("port", ["proxy"], indirect=True)
def test_what_nginx_guards_is_guarded_however_the_page_is_asked_for(browser: Browser) -> None:
    form = browser.open()
    body = urlencode({**form.values, "text": "\0"}).encode()
    assert browser.ask("GET", "/admin/")[0] == 403
    for url in (form.on("/admin/"), form.on("/%61dmin/"), form.on("//admin/")):
        status, text, _ = browser.ask("POST", url, body)
        assert (status, "403 Forbidden" in text) == (403, True)
    for url in (f"{form.url}&page=/admin/", f"{form.direct}?page=/admin/"):
        assert "admin" not in browser.ask("POST", url, body)[1].replace("page=/admin/", "")
