"""What the tests look at of a store: the lease of a record, and whose its files are."""

from __future__ import annotations

from pathlib import Path

from flask_serveractions.stores.store import Store


def lapsed(store: Store, key: str) -> bool:
    record = store.get(key)
    return record is not None and record.lapsed


def permissions(path: Path) -> dict[str, str]:
    return {each.name: oct(each.stat().st_mode & 0o777) for each in path.parent.glob(f"{path.name}*")}
