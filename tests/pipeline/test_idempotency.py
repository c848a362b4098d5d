"""Whatever a call brings and whatever its function gives, a key runs it once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Annotated, Any
from uuid import uuid4

import pytest
from flask import Flask, Response, abort, redirect, render_template_string, send_file
from flask.testing import FlaskClient
from marshmallow import INCLUDE, Schema, fields, post_load
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, ServerActions, action_called
from flask_serveractions.pipeline.idempotency import CHUNK, MAX_KEPT, FileDigests
from tests.callers import SCRIPT, form_in, open_form, post_json, submit

BY_HAND = """{% set state = action_state("act") %}{{ state.summary }}
<form method="post" action="{{ action_url("act") }}" data-serveraction="act">
{{ action_fields("act") }}<input name="amount"></form>"""
PAGE = """{% call(form) action_form("act") %}{{ form.result.day.year if form.result else "" }}{% endcall %}"""


class Item:
    """What a schema makes: it has no value that tells it from others."""

    def __init__(self, **data: Any) -> None:
        self.data, self.itself = data, self


class ItemSchema(Schema):
    text = fields.String(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Item:
        return Item(**data)


class TicketSchema(Schema):
    text = fields.String()
    number = fields.UUID(load_default=uuid4)


class AnythingSchema(Schema):
    class Meta:
        unknown = INCLUDE


class LettersField(fields.Field[Any]):
    """Gives a set."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        return {*value, Decimal("NaN"), float("inf")}


@dataclass
class Place:
    """Its field holds whatever was sent."""

    extra: dict[str, Any]


def client_of(function: Callable[..., Any], folder: Path) -> FlaskClient:
    app = Flask(__name__, instance_path=str(folder))
    app.secret_key = "of the tests"
    ServerActions(app).register(once=True, name="act")(function)
    app.add_url_rule("/", "page", lambda: render_template_string(PAGE))
    return app.test_client()


def twice(client: FlaskClient, json: Any = None, headers: Any = SCRIPT) -> tuple[TestResponse, TestResponse]:
    """Send one call two times, as a double click does."""
    form, headers = open_form(client), {**headers, "Idempotency-Key": "one"}
    return post_json(client, form, headers, json=json), post_json(client, form, headers, json=json)


runs: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    runs.clear()


def with_dict(value: dict[str, Any]) -> None:
    runs.append(value)


def with_place(value: Place) -> None:
    runs.append(value)


def with_item(value: Annotated[Item, ItemSchema()]) -> None:
    runs.append(value)


def with_ticket(value: Annotated[dict[str, Any], TicketSchema()]) -> None:
    runs.append(value)


def with_anything(value: Annotated[dict[str, Any], AnythingSchema()]) -> None:
    runs.append(value)


def with_letters(value: Annotated[Any, LettersField()]) -> None:
    runs.append(value)


def with_number(value: int) -> None:
    runs.append(value)


@pytest.mark.parametrize(
    ("function", "sent"),
    [
        (with_dict, {"value": {"$": "Decimal", "value": "x"}}),
        (with_dict, {"value": {"$": {"$": [{"$": None}]}}}),
        (with_place, {"value": {"extra": {"$": "set", "": [1]}}}),
        (with_item, {"text": "milk"}),
        (with_ticket, {"text": "milk"}),
        (with_anything, {"$": "tuple", "value": 1, "nested": {"$": 1}}),
        (with_letters, {"value": ["a", "b"]}),
        (with_number, {"value": 10**4000}),
    ],
)
def test_whatever_is_sent_twice_runs_once(function: Callable[..., Any], sent: Any, tmp_path: Path) -> None:
    first, second = twice(client_of(function, tmp_path), sent)
    assert (first.status_code, second.status_code) == (200, 200), (first.text, second.text)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("function", "sent", "other"),
    [
        (with_dict, {"value": {"$": "Decimal", "value": "1"}}, {"value": {"$": "Decimal", "value": "2"}}),
        (with_item, {"text": "milk"}, {"text": "bread"}),
        (with_ticket, {"text": "milk"}, {"text": "bread"}),
        (with_letters, {"value": ["a"]}, {"value": ["b"]}),
    ],
)
def test_other_content_under_the_same_key_is_refused(
    function: Callable[..., Any], sent: Any, other: Any, tmp_path: Path
) -> None:
    client = client_of(function, tmp_path)
    form, headers = open_form(client), {**SCRIPT, "Idempotency-Key": "one"}
    assert post_json(client, form, headers, json=sent).status_code == 200
    assert post_json(client, form, headers, json=other).status_code == 422
    assert len(runs) == 1


def test_the_same_arguments_are_the_same_however_they_are_written(tmp_path: Path) -> None:
    client = client_of(with_number, tmp_path)
    form, headers = open_form(client), {**SCRIPT, "Idempotency-Key": "one"}
    assert submit(client, form, headers, value="07", button="a").status_code == 200
    assert submit(client, form, headers, value="7", button="b").headers["Idempotency-Replayed"] == "true"
    assert post_json(client, form, headers, value=7).headers["Idempotency-Replayed"] == "true"
    assert runs == [7]


class Upload(BytesIO):
    """A file that is too large to be read at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 < size <= CHUNK
        return super().read(size)


def test_an_upload_is_digested_in_chunks_and_can_be_read_again() -> None:
    upload = FileStorage(Upload(b"x" * (3 * CHUNK + 1)), "film.mkv")
    files = FileDigests()
    digest = files.of(upload)
    assert digest == FileDigests().of(FileStorage(BytesIO(b"x" * (3 * CHUNK + 1)), "film.mkv"))
    assert upload.stream.tell() == 0
    upload.stream.close()
    assert files.of(upload) == digest  # it is read once, wherever it stands


# What the function gives


def unsayable() -> Any:
    runs.append(1)
    return object()


class BrokenSchema(Schema):
    text = fields.Function(lambda value: value["nothing"])


def undumpable() -> Annotated[dict[str, Any], BrokenSchema()]:
    runs.append(1)
    return {}


def astray() -> Any:
    runs.append(1)
    return redirect("javascript:alert(1)")


@pytest.mark.parametrize("function", [unsayable, undumpable, astray])
def test_a_function_that_has_run_does_not_run_again_because_its_result_is_no_answer(
    function: Callable[..., Any], tmp_path: Path
) -> None:
    first, second = twice(client_of(function, tmp_path))
    assert (first.status_code, second.status_code) == (500, 409)
    assert second.json is not None
    assert second.json["code"] == "interrupted"
    assert runs == [1]


def test_a_function_that_has_run_does_not_run_again_because_a_receiver_of_the_signal_raises(tmp_path: Path) -> None:
    def raises(sender: Any, **_: Any) -> None:
        raise LookupError("no ledger")

    with action_called.connected_to(raises):
        first, second = twice(client_of(lambda: runs.append(1), tmp_path))
    assert (first.status_code, second.status_code) == (500, 409)
    assert runs == [1]


def test_a_number_that_json_cannot_say_is_an_error_and_runs_nothing_again(tmp_path: Path) -> None:
    def act() -> Any:
        runs.append(1)
        return {"mean": float("nan")}

    first, second = twice(client_of(act, tmp_path))
    assert (first.status_code, second.status_code) == (500, 409)
    assert second.json is not None
    assert second.json["code"] == "interrupted"
    assert runs == [1]


def test_a_redirect_by_abort_is_kept_like_one_that_is_returned(tmp_path: Path) -> None:
    def act() -> None:
        runs.append(1)
        abort(redirect("/receipt"))

    first, second = twice(client_of(act, tmp_path))
    assert first.json is not None
    assert second.json is not None
    assert first.json["redirect"] == second.json["redirect"] == "/receipt"
    assert runs == [1]


def in_json() -> Any:
    return "x" * MAX_KEPT


def in_chunks() -> Response:
    def chunks() -> Iterator[bytes]:
        for _ in range(3):
            yield b"x" * (MAX_KEPT // 2)

    return Response(chunks())


def in_a_file() -> Response:
    return send_file(BytesIO(b"x" * (MAX_KEPT + 1)), "application/pdf")


@pytest.mark.parametrize("answer", [in_json, in_chunks, in_a_file])
def test_an_answer_that_is_too_large_to_be_kept_is_sent_whole_and_never_made_again(
    answer: Callable[[], Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def act() -> Any:
        runs.append(1)
        return answer()

    client = client_of(act, tmp_path)
    with caplog.at_level(logging.WARNING, "flask_serveractions"):
        first, second = twice(client)
    assert first.status_code == 200
    assert len(first.data) > MAX_KEPT
    assert second.status_code == 409
    assert second.json is not None
    assert second.json["code"] == "not-kept"
    assert "act answered with more than 1048576 bytes" in caplog.text
    assert (tmp_path / "serveractions.sqlite3").stat().st_size < MAX_KEPT
    assert runs == [1]
    again = form_in(submit(client, open_form(client), idempotency_key="one"))
    assert "too large to be kept" in again.message
    assert again.inputs["idempotency_key"]["value"] != "one"


def test_what_an_expected_failure_shows_is_kept_with_its_types(tmp_path: Path) -> None:
    def act() -> None:
        raise ActionError("Too late.", result={"day": date(2030, 1, 2), "$": {1: 2}})

    client = client_of(act, tmp_path)
    form = open_form(client)
    first, second = submit(client, form), submit(client, form)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "2030" in form_in(first).text
    assert "2030" in form_in(second).text


def test_an_expected_failure_is_kept_without_what_cannot_be(tmp_path: Path) -> None:
    def act() -> None:
        runs.append(1)
        raise ActionError("Too late.", result=object())

    first, second = twice(client_of(act, tmp_path))
    assert (first.status_code, json.loads(second.data)["detail"]) == (422, "Too late.")
    assert runs == [1]


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_form_that_is_sent_again_while_it_runs_keeps_its_key_so_that_a_third_time_runs_nothing(
    by_hand: bool, tmp_path: Path
) -> None:
    began, may_end = Event(), Event()

    def pay(amount: int) -> Response:
        runs.append(amount)
        began.set()
        assert may_end.wait(60)
        return redirect("/paid")

    client = client_of(pay, tmp_path)
    client.application.add_url_rule("/hand", "hand", lambda: render_template_string(BY_HAND))
    page = "/hand" if by_hand else "/"
    form = open_form(client, page=page)
    other = client.application.test_client()
    other.set_cookie("session", client.get_cookie("session").value)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(submit, other, form, amount="5")
        assert began.wait(60)
        second = submit(client, form, amount="5")
        may_end.set()
        assert first.result().location == "/paid"
    again = form_in(second.text)
    assert (second.status_code, again.values["idempotency_key"]) == (409, form.values["idempotency_key"])
    third = submit(client, again, amount="5")
    assert (third.location, third.headers["Idempotency-Replayed"], runs) == ("/paid", "true", [5])


def test_once_it_has_its_answer_the_form_of_the_page_has_a_fresh_key(tmp_path: Path) -> None:
    client = client_of(with_number, tmp_path)
    form = open_form(client)
    submit(client, form, value="5")
    assert open_form(client).values["idempotency_key"] != form.values["idempotency_key"]
