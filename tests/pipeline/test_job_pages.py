"""Pages that show a visitor's own jobs."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import render_template_string
from flask.testing import FlaskClient

from tests.callers import BROWSER, SCRIPT, form_in, open_form, submit
from tests.pipeline.desk import Desk, api_of, with_hook
from tests.stores_processes import eventually

pytest_plugins = ["tests.pipeline.desk_fixtures"]


def test_a_page_shows_a_visitors_own_jobs_the_newest_first(desk: Desk) -> None:
    api_of(desk)
    client, other = desk.app.test_client(), desk.app.test_client()
    client.post("/api/reports", json={"pages": 2})
    eventually(lambda: "report done 0 2 begun" in client.get("/jobs").text)
    client.put("/api/reports")
    shown = client.get("/jobs")
    assert shown.text.index("wait") < shown.text.index("report")
    assert "private" in shown.headers["Cache-Control"]
    assert "wait" not in client.get("/jobs?name=report").text
    assert other.get("/jobs").text == "none"
    assert desk.app.test_client().get("/jobs").text == "none"


def test_jobs_of_an_identity_are_on_its_pages_in_every_session(desk: Desk) -> None:
    api_of(with_hook(desk))
    ada, again, bob = (desk.app.test_client() for _ in range(3))
    ada.get("/in/ada"), again.get("/in/ada"), bob.get("/in/bob")
    ada.put("/api/reports")
    assert "wait" in again.get("/jobs").text
    assert bob.get("/jobs").text == "none"
    assert desk.app.test_client().get("/jobs").text == "none"


def test_an_unknown_name_in_a_template_is_an_error(desk: Desk) -> None:
    desk.app.testing = True
    with pytest.raises(LookupError, match="no action 'reprot'"):
        desk.app.test_client().get("/jobs?name=reprot")


def test_a_page_stays_up_without_the_store(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SERVERACTIONS_STORE_URL=f"unix://{tmp_path}/nobody.sock")
    client = with_hook(desk).app.test_client()
    client.get("/in/ada")
    assert client.get("/jobs").text == "none"


def test_a_form_on_the_page_cancels(desk: Desk) -> None:
    api_of(desk)
    client = desk.app.test_client()
    client.put("/api/reports")
    page = client.get("/jobs").text
    url, token = page.split('action="')[1].split('"')[0], page.split('value="')[1].split('"')[0]
    assert client.post(url, headers=BROWSER).status_code == 400
    assert client.post(url, data={"csrf_token": token}, headers={**BROWSER, "Origin": "http://evil"}).status_code == 403
    assert "wait failed" not in client.get("/jobs").text
    cancelled = client.post(url, data={"csrf_token": token}, headers=BROWSER)
    assert (cancelled.status_code, cancelled.location) == (303, url)
    assert "wait failed" in client.get("/jobs").text
    assert "The job was cancelled." in client.get(url, headers=BROWSER).text


def test_the_waiting_page_has_a_form_that_cancels(desk: Desk) -> None:
    client = desk.app.test_client()
    url = client.post("/view").location
    waiting = client.get(url, headers=BROWSER)
    form = form_in(waiting)
    assert form.attributes["action"] == url
    assert client.post(url, data=form.values, headers=BROWSER).status_code == 303
    assert "The job was cancelled." in client.get(url, headers=BROWSER).text


def own_page(desk: Desk, template: str) -> FlaskClient:
    """Give an app a page of its own for jobs, and return a visitor who has ordered one."""
    folder = Path(desk.app.instance_path) / "templates" / "serveractions"
    folder.mkdir(parents=True)
    (folder / "job.html").write_text(template)
    desk.app.template_folder = str(folder.parent)
    return desk.app.test_client()


def test_the_waiting_page_is_the_apps_own_template(desk: Desk) -> None:
    client = own_page(
        desk, "<h1>{{ config.NAME }} {{ job.action }} {{ job.state }} {{ page }}</h1>{{ job.hidden_fields }}"
    )
    desk.app.config["NAME"] = "Shop"
    waiting = client.get(client.post("/view").location, headers=BROWSER)
    assert waiting.text.startswith("<h1>Shop wait ")
    assert waiting.text.count('name="csrf_token"') == 1
    assert waiting.headers["Refresh"].startswith("1;url=/_actions/-/jobs/")
    assert waiting.headers["Cache-Control"] == "no-store"


def test_a_fault_in_the_apps_own_page_is_not_taken_for_its_absence(desk: Desk) -> None:
    client = own_page(desk, "{% extends 'nothing.html' %}")
    assert client.get(client.post("/view").location, headers=BROWSER).status_code == 500


def test_a_form_leads_back_to_the_page_that_ordered_the_job(desk: Desk) -> None:
    page = (
        """{% call(form) action_form("plain") %}{% endcall %}{% for job in action_jobs() %}{{ job.url }}{% endfor %}"""
    )
    desk.app.add_url_rule("/desk", "desk", lambda: render_template_string(page))
    client = desk.app.test_client()
    form = open_form(client, page="/desk?page=2")
    job = submit(client, form).location
    cancelled = client.post(job, data={"csrf_token": form.token}, headers=BROWSER)
    assert (cancelled.status_code, cancelled.location) == (303, "/desk?page=2")
    as_script = client.post(job, headers={**SCRIPT, "X-CSRFToken": form.token})
    assert as_script.json is not None
    assert as_script.json["state"] in ("failed", "done")
