"""Bodies as they are sent, and the function that takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.calling import Door


def part(name: str, value: str, more: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


def taking(*, value: str = "nothing", done: bool = False) -> None: ...


def reading_first(door: Door, read: Callable[[], Any]) -> None:
    @door.app.before_request
    def look() -> None:
        read()
