"""The client and its source maps, as browsers fetch them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from flask_serveractions import ServerActions
from flask_serveractions.views.served_files import CLIENT_VERSION, MODULES
from tests.callers import client_of


@pytest.fixture
def client() -> Any:
    app = Flask(__name__)
    ServerActions(app)
    return client_of(app)


def test_the_client_is_immutable_under_its_version(client: Any) -> None:
    answer = client.get(f"/_actions/client.js?v={CLIENT_VERSION}")
    assert (answer.status_code, answer.data) == (200, MODULES["client.js"])
    assert answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("query", ["", "?v=", "?v=old"])
def test_without_its_version_it_is_one_line_that_leads_there(client: Any, query: str) -> None:
    answer = client.get(f"/_actions/client.js{query}")
    assert answer.text == f'export * from "/_actions/client.js?v={CLIENT_VERSION}";\n'
    assert "immutable" not in answer.headers["Cache-Control"]


def test_its_source_map_holds_what_it_was_written_as(client: Any) -> None:
    assert MODULES["client.js"].endswith(b"//# sourceMappingURL=client.js.map\n")
    answer = client.get("/_actions/client.js.map")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/json", "no-cache")
    assert "client/src/forms.js" in answer.json["sources"]
    assert len(answer.json["sourcesContent"]) == len(answer.json["sources"])


@pytest.mark.parametrize("name", MODULES)
def test_each_module_says_where_its_source_map_is(client: Any, name: str) -> None:
    answer = client.get(f"/_actions/{name}?v={CLIENT_VERSION}")
    assert client.get(f"/_actions/{answer.headers['SourceMap']}").json["version"] == 3


@pytest.mark.parametrize(
    "path", ["client.js", "client.js.map", "transitions.css", "-/prefetch.json", "/docs", "/docs/docs.css"]
)
def test_who_has_a_file_already_is_told_so(path: str) -> None:
    app = Flask(__name__)
    app.config["SERVERACTIONS_DOCS"] = "/docs"
    ServerActions(app)
    client = client_of(app)
    url = path if path.startswith("/") else f"/_actions/{path}"
    first = client.get(url)
    assert (first.status_code, bool(first.data)) == (200, True)
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
