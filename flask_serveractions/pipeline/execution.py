"""Calling the function: at most once for a key, and step by step where it tells its progress."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256
from typing import Any, cast

from flask import current_app
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage

from ..answers.outcome import Outcome, dump_outcome
from ..answers.render import outcome_of
from ..app_state import run_awaitable
from ..call import Call
from ..errors import ActionError, Invalid, Refusal
from ..http.typed_json import fingerprint
from ..operation import Operation
from ..security.access import current_identity
from ..security.visitors import identity_text
from ..shared.once import Claim, KeptAnswer, claim, complete, running
from ..shared.progress import Progress
from ..shared.revalidation import make_stale_again
from ..signals import action_called

KEY_LENGTH = 200  # characters, at most
KEY_FIELD = "idempotency_key"
KEY_HEADER = "Idempotency-Key"  # draft-ietf-httpapi-idempotency-key-header

Steps = Generator[Progress, None, Outcome]


def claim_key(call: Call, operation: Operation, loaded: Mapping[str, Any]) -> Claim | KeptAnswer:
    """Claim the key that a form or a call carries, or return the answer that is kept under it.

    :raises Refusal: no key (400); still running or interrupted (409), other arguments (422), no store (503).
    """
    key = sent_key(call)
    parts = (operation.name, call.session_mark, identity_text(call.identity) if call.identity else "", key)
    try:
        return claim(call.state.store, parts, digest_of(loaded))
    except Refusal as refusal:
        refusal.again = True  # the page comes back with what was typed, and a fresh key
        raise


def sent_key(call: Call) -> str:
    form = call.received.form if call.received is not None else {}
    key = call.request.headers.get(KEY_HEADER, "").strip().strip('"') or form.get(KEY_FIELD, "")
    if not key or len(key) > KEY_LENGTH:
        detail = f"This runs once for a key. Send one of 1 to {KEY_LENGTH} characters in {KEY_HEADER} or {KEY_FIELD}."
        raise Refusal(400, "no idempotency key" if not key else "an idempotency key that is too long", detail)
    return key


def digest_of(loaded: Mapping[str, Any]) -> str:
    """Return a digest of loaded arguments: the same for the same content."""
    content = {name: content_of(value) for name, value in loaded.items()}
    return sha256(fingerprint(content).encode()).hexdigest()


def content_of(value: Any) -> Any:
    """Return what an argument holds, as far as it can be told."""
    if isinstance(value, FileStorage):
        digest = sha256(value.stream.read()).hexdigest()
        value.stream.seek(0)
        return [value.filename, digest]
    if isinstance(value, FlaskForm):
        return {name: content_of(each) for name, each in value.data.items()}
    if isinstance(value, list):
        return [content_of(each) for each in value]
    if isinstance(value, dict):
        return {str(key): content_of(each) for key, each in value.items()}
    try:
        fingerprint(value)
    except (TypeError, ValueError):
        return repr(value)
    return value


def call_function(call: Call, operation: Operation, loaded: dict[str, Any], held: Claim | None) -> Steps:
    """Call the function, yielding its progress, and return what it achieved.

    An expected failure is raised, after it was kept like a success; what is no answer frees the key.
    """
    with renewed_claim(call, held):
        try:
            returned = invoke(call, operation, loaded)
            if inspect.isgenerator(returned):
                returned = yield from checked_steps(cast("Generator[Any, None, Any]", returned), operation)
                if operation.is_generator:
                    send_called_signal(call, operation, returned)
            outcome: Outcome | ActionError = outcome_of(call, operation, returned)
        except Invalid:
            raise
        except ActionError as error:
            outcome = error
        if held is not None:
            status = outcome.status
            complete(call.state.store, held, KeptAnswer(status=status, envelope=dump_outcome(call.app, outcome)))
    if isinstance(outcome, ActionError):
        raise outcome
    return outcome


def renewed_claim(call: Call, held: Claim | None) -> AbstractContextManager[None]:
    return nullcontext() if held is None else running(call.state.store, held)


def checked_steps(steps: Generator[Any, None, Any], operation: Operation) -> Generator[Progress, None, Any]:
    """Hand on what a generator yields.

    :raises TypeError: it yields something else than Progress.
    """
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                return stop.value
            if not isinstance(step, Progress):
                raise TypeError(f"{operation.where} yields {step!r}. Yield Progress(done, total, message).")
            yield step
    finally:
        steps.close()
        make_stale_again(current_app._get_current_object())  # type: ignore[attr-defined]


def run_to_the_end(steps: Steps) -> Outcome:
    """Return what is achieved in the end, for who does not want to hear of progress."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome


def invoke(call: Call, operation: Operation, loaded: dict[str, Any]) -> Any:
    """Call the function itself."""
    if call.is_action:
        call.flashed = len(call.session.get("_flashes", ()))
    for check in operation.checks:
        check()
    try:
        if operation.is_async:
            result = run_awaitable(call.app, call.app.ensure_sync(call.function)(**loaded))
        else:
            result = call.function(**loaded)
    finally:
        if operation.method != "GET":
            make_stale_again(call.app)
    if not operation.is_generator:  # which has not begun
        send_called_signal(call, operation, result)
    return result


def send_called_signal(call: Call, operation: Operation, result: Any) -> None:
    if action_called.receivers:
        identity = current_identity._get_current_object()
        action_called.send(call.app, operation=operation, identity=identity, result=result)
