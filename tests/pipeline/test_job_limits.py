"""One visitor holds so many jobs and no more: waiting, running, cancelled and still running, in whatever process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_serveractions import ServerActions
from tests.callers import SCRIPT, Form, form_in, open_form, post_json, submit
from tests.stores_processes import eventually

PAGE = """{% call(form) action_form("work") %}{{ form.fields() }}{% endcall %}"""


class Gate:
    """Lets jobs go on when a test says so."""

    def __init__(self) -> None:
        self.go_on, self.began = threading.Event(), threading.Semaphore(0)

    def work(self, text: str = "") -> str:
        self.began.release()
        assert self.go_on.wait(60)
        return text


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.go_on.set()


def app_of(gate: Gate, folder: Path, **config: Any) -> Flask:
    app = Flask(__name__, instance_path=str(folder))
    app.config.update({"SECRET_KEY": "of the tests", **config})
    actions = ServerActions(app)
    actions.register(name="work", background=True)(gate.work)
    actions.auth_hook(lambda operation: session.get("user"))
    app.add_url_rule("/", "page", lambda: render_template_string(PAGE))

    @app.get("/in/<name>")
    def sign_in(name: str) -> str:
        session["user"] = name
        return name

    return app


@pytest.fixture
def app(gate: Gate, tmp_path: Path) -> Flask:
    return app_of(gate, tmp_path)


def visitor(app: Flask, name: str) -> tuple[FlaskClient, Form]:
    client = app.test_client()
    client.get(f"/in/{name}")
    return client, open_form(client)


def ordered(client: FlaskClient, form: Form, times: int) -> list[TestResponse]:
    return [post_json(client, form) for _ in range(times)]


def statuses(answers: list[TestResponse]) -> list[int]:
    return [answer.status_code for answer in answers]


def test_a_visitor_who_orders_without_end_leaves_room_for_others(app: Flask) -> None:
    greedy, other = visitor(app, "greedy"), visitor(app, "other")
    assert statuses(ordered(*greedy, 110)) == [202] * 10 + [429] * 100
    assert statuses(ordered(*other, 1)) == [202]


def test_a_visitor_is_an_identity_and_not_a_session(app: Flask) -> None:
    assert statuses(ordered(*visitor(app, "ada"), 10)) == [202] * 10
    refused = post_json(*visitor(app, "ada"))
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json is not None
    assert refused.json["code"] == "too-many-jobs"


def test_a_browser_gets_its_page_again_with_what_was_typed(app: Flask) -> None:
    client, form = visitor(app, "ada")
    ordered(client, form, 10)
    again = submit(client, form, text="all of it")
    assert again.status_code == 429
    assert "too many jobs" in form_in(again).message
    assert form_in(again).inputs["text"]["value"] == "all of it"


def test_a_place_is_free_when_a_job_has_ended(app: Flask, gate: Gate) -> None:
    client, form = visitor(app, "ada")
    ordered(client, form, 10)
    gate.go_on.set()
    eventually(lambda: post_json(client, form).status_code == 202)


def test_a_job_that_waited_and_was_cancelled_holds_no_place(app: Flask, gate: Gate) -> None:
    client, form = visitor(app, "ada")
    jobs = [answer.headers["Location"] for answer in ordered(client, form, 10)]
    for _ in range(4):
        gate.began.acquire()
    client.delete(jobs[-1], headers={**SCRIPT, "X-CSRFToken": form.token})
    assert statuses(ordered(client, form, 2)) == [202, 429]


def test_a_job_that_was_cancelled_holds_its_place_while_its_function_runs(app: Flask, gate: Gate) -> None:
    client, form = visitor(app, "ada")
    jobs = [answer.headers["Location"] for answer in ordered(client, form, 10)]
    for _ in range(4):
        gate.began.acquire()
    states = [client.get(job, headers=SCRIPT).json for job in jobs]
    running = next(job for job, state in zip(jobs, states, strict=True) if state and state["state"] == "running")
    client.delete(running, headers={**SCRIPT, "X-CSRFToken": form.token})
    assert statuses(ordered(client, form, 1)) == [429]
    gate.go_on.set()
    eventually(lambda: post_json(client, form).status_code == 202)


def test_cancelling_and_ordering_again_does_not_fill_the_queue(app: Flask) -> None:
    client, form = visitor(app, "ada")
    headers = {**SCRIPT, "X-CSRFToken": form.token}
    for _ in range(25):
        for answer in ordered(client, form, 10):
            if answer.status_code == 202:
                client.delete(answer.headers["Location"], headers=headers)
    assert statuses(ordered(*visitor(app, "other"), 1)) == [202]


def test_two_processes_that_are_asked_at_once_do_not_go_over_the_limit(gate: Gate, tmp_path: Path) -> None:
    apps = [app_of(gate, tmp_path, SERVERACTIONS_MAX_JOBS=3) for _ in range(2)]  # with a store each, on one file
    visitors = [visitor(app, "ada") for app in apps for _ in range(2)]
    answers: list[TestResponse] = []
    threads = [threading.Thread(target=lambda who=who: answers.extend(ordered(*who, 3))) for who in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses(answers)) == [202] * 3 + [429] * 9
