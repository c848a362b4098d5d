"""What may be registered as an action: functions, and those that a module makes public."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..operation import undecorated, where


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


def name_is_taken(name: str, first: str, second: str) -> str:
    """Return what to say of two actions of one name.

    :param first: where the one stands; ``second``: where the other does.
    """
    if first == second:
        return (
            f"The action {name!r} is registered twice: {first}. Register it once, at import; or let the application"
            " factory make a ServerActions of its own for each app."
        )
    return f"Two actions are called {name!r}: {first} and {second}. Rename one: name=…."


def public_functions(module: ModuleType, prefix: str) -> dict[str, Callable[..., Any]]:
    """Return the public functions that a module defines, by name: those in ``__all__``, or without ``_`` in front.

    :param prefix: goes before each name, elsewhere.
    :raises TypeError: it is no module, or the prefix is no text.
    :raises ValueError: ``__all__`` names what the module does not have.
    """
    if not isinstance(module, ModuleType):
        raise TypeError(
            f"register_module takes a module, not {module!r}. Write import todos, and then"
            " actions.register_module(todos)."
        )
    if not isinstance(prefix, str):
        raise TypeError(f"register_module(prefix={prefix!r}): give a text that goes before each name: 'todos.'.")
    names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    lacking = [name for name in names if not hasattr(module, name)]
    if lacking:
        raise ValueError(f"{module.__name__}.__all__ names {', '.join(map(repr, lacking))}, which it does not define.")
    found: dict[int, tuple[str, Callable[..., Any]]] = {}
    for name in names:
        function = getattr(module, name, None)
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            found.setdefault(id(function), (name, function))  # a second name is an alias
    return dict(found.values())
