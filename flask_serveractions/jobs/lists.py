"""Which jobs a visitor has: for the limit, and for a page that shows them after a reload.

One record for each owner, ``[[job ID, whether it is over], …]``, the newest first. It is changed by comparing and
swapping, so that of two processes neither loses what the other has written.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256

from ..stores.store import Record, Store

LISTED = 50  # jobs of one owner: those under way, and the newest of the others

#: job ID, and whether it is known to hold no place any more
Entry = tuple[str, bool]


class JobList:
    """The jobs of one owner.

    :param kept: seconds after the last change that the list is kept.
    """

    def __init__(self, store: Store, owner: str, kept: float) -> None:
        self.store = store
        self.kept = kept
        self.key = f"jobs:{sha256(owner.encode()).hexdigest()}"

    def ids(self) -> list[str]:
        """Return the IDs of the jobs, the newest first; some may be forgotten."""
        return [job_id for job_id, _ in entries_in(self.store.get(self.key))]

    def has_room(self, most: int, is_under_way: Callable[[str], bool]) -> bool:
        """Return whether the owner may have one job more."""
        return places(looked_at(entries_in(self.store.get(self.key)), most, is_under_way)) < most

    def add(self, job_id: str, most: int, is_under_way: Callable[[str], bool]) -> bool:
        """Add a job, unless ``most`` are under way; return whether."""
        while True:
            record = self.store.get(self.key)
            entries = looked_at(entries_in(record), most, is_under_way)
            if places(entries) >= most:
                return False
            if self._replace(record, shortened([(job_id, False), *entries])):
                return True

    def _replace(self, record: Record | None, entries: list[Entry]) -> bool:
        version = secrets.token_hex(8)
        if record is None:
            return self.store.add(self.key, entries, self.kept, version, self.kept) is None
        return self.store.swap(self.key, record.token, entries, self.kept, version, self.kept)


def entries_in(record: Record | None) -> list[Entry]:
    return [] if record is None else [(job_id, over) for job_id, over in record.value]


def places(entries: list[Entry]) -> int:
    return sum(not over for _, over in entries)


def looked_at(entries: list[Entry], most: int, is_under_way: Callable[[str], bool]) -> list[Entry]:
    """Return the entries as they are now; nobody looks while there is room in any case."""
    if places(entries) < most:
        return entries
    return [(job_id, over or not is_under_way(job_id)) for job_id, over in entries]


def shortened(entries: list[Entry]) -> list[Entry]:
    """Return the entries that hold a place, and of the others the newest."""
    spare = LISTED - places(entries)
    short: list[Entry] = []
    for entry in entries:
        if entry[1]:
            spare -= 1
        if not entry[1] or spare >= 0:
            short.append(entry)
    return short
