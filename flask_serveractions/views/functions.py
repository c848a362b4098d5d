"""What may be registered as an action: functions, and those that a module makes public."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..operation import where
from ..schemas.types import undecorated


def check_is_function(function: Any) -> None:
    """:raises TypeError: not a function, or one of whose steps nothing can be returned."""
    written = undecorated(function)
    if isinstance(function, str):
        raise TypeError(f"@actions.register takes a function, not {function!r}. A name is name={function!r}.")
    if not inspect.isroutine(written):
        raise TypeError(f"@actions.register takes a function, not {function!r}. Write one around it: def f(): ….")
    if inspect.isasyncgenfunction(written):
        raise TypeError(
            f"{where(function)} is an async generator, which can't return a result."
            " Write it as def: a plain generator that yields Progress."
        )


def public_functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return the public functions that a module defines, by name: those in ``__all__``, or without ``_`` in front.

    :raises TypeError: it is no module.
    """
    if not isinstance(module, ModuleType):
        raise TypeError(
            f"register_module takes a module, not {module!r}. Write import todos, and then"
            " actions.register_module(todos)."
        )
    names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    found: dict[int, tuple[str, Callable[..., Any]]] = {}
    for name in names:
        function = getattr(module, name, None)
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            found.setdefault(id(function), (name, function))  # a second name is an alias
    return dict(found.values())
