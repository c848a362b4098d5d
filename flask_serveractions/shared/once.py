"""``once=True``: a key is claimed before the function runs, and its answer is kept for whoever sends the key again.

A claim is a record that its process holds. Where the process has died, the lease lapses and the record stays: the
outcome is unknown, so nothing ever runs under that key again.
"""

from __future__ import annotations

import base64
import json
import math
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple

from ..errors import Refusal
from ..stores.leases import holding_lease
from ..stores.store import Record, Store, StoreUnavailable

LEASE_SECONDS = 90.0
KEPT_SECONDS = 24 * 60 * 60.0
MESSAGE_KEPT_SECONDS = 7 * 24 * 60 * 60.0  # senders of webhooks try again for up to three days
RETRY_SECONDS = 5  # at most, where it is not known when to try again
RUNNING, INTERRUPTED = "running", "interrupted"  # the codes of problems

NOT_AVAILABLE = "This can't be done safely just now. Please try again in a moment."


class Claim(NamedTuple):
    """The right to run something, and the duty to :func:`complete` or :func:`free` it."""

    key: str
    token: str
    digests: tuple[str, ...]  # of the call's content
    lease: float  # seconds
    kept: float  # seconds


class KeptAnswer(NamedTuple):
    """The answer that the first request got."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    envelope: Mapping[str, Any] | None = None  # whatever else the answer is made of; JSON-ready

    def to_json(self) -> dict[str, Any]:
        try:
            body = {"text": self.body.decode()}
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(self.body).decode()}
        return {"status": self.status, "headers": list(self.headers), "envelope": self.envelope, **body}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> KeptAnswer:
        body = kept["text"].encode() if "text" in kept else base64.b64decode(kept["base64"])
        headers = tuple((name, value) for name, value in kept["headers"])
        return cls(status=kept["status"], headers=headers, body=body, envelope=kept["envelope"])


def claim(
    store: Store,
    parts: Sequence[str],
    digests: Sequence[str],
    *,
    lease: float = LEASE_SECONDS,
    kept: float = KEPT_SECONDS,
) -> Claim | KeptAnswer:
    """Return a new claim, or the answer that is kept under the key.

    :param parts: what the key belongs to, and the key: action, session, identity, key.
    :param digests: of the call's content, in whatever ways it can be told; a call that shares none of them with the
        first one is refused.
    :param lease: seconds that the claim of a dead process still counts as running.
    :raises Refusal: 409 while the first request runs (``Retry-After``), 409 with code ``interrupted`` where its
        process has died, 422 where the arguments differ, 503 where the store is away.
    """
    token = secrets.token_hex(16)
    new = Claim(key=key_of("once", parts), token=token, digests=tuple(digests), lease=lease, kept=kept)
    record = add_claim(store, new)
    if record is None:
        return new
    if set(digests).isdisjoint(record.value["digests"]):
        raise Refusal(
            422,
            "an idempotency key with other arguments",
            "This was sent before with other content.",
            code="key-reused",
        )
    if record.value["answer"] is not None:
        return KeptAnswer.from_json(record.value["answer"])
    if record.lapsed:
        raise Refusal(
            409,
            "an idempotency key whose first call was interrupted",
            "This was sent before and interrupted: it may have been done, or not. Check before you send it again.",
            code=INTERRUPTED,
        )
    raise still_running(record)


@contextmanager
def running(store: Store, claim: Claim) -> Iterator[None]:
    """Renew the claim while the body runs. An exception frees the key; complete the claim inside for anything else.

    What ends a process (``SystemExit``, ``KeyboardInterrupt``) frees nothing: the work may be half done. Neither does a
    generator that is closed, since its visitor is gone; but then it is known at once that nobody goes on with it.
    """
    try:
        with holding_lease(store, claim.key, claim.token, claim.lease):
            yield
    except GeneratorExit:
        interrupt(store, claim)
        raise
    except Exception:
        free(store, claim)
        raise


def complete(store: Store, claim: Claim, answer: KeptAnswer) -> None:
    """Keep an answer for the rest of the claim's time. Never fails: a store that is away gets it later."""
    finish(store, claim, answer.to_json())


def free(store: Store, claim: Claim) -> None:
    """Give a key back: the next request with it runs. Never fails: a store that is away is told later."""
    store.later(lambda: store.remove(claim.key, claim.token))


def interrupt(store: Store, claim: Claim) -> None:
    """Let a lease lapse before its time: the next request with the key is told that the outcome is unknown."""
    store.later(lambda: store.renew(claim.key, claim.token, 0))


def claim_message(
    store: Store,
    parts: Sequence[str],
    *,
    lease: float = LEASE_SECONDS,
    kept: float = MESSAGE_KEPT_SECONDS,
) -> Claim | None:
    """Return a claim on a webhook's message, or None where it was handled before.

    Run the handler in :func:`running`, then call :func:`complete_message`. The claim of a dead process is taken over:
    the sender tries again, so that the message is handled at last.

    :param parts: the sender and the message's ID.
    :raises Refusal: 409 while another process handles it (``Retry-After``), 503 where the store is away.
    """
    new = Claim(key=key_of("message", parts), token=secrets.token_hex(16), digests=(), lease=lease, kept=kept)
    record = add_claim(store, new)
    if record is None:
        return new
    if record.value["answer"] is not None:
        return None
    if not record.lapsed:
        raise still_running(record)
    try:
        taken = store.swap(new.key, record.token, claimed(new), kept, new.token, lease)
    except StoreUnavailable as error:
        raise without_claim(error) from error
    if not taken:
        raise still_running(record)
    return new


def complete_message(store: Store, claim: Claim) -> None:
    """Say that a message was handled. Never fails."""
    finish(store, claim, {})


def add_claim(store: Store, new: Claim) -> Record | None:
    try:
        return store.add(new.key, claimed(new), new.kept, new.token, new.lease)
    except StoreUnavailable as error:
        raise without_claim(error) from error


def claimed(claim: Claim, answer: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"digests": claim.digests, "answer": answer}


def finish(store: Store, claim: Claim, answer: Mapping[str, Any]) -> None:
    value = claimed(claim, answer)

    def keep_answer() -> None:
        if not store.swap(claim.key, claim.token, value, claim.kept):
            store.add(claim.key, value, claim.kept)  # the store was emptied meanwhile

    store.later(keep_answer)


def still_running(record: Record) -> Refusal:
    seconds = max(1, min(RETRY_SECONDS, math.ceil(record.lease_left)))
    return Refusal(
        409,
        "an idempotency key whose first call still runs",
        "This was sent before and is still being done.",
        headers=[("Retry-After", str(seconds))],
        code=RUNNING,
    )


def without_claim(error: StoreUnavailable) -> Refusal:
    return Refusal(503, str(error), NOT_AVAILABLE, headers=[("Retry-After", str(RETRY_SECONDS))])


def key_of(kind: str, parts: Sequence[str]) -> str:
    # as JSON, so that ("a", "bc") and ("ab", "c") differ
    return f"{kind}:{sha256(json.dumps(list(parts)).encode()).hexdigest()}"
