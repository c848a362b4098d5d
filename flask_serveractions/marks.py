"""Marks: ``@public`` and ``@requires``, wherever they stand among the decorators.

They are read when the app starts serving. A mark is set on the decorated function and on all that it wraps, so that
it may stand above ``@register``. What a decorator without ``functools.wraps`` hides is found at start, and is an error:
no order lets anybody in. Of classes a mark overrides those of the classes that its own class derives from, and no
others: a mixin opens nothing.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import weakref
from collections.abc import Callable, Iterable, Iterator, Set
from types import FunctionType, MethodType
from typing import Any, NamedTuple, TypeVar

from werkzeug.local import LocalProxy

from .held import held_by
from .operation import Operation, where

Marked = TypeVar("Marked", bound=Callable[..., Any])

PUBLIC = "__serveractions_public__"
REQUIRES = "__serveractions_requires__"
NOTES = "__serveractions_covered__"  # on what a marked wrapper hides


class Marks(NamedTuple):
    """What stands on a function or a class: open to everybody, or to whom the hook finds worthy."""

    public: bool = False
    requires: frozenset[str] = frozenset()


class Note(NamedTuple):
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
    """Yield a function and all that it says it wraps, outermost first; a class by itself.

    A proxy wraps nothing that is there yet: ``g``, or ``LocalProxy(get_db)`` in a class or under a function's name.
    """
    while marked is not None and not isinstance(marked, LocalProxy):
        if isinstance(marked, (MethodType, staticmethod, classmethod)):
            marked = marked.__func__
        yield marked
        marked = getattr(marked, "__dict__", {}).get("__wrapped__")


def own_marks(marked: Any) -> Marks | None:
    """Return the marks of one function or class, without what it inherits; None where it has none."""
    found = [getattr(each, "__dict__", {}) for each in bearers_in(marked)]
    required = frozenset[str]().union(*(each.get(REQUIRES, ()) for each in found))
    if required:
        return Marks(requires=required)
    return Marks(public=True) if any(each.get(PUBLIC) for each in found) else None


def bearers_in(marked: Any) -> Iterator[Any]:
    """Yield a function and all that it says it wraps, as :func:`chain_of` does, and what a partial calls."""
    for each in chain_of(marked):
        yield each
        if isinstance(each, (functools.partial, functools.partialmethod)):
            yield from bearers_in(each.func)


def marks_of(operation: Operation) -> Marks:
    """Return the marks of an operation as they stand now."""
    if operation.owner is None:
        return own_marks(operation.function) or Marks()
    return inherited_marks(operation.owner, operation.method.lower())


class Inherited(NamedTuple):
    """A mark that a method may have from a class, or from the method of that name in it."""

    owner: type[Any]
    on_method: bool
    marks: Marks
    runs: bool  # the method that runs is written in this class or in one before it

    def overrides(self, later: Inherited) -> bool:
        """Whether this one, which comes first, stands in the place of another."""
        if not issubclass(self.owner, later.owner):
            return False
        opens = self.marks.public and not self.on_method
        return not (opens and later.on_method and later.marks.requires and not self.runs)


def inherited_marks(owner: type[Any], method: str) -> Marks:
    """Return the marks of a method: its own, else its class's, and so on through the bases.

    A mark overrides those of the classes that its own class derives from. A method that was written anew does not
    become public because the one that it replaces was; and a class that is public does not open an inherited method
    that requires something.
    """
    counting: list[Inherited] = []
    for each in inherited_from(owner, method):
        if not any(before.overrides(each) for before in counting):
            counting.append(each)
    required = frozenset[str]().union(*(each.marks.requires for each in counting))
    return Marks(requires=required) if required else Marks(public=any(each.marks.public for each in counting))


def inherited_from(owner: type[Any], method: str) -> Iterator[Inherited]:
    """Yield the marks on a method of this name and on the classes, in the order of the bases."""
    runs = False
    for cls in owner.__mro__:
        function = vars(cls).get(method)
        on_method = own_marks(function) if function is not None else None
        if on_method is not None and (on_method.requires or not runs):
            yield Inherited(cls, True, on_method, True)
        runs = runs or function is not None
        on_class = own_marks(cls)
        if on_class is not None:
            yield Inherited(cls, False, on_class, runs)


def with_marks(operation: Operation) -> Operation:
    marks = marks_of(operation)
    return dataclasses.replace(operation, public=marks.public, requires=marks.requires)


def note_what_is_hidden(marked: Any, what: frozenset[str]) -> None:
    """Note a mark on whatever its bearer replaces without saying so."""
    note = Note(weakref.ref(getattr(marked, "__func__", marked)), where(marked), what)
    for each in replaced_by(marked) if inspect.isclass(marked) else functions_held_by(marked):
        found = vars(each)
        if REQUIRES not in found:
            setattr(each, NOTES, (*found.get(NOTES, ()), note))


def functions_held_by(marked: Any) -> Iterator[Any]:
    """Yield what may have been registered before a wrapper of it was marked."""
    held = (getattr(each, "__func__", each) for each in held_by(marked))
    return (each for each in held if isinstance(each, (FunctionType, functools.partial)))


def replaced_by(cls: type[Any]) -> list[type[Any]]:
    """Return the classes that a class decorator has replaced by a subclass of the same name."""
    return [
        each for each in cls.__mro__[1:] if (each.__qualname__, each.__module__) == (cls.__qualname__, cls.__module__)
    ]


def check_nothing_is_hidden(operations: Iterable[Operation]) -> None:
    """Refuse a ``@requires`` that a decorator keeps from the operation that it was meant for.

    :raises RuntimeError: it stands beyond a decorator that hides the function; says how to mend it.
    """
    known = list(operations)
    registered = {id(each) for operation in known for each in bearers(operation)}
    for operation in known:
        for note in notes_on(operation):
            if not note.requires <= operation.requires and id(note.wrapper()) not in registered:
                raise RuntimeError(hidden(operation, note.where, note.requires))
    if any(is_lost(each, registered) for each in held_by(*roots(known), home=modules_of(known))):
        check_each(known, registered)


def check_each(operations: list[Operation], registered: set[int]) -> None:
    """:raises RuntimeError: one of the operations holds on to a function whose marks it does not have."""
    for operation in operations:
        for each in held_by(*roots([operation]), home=modules_of([operation])):
            if is_lost(each, registered) and not requires_of(each) <= operation.requires:
                raise RuntimeError(hidden(operation, where(each), requires_of(each)))


def is_lost(held: Any, registered: set[int]) -> bool:
    """Whether something that an operation holds on to has a ``@requires`` that is read for no operation."""
    return bool(requires_of(held)) and id(held) not in registered


def requires_of(marked: Any) -> frozenset[str]:
    marks = own_marks(marked)
    return frozenset() if marks is None else marks.requires


def roots(operations: Iterable[Operation]) -> list[Any]:
    """Return the functions of operations, and what stands in their classes for them."""
    in_classes = [inspect.getattr_static(each.owner, each.method.lower(), None) for each in operations if each.owner]
    return [*(each.function for each in operations), *in_classes]


def modules_of(operations: Iterable[Operation]) -> frozenset[str]:
    """Return the names of the modules in which operations, or the wrappers around them, are written."""
    written = (each for operation in operations for each in chain_of(operation.function))
    return frozenset(getattr(each, "__globals__", {}).get("__name__", "") for each in written)


def check_methods(view_class: type[Any], http_methods: Set[str]) -> None:
    """Refuse a ``@requires`` in a MethodRoute on what no request calls.

    :param http_methods: in lower case.
    :raises RuntimeError: it stands on another method; says which.
    """
    members = [(name, each) for cls in view_class.__mro__ for name, each in vars(cls).items()]
    called = {id(each) for name, each in members if name in http_methods}
    for name, each in members:
        marks = None if inspect.isclass(each) else own_marks(each)
        if marks is not None and marks.requires and id(each) not in called:
            raise RuntimeError(
                f"{written(marks.requires)} on {view_class.__qualname__}.{name} guards nothing: it is no HTTP method."
                " Put it on get, post, put, patch, delete, or on the class."
            )


def check_other_view(endpoint: str, view: Any) -> None:
    """Refuse a ``@requires`` on a view of the app's own, for which the hook is not asked.

    :raises RuntimeError: it stands there, or on the class behind it.
    """
    for each in (view, getattr(view, "view_class", None)):
        marks = None if each is None else own_marks(each)
        if marks is not None and marks.requires:
            raise RuntimeError(
                f"{written(marks.requires)} on the view of {endpoint!r} guards nothing: the hook is asked for actions"
                " and MethodRoutes alone. Make it a MethodRoute, or guard it as your other views."
            )


def bearers(operation: Operation) -> list[Any]:
    """Return what the marks of an operation may stand on."""
    owner = [] if operation.owner is None else [operation.owner]
    return [*chain_of(operation.function), *owner]


def notes_on(operation: Operation) -> Iterator[Note]:
    for each in bearers(operation):
        yield from getattr(each, "__dict__", {}).get(NOTES, ())


def hidden(operation: Operation, bearer: str, what: frozenset[str]) -> str:
    return (
        f"{written(what)} on {bearer} does not reach {operation.where}: a decorator between them hides the function."
        " Put @requires right above the function, or use functools.wraps in the decorator."
    )


def written(what: frozenset[str]) -> str:
    return f"@requires({', '.join(map(repr, sorted(what)))})"
