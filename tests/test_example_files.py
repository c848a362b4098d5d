"""The example of a tree of files: what its README says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.cli import FlaskGroup

from examples.files import ROUTES, create_app
from flask_serveractions.testing import ActionsClient

README = Path(__file__).parents[1] / "examples" / "files" / "README.rst"


@pytest.fixture
def client() -> ActionsClient:
    app = create_app()
    return ActionsClient(app, app.response_class)


@pytest.fixture
def writer(client: ActionsClient) -> ActionsClient:
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer let-me-in"
    return client


def test_the_urls_are_those_that_the_readme_lists() -> None:
    listed = dict(re.findall(r"^ +routes/(\S+) +(/api\S+)$", README.read_text(encoding="utf-8"), re.MULTILINE))
    served = {
        rule.endpoint: rule.rule for rule in create_app().url_map.iter_rules() if rule.endpoint.endswith("route.py")
    }
    assert {f"routes/{file}": url for file, url in listed.items()} == served
    assert {ROUTES / file for file in listed} == set(ROUTES.rglob("route.py"))


def test_flask_routes_shows_the_files() -> None:
    app = create_app()
    output = app.test_cli_runner().invoke(FlaskGroup(create_app=lambda: app), ["routes"]).output
    assert re.search(r"routes/todos/\[int:todo_id\]/route\.py +DELETE, GET, PATCH +/api/todos/<int:todo_id>", output)


def test_to_dos_are_added_changed_and_deleted(writer: ActionsClient) -> None:
    created = writer.post("/api/todos", data={"text": "Buy milk"})
    assert (created.status_code, created.json) == (201, {"id": 1, "text": "Buy milk", "completed": False})
    assert writer.patch("/api/todos/1", json={"completed": True}).json == {
        "id": 1,
        "text": "Buy milk",
        "completed": True,
    }
    assert writer.get("/api/todos?completed=1").json == [{"id": 1, "text": "Buy milk", "completed": True}]
    assert writer.get("/api/todos?completed=0").json == []
    assert writer.delete("/api/todos/1").status_code == 204
    assert writer.get("/api/todos/1").status_code == 404


def test_each_app_has_a_list_of_its_own(writer: ActionsClient) -> None:
    writer.post("/api/todos", data={"text": "Buy milk"})
    other = create_app().test_client()
    assert other.get("/api/todos").json == []


def test_reading_is_public_and_writing_needs_the_token(client: ActionsClient) -> None:
    assert client.get("/api/todos").status_code == 200
    refused = client.post("/api/todos", json={"text": "Buy milk"})
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="examples.files"')


def test_mistakes_are_problem_details(writer: ActionsClient) -> None:
    response = writer.post("/api/todos", json={"text": "", "colour": "red"})
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert response.json is not None
    assert set(response.json["errors"]) == {"text", "colour"}
    assert writer.patch("/api/todos/9", json={}).status_code == 404
    assert writer.put("/api/todos/1").status_code == 405


def test_the_rest_and_the_group_are_served(client: ActionsClient) -> None:
    assert client.get("/api/pages/a/b").json == {"path": "a/b", "parts": ["a", "b"]}
    assert client.get("/api/pages").status_code == 404
    assert client.get("/api/health").json == {"status": "well", "todos": 0}


def test_nothing_else_is_reachable(client: ActionsClient) -> None:
    for path in ("/api/store", "/api/schemas", "/api/todos/found", "/api/(service)/health", "/api/service/health"):
        assert client.get(path).status_code == 404


def test_every_door_is_closed_or_public() -> None:
    result = create_app().test_cli_runner().invoke(args=["actions", "audit"])
    assert result.exit_code == 0
    assert "routes/todos/route.py.post" in result.output
