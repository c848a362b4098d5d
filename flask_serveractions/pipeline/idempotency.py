"""``once=True``: which key a call carries, what is compared under it, and what is kept of its outcome."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from werkzeug.datastructures import FileStorage

from ..answers.outcome import Outcome, dump_outcome
from ..arguments.bodies import Received
from ..call import Call
from ..errors import ActionError, Refusal
from ..identities import identity_text
from ..logs import logger
from ..operation import KEY_FIELD, MISSING, Operation
from ..schemas.flask_forms import flask_form
from ..security.origin import token_field
from ..shared.once import Claim, KeptAnswer, claim, complete, interrupt
from ..stores.typed_json import fingerprint

KEY_LENGTH = 200  # characters, at most
KEY_HEADER = "Idempotency-Key"  # draft-ietf-httpapi-idempotency-key-header

MAX_KEPT = 1024 * 1024  # bytes of an answer
NOT_KEPT = "not-kept"  # in the envelope, and the code of the problem
CHUNK = 64 * 1024  # bytes


def claim_key(call: Call, operation: Operation, loaded: Mapping[str, Any]) -> Claim | KeptAnswer:
    """Claim the key that a form or a call carries, or return the answer that is kept under it.

    :raises Refusal: no key (400); still running, interrupted, or done with an answer that was not kept (409), other
        arguments (422), no store (503).
    """
    key = sent_key(call)
    parts = (operation.name, call.session_mark, identity_text(call.identity) if call.identity else "", key)
    try:
        held = claim(call.state.store, parts, digests_of(call, operation, loaded))
        if isinstance(held, KeptAnswer) and NOT_KEPT in (held.envelope or {}):
            raise not_kept()
    except Refusal as refusal:
        refusal.rerender = True  # the page comes back with what was typed, and a fresh key
        raise
    return held


def sent_key(call: Call) -> str:
    form = call.received.form if call.received is not None else {}
    key = call.request.headers.get(KEY_HEADER, "").strip().strip('"') or form.get(KEY_FIELD, "")
    if not key or len(key) > KEY_LENGTH:
        detail = f"This runs once for a key. Send one of 1 to {KEY_LENGTH} characters in {KEY_HEADER} or {KEY_FIELD}."
        raise Refusal(400, "no idempotency key" if not key else "an idempotency key that is too long", detail)
    return key


def not_kept() -> Refusal:
    return Refusal(
        409,
        "an idempotency key whose answer was too large to be kept",
        "This was done before. Its answer was too large to be kept.",
        code=NOT_KEPT,
    )


# What is compared


def digests_of(call: Call, operation: Operation, loaded: Mapping[str, Any]) -> tuple[str, ...]:
    """Return digests of a call's content; calls that share one say the same.

    What was loaded is the same however it was written. Where that can't be told, because a schema makes an object of
    it, or differs by itself, as a default that is random does, what was sent is the same for the same bytes.
    """
    files = FileDigests()
    sent = f"sent:{digest(json.dumps(sent_content(call, operation, files), sort_keys=True))}"
    try:
        text = fingerprint(content_of(loaded, files))
    except Exception:  # whatever the properties of an application's object raise
        return (sent,)
    return (f"loaded:{digest(text)}", sent)


class FileDigests:
    """What uploads hold, each read once and in chunks."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}  # by the file's identity

    def of(self, file: FileStorage) -> list[str | None]:
        if id(file) not in self._known:
            self._known[id(file)] = digest_of_stream(file.stream)
        return [file.filename, self._known[id(file)]]


def digest_of_stream(stream: Any) -> str:
    whole = sha256()
    while chunk := stream.read(CHUNK):
        whole.update(chunk)
    stream.seek(0)
    return whole.hexdigest()


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def sent_content(call: Call, operation: Operation, files: FileDigests) -> list[Any]:
    """Return what a call brings, JSON-ready: without its token and its key."""
    received, request = call.received or Received(), call.request
    ignored = {token_field(call.app.config), KEY_FIELD}
    names = sorted({parameter.key for parameter in operation.located})
    return [
        call.payload,
        sorted(pair for pair in received.form.items(multi=True) if pair[0] not in ignored),
        sorted(([name, *files.of(file)] for name, file in received.files.items(multi=True)), key=repr),
        None if received.json is MISSING else received.json,
        sorted(request.args.items(multi=True)) if names else [],
        [[request.headers.get(name), request.cookies.get(name)] for name in names],
    ]


def content_of(value: Any, files: FileDigests) -> Any:
    """Return what an argument holds, for its fingerprint."""
    if isinstance(value, FileStorage):
        return files.of(value)
    if isinstance(value, flask_form()):
        return content_of(value.data, files)
    if type(value) is list:
        return [content_of(each, files) for each in value]
    if type(value) is dict:
        return {key: content_of(each, files) for key, each in value.items()}
    return value


# What is kept


@contextmanager
def interrupted_by_a_bug(call: Call, held: Claim) -> Iterator[None]:
    """Let the outcome of a key be unknown where the body raises: the function has run, and must not run again."""
    try:
        yield
    except Exception:
        interrupt(call.state.store, held)
        raise


def keep(call: Call, held: Claim, outcome: Outcome | ActionError) -> None:
    """Keep an outcome for whoever sends the key again.

    :raises TypeError: it holds what JSON can't say.
    """
    envelope = dump_outcome(call.app, outcome, MAX_KEPT)
    if envelope is None:
        logger.warning(
            "%s answered with more than %d bytes, which are not kept: whoever sends the same key again gets a 409."
            " Store what was made, and return a redirect to it.",
            call.label,
            MAX_KEPT,
        )
        envelope = {NOT_KEPT: True}
    complete(call.state.store, held, KeptAnswer(status=outcome.status, envelope=envelope))
