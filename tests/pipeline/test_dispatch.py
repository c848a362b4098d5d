"""The pipeline: the order of the steps, and what a bug does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import render_template_string
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.debug import DebuggedApplication

from tests.callers import BROWSER, SCRIPT, Form, app_with, extension_of, open_form, post_json, submit
from tests.security.guarded_app import create_todo, guarded_app, send_wrong, steps


@pytest.fixture(autouse=True)
def nothing_yet() -> None:
    steps.clear()


@pytest.fixture
def client() -> FlaskClient:
    return guarded_app(SERVERACTIONS_MAX_CONTENT_LENGTH=2000).test_client()


# The order. Each request is wrong in all the steps from some step on: the first one decides, and no later one runs.


@pytest.mark.parametrize(
    ("first_wrong", "status"),
    [("method", 405), ("origin", 403), ("size", 413), ("signature", 401), ("token", 400), ("hook", 401)],
)
def test_the_first_step_that_fails_decides_and_no_later_one_runs(
    client: FlaskClient, first_wrong: str, status: int
) -> None:
    form = open_form(client)
    steps.clear()
    assert send_wrong(client, form, first_wrong).status_code == status
    # with a void ID the hook is asked who is there: nobody
    assert steps == (["hook"] if first_wrong in ("hook", "signature") else [])


def test_bad_arguments_come_after_the_hook_and_before_the_function(client: FlaskClient) -> None:
    form = open_form(client)
    steps.clear()  # the hook was asked who looks at the page
    answer = submit(client, form, headers=SCRIPT, number="x")
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"number"})
    assert steps == ["hook"]


def test_a_good_call_runs_every_step_once(client: FlaskClient) -> None:
    form = open_form(client)
    steps.clear()
    assert submit(client, form, text="milk").status_code == 303
    assert steps == ["hook", "function"]


def test_the_method_is_the_first_step_on_an_unknown_id_too(client: FlaskClient) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        answer = client.open("/_actions/nothing/x", method=method, headers={"Origin": "null"})
        assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
        assert "POST" in answer.headers["Allow"]
    assert steps == []


def test_on_a_resource_the_order_is_the_same(client: FlaskClient) -> None:
    def put(**options: Any) -> int:
        return client.put("/notes/7", **options).status_code

    large = {"text": "x" * 3000}
    assert client.patch("/notes/7", json=large, headers={"Origin": "null"}).status_code == 405
    assert put(json=large, headers={"Origin": "null"}) == 403
    assert put(json=large) == 413
    assert steps == []
    with client.session_transaction() as held:
        held["user"] = ""
    assert put(json={"text": 7}) == 401
    assert steps == ["hook"]
    with client.session_transaction() as held:
        held["user"] = "ada"
    assert put(json={"text": 7}) == 422
    assert put(json={"text": "milk"}) == 200
    assert steps == ["hook", "hook", "hook", "function"]


def test_a_hook_that_raises_closes_the_door(client: FlaskClient) -> None:
    form = open_form(client)
    with client.session_transaction() as held:
        held["broken"] = True
    assert post_json(client, form, text="milk").status_code == 500
    assert client.put("/notes/7", json={"text": "milk"}).status_code == 500
    assert "function" not in steps


def test_a_hook_that_aborts_says_the_status_itself(client: FlaskClient) -> None:
    form = open_form(client)
    with client.session_transaction() as held:
        held["forbidden"] = True
    for answer in (post_json(client, form, text="milk"), client.put("/notes/7", json={"text": "milk"})):
        assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert "function" not in steps


# Bodies


def gzipped(client: FlaskClient, form: Form, content_type: str) -> Any:
    headers = {**SCRIPT, "X-CSRFToken": form.token, "Content-Encoding": "gzip"}
    return client.post(form.url, data=b"text=milk", headers=headers, content_type=content_type)


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"]
)
def test_a_compressed_body_is_415_whatever_it_is(client: FlaskClient, content_type: str) -> None:
    answer = gzipped(client, open_form(client), content_type)
    assert (answer.status_code, answer.headers["Accept-Encoding"]) == (415, "identity")
    assert "function" not in steps


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "application/octet-stream"])
def test_a_body_that_is_neither_form_nor_json_is_415(client: FlaskClient, content_type: str) -> None:
    form = open_form(client)
    headers = {**SCRIPT, "X-CSRFToken": form.token}
    answer = client.post(form.url, data=b"text=milk", headers=headers, content_type=content_type)
    assert answer.status_code == 415
    assert "application/json" in answer.headers["Accept-Post"]
    assert "function" not in steps


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nmi'),
        ("multipart/form-data; boundary=x", b"--y--\r\n"),
        ("application/x-www-form-urlencoded", b"text=%FF"),
        ("application/x-www-form-urlencoded", b"text=\xff"),
        ("application/json", b"{"),
        ("application/json", b"\xff"),
        ("application/json", b'{"text": NaN}'),
        ("application/json", b"[" * 100_000),
    ],
)
def test_a_body_that_can_not_be_read_is_400_and_nothing_runs(content_type: str, body: bytes) -> None:
    client = guarded_app().test_client()
    form = open_form(client)
    headers = {**SCRIPT, "X-CSRFToken": form.token}
    answer = client.post(form.url, data=body, headers=headers, content_type=content_type)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert "Serveractions-Stale" not in answer.headers
    assert "function" not in steps


def send_large(client: FlaskClient, form: Form, size: int, content_type: str) -> int:
    """Send a text of a size, encoded by hand: the test client would put it into a file."""
    fields = {**form.values, "text": "x" * size}
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    if content_type.startswith("multipart"):
        part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        body = "".join(part.format(*pair) for pair in fields.items()) + "--x--\r\n"
    return client.post(form.url, data=body.encode(), headers=BROWSER, content_type=content_type).status_code


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_an_action_may_raise_its_own_limit_whatever_the_encoding(content_type: str) -> None:
    app = app_with(create_todo)
    extension_of(app).register(name="large", max_content_length=3_000_000)(create_todo)
    app.add_url_rule("/large", "large", lambda: render_template_string(LARGE))
    client = app.test_client()
    small, large = open_form(client), open_form(client, page="/large")
    assert (
        send_large(client, small, 900_000, content_type) == 303
    )  # Werkzeug's own limit for the text of parts is 500 kB
    assert send_large(client, small, 2_000_000, content_type) == 413
    assert send_large(client, large, 2_000_000, content_type) == 303
    assert send_large(client, large, 3_000_000, content_type) == 413
    assert steps == ["function"] * 2


LARGE = '{% call action_form("large") %}<input name="text">{% endcall %}'


# Validation alone


def validate(client: FlaskClient, names: str, **fields: Any) -> Any:
    form = open_form(client)
    steps.clear()
    return submit(client, form, headers={**SCRIPT, "Serveractions-Validate": names}, **fields)


def test_validation_runs_every_step_up_to_the_arguments_and_never_the_function(client: FlaskClient) -> None:
    answer = validate(client, "text", text="milk")
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert steps == ["hook"]


@pytest.mark.parametrize(
    ("names", "failing"),
    [("number", {"number"}), ("text", {"text"}), ("text, number", {"text", "number"}), ("NUMBER", set()), ("", set())],
)
def test_validation_tells_of_the_named_fields_alone(client: FlaskClient, names: str, failing: set[str]) -> None:
    answer = validate(client, names, number="x", text=None)
    assert answer.status_code == (422 if failing else 204)
    assert set(answer.json["errors"] if failing else ()) == failing
    assert "function" not in steps


def test_validation_is_refused_like_a_call(client: FlaskClient) -> None:
    form = open_form(client)
    headers = {**SCRIPT, "Serveractions-Validate": "text"}
    assert submit(client, form, headers={**headers, "Origin": "null"}).status_code == 403
    assert submit(client, form, headers=headers, csrf_token="wrong").status_code == 400


def test_validation_is_a_matter_of_actions(client: FlaskClient) -> None:
    answer = client.put("/notes/7", json={"text": "milk"}, headers={"Serveractions-Validate": "text"})
    assert answer.json == {"number": 7}


# Bugs


INSTANCE = re.compile(r"urn:uuid:[0-9a-f-]{36}")


@pytest.mark.parametrize("door", ["action", "resource"])
def test_a_bug_is_a_500_whose_instance_stands_in_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, door: str
) -> None:
    if door == "action":
        answer = post_json(client, open_form(client), text="bug")
    else:
        answer = client.put("/notes/7", json={"text": "bug"})
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert record.name == client.application.name  # as in Flask
    assert answer.json["instance"] in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    assert "secret" not in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_a_browser_gets_the_apps_own_page_for_a_bug_and_its_instance(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    @client.application.errorhandler(500)
    def our_own(error: Any) -> tuple[str, int]:
        assert isinstance(error.original_exception, ZeroDivisionError)
        return f"Our own page: {error.description}", 500

    answer = submit(client, open_form(client), text="bug")
    assert answer.status_code == 500
    assert answer.text.startswith("Our own page")
    assert "secret" not in answer.text
    (instance,) = INSTANCE.findall(answer.text)
    assert instance in caplog.text


def test_without_a_handler_a_browser_is_told_the_instance(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = submit(client, open_form(client), text="bug")
    assert answer.status_code == 500
    assert INSTANCE.findall(answer.text)[0] in caplog.text
    assert "secret" not in answer.text


def test_debug_shows_a_script_what_was_raised(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    client.application.debug = True
    answer = post_json(client, open_form(client), text="bug")
    assert answer.status_code == 500
    assert answer.json["detail"] == "ZeroDivisionError: the secret of the inside"
    assert answer.json["traceback"].startswith("Traceback (most recent call last):")
    assert INSTANCE.fullmatch(answer.json["instance"])
    assert answer.json["instance"] in caplog.text


def test_debug_shows_a_browser_the_debugger(client: FlaskClient) -> None:
    client.application.debug = True
    debugger = DebuggedApplication(client.application.wsgi_app)
    client.application.wsgi_app = debugger  # type: ignore[method-assign]
    answer = submit(client, open_form(client), text="bug")
    assert answer.status_code == 500
    assert "Werkzeug Debugger" in answer.text
    assert "ZeroDivisionError: the secret of the inside" in answer.text


def test_testing_does_not_make_an_action_raise(client: FlaskClient) -> None:
    client.application.testing = True
    assert post_json(client, open_form(client), text="bug").status_code == 500
    assert submit(client, open_form(client), text="bug").status_code == 500


def test_a_resource_raises_a_bug_again_where_exceptions_are_propagated(client: FlaskClient) -> None:
    client.application.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ZeroDivisionError):
        client.put("/notes/7", json={"text": "bug"})


def test_got_request_exception_is_sent_as_in_flask(client: FlaskClient) -> None:
    from flask import got_request_exception

    seen: list[Any] = []

    def note(sender: Any, exception: Any, **rest: Any) -> None:
        seen.append(exception)

    with got_request_exception.connected_to(note, client.application):
        post_json(client, open_form(client), text="bug")
        submit(client, open_form(client), text="bug")
    assert [type(each) for each in seen] == [ZeroDivisionError, ZeroDivisionError]


@given(text=st.text(), number=st.text())
def test_no_form_is_an_error(text: str, number: str) -> None:
    client = FUZZED.test_client()
    with client.session_transaction() as held:
        held["user"] = "ada"
    form = open_form(client)
    data = {"text": text.encode(errors="surrogatepass"), "number": number.encode(errors="surrogatepass")}
    answer = client.post(form.url, data={**form.values, **data}, headers=BROWSER)
    assert answer.status_code in (303, 400, 422) or text in ("bug", "gone")


FUZZED = guarded_app()
