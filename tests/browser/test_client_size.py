"""What a visitor downloads."""

from __future__ import annotations

import gzip
from importlib.resources import files

STATIC = files("flask_serveractions").joinpath("static")
#: bytes, gzipped: what every page loads, and what it loads with what only pages that call actions do
LIMIT, LIMIT_OF_BOTH = 7_000, 11_000


def size_of(name: str) -> int:
    return len(gzip.compress(STATIC.joinpath(name).read_bytes(), 9, mtime=0))


def test_the_client_is_at_most_seven_kilobytes_gzipped_and_with_all_that_it_imports_eleven() -> None:
    client, screen = size_of("client.js"), size_of("screen.js")
    print(f"client.js: {client:,} bytes gzipped, {LIMIT - client:,} left; screen.js: {screen:,}")
    assert client <= LIMIT
    assert client + screen <= LIMIT_OF_BOTH
