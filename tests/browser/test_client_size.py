"""What a visitor downloads."""

from __future__ import annotations

import gzip
from importlib.resources import files

LIMIT = 5_120  # bytes, gzipped


def test_the_client_is_at_most_five_kilobytes_gzipped() -> None:
    client = files("flask_serveractions").joinpath("static").joinpath("client.js").read_bytes()
    size = len(gzip.compress(client, 9, mtime=0))
    print(f"client.js: {len(client):,} bytes, {size:,} gzipped, {LIMIT - size:,} left")
    assert size <= LIMIT
