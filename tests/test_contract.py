"""One list of cases, through form, JSON and REST: two doors into one house."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_serveractions import MethodRoute, ServerActions
from tests.callers import ACCEPT_HTML, form_in
from tests.contract_app import (
    ELSEWHERE,
    JSON,
    SENDERS,
    Place,
    base_url,
    by_form,
    by_json,
    by_rest,
    calls,
    deliver,
    plain,
    plain_app,
)

PROBLEM = "application/problem+json"
HTML = "text/html"
CSV = "text/csv"
MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


# The list: what is sent, and (status, media type) for a browser's form, a script's JSON, and REST


@dataclass(frozen=True)
class Case:
    name: str
    form: tuple[int, str]
    json: tuple[int, str]
    rest: tuple[int, str] | None
    sent: dict[str, Any] | None = None
    ran: bool = True  # whether the function ran
    title: str = ""

    @property
    def id(self) -> str:
        return self.title or self.name


def failing(name: str, code: int, title: str, browser: str = HTML, rest: bool = True, **sent: Any) -> Case:
    """A case that is refused on every way before the function runs."""
    return Case(name, (code, browser), (code, PROBLEM), (code, PROBLEM) if rest else None, sent, False, title)


CASES = [
    Case("nothing", (303, HTML), (200, JSON), (204, "")),
    Case("value", (303, HTML), (200, JSON), (200, JSON)),
    Case("schema", (303, HTML), (200, JSON), (200, JSON)),
    Case("status", (303, HTML), (201, JSON), (201, JSON)),
    Case("annotated_status", (303, HTML), (201, JSON), (201, JSON)),
    Case("headers", (303, HTML), (202, JSON), (202, JSON)),
    Case("asynchronous", (303, HTML), (200, JSON), (200, JSON)),
    Case("error", (409, HTML), (409, PROBLEM), (409, PROBLEM)),
    Case("field_error", (422, HTML), (422, PROBLEM), (422, PROBLEM)),
    Case("asynchronous_error", (422, HTML), (422, PROBLEM), (422, PROBLEM)),
    Case("not_found", (404, HTML), (404, PROBLEM), (404, PROBLEM)),
    Case("forbidden", (403, HTML), (403, PROBLEM), (403, PROBLEM)),
    Case("gone", (410, HTML), (410, PROBLEM), (410, PROBLEM)),
    Case("bug", (500, HTML), (500, PROBLEM), (500, PROBLEM)),
    Case("file", (200, CSV), (200, CSV), (200, CSV)),
    Case("response", (201, "text/plain"), (201, "text/plain"), (201, "text/plain")),
    Case("elsewhere", (303, HTML), (200, JSON), (302, HTML)),
    Case("restricted", (303, HTML), (200, JSON), (204, "")),
    failing("value", 422, "text that is too long", data={"text": "x" * 21}),
    failing("value", 422, "text that is missing", data={"count": 1}),
    failing("value", 422, "a number that is none", data={"text": "milk", "count": "x"}),
    failing("value", 422, "NUL in text", data={"text": "a\0b"}),
    failing("value", 403, "another origin", headers={"Origin": "http://evil.example"}),
    failing("value", 403, "an opaque origin", headers={"Origin": "null"}),
    failing("value", 403, "another site", headers={"Sec-Fetch-Site": "cross-site"}),
    failing("value", 401, "nobody", headers={"X-User": ""}),
    failing("restricted", 403, "somebody else", headers={"X-Role": "guest"}),
    failing("value", 405, "another method", method="PATCH"),
    failing("value", 413, "a body that is too large", data={"text": "x" * 2_000_000}),
    failing("value", 415, "a body of another type", data=b"text", content_type="text/plain"),
    failing("value", 415, "a compressed body", headers={"Content-Encoding": "gzip"}),
    failing("value", 400, "JSON that does not parse", data=b"{", content_type=JSON),
    failing("value", 400, "JSON with NaN", data=b'{"text": NaN}', content_type=JSON),
    failing("value", 400, "a form that is cut off", data=b"--x\r\nCont", content_type=f"{MULTIPART}; boundary=x"),
    failing("value", 400, "a form without its boundary", data=b"--x--", content_type=MULTIPART),
    failing("value", 400, "a form that is not UTF-8", data=b"text=%FF", content_type=URLENCODED),
    failing("value", 404, "an ID that nobody signed", method="POST", rest=False, spoil="id"),
    failing("value", 400, "a token that nobody signed", rest=False, headers={"X-CSRFToken": "wrong"}),
]  # fmt: skip


def ways(cases: Iterable[Case]) -> list[Any]:
    """Return each case with each of its senders, and what is expected."""
    expected = [(case, way, getattr(case, way)) for case in cases for way in SENDERS]
    return [pytest.param(case, way, told, id=f"{case.id}-{way}") for case, way, told in expected if told is not None]


def send(place: Place, case: Case, way: str) -> TestResponse:
    sent = dict(case.sent or {})
    if sent.pop("spoil", None) == "id":
        return spoiled(place, case, way)
    return SENDERS[way](place, case.name, sent)


def spoiled(place: Place, case: Case, way: str) -> TestResponse:
    form = form_in(place.client.get(f"{place.mount}/form/{case.name}", base_url=base_url(place)))
    sent = {"data": {"text": "milk"}, "headers": {}, "accept": ACCEPT_HTML if way == "form" else JSON}
    return deliver(place, f"{form.url}AA", sent, {"X-CSRFToken": form.token})


@pytest.mark.parametrize(("case", "way", "told"), ways(CASES))
def test_the_contract(case: Case, way: str, told: tuple[int, str]) -> None:
    answer = send(plain(), case, way)
    assert (answer.status_code, answer.mimetype or "") == told
    assert calls == ([case.name] if case.ran else [])
    check_shape(answer, way)


def check_shape(answer: TestResponse, way: str) -> None:
    """Every answer of a kind has the same members, whoever sent and whatever went wrong."""
    if answer.mimetype == PROBLEM:
        assert {"type", "title", "status", "detail"} <= set(answer.json)
        assert answer.json["status"] == answer.status_code
        assert ("errors" in answer.json) or answer.status_code not in (422,)
    if answer.mimetype == JSON and way == "json":
        assert list(answer.json) == ["data", "redirect", "revalidated", "messages", "page"]
    if way != "rest":
        is_page_again = way == "form" and "<form" in answer.text  # which Back may show, with what was typed
        assert answer.headers["Cache-Control"] == ("private, no-cache" if is_page_again else "no-store")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "WWW-Authenticate" not in answer.headers  # a browser's fetch sent each of them: it would open a dialog
    if answer.status_code == 405:
        assert "POST" in answer.headers["Allow"]


FEW = [case for case in CASES if case.id in {"value", "field_error", "text that is too long", "another origin", "bug"}]


@pytest.mark.parametrize("where", ELSEWHERE, ids=lambda where: where.__name__)
@pytest.mark.parametrize(("case", "way", "told"), ways(FEW))
def test_the_contract_holds_wherever_the_app_is(case: Case, way: str, told: tuple[int, str], where: Any) -> None:
    place = where()
    answer = send(place, case, way)
    assert (answer.status_code, answer.mimetype or "") == told
    assert calls == ([case.name] if case.ran else [])
    if answer.status_code == 303:
        assert answer.headers["Location"] == f"{place.mount}/form/{case.name}"
    if told == (422, HTML):
        assert form_in(answer).errors["text"]
        assert form_in(answer).url.startswith(f"{place.mount}/form/{case.name}?_action={case.name}/")


@pytest.mark.parametrize(
    "case", [each for each in CASES if (each.form[0], each.form[1]) == (422, HTML)], ids=lambda each: each.id
)
def test_the_same_errors_reach_every_caller(case: Case) -> None:
    as_json = send(plain(), case, "json").json["errors"]
    as_rest = send(plain(), case, "rest").json["errors"]
    shown = {name: text for name, text in form_in(send(plain(), case, "form")).errors.items() if text}
    assert {name: " ".join(texts) for name, texts in as_json.items()} == shown
    assert as_json == as_rest


def test_the_same_data_reaches_every_program() -> None:
    for name in ("value", "schema", "status", "annotated_status", "headers", "asynchronous"):
        case = next(each for each in CASES if each.name == name)
        assert send(plain(), case, "json").json["data"] == send(plain(), case, "rest").json


def test_headers_from_the_tuple_reach_every_caller() -> None:
    for way in SENDERS:
        assert SENDERS[way](plain(), "headers", {}).headers["X-Count"] == "3"


def test_a_browser_without_an_identity_is_sent_to_sign_in_where_the_app_has_a_login_view() -> None:
    place = Place(plain_app(SERVERACTIONS_LOGIN_VIEW="login").test_client())
    nobody = {"headers": {"X-User": ""}}
    answer = by_form(place, "value", nobody)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/form/value")
    for sender in (by_json, by_rest):
        answer = sender(place, "value", nobody)
        assert answer.status_code == 401
        assert answer.json["login"].startswith("/login")


def test_a_browser_is_led_back_to_what_it_can_load_again() -> None:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="of the tests", SERVERACTIONS_LOGIN_VIEW="login")
    own = ServerActions(app)
    own.auth_hook(lambda operation: None)
    app.add_url_rule("/login", "login", lambda: "Sign in")

    @own.route("/things")
    class Things(MethodRoute):
        def get(self, sort: str = "") -> list[str]:
            return []

        def post(self) -> None:
            return None

    headers = {"Accept": ACCEPT_HTML}
    get = app.test_client().get("/things?sort=text", headers=headers)
    assert (get.status_code, get.headers["Location"]) == (
        303,
        "/login?next=/things%3Fsort%3Dtext",
    )
    post = app.test_client().post("/things", headers=headers)
    assert (post.status_code, post.headers["Location"]) == (303, "/login")


def test_what_is_public_needs_no_identity_and_knows_it_where_there_is_one() -> None:
    assert by_json(plain(), "whoever", {"headers": {"X-User": ""}}).json["data"] == {"identity": None}
    assert by_json(plain(), "whoever", {}).json["data"] == {"identity": "ada"}


def test_what_no_caller_can_read_is_406_before_anything_runs() -> None:
    for way in ("json", "rest"):
        answer = SENDERS[way](plain(), "schema", {"accept": "image/png"})
        assert (answer.status_code, answer.mimetype) == (406, PROBLEM)
    assert calls == []
