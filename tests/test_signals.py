"""Signals: what happened, for whoever wants to know."""

from __future__ import annotations

import queue
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask, abort

from flask_serveractions import (
    ActionError,
    MethodRoute,
    Progress,
    action_called,
    action_failed,
    revalidate_tag,
    revalidated,
)
from flask_serveractions.testing import ActionsClient
from tests.callers import SCRIPT, app_with, extension_of, open_form, post_json, submit

seen: list[tuple[str, Any, dict[str, Any]]] = []


def act(text: str, number: int = 0) -> str:
    if text == "fail":
        raise ActionError("No.")
    if text == "abort":
        abort(404)
    if text == "bug":
        raise ZeroDivisionError
    return text.upper()


@pytest.fixture
def app() -> Iterator[Flask]:
    seen.clear()
    app = app_with(act)

    @extension_of(app).route("/things/<text>")
    class Things(MethodRoute):
        def put(self, text: str, number: int = 0) -> list[str]:
            return [act(text)]

    @extension_of(app).auth_hook
    def who(operation: Any) -> str:
        return "ada"

    def called(sender: Flask, **told: Any) -> None:
        seen.append(("called", sender, told))

    def failed(sender: Flask, **told: Any) -> None:
        seen.append(("failed", sender, told))

    with ExitStack() as stack:
        stack.enter_context(action_called.connected_to(called, app))
        stack.enter_context(action_failed.connected_to(failed, app))
        yield app


def test_a_receiver_may_be_async(app: Flask) -> None:
    told: list[str] = []

    async def note(sender: Flask, **what: Any) -> None:
        told.append(",".join(sorted(what)))

    def change() -> None:
        revalidate_tag("todos")

    extension_of(app).register(change)
    with ExitStack() as stack:
        for signal in (action_called, action_failed, revalidated):
            stack.enter_context(signal.connected_to(note, app))
        client = ActionsClient(app)
        answers = [client.call_action("change"), client.call_action("act", text="fail"), client.put("/things/bug")]
    assert [each.status_code for each in answers] == [200, 422, 500]
    assert told == ["paths,tags", "identity,operation,result", "error,operation", "error,operation"]


def test_a_call_of_either_door_is_told_with_operation_identity_and_result(app: Flask) -> None:
    client = app.test_client()
    post_json(client, open_form(client), text="milk")
    client.put("/things/milk")
    assert [(kind, sender) for kind, sender, _ in seen] == [("called", app)] * 2
    (_, _, action), (_, _, route) = seen
    assert (action["operation"].name, action["identity"], action["result"]) == ("act", "ada", "MILK")
    assert (route["operation"].name, route["identity"], route["result"]) == ("Things.put", "ada", ["MILK"])


@pytest.mark.parametrize(
    ("text", "number", "error"),
    [
        ("fail", "0", "ActionError"),
        ("abort", "0", "NotFound"),
        ("bug", "0", "ZeroDivisionError"),
        ("milk", "x", "Invalid"),
    ],
)
def test_a_failure_of_either_door_is_told_once_with_the_error(app: Flask, text: str, number: str, error: str) -> None:
    client = app.test_client()
    submit(client, open_form(client), headers=SCRIPT, text=text, number=number)
    client.put(f"/things/{text}", data={"number": number})
    assert [(kind, type(told["error"]).__name__) for kind, _, told in seen] == [("failed", error)] * 2
    assert [told["operation"].name for _, _, told in seen] == ["act", "Things.put"]


def test_a_refusal_is_told_with_its_operation(app: Flask) -> None:
    client = app.test_client()
    submit(client, open_form(client), headers=SCRIPT, csrf_token="wrong")
    assert [(kind, told["operation"].name, told["error"].status) for kind, _, told in seen] == [("failed", "act", 400)]


def test_an_unknown_name_has_no_operation_to_tell_of(app: Flask) -> None:
    app.test_client().post("/_actions/nothing/x")
    assert seen == []


def steps(text: str) -> Generator[Progress, None, str]:
    yield Progress(0, 1)
    return text.upper()


@pytest.mark.parametrize("accept", ["application/json", "application/json, text/event-stream"])
def test_a_generator_is_told_of_once_when_it_has_ended(accept: str) -> None:
    app, told = app_with(steps), []
    client = app.test_client()
    with action_called.connected_to(lambda sender, **said: told.append((said["operation"].name, said["result"])), app):
        post_json(client, open_form(client), {**SCRIPT, "Accept": accept}, text="milk").get_data()
    assert told == [("steps", "MILK")]


def test_a_background_job_is_told_of_when_it_ends(app: Flask) -> None:
    extension_of(app).register(name="later", background=True)(act)
    client, ended = ActionsClient(app, app.response_class), queue.SimpleQueue[str]()
    with (
        action_called.connected_to(lambda sender, result, **_: ended.put(result), app),
        action_failed.connected_to(lambda sender, error, **_: ended.put(type(error).__name__), app),
    ):
        ends = []
        for text in ("milk", "fail", "bug"):
            assert client.call_action("later", text=text).status_code == 202
            ends.append(ended.get(timeout=60))
    assert ends == ["MILK", "ActionError", "ZeroDivisionError"]


def test_another_app_is_not_told(app: Flask) -> None:
    other = app_with(act).test_client()
    post_json(other, open_form(other), text="milk")
    assert seen == []
