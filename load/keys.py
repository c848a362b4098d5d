"""Secret keys in a file: whoever has the file rotates them, and every worker follows before its next request."""

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

KEPT = 8  # fallbacks: a form is good for so many rotations


def read(path: Path) -> list[str]:
    """Return the keys, the newest first: the first one signs."""
    keys: list[str] = json.loads(path.read_text())
    return keys


def rotate(path: Path) -> None:
    """Put a new key before those in the file; the oldest falls out. A reader sees the file before or after."""
    old = read(path) if path.exists() else []
    new = path.with_suffix(".new")
    new.write_text(json.dumps([secrets.token_hex(), *old][: KEPT + 1]))
    new.replace(path)


class FollowKeys:
    """A WSGI middleware that reads the file again where it has been replaced."""

    def __init__(self, app: Flask, path: Path) -> None:
        self.app = app
        self.wsgi_app = app.wsgi_app
        self.path = path
        self.seen = 0  # the file's inode and time, hashed
        self.lock = threading.Lock()  # a request waits until the other one has set both

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.follow()
        return self.wsgi_app(environ, start_response)

    def follow(self) -> None:
        with self.lock:
            found = os.stat(self.path)
            if self.seen == (now := hash((found.st_ino, found.st_mtime_ns))):
                return
            key, *fallbacks = read(self.path)
            self.app.config.update(SECRET_KEY_FALLBACKS=[*fallbacks, key])  # never a moment without the old one
            self.app.config.update(SECRET_KEY=key)
            self.app.config.update(SECRET_KEY_FALLBACKS=fallbacks)
            self.seen = now
