"""The tables of the store on SQLite, and the longer statements."""

from __future__ import annotations

from functools import cache

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS serveractions_records (key TEXT PRIMARY KEY, value TEXT NOT NULL,"
    " expires REAL NOT NULL, token TEXT NOT NULL, lease REAL NOT NULL, ends REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS serveractions_records_expires ON serveractions_records (expires)",
    "CREATE TABLE IF NOT EXISTS serveractions_generations (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL,"
    " number INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS serveractions_meta (id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL,"
    " counter INTEGER NOT NULL, floor INTEGER NOT NULL)",
)

GIVE_GENERATION = (
    "INSERT INTO serveractions_generations (name, number) SELECT ?, counter FROM serveractions_meta WHERE true"
    " ON CONFLICT (name) DO UPDATE SET number = excluded.number"
)


@cache
def lookup_sql(names: int) -> str:
    marks = ", ".join("?" * names)
    return (
        "SELECT (SELECT value FROM serveractions_records"  # noqa: S608  # question marks alone
        " WHERE key = ? AND expires > ? AND ends > ? AND ends - ? <= lease), epoch, counter, max(floor, coalesce("
        f"(SELECT max(number) FROM serveractions_generations WHERE name IN ({marks})), 0)) FROM serveractions_meta"
    )


@cache
def generations_sql(names: int) -> str:
    """Return a statement whose rows are ``(epoch, counter, floor, name or None, number or None)``."""
    marks = ", ".join("?" * names)
    return (
        "SELECT epoch, counter, floor, name, number FROM serveractions_meta"  # noqa: S608  # question marks alone
        f" LEFT JOIN serveractions_generations ON name IN ({marks})"
    )
