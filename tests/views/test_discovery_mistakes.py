"""Mistakes in a tree of routes: each is an error that names the file and the mend."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest
from flask import Flask

from examples.ports import free_port
from flask_serveractions import ServerActions
from flask_serveractions.views.discovery import RouteFileError
from tests.callers import client_of
from tests.views.route_trees import app_of, says, tree

SAYS = "def GET(**values):\n    return {'file': __name__.rpartition('.')[0].partition('.')[2], **values}\n"


@pytest.fixture
def routes(tmp_path: Path) -> Path:
    (tmp_path / "routes").mkdir()
    return tmp_path / "routes"


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


def test_a_converter_that_the_app_lacks_is_an_error_that_names_the_file_and_those_it_has(routes: Path) -> None:
    with pytest.raises(LookupError, match=r"\[itn:n\]/route\.py: the converter 'itn' does not exist.* one of .*int,"):
        app_of(says(routes, "[itn:n]"))


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
    port = free_port()
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


def eventually(url: str, text: str, seconds: float = 60) -> bool:
    """Whether a URL answers with a text before long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if text in fetched(url):
            return True
        time.sleep(0.05)
    return False


def fetched(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except (OSError, HTTPException):  # the reloader stops it in the midst of an answer
        return ""
