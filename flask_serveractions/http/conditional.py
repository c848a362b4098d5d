"""Conditional requests (RFC 9110, 13): what a caller's entity tags decide. Header values in, verdicts out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from werkzeug.exceptions import PreconditionFailed, PreconditionRequired
from werkzeug.http import parse_date, remove_entity_headers
from werkzeug.wrappers import Response

from ..errors import NOTHING_HERE

READING_METHODS = frozenset({"GET", "HEAD"})
CHANGING_METHODS = frozenset({"PUT", "PATCH", "DELETE"})
CONDITIONAL_STATUSES = frozenset({200, 206})  # conditions come before a range (RFC 9110, 13.2.2)

# RFC 9110, 8.8.3; a list may have empty elements (5.6.1)
ENTITY_TAG = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"[ \t]*(?:,[ \t,]*|\Z)')

CODING = re.compile(r'[:;-](?:gzip|br|zstd|deflate)"\Z')

CHANGED = "This has changed since it was read. Read it again, then repeat the change."
PAGE = (
    "The entity tag is not that of this page of the list now. Each page has its own: send the one that this very URL"
    " has, or If-Match: *."
)
MALFORMED = "If-Match names no entity tag. Send that of the answer that was read, with its quotes, or *."
WEAK = "The entity tag is weak (W/), as a proxy that compresses makes it, and If-Match takes none. Send a strong one."
EXISTS = "This exists already, or is still what was read."
REQUIRED = "This change needs an If-Match header with the entity tag that was read (ETag)."


class EntityTags(NamedTuple):
    """What ``If-Match`` or ``If-None-Match`` names: ``"a", W/"b"``, or ``*`` for whatever there is."""

    tags: frozenset[str] = frozenset()  # as sent: quoted, some of them weak
    anything: bool = False

    def strongly_match(self, current: Current) -> bool:
        """Whether one of them is the current tag, and neither is weak (RFC 9110, 8.8.3.2)."""
        if current.tag is None or self.anything:
            return self.anything and current.exists
        return not is_weak(current.tag) and (current.tag in self.tags or current.tag in map(uncoded_tag, self.tags))

    def weakly_match(self, current: Current) -> bool:
        """Whether one of them is the current tag, weak or not (RFC 9110, 8.8.3.2)."""
        if current.tag is None or self.anything:
            return self.anything and current.exists
        opaque = {opaque_tag(tag) for tag in self.tags}
        return opaque_tag(current.tag) in opaque | set(map(uncoded_tag, opaque))


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


def uncoded_tag(tag: str) -> str:
    """Return the tag of what was compressed: ``"a:gzip"`` (Flask-Compress), ``"a-gzip"`` (Apache) are ``"a"``'s."""
    return CODING.sub('"', tag)


def entity_tag(body: bytes) -> str:
    """Return a strong ``ETag`` for a body: the same bytes have the same, others another."""
    return f'"{blake2b(body, digest_size=15).hexdigest()}"'


class Conditions(NamedTuple):
    """What a request makes its answer depend on: the headers as sent, None where they were not."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, Any]) -> Conditions:
        return cls(*map(environ.get, HEADERS))

    def concern_change(self) -> bool:
        """Whether a change has conditions, for which alone its current state need be known."""
        return not (self.if_match is None and self.if_none_match is None and self.if_unmodified_since is None)


HEADERS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE")
UNCONDITIONAL = Conditions()


class Current(NamedTuple):
    """What there is now, as ``GET`` answers it."""

    exists: bool = False
    tag: str | None = None  # its ETag
    last_modified: str | None = None  # its Last-Modified
    is_page: bool = False  # one of the pages of a list


def current_of(response: Response, is_page: bool = False) -> Current:
    """Return what an answer to ``GET`` says of its resource; nothing of a failure or a redirect."""
    headers = response.headers
    if response.status_code >= 300:
        return Current()
    tag = headers.get("ETag")
    if tag is None and response.status_code == 200 and is_whole(response):
        tag = entity_tag(body_of(response))
    return Current(True, tag, headers.get("Last-Modified"), is_page)


def is_whole(response: Response) -> bool:
    """Whether the bytes of an answer are known: those of a stream or a file are not."""
    return not response.direct_passthrough and response.is_sequence


def is_not_modified(method: str, conditions: Conditions, current: Current) -> bool:
    """Whether the caller has what it asks for: 304 (RFC 9110, 13.1.2 and, without ``If-None-Match``, 13.1.3).

    A malformed header is ignored.
    """
    if method not in READING_METHODS:
        return False
    if conditions.if_none_match is not None:
        named = parse_entity_tags(conditions.if_none_match)
        return named is not None and named.weakly_match(current)
    changed, since = moment(current.last_modified), moment(conditions.if_modified_since)
    return changed is not None and since is not None and changed <= since


def check_preconditions(method: str, conditions: Conditions, current: Current, *, required: bool = False) -> None:
    """Hold a change's conditions against what there is now, in the order of RFC 9110, 13.2.2.

    A malformed entity tag fails: a change that was meant to be conditional is not made without its condition.

    :param required: without ``If-Match`` (or ``If-None-Match: *``, to create) nothing is changed.
    :raises PreconditionRequired: 428 (RFC 6585, 3).
    :raises PreconditionFailed: 412.
    """
    if method in READING_METHODS:
        return
    if_none_match = conditions.if_none_match
    new_alone = if_none_match is not None and parse_entity_tags(if_none_match) == EntityTags(anything=True)
    if required and conditions.if_match is None and not new_alone:
        raise PreconditionRequired(REQUIRED)
    check_unchanged(conditions, current)
    if if_none_match is not None:
        named = parse_entity_tags(if_none_match)
        if named is None or named.weakly_match(current):
            raise PreconditionFailed(EXISTS)


def check_unchanged(conditions: Conditions, current: Current) -> None:
    """Hold ``If-Match``, or else ``If-Unmodified-Since``, against what there is (RFC 9110, 13.1.1 and 13.1.4).

    :raises PreconditionFailed: 412; a malformed entity tag too, a malformed date is ignored.
    """
    if conditions.if_match is not None:
        named = parse_entity_tags(conditions.if_match)
        if named is None or not named.strongly_match(current):
            raise PreconditionFailed(reason(named, current))
        return
    changed, since = moment(current.last_modified), moment(conditions.if_unmodified_since)
    if changed is not None and since is not None and changed > since:
        raise PreconditionFailed(CHANGED)


def reason(named: EntityTags | None, current: Current) -> str:
    """Return what to say where ``If-Match`` fails: why, where reading again would not help."""
    if named is None:
        return MALFORMED
    if not current.exists:
        return NOTHING_HERE
    if not named.anything and named.weakly_match(current):
        return WEAK
    return PAGE if current.is_page else CHANGED


def moment(date: str | None) -> datetime | None:
    """Return an HTTP date (RFC 9110, 5.6.7); None for none, and for what is malformed."""
    try:
        return None if date is None else parse_date(date)
    except OverflowError:  # a year of twenty digits
        return None


def answer_conditionally(response: Response, method: str, conditions: Conditions = UNCONDITIONAL) -> None:
    """Give a 200 its ``ETag``, and make it, or a 206, a 304 where the caller has it already (RFC 9110, 15.4.5).

    An ``ETag`` of the application's own stays. Streams and files have none but their own: their bytes are not known.

    :raises PreconditionFailed: 412, where this answer is not what the caller means (RFC 9110, 13.1.1 and 13.1.4).
    """
    if method not in READING_METHODS or response.status_code not in CONDITIONAL_STATUSES:
        return
    current = current_of(response)
    if current.tag is not None:
        response.headers.setdefault("ETag", current.tag)
    if conditions == UNCONDITIONAL or (current.tag is None and current.last_modified is None):
        return
    check_unchanged(conditions, current)
    if is_not_modified(method, conditions, current):
        empty(response)


def empty(response: Response) -> None:
    """Make an answer a 304, without its body and what describes that."""
    if hasattr(response.response, "close"):
        response.response.close()
    response.status_code = 304
    response.direct_passthrough = False
    response.set_data(b"")
    remove_entity_headers(response.headers)


def body_of(response: Response) -> bytes:
    match response.response:
        case [bytes(body)]:  # as almost always: spared is what joining costs
            return body
    return response.get_data()
