"""Where the document is served, the page that shows it, and the command that prints it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from flask_serveractions import ServerActions
from flask_serveractions.openapi import document
from tests.openapi.reference_app import make_app


def client_of(**config: Any) -> FlaskClient:
    return make_app(**config).test_client()


def test_the_document_is_served() -> None:
    answer = client_of().get("/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert list(OpenAPIV31SpecValidator(answer.json).iter_errors()) == []


def test_it_is_what_the_function_returns() -> None:
    app = make_app()
    assert app.test_client().get("/openapi.json").json == document(app)


def test_who_has_it_does_not_get_it_again() -> None:
    client = client_of()
    tag = client.get("/openapi.json").headers["ETag"]
    again = client.get("/openapi.json", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_another_url_and_none() -> None:
    client = client_of(SERVERACTIONS_OPENAPI_URL="/api/v1/schema.json")
    assert [client.get(url).status_code for url in ("/api/v1/schema.json", "/openapi.json")] == [200, 404]
    assert client_of(SERVERACTIONS_OPENAPI_URL=None).get("/openapi.json").status_code == 404


def test_it_knows_where_the_app_is_mounted() -> None:
    client = client_of()
    mounted = client.get("/openapi.json", environ_overrides={"SCRIPT_NAME": "/tools"})
    assert mounted.json["servers"] == [{"url": "/tools"}]
    assert client.get("/openapi.json").json["servers"] == [{"url": "/"}]


def test_nothing_can_be_registered_once_it_was_asked_for() -> None:
    app = make_app()
    document(app)
    with pytest.raises(RuntimeError, match="too late"):
        app.extensions["serveractions"].register(name="late")(len)


# The page


def test_the_page_is_there_where_it_is_wanted() -> None:
    assert client_of().get("/docs").status_code == 404
    page = client_of(SERVERACTIONS_DOCS="/docs").get("/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert 'data-document="/openapi.json"' in page.text
    assert "<title>tests.openapi.reference_app: API</title>" in page.text


def test_the_page_brings_all_it_needs_from_here() -> None:
    client = client_of(SERVERACTIONS_DOCS="/docs")
    page = client.get("/docs").text
    urls = re.findall(r'(?:src|href)="(/docs/[^"]+)"', page)
    assert [client.get(url).mimetype for url in urls] == ["image/svg+xml", "text/css", "text/javascript"]
    assert not re.search(r"https?://", page)


def test_the_pages_policy_lets_its_own_scripts_run_and_nothing_else() -> None:
    page = client_of(SERVERACTIONS_DOCS="/docs").get("/docs")
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*src)|\son\w+=|style=", page.text)


def test_an_asset_is_kept_for_ever_under_its_versioned_url_alone() -> None:
    client = client_of(SERVERACTIONS_DOCS="/docs")
    url = re.findall(r'src="([^"]+)"', client.get("/docs").text)[0]
    assert client.get(url).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(url.partition("?")[0]).headers["Cache-Control"] == "no-cache"
    assert client.get("/docs/schemas.js").status_code == 200
    assert client.get("/docs/docs.html").status_code == 404


def test_the_page_knows_where_the_app_is_mounted() -> None:
    page = client_of(SERVERACTIONS_DOCS="/docs").get("/docs", environ_overrides={"SCRIPT_NAME": "/tools"})
    assert 'data-document="/tools/openapi.json"' in page.text
    assert 'src="/tools/docs/docs.js?v=' in page.text


def test_a_page_without_a_document_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="SERVERACTIONS_DOCS is '/docs', and SERVERACTIONS_OPENAPI_URL is None"):
        make_app(SERVERACTIONS_DOCS="/docs", SERVERACTIONS_OPENAPI_URL=None)


# Without the extra


@pytest.fixture
def without_apispec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apispec", None)  # as where it is not installed


@pytest.mark.usefixtures("without_apispec")
def test_without_apispec_there_is_no_document() -> None:
    assert client_of().get("/openapi.json").status_code == 404


@pytest.mark.usefixtures("without_apispec")
def test_without_apispec_a_page_is_a_mistake_that_names_the_extra() -> None:
    with pytest.raises(ValueError, match=r"SERVERACTIONS_DOCS is '/docs'.*flask-serveractions\[openapi\]"):
        make_app(SERVERACTIONS_DOCS="/docs")


@pytest.mark.usefixtures("without_apispec")
@pytest.mark.parametrize("command", ["openapi", "typescript"])
def test_without_apispec_the_commands_name_the_extra(command: str) -> None:
    result = make_app().test_cli_runner().invoke(args=["actions", command])
    assert (result.exit_code, "flask-serveractions[openapi]" in result.output) == (1, True)


def test_apispec_is_loaded_when_the_document_is_asked_for() -> None:
    program = (
        "import sys; from flask import Flask; from flask_serveractions import ServerActions;"
        " app = Flask('app'); ServerActions(app); client = app.test_client();"
        " client.get('/'); before = 'apispec' in sys.modules;"
        " client.get('/openapi.json'); print(before, 'apispec' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


# The command


def test_the_page_and_the_document_have_two_addresses() -> None:
    app = Flask(__name__)
    app.config.update(SERVERACTIONS_DOCS="/api", SERVERACTIONS_OPENAPI_URL="/api")
    with pytest.raises(ValueError, match=r"SERVERACTIONS_DOCS is '/api', and so is SERVERACTIONS_OPENAPI_URL"):
        ServerActions(app)


def test_the_command_prints_the_document() -> None:
    app = make_app()
    result = app.test_cli_runner().invoke(args=["actions", "openapi"])
    assert result.exit_code == 0
    assert json.loads(result.output) == document(app)


def test_the_command_writes_it_to_a_file(tmp_path: Path) -> None:
    app, file = make_app(), tmp_path / "openapi.json"
    result = app.test_cli_runner().invoke(args=["actions", "openapi", "--output", str(file)])
    assert (result.exit_code, result.output) == (0, "")
    assert json.loads(file.read_text(encoding="utf-8")) == document(app)


def test_the_command_tells_in_a_line_why_an_app_can_not_start() -> None:
    app = Flask(__name__)
    app.config["SERVERACTIONS_LOGIN_VIEW"] = "nowhere"
    ServerActions(app)
    result = app.test_cli_runner().invoke(args=["actions", "openapi"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: SERVERACTIONS_LOGIN_VIEW is 'nowhere', which no route for GET has.")
