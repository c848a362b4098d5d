"""HTTP as RFC 9110 means it: every GET of the to-do example is read by REDbot's linter."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest
from httplint import HttpRequestLinter, HttpResponseLinter
from httplint.note import levels

from flask_serveractions.views.served_files import CLIENT_VERSION
from tests.todo_app import ADA, GRACE, served, todo_app

GETS = [
    ("/", {}),
    ("/account", ADA),
    ("/report", GRACE),
    ("/api/todos", ADA),
    ("/api/todos?completed=1&page=1&per_page=2", ADA),
    ("/api/todos/1", ADA),
    ("/api/report", GRACE),
    ("/openapi.json", {}),
    ("/_actions/client.js", {}),
    (f"/_actions/client.js?v={CLIENT_VERSION}", {}),
    ("/_actions/client.js.map", {}),
    # what is refused is an answer too
    ("/api/todos", {}),
    ("/api/todos?page=none", ADA),
    ("/api/todos/999999", ADA),
    ("/api/todos/1", {**ADA, "Accept": "application/xml"}),
    ("/_actions/nothing/here", {}),
]

#: what the linter warns of, and we mean
MEANT = {
    "This response allows caches to assign their own freshness lifetimes to it.",  # the app says how long, not we
    "Cache-Control: public is probably not necessary.",  # some shared caches want to be told
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with todo_app(tmp_path_factory.mktemp("todo"), TESTING=False) as app, served(app) as url:
        yield urlsplit(url).netloc


def faults(address: str, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, list[str], str | None]:
    """Return the status of a real answer, what the linter finds wrong with it, and its entity tag."""
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request(method, path, headers=dict(headers))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    asked = HttpRequestLinter()
    asked.process_request_topline(method.encode(), f"http://{address}{path}".encode(), b"HTTP/1.1")
    asked.process_headers([(b"Host", address.encode()), *((n.encode(), v.encode()) for n, v in headers.items())])
    asked.finish_content(True)
    linter = HttpResponseLinter()
    linter.request, linter.is_head_response = asked, method == "HEAD"
    linter.process_response_topline(b"HTTP/1.1", str(answer.status).encode(), answer.reason.encode())
    linter.process_headers([(name.encode(), value.encode("latin-1")) for name, value in answer.getheaders()])
    if body:
        linter.feed_content(body)
    linter.finish_content(True)
    told = [str(note.summary) for note in linter.notes if note.level in (levels.BAD, levels.WARN)]
    return answer.status, [each for each in told if each not in MEANT], answer.getheader("ETag")


@pytest.mark.parametrize(("path", "headers"), GETS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_get_is_without_fault(address: str, path: str, headers: Mapping[str, str]) -> None:
    status, wrong, tag = faults(address, "GET", path, headers)
    head, wrong_of_head, tag_of_head = faults(address, "HEAD", path, headers)
    assert (wrong, wrong_of_head) == ([], [])
    assert head == status
    if path.startswith("/api"):  # a page has a token of its own each time
        assert tag_of_head == tag


@pytest.mark.parametrize("path", ["/api/todos", "/api/todos/1", "/openapi.json"])
def test_a_304_is_without_fault(address: str, path: str) -> None:
    _, _, tag = faults(address, "GET", path, ADA)
    status, wrong, _ = faults(address, "GET", path, {**ADA, "If-None-Match": str(tag)})
    assert (status, wrong) == (304, [])
