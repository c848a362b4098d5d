"""The page for who comes from Next.js: each thing that people do there stands on it, and its code here works."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import render_template

from flask_serveractions.testing import ActionsClient
from tests.doc_blocks import blocks_of, importing_from, run_blocks

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "nextjs.rst"
ADA = {"Authorization": "Bearer ada-token"}

# what people must be able to do, as the sections are called
ROWS = """
Answer a GET with JSON at a stable URL
Several methods on one resource, in one place
Create from a JSON body, with a clear error when a field is missing
One item by its ID: read, update in part, delete
Serve a mobile app, a third party, a separate frontend
Receive webhooks
Swap the in-memory list for a real database
Call a server function from a form, with no endpoint
Mark a whole file as server functions, kept beside the page
Have the form's data as arguments
Refuse empty text and say so
Pass extra arguments that the client can't change
Show fresh data after a change
Return a result to the caller
Have the form work with JavaScript off
Show that a form is being sent
Show errors without a reload
Show a change before the server has answered
Start heavy work from a button
Check who is calling, in an API
Check who is calling, in an action
Delete one's own account, safely
Never trust the client
Use an action as an API from outside
Use both in one application
Decide between an action and an API
""".strip().splitlines()


def sections() -> dict[str, str]:
    """Return the text of each section by its title."""
    parts = re.split(r"^(.+)\n~+\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="module")
def defined() -> set[str]:
    """Return the names of all tests."""
    return {name for file in TESTS.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The page's application, run as it stands there."""
    monkeypatch.chdir(tmp_path)
    with importing_from(tmp_path):
        page = run_blocks(blocks_of(PAGE), tmp_path, "page")
        page.app.config["SERVERACTIONS_STORE_URL"] = f"sqlite:///{tmp_path / 'store.sqlite3'}"
        yield page


@pytest.fixture
def client(page: ModuleType) -> ActionsClient:
    """A visitor who has signed in."""
    client = ActionsClient(page.app, page.app.response_class)
    assert client.call_action("sign_in", name="ada").json["redirect"] == "/todos"
    return client


# The page


def test_every_row_has_a_section_in_its_order() -> None:
    assert list(sections()) == ROWS


@pytest.mark.parametrize("row", ROWS)
def test_a_section_shows_both_sides_and_names_a_test_that_is_there(row: str, defined: set[str]) -> None:
    text = sections()[row]
    named = re.findall(r"``(test_\w+)``", text)
    assert text.count(".. container:: compare") >= 1
    assert named
    assert [name for name in named if name not in defined] == []


def test_the_examples_that_it_names_are_there() -> None:
    named = re.findall(r"``(examples/[\w./]+)``", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 5
    assert [path for path in named if not (TESTS.parent / path).exists()] == []


# Its code: an API


def test_get_answers_with_json_from_a_class_and_from_a_file(client: ActionsClient) -> None:
    assert client.get("/api/hello").json == {"message": "Hello"}
    assert client.get("/api/greeting/Ada").json == {"hello": "Ada"}


def test_a_resource_has_its_methods_in_one_place(client: ActionsClient) -> None:
    client.post("/api/todos", json={"text": "Buy milk"})
    assert [todo["text"] for todo in client.get("/api/drafts").json] == ["Buy milk"]
    assert client.delete("/api/drafts").status_code == 204
    assert client.get("/api/drafts").json == []
    assert client.put("/api/drafts").status_code == 405


def test_what_is_missing_is_told_as_the_page_shows(client: ActionsClient) -> None:
    shown = next(json.loads(block.code) for block in blocks_of(PAGE) if block.language == "json")
    refused = client.post("/api/todos", json={})
    assert refused.json == shown
    assert client.post("/api/todos", data="{", content_type="application/json").status_code == 400
    assert client.post("/api/todos", json={"text": "Buy milk"}).status_code == 201


def test_one_item_is_read_changed_and_deleted(client: ActionsClient) -> None:
    made = client.post("/api/todos", json={"text": "Buy milk"}).json
    item = f"/api/todos/{made['id']}"
    assert client.patch(item, json={"completed": True}).json == {**made, "completed": True}
    assert client.put(item, json={"text": "Buy oats"}).json == {**made, "text": "Buy oats", "completed": True}
    assert client.delete(item).status_code == 204
    assert client.get(item).status_code == 404
    assert client.get("/api/todos/x").status_code == 404


def test_a_program_needs_no_session(page: ModuleType) -> None:
    program = page.app.test_client(use_cookies=False)
    assert program.get("/api/todos").status_code == 401
    assert program.get("/api/todos", headers=ADA).json == []


def test_a_webhook_is_taken_from_its_sender_alone(page: ModuleType) -> None:
    sender = page.app.test_client()
    body, now = json.dumps({"id": "evt_1", "type": "invoice.paid", "data": {"customer": "Ada"}}), int(time.time())
    signature = hmac.new(b"whsec_now", f"{now}.{body}".encode(), "sha256").hexdigest()
    headers = {"Stripe-Signature": f"t={now},v1={signature}", "Content-Type": "application/json"}
    assert sender.post("/hooks/stripe", data=body).status_code == 400
    assert sender.post("/hooks/stripe", data=body, headers=headers).status_code == 204
    assert page.store.has("Thank Ada")


def test_the_database_has_the_stores_functions(page: ModuleType, tmp_path: Path) -> None:
    import database

    page.app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    database.db.init_app(page.app)
    with page.app.app_context():
        database.db.create_all()
        assert database.add("Buy milk").id == 1
        assert [todo.text for todo in database.all()] == ["Buy milk"]
        database.db.session.remove()
        database.db.engine.dispose()


# Its code: forms


def test_a_form_calls_a_function_without_an_endpoint_or_javascript(client: ActionsClient) -> None:
    answer = client.submit(client.get("/todos"), "create_todo", text="Buy milk")
    assert (answer.status_code, answer.location) == (303, "/todos")
    assert "<li>Buy milk</li>" in client.get("/todos").text
    refused = client.submit(client.get("/todos"), "create_todo", text="x" * 201)
    assert refused.status_code == 422
    assert "x" * 201 in refused.text


def test_a_whole_file_is_registered(client: ActionsClient) -> None:
    assert client.call_action("lists.create_list", name="Shopping").status_code == 200
    assert client.call_action("lists.delete_list", list_id=1).status_code == 200


def test_the_forms_data_are_arguments(client: ActionsClient) -> None:
    answer = client.call_action("book", day="2026-05-01", seats=2, window=True, meals=["soup", "tart"])
    assert answer.json["data"] == "01 May: 2, soup, tart"
    assert list(client.call_action("book", day="soon", seats=2, window=True, meals=[]).json["errors"]) == ["day"]


def test_empty_text_is_refused_and_so_is_what_is_there(client: ActionsClient) -> None:
    assert client.call_action("write_note", text="").json["errors"] == {"text": ["Write something."]}
    client.call_action("write_note", text="Buy milk")
    assert client.call_action("write_note", text="Buy milk").json["errors"] == {"text": ["You have it."]}


def test_a_bound_argument_and_what_is_fresh_after_a_change(client: ActionsClient, page: ModuleType) -> None:
    todo = page.store.add("Buy milk")
    answer = client.call_action("delete_todo", "/todos", todo_id=todo.id)
    assert answer.json["revalidated"]["paths"] == ["/todos"]
    assert "Buy milk" not in answer.json["page"]
    page.store.add("Call the bank")
    answer = client.call_action("complete_all", "/todos")
    assert answer.json["data"] == 1
    assert answer.json["revalidated"] == {"paths": ["/todos"], "tags": ["todos"]}


def test_a_result_comes_back_and_so_does_that_of_a_failure(client: ActionsClient, page: ModuleType) -> None:
    assert client.call_action("create_todo", text="Buy milk").json["data"]["text"] == "Buy milk"
    assert client.call_action("guess", number=7).json["data"] == "Yes."
    failed = client.submit(shown(client, page, "guess"), "guess", number=9)
    assert failed.status_code == 422


@pytest.mark.parametrize(
    ("template", "part"),
    [
        ("pending", 'data-pending="Adding…"'),
        ("error", 'data-error="text"'),
        ("optimistic", '<template id="new"><li data-value="text">'),
        ("report", 'data-action="/todos?_action=generate_report/'),
    ],
)
def test_a_template_renders(client: ActionsClient, page: ModuleType, template: str, part: str) -> None:
    assert part in shown(client, page, template)


def shown(client: ActionsClient, page: ModuleType, template: str) -> str:
    """Return a template of the page as this visitor sees it."""
    with client.page_request("/todos"):
        return render_template(f"{template}.html", todos=page.store.all())


# Its code: who may


def test_heavy_work_tells_its_result(client: ActionsClient, page: ModuleType) -> None:
    page.store.add("Buy milk")
    assert client.call_action("generate_report").json["data"] == "1 to-dos"


def test_one_hook_stands_before_both_doors(page: ModuleType, client: ActionsClient) -> None:
    nobody = ActionsClient(page.app, page.app.response_class)
    todo = page.store.add("Buy milk")
    assert nobody.get("/api/todos").status_code == 401
    assert nobody.call_action("rename_todo", todo_id=todo.id, text="Mine").status_code == 401
    assert client.get("/api/todos").status_code == 200
    assert client.call_action("rename_todo", todo_id=todo.id, text="Mine").status_code == 200
    assert page.store.has("Mine")
    assert nobody.call_action("update_price", item_id=todo.id, price=3).status_code == 401
    assert client.call_action("update_price", item_id=todo.id, price="much").status_code == 422


def test_an_account_is_its_owners_to_delete(client: ActionsClient, page: ModuleType) -> None:
    assert client.call_action("delete_account").json["redirect"] == "/"
    assert page.store.users == set()


def test_an_action_is_refused_from_outside(client: ActionsClient, page: ModuleType) -> None:
    with client.page_request("/todos"):
        url = page.app.jinja_env.globals["action_url"]("write_note")
    outside: dict[str, Any] = {"json": {"text": "Buy milk"}, "headers": ADA}
    program = page.app.test_client(use_cookies=False)
    assert program.post(url, **outside).status_code == 404  # the ID is another visitor's
    assert client.post(url, json={"text": "Buy milk"}).status_code == 400  # without a token
    assert client.post(url, **{**outside, "headers": {"Origin": "https://example.org"}}).status_code == 403
    assert page.store.all() == []
    assert program.post("/api/notes", **outside).status_code == 201
