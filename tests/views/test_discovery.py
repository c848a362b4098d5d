"""File-based routing: a tree of ``route.py`` files becomes resources, and nothing else of it is reachable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for
from flask.cli import FlaskGroup
from werkzeug.routing import BaseConverter

from flask_serveractions import ServerActions
from flask_serveractions.testing import ActionsClient
from tests.callers import client_of
from tests.views.route_trees import app_of, says, tree

SAYS = "def GET(**values):\n    return {'file': __name__.rpartition('.')[0].partition('.')[2], **values}\n"


@pytest.fixture
def routes(tmp_path: Path) -> Path:
    (tmp_path / "routes").mkdir()
    return tmp_path / "routes"


# From files to URLs

URLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "the directory itself": ("", "/api", {}),
    "a folder": ("todos", "/api/todos", {}),
    "folders": ("shop/todos", "/api/shop/todos", {}),
    "a variable": ("users/[name]", "/api/users/ada", {"name": "ada"}),
    "a variable with a converter": ("todos/[int:todo_id]", "/api/todos/7", {"todo_id": 7}),
    "a converter with arguments": ("[any(a,b):kind]", "/api/b", {"kind": "b"}),
    "two variables": ("[user]/todos/[int:n]", "/api/ada/todos/7", {"user": "ada", "n": 7}),
    "the rest": ("docs/[...path]", "/api/docs/a/b.html", {"path": "a/b.html"}),
    "a group": ("(internal)/todos", "/api/todos", {}),
    "a group in between": ("shop/(internal pages)/todos", "/api/shop/todos", {}),
    "a group below the rest": ("[...path]/(all)", "/api/a/b", {"path": "a/b"}),
    "a group alone": ("(all)", "/api", {}),
    "a name with dots": (".well-known/acme.v1", "/api/.well-known/acme.v1", {}),
}


@pytest.mark.parametrize(("folder", "url", "values"), URLS.values(), ids=URLS)
def test_a_file_is_served_at_its_url(routes: Path, folder: str, url: str, values: dict[str, Any]) -> None:
    response = client_of(app_of(says(routes, folder))).get(url)
    assert response.status_code == 200
    assert response.json is not None
    assert {key: value for key, value in response.json.items() if key != "file"} == values


def test_a_converter_that_rejects_a_value_makes_it_a_404(routes: Path) -> None:
    assert client_of(app_of(says(routes, "todos/[int:todo_id]"))).get("/api/todos/x").status_code == 404


def test_the_rest_is_caught_only_where_nothing_else_fits(routes: Path) -> None:
    client = client_of(app_of(says(routes, "[...path]", "todos", "todos/[int:todo_id]", "todos/new", "todos/[name]")))
    urls = ["/api/todos", "/api/todos/7", "/api/todos/new", "/api/todos/x", "/api/todos/7/x", "/api/x"]
    files = [client.get(url).json["file"] for url in urls]  # type: ignore[index]
    assert files == ["todos", "todos.[int:todo_id]", "todos.new", "todos.[name]", "[%2E%2E%2Epath]", "[%2E%2E%2Epath]"]


@pytest.mark.parametrize(
    ("prefix", "url"), [("/api", "/api/todos"), ("", "/todos"), ("/", "/todos"), ("/a/b", "/a/b/todos")]
)
def test_a_prefix_goes_before_each_url(routes: Path, prefix: str, url: str) -> None:
    assert client_of(app_of(says(routes, "todos"), prefix)).get(url).status_code == 200


def test_without_a_prefix_the_directory_itself_is_the_root(routes: Path) -> None:
    assert client_of(app_of(says(routes, ""), "")).get("/").status_code == 200


def test_a_converter_of_the_app_can_be_used(routes: Path) -> None:
    class Upper(BaseConverter):
        def to_python(self, value: str) -> str:
            return value.upper()

    app = Flask(__name__)
    app.secret_key = "a key for tests"
    app.url_map.converters["upper"] = Upper
    ServerActions(app).discover(says(routes, "[upper:word]"))
    assert client_of(app).get("/api/x").json["word"] == "X"  # type: ignore[index]


def test_discovering_works_before_init_app_and_for_several_apps(routes: Path) -> None:
    actions = ServerActions()
    actions.discover(says(routes, "todos"))
    for _ in range(2):
        app = Flask(__name__)
        app.secret_key = "a key for tests"
        actions.init_app(app)
        assert client_of(app).get("/api/todos").status_code == 200


def test_several_directories_can_be_discovered_and_each_file_has_its_endpoint(tmp_path: Path) -> None:
    first, second = says(tmp_path / "v1" / "routes", "todos"), says(tmp_path / "v2" / "routes", "todos")
    actions = ServerActions()
    app = app_of(first, "/v1", actions)
    actions.discover(second, "/v2")
    endpoints = {rule.rule: rule.endpoint for rule in app.url_map.iter_rules()}
    assert [endpoints["/v1/todos"], endpoints["/v2/todos"]] == ["routes/todos/route.py", "/v2 routes/todos/route.py"]


def test_flask_routes_shows_the_file(routes: Path) -> None:
    app = app_of(
        tree(routes, **{"todos/[int:todo_id]/route.py": "def GET(todo_id: int): ...\ndef DELETE(todo_id: int): ..."})
    )
    lines = app.test_cli_runner().invoke(FlaskGroup(create_app=lambda: app), ["routes"]).output.splitlines()
    assert ["routes/todos/[int:todo_id]/route.py", "DELETE,", "GET", "/api/todos/<int:todo_id>"] in map(
        str.split, lines
    )
    with app.test_request_context():
        assert url_for("routes/todos/[int:todo_id]/route.py", todo_id=7) == "/api/todos/7"


# Handlers are operations like all others

TODOS = """
from __future__ import annotations
import datetime as dt
from dataclasses import dataclass
from typing import Annotated
from marshmallow import Schema, fields
from flask_serveractions import current_identity, public, requires

@dataclass
class Todo:
    text: str
    due: dt.date | None = None

class TodoSchema(Schema):
    text = fields.String(required=True)
    due = fields.Date()

TodoOut = Annotated[Todo, TodoSchema(), 201]
seen = []

@public
async def GET(done: bool | None = None):
    "List them."
    return {"done": done, "identity": str(current_identity) if current_identity else None}

def POST(todo: Todo) -> TodoOut:
    seen.append(todo)
    return todo

@requires("admin")
def DELETE() -> None:
    seen.clear()

def PUT(text: str): return {"text": text}
def PATCH(text: str = "none"): return text

def helper(): return "not reachable"
"""


def guarded(routes: Path, **headers: str) -> ActionsClient:
    actions = ServerActions()
    app = app_of(tree(routes, **{"todos/route.py": TODOS}), actions=actions)

    @actions.auth_hook
    def hook(operation: Any) -> str | None:
        from flask import request

        who = request.headers.get("X-Who")
        return who if who and operation.requires <= {who} else None

    client = client_of(app)
    client.environ_base |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return client


def test_arguments_schemas_and_statuses_work_as_in_a_class(routes: Path) -> None:
    client = guarded(routes, x_who="ada")
    assert client.get("/api/todos?done=1").json == {"done": True, "identity": "ada"}
    response = client.post("/api/todos", json={"todo": {"text": "milk", "due": "2024-02-29"}})
    assert (response.status_code, response.json) == (201, {"text": "milk", "due": "2024-02-29"})
    assert client.post("/api/todos", json={"todo": {}}).json["errors"] == {  # type: ignore[index]
        "todo.text": ["Please fill in this field."]
    }
    assert client.put("/api/todos", json={"text": "x"}).json == {"text": "x"}
    assert client.patch("/api/todos", json={}).text == "none"


def test_the_hook_and_the_marks_guard_each_handler(routes: Path) -> None:
    nobody, admin = guarded(routes), guarded(routes, x_who="admin")
    assert [nobody.get("/api/todos").status_code, nobody.post("/api/todos", json={}).status_code] == [200, 401]
    assert [nobody.delete("/api/todos").status_code, admin.delete("/api/todos").status_code] == [401, 204]


def test_only_the_handlers_are_methods(routes: Path) -> None:
    client = client_of(app_of(tree(routes, **{"todos/route.py": "def GET(): return 'got'\nx = 1\ndef helper(): ..."})))
    response = client.post("/api/todos")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert client.head("/api/todos").status_code == 200
    assert client.get("/api/todos/helper").status_code == 404
    assert client.get("/api/todos/route.py").status_code == 404
    assert client.open("/api/todos", method="HELPER").status_code == 405


def test_audit_and_list_show_the_handlers_with_their_file(routes: Path) -> None:
    app = app_of(tree(routes, **{"todos/route.py": "\ndef GET(): ..."}))
    result = app.test_cli_runner().invoke(args=["actions", "audit"])
    assert "routes/todos/route.py.get" in result.output
    listed = app.test_cli_runner().invoke(args=["actions", "list", "--json"]).stdout
    assert f'"file": "{routes / "todos" / "route.py"}",\n    "line": 2' in listed


def test_a_handler_may_be_decorated_and_imported(routes: Path) -> None:
    source = "def upper(f):\n    return lambda **values: f(**values).upper()\n@upper\ndef GET(): return 'got'"
    tree(routes, **{"a/route.py": source, "b/route.py": "from ..a.route import GET"})
    client = client_of(app_of(routes))
    assert [client.get("/api/a").text, client.get("/api/b").text] == ["GOT", "GOT"]


def test_a_list_may_be_given_out_page_by_page(routes: Path) -> None:
    source = "paginate = True\nrequire_if_match = True\ndef GET() -> list[int]: return list(range(9))\ndef PUT(): ..."
    client = client_of(app_of(tree(routes, **{"route.py": source})))
    view: Any = client.application.view_functions["routes/route.py"]
    assert (view.view_class.paginate, view.view_class.require_if_match) == (True, True)


# Modules


def test_a_file_imports_its_neighbours(routes: Path) -> None:
    tree(
        routes,
        **{
            "shared.py": "NAME = 'shared'",
            "[int:n]/store.py": "from ..shared import NAME\nTODOS = [NAME]",
            "[int:n]/route.py": "from . import store\nfrom .. import shared\n"
            "def GET(n): return [store.TODOS, shared.NAME]",
        },
    )
    assert client_of(app_of(routes)).get("/api/1").json == [["shared"], "shared"]


def test_a_file_can_not_import_from_outside_of_the_directory_by_relative_names(routes: Path) -> None:
    (routes.parent / "outside.py").write_text("NAME = 'outside'")
    tree(routes, **{"route.py": "from ..outside import NAME\ndef GET(): return NAME"})
    with pytest.raises(ImportError, match="beyond top-level package"):
        app_of(routes)


def test_each_tree_has_modules_of_its_own(routes: Path) -> None:
    source = "seen = []\ndef POST() -> list[int]:\n    seen.append(1)\n    return seen"
    tree(routes, **{"route.py": source})
    assert [client_of(app_of(routes)).post("/api").json for _ in range(2)] == [[1], [1]]


def test_folders_of_similar_names_are_kept_apart(routes: Path) -> None:
    for folder in ("a.b", "a%2Eb", "a_b", "a-b"):
        if "%" not in folder:
            tree(routes, **{f"{folder}/name.py": f"NAME = {folder!r}", f"{folder}/route.py": NAMED})
    client = client_of(app_of(routes))
    assert [client.get(f"/api/{folder}").text for folder in ("a.b", "a_b", "a-b")] == ["a.b", "a_b", "a-b"]


NAMED = "from .name import NAME\ndef GET(): return NAME"


def test_an_error_in_a_file_shows_the_file(routes: Path) -> None:
    tree(routes, **{"todos/route.py": "\ndef GET(:"})
    with pytest.raises(SyntaxError) as raised:
        app_of(routes)
    assert (raised.value.filename, raised.value.lineno) == (str(routes / "todos" / "route.py"), 2)


def test_a_private_folder_is_not_served_and_can_be_imported_from(routes: Path) -> None:
    tree(routes, **{"_lib/route.py": "def GET() -> dict: return {}", "_lib/db.py": "rows = [1, 2]"})
    tree(routes, **{"todos/_drafts/deep/route.py": "def GET() -> dict: return {}"})
    tree(routes, **{"rows/route.py": "from .._lib.db import rows\ndef GET() -> list: return rows"})
    client = client_of(app_of(routes))
    assert client.get("/api/rows").json == [1, 2]
    for url in ("/api/_lib", "/api/todos/_drafts/deep", "/api/todos/deep"):
        assert client.get(url).status_code == 404
