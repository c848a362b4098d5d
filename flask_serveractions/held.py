"""What a callable holds on to: what a decorator has wrapped, however it did.

Two searches. :func:`callables_in` follows functions and partials alone. :func:`held_by` follows whatever an object
refers to, as the garbage collector sees it (so that no code of the object's runs): closures, defaults, attributes,
slots, containers, the class that a decorator made.
"""

from __future__ import annotations

import functools
import gc
import inspect
import sys
import weakref
from collections.abc import Iterable, Iterator, Set
from types import CellType, CodeType, FrameType, FunctionType, GeneratorType, MethodType, ModuleType, TracebackType
from typing import Any

from flask.sansio.scaffold import Scaffold
from werkzeug.local import LocalProxy

#: what is not looked into: it holds no function, or the whole app
OPAQUE = (
    *(str, bytes, bytearray, int, float, complex, type(None), type(...), type(NotImplemented)),
    *(CodeType, FrameType, TracebackType, LocalProxy, Scaffold),
)


def callables_in(outer: Any) -> Iterator[Any]:
    """Yield the callables that a callable holds on to directly, and so on: functions of functions."""
    seen, todo = {id(outer)}, [outer]
    while todo:
        for inner in callables_directly_in(todo.pop()):
            if id(inner) not in seen and callable(inner) and not inspect.isclass(inner):
                seen.add(id(inner))
                todo.append(inner)
                yield inner


def callables_directly_in(outer: Any) -> Iterator[Any]:
    if isinstance(outer, LocalProxy):  # of what is not there yet
        return
    if isinstance(outer, functools.partial):
        yield outer.func
    if isinstance(outer, (MethodType, staticmethod, classmethod)):
        outer = outer.__func__
    if isinstance(outer, FunctionType):
        yield from (held for held in closure_of(outer) if not isinstance(held, LocalProxy))
    yield from (each for each in getattr(outer, "__dict__", {}).values() if inspect.isroutine(each))


def held_by(*outer: Any, home: Set[str] = frozenset()) -> Iterator[Any]:
    """Yield every callable that some objects hold on to, at any depth, but for these themselves.

    :param home: the names of modules whose functions are followed to the data that they know by name as well, and
        whose classes to their attributes; of others only classes that no module knows by name.
    """
    given = {id(each) for each in outer}
    entered, yielded, todo = set(given), given, list(outer)
    while todo:
        each = todo.pop()
        held = [inner for inner in held_directly(each, home) if not is_opaque(inner)]
        for inner in (*held, *neighbours_of(each)):
            if id(inner) not in entered:
                entered.add(id(inner))
                todo.append(inner)
        for inner in held:
            if id(inner) not in yielded and callable(inner) and not inspect.isclass(inner):
                yielded.add(id(inner))
                yield inner


def is_opaque(held: Any) -> bool:
    if isinstance(held, ModuleType):
        return is_imported(held.__dict__)
    return isinstance(held, OPAQUE) or str(type(held).__module__).startswith("flask_serveractions.")


def is_imported(namespace: dict[str, Any]) -> bool:
    """Whether a namespace is that of a module which others import; what ``exec`` fills is none."""
    module = sys.modules.get(str(namespace.get("__name__")))
    return getattr(module, "__dict__", None) is namespace


def held_directly(outer: Any, home: Set[str]) -> Iterable[Any]:
    if isinstance(outer, FunctionType):
        return held_by_function(outer, home)
    if inspect.isclass(outer):
        return held_by_class(outer, home)
    if isinstance(outer, weakref.ref):
        return [outer()]
    if isinstance(outer, GeneratorType):
        return inspect.getgeneratorlocals(outer).values()
    return gc.get_referents(outer)


def held_by_function(function: FunctionType, home: Set[str]) -> Iterator[Any]:
    yield from closure_of(function)
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    yield from vars(function).values()
    known = {name: function.__globals__.get(name) for name in names_in(function.__code__)}
    if not is_imported(function.__globals__):
        yield from (held for name, held in known.items() if not is_beside(function, name, held))
    elif function.__globals__["__name__"] in home:
        yield from (each for each in known.values() if not inspect.isroutine(each) and not inspect.isclass(each))


def is_beside(function: FunctionType, name: str, held: Any) -> bool:
    """Whether a global is a function of the same namespace, or of a module, under its own name: called, not wrapped."""
    if not isinstance(held, FunctionType) or held.__name__ != name:
        return False
    return held.__globals__ is function.__globals__ or is_known_by_name(held)


def names_in(code: CodeType) -> Iterator[str]:
    """Yield the names of globals and attributes in a code, and in what is defined in it."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from names_in(each)


def held_by_class(cls: type[Any], home: Set[str]) -> Iterator[Any]:
    if type(cls) is not type:
        yield type(cls)
    if is_known_by_name(cls) and cls.__module__ not in home:
        return
    for name, held in vars(cls).items():
        is_method = getattr(held, "__qualname__", None) == f"{cls.__qualname__}.{name}"
        if is_method and isinstance(held, FunctionType):  # called by its name, not wrapped
            yield from held_by_function(held, home)
        else:
            yield held


def is_known_by_name(what: Any) -> bool:
    """Whether a function or a class is what its module has under its qualified name."""
    found: Any = sys.modules.get(getattr(what, "__module__", None) or "")
    for name in getattr(what, "__qualname__", "<nameless>").split("."):
        found = inspect.getattr_static(found, name, None)
    return found is what


def closure_of(function: FunctionType) -> Iterator[Any]:
    """Yield what a function's free variables are, but for its neighbours."""
    return (held for name, held in free_variables(function) if not is_neighbour(function, name, held))


def neighbours_of(outer: Any) -> list[Any]:
    """Return what a function calls beside it: held as well, though not wrapped."""
    variables = free_variables(outer) if isinstance(outer, FunctionType) else ()
    return [held for name, held in variables if is_neighbour(outer, name, held)]


def free_variables(function: FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield name, content_of(cell)


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
