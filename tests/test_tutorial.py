"""The tutorial, page by page: the application is built from it, and does what the page says one sees."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from html import unescape
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from flask_serveractions.testing import ActionsClient
from tests.doc_console import commands_of, outputs_of
from tests.todo_app import served
from tests.tutorial import blocks_at, steps, tutorial_app, write_up_to

BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
EVENTS = {"Accept": "text/event-stream", "Sec-Fetch-Site": "same-origin"}
PROGRAM = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
SIGNED = re.compile(r"(?<=_action=add_todo/)[^\"]+|(?<=name=\"csrf_token\" value=\")[^\"]+")
PASSWORD = "correct horse"

Build = Callable[[str], ActionsClient]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Build the application as it stands after a step and give a visitor's client."""
    with ExitStack() as stack:

        def build(step: str) -> ActionsClient:
            app = stack.enter_context(tutorial_app(step, tmp_path))
            return ActionsClient(app, app.response_class)

        yield build


def items(page: TestResponse) -> list[str]:
    """Return the texts on the list of a page."""
    listed = page.text.partition("<ul")[2].partition("</ul>")[0].partition("<template")[0]
    rows = re.findall(r"<li>(.*?)</li>", listed, re.DOTALL)
    return [re.sub(r"<form.*?</form>|<[^>]+>", "", row, flags=re.DOTALL).strip() for row in rows]


def add(client: ActionsClient, text: str) -> TestResponse:
    return client.submit(client.get("/"), "add_todo", text=text)


def sign_up(client: ActionsClient, name: str = "ada", password: str = PASSWORD) -> TestResponse:
    return client.submit(client.get("/sign-in"), "sign_up", name=name, password=password)


def test_every_page_with_a_file_is_tried_by_a_test() -> None:
    tests = Path(__file__).read_text(encoding="utf-8")
    tried = set(re.findall(r'build\("(\w+)"\)|write_up_to\("(\w+)"', tests))
    assert [step for step in steps() if (step, "") not in tried and ("", step) not in tried] == []


def test_every_command_is_run_that_nobody_has_to_type_by_hand() -> None:
    tests = Path(__file__).read_text(encoding="utf-8")
    run = set(re.findall(r'commands_show\("(\w+)"', tests))
    assert run == {step for step in steps() if any(not each.by_hand for each in commands_of(blocks_at(step)))}


def test_what_is_new_in_a_file_is_marked() -> None:
    before: dict[str, set[str]] = {}
    for block in (block for step in steps() for block in blocks_at(step) if block.caption):
        lines, earlier = set(block.code.splitlines()), before.get(str(block.caption), set())
        if block.emphasized:
            assert lines - earlier - {""} <= block.emphasized_lines, f"{block.page.name}:{block.line}"
        before[str(block.caption)] = lines


def test_a_page_shows_one_item(build: Build) -> None:
    client = build("page")
    assert items(client.get("/")) == ["Buy milk"]
    with client.get("/static/style.css") as style:
        assert style.status_code == 200


def test_the_first_action_adds_and_leads_back_to_the_page(build: Build) -> None:
    client = build("action")
    answer = add(client, "Water the plants")
    assert (answer.status_code, answer.location) == (303, "/")
    assert items(client.get("/")) == ["Buy milk", "Water the plants"]


def test_the_first_action_says_what_is_wrong_and_keeps_what_was_typed(build: Build) -> None:
    client = build("action")
    page = add(client, "Buy milk")
    assert page.status_code == 422
    assert 'value="Buy milk"' in page.text
    assert "That is on your list already.</span>" in page.text
    assert "Write 1 to 200 characters.</span>" in add(client, "").text
    assert items(client.get("/")) == ["Buy milk"]


def test_the_form_is_rendered_as_the_page_shows_it(build: Build) -> None:
    client = build("action")
    shown = next(block.code for block in blocks_at("action") if block.language == "html")
    form = re.search(r"<form.*?</form>", client.get("/").text, re.DOTALL)
    assert form is not None
    assert SIGNED.sub("…", form[0]).split() == shown.split()


def test_the_database_keeps_the_list_and_refuses_the_same_again(build: Build) -> None:
    client = build("database")
    assert items(client.get("/")) == []
    assert add(client, "Buy milk").status_code == 303
    page = add(client, "Buy milk")
    assert page.status_code == 422
    assert "That is on your list already.</span>" in page.text
    restarted = sys.modules["todo"].create_app()
    assert items(restarted.test_client().get("/")) == ["Buy milk"]
    with restarted.app_context():
        sys.modules["todo.extensions"].db.engine.dispose()
    assert Path(client.application.instance_path, "todo.sqlite3").exists()


def test_a_bound_argument_says_which_item_is_meant(build: Build) -> None:
    client = build("bound")
    add(client, "Buy milk")
    add(client, "Call the bank")
    client.submit(client.get("/"), "complete_todo", todo_id=1, completed="true")
    page = client.get("/")
    assert '<span class="done">Buy milk</span>' in page.text
    assert page.text.count("Reopen") == 1
    client.submit(page, "delete_todo", todo_id=1)
    assert items(client.get("/")) == ["Call the bank"]
    again = client.submit(page, "delete_todo", todo_id=1)
    assert again.status_code == 404
    assert "That is not on your list." in again.text


def test_a_bound_argument_is_nothing_that_a_visitor_can_change(build: Build) -> None:
    client = build("bound")
    add(client, "Buy milk")
    add(client, "Call the bank")
    url, data = form_of(client, "delete_todo")
    forged = url.replace("=delete_todo/", "=delete_todo/e")
    assert client.post(forged, data=data, headers=BROWSER).status_code == 404
    assert len(items(client.get("/"))) == 2
    client.post(url, data={**data, "todo_id": "2"}, headers=BROWSER)
    assert items(client.get("/")) == ["Call the bank"]


def test_the_client_gets_the_fresh_page_with_the_answer(build: Build) -> None:
    client = build("client")
    page = client.get("/")
    assert '<script type="module" src="/_actions/client.js?v=' in page.text
    assert 'data-optimistic="new"' in page.text
    assert "<li>" in client.call_action("add_todo", "/", text="Buy milk").json["page"]


def test_nobody_sees_the_list_before_signing_in(build: Build) -> None:
    client = build("access")
    answer = client.get("/", headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/")
    assert client.call_action("add_todo", text="Buy milk").status_code == 401


def test_an_account_is_made_and_its_password_never_sent_back(build: Build) -> None:
    client = build("access")
    page = sign_up(client, password="short")
    assert "Use 8 characters or more." in page.text
    assert 'value="ada"' in page.text
    assert "short" not in page.text
    assert sign_up(client).location == "/"
    assert "ada" in client.get("/").text
    assert "Somebody has that name already." in sign_up(ActionsClient(client.application)).text


def test_everybody_has_a_list_of_their_own(build: Build) -> None:
    ada = build("access")
    grace = ActionsClient(ada.application)
    sign_up(ada)
    sign_up(grace, "grace")
    add(ada, "Buy milk")
    add(grace, "Buy milk")
    assert items(ada.get("/")) == items(grace.get("/")) == ["Buy milk"]
    assert ada.call_action("delete_todo", todo_id=2).status_code == 404
    ada.submit(ada.get("/"), "sign_out")
    assert ada.get("/", headers=BROWSER).status_code == 303
    wrong = ada.submit(ada.get("/sign-in"), "sign_in", name="ada", password="wrong-password")
    assert "No account has that name and password." in wrong.text
    assert ada.submit(ada.get("/sign-in"), "sign_in", name="ada", password=PASSWORD).location == "/"


def test_the_commands_of_the_access_page_show_what_it_says(build: Build, tmp_path: Path) -> None:
    build("access")
    commands_show("access", tmp_path, "")


def test_the_commands_of_the_api_page_show_what_it_says(build: Build, tmp_path: Path) -> None:
    client = build("api")
    sign_up(client)
    client.application.debug = True
    with served(client.application) as address:
        commands_show("api", tmp_path, address)


def test_the_api_works_on_the_list_of_the_page_and_is_described(build: Build) -> None:
    client = build("api")
    sign_up(client)
    assert client.post("/api/todos", json={"text": "Call the bank"}).json["id"] == 1
    assert items(client.get("/")) == ["Call the bank"]
    client.submit(client.get("/"), "delete_todo", todo_id=1)
    assert client.get("/api/todos").json == []
    assert client.get("/docs").status_code == 200
    assert client.get("/openapi.json").json["paths"]["/api/todos"]["post"]["summary"] == "Add a to-do."


def test_a_report_tells_how_far_it_is(build: Build) -> None:
    client = build("progress")
    sign_up(client)
    for text in ("Buy milk", "Call the bank", "Water plants"):
        add(client, text)
    page = client.get("/")
    assert "There is none yet." in page.text
    url, data = form_of(client, "generate_report")
    answer = client.post(url, data=data, headers=EVENTS)
    events = re.findall(r"^event: (\w+)$", answer.text, re.MULTILINE)
    assert events == ["progress"] * 3 + ["result"]
    assert "3 to-dos, 7 words." in client.get("/", headers=BROWSER).text


def test_a_report_in_the_background_is_found_on_the_page_later(build: Build) -> None:
    client = build("background")
    sign_up(client)
    add(client, "Buy milk")
    waiting = client.submit(client.get("/"), "generate_report")
    assert (waiting.status_code, "<h1>Working</h1>" in waiting.text) == (202, True)
    job = client.call_action("generate_report").json["job"]
    assert set(job) - {"url"} == {"state", "done", "total", "message", "data", "error"}
    client.get(job["url"], headers=EVENTS).get_data()  # the end of its events is the end of the job
    assert client.get(job["url"]).json["state"] == "done"
    assert "1 to-dos, 2 words." in client.get("/").text


def test_the_tests_of_the_tests_page_pass(tmp_path: Path) -> None:
    write_up_to("tests", tmp_path)
    commands_show("tests", tmp_path, "")


def test_a_server_takes_its_key_from_the_environment(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_SECRET_KEY", "from the environment")
    assert build("deploy").application.secret_key == "from the environment"


def test_the_tables_are_made_before_the_server_starts(tmp_path: Path) -> None:
    write_up_to("deploy", tmp_path)
    commands_show("deploy", tmp_path, "")
    assert (tmp_path / "instance" / "todo.sqlite3").exists()


def form_of(client: ActionsClient, action: str) -> tuple[str, dict[str, str]]:
    """Return the URL of the first form that calls an action, and what is hidden in it."""
    page = client.get("/").text
    url = unescape(re.findall(rf'action="([^"]*_action={action}/[^"]+)"', page)[0])
    return url, {"_action": "", "csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]}


def commands_show(step: str, folder: Path, address: str) -> None:
    """Run the commands of a page that nobody has to type by hand, and compare what they write."""
    commands = [command for command in commands_of(blocks_at(step)) if not command.by_hand]
    assert commands
    for command, output in zip(commands, outputs_of(commands, folder, address), strict=True):
        assert command.shows(output), f"{command.typed}\n{output}"
