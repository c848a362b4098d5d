"""The JSON answer of an action: ``{"data", "redirect", "revalidated", "messages", "page"}``, as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

#: what a page would go in: such an answer ends with it, and the second pass fills it
NO_PAGE = b'"page":null}'


def envelope_of(
    data: str,
    redirect: str | None = None,
    paths: Sequence[str] = (),
    tags: Sequence[str] = (),
    messages: Sequence[Mapping[str, Any]] = (),
) -> bytes:
    """Return an answer without a page.

    :param data: in JSON.
    :param redirect: where it leads to.
    :param paths: what was revalidated; ``tags`` too.
    :param messages: what was flashed: ``{"category", "message"}``.
    """
    if redirect is None and not messages:
        rest = usual_rest(tuple(paths), tuple(tags))
    else:
        rest = rest_of_envelope(redirect, paths, tags, messages)
    return b'{"data":%b,%b,%b\n' % (data.encode(), rest.encode(), NO_PAGE)


@lru_cache(maxsize=128)  # an action revalidates the same time and again, and this is a hundredth of its answer
def usual_rest(paths: tuple[str, ...], tags: tuple[str, ...]) -> str:
    return rest_of_envelope(None, paths, tags, ())


def rest_of_envelope(
    redirect: str | None, paths: Sequence[str], tags: Sequence[str], messages: Sequence[Mapping[str, Any]]
) -> str:
    revalidated = {"paths": list(paths), "tags": list(tags)}
    return json.dumps({"redirect": redirect, "revalidated": revalidated, "messages": list(messages)})[1:-1]


def with_page(body: bytes, page: str) -> bytes:
    """Return an answer with a page in it."""
    start = body.rindex(NO_PAGE)
    return b'%b"page":%b}\n' % (body[:start], json.dumps(page).encode())
