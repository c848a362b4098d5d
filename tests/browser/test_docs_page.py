"""The documentation page in a real browser: reading the to-do example's API, and trying it."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.book import found_by_axe
from tests.openapi.reference_app import make_app
from tests.todo_app import served, todo_app

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with todo_app(tmp_path, SERVERACTIONS_DOCS="/docs") as app, served(app) as address:
        yield address


@pytest.fixture
def size() -> dict[str, int]:
    return DESK


@pytest.fixture
def problems() -> list[str]:
    """What the browser has to complain of: errors, and what the page's policy forbids."""
    return []


@pytest.fixture
def page(browser: Browser, address: str, size: dict[str, int], problems: list[str]) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport=size)
    page = context.new_page()
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto("/docs")
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")
    yield page
    context.close()


def open_operation(page: Page, identifier: str) -> Locator:
    operation = page.locator(f"[id='{identifier}']")
    operation.locator("> summary").click()
    return operation


def send(operation: Locator) -> Locator:
    operation.get_by_role("button", name="Send").click()
    output = operation.locator("output")
    expect(output.locator(".status")).to_be_visible()
    return output


def test_the_operations_are_listed_by_what_they_belong_to(page: Page, problems: list[str]) -> None:
    todos = page.locator("#index section", has=page.get_by_role("heading", name="todos", exact=True))
    expect(todos.locator("li")).to_have_count(6)
    expect(todos.locator("li .method")).to_have_text(["GET", "POST", "GET", "PUT", "PATCH", "DELETE"])
    expect(page.get_by_role("heading", name="actions", exact=True).first).to_be_visible()
    assert problems == []


def test_a_list_is_asked_for_with_credentials_and_shown(page: Page, problems: list[str]) -> None:
    page.get_by_label("Token", exact=True).fill("ada-token")
    operation = open_operation(page, "Todos.get")
    operation.get_by_label("completed").select_option("true")
    output = send(operation)
    expect(output.locator(".status")).to_have_text("200")
    assert [todo["id"] for todo in json.loads(output.locator("pre").first.inner_text())] == [3]
    assert problems == []


def test_without_credentials_the_problem_is_shown(page: Page) -> None:
    output = send(open_operation(page, "Todos.get"))
    expect(output.locator(".status")).to_have_text("401")
    expect(output.locator("pre").first).to_contain_text('"title": "Unauthorized"')


def test_a_body_begins_with_an_example_that_can_be_sent(page: Page) -> None:
    page.get_by_label("Token", exact=True).fill("ada-token")
    output = send(open_operation(page, "Todos.post"))
    expect(output.locator(".status")).to_have_text("201")
    expect(output.locator("pre").first).to_contain_text('"text": "text"')


def test_a_form_can_be_sent_in_place_of_json(page: Page) -> None:
    page.get_by_label("Token", exact=True).fill("ada-token")
    operation = open_operation(page, "Todos.post")
    operation.get_by_label("Sent as").select_option("application/x-www-form-urlencoded")
    operation.get_by_label("text", exact=False).fill("Buy “oat” milk & tea")
    output = send(operation)
    expect(output.locator("pre").first).to_contain_text("Buy “oat” milk & tea")


def test_curl_does_the_same(page: Page, address: str) -> None:
    page.get_by_label("Token", exact=True).fill("ada-token")
    operation = open_operation(page, "TodoItem.put")
    operation.get_by_label("todo_id").fill("1")
    operation.get_by_label("JSON body").fill('{"text": "It\'s done"}')
    output = send(operation)
    output.get_by_text("The same with curl").click()
    command = shlex.split(output.locator("details:has-text('curl') pre").inner_text())
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "200 OK" in done.stdout
    assert "It's done" in done.stdout


def test_words_find_operations(page: Page) -> None:
    page.get_by_label("Find").fill("delete todos")
    expect(page.locator(".operation:visible")).to_have_count(1)
    expect(page.locator("#index li:visible")).to_have_count(1)
    page.get_by_label("Find").fill("")
    expect(page.locator("[id='Todos.get']")).to_be_visible()


def test_a_link_leads_to_an_open_operation(page: Page, address: str) -> None:
    page.goto(f"{address}/docs#TodoItem.patch")
    expect(page.locator("[id='TodoItem.patch']")).to_have_attribute("open", "")


def test_a_document_that_can_not_be_read_is_told(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.route("**/openapi.json", lambda route: route.fulfill(status=502, body="bad gateway"))
    page.goto(f"{address}/docs")
    expect(page.get_by_role("alert")).to_have_text(
        "The document at /openapi.json could not be read: Error: 502 Bad Gateway"
    )
    page.close()


def test_files_are_sent(browser: Browser) -> None:
    app = make_app(SERVERACTIONS_DOCS="/docs")
    with served(app) as address:
        page = browser.new_page(base_url=address)
        page.goto("/docs#Files.post")
        operation = page.locator("[id='Files.post']")
        operation.locator("input[name=file]").set_input_files(
            [{"name": "a.txt", "mimeType": "text/plain", "buffer": b"a file"}]
        )
        output = send(operation)
        expect(output.locator(".status")).to_have_text("200")
        page.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_everybody_can_use_it(page: Page, size: dict[str, int]) -> None:
    page.get_by_label("Token", exact=True).fill("ada-token")
    operation = open_operation(page, "Todos.post")
    send(operation)
    operation.get_by_text("Failures, as problem details").click()
    assert found_by_axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
