"""What a cached value is known by: the function, and the arguments of the call.

A function at the top of a module is known by its name, so that all processes share its values. One that is made where
others are (a lambda, a function within a function) is known by its code too, and by the variables around it that it
uses, as they were at its first call. Where these can't be told from their like, such as a list or a database, it is one
of its own, and its values are its own.
"""

from __future__ import annotations

import dis
import inspect
import secrets
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import CodeType, FunctionType, ModuleType
from typing import Any

from ..stores import typed_json
from ..stores.typed_json import name_of

LONGEST_KEY = 200  # characters of the arguments; longer ones are stored as a digest
VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
FROZEN = (str, int, float, bool, type(None), bytes, tuple, frozenset)

#: the code of the functions that are known by their names alone, in this process
NAMED: dict[str, CodeType | None] = {}


class CannotTell(Exception):
    """Something that can't be told from its like."""


class Signature:
    """The parameters of a function, and what a call gives to them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.signature = signature_of(function)
        parameters = self.signature.parameters.values()
        self.names = frozenset(self.signature.parameters)
        self.positional = tuple(each.name for each in parameters if each.kind in BY_POSITION)
        self.by_name = frozenset(
            each.name for each in parameters if each.kind not in (*VARIABLE, inspect.Parameter.POSITIONAL_ONLY)
        )
        self.defaults = {each.name: each.default for each in parameters if each.default is not each.empty}
        self.is_fixed = not any(each.kind in VARIABLE for each in parameters)

    def arguments(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by the names of the parameters: the same for ``f(1)`` and ``f(x=1)``.

        :raises TypeError: the function does not take them.
        """
        if self.is_fixed and len(args) <= len(self.positional) and self.by_name.issuperset(kwargs):
            given = dict(zip(self.positional, args, strict=False))
            if given.keys().isdisjoint(kwargs):
                given = {**self.defaults, **given, **kwargs}
                if len(given) == len(self.names):
                    return given
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except ValueError:  # some builtins have none
        return inspect.signature(lambda *args, **kwargs: None)


class Identity:
    """What tells a function from all others."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.name = name_for(function)
        self._marks: list[str] = []  # the first is the one: threads that ask at once may find one each
        self.is_shared = True  # by processes; known once there is a mark

    @property
    def key(self) -> str:
        """Return the function's part of all its keys: ``shop.catalogue``, ``6bd1…#shop.make.<locals>.rows``."""
        if not self._marks:  # not before it is called: a function that uses itself has no value before
            self._marks.append(self._found_mark())
        return self._marks[0] + self.name

    def _found_mark(self) -> str:
        if is_named(self.function, self.name):
            return ""
        try:
            return f"{digest(description(self.function, ()))}#"
        except CannotTell:
            self.is_shared = False
            return f"{secrets.token_hex(8)}#"


def key_of(identity: Identity, arguments: Mapping[str, Any]) -> str:
    """Return the key of a call.

    :raises TypeError: an argument that no key can be made of.
    """
    try:
        text = typed_json.fingerprint(arguments)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{identity.name}() is cached, and no key can be made of an argument: {error}. Pass its id, or another"
            " value of a plain type."
        ) from None
    return f"{identity.key}:{text if len(text) <= LONGEST_KEY else sha256(text.encode()).hexdigest()}"


def name_for(function: Callable[..., Any]) -> str:
    """Return a function's module and qualified name, or those of its type where it has none."""
    return (
        f"{function.__module__}.{function.__qualname__}"
        if hasattr(function, "__qualname__")
        else name_of(type(function))
    )


def is_named(function: Any, name: str) -> bool:
    """Whether a function's name is its own: it stands at the top of a module or in a class, and is the first of it."""
    if not isinstance(function, FunctionType) or "<" in function.__qualname__:
        return False
    return NAMED.setdefault(name, function.__code__) == function.__code__


def description(value: Any, around: tuple[int, ...]) -> Any:
    """Return what tells a value from others, in every process: JSON-ready.

    :param around: the IDs of the functions that this is described for.
    :raises CannotTell: it may change, or is one of many that look alike.
    """
    if id(value) in around:
        return ["around", around.index(id(value))]
    if isinstance(value, ModuleType):
        return ["module", value.__name__]
    if is_importable(value):
        return ["name", value.__module__, value.__qualname__]
    cached_function = getattr(value, "__wrapped__", None) if hasattr(value, "serveractions_cached") else None
    if cached_function is not None:
        return description(cached_function, around)
    if isinstance(value, FunctionType):
        return described_function(value, (*around, id(value)))
    if type(value) not in FROZEN and not is_member(value):
        raise CannotTell
    if isinstance(value, (tuple, frozenset)):
        each_one = [description(each, around) for each in value]
        return [type(value).__name__, each_one if isinstance(value, tuple) else sorted(each_one, key=typed_json.ENCODE)]
    return ["value", typed_json.fingerprint(value)]


def described_function(function: FunctionType, around: tuple[int, ...]) -> Any:
    code = function.__code__
    stored = {each.argval for each in dis.get_instructions(code) if each.opname == "STORE_DEREF"}
    if not stored.isdisjoint(code.co_freevars):
        raise CannotTell  # it changes what it uses
    cells = [contents_of(cell) for cell in function.__closure__ or ()]
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()] if around[1:] else []
    return [described_code(code), [description(each, around) for each in (*cells, *defaults)]]


def contents_of(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        raise CannotTell from None  # it has no value yet


def described_code(code: CodeType) -> Any:
    """Return what a piece of code does, and where it stands in its file."""
    constants = [
        described_code(each)
        if isinstance(each, CodeType)
        else in_order(each)
        if isinstance(each, frozenset)
        else repr(each)
        for each in code.co_consts
    ]
    return [code.co_firstlineno, code.co_name, code.co_code.hex(), list(code.co_names), constants]


def in_order(values: frozenset[Any]) -> list[str]:
    return sorted(map(repr, values))


def is_importable(value: Any) -> bool:
    """Whether a function or a class is what its module has under its name."""
    if not isinstance(value, (FunctionType, type)) or "<" in value.__qualname__:
        return False
    found: Any = sys.modules.get(value.__module__)
    for part in value.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is value


def is_member(value: Any) -> bool:
    """Whether a value is one of an enumeration that can be imported."""
    return hasattr(type(value), "__members__") and is_importable(type(value))


def digest(described: Any) -> str:
    return sha256(typed_json.ENCODE(described).encode()).hexdigest()[:16]
