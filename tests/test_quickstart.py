"""The quickstart, section by section: the program grows by the page's blocks, and does what the page says one sees."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flask_serveractions.testing import ActionsClient
from tests.doc_blocks import blocks_of, importing_from, write_files
from tests.doc_console import commands_of, outputs_of
from tests.todo_app import served

PAGE = Path(__file__).parents[1] / "docs" / "quickstart.rst"
BLOCKS = blocks_of(PAGE)
FILES = [block for block in BLOCKS if block.caption]
FORM, SIGNED_ARGUMENT, RESOURCE, HOOK = range(1, 5)  # how many blocks of the file a reader has written

Build = Callable[[int], ActionsClient]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Build the program from its first blocks and give a visitor's client."""
    with ExitStack() as stack:

        def build(written: int) -> ActionsClient:
            write_files(FILES[:written], tmp_path)
            stack.enter_context(importing_from(tmp_path))
            app = importlib.import_module("app").app
            app.instance_path = str(tmp_path)
            return ActionsClient(app, app.response_class)

        yield build


def test_the_file_has_as_many_blocks_as_are_tried() -> None:
    assert {block.caption for block in FILES} == {"app.py"}
    assert len(FILES) == HOOK


def test_a_form_adds(build: Build) -> None:
    client = build(FORM)
    answer = client.submit(client.get("/"), "add", text="Call the bank")
    assert (answer.status_code, answer.location) == (303, "/")
    assert "<li>Call the bank</li>" in client.get("/").text


def test_an_error_brings_the_page_back_with_what_was_typed(build: Build) -> None:
    client = build(FORM)
    page = client.submit(client.get("/"), "add", text="Buy milk")
    assert page.status_code == 422
    assert 'value="Buy milk"' in page.text
    assert "You already have that one.</span>" in page.text
    assert "Length must be between 1 and 200 characters." in client.submit(page, "add", text="").text


def test_a_signed_argument_says_which_item_goes(build: Build) -> None:
    client = build(SIGNED_ARGUMENT)
    client.submit(client.get("/"), "add", text="Call the bank")
    client.submit(client.get("/"), "remove", todo="Buy milk")
    assert "Buy milk" not in client.get("/").text
    assert "Call the bank" in client.get("/").text


def test_one_line_loads_the_client(build: Build) -> None:
    client = build(SIGNED_ARGUMENT)
    module = importlib.import_module("app")
    line = next(block.code for block in BLOCKS if block.language == "html+jinja")
    module.PAGE = module.PAGE.replace("</title>\n", f"</title>\n{line}")
    assert '<script type="module"' in client.get("/").text
    assert "Call the bank" in client.call_action("add", "/", text="Call the bank").json["page"]


def test_the_resource_answers_as_the_page_shows(build: Build, tmp_path: Path) -> None:
    client = build(RESOURCE)
    commands = [command for command in commands_of(BLOCKS) if command.typed.startswith("curl")]
    with served(client.application) as address:
        outputs = outputs_of(commands, tmp_path, address)
    assert [output for command, output in zip(commands, outputs, strict=True) if not command.shows(output)] == []
    assert len(commands) == 3


def test_the_hook_closes_what_is_not_public(build: Build, tmp_path: Path) -> None:
    client = build(HOOK)
    refused = client.submit(client.get("/"), "add", text="Call the bank")
    assert refused.status_code == 401
    assert "Sign in to do this." in refused.text
    assert client.get("/api/todos").status_code == 401
    assert client.submit(client.get("/sign-in"), "sign_in", name="Ada").location == "/"
    assert client.submit(client.get("/"), "add", text="Call the bank").status_code == 303
    audit = next(command for command in commands_of(BLOCKS) if "audit" in command.typed)
    assert audit.shows(outputs_of([audit], tmp_path, "")[0])
