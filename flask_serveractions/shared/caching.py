"""``@cached``: a function's results, kept in the store until what they show is revalidated.

A value carries the counter of generations as it was before its computation began. It is fresh while no name it depends
on has a later generation: so what was read from a database before a revalidation is never served after it, whatever the
clocks say. A value made of other cached values is as old as the oldest of them, and has their tags too.
"""

from __future__ import annotations

import inspect
import math
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from hashlib import sha256
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

from flask import current_app, has_app_context

from ..http import typed_json
from ..stores.leases import holding_lease
from ..stores.store import Lookup, Store, StoreUnavailable
from .revalidation import CACHED_FUNCTIONS, path_names, paths_being_rendered, tag_names

P = ParamSpec("P")
T = TypeVar("T")

STATE_KEY = "serveractions.state"  # in app.extensions
LONGEST_SECONDS = 30 * 24 * 60 * 60.0  # a value that nobody revalidates goes in the end
LEASE_SECONDS = 5.0  # a process that computes and dies is replaced after so long
CLAIM_SECONDS = 24 * 60 * 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.025  # seconds between two looks of those who wait
LONGEST_KEY = 200  # characters of the arguments; longer ones are stored as a digest


def cached(
    tags: Sequence[str] = (), ttl: float | None = None, *, lease: float = LEASE_SECONDS
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep a function's results, by its arguments, for every process that shares the store.

    Arguments and results are of JSON's types, or tuples, sets, bytes, dates, times, ``Decimal``, ``UUID`` and
    ``Markup``; arguments may be enumerations and dataclasses too. Outside of an app, and where the store is away, the
    function just runs.

    :param tags: what :func:`revalidate_tag` makes stale.
    :param ttl: seconds that a value is used at most; None for no limit.
    :param lease: seconds after which the work of a process that died is taken over.
    :raises TypeError: tags that are no sequence of texts, a function that can't be cached; at a call, an argument or
        a result of another type.
    """
    if callable(tags) or isinstance(tags, str) or not all(isinstance(tag, str) and tag for tag in tags):
        raise TypeError(f"cached(tags={tags!r}): give a sequence of texts, as in @cached(tags=('todos',)).")
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or ttl <= 0):
        raise TypeError(f"cached(ttl={ttl!r}): give seconds above 0, or None for no limit.")

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        CACHED_FUNCTIONS.add(f"{function.__module__}.{function.__qualname__}")
        memo = Memo(function, tuple(tags), LONGEST_SECONDS if ttl is None else ttl, lease)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            store = store_of_app()
            if store is None:
                return function(*args, **kwargs)
            return cast(T, memo.value(store, args, kwargs, paths_being_rendered()))

        return call

    return decorate


def store_of_app() -> Store | None:
    """Return the running app's store, or None where there is none, or none that works."""
    state = current_app.extensions.get(STATE_KEY) if has_app_context() else None
    if state is None:
        return None
    try:
        store: Store = state.store
    except StoreUnavailable:
        return None
    return store.impatient


class CachedValue(NamedTuple):
    """A value as it is stored, and what its freshness depends on."""

    epoch: str
    generation: int  # the counter before the computation began
    function: str
    tags: list[str]
    value: Any

    def is_fresh(self, found: Lookup) -> bool:
        return self.epoch == found.epoch and self.generation >= found.latest


@dataclass(slots=True, eq=False)
class Computation:
    """A value that is being computed, and what it owes to the cached values that it is made of."""

    keys: frozenset[str] = frozenset()  # its own and those around it
    generation: float = math.inf
    tags: set[str] = field(default_factory=set)

    def uses(self, kept: CachedValue) -> None:
        self.generation = min(self.generation, kept.generation)
        self.tags.update(kept.tags)


computation: ContextVar[Computation | None] = ContextVar("computation", default=None)


def keys_being_computed() -> frozenset[str]:
    current = computation.get()
    return frozenset() if current is None else current.keys


class Claim(NamedTuple):
    """The right to compute, which others wait for."""

    key: str
    token: str


class Memo:
    """One cached function."""

    def __init__(self, function: Callable[..., Any], tags: tuple[str, ...], ttl: float, lease: float) -> None:
        self.function = function
        self.name = name_of(function)
        self.tags = tags
        self.names = tuple(tag_names(tags))
        self.ttl = ttl
        self.lease = lease
        self.positional, self.defaults = parameters_of(function)

    def value(self, store: Store, args: tuple[Any, ...], kwargs: Mapping[str, Any], paths: Sequence[str] = ()) -> Any:
        """Return the fresh value, computing it where there is none.

        :param store: one that does not wait long.
        :param paths: that are being rendered.
        """
        key = self.key(args, kwargs)
        names = (*self.names, *path_names(paths))
        found = self._find_or_claim(store, key, names)
        if found is None:
            return self.function(*args, **kwargs)
        if isinstance(found, Claim):
            with self._claimed(store, key, found):
                found = self._compute(store, key, names, args, kwargs)
        outer = computation.get()
        if outer is not None:
            outer.uses(found)
        return found.value

    def key(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """Return the key of a call: the same for ``f(1)`` and ``f(x=1)``, others for ``f(True)`` and ``f("1")``.

        :raises TypeError: an argument that no key can be made of.
        """
        extra = args[len(self.positional) :]
        given = {**self.defaults, **dict(zip(self.positional, args, strict=False)), **kwargs}
        try:
            text = typed_json.fingerprint([given, list(extra)] if extra else given)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{self.name}() is cached, and no key can be made of an argument: {error}. Pass its id, or another"
                " value of a plain type."
            ) from None
        text = text if len(text) <= LONGEST_KEY else sha256(text.encode()).hexdigest()
        return f"{self.name}:{text}"

    def _find_or_claim(self, store: Store, key: str, names: Sequence[str]) -> CachedValue | Claim | None:
        """Return the fresh value, the claim to compute it, or None where the store is away.

        Whoever else computes it just now is waited for, as long as its process lives.
        """
        pause = FIRST_PAUSE
        try:
            while True:
                found = store.lookup(key, names)
                kept = self._fresh(store, key, names, found)
                if kept is not None:
                    return kept
                if key in keys_being_computed():
                    return None  # a function that calls itself must not wait for itself
                # one claim per generation: who needs a fresher value does not wait for an older computation
                claim = Claim(f"computing:{found.epoch}.{found.latest}:{key}", secrets.token_hex(8))
                if self._take(store, claim):
                    return claim
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        except StoreUnavailable:
            return None

    def _fresh(self, store: Store, key: str, names: Sequence[str], found: Lookup) -> CachedValue | None:
        """Return a value found, if nothing that it depends on was revalidated since its computation began."""
        if found.text is None:
            return None
        kept = CachedValue(*typed_json.read(found.text))
        if not kept.is_fresh(found):
            return None
        inherited = tag_names([tag for tag in kept.tags if tag not in self.tags])
        if inherited and not kept.is_fresh(store.lookup(key, [*names, *inherited])):
            return None
        return kept

    def _take(self, store: Store, claim: Claim) -> bool:
        record = store.get(claim.key)
        if record is None:
            record = store.add(claim.key, None, CLAIM_SECONDS, claim.token, self.lease)
        if record is None:
            return True
        return record.lapsed and store.swap(claim.key, record.token, None, CLAIM_SECONDS, claim.token, self.lease)

    @contextmanager
    def _claimed(self, store: Store, key: str, claim: Claim) -> Iterator[None]:
        """Renew the claim while the body computes, and give it back."""
        token = computation.set(Computation(keys=keys_being_computed() | {key}))
        try:
            with holding_lease(store, claim.key, claim.token, self.lease):
                yield
        finally:
            computation.reset(token)
            with suppress(StoreUnavailable):  # then it lapses
                store.remove(claim.key, claim.token)

    def _compute(
        self, store: Store, key: str, names: Sequence[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CachedValue:
        began = self._begin(store, key, names)
        if isinstance(began, CachedValue):
            return began
        value = self.function(*args, **kwargs)
        kept = self._kept(began, value)
        text = self._text(kept)
        with suppress(StoreUnavailable):
            store.put(key, text, self.ttl)
        return kept

    def _begin(self, store: Store, key: str, names: Sequence[str]) -> CachedValue | Lookup:
        """Return the generations before the computation, or the value, which may be there by now."""
        try:
            found = store.lookup(key, names)
            return self._fresh(store, key, names, found) or found
        except StoreUnavailable:
            return Lookup(None, "", 0, 0)  # what is computed now will never count as fresh

    def _kept(self, began: Lookup, value: Any) -> CachedValue:
        parts = computation.get() or Computation()
        generation = min(began.counter, parts.generation)
        return CachedValue(began.epoch, int(generation), self.name, sorted({*self.tags, *parts.tags}), value)

    def _text(self, kept: CachedValue) -> str:
        try:
            return typed_json.write(list(kept))
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{self.name}() is cached, and its result can't be stored as JSON: {error}. Return dicts, lists and"
                " values of plain types."
            ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A stored value, for ``flask actions cache``."""

    function: str  # module and qualified name
    key: str
    tags: tuple[str, ...]
    size: int  # characters
    fresh: bool


def entries(store: Store) -> Iterator[Entry]:
    """Yield what is stored, stale values too: they go when they are asked for, or after 30 days.

    :raises StoreUnavailable: the store is away.
    """
    for key, text in store.entries():
        kept = CachedValue(*typed_json.read(text))
        is_fresh = kept.is_fresh(store.lookup(key, tag_names(kept.tags)))
        yield Entry(function=kept.function, key=key, tags=tuple(kept.tags), size=len(text), fresh=is_fresh)


def parameters_of(function: Callable[..., Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the names of positional parameters, and all defaults: so that equal calls have equal keys."""
    parameters = inspect.signature(function).parameters.values()
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    positional = tuple(each.name for each in parameters if each.kind in by_position)
    return positional, {each.name: each.default for each in parameters if each.default is not each.empty}


def name_of(function: Callable[..., Any]) -> str:
    """Return what a cached function is known by.

    :raises TypeError: it returns no value that could be kept, or has no name of its own.
    """
    name = f"{function.__module__}.{function.__qualname__}"
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError(f"{name}() can't be cached: write it as a plain function that returns its value.")
    if function.__name__ == "<lambda>":
        raise TypeError(
            f"{name} can't be cached: it is known by its name, and others have the same. Write it with def."
        )
    return name
