"""Who an ID was rendered for: a random key in the session, replaced when the identity changes.

The session holds ``{"key", "who", "seen"}`` under :data:`SESSION_KEY`: the key that IDs are bound to, a digest of the
identity that the auth hook last gave (None: nobody, or it did not tell), and one of the rest of the session at that
time (None until the response is made that brings the key).
"""

from __future__ import annotations

import json
from collections.abc import Callable, MutableMapping
from datetime import date
from typing import Any

from ..identities import identity_text
from .signing import digest, random_key

SESSION_KEY = "_serveractions"
UNRELATED = {SESSION_KEY, "_flashes", "csrf_token", "_permanent"}
MOMENTS = (float, date)  # "last seen": nobody's identity, and other at every request

REST = json.JSONEncoder(sort_keys=True, default=repr)

Session = MutableMapping[str, Any]


def visitor_of(session: Session) -> str:
    """Return the session's key, or ``""`` where it has none yet (then no ID is valid)."""
    known = session.get(SESSION_KEY)
    key = known.get("key") if isinstance(known, dict) else None
    return key if isinstance(key, str) else ""


def session_mark(session: Session, csrf_field: str) -> str:
    """Return what tells a session from others: its key, or its raw CSRF token where no IDs are bound to sessions."""
    return visitor_of(session) or str(session.get(csrf_field, ""))


def known_identity(session: Session) -> str | None:
    """Return the digest of the identity that the session's key was made for; None for nobody."""
    known = session.get(SESSION_KEY)
    who = known.get("who") if isinstance(known, dict) else None
    return who if isinstance(who, str) else None


def visitor_for_page(session: Session, identify: Callable[[], Any]) -> str:
    """Return the key that IDs of this page are bound to, making or replacing it where that is due.

    :param identify: asks the auth hook; called only where there is no key yet, or the session has changed since.
    """
    known = session.get(SESSION_KEY)
    seen = session_digest(session)
    if not isinstance(known, dict) or not visitor_of(session):
        return store_visitor(session, random_key(), identity_digest(identify()), None)
    if known.get("seen") == seen:
        return visitor_of(session)
    who = identity_digest(identify())
    key = visitor_of(session) if who == known.get("who") else random_key()
    return store_visitor(session, key, who, seen)


def unchanged_visitor(session: Session, identify: Callable[[], Any]) -> str:
    """Return the session's key if it is still that of whoever asks, else ``""``; the session stays as it is.

    :param identify: asks the auth hook; called only where the session has changed since the key was given.
    """
    known = session.get(SESSION_KEY)
    if not isinstance(known, dict):
        return ""
    same = known.get("seen") == session_digest(session) or known.get("who") == identity_digest(identify())
    return visitor_of(session) if same else ""


def remember_session(session: Session) -> None:
    """Remember the session as it is when the response is made that brings the key: the view may have written to it."""
    known = session.get(SESSION_KEY)
    if isinstance(known, dict) and known.get("seen") is None:
        store_visitor(session, visitor_of(session), known.get("who"), session_digest(session))


def identity_changed(session: Session, identity: Any) -> bool:
    """Whether this session's IDs were rendered for somebody else; then they are void from now on.

    :param identity: what the auth hook gave.
    """
    known = session.get(SESSION_KEY)
    if not isinstance(known, dict):
        return False
    who, was = identity_digest(identity), known.get("who")
    if who == was:
        return False
    seen = session_digest(session)
    same_session = known.get("seen") == seen
    if who is None and same_session:  # a hook need not tell for every operation
        return False
    is_first = was is None and same_session  # the hook was not asked when the ID was rendered
    store_visitor(session, visitor_of(session) if is_first else random_key(), who, seen)
    return not is_first


def identities_of_forms(session: Session, who: str | None) -> set[str | None]:
    """Return the digests of whom this session's forms may be rendered for, seeing who is there now.

    Where the session is what it was, and the hook did not tell of one of the two, it is the same visitor.
    """
    known = session.get(SESSION_KEY)
    if not isinstance(known, dict):
        return {who}
    was = known.get("who")
    if was == who or (was is not None and who is not None):
        return {who}
    return {who, was} if known.get("seen") == session_digest(session) else {who}


def store_visitor(session: Session, key: str, who: str | None, seen: str | None) -> str:
    session[SESSION_KEY] = {"key": key, "who": who, "seen": seen}
    return key


def session_digest(session: Session) -> str:
    rest = {key: session[key] for key in session if key not in UNRELATED and not isinstance(session[key], MOMENTS)}
    return digest(REST.encode(rest)) if rest else ""


def identity_digest(identity: Any) -> str | None:
    """Return a digest of who somebody is; None for nobody.

    :raises TypeError: somebody can't be told from others.
    """
    return digest(identity_text(identity)) if identity else None


def distinct_identity(identity: Any) -> str | None:
    """Return a digest of who somebody is; None for nobody, and where it can't be told."""
    try:
        return identity_digest(identity)
    except TypeError:
        return None
