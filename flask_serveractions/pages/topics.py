"""Topics: the tags that a live region depends on, signed for whoever looks at the page. Signed, not secret."""

from __future__ import annotations

from collections.abc import Collection

from ..app_state import AppState
from ..security.signing import dump_payload, load_payload, sign_id, verify_id

NAME = "-live"  # no action can be called so


def topic_of(state: AppState, tags: Collection[str], visitor: str) -> str:
    """Return the topic of tags.

    :param visitor: the session's key; ``""`` where nothing is bound to sessions.
    """
    payload = dump_payload({"tags": list(tags)})
    return sign_id(state.signing.ring, NAME, payload, visitor, state.settings.max_age)


def tags_of_topic(state: AppState, topic: str, visitor: str | None) -> list[str] | None:
    """Return the tags of a topic, or None where it is void.

    :param visitor: None for somebody who has no key, for whom none is valid.
    """
    payload = verify_id(state.signing.ring, NAME, topic, visitor or "", state.settings.max_age)
    if payload is None or visitor is None:
        return None
    tags = (load_payload(payload) or {}).get("tags")
    return [str(tag) for tag in tags] if isinstance(tags, list) else None
