"""Topics: the tags that a live region depends on, signed for whoever looks at the page. Signed, not secret."""

from __future__ import annotations

import time
from collections.abc import Collection

from ..app_state import AppState
from ..security.signing import dump_payload, load_payload, sign_id, verify_id

NAME = "-live"  # no action can be called so
PERIODS = 10  # of a topic's age, within each of which it is the same: else every page that is made would have another


def topic_of(state: AppState, tags: Collection[str], visitor: str, now: float | None = None) -> str:
    """Return the topic of tags: the same again for a while, also where its age is limited.

    :param visitor: the session's key; ``""`` where nothing is bound to sessions.
    :param now: Unix seconds; the clock's by default.
    """
    payload, max_age = dump_payload({"tags": list(tags)}), state.settings.max_age
    return sign_id(state.signing.ring, NAME, payload, visitor, max_age, began_of_period(max_age, now))


def began_of_period(max_age: int | None, now: float | None = None) -> float:
    """Return when the period that this moment is in began: a tenth of the age, in whole seconds, at least one."""
    period = max((max_age or 0) // PERIODS, 1)
    return (time.time() if now is None else now) // period * period


def tags_of_topic(state: AppState, topic: str, visitor: str | None) -> list[str] | None:
    """Return the tags of a topic, or None where it is void.

    :param visitor: None for somebody who has no key, for whom none is valid.
    """
    payload = verify_id(state.signing.ring, NAME, topic, visitor or "", state.settings.max_age)
    if payload is None or visitor is None:
        return None
    tags = (load_payload(payload) or {}).get("tags")
    return [str(tag) for tag in tags] if isinstance(tags, list) else None
