"""Attacks on the doors that need more than one module to stop them; docs/security.rst is their table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort, render_template_string, request, session
from flask.testing import FlaskClient

from flask_serveractions import (
    ActionError,
    Cookie,
    Header,
    MethodRoute,
    Query,
    ServerActions,
    current_identity,
    public,
    requires,
)
from tests.callers import (
    BROWSER,
    SCRIPT,
    app_with,
    extension_of,
    open_form,
    post_json,
    submit,
)

calls: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


# What changes hands

EVERYTHING = """{% for name in ("note", "pay", "report") %}
{% call(form) action_form(name) %}{{ form.fields() }}{% endcall %}{% endfor %}"""


def note(text: str = "") -> str:
    calls.append(("note", str(current_identity), text))
    return f"{current_identity}: {text}"


def pay(text: str = "") -> str:
    calls.append(("pay", str(current_identity), text))
    return f"{current_identity} paid {text}"


def report(text: str = "") -> str:
    return f"{current_identity}'s report"


def bank(folder: Path, *, hook: bool = True, **config: Any) -> Flask:
    """An app where one signs in by ``/in/<name>``: three actions, one of them once, one in the background."""
    app = Flask(__name__, instance_path=str(folder))
    app.config.update({"SECRET_KEY": "of the tests", **config})
    actions = ServerActions(app)
    actions.register(public(note))
    actions.register(once=True)(public(pay))
    actions.register(background=True)(public(report))
    if hook:
        actions.auth_hook(lambda operation: session.get("user"))

    @app.get("/")
    def page() -> str:
        return render_template_string(EVERYTHING)

    @app.get("/in/<name>")
    def sign_in(name: str) -> str:
        session["user"] = name
        return name

    @app.get("/out")
    def sign_out() -> str:
        session.pop("user", None)
        return "Good bye"

    return app


def key_header(key: str) -> dict[str, str]:
    return {**SCRIPT, "Idempotency-Key": key}


CHANGES = [("/in/ada", "/in/bob"), ("/in/ada", "/out"), (None, "/in/ada")]


@pytest.mark.parametrize(("before", "after"), CHANGES, ids=str)
def test_nothing_from_before_a_session_changed_hands_is_worth_anything_after(
    tmp_path: Path, before: str | None, after: str
) -> None:
    client = bank(tmp_path).test_client()
    if before:
        client.get(before)
    old = {name: open_form(client, name) for name in ("note", "pay", "report")}
    paid = post_json(client, old["pay"], headers=key_header("k"), text="1")
    job = post_json(client, old["report"]).headers["Location"]
    assert client.get(job, headers=SCRIPT).status_code == 200
    client.get(after)
    calls.clear()
    for form in old.values():  # the ID and the token
        assert post_json(client, form, headers=key_header("k"), text="1").status_code == 404
    fresh = open_form(client, "pay")  # the key, in a form that is good
    answer = post_json(client, fresh, headers=key_header("k"), text="1")
    assert "Idempotency-Replayed" not in answer.headers
    assert answer.json["data"] != paid.json["data"]
    gone = client.get(job, headers=SCRIPT)
    assert (gone.status_code, gone.json["detail"]) == (404, "There is no such job.")
    assert client.delete(job, headers={**SCRIPT, "X-CSRFToken": fresh.token}).status_code == 404
    assert len(calls) == 1


@pytest.mark.parametrize("ask", ["GET", "DELETE"])
def test_a_job_is_gone_at_once_for_whoever_signs_in_after_its_owner(tmp_path: Path, ask: str) -> None:
    client = bank(tmp_path).test_client()
    client.get("/in/ada")
    form = open_form(client, "report")
    job = post_json(client, form).headers["Location"]
    client.get("/in/bob")  # and no page since
    headers = {**SCRIPT, "X-CSRFToken": form.token}
    unknown = client.open("/_actions/-/jobs/x", method=ask, headers=headers)
    answer = client.open(job, method=ask, headers=headers)
    assert (answer.status_code, answer.json) == (404, unknown.json)
    assert set(answer.headers.keys()) - {"Set-Cookie"} == set(unknown.headers.keys())


def test_a_planted_session_is_worth_nothing_once_its_victim_has_signed_in(tmp_path: Path) -> None:
    app = bank(tmp_path)
    attacker, victim = app.test_client(), app.test_client()
    known = open_form(attacker, "note")
    victim.set_cookie("session", attacker.get_cookie("session").value)  # type: ignore[union-attr]
    victim.get("/in/ada")
    open_form(victim, "note")
    answer = post_json(victim, known, text="sent by the attacker's page")
    assert (answer.status_code, calls) == (404, [])
    assert post_json(attacker, known, text="alone").json["data"] == "None: alone"


def test_nobody_can_be_signed_in_by_another_site() -> None:
    app = app_with(log_in, page=LOG_IN)
    attacker, victim = app.test_client(), app.test_client()
    form = open_form(attacker)
    open_form(victim)
    for headers in ({"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = submit(victim, form, headers={**BROWSER, **headers}, text="the attacker")
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
    assert submit(victim, form, headers={"Accept": "text/html"}, text="the attacker").status_code == 404
    assert calls == []


LOG_IN = '{% call action_form("log_in") %}<input name="text">{% endcall %}'


@public
def log_in(text: str) -> None:
    calls.append(text)
    session["user"] = text


@pytest.mark.parametrize("config", [{}, {"SERVERACTIONS_BIND_SESSION": False}], ids=str)
def test_two_strangers_with_one_key_or_one_jobs_url_know_nothing_of_each_other(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    app = bank(tmp_path, hook=False, **config)
    one, other = app.test_client(), app.test_client()
    forms = [open_form(client, "pay") for client in (one, other)]
    answers = [
        post_json(client, form, headers=key_header("order-1"), text="1")
        for client, form in zip((one, other), forms, strict=True)
    ]
    assert ["Idempotency-Replayed" in answer.headers for answer in answers] == [False, False]
    assert len(calls) == 2
    job = post_json(one, open_form(one, "report")).headers["Location"]
    assert one.get(job, headers=SCRIPT).status_code == 200
    assert other.get(job, headers=SCRIPT).status_code == 404


# What caches keep


@pytest.fixture
def library() -> FlaskClient:
    """A client of resources that say nothing of caches, and of some that do."""
    app = app_with()
    actions = extension_of(app)
    actions.auth_hook(lambda operation: request.headers.get("Authorization"))

    @actions.route("/me")
    class Me(MethodRoute):
        def get(self) -> dict[str, str]:
            return {"name": str(current_identity)}

    @actions.route("/open")
    @public
    class Open(MethodRoute):
        def get(self, theme: Cookie[str] = "", accept_language: Header[str] = "") -> list[str]:
            return [theme, accept_language]

    @actions.route("/said")
    class Said(MethodRoute):
        def get(self) -> Any:
            return {"a": 1}, 200, {"Cache-Control": "public, max-age=5", "Vary": "X-Own"}

    @actions.route("/numbers")
    @actions.route("/numbers/<number>", endpoint="number")
    @public
    class Numbers(MethodRoute):
        def get(self, number: int = 0, at: Query[int] = 0) -> list[int]:
            return [number, at]

    @actions.route("/gone")
    @public
    class Gone(MethodRoute):
        def get(self, how: str = "") -> dict[str, str]:
            if how == "abort":
                abort(404)
            raise ActionError("Gone.", status=410)

    return app.test_client()


def test_a_resources_answer_to_somebody_known_is_private_unless_it_says_otherwise(library: FlaskClient) -> None:
    ada = {"Authorization": "Bearer ada"}
    assert library.get("/me", headers=ada).headers["Cache-Control"] == "private"
    assert library.get("/open", headers=ada).headers["Cache-Control"] == "private"
    tag = library.get("/me", headers=ada).headers["ETag"]
    unchanged = library.get("/me", headers={**ada, "If-None-Match": tag})
    assert (unchanged.status_code, unchanged.headers["Cache-Control"]) == (304, "private")
    said = library.get("/said", headers=ada).headers
    assert (said["Cache-Control"], said["Vary"]) == ("public, max-age=5", "X-Own")
    assert "Cache-Control" not in library.get("/open").headers


def test_a_resource_varies_by_the_headers_that_its_arguments_come_from(library: FlaskClient) -> None:
    assert library.get("/open").headers["Vary"] == "Cookie, Accept-Language, Authorization"


REFUSED = [
    ("/me", 401),
    ("/gone", 410),
    ("/gone?how=abort", 404),
    ("/numbers/x", 404),
    ("/numbers?at=x", 422),
    ("/numbers", 405),
]


@pytest.mark.parametrize("accept", ["application/json", "text/html,*/*;q=0.8"])
@pytest.mark.parametrize(("path", "status"), REFUSED)
def test_a_resources_refusals_are_closed_to_caches(library: FlaskClient, path: str, status: int, accept: str) -> None:
    answer = library.open(path, method="DELETE" if status == 405 else "GET", headers={"Accept": accept})
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in CLOSED} == CLOSED


CLOSED = {"Cache-Control": "no-store", "Vary": "Accept, Cookie", "X-Content-Type-Options": "nosniff"}


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil.example"])
def test_a_host_that_the_app_does_not_trust_passes_for_nobodys_own_origin(host: str) -> None:
    """A name of the attacker's that leads to this machine (DNS rebinding) is the same origin, to browsers."""
    app = app_with(note, page='{% call action_form("note") %}{% endcall %}', TRUSTED_HOSTS=["localhost"])

    @extension_of(app).route("/notes")
    class Notes(MethodRoute):
        def post(self) -> None:
            calls.append("rebound")

    client = app.test_client()
    form = open_form(client)
    rebound = {**SCRIPT, "Host": host, "Origin": f"http://{host}"}
    assert client.post("/notes", headers=rebound).status_code == 400
    assert client.post(form.url, data=form.values, headers=rebound).status_code == 400
    assert calls == []


@pytest.mark.parametrize(
    "marks", [(requires("reader"), requires("writer")), (requires("reader"), public)], ids=["role", "public"]
)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_who_may_change_and_not_read_learns_nothing_by_conditions(header: str, marks: tuple[Any, Any]) -> None:
    app = app_with()
    actions = extension_of(app)

    @actions.auth_hook
    def who(operation: Any) -> str | None:
        name = request.headers.get("Authorization")
        if name == "writer" and "reader" in operation.requires:
            abort(403)
        return name

    @actions.route("/salary")
    class Salary(MethodRoute):
        @marks[0]
        def get(self) -> dict[str, int]:
            return {"salary": 4000}

        @marks[1]
        def put(self) -> None:
            calls.append(str(current_identity))

    client = app.test_client()
    tag = client.get("/salary", headers={"Authorization": "reader"}).headers["ETag"]
    for guess in (tag, '"another"'):
        answer = client.put("/salary", headers={"Authorization": "writer", header: guess})
        assert (answer.status_code, calls) == (403, [])
    assert client.put("/salary", headers={"Authorization": "writer"}).status_code == 204
    assert client.put("/salary", headers={"Authorization": "reader", "If-Match": tag}).status_code == 204
    assert calls == ["writer", "reader"]
