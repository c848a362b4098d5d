"""What a visitor downloads."""

from __future__ import annotations

import gzip
from importlib.resources import files
from pathlib import Path

STATIC = files("flask_serveractions").joinpath("static")
#: bytes, gzipped: what every page loads; what pages that call actions do
#: what pages with the features of live.js do; what those with files do, or with scripts that call actions
LIMITS = {"client.js": 6_975, "screen.js": 5_550, "live.js": 5_040, "transfer.js": 1_100}


def size_of(name: str) -> int:
    return len(gzip.compress(STATIC.joinpath(name).read_bytes(), 9, mtime=0))


def test_each_module_of_the_client_keeps_to_its_size() -> None:
    sizes = {name: size_of(name) for name in LIMITS}
    print(*(f"{name}: {size:,} bytes gzipped, {LIMITS[name] - size:,} left" for name, size in sizes.items()), sep="\n")
    assert {name: size for name, size in sizes.items() if size > LIMITS[name]} == {}


def test_every_module_has_its_limit() -> None:
    assert {each.name for each in STATIC.iterdir() if each.name.endswith(".js")} == set(LIMITS)


def test_each_source_of_the_client_has_at_most_200_lines() -> None:
    sources = Path(__file__).parents[2] / "client" / "src"
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in sources.rglob("*.js")}
    assert {name: count for name, count in lines.items() if count > 200} == {}
