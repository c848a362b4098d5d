"""Cards in a SQLite file."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import current_app, g

COLUMNS = {"todo": "To do", "doing": "In progress", "done": "Done"}
PEOPLE = {name: name for name in ("Ada", "Grace", "Katherine", "Margaret")}
ON_A_PAGE = 20
Row = sqlite3.Row
SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS cards (
  id INTEGER PRIMARY KEY, title TEXT NOT NULL, stage TEXT NOT NULL, person TEXT NOT NULL DEFAULT '',
  notes TEXT NOT NULL DEFAULT '', archived INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS comments (
  id INTEGER PRIMARY KEY, card INTEGER NOT NULL REFERENCES cards, person TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY, person TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
"""


def prepare(path: str) -> None:
    """Make the tables, where they are not there."""
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
    connection.close()


def database() -> sqlite3.Connection:
    """Return the connection of this request; what is not committed by its end is lost."""
    if "database" not in g:
        g.database = sqlite3.connect(current_app.config["DATABASE"], timeout=10)
        g.database.row_factory = sqlite3.Row
    connection: sqlite3.Connection = g.database
    return connection


def close_database(error: BaseException | None = None) -> None:
    if "database" in g:
        g.pop("database").close()


def rows(query: str, *values: Any) -> list[Row]:
    return database().execute(query, values).fetchall()


def change(query: str, *values: Any) -> sqlite3.Cursor:
    with database() as connection:
        return connection.execute(query, values)


def columns(words: str = "") -> dict[str, list[Row]]:
    """Return the cards by their columns: those whose title has these words in it."""
    found = rows(
        "SELECT *, (SELECT count(*) FROM comments WHERE card = cards.id) AS comments FROM cards"
        " WHERE NOT archived AND instr(lower(title), lower(?)) ORDER BY id DESC",
        words,
    )
    return {stage: [card for card in found if card["stage"] == stage] for stage in COLUMNS}


def card(card_id: int) -> Row | None:
    return next(iter(rows("SELECT * FROM cards WHERE id = ?", card_id)), None)


def comments(card_id: int) -> list[Row]:
    return rows("SELECT * FROM comments WHERE card = ? ORDER BY id", card_id)


def archived(page: int) -> list[Row]:
    """Return a page of the archive, and one card more where there is a next page."""
    query = "SELECT * FROM cards WHERE archived ORDER BY id DESC LIMIT ? OFFSET ?"
    return rows(query, ON_A_PAGE + 1, (page - 1) * ON_A_PAGE)


def feed() -> list[Row]:
    return rows("SELECT * FROM events ORDER BY id DESC LIMIT 8")


def statistics() -> list[Row]:
    """Return how many open and finished cards each person has."""
    return rows(
        "SELECT coalesce(nullif(person, ''), 'Nobody') AS person, sum(stage != 'done') AS open, sum(stage = 'done')"
        " AS finished FROM cards WHERE NOT archived GROUP BY person ORDER BY 2 DESC, 1"
    )
