"""Marks: ``@public`` and ``@requires``, wherever they stand among the decorators.

They are read when the app starts serving. A mark is set on the decorated function and on all that it wraps, so that
it may stand above ``@register``. What a decorator without ``functools.wraps`` hides is found at start, and is an error:
no order leaves a door open.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import CellType, FunctionType, MethodType
from typing import Any, TypeVar

from werkzeug.local import LocalProxy

from .operation import Operation, where

Marked = TypeVar("Marked", bound=Callable[..., Any])

PUBLIC = "__serveractions_public__"
REQUIRES = "__serveractions_requires__"
NOTES = "__serveractions_covered__"  # on what a marked wrapper hides


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands on a function or a class: open to everybody, or to whom the hook finds worthy."""

    public: bool = False
    requires: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Note:
    """A mark on a wrapper, noted on what the wrapper hides: in case that this is what was registered."""

    wrapper: weakref.ref[Any]
    where: str
    requires: frozenset[str]


def public(marked: Marked) -> Marked:
    """Mark a function, a method or a MethodRoute class as open to everybody.

    :raises TypeError: it is marked with ``@requires`` as well, or can't be marked.
    """
    for each in chain_of(marked):
        check_markable(marked, each, REQUIRES)
        setattr(each, PUBLIC, True)
    return marked


def requires(*what: str) -> Callable[[Marked], Marked]:
    """Mark a function, a method or a MethodRoute class with what the hook shall ask for: ``operation.requires``.

    Several of them add up.

    :raises TypeError: nothing is asked for, it is marked as ``@public`` too, or can't be marked.
    """
    if not what or not all(isinstance(each, str) for each in what):
        raise TypeError(f"@requires{what!r}: name what is required, as in @requires('admin').")

    def mark(marked: Marked) -> Marked:
        for each in chain_of(marked):
            check_markable(marked, each, PUBLIC)
            setattr(each, REQUIRES, vars(each).get(REQUIRES, frozenset()) | frozenset(what))
        note_what_is_hidden(marked, frozenset(what))
        return marked

    return mark


def check_markable(marked: Any, each: Any, other: str) -> None:
    found = getattr(each, "__dict__", None)
    if found is None:
        raise TypeError(f"{each!r} can't be marked: it takes no attributes. Mark the function that it wraps.")
    if other in found:
        raise TypeError(f"{marked!r} is marked as @public and with @requires. Leave one of them out.")
    if "view_class" in found:
        raise TypeError(f"{marked!r} is a view, not an operation. Mark {found['view_class']!r} or its methods.")


def chain_of(marked: Any) -> Iterator[Any]:
    """Yield a function and all that it says it wraps, outermost first; a class by itself."""
    while marked is not None:
        marked = getattr(marked, "__func__", marked)  # of bound, static and class methods
        yield marked
        marked = getattr(marked, "__dict__", {}).get("__wrapped__")


def own_marks(marked: Any) -> Marks | None:
    """Return the marks of one function or class, without what it inherits; None where it has none."""
    found = [getattr(each, "__dict__", {}) for each in chain_of(marked)]
    required = frozenset[str]().union(*(each.get(REQUIRES, ()) for each in found))
    if required:
        return Marks(requires=required)
    return Marks(public=True) if any(each.get(PUBLIC) for each in found) else None


def marks_of(operation: Operation) -> Marks:
    """Return the marks of an operation as they stand now."""
    if operation.owner is None:
        return own_marks(operation.function) or Marks()
    return inherited_marks(operation.owner, operation.method.lower())


def inherited_marks(owner: type[Any], method: str) -> Marks:
    """Return the marks of a method: its own, else its class's, and so on through the bases.

    A method that was written anew does not become public because the one that it replaces was; and a class that is
    public does not open an inherited method that requires something.
    """
    replaced = opened = False
    for cls in owner.__mro__:
        function = vars(cls).get(method)
        marks = own_marks(function) if function is not None else None
        if marks is not None and (marks.requires or not (replaced or opened)):
            return marks
        replaced = replaced or function is not None
        of_class = own_marks(cls)
        if of_class is not None and not opened:
            if replaced or of_class.requires:
                return of_class
            opened = True
    return Marks(public=opened)


def with_marks(operation: Operation) -> Operation:
    marks = marks_of(operation)
    return dataclasses.replace(operation, public=marks.public, requires=marks.requires)


def note_what_is_hidden(marked: Any, what: frozenset[str]) -> None:
    """Note a mark on whatever its bearer replaces without saying so."""
    note = Note(weakref.ref(getattr(marked, "__func__", marked)), where(marked), what)
    for each in replaced_by(marked) if inspect.isclass(marked) else held_by(marked):
        found = getattr(each, "__dict__", None)
        if found is not None and REQUIRES not in found:
            setattr(each, NOTES, (*found.get(NOTES, ()), note))


def replaced_by(cls: type[Any]) -> list[type[Any]]:
    """Return the classes that a class decorator has replaced by a subclass of the same name."""
    return [
        each for each in cls.__mro__[1:] if (each.__qualname__, each.__module__) == (cls.__qualname__, cls.__module__)
    ]


def held_by(outer: Any) -> Iterator[Any]:
    """Yield the callables that a callable holds on to, at any depth: what a decorator wrapped, however it did."""
    seen, todo = {id(outer)}, [outer]
    while todo:
        for inner in held_directly(todo.pop()):
            if id(inner) not in seen and callable(inner) and not inspect.isclass(inner):
                seen.add(id(inner))
                todo.append(inner)
                yield inner


def held_directly(outer: Any) -> Iterator[Any]:
    if isinstance(outer, functools.partial):
        yield outer.func
    if isinstance(outer, (MethodType, staticmethod, classmethod)):
        outer = outer.__func__
    if isinstance(outer, FunctionType):
        for name, cell in zip(outer.__code__.co_freevars, outer.__closure__ or (), strict=True):
            held = content_of(cell)
            if not isinstance(held, LocalProxy) and not is_neighbour(outer, name, held):
                yield held
    yield from (each for each in getattr(outer, "__dict__", {}).values() if inspect.isroutine(each))


def is_neighbour(function: FunctionType, name: str, held: Any) -> bool:
    """Whether a free variable is a function of the same scope, under its own name: called, not wrapped."""
    if not isinstance(held, FunctionType) or (held.__name__, held.__module__) != (name, function.__module__):
        return False
    scope = held.__qualname__.removesuffix(name)
    return bool(scope) and function.__qualname__.startswith(scope)


def content_of(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def check_nothing_is_hidden(operations: Iterable[Operation]) -> None:
    """Refuse a ``@requires`` that a decorator keeps from the operation that it was meant for.

    :raises RuntimeError: it stands beyond a decorator that hides the function; says how to mend it.
    """
    known = list(operations)
    registered = {id(each) for operation in known for each in bearers(operation)}
    for operation in known:
        for each in held_by(operation.function):
            marks = own_marks(each) or Marks()
            if not marks.requires <= operation.requires and id(each) not in registered:
                raise RuntimeError(hidden(operation, where(each), marks.requires))
        for note in notes_on(operation):
            if not note.requires <= operation.requires and id(note.wrapper()) not in registered:
                raise RuntimeError(hidden(operation, note.where, note.requires))


def bearers(operation: Operation) -> list[Any]:
    """Return what the marks of an operation may stand on."""
    owner = [] if operation.owner is None else [operation.owner]
    return [*chain_of(operation.function), *owner]


def notes_on(operation: Operation) -> Iterator[Note]:
    for each in bearers(operation):
        yield from getattr(each, "__dict__", {}).get(NOTES, ())


def hidden(operation: Operation, bearer: str, what: frozenset[str]) -> str:
    mark = f"@requires({', '.join(map(repr, sorted(what)))})"
    return (
        f"{mark} on {bearer} does not reach {operation.where}: a decorator between them hides the function."
        " Put @requires right above the function, or use functools.wraps in the decorator."
    )
