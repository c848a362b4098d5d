"""Decorators as people write them, and functions under them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Decorator = Callable[[Any], Any]


def wrapping(function: Any) -> Any:
    """A decorator as one should write it."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def hiding(function: Any) -> Any:
    """A decorator that does not say what it wraps."""

    def wrapper() -> Any:
        return function()

    return wrapper


def decorated(*decorators: Decorator) -> Any:
    """Return a function under decorators, the first one on top."""

    def purge() -> None: ...

    made: Any = purge
    for each in reversed(decorators):
        made = each(made)
    return made
