"""A body of JSON: what comes before it, and how deep it nests."""

from __future__ import annotations

import pytest

from flask_serveractions.arguments.json_bodies import parse_json
from flask_serveractions.errors import Unreadable


def test_a_byte_order_mark_before_json_is_no_part_of_it() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', "utf-8") == {"a": 1}
    with pytest.raises(Unreadable):
        parse_json(b'\xef\xbb\xbf\xef\xbb\xbf{"a": 1}', "utf-8")


@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_json_that_nests_deeper_than_what_looks_through_it_is_unreadable(pair: str) -> None:
    opened, closed = ("[", "]") if pair == "[]" else ('{"a":', "}")
    assert parse_json(f"{opened * 190}1{closed * 190}".encode(), "utf-8")
    with pytest.raises(Unreadable):
        parse_json(f"{opened * 300}1{closed * 300}".encode(), "utf-8")


@pytest.mark.parametrize("text", ["NaN", "[1e999]", "{", "\u00e9"])
def test_what_is_no_json_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_json(text.encode("latin-1"), "utf-8")
