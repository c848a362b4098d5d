"""Who sent a webhook's message: the signatures of well-known senders, over the body as it came.

Each function returns a :class:`Verifier`. A secret may be a sequence: while it is rotated, old and new are good.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import SignatureError

TOLERANCE = 300  # seconds that a sender's clock may differ from ours, and that a message may travel
MAX_ID = 256

Secret = str | bytes
Headers = Mapping[str, str]
Keys = tuple[bytes, ...]

UNIX_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
PRINTABLE = re.compile(rf"[\x21-\x7e]{{1,{MAX_ID}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Verifier:
    """Tells genuine messages from others.

    :param sender: whose signatures these are.
    :param keys: any of them is good.
    :param read: the sender's way, as ``read(keys, headers, body, now)``.
    """

    sender: str
    keys: Keys = field(repr=False)
    read: Callable[[Keys, Headers, bytes, float], str] = field(repr=False)

    def verify(self, headers: Headers, body: bytes, now: float) -> str:
        """Return the message's ID, which is the same when it is sent again.

        :param headers: the request's; their case does not matter.
        :param body: the bytes as they came, before anything has read them.
        :param now: Unix seconds.
        :raises SignatureError: the signature is missing, malformed or wrong, or more than five minutes old or early.
        """
        return self.read(self.keys, headers, body, now)

    def __call__(self, headers: Headers, body: bytes, now: float) -> str:
        return self.verify(headers, body, now)


class Verifies(Protocol):
    """Knows a sender by its signature."""

    def verify(self, headers: Headers, body: bytes, now: float, /) -> str:
        """Return the message's ID, which is the same when it is sent again: each is handled once.

        :param headers: the request's; their case does not matter.
        :param body: the bytes as they came.
        :param now: Unix seconds.
        :raises SignatureError: the signature is missing, wrong or too old.
        """


def standard(secret: Secret | Sequence[Secret]) -> Verifier:
    """Return a verifier of Standard Webhooks (standardwebhooks.com): ``webhook-id``, ``-timestamp``, ``-signature``.

    :param secret: base64, with or without ``whsec_``; bytes are the key itself.
    :raises ValueError: a secret is empty, or no base64.
    """
    return Verifier("Standard Webhooks", tuple(map(standard_key, secrets_of(secret))), read_standard)


def github(secret: Secret | Sequence[Secret]) -> Verifier:
    """Return a verifier of GitHub: ``X-Hub-Signature-256``. The ID, ``X-GitHub-Delivery``, is not signed.

    :param secret: as it was given to GitHub.
    :raises ValueError: a secret is empty.
    """
    return Verifier("GitHub", keys_of(secret), read_github)


def stripe(secret: Secret | Sequence[Secret]) -> Verifier:
    """Return a verifier of Stripe: ``Stripe-Signature``. The ID is the event's.

    :param secret: as Stripe shows it, ``whsec_`` included.
    :raises ValueError: a secret is empty.
    """
    return Verifier("Stripe", keys_of(secret), read_stripe)


def shopify(secret: Secret | Sequence[Secret]) -> Verifier:
    """Return a verifier of Shopify: ``X-Shopify-Hmac-Sha256``. The ID, ``X-Shopify-Webhook-Id``, is not signed.

    :param secret: the app's client secret.
    :raises ValueError: a secret is empty.
    """
    return Verifier("Shopify", keys_of(secret), read_shopify)


def slack(secret: Secret | Sequence[Secret]) -> Verifier:
    """Return a verifier of Slack: ``X-Slack-Signature``. The ID is the event's, or a digest of time and body.

    :param secret: the app's signing secret.
    :raises ValueError: a secret is empty.
    """
    return Verifier("Slack", keys_of(secret), read_slack)


# Secrets


def secrets_of(secret: Secret | Sequence[Secret]) -> tuple[Secret, ...]:
    found = (secret,) if isinstance(secret, (str, bytes)) else tuple(secret)
    if not found or not all(isinstance(each, (str, bytes)) and each for each in found):
        raise ValueError("A webhook needs a secret that is not empty, or several. Is its setting there?")
    return found


def keys_of(secret: Secret | Sequence[Secret]) -> Keys:
    return tuple(each if isinstance(each, bytes) else each.encode() for each in secrets_of(secret))


def standard_key(secret: Secret) -> bytes:
    if isinstance(secret, bytes):
        return secret
    text = secret.removeprefix("whsec_").rstrip("=")
    try:
        key = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("A secret of Standard Webhooks is base64, as in whsec_MfKQ9r8GKYqrTwjU.") from None
    return key


# Senders


def read_standard(keys: Keys, headers: Headers, body: bytes, now: float) -> str:
    message_id = read_id(headers, "webhook-id")
    if "." in message_id:  # it would let parts of the body pass for the ID or the time
        raise SignatureError("the message ID holds a full stop")
    sent = read_time(header(headers, "webhook-timestamp"), now)
    given = [part.removeprefix("v1,") for part in header(headers, "webhook-signature").split() if part[:3] == "v1,"]
    signed = b"%s.%s.%s" % (message_id.encode(), sent.encode(), body)
    check((b64encode(sign(key, signed)).decode() for key in keys), given)
    return message_id


def read_github(keys: Keys, headers: Headers, body: bytes, now: float) -> str:
    given = header(headers, "X-Hub-Signature-256")
    check((f"sha256={sign(key, body).hex()}" for key in keys), [given])
    return read_id(headers, "X-GitHub-Delivery")


def read_stripe(keys: Keys, headers: Headers, body: bytes, now: float) -> str:
    parts = [part.strip(" ").partition("=") for part in header(headers, "Stripe-Signature").split(",")]
    sent = read_time(next((value for name, _, value in parts if name == "t"), ""), now)
    given = [value for name, _, value in parts if name == "v1"]
    check((sign(key, sent.encode() + b"." + body).hex() for key in keys), given)
    return id_inside(body, "id") or hashlib.sha256(body).hexdigest()


def read_shopify(keys: Keys, headers: Headers, body: bytes, now: float) -> str:
    given = header(headers, "X-Shopify-Hmac-Sha256")
    check((b64encode(sign(key, body)).decode() for key in keys), [given])
    return read_id(headers, "X-Shopify-Webhook-Id")


def read_slack(keys: Keys, headers: Headers, body: bytes, now: float) -> str:
    sent = read_time(header(headers, "X-Slack-Request-Timestamp"), now)
    given = header(headers, "X-Slack-Signature")
    signed = b"v0:%s:%s" % (sent.encode(), body)
    check((f"v0={sign(key, signed).hex()}" for key in keys), [given])
    return id_inside(body, "event_id") or hashlib.sha256(signed).hexdigest()


# Parts of a message


def header(headers: Headers, name: str) -> str:
    """Return a header, whatever its case.

    :raises SignatureError: it is missing.
    """
    wanted = name.lower()
    for each, value in headers.items():
        if each.lower() == wanted:
            return value
    raise SignatureError(f"{name} is missing")


def read_id(headers: Headers, name: str) -> str:
    found = header(headers, name)
    if PRINTABLE.fullmatch(found) is None:
        raise SignatureError(f"{name} is malformed")
    return found


def read_time(sent: str, now: float) -> str:
    """Return when a message was sent, as it was written.

    :raises SignatureError: it is no Unix time, or too far from now in either direction.
    """
    if UNIX_TIME.fullmatch(sent) is None:
        raise SignatureError("the time is malformed")
    if abs(now - int(sent)) > TOLERANCE:
        raise SignatureError("the message is too old, or from the future")
    return sent


def id_inside(body: bytes, name: str) -> str | None:
    """Return the ID that a JSON body holds, or None."""
    try:
        event: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = event.get(name) if isinstance(event, dict) else None
    return found if isinstance(found, str) and PRINTABLE.fullmatch(found) else None


def sign(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, "sha256")


def check(expected: Iterable[str], given: Iterable[str]) -> None:
    """Compare signatures in constant time, each with each.

    :raises SignatureError: no two are the same.
    """
    found = [each.encode(errors="surrogatepass") for each in given]
    if not any(hmac.compare_digest(good.encode(), each) for good in expected for each in found):
        raise SignatureError("the signature does not match")
