"""Decorators above ``@register``: a request calls what was registered, and not what they have made of it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..app_state import AppState
from ..held import callables_in
from ..marks import bearers, chain_of, hidden, is_lost, requires_of, written
from ..operation import Operation, undecorated, where
from ..security.rate_limits import is_limit
from ..views.own_views import is_own

if TYPE_CHECKING:
    from flask import Flask


def defining_frame(function: Any) -> FrameType | None:
    """Return the running frame in which a function has just been defined; None where no local scope defines it.

    Its scope will know by the function's name what the decorators above ``@register`` make of it.
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("flask_serveractions."):
        frame = frame.f_back
    is_local = frame is not None and frame.f_locals is not frame.f_globals
    return frame if is_local and frame is not None and code in frame.f_code.co_consts else None


def check_decorators(state: AppState) -> None:
    """Refuse decorators above ``@register`` that nobody would call; Flask-Limiter's count wherever they stand.

    :raises RuntimeError: there is one; says how to mend it.
    """
    for name, operation in state.registry.actions.items():
        frame = state.registry.scopes.get(name)
        for known in (known_in_module(operation.function), known_in_frame(operation.function, frame)):
            if any(not is_limit(each) for each in wrappers_of(operation.function, known)):
                raise RuntimeError(
                    f"{operation.where} has a decorator above @actions.register, which no form and no script calls."
                    " Put it below @register: what is registered is what they call."
                )


def check_marks_above(state: AppState, operations: Iterable[Operation]) -> None:
    """Refuse a ``@requires`` above a decorator that looks up by name what it has wrapped: it holds no function.

    :raises RuntimeError: there is one, on what stands under an operation's own name; be it a function written anew.
    """
    known = list(operations)
    registered = {id(each) for operation in known for each in bearers(operation)}
    for operation in known:
        frame = state.registry.scopes.get(operation.name)
        for above in (known_in_its_place(operation), known_in_frame(operation.function, frame)):
            for each in () if id(above) in registered else (above, *callables_in(above)):
                if is_lost(each, registered) and not requires_of(each) <= operation.requires:
                    say = redefined if is_written_anew(operation.function, each) else hidden
                    raise RuntimeError(say(operation, where(each), requires_of(each)))


def is_written_anew(function: Any, other: Any) -> bool:
    """Whether a function is another one of the same name in the same file, and nothing that a decorator has made."""
    one, another = (getattr(undecorated(each), "__code__", None) for each in (function, other))
    if one is None or another is None or one is another:
        return False
    return (one.co_name, one.co_filename) == (another.co_name, another.co_filename)


def redefined(operation: Operation, bearer: str, what: frozenset[str]) -> str:
    return (
        f"{written(what)} on {bearer} guards nothing: it was not registered, and forms and scripts call another"
        f" function of its name, {operation.where}. Put @actions.register on the one that is meant, and give the other"
        " another name."
    )


def check_views(app: Flask, state: AppState) -> None:
    """Refuse an action whose function is the app's view as well: a view is given no arguments of a form.

    :raises TypeError: there is one, by ``@app.post`` above ``@register``, say.
    """
    functions = {operation.function: operation for operation in state.registry.actions.values()}
    for endpoint, view in app.view_functions.items():
        below = () if is_own(view) else chain_of(view)
        operation = next((functions[each] for each in below if each in functions), None)
        if operation is not None:
            raise TypeError(
                f"{operation.where} is registered as an action, and as the view {endpoint!r} too, which gets no"
                " arguments from a form. Leave @app.route, @app.post or add_url_rule out: a form calls it by its name."
            )


def known_in_module(function: Any) -> Any:
    """Return what a function's module knows by the function's name."""
    return getattr(sys.modules.get(function.__module__), name_of(function), None)


def known_in_its_place(operation: Operation) -> Any:
    """Return what stands where a module has defined an operation's function, or class; None where a scope has."""
    subject = operation.function if operation.owner is None else operation.owner
    return known_in_module(subject) if getattr(subject, "__qualname__", "") == name_of(subject) else None


def known_in_frame(function: Any, frame: FrameType | None) -> Any:
    """Return what the scope that defined a function knows by the function's name."""
    return None if frame is None else frame.f_locals.get(name_of(function))


def name_of(function: Any) -> str:
    name: str = getattr(function, "__name__", "")  # a partial has none
    return name


def wrappers_of(function: Any, known: Any) -> list[Any]:
    """Return what decorators have made of a function, outermost first.

    :param known: what stands under its name now.
    """
    chain = list(chain_of(known))
    if function in chain:
        return chain[: chain.index(function)]
    return [known] if any(each is function for each in callables_in(known)) else []
