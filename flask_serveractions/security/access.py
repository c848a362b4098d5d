"""One hook, closed by default: who may pass."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.local import LocalProxy

from ..app_state import AuthHook
from ..errors import Refusal
from ..operation import ACTION, Operation
from ..scope import scope

if TYPE_CHECKING:
    from flask import Flask

IDENTITY = "flask_serveractions.identity"  # in the scope

#: What the auth hook gave for the running call; falsy where nobody is known, and outside of a call.
current_identity: Any = LocalProxy(lambda: scope().get(IDENTITY))


#: what the hook is asked about where no action is meant: who is there?
NOBODYS = Operation(name="", kind=ACTION, method="POST", function=lambda: None)


def who_is_there(app: Flask, hook: AuthHook) -> Any:
    """Return the caller's identity, asked about no action in particular; None for nobody, whatever the hook does."""
    try:
        return hook.ask(app, NOBODYS, {})
    except Exception:  # a refusal and an answer as well
        return None


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
    scope()[IDENTITY] = identity
    if identity is None and not operation.public:
        raise Refusal(401, "no identity", "Sign in to do this.")
    return identity


def no_hook(operation: Operation) -> str:
    what = ", ".join(sorted(operation.requires))
    return (
        f"{operation.where} requires {what!r}, and nobody can tell who has it. Register a hook with @actions.auth_hook."
    )
