"""Secret keys in a file: whoever has the file rotates them, and every worker follows before its next request.

A key is announced to all before it signs: so no worker meets a signature that it can't know.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

KEPT = 12  # keys that have signed; what they signed is good for so many rotations


def read(path: Path) -> list[str]:
    """Return the keys, the newest first: it is announced, the second one signs, the others have signed."""
    keys: list[str] = json.loads(path.read_text())
    return keys


def begin(path: Path) -> None:
    path.write_text(json.dumps([secrets.token_hex(), secrets.token_hex()]))


def rotate(path: Path) -> None:
    """Let the announced key sign, and announce a new one; the oldest falls out. A reader sees all of it or nothing."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps([secrets.token_hex(), *read(path)][: KEPT + 2]))
    new.replace(path)


class FollowKeys:
    """A WSGI middleware that reads the file again where it has been replaced."""

    def __init__(self, app: Flask, path: Path) -> None:
        self.app = app
        self.wsgi_app = app.wsgi_app
        self.path = path
        self.seen: tuple[int, int] = (0, 0)  # the file's inode and time
        self.lock = threading.Lock()  # a request waits until the other one has set both

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.follow()
        return self.wsgi_app(environ, start_response)

    def follow(self) -> None:
        with self.lock:
            found = os.stat(self.path)
            now = (found.st_ino, found.st_mtime_ns)
            if self.seen != now:
                keys = read(self.path)
                # all of them, also the one that signs: whoever reads one setting before and one after knows enough
                self.app.config.update(SECRET_KEY_FALLBACKS=keys, SECRET_KEY=keys[1])
                self.seen = now
