"""Jobs as their callers see them: 202, the job's URL, its events, its end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, abort, redirect, render_template_string, session
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse
from wtforms import FileField

from flask_serveractions import (
    ActionError,
    Bound,
    Header,
    Progress,
    ServerActions,
    current_identity,
    revalidate_path,
)
from tests.callers import BROWSER, SCRIPT, open_form, post_json, submit

PAGE = """{% call(form) action_form("work", **bound) %}{{ form.fields() }}{% endcall %}"""
EVENTS = {**SCRIPT, "Accept": "text/event-stream"}


class Gate:
    """Lets a job go on when a test says so."""

    def __init__(self) -> None:
        self.began, self.go_on, self.closed = threading.Event(), threading.Event(), threading.Event()


@pytest.fixture
def gate() -> Gate:
    return Gate()


def app_of(work: Callable[..., Any], folder: Path, *, hook: Any = None, bound: Any = None, **options: Any) -> Flask:
    app = Flask(__name__, instance_path=str(folder))
    app.config.update({"SECRET_KEY": "of the tests", **options.pop("config", {})})
    actions = ServerActions(app)
    actions.register(name="work", background=True, **options)(work)
    if hook is not None:
        actions.auth_hook(hook)

    @app.get("/reports")
    def page() -> str:
        return render_template_string(PAGE, bound=bound or {})

    @app.get("/sign-in/<name>")
    def sign_in(name: str) -> str:
        session["user"] = name
        return name

    return app


def report(pages: int = 3) -> Generator[Progress, None, dict[str, int]]:
    for number in range(pages):
        yield Progress(number + 1, pages, f"page {number + 1}")
    if pages == 13:
        raise ActionError("Unlucky.", field="pages")
    if pages == 14:
        raise LookupError("lost")
    revalidate_path("/reports")
    return {"pages": pages}


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return app_of(report, tmp_path).test_client()


def start(client: FlaskClient, **fields: Any) -> str:
    """Start a job and return its URL."""
    answer = post_json(client, open_form(client, page="/reports"), **fields)
    assert answer.status_code == 202, answer.text
    return answer.headers["Location"]


def events_of(response: TestResponse) -> list[tuple[str, Any]]:
    blocks = [block for block in response.get_data(as_text=True).strip().split("\n\n") if not block.startswith(":")]
    pairs = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(pair["event"], json.loads(pair["data"])) for pair in pairs]


def end_of(client: FlaskClient, url: str) -> Any:
    """Wait for a job's end and return it as its URL answers."""
    events_of(client.get(url, headers=EVENTS))
    return client.get(url, headers=SCRIPT).json


def test_a_background_action_answers_202_with_the_job(client: FlaskClient) -> None:
    answer = post_json(client, open_form(client, page="/reports"), pages=2)
    assert answer.status_code == 202
    assert answer.json is not None
    job = answer.json["job"]
    assert job["url"] == answer.headers["Location"]
    assert job["state"] in ("queued", "running", "done")


def test_the_jobs_url_tells_its_state_and_in_the_end_its_data(client: FlaskClient) -> None:
    ended = end_of(client, start(client, pages=2))
    assert ended == {"state": "done", "done": 2, "total": 2, "message": "page 2", "data": {"pages": 2}, "error": None}


def test_a_jobs_events_end_with_the_answer(client: FlaskClient) -> None:
    name, result = events_of(client.get(start(client, pages=2), headers=EVENTS))[-1]
    assert name == "result"
    assert result["data"] == {"pages": 2}
    assert result["revalidated"] == {"paths": ["/reports"], "tags": []}


def test_an_expected_failure_fails_the_job_with_problem_details(client: FlaskClient) -> None:
    url = start(client, pages=13)
    ended = end_of(client, url)
    assert (ended["state"], ended["data"]) == ("failed", None)
    assert ended["error"]["status"] == 422
    assert ended["error"]["errors"] == {"pages": ["Unlucky."]}
    assert None not in ended["error"].values()
    assert events_of(client.get(url, headers=EVENTS))[-1][0] == "error"


def test_a_bug_fails_the_job_and_says_nothing(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    ended = end_of(client, start(client, pages=14))
    assert ended["state"] == "failed"
    assert "lost" not in json.dumps(ended)
    assert ended["error"]["instance"] in caplog.text


def test_arguments_are_checked_before_anything_is_queued(client: FlaskClient) -> None:
    refused = post_json(client, open_form(client, page="/reports"), pages="many")
    assert refused.status_code == 422


def test_a_browser_without_javascript_gets_a_page_that_looks_again(tmp_path: Path, gate: Gate) -> None:
    def work() -> Generator[Progress, None, int]:
        yield Progress(1, 4, "<b>one</b>")
        gate.began.set()
        assert gate.go_on.wait(60)
        return 1

    client = app_of(work, tmp_path).test_client()
    waiting = submit(client, open_form(client, page="/reports"))
    url = waiting.headers["Location"]
    assert waiting.status_code == 202
    assert waiting.headers["Refresh"].endswith(f"url={url}")
    assert gate.began.wait(60)
    looking = client.get(url, headers=BROWSER)
    assert looking.status_code == 200
    assert 'value="1" max="4"' in looking.text
    assert "&lt;b&gt;one" in looking.text
    gate.go_on.set()
    events_of(client.get(url, headers=EVENTS))
    done = client.get(url, headers=BROWSER)
    assert (done.status_code, done.headers["Location"]) == (303, "/reports")


def test_a_browser_is_told_of_a_failure(client: FlaskClient) -> None:
    url = start(client, pages=13)
    end_of(client, url)
    page = client.get(url, headers=BROWSER)
    assert page.status_code == 422
    assert "Unlucky." in page.text
    assert 'href="/reports"' in page.text


def test_a_job_that_redirects_leads_there(tmp_path: Path) -> None:
    def work() -> Any:
        return redirect("/reports/7")

    client = app_of(work, tmp_path).test_client()
    url = start(client)
    end_of(client, url)
    assert client.get(url, headers=BROWSER).headers["Location"] == "/reports/7"


def test_delete_cancels_at_the_next_yield(tmp_path: Path, gate: Gate) -> None:
    def work() -> Generator[Progress, None, int]:
        try:
            yield Progress(1)
            gate.began.set()
            assert gate.go_on.wait(60)
            yield Progress(2)
            return 1
        finally:
            gate.closed.set()

    client = app_of(work, tmp_path).test_client()
    form = open_form(client, page="/reports")
    url = post_json(client, form).headers["Location"]
    assert gate.began.wait(60)
    refused = client.delete(url, headers=SCRIPT)
    assert refused.status_code == 400  # no token
    cancelled = client.delete(url, headers={**SCRIPT, "X-CSRFToken": form.token})
    assert cancelled.json is not None
    assert cancelled.json["state"] == "failed"
    assert cancelled.json["error"]["code"] == "cancelled"
    gate.go_on.set()
    assert gate.closed.wait(60)
    assert client.get(url, headers=SCRIPT).json == cancelled.json


def test_anyone_but_the_owner_gets_a_404(client: FlaskClient) -> None:
    url = start(client)
    stranger = client.application.test_client()
    open_form(stranger, page="/reports")
    assert client.get(url, headers=SCRIPT).status_code == 200
    assert stranger.get(url, headers=SCRIPT).status_code == 404
    assert stranger.get(url, headers=EVENTS).status_code == 404


def test_a_job_is_its_identitys_in_every_session(tmp_path: Path) -> None:
    app = app_of(report, tmp_path, hook=lambda operation: session.get("user"))
    at_home, at_work, other = app.test_client(), app.test_client(), app.test_client()
    for client, name in ((at_home, "ada"), (at_work, "ada"), (other, "bob")):
        client.get(f"/sign-in/{name}")
    url = start(at_home)
    assert at_work.get(url, headers=SCRIPT).status_code == 200
    assert other.get(url, headers=SCRIPT).status_code == 404
    assert app.test_client().get(url, headers=SCRIPT).status_code == 401


@pytest.mark.parametrize("junk", ["x", "a:b:c.sig", "é", "." * 9])
def test_a_forged_url_is_a_404(client: FlaskClient, junk: str) -> None:
    assert client.get(f"/_actions/-/jobs/{junk}", headers=SCRIPT).status_code == 404


def test_a_job_knows_who_started_it_and_what_was_signed(tmp_path: Path) -> None:
    def work(report_id: Bound[int], accept_language: Header[str] = "") -> list[Any]:
        return [report_id, str(current_identity), accept_language]

    app = app_of(work, tmp_path, hook=lambda operation: session.get("user"), bound={"report_id": 7})
    client = app.test_client()
    client.get("/sign-in/ada")
    form = open_form(client, page="/reports")
    url = post_json(client, form, {**SCRIPT, "Accept-Language": "eo"}).headers["Location"]
    assert end_of(client, url)["data"] == [7, "ada", "eo"]


def test_a_job_that_runs_once_is_started_once(tmp_path: Path) -> None:
    started = []

    def work() -> int:
        started.append(1)
        return 1

    client = app_of(work, tmp_path, once=True).test_client()
    form = open_form(client, page="/reports")
    headers = {**SCRIPT, "Idempotency-Key": "one"}
    first, second = post_json(client, form, headers), post_json(client, form, headers)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.headers["Location"] == second.headers["Location"]
    assert second.headers["Idempotency-Replayed"] == "true"
    end_of(client, first.headers["Location"])
    assert started == [1]


def test_nothing_is_queued_in_silence_when_the_store_is_down(tmp_path: Path) -> None:
    ran = []

    def work() -> None:
        ran.append(1)

    config = {"SERVERACTIONS_STORE_URL": f"unix://{tmp_path}/nobody.sock"}
    client = app_of(work, tmp_path, config=config).test_client()
    down = post_json(client, open_form(client, page="/reports"))
    assert down.status_code == 503
    assert "Retry-After" in down.headers
    assert ran == []


def absent() -> None:
    abort(404, "There is no such report.")


def written() -> Response:
    return Response("a;b", mimetype="text/csv")


def test_a_job_that_aborts_has_failed_with_that_status(tmp_path: Path) -> None:
    client = app_of(absent, tmp_path).test_client()
    ended = end_of(client, start(client))
    assert ended["state"] == "failed"
    says = "There is no such report."
    assert ended["error"] == {"type": "about:blank", "title": "Not Found", "status": 404, "detail": says}


def test_a_job_that_returns_a_file_is_an_error_that_says_where_to_put_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = app_of(written, tmp_path).test_client()
    assert end_of(client, start(client))["error"]["status"] == 500
    assert "written" in caplog.text
    assert "Store the file, and return where it is to be had" in caplog.text


class Upload(FlaskForm):
    file = FileField()


def takes_file(file: FileStorage | None = None) -> None: ...


def takes_files(files: list[FileStorage]) -> None: ...


def takes_form(form: Upload) -> None: ...


@pytest.mark.parametrize("work", [takes_file, takes_files, takes_form])
def test_a_job_that_takes_a_file_is_an_error_since_the_file_would_be_gone(work: Any) -> None:
    actions = ServerActions()
    with pytest.raises(TypeError, match=f"{work.__name__}.*background job.*Store the file"):
        actions.register(background=True)(work)
    actions.register(work)
