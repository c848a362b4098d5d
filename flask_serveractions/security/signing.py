"""All cryptography, on two screens: signed action IDs, signed values, and Flask-WTF's CSRF token.

Keys are derived once per secret (itsdangerous derives them anew at every call); secrets may change while the app runs.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator, Mapping
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any

from itsdangerous import BadData, Signer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, want_bytes

if TYPE_CHECKING:
    from flask import Flask

ACTION_SALT = "flask-serveractions.action."
UNKNOWN_NAME = "?"  # no action can have this name: the work for an unknown one is the same
WHO_SALT = "flask-serveractions.who"
WHO_LENGTH = 8  # characters
CSRF_SALT = b"wtf-csrf-token"  # Flask-WTF's
STANDARD = bytes.maketrans(b"-_", b"+/")  # from the alphabet for URLs (RFC 4648, 5)
FOR_URLS = bytes.maketrans(b"+/", b"-_")


class KeyRing:
    """The signers of one set of secrets, made as they are needed.

    :param keys: oldest first, as itsdangerous takes them; the last one signs.
    """

    def __init__(self, keys: tuple[str | bytes, ...]) -> None:
        self.keys = keys
        self._signers: dict[str, ReadySigner] = {}

    def signer(self, salt: str) -> ReadySigner:
        signer = self._signers.get(salt)
        if signer is None:
            signer = self._signers[salt] = ReadySigner(self.keys, salt.encode(), sha256, "hmac")
        return signer


class CsrfTokens:
    """Makes and checks Flask-WTF's token as Flask-WTF does, with every fallback key, without its setup per request."""

    def __init__(self, keys: tuple[str | bytes, ...]) -> None:
        self.keys = keys
        self.signer = ReadySigner(keys, CSRF_SALT, sha1, "django-concat")
        self.serializer = URLSafeTimedSerializer("", salt=CSRF_SALT)  # for its payload alone

    def sign(self, raw: str, now: float | None = None) -> str:
        """Return the token of a session, as ``generate_csrf`` of Flask-WTF makes it, in a fifth of its time.

        :param raw: as Flask-WTF makes it: hexadecimal digits, which no compression makes shorter.
        :param now: Unix seconds; the clock's by default.
        """
        signed_at = int(time.time() if now is None else now)
        stamp = signed_at.to_bytes((signed_at.bit_length() + 7) // 8, "big")
        value = f"{encoded(json_string(raw).encode())}.{encoded(stamp)}"
        return f"{value}.{self.signer.signature_of(value)}"

    def matches(self, token: str, expected: str, max_age: int | None, now: float | None = None) -> bool:
        """Whether a token is signed, young enough and this session's.

        :param expected: the session's raw token.
        :param max_age: seconds; None for no limit.
        :param now: Unix seconds; the clock's by default.
        """
        value, _, signature = token.encode(errors="replace").rpartition(b".")
        payload, _, stamp = value.rpartition(b".")
        if not self.signer.is_genuine(value, signature):
            return False
        try:
            signed_at = int.from_bytes(decoded(stamp), "big")
            raw = self.serializer.load_payload(payload) if payload[:1] == b"." else decoded(payload)
        except (BadData, ValueError):
            return False
        if isinstance(raw, str):  # it was compressed
            raw = json.dumps(raw).encode()
        age = (time.time() if now is None else now) - signed_at
        is_young = max_age is None or -1 <= age <= max_age
        return is_young and hmac.compare_digest(raw, json_string(expected).encode())


def new_raw_token() -> str:
    """Return what a session holds of the token, as Flask-WTF makes it: 40 hexadecimal digits."""
    return secrets.token_hex(20)


def is_plain(text: str) -> bool:
    """Whether a text is of ASCII letters and digits alone, as Flask-WTF's raw tokens are."""
    return text.isascii() and text.isalnum()


def json_string(text: str) -> str:
    """Return a text in JSON; a plain one needs no escapes."""
    return f'"{text}"' if is_plain(text) else json.dumps(text)


class ReadySigner(Signer):
    """itsdangerous's signer, with keys that are derived here and now, once, and taken in by an HMAC that is copied.

    :param digest: of hashlib.
    :param derivation: as itsdangerous names it.
    """

    def __init__(self, keys: tuple[str | bytes, ...], salt: bytes, digest: Any, derivation: str) -> None:
        super().__init__(list(map(want_bytes, keys)), salt=salt, digest_method=digest, key_derivation=derivation)
        self.newest_first = [ReadyKey(self.derive_key(key), digest) for key in reversed(self.secret_keys)]

    def get_signature(self, value: str | bytes) -> bytes:
        return self.signature_of(value).encode()

    def signature_of(self, value: str | bytes) -> str:
        return encoded(self.newest_first[0].hmac_of(want_bytes(value)))

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        return self.is_genuine(want_bytes(value), want_bytes(sig))

    def is_genuine(self, value: bytes, signature: bytes) -> bool:
        """Whether a signature is one of ours in its one spelling: what base64 leniently decodes to it, is not."""
        return any(hmac.compare_digest(signature, encoded_bytes(key.hmac_of(value))) for key in self.newest_first)

    def signatures(self, value: bytes) -> Iterator[bytes]:
        """Yield the signatures by every key, the newest first."""
        return (encoded_bytes(key.hmac_of(value)) for key in self.newest_first)  # one at a time


class SessionSigner(TimestampSigner):
    """The signer of Flask's sessions, as itsdangerous has it, with keys that are derived here and now, once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.newest_first = [ReadyKey(self.derive_key(key), self.digest_method) for key in reversed(self.secret_keys)]

    def get_signature(self, value: str | bytes) -> bytes:
        return encoded_bytes(self.newest_first[0].hmac_of(want_bytes(value)))

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        try:
            given = base64_decode(sig)  # leniently, as itsdangerous does
        except BadData:
            return False
        signed = want_bytes(value)
        return any(hmac.compare_digest(given, key.hmac_of(signed)) for key in self.newest_first)


class ReadyKey:
    """A key of an HMAC (RFC 2104, 2), taken in once: for a short value that is most of the work.

    ``hmac.HMAC.copy`` saves it as well, and takes twice the time: this is a quarter of what a signature costs.

    :param digest: of hashlib.
    """

    def __init__(self, key: bytes, digest: Any) -> None:
        size = digest().block_size
        padded = (key if len(key) <= size else digest(key).digest()).ljust(size, b"\0")
        self.inner = digest(bytes(byte ^ 0x36 for byte in padded))
        self.outer = digest(bytes(byte ^ 0x5C for byte in padded))

    def hmac_of(self, value: bytes) -> bytes:
        inner, outer = self.inner.copy(), self.outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        made: bytes = outer.digest()
        return made


def encoded(data: bytes) -> str:
    """Return bytes in URL-safe base64 without padding: what itsdangerous does, in half its time."""
    return encoded_bytes(data).decode()


def encoded_bytes(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(FOR_URLS, b"=")


def decoded(text: bytes) -> bytes:
    """Return what URL-safe base64 without padding stands for.

    :raises ValueError: it is none.
    """
    return a2b_base64(text.translate(STANDARD) + b"=" * (-len(text) % 4))


class Signing:
    """The keys of one app, followed as ``SECRET_KEY`` and its fallbacks change."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._ring = KeyRing(())
        self._tokens: CsrfTokens | None = None

    @property
    def keys(self) -> frozenset[str | bytes]:
        """Return ``SECRET_KEY`` and its fallbacks; none where the app has none."""
        current = self.app.config.get("SECRET_KEY")
        return frozenset(all_keys(self.app, current)) if current else frozenset()

    @property
    def ring(self) -> KeyRing:
        keys = all_keys(self.app, self.app.config.get("SECRET_KEY"))
        if keys != self._ring.keys:
            self._ring = KeyRing(keys)
        return self._ring

    @property
    def tokens(self) -> CsrfTokens:
        keys = all_keys(self.app, self.app.config.get("WTF_CSRF_SECRET_KEY") or self.app.config.get("SECRET_KEY"))
        if self._tokens is None or keys != self._tokens.keys:
            self._tokens = CsrfTokens(keys)
        return self._tokens


def all_keys(app: Flask, current: str | bytes | None) -> tuple[str | bytes, ...]:
    if not current:
        raise RuntimeError("Signed action IDs need a secret. Set app.config['SECRET_KEY'] to a long random value.")
    fallbacks: Any = app.config.get("SECRET_KEY_FALLBACKS")
    if not fallbacks:  # as nearly always
        return (current,)
    given = [fallbacks] if isinstance(fallbacks, (str, bytes)) else fallbacks  # a text is one key
    return (*reversed([each for each in given if each]), current)  # by an empty one anybody could sign


PAYLOAD = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=False, default=str)
NO_PAYLOAD = encoded(b"{}")


def dump_payload(bound: Mapping[str, Any]) -> str:
    """Return bound arguments as the readable part of an ID.

    :param bound: values by name, JSON-ready but for what ``str`` writes whole: a Decimal in a list.
    """
    if not bound:
        return NO_PAYLOAD
    if len(bound) == 1:
        ((name, value),) = bound.items()
        if type(value) is int and name.isidentifier():  # a row's number, as with most buttons: a fifth of the time
            return encoded(f'{{"{name}":{value}}}'.encode())
    return encoded(PAYLOAD.encode(bound).encode())


def load_payload(payload: str) -> dict[str, Any] | None:
    """Return the bound arguments of a payload, or None where it holds none (it may not be ours)."""
    try:
        bound = json.loads(decoded(payload.encode("ascii", "ignore")).decode(errors="surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return bound if isinstance(bound, dict) else None


def sign_id(ring: KeyRing, name: str, payload: str, visitor: str, max_age: int | None, now: float | None = None) -> str:
    """Return a signed ID: ``payload.signature``, or ``payload.time.signature`` where the age is limited.

    :param visitor: the session's key, which is signed and not sent; ``""`` for none.
    :param max_age: seconds, or None.
    :param now: Unix seconds; the clock's by default.
    """
    text = payload if max_age is None else f"{payload}.{int(time.time() if now is None else now):x}"
    return f"{text}.{ring.signer(ACTION_SALT + name).signature_of(f'{text}.{visitor}')}"


def verify_id(
    ring: KeyRing, name: str | None, signed: str, visitor: str, max_age: int | None, now: float | None = None
) -> str | None:
    """Return the payload of a valid ID, else None: after the same work, whatever was wrong.

    :param name: None where no such action exists.
    """
    text, _, signature = signed.rpartition(".")
    salt = ACTION_SALT + (UNKNOWN_NAME if name is None else name)
    sent = f"{text}.{visitor}".encode(errors="replace")
    genuine = ring.signer(salt).is_genuine(sent, signature.encode(errors="replace"))
    payload, separator, began = text.partition(".")
    if not genuine or name is None or bool(separator) != (max_age is not None):
        return None
    if max_age is not None and not is_within_age(began, max_age, time.time() if now is None else now):
        return None
    return payload


def is_within_age(began: str, max_age: int, now: float) -> bool:
    try:
        age = now - int(began, 16)
    except ValueError:
        return False
    return -5 <= age <= max_age  # five seconds for clocks of several machines


def sign_text(ring: KeyRing, purpose: str, text: str) -> str:
    """Return ``text.signature`` for a purpose of its own (a job's URL, a cursor)."""
    return ring.signer(f"flask-serveractions.{purpose}").sign(text).decode()


def unsign_text(ring: KeyRing, purpose: str, signed: str) -> str | None:
    """Return the text that :func:`sign_text` signed, or None."""
    try:
        return ring.signer(f"flask-serveractions.{purpose}").unsign(signed.encode(errors="replace")).decode()
    except (BadData, ValueError):
        return None


def who_mark(ring: KeyRing, identity: str | None) -> str:
    """Return eight characters that stand for an identity on a page; ``""`` for nobody.

    :param identity: a digest of it.
    """
    return "" if identity is None else ring.signer(WHO_SALT).signature_of(identity)[:WHO_LENGTH]


def is_who(ring: KeyRing, mark: str, identity: str | None) -> bool:
    """Whether a mark stands for an identity, by whichever key it was made."""
    if identity is None:
        return mark == ""
    given = mark.encode(errors="replace")
    made = ring.signer(WHO_SALT).signatures(identity.encode())
    return any(hmac.compare_digest(given, each[:WHO_LENGTH]) for each in made)


def random_key() -> str:
    """Return 128 random bits as text, for a visitor or for an idempotency key."""
    return secrets.token_urlsafe(16)


def digest(text: str, length: int = 16) -> str:
    """Return the beginning of a text's SHA-256, in hexadecimal digits."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:length]
