"""One hook, closed by default: who may pass."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from flask import g, has_app_context
from werkzeug.local import LocalProxy

from .errors import Refusal
from .operation import Operation
from .state import AuthHook

if TYPE_CHECKING:
    from flask import Flask

Marked = TypeVar("Marked", bound=Callable[..., Any])

PUBLIC = "__serveractions_public__"
REQUIRES = "__serveractions_requires__"
IDENTITY = "_serveractions_identity"  # in g

#: What the auth hook gave for the running call; falsy where nobody is known.
current_identity: Any = LocalProxy(lambda: g.get(IDENTITY) if has_app_context() else None)


def public(marked: Marked) -> Marked:
    """Mark a function, a method or a MethodRoute class as open to everybody.

    :raises TypeError: it is marked with ``@requires`` as well.
    """
    return mark(marked, PUBLIC, True)


def requires(*what: str) -> Callable[[Marked], Marked]:
    """Mark a function, a method or a MethodRoute class with what the hook shall ask for: ``operation.requires``.

    :raises TypeError: nothing is asked for, or it is marked as ``@public`` too.
    """
    if not what or not all(isinstance(each, str) for each in what):
        raise TypeError(f"@requires{what!r}: name what is required, as in @requires('admin').")
    return lambda marked: mark(marked, REQUIRES, frozenset(what))


def mark(marked: Marked, name: str, value: Any) -> Marked:
    """Set a mark on a function and on all that it wraps: a wrapper above ``@register`` must not lose it."""
    other = REQUIRES if name == PUBLIC else PUBLIC
    each: Any = marked
    while each is not None:
        if other in vars(each):
            raise TypeError(f"{marked!r} is marked as @public and with @requires. Leave one of them out.")
        setattr(each, name, value)
        each = vars(each).get("__wrapped__")
    return marked


def marks_of(operation: Operation) -> tuple[bool, frozenset[str]]:
    """Return ``public`` and ``requires`` of an operation, as they stand now."""
    if operation.owner is None:
        return own_marks(operation.function) or (False, frozenset())
    return inherited_marks(operation.owner, operation.function.__name__)


def own_marks(marked: Any) -> tuple[bool, frozenset[str]] | None:
    found = vars(inspect.unwrap(marked)) | vars(marked) if not inspect.isclass(marked) else vars(marked)
    if REQUIRES in found:
        return False, found[REQUIRES]
    return (True, frozenset()) if found.get(PUBLIC) else None


def inherited_marks(owner: type[Any], method: str) -> tuple[bool, frozenset[str]]:
    """Return the marks of a method: its own, else its class's, and so on through the bases.

    A method that was written anew does not become public because the one that it replaces was.
    """
    replaced = False
    for cls in owner.__mro__:
        function = vars(cls).get(method)
        function = getattr(function, "__func__", function)  # a static or class method
        marks = own_marks(function) if function is not None else None
        if marks is not None and not (marks[0] and replaced):
            return marks
        replaced = replaced or function is not None
        marks = own_marks(cls)
        if marks is not None:
            return marks
    return False, frozenset()


def hook_for(function: Callable[..., Any], schemes: Mapping[str, Mapping[str, Any]]) -> AuthHook:
    """Return the hook that a function is.

    :raises TypeError: it takes neither one nor two arguments.
    """
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [each for each in inspect.signature(function).parameters.values() if each.kind in kinds]
    if not 1 <= len(parameters) <= 2:
        raise TypeError(
            f"The auth hook {function!r} takes {len(parameters)} arguments."
            " Write hook(operation) or hook(operation, arguments)."
        )
    is_async = inspect.iscoroutinefunction(function)
    return AuthHook(function=function, takes_arguments=len(parameters) == 2, is_async=is_async, schemes=dict(schemes))


def authorise(app: Flask, hook: AuthHook | None, operation: Operation, arguments: Mapping[str, Any]) -> Any:
    """Return the caller's identity, None for somebody unknown who may pass.

    :param arguments: the signed or the path arguments.
    :raises Refusal: 401; whatever the hook raises comes through.
    """
    if hook is None:
        if operation.requires:
            raise RuntimeError(no_hook(operation))
        return None
    identity = hook.ask(app, operation, arguments)
    if not identity and not operation.public:
        raise Refusal(401, "no identity", "Sign in to do this.")
    setattr(g, IDENTITY, identity or None)
    return identity or None


def no_hook(operation: Operation) -> str:
    what = ", ".join(sorted(operation.requires))
    return (
        f"{operation.where} requires {what!r}, and nobody can tell who has it. Register a hook with @actions.auth_hook."
    )
