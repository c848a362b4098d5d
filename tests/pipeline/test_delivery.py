"""A webhook's message is verified, handed over, and handled once."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf import CSRFProtect
from marshmallow import Schema
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, Header, ServerActions, webhooks
from flask_serveractions.webhooks import SignatureError

Events = list[dict[str, Any]]


class Named:
    """Takes whoever names a message for genuine."""

    def verify(self, headers: Any, body: bytes, now: float) -> str:
        if "X-Message" not in headers:
            raise SignatureError("no message ID")
        message: str = headers["X-Message"]
        return message


@pytest.fixture
def events() -> Events:
    return []


def app_of(function: Callable[..., Any], folder: Path, **config: Any) -> tuple[Flask, ServerActions]:
    app = Flask(__name__, instance_path=str(folder))
    app.config.update(config)
    CSRFProtect(app)
    app.secret_key = "of the tests"
    actions = ServerActions(app)
    actions.webhook("/hooks/in", Named())(function)
    return app, actions


@pytest.fixture
def client(events: Events, tmp_path: Path) -> FlaskClient:
    def received(event: dict[str, Any]) -> Any:
        events.append(event)
        if event.get("kind") == "crash":
            raise LookupError("the shelf")
        if event.get("kind") == "refuse":
            raise ActionError("Not now.", status=503)
        return {"seen": len(events)} if event.get("kind") == "answer" else None

    return app_of(received, tmp_path)[0].test_client()


def send(client: FlaskClient, message: str = "m1", **event: Any) -> TestResponse:
    return client.post("/hooks/in", json=event, headers={"X-Message": message})


def test_a_genuine_message_is_handed_to_the_function(client: FlaskClient, events: Events) -> None:
    assert send(client, id=7).status_code == 204
    assert send(client, "m2", kind="answer").json == {"seen": 2}
    assert events[0] == {"id": 7}


def test_a_message_without_a_signature_is_refused_and_runs_nothing(client: FlaskClient, events: Events) -> None:
    refused = client.post("/hooks/in", json={})
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
    assert events == []


def test_a_repeat_is_200_and_runs_nothing(client: FlaskClient, events: Events) -> None:
    send(client, id=7)
    assert send(client, id=7).status_code == 200
    assert len(events) == 1


@pytest.mark.parametrize(("kind", "status"), [("crash", 500), ("refuse", 503)])
def test_a_failed_handler_frees_its_id_so_that_the_senders_retry_runs(
    client: FlaskClient, events: Events, kind: str, status: int
) -> None:
    assert send(client, kind=kind).status_code == status
    assert send(client, kind="fine").status_code == 204
    assert [event["kind"] for event in events] == [kind, "fine"]


@pytest.mark.parametrize("body", ["{", "[1]", "null", "NaN", ""])
def test_what_is_no_json_object_is_a_400(client: FlaskClient, events: Events, body: str) -> None:
    assert client.post("/hooks/in", data=body, headers={"X-Message": "m"}).status_code == 400
    assert events == []


def test_a_message_over_the_limit_is_a_413(events: Events, tmp_path: Path) -> None:
    app, _ = app_of(lambda event: events.append(event), tmp_path, SERVERACTIONS_MAX_CONTENT_LENGTH=20)
    assert send(app.test_client(), text="x" * 40).status_code == 413
    assert events == []


def test_the_auth_hook_does_not_run(events: Events, tmp_path: Path) -> None:
    app, actions = app_of(lambda event: events.append(event), tmp_path)
    asked = []

    @actions.auth_hook
    def nobody(operation: Any) -> None:
        asked.append(operation.name)
        return session.get("user")

    assert send(app.test_client(), id=1).status_code == 204
    assert asked == []


def test_further_parameters_come_from_headers_and_query(tmp_path: Path) -> None:
    seen = []

    def received(event: dict[str, Any], x_topic: Header[str], shop: int = 0) -> None:
        seen.append((x_topic, shop))

    client = app_of(received, tmp_path)[0].test_client()
    headers = {"X-Message": "m", "X-Topic": "orders"}
    assert client.post("/hooks/in?shop=3", json={}, headers=headers).status_code == 204
    assert seen == [("orders", 3)]


def test_a_store_that_is_down_is_a_503_so_that_the_sender_tries_again(events: Events, tmp_path: Path) -> None:
    url = f"unix://{tmp_path}/nobody.sock"
    app, _ = app_of(lambda event: events.append(event), tmp_path, SERVERACTIONS_STORE_URL=url)
    answer = send(app.test_client(), id=1)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert events == []


def test_a_real_senders_message_gets_through_and_its_forgery_does_not(events: Events, tmp_path: Path) -> None:
    app = Flask(__name__, instance_path=str(tmp_path))
    actions = ServerActions(app)
    actions.webhook("/hooks/github", webhooks.github(["new", "old"]))(lambda event: events.append(event))
    body = json.dumps({"action": "opened"}).encode()
    signature = f"sha256={hmac.digest(b'old', body, 'sha256').hex()}"
    headers = {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": "1", "Content-Type": "application/json"}
    client = app.test_client()
    assert client.post("/hooks/github", data=body + b" ", headers=headers).status_code == 400
    assert client.post("/hooks/github", data=body, headers=headers).status_code == 204
    assert events == [{"action": "opened"}]


def test_what_is_no_verifier_or_takes_no_event_is_told_at_once() -> None:
    actions = ServerActions()
    with pytest.raises(TypeError, match="give a verifier"):
        actions.webhook("/in", "secret")(lambda event: None)
    with pytest.raises(TypeError, match="event: dict"):
        actions.webhook("/in", Named())(lambda: None)

    def listed(event: list[Annotated[dict[str, Any], Schema()]]) -> None: ...

    with pytest.raises(TypeError, match="load what it holds in the function"):
        actions.webhook("/in", Named())(listed)


def test_two_webhooks_of_one_name_are_told_with_both_places() -> None:
    actions = ServerActions()
    actions.webhook("/a", Named(), endpoint="in")(lambda event: None)
    with pytest.raises(ValueError, match="Two webhooks are called 'in'"):
        actions.webhook("/b", Named(), endpoint="in")(lambda event: None)


# Forms and lists

FORM = "application/x-www-form-urlencoded"


def send_form(client: FlaskClient, text: str, message: str = "m1") -> TestResponse:
    return client.post("/hooks/in", data=text, content_type=FORM, headers={"X-Message": message})


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("payload=%7B%22zen%22%3A+%22Keep+it.%22%7D", {"zen": "Keep it."}),
        ("payload=%5B1%2C+2%5D", [1, 2]),
        ("command=%2Fweather&text=94070&text2=", {"command": "/weather", "text": "94070", "text2": ""}),
        ("to=a&to=b", {"to": ["a", "b"]}),
        ("", {}),
    ],
)
def test_a_form_is_what_its_payload_holds_or_its_fields(text: str, event: Any, tmp_path: Path) -> None:
    got: list[Any] = []

    def received(event: dict[str, Any] | list[Any]) -> None:
        got.append(event)

    assert send_form(app_of(received, tmp_path)[0].test_client(), text).status_code == 204
    assert got == [event]


@pytest.mark.parametrize("text", ["payload=nothing", "payload=", "payload=7", "a=%FF", "a" * 3000 + "&" * 1200])
def test_a_form_that_can_not_be_read_is_refused(text: str, client: FlaskClient, events: Events) -> None:
    assert send_form(client, text).status_code in (400, 413)
    assert events == []


@pytest.mark.parametrize(
    ("annotation", "taken"),
    [
        (dict, {"dict"}),
        (dict[str, Any], {"dict"}),
        (Mapping[str, Any], {"dict"}),
        (TypedDict("Event", {"id": int}), {"dict"}),
        (list, {"list"}),
        (list[dict], {"list"}),
        (Sequence[Any], {"list"}),
        (dict | list, {"dict", "list"}),
        (dict[str, Any] | list[dict] | None, {"dict", "list"}),
        (Any, {"dict", "list"}),
        (None, {"dict", "list"}),  # not annotated
    ],
)
def test_the_annotation_says_what_kinds_of_message_are_taken(annotation: Any, taken: set[str], tmp_path: Path) -> None:
    def received(event):  # type: ignore[no-untyped-def]  # annotated below
        pass

    if annotation is not None:
        received.__annotations__["event"] = annotation
    client = app_of(received, tmp_path)[0].test_client()
    sent = {"dict": {}, "list": [{}], "number": 7, "text": "a", "nothing": None}
    answers = {
        name: client.post("/hooks/in", json=event, headers={"X-Message": name}).status_code
        for name, event in sent.items()
    }
    assert answers == {name: 204 if name in taken else 400 for name in sent}


@pytest.mark.parametrize("annotation", [str, int, bytes, Annotated[dict, Schema()], dict | str])
def test_an_event_that_nothing_would_load_is_told_at_once(annotation: Any) -> None:
    def received(event):  # type: ignore[no-untyped-def]  # annotated below
        pass

    received.__annotations__["event"] = annotation
    with pytest.raises(TypeError, match="dict, list"):
        ServerActions().webhook("/hooks/in", Named())(received)


def test_a_webhook_has_a_limit_of_its_own(tmp_path: Path) -> None:
    app, actions = app_of(lambda event: None, tmp_path, SERVERACTIONS_MAX_CONTENT_LENGTH=50)

    @actions.webhook("/hooks/large", Named(), max_content_length=500)
    def large(event: dict[str, Any]) -> None: ...

    client, headers = app.test_client(), {"X-Message": "m1"}
    for length, statuses in ((20, (204, 204)), (100, (413, 204)), (600, (413, 413))):
        body = {"text": "x" * length}
        answers = [client.post(path, json=body, headers=headers) for path in ("/hooks/in", "/hooks/large")]
        headers = {"X-Message": f"m{length}"}
        assert tuple(answer.status_code for answer in answers) == statuses


class NamedInTheEnd(Named):
    async def verify(self, headers: Any, body: bytes, now: float) -> str:  # type: ignore[override]
        return super().verify(headers, body, now)


def test_a_verifier_may_be_async(tmp_path: Path) -> None:
    app, seen = Flask(__name__, instance_path=str(tmp_path)), []
    app.secret_key = "of the tests"

    @ServerActions(app).webhook("/hooks/in", NamedInTheEnd())  # type: ignore[arg-type]  # the protocol says def
    def received(event: dict[str, Any]) -> None:
        seen.append(event)

    client = app.test_client()
    assert client.post("/hooks/in", json={}).status_code == 400
    assert [send(client, id=7).status_code for _ in range(2)] == [204, 200]
    assert seen == [{"id": 7}]
