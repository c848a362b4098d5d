"""Jobs that Python starts."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from flask import Flask, abort, has_request_context, redirect, render_template_string, request
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from flask_serveractions import (
    ActionError,
    Bound,
    Job,
    MethodRoute,
    Operation,
    Progress,
    ServerActions,
    action_called,
    current_identity,
    enqueue,
    public,
    requires,
)
from flask_serveractions.pages.templates import action_url
from flask_serveractions.webhooks import github
from tests.callers import BROWSER, SCRIPT, open_form, post_json, submit
from tests.pipeline.desk import Desk, Line, Note, Size, api_of, client_cookie, seen_by, with_hook
from tests.stores_processes import eventually

pytest_plugins = ["tests.pipeline.desk_fixtures"]


# From anywhere


def test_a_job_starts_outside_of_a_request_and_is_nobodys(desk: Desk) -> None:
    with desk.app.app_context():
        job = enqueue("report", pages=3, day=date(2030, 1, 2))
    assert isinstance(job, Job)
    assert (job.state, job.done, job.total, job.message, job.ended) == ("queued", 0, None, "", False)
    assert seen_by(desk) == [(3, date(2030, 1, 2), "")]
    client = desk.app.test_client()
    assert client.get(job.url, headers=SCRIPT).status_code == 404
    assert client.get("/jobs").text == "none"


def test_jobs_of_no_visitor_are_not_counted(desk: Desk) -> None:
    with desk.app.app_context():
        assert len({enqueue("wait").url for _ in range(15)}) == 15


def test_without_an_app_it_is_said_how_to_get_one() -> None:
    with pytest.raises(RuntimeError, match=r"with app\.app_context\(\)"):
        enqueue("report")


def test_a_command_starts_a_job(desk: Desk) -> None:
    desk.app.cli.command("tidy")(lambda: print(enqueue("look").state))
    assert "queued" in desk.app.test_cli_runner().invoke(args=["tidy"]).output
    assert seen_by(desk) == ["looked"]


def test_the_function_itself_names_its_action_as_well(tmp_path: Path) -> None:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.secret_key = "of the tests"
    ran = threading.Event()

    @ServerActions(app).register(background=True)
    def tidy() -> None:
        ran.set()

    with app.app_context():
        assert enqueue(tidy).action == "tidy"
    assert ran.wait(60)


def test_a_webhook_starts_a_job(desk: Desk) -> None:
    desk.actions.webhook("/hook", github("secret"))(public_hook)
    client = desk.app.test_client()
    body = b'{"pages": 4}'
    signature = "sha256=" + hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": "1", "Content-Type": "application/json"}
    answer = client.post("/hook", data=body, headers=headers)
    assert answer.status_code == 202
    assert "Set-Cookie" not in answer.headers
    assert seen_by(desk) == [(4, None, "")]
    assert client.get(answer.headers["Location"], headers=SCRIPT).status_code == 404


def public_hook(event: dict[str, Any]) -> Any:
    return enqueue("report", pages=event["pages"]), 202


def test_a_job_starts_another_one_for_the_same_owner(desk: Desk) -> None:
    desk.app.add_url_rule("/nested", "nested", lambda: enqueue("nested", pages=5).url, methods=["POST"])
    client = with_hook(desk).app.test_client()
    client.get("/in/ada")
    client.post("/nested")
    assert seen_by(desk) == [(5, None, "ada")]
    assert client.get("/jobs").text.startswith("report")
    assert "nested" in client.get("/jobs").text


def test_a_job_that_returns_another_one_leads_to_it(desk: Desk) -> None:
    desk.actions.register(name="chain", background=True)(lambda: enqueue("wait"))
    desk.app.add_url_rule("/chain", "chain", lambda: redirect(enqueue("chain").url), methods=["POST"])
    client = desk.app.test_client()
    first = client.post("/chain").location
    eventually(lambda: client.get(first, headers=BROWSER).status_code == 303)
    assert "Working" in client.get(client.get(first, headers=BROWSER).location, headers=BROWSER).text


# What is checked


def test_arguments_come_as_the_function_takes_them(desk: Desk) -> None:
    with desk.app.app_context():
        enqueue(
            "order", item=7, lines=[Line("milk", Decimal("1.20"))], size=Size.SMALL, kind="b", part=3, x_tag="urgent"
        )
    assert seen_by(desk) == [(7, [Line("milk", Decimal("1.20"))], Size.SMALL, "b", 3, "urgent")]


def test_arguments_come_as_json_has_them_too(desk: Desk) -> None:
    with desk.app.app_context():
        enqueue("order", item=7, lines=[{"text": "milk", "price": "1.20"}], size="small")
        enqueue("report", pages=1, day="2030-01-02")
    assert len(seen_by(desk, 2)) == 2
    assert (1, date(2030, 1, 2), "") in desk.seen


@pytest.mark.parametrize("note", [{"text": "milk", "secret": "x"}, Note("milk", "x")])
def test_a_whole_body_is_given_by_its_parameter(desk: Desk, note: Any) -> None:
    with desk.app.app_context():
        enqueue("keep", note=note)
    assert seen_by(desk) == [("milk", "x")]


@pytest.mark.parametrize(
    ("action", "arguments", "field"),
    [
        ("report", {"pages": "many"}, "pages"),
        ("report", {"pages": 1.5}, "pages"),
        ("report", {"pages": None}, "pages"),
        ("report", {"pages": 1, "day": "tomorrow"}, "day"),
        ("order", {"item": 1, "lines": [{"text": "milk", "price": float("nan")}], "size": "small"}, "lines.0.price"),
        ("order", {"item": 1, "lines": [], "size": "small", "kind": "c"}, "kind"),
        ("order", {"item": 1, "lines": [], "size": "small", "part": "x"}, "part"),
        ("keep", {"note": {"text": "too long"}}, "text"),
        ("keep", {"note": {"text": "milk", "other": 1}}, "other"),
    ],
)
def test_values_are_checked_as_those_of_a_call(desk: Desk, action: str, arguments: dict[str, Any], field: str) -> None:
    with desk.app.app_context(), pytest.raises(ActionError) as caught:
        enqueue(action, **arguments)
    assert caught.value.status == 422
    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize(
    ("action", "arguments", "message"),
    [
        ("report", {}, "needs 'pages'"),
        ("report", {"pages": 1, "colour": 2}, r"does not take 'colour'. It takes: pages, day"),
        ("order", {"item": "x", "lines": [], "size": "small"}, "bound argument 'item' can't be 'x'"),
        ("report", {"pages": object()}, "can't be kept for a job"),
        ("plain", {}, "no background job. Register it with background=True"),
    ],
)
def test_what_no_call_could_be_is_a_type_error(
    desk: Desk, action: str, arguments: dict[str, Any], message: str
) -> None:
    with desk.app.app_context(), pytest.raises(TypeError, match=message):
        enqueue(action, **arguments)


def test_an_unknown_action_is_a_lookup_error(desk: Desk) -> None:
    with desk.app.app_context(), pytest.raises(LookupError, match="no action 'reprot'"):
        enqueue("reprot")


# From both doors, and from any view


def test_a_resource_answers_202_with_the_job_and_its_location(desk: Desk) -> None:
    api_of(desk)
    client = desk.app.test_client()
    answer = client.post("/api/reports", json={"pages": 2})
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["job"]["url"] == answer.headers["Location"]
    assert answer.json["job"]["state"] in ("queued", "running", "done")
    assert client.get(answer.headers["Location"], headers=SCRIPT).status_code == 200
    assert desk.app.test_client().get(answer.headers["Location"], headers=SCRIPT).status_code == 404


def test_a_resource_that_returns_a_job_alone_answers_202_too(desk: Desk) -> None:
    api_of(desk)
    answer = desk.app.test_client().put("/api/reports")
    assert (answer.status_code, "Location" in answer.headers) == (202, True)


def test_a_job_belongs_to_the_identity_that_ordered_it(desk: Desk) -> None:
    api_of(with_hook(desk))
    ada, bob, again = (desk.app.test_client() for _ in range(3))
    for client, name in ((ada, "ada"), (bob, "bob"), (again, "ada")):
        client.get(f"/in/{name}")
    job = ada.post("/api/reports", json={"pages": 2}).headers["Location"]
    assert seen_by(desk) == [(2, None, "ada")]
    assert [client.get(job, headers=SCRIPT).status_code for client in (ada, bob, again)] == [200, 404, 200]


def test_who_has_signed_in_since_the_last_page_sees_the_job_at_once(desk: Desk) -> None:
    """The page that showed forms was a guest's, whose key in the session is void by now."""
    api_of(with_hook(desk))
    desk.app.add_url_rule("/form", "form", lambda: action_url("report"))
    ada, guest = desk.app.test_client(), desk.app.test_client()
    ada.get("/form")
    ada.get("/in/ada")
    job = ada.post("/api/reports", json={"pages": 2}).headers["Location"]
    assert ada.get(job, headers=SCRIPT).status_code == 200
    assert guest.get(job, headers=SCRIPT).status_code == 404


def test_a_job_of_a_guest_is_nobodys_once_somebody_has_signed_in(desk: Desk) -> None:
    api_of(with_hook(desk))
    desk.app.add_url_rule("/form", "form", lambda: action_url("report"))
    client = desk.app.test_client()
    client.get("/form")
    job = client.post("/api/reports", json={"pages": 2}).headers["Location"]
    assert client.get(job, headers=SCRIPT).status_code == 200
    client.get("/in/ada")
    assert client.get(job, headers=SCRIPT).status_code == 404


def test_whoever_ordered_a_job_sees_it_though_she_may_not_call_its_action(tmp_path: Path) -> None:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.secret_key = "of the tests"
    actions = ServerActions(app)

    @actions.auth_hook
    def hook(operation: Operation, arguments: Any) -> Any:
        if operation.requires:
            abort(403)
        return arguments.get("number") or request.headers.get("X-User")

    @actions.register(background=True)
    @requires("system")
    def build(number: Bound[int]) -> None: ...

    @actions.route("/api/builds")
    class Builds(MethodRoute):
        def post(self) -> Any:
            return enqueue(build, number=7), 202

    client = app.test_client()
    job = client.post("/api/builds", headers={"X-User": "ada"}).headers["Location"]
    answers = [client.get(job, headers={**SCRIPT, "X-User": name}) for name in ("ada", "bob", "")]
    assert [answer.status_code for answer in answers] == [200, 404, 404]


class Clerk:
    id = 7


def test_who_is_calling_stays_who_that_is_though_celery_runs_a_job_at_once(tmp_path: Path) -> None:
    celery = Celery("desk", broker="memory://")
    celery.conf.task_always_eager = True
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="of the tests", SERVERACTIONS_CELERY=celery)
    actions, seen = ServerActions(app), []

    @actions.register(background=True)
    def pack() -> None:
        seen.append((current_identity._get_current_object(), has_request_context()))

    @actions.register
    def order() -> None:
        enqueue(pack)
        seen.append((type(current_identity._get_current_object()), has_request_context()))

    actions.auth_hook(lambda operation: Clerk())
    app.add_url_rule("/", view_func=lambda: render_template_string('{% call action_form("order") %}{% endcall %}'))
    client = app.test_client()
    assert post_json(client, open_form(client)).status_code == 200
    assert seen == [("7", False), (Clerk, True)]


def test_what_is_not_valid_is_the_callers_422(desk: Desk) -> None:
    @desk.actions.route("/api/orders")
    @public
    class Orders(MethodRoute):
        def post(self, day: str) -> Any:
            return enqueue("report", pages=1, day=day), 202

    answer = desk.app.test_client().post("/api/orders", json={"day": "tomorrow"})
    assert answer.status_code == 422
    assert answer.json is not None
    assert list(answer.json["errors"]) == ["day"]


def test_one_visitor_gets_no_more_jobs_by_a_resource_than_by_forms(desk: Desk) -> None:
    api_of(desk)
    client = desk.app.test_client()
    answers = [client.put("/api/reports") for _ in range(12)]
    assert [answer.status_code for answer in answers] == [202] * 10 + [429] * 2
    assert answers[-1].content_type == "application/problem+json"
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_in_any_view_too_many_jobs_and_a_store_that_is_away_are_http_errors(desk: Desk, tmp_path: Path) -> None:
    client = desk.app.test_client()
    answers = [client.post("/view") for _ in range(11)]
    assert answers[0].headers["Location"].startswith("/_actions/-/jobs/")
    assert client.get(answers[0].headers["Location"], headers=BROWSER).status_code == 200
    assert answers[10].status_code == 429
    away = Desk(tmp_path / "away", SERVERACTIONS_STORE_URL=f"unix://{tmp_path}/nobody.sock")
    with away.app.app_context(), pytest.raises(ServiceUnavailable):
        enqueue("look")
    with desk.app.test_request_context("/", headers={"Cookie": client_cookie(client)}), pytest.raises(TooManyRequests):
        enqueue("look")


def test_an_action_that_returns_a_job_answers_as_a_background_action_does(desk: Desk) -> None:
    page = """{% call(form) action_form("plain") %}{% endcall %}"""
    desk.app.add_url_rule("/", "index", lambda: render_template_string(page))
    client = desk.app.test_client()
    form = open_form(client)
    answer = post_json(client, form, pages=2)
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["job"]["url"] == answer.headers["Location"]
    assert answer.headers["Serveractions"] == "1"  # the client knows it for an answer, and follows the job
    browser = submit(client, form)
    assert browser.status_code == 303
    assert browser.location.startswith("/_actions/-/jobs/")
    assert client.get(browser.location, headers=BROWSER).status_code in (200, 303)


def test_a_stream_that_ends_with_a_job_leads_to_its_page(desk: Desk) -> None:
    @desk.actions.register(name="check")
    @public
    def check() -> Any:
        yield Progress(1, 1, "Checked")
        return enqueue("look")

    desk.app.add_url_rule("/", "index", lambda: render_template_string("{% call action_form('check') %}{% endcall %}"))
    client = desk.app.test_client()
    events = post_json(client, open_form(client), headers={"Accept": "text/event-stream"}).text
    led = re.search(r'event: result\ndata: .*"redirect": "(/_actions/-/jobs/[^"]+)"', events)
    assert led is not None
    assert client.get(led[1], headers=SCRIPT).status_code == 200


def test_a_job_of_python_is_a_call_that_is_told_of(desk: Desk) -> None:
    told: list[str] = []

    def hear(sender: Any, operation: Any, **_: Any) -> None:
        told.append(operation.name)

    with action_called.connected_to(hear, desk.app), desk.app.app_context():
        enqueue("look")
        eventually(lambda: told == ["look"])
