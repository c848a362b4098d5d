"""File-based routing: a tree of ``route.py`` files becomes resources, and nothing else of it is reachable."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for
from flask.cli import FlaskGroup
from werkzeug.routing import BaseConverter

from flask_serveractions import ServerActions
from flask_serveractions.testing import ActionsClient
from flask_serveractions.views.discovery import RouteFileError

SAYS = "def GET(**values):\n    return {'file': __name__.rpartition('.')[0].partition('.')[2], **values}\n"


def tree(directory: Path, **files: str) -> Path:
    """Write a tree of files: names with ``/`` between."""
    for name, source in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return directory


def says(directory: Path, *folders: str) -> Path:
    """Write a ``route.py`` into each folder that answers with its folder and the values from the URL."""
    return tree(directory, **{f"{folder}/route.py".removeprefix("/"): SAYS for folder in folders})


def app_of(directory: Path | str, url_prefix: str = "/api", actions: ServerActions | None = None) -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    actions = actions or ServerActions()
    actions.init_app(app)
    actions.discover(directory, url_prefix)
    return app


def client_of(app: Flask) -> ActionsClient:
    return ActionsClient(app, app.response_class, use_cookies=True)


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
        "todo.text": ["Missing data for required field."]
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


# Mistakes


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("\n\ndef get(): ...", "line 3: 'get' is no handler. Write it in upper case: def GET()."),
        ("def GET(): ...\nasync def Post(): ...", "line 2: 'Post' is no handler. Write it in upper case: def POST()."),
        ("try:\n    import json\nexcept ImportError:\n    def delete(): ...", "line 4: 'delete' is no handler."),
        ("def GET(): ...\ndef HEAD(): ...", "line 2: HEAD is no handler: GET answers it. Remove it."),
        ("def GET(): ...\ndef OPTIONS(): ...", "line 2: OPTIONS is no handler: Flask answers it. Remove it."),
        ("x = 1", "line 1: there is no handler. Write a function called GET, POST, PUT, PATCH, DELETE."),
        ("from json import dumps as get", "line 1: there is no handler."),
        ("class A:\n    def get(self): ...", "line 1: there is no handler."),
        ("GET = 1", "GET is 1, and no function. Write def GET()."),
        ("class GET: ...", "and no function. Write def GET()."),
    ],
)
def test_a_mistake_in_a_file_is_an_error_that_names_file_and_line_and_the_mend(
    routes: Path, source: str, text: str
) -> None:
    tree(routes, **{"todos/route.py": source})
    with pytest.raises(RouteFileError) as raised:
        app_of(routes)
    assert str(raised.value).startswith(str(routes / "todos" / "route.py"))
    assert text in str(raised.value)


def test_a_variable_that_a_handler_does_not_take_is_an_error_that_names_file_and_line(routes: Path) -> None:
    tree(routes, **{"todos/[int:todo_id]/route.py": "\ndef GET(): ..."})
    with pytest.raises(TypeError, match=r"route\.py, line 2\): parameter 'todo_id'.*the URL rule has it"):
        app_of(routes)


@pytest.mark.parametrize(
    "folder",
    [
        "[]",
        "[int:]",
        "[1a]",
        "x[id]",
        "[id].json",
        "[[...path]]",
        "(",
        "()",
        "a b",
        "a%20b",
        "<int:a>",
        "[int:a",
        "[...]",
        "[-a]",
    ],
)
def test_a_folder_whose_name_can_be_no_part_of_a_url_is_an_error_that_shows_it(routes: Path, folder: str) -> None:
    with pytest.raises(RouteFileError) as raised:
        app_of(says(routes, folder))
    assert f"route.py: {folder!r} can't be part of a URL" in str(raised.value)


def test_a_folder_without_a_route_file_may_be_called_anything(routes: Path) -> None:
    tree(routes, **{"a b/[[x/data.txt": "", "todos/route.py": SAYS, "__pycache__/route.py": "def get(): ..."})
    assert client_of(app_of(routes)).get("/api/todos").status_code == 200


def test_nothing_stands_below_what_catches_the_rest(routes: Path) -> None:
    with pytest.raises(RouteFileError, match=r"'\[\.\.\.path\]' catches all the rest"):
        app_of(says(routes, "[...path]/edit"))


@pytest.mark.parametrize("folder", ["[int:id]/x/[id]", "[id]/[...id]"])
def test_a_name_stands_once_in_a_path(routes: Path, folder: str) -> None:
    with pytest.raises(RouteFileError, match="two folders of its path are called 'id'"):
        app_of(says(routes, folder))


def test_a_keyword_of_python_is_no_name_of_an_argument(routes: Path) -> None:
    with pytest.raises(RouteFileError, match="'class', which is a keyword"):
        app_of(says(routes, "[class]"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("(a)/todos", "(b)/todos"),
        ("(a)/todos", "todos"),
        ("users/[id]", "users/[name]"),
        ("users/[id]", "users/[string:name]"),
        ("[int:a]/x", "[int:b]/x"),
        ("[...a]", "[...b]"),
        ("[...a]", "[path:b]"),
        ("", "(a)"),
    ],
)
def test_two_files_for_one_url_are_an_error_that_names_both(routes: Path, first: str, second: str) -> None:
    says(routes, first, second)
    with pytest.raises(RouteFileError, match="both serve") as raised:
        app_of(routes)
    assert str(routes / first / "route.py") in str(raised.value)
    assert str(routes / second / "route.py") in str(raised.value)


def test_two_files_of_two_trees_for_one_url_are_an_error_that_names_both(tmp_path: Path) -> None:
    first, second = says(tmp_path / "a", "v1/todos"), says(tmp_path / "b", "todos")
    actions = ServerActions()
    app_of(first, "/api", actions)
    with pytest.raises(RouteFileError, match="both serve /api/v1/todos") as raised:
        actions.discover(second, "/api/v1")
    assert str(first / "v1" / "todos" / "route.py") in str(raised.value)


def test_a_tree_with_a_mistake_is_not_served_at_all(routes: Path) -> None:
    actions = ServerActions()
    tree(routes, **{"a/route.py": SAYS, "b/route.py": "def get(): ..."})
    with pytest.raises(RouteFileError):
        app_of(routes, actions=actions)
    app = Flask(__name__)
    actions.init_app(app)
    assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api")]


def test_a_directory_that_is_none_is_an_error_that_shows_where_it_was_sought(routes: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere is no directory\. Give one: Path\(__file__\)"):
        app_of(str(routes / "nowhere"))


def test_a_directory_without_a_route_file_is_an_error(routes: Path) -> None:
    with pytest.raises(RouteFileError, match=r"holds no route\.py"):
        app_of(routes)


@pytest.mark.parametrize("prefix", ["api", "/api/", "/a b", "//", "/<x>"])
def test_a_prefix_that_is_no_path_is_an_error(routes: Path, prefix: str) -> None:
    with pytest.raises(ValueError, match="url_prefix"):
        app_of(says(routes, "todos"), prefix)


# Nothing outside of the directory


def test_a_link_to_a_file_outside_is_refused(routes: Path) -> None:
    outside = tree(routes.parent / "outside", **{"route.py": SAYS})
    (routes / "todos").mkdir()
    (routes / "todos" / "route.py").symlink_to(outside / "route.py")
    with pytest.raises(RouteFileError, match=r"symbolic link to .*outside of"):
        app_of(routes)


def test_a_link_to_a_folder_outside_is_refused(routes: Path) -> None:
    outside = says(routes.parent / "outside", "todos")
    (routes / "todos").symlink_to(outside / "todos")
    with pytest.raises(RouteFileError, match=r"symbolic link to .*outside of"):
        app_of(routes)


def test_a_link_within_the_directory_is_followed(routes: Path) -> None:
    says(routes, "v1/todos")
    (routes / "v2").symlink_to(routes / "v1")
    assert client_of(app_of(routes)).get("/api/v2/todos").status_code == 200


def test_a_link_that_leads_round_in_circles_is_refused(routes: Path) -> None:
    says(routes, "todos")
    (routes / "todos" / "again").symlink_to(routes)
    with pytest.raises(RouteFileError, match="which holds it"):
        app_of(routes)


def test_the_directory_itself_may_be_a_link(routes: Path) -> None:
    says(routes, "todos")
    (routes.parent / "link").symlink_to(routes)
    assert client_of(app_of(routes.parent / "link")).get("/api/todos").status_code == 200


def test_a_file_beside_that_is_linked_from_elsewhere_does_no_harm(routes: Path) -> None:
    (routes.parent / "data.json").write_text("{}")
    (routes / "data.json").symlink_to(routes.parent / "data.json")
    assert client_of(app_of(says(routes, "todos"))).get("/api/data.json").status_code == 404


# In debug mode

PROGRAM = """
from pathlib import Path
from flask import Flask
from flask_serveractions import ServerActions

app = Flask(__name__)
app.secret_key = "a key for tests"
ServerActions(app).discover(Path(__file__).parent / "routes")
"""


def test_the_server_reloads_in_debug_mode_when_a_file_changes(routes: Path, tmp_path: Path) -> None:
    # outside of sys.path: what the reloader watches there, it knows from us
    tree(routes, **{"(a)/deep/todos/route.py": "def GET(): return 'before'"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "program.py").write_text(PROGRAM)
    with running(tmp_path / "program.py", tmp_path / "elsewhere") as url:
        assert eventually(f"{url}/api/deep/todos", "before")
        (routes / "(a)" / "deep" / "todos" / "route.py").write_text("def get(): return 'a mistake'")
        assert eventually(f"{url}/api/deep/todos", "Write it in upper case")
        (routes / "(a)" / "deep" / "todos" / "route.py").write_text("def GET(): return 'after'")
        assert eventually(f"{url}/api/deep/todos", "after")


@contextmanager
def running(program: Path, directory: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "flask", "--app", str(program), "run", "--debug", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, 15)


def eventually(url: str, text: str, seconds: float = 20) -> bool:
    """Whether a URL answers with a text before long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if text in fetched(url):
            return True
        time.sleep(0.05)
    return False


def fetched(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except OSError:
        return ""
