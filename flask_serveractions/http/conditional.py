"""Conditional requests (RFC 9110, 13): what a caller's entity tags decide. Header values in, verdicts out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

from werkzeug.exceptions import PreconditionFailed, PreconditionRequired
from werkzeug.http import remove_entity_headers
from werkzeug.wrappers import Response

READING_METHODS = frozenset({"GET", "HEAD"})
CHANGING_METHODS = frozenset({"PUT", "PATCH", "DELETE"})

# RFC 9110, 8.8.3; a list may have empty elements (5.6.1)
ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"[ \t]*(?:,[ \t,]*|\Z)')

CHANGED = "This has changed since it was read. Read it again, then repeat the change."
EXISTS = "This exists already, or is still what was read."
REQUIRED = "This change needs an If-Match header with the entity tag that was read (ETag)."


@dataclass(frozen=True, slots=True)
class EntityTags:
    """What ``If-Match`` or ``If-None-Match`` names: ``"a", W/"b"``, or ``*`` for whatever there is."""

    tags: frozenset[str] = frozenset()  # as sent: quoted, some of them weak
    anything: bool = False

    def strongly_match(self, current: str | None) -> bool:
        """Whether one of them is the current tag, and neither is weak (RFC 9110, 8.8.3.2)."""
        if current is None:
            return False
        return self.anything or (not is_weak(current) and current in self.tags)

    def weakly_match(self, current: str | None) -> bool:
        """Whether one of them is the current tag, weak or not (RFC 9110, 8.8.3.2)."""
        if current is None:
            return False
        return self.anything or opaque_tag(current) in {opaque_tag(tag) for tag in self.tags}


def parse_entity_tags(header: str) -> EntityTags | None:
    """Return what a header names, or None where it is malformed: then nobody can say what its sender has."""
    text = header.strip(" \t,")
    if text == "*":
        return EntityTags(anything=True)
    tags: list[str] = []
    position = 0
    while position < len(text):
        match = ENTITY_TAG.match(text, position)
        if match is None:
            return None
        tags.append(match.group().rstrip(" \t,"))
        position = match.end()
    return EntityTags(frozenset(tags)) if tags else None


def is_weak(tag: str) -> bool:
    return tag.startswith("W/")


def opaque_tag(tag: str) -> str:
    return tag.removeprefix("W/")


def entity_tag(body: bytes) -> str:
    """Return a strong ``ETag`` for a body: the same bytes have the same, others another."""
    return f'"{blake2b(body, digest_size=15).hexdigest()}"'


def is_not_modified(method: str, if_none_match: str | None, current: str | None) -> bool:
    """Whether the caller has what it asks for (RFC 9110, 13.1.2): 304.

    :param if_none_match: the header; None for none. A malformed one is ignored.
    :param current: the answer's ``ETag``.
    """
    if method not in READING_METHODS or if_none_match is None:
        return False
    named = parse_entity_tags(if_none_match)
    return named is not None and named.weakly_match(current)


def check_preconditions(
    method: str, if_match: str | None, if_none_match: str | None, current: str | None, *, required: bool = False
) -> None:
    """Hold a change's conditions against what there is now, in the order of RFC 9110, 13.2.2.

    A malformed header fails: a change that was meant to be conditional is not made without its condition.

    :param current: the ``ETag`` of what ``GET`` answers now; None where there is nothing.
    :param required: without ``If-Match`` (or ``If-None-Match: *``, to create) nothing is changed.
    :raises PreconditionRequired: 428 (RFC 6585, 3).
    :raises PreconditionFailed: 412.
    """
    if method in READING_METHODS:
        return
    new_alone = if_none_match is not None and parse_entity_tags(if_none_match) == EntityTags(anything=True)
    if required and if_match is None and not new_alone:
        raise PreconditionRequired(REQUIRED)
    check_if_match(if_match, current)
    if if_none_match is not None:
        named = parse_entity_tags(if_none_match)
        if named is None or named.weakly_match(current):
            raise PreconditionFailed(EXISTS)


def check_if_match(if_match: str | None, current: str | None) -> None:
    """Hold ``If-Match`` against the current ``ETag`` (RFC 9110, 13.1.1).

    :raises PreconditionFailed: 412; a malformed header too.
    """
    if if_match is None:
        return
    named = parse_entity_tags(if_match)
    if named is None or not named.strongly_match(current):
        raise PreconditionFailed(CHANGED)


def has_conditions(if_match: str | None, if_none_match: str | None) -> bool:
    """Whether a change has conditions, for which alone its current state need be known."""
    return if_match is not None or if_none_match is not None


def answer_conditionally(
    response: Response, method: str, if_none_match: str | None, if_match: str | None = None
) -> None:
    """Give a 200 its ``ETag``, and make it a 304 where the caller has it already (RFC 9110, 15.4.5).

    An ``ETag`` of the application's own stays. Streams and files are left alone: their bytes are not known.

    :raises PreconditionFailed: 412, where ``If-Match`` names other things than this answer (RFC 9110, 13.1.1).
    """
    if method not in READING_METHODS or response.status_code != 200:
        return
    if response.direct_passthrough or not response.is_sequence:
        return
    current = response.headers.get("ETag")
    if current is None:
        current = entity_tag(body_of(response))
        response.headers.add("ETag", current)
    if not has_conditions(if_match, if_none_match):
        return
    check_if_match(if_match, current)
    if is_not_modified(method, if_none_match, current):
        response.status_code = 304
        response.set_data(b"")
        remove_entity_headers(response.headers)


def body_of(response: Response) -> bytes:
    match response.response:
        case [bytes(body)]:  # as almost always: spared is what joining costs
            return body
    return response.get_data()
