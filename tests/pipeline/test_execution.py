"""Calling the function: once for a key, and step by step."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import pytest
from flask import Flask, Response, abort, flash, redirect, render_template_string, session
from flask.testing import FlaskClient
from marshmallow.validate import Range
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from flask_serveractions import (
    ActionError,
    Progress,
    ServerActions,
    cached,
    current_identity,
    revalidate_path,
    revalidate_tag,
)
from tests.callers import BROWSER, SCRIPT, WITH_PAGE, Form, form_in, open_form, post_json, submit

PAGE = """<main>{{ done|length }} done {% call(form) action_form(name) %}
{{ form.fields() }}{% endcall %}</main>"""
EVENTS = {**SCRIPT, "Accept": "application/json, text/event-stream"}

Done = list[int]


@pytest.fixture
def done() -> Done:
    return []


def app_of(function: Callable[..., Any], folder: Path, done: Done, *, hook: Any = None, **options: Any) -> Flask:
    app = Flask(__name__, instance_path=str(folder))
    app.secret_key = "of the tests"
    app.config.update(options.pop("config", {}))
    actions = ServerActions(app)
    actions.register(**options)(function)
    if hook is not None:
        actions.auth_hook(hook)

    @app.get("/")
    def page() -> str:
        return render_template_string(PAGE, name=function.__name__, done=done)

    @app.get("/sign-in/<name>")
    def sign_in(name: str) -> str:
        session["user"] = name
        return name

    return app


def paying(done: Done) -> Callable[..., Any]:
    def pay(amount: Annotated[int, Range(max=1000)], then: str = "") -> dict[str, int]:
        if amount < 0:
            raise ActionError("Nothing to pay.", field="amount", result={"owed": 0})
        done.append(amount)
        if then == "crash":
            raise LookupError("the bank")
        if then == "abort":
            abort(409)
        revalidate_path("/")
        return {"paid": amount}

    return pay


@pytest.fixture
def client(done: Done, tmp_path: Path) -> FlaskClient:
    return app_of(paying(done), tmp_path, done, once=True).test_client()


def key_of(form: Form) -> str:
    return form.inputs["idempotency_key"]["value"]


def events_of(response: TestResponse) -> list[tuple[str, Any]]:
    blocks = response.get_data(as_text=True).strip().split("\n\n")
    pairs = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(pair["event"], json.loads(pair["data"])) for pair in pairs]


# Once for a key


def test_a_form_that_is_sent_twice_runs_once_and_gets_the_same_answer(client: FlaskClient, done: Done) -> None:
    form = open_form(client)
    first, second = submit(client, form, amount=5), submit(client, form, amount=5)
    assert (first.status_code, second.status_code) == (303, 303)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert done == [5]


def test_a_replay_is_told_to_whoever_asks_now(client: FlaskClient, done: Done) -> None:
    form = open_form(client)
    submit(client, form, amount=5)
    told = post_json(client, form, {**WITH_PAGE, "Idempotency-Key": key_of(form)}, amount=5)
    assert told.json is not None
    assert told.json["data"] == {"paid": 5}
    assert told.json["revalidated"] == {"paths": ["/"], "tags": []}
    assert "1 done" in told.json["page"]
    assert done == [5]


def test_the_same_key_with_another_body_is_refused(client: FlaskClient, done: Done) -> None:
    form = open_form(client)
    submit(client, form, amount=5)
    again = submit(client, form, amount=6)
    shown = form_in(again)
    assert again.status_code == 422
    assert "other content" in shown.message
    assert shown.inputs["amount"]["value"] == "6"
    assert key_of(shown) != key_of(form)
    assert done == [5]


def test_tokens_and_keys_are_no_part_of_the_body(client: FlaskClient, done: Done) -> None:
    form = open_form(client)
    submit(client, form, amount=5)
    by_header = submit(client, form, {**BROWSER, "Idempotency-Key": key_of(form)}, amount=5, idempotency_key=None)
    assert by_header.headers["Idempotency-Replayed"] == "true"


def test_a_call_without_a_key_is_refused(client: FlaskClient, done: Done) -> None:
    form = open_form(client)
    refused = post_json(client, form, amount=5)
    too_long = post_json(client, form, {**SCRIPT, "Idempotency-Key": "k" * 201}, amount=5)
    assert (refused.status_code, too_long.status_code) == (400, 400)
    assert done == []


def test_an_expected_failure_is_kept_like_a_success(client: FlaskClient, done: Done) -> None:
    form = open_form(client)
    first, second = submit(client, form, amount=-1), submit(client, form, amount=-1)
    assert (first.status_code, second.status_code) == (422, 422)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert form_in(second).errors["amount"] == "Nothing to pay."


def test_what_was_mended_runs_because_its_key_is_fresh(client: FlaskClient, done: Done) -> None:
    failed = form_in(submit(client, open_form(client), amount=-1))
    assert submit(client, failed, amount=7).status_code == 303
    assert done == [7]


def test_a_validation_failure_frees_the_key(client: FlaskClient, done: Done) -> None:
    form = open_form(client)
    assert submit(client, form, amount=5000).status_code == 422
    assert submit(client, form, amount=5).status_code == 303
    assert done == [5]


@pytest.mark.parametrize("then", ["crash", "abort"])
def test_a_crash_inside_the_function_frees_the_key(client: FlaskClient, done: Done, then: str) -> None:
    form = open_form(client)
    headers = {**SCRIPT, "Idempotency-Key": "one"}
    assert post_json(client, form, headers, amount=5, then=then).status_code in (409, 500)
    assert post_json(client, form, headers, amount=5).status_code == 200
    assert done == [5, 5]


def test_keys_belong_to_one_session(client: FlaskClient, done: Done) -> None:
    form = open_form(client)
    submit(client, form, amount=5)
    other = client.application.test_client()
    theirs = open_form(other)
    answer = submit(other, theirs, amount=5, idempotency_key=key_of(form))
    assert "Idempotency-Replayed" not in answer.headers
    assert done == [5, 5]


def test_keys_belong_to_one_identity(done: Done, tmp_path: Path) -> None:
    app = app_of(paying(done), tmp_path, done, once=True, hook=lambda operation: session.get("user"))
    client = app.test_client()
    for name in ("ada", "bob"):
        client.get(f"/sign-in/{name}")
        answer = submit(client, open_form(client), amount=5, idempotency_key="the same")
        assert answer.status_code == 303
        assert "Idempotency-Replayed" not in answer.headers
    assert done == [5, 5]


def test_a_second_request_while_the_first_runs_is_told_when_to_come_back(done: Done, tmp_path: Path) -> None:
    began, go_on = threading.Event(), threading.Event()

    def pay(amount: int) -> int:
        began.set()
        assert go_on.wait(60)
        done.append(amount)
        return amount

    app = app_of(pay, tmp_path, done, once=True)
    client = app.test_client()
    form = open_form(client)
    headers = {**WITH_PAGE, "Idempotency-Key": "one"}
    first: list[TestResponse] = []
    other = app.test_client()
    other._cookies = client._cookies
    thread = threading.Thread(target=lambda: first.append(post_json(other, form, headers, amount=5)))
    thread.start()
    assert began.wait(60)
    second = post_json(client, form, headers, amount=5)
    go_on.set()
    thread.join()
    assert second.status_code == 409
    assert int(second.headers["Retry-After"]) >= 1
    assert second.json is not None
    assert second.json["code"] == "running"
    assert first[0].status_code == 200
    assert done == [5]


def test_a_store_that_is_down_runs_nothing(done: Done, tmp_path: Path) -> None:
    url = f"unix://{tmp_path}/nobody.sock"
    app = app_of(paying(done), tmp_path, done, once=True, config={"SERVERACTIONS_STORE_URL": url})
    client = app.test_client()
    form = open_form(client)
    down = submit(client, form, SCRIPT, amount=5)
    assert down.status_code == 503
    assert "Retry-After" in down.headers
    back = submit(client, form, amount=5)
    assert back.status_code == 503
    assert form_in(back).inputs["amount"]["value"] == "5"
    assert done == []


def test_redirects_headers_messages_and_responses_are_told_again(done: Done, tmp_path: Path) -> None:
    def pay(amount: int) -> Any:
        flash("Thank you.")
        if amount == 1:
            return redirect("/receipt")
        return Response(b"\xff\x00", 200, {"X-Kind": "raw"}, mimetype="application/pdf")

    client = app_of(pay, tmp_path, done, once=True).test_client()
    form = open_form(client)
    for _ in range(2):
        moved = post_json(client, form, {**SCRIPT, "Idempotency-Key": "a"}, amount=1)
        file = post_json(client, form, {**SCRIPT, "Idempotency-Key": "b"}, amount=2)
        assert moved.json is not None
        assert moved.json["redirect"] == "/receipt"
        assert moved.json["messages"] == [{"category": "message", "message": "Thank you."}]
        assert (file.data, file.headers["X-Kind"], file.mimetype) == (b"\xff\x00", "raw", "application/pdf")


def test_files_are_compared_by_their_content(done: Done, tmp_path: Path) -> None:
    def pay(receipt: FileStorage) -> int:
        done.append(len(receipt.read()))
        return done[-1]

    client = app_of(pay, tmp_path, done, once=True).test_client()
    form = open_form(client)

    def send(content: bytes) -> TestResponse:
        return submit(client, form, SCRIPT, receipt=FileStorage(BytesIO(content), "receipt.txt"))

    assert send(b"four").status_code == 200
    assert send(b"four").headers["Idempotency-Replayed"] == "true"
    assert send(b"five!").status_code == 422
    assert done == [4]


# Step by step


def report(amount: int = 3) -> Generator[Progress, None, dict[str, int]]:
    for number in range(amount):
        yield Progress(number, amount, f"page {number}")
    if amount == 13:
        raise ActionError("Unlucky.", field="amount")
    if amount == 14:
        raise LookupError("lost")
    revalidate_path("/")
    return {"pages": amount}


@pytest.fixture
def reader(done: Done, tmp_path: Path) -> FlaskClient:
    return app_of(report, tmp_path, done).test_client()


def test_progress_comes_as_events_and_then_the_result_with_the_page(reader: FlaskClient) -> None:
    response = post_json(reader, open_form(reader), EVENTS, amount=2)
    assert response.mimetype == "text/event-stream"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["Cache-Control"] == "no-store"
    *progress, (name, result) = events_of(response)
    assert progress == [
        ("progress", {"done": 0, "total": 2, "message": "page 0"}),
        ("progress", {"done": 1, "total": 2, "message": "page 1"}),
    ]
    assert name == "result"
    assert result["data"] == {"pages": 2}
    assert "0 done" in result["page"]


def test_who_does_not_accept_events_gets_the_answer_at_the_end(reader: FlaskClient) -> None:
    form = open_form(reader)
    assert submit(reader, form, amount=2).status_code == 303
    told = post_json(reader, form, amount=2)
    assert told.json is not None
    assert told.json["data"] == {"pages": 2}


def test_a_failure_in_a_stream_is_an_error_event(reader: FlaskClient) -> None:
    name, problem = events_of(post_json(reader, open_form(reader), EVENTS, amount=13))[-1]
    assert name == "error"
    assert (problem["status"], problem["errors"]) == (422, {"amount": ["Unlucky."]})


def test_a_bug_in_a_stream_is_an_error_event_that_says_nothing(reader: FlaskClient) -> None:
    name, problem = events_of(post_json(reader, open_form(reader), EVENTS, amount=14))[-1]
    assert name == "error"
    assert problem["status"] == 500
    assert "lost" not in json.dumps(problem)
    assert problem["instance"].startswith("urn:uuid:")


def test_arguments_that_are_wrong_are_refused_before_a_stream_begins(reader: FlaskClient) -> None:
    refused = post_json(reader, open_form(reader), EVENTS, amount="many")
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")


def test_the_generator_is_closed_when_the_client_is_gone(done: Done, tmp_path: Path) -> None:
    closed = threading.Event()

    def endless() -> Generator[Progress, None, None]:
        try:
            while True:
                yield Progress(len(done))
                done.append(1)
        finally:
            closed.set()

    client = app_of(endless, tmp_path, done).test_client()
    form = open_form(client)
    headers = {"X-CSRFToken": form.token, **EVENTS}
    response = client.post(form.url, json={}, headers=headers, buffered=False)
    assert next(iter(response.iter_encoded())).startswith(b"event: progress")
    response.close()
    assert closed.wait(60)


def test_the_identity_is_known_in_a_stream(done: Done, tmp_path: Path) -> None:
    def report() -> Generator[Progress, None, str]:
        yield Progress(1)
        return str(current_identity)

    client = app_of(report, tmp_path, done, hook=lambda operation: "ada").test_client()
    assert events_of(post_json(client, open_form(client), EVENTS))[-1][1]["data"] == "ada"


def test_a_file_is_read_in_a_stream(done: Done, tmp_path: Path) -> None:
    def count(file: FileStorage) -> Generator[Progress, None, int]:
        yield Progress(1)
        return len(file.read())

    client = app_of(count, tmp_path, done).test_client()
    form = open_form(client)
    data = {"csrf_token": form.token, "file": (BytesIO(b"xyz"), "some.txt")}
    assert events_of(client.post(form.url, data=data, headers=EVENTS))[-1][1]["data"] == 3


def test_nothing_that_a_stream_uses_is_torn_down_before_its_end(done: Done, tmp_path: Path) -> None:
    torn_down: list[str] = []

    def report() -> Generator[Progress, None, list[str]]:
        yield Progress(1)
        return list(torn_down)

    app = app_of(report, tmp_path, done)
    app.teardown_appcontext(lambda error: torn_down.append("context"))
    app.teardown_request(lambda error: torn_down.append("request"))
    client = app.test_client()
    form = open_form(client)
    torn_down.clear()
    assert events_of(post_json(client, form, EVENTS))[-1][1]["data"] == []
    assert torn_down == ["request", "context"]


@pytest.mark.parametrize("debug", [True, False])
def test_a_session_that_is_changed_in_a_stream_is_complained_of(
    done: Done, tmp_path: Path, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def report() -> Generator[Progress, None, int]:
        yield Progress(1)
        session["late"] = True
        return 1

    app = app_of(report, tmp_path, done)
    app.debug = debug
    client = app.test_client()
    name, _ = events_of(post_json(client, open_form(client), EVENTS))[-1]
    assert name == ("error" if debug else "result")
    assert "changed the session in a stream" in caplog.text


def test_anything_else_than_progress_is_a_bug(done: Done, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def report() -> Generator[Any, None, None]:
        yield "half"

    client = app_of(report, tmp_path, done).test_client()
    assert post_json(client, open_form(client)).status_code == 500
    assert "Yield Progress" in caplog.text


def test_a_stream_that_runs_once_is_told_again_without_running(done: Done, tmp_path: Path) -> None:
    def report(amount: int) -> Generator[Progress, None, int]:
        yield Progress(1)
        done.append(amount)
        return amount

    client = app_of(report, tmp_path, done, once=True).test_client()
    form = open_form(client)
    headers = {**EVENTS, "Idempotency-Key": "one"}
    first = events_of(post_json(client, form, headers, amount=4))
    second = post_json(client, form, headers, amount=4)
    assert first[-1][1]["data"] == 4
    assert second.json is not None
    assert second.json["data"] == 4
    assert done == [4]


# What was revalidated


@pytest.mark.parametrize("stepwise", [False, True])
def test_what_was_cached_between_revalidation_and_change_is_not_served_after_it(
    done: Done, tmp_path: Path, stepwise: bool
) -> None:
    numbers = [1]

    @cached(tags=("numbers",))
    def read() -> int:
        return numbers[-1]

    def change() -> None:
        revalidate_tag("numbers")
        assert read() == 1  # somebody looks, and it is cached
        numbers.append(2)

    def change_stepwise() -> Generator[Progress, None, None]:
        yield Progress(1)
        change()

    function = change_stepwise if stepwise else change
    app = app_of(function, tmp_path, done)
    client = app.test_client()
    assert post_json(client, open_form(client)).status_code == 200
    with app.app_context():
        assert read() == 2
