"""A file for us alone, made where there is none: no link of somebody else leads us to another one."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from ..logs import logger

MOST_LINKS = 20


class UnsafeFile(OSError):
    """A path that is no file, or one that somebody else leads us to."""


def make_private(path: Path) -> None:
    """Make a file where there is none, with the permissions 0600; one that is there keeps its own.

    :raises UnsafeFile: it is a link that another user made, or no file.
    """
    target = target_of(path)
    with suppress(FileExistsError, PermissionError):  # never opened where it is there: closing drops SQLite's locks
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # which follows no link
    if not stat.S_ISREG(target.stat().st_mode):
        raise UnsafeFile(f"{str(path)!r} is no file")


def target_of(path: Path) -> Path:
    """Return what a path leads to, through links of our own; SQLite itself would make it as the umask lets it.

    :raises UnsafeFile: a link of another user, or a circle.
    """
    for _ in range(MOST_LINKS):
        if not path.is_symlink():
            return path
        if path.lstat().st_uid not in our_users():
            raise UnsafeFile(f"{str(path)!r} is a link that another user made")
        path = path.parent / path.readlink()
    raise UnsafeFile(f"{str(path)!r} is a link that leads nowhere")


def our_users() -> tuple[int, ...]:
    return (0, os.geteuid()) if hasattr(os, "geteuid") else (0,)  # Windows has none, and says 0 of every file


def warn_of_readers(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & stat.S_IRWXO:
        logger.warning("The store's file %r is open to every user of this machine (%#o): chmod 600.", str(path), mode)
