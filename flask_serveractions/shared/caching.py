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
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast, overload

from flask import current_app, has_app_context

from ..logs import logger
from ..operation import STATE_KEY
from ..stores import typed_json
from ..stores.leases import holding_lease
from ..stores.store import Lookup, Store, StoreUnavailable
from .cache_keys import Identity, Signature, key_of, name_for
from .revalidation import CACHED_FUNCTIONS, path_names, paths_being_rendered, tag_names

P = ParamSpec("P")
T = TypeVar("T")
#: tags, or a function that gives them for the arguments of a call
Tags = Sequence[str] | Callable[..., Sequence[str]]


LONGEST_SECONDS = 30 * 24 * 60 * 60.0  # a value that nobody revalidates goes in the end
LEASE_SECONDS = 5.0  # a process that computes and dies is replaced after so long
CLAIM_SECONDS = 24 * 60 * 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.025  # seconds between two looks of those who wait
UNSHARED_SECONDS = 60 * 60.0  # so do those of a function that only this process knows
LARGEST = 1024 * 1024  # bytes of a value as it is stored; a larger one is not kept


@overload
def cached(
    tags: Sequence[str] = (), ttl: float | None = None, *, lease: float = LEASE_SECONDS
) -> Callable[[Callable[P, T]], Callable[P, T]]: ...


@overload
def cached(
    *, tags: Callable[..., Sequence[str]], ttl: float | None = None, lease: float = LEASE_SECONDS
) -> Callable[[Callable[P, T]], Callable[P, T]]: ...


def cached(
    *given: Any, tags: Any = (), ttl: float | None = None, lease: float = LEASE_SECONDS
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep a function's results, by its arguments, for every process that shares the store.

    Arguments and results are of JSON's types, or tuples, sets, bytes, dates, times, ``Decimal``, ``UUID`` and
    ``Markup``; dicts may have keys of these types; arguments may be enumerations and dataclasses too. Outside of an
    app, and where the store is away, the function just runs; so it does where its value is over 1 MiB.

    :param tags: what :func:`revalidate_tag` makes stale; or a function of the same arguments, or of some of them by
        their names, that returns it: ``lambda todo_id: (f"todo:{todo_id}",)``.
    :param ttl: seconds that a value is used at most; None for no limit.
    :param lease: seconds after which the work of a process that died is taken over.
    :raises TypeError: tags that are no sequence of texts, a function that can't be cached; at a call, an argument or
        a result of another type.
    """
    settings: list[Any] = [tags, ttl]
    settings[: len(given)] = given
    tags, ttl = settings
    if callable(given[0] if given else None):  # @cached without brackets gets the function here
        raise TypeError(f"cached(tags={tags!r}): write @cached(), or give a function of tags by name: tags=….")
    if not callable(tags) and not are_tags(tags):
        raise TypeError(
            f"cached(tags={tags!r}): give a sequence of texts, as in @cached(tags=('todos',)), or a function of the"
            " arguments that returns one."
        )
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not ttl > 0):
        raise TypeError(f"cached(ttl={ttl!r}): give seconds above 0, or None for no limit.")

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        memo = Memo(function, tags, LONGEST_SECONDS if ttl is None else ttl, lease)
        CACHED_FUNCTIONS.add(memo.identity.name)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            store = store_of_app()
            if store is None:
                return function(*args, **kwargs)
            return cast(T, memo.value(store, args, kwargs, paths_being_rendered()))

        call.serveractions_cached = True  # type: ignore[attr-defined]  # what describes a function looks for it
        return call

    return decorate


def are_tags(tags: Any) -> bool:
    is_sequence = isinstance(tags, (Sequence, Set)) and not isinstance(tags, (str, bytes))
    return is_sequence and all(isinstance(tag, str) and tag for tag in tags)


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
    is_kept: bool = True  # False: it was too large, and is computed each time

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


class Asked(NamedTuple):
    """One call of a cached function."""

    key: str
    tags: Sequence[str]
    names: tuple[str, ...]  # whose generations count: of the tags, and of the paths being rendered
    run: Callable[[], Any]


class Memo:
    """One cached function."""

    def __init__(self, function: Callable[..., Any], tags: Tags, ttl: float, lease: float) -> None:
        check_is_plain(function)
        self.function = function
        self.identity = Identity(function)
        self.signature = Signature(function)
        self.tags = tags if callable(tags) else tuple(tags)
        self.tags_take = names_taken(tags, self.signature) if callable(tags) else None
        self.ttl = ttl
        self.lease = lease
        self.is_told = False  # that a value was too large

    def value(self, store: Store, args: tuple[Any, ...], kwargs: Mapping[str, Any], paths: Sequence[str] = ()) -> Any:
        """Return the fresh value, computing it where there is none.

        :param store: one that does not wait long.
        :param paths: that are being rendered.
        """
        asked = self._asked(args, kwargs, paths)
        found = self._find_or_claim(store, asked)
        if found is None:
            return asked.run()
        if isinstance(found, Claim):
            with self._claimed(store, found), computing(asked.key):
                found = self._compute(store, asked)
        elif not found.is_kept:  # nobody waits for somebody whose value is not kept
            with computing(asked.key):
                found = self._compute(store, asked)
        outer = computation.get()
        if outer is not None:
            outer.uses(found)
        return found.value

    def _asked(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], paths: Sequence[str]) -> Asked:
        """:raises TypeError: arguments that the function does not take, or that no key can be made of."""
        try:
            arguments = self.signature.arguments(args, kwargs)
        except TypeError as error:
            raise TypeError(f"{self.identity.name}(): {error}") from None
        key = key_of(self.identity, arguments)
        tags = self.tags if not callable(self.tags) else self._tags_of(self.tags, arguments, args, kwargs)
        names = (*tag_names(tags), *path_names(paths))
        return Asked(key, tags, names, lambda: self.function(*args, **kwargs))

    def _tags_of(
        self,
        function: Callable[..., Any],
        arguments: Mapping[str, Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> tuple[str, ...]:
        if self.tags_take is None:
            tags = function(*args, **kwargs)
        else:
            tags = function(**{name: arguments[name] for name in self.tags_take})
        if not are_tags(tags):
            raise TypeError(
                f"{self.identity.name}() is cached, and its tags are {tags!r}. Return a sequence of texts from the"
                " function that gives them: (f'todo:{todo_id}',)."
            )
        return tuple(tags)

    def _find_or_claim(self, store: Store, asked: Asked) -> CachedValue | Claim | None:
        """Return the fresh value, the claim to compute it, or None where the store is away.

        Whoever else computes it just now is waited for, as long as its process lives.
        """
        pause = FIRST_PAUSE
        try:
            while True:
                found = store.lookup(asked.key, asked.names)
                kept = self._fresh(store, asked, found)
                if kept is not None:
                    return kept
                if asked.key in keys_being_computed():
                    return None  # a function that calls itself must not wait for itself
                # one claim per generation: who needs a fresher value does not wait for an older computation
                claim = Claim(f"computing:{found.epoch}.{found.latest}:{asked.key}", secrets.token_hex(8))
                if self._take(store, claim):
                    return claim
                time.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        except StoreUnavailable:
            return None

    def _fresh(self, store: Store, asked: Asked, found: Lookup) -> CachedValue | None:
        """Return a value found, if nothing that it depends on was revalidated since its computation began."""
        if found.text is None:
            return None
        kept = CachedValue(*typed_json.read(found.text))
        if not kept.is_fresh(found):
            return None
        inherited = tag_names([tag for tag in kept.tags if tag not in asked.tags])
        if inherited and not kept.is_fresh(store.lookup(asked.key, [*asked.names, *inherited])):
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
    def _claimed(self, store: Store, claim: Claim) -> Iterator[None]:
        """Renew the claim while the body computes, and give it back."""
        try:
            with holding_lease(store, claim.key, claim.token, self.lease):
                yield
        finally:
            with suppress(StoreUnavailable):  # then it lapses
                store.remove(claim.key, claim.token)

    def _compute(self, store: Store, asked: Asked) -> CachedValue:
        began = self._begin(store, asked)
        if isinstance(began, CachedValue):
            return began
        value = self._made(began, asked, asked.run())
        text = self._text(value)
        if len(text) > LARGEST:
            self._tell_of_size(len(text))
            text = self._text(value._replace(value=None, is_kept=False))
        with suppress(StoreUnavailable):
            store.put(asked.key, text, self.ttl if self.identity.is_shared else min(self.ttl, UNSHARED_SECONDS))
        return value

    def _begin(self, store: Store, asked: Asked) -> CachedValue | Lookup:
        """Return the generations before the computation, or the value, which may be there by now."""
        try:
            found = store.lookup(asked.key, asked.names)
            kept = self._fresh(store, asked, found)
        except StoreUnavailable:
            return Lookup(None, "", 0, 0)  # what is computed now will never count as fresh
        return kept if kept is not None and kept.is_kept else found

    def _made(self, began: Lookup, asked: Asked, value: Any) -> CachedValue:
        parts = computation.get() or Computation()
        generation = min(began.counter, parts.generation)
        tags = sorted({*asked.tags, *parts.tags})
        return CachedValue(began.epoch, int(generation), self.identity.name, tags, value)

    def _text(self, kept: CachedValue) -> str:
        try:
            return typed_json.write(list(kept if not kept.is_kept else kept[:5]))
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{self.identity.name}() is cached, and its result can't be stored as JSON: {error}. Return dicts,"
                " lists and values of plain types."
            ) from None

    def _tell_of_size(self, size: int) -> None:
        if not self.is_told:
            self.is_told = True
            logger.warning(
                "%s() is cached, and has returned %d bytes, which are not kept: %d are the most. It runs each time.",
                self.identity.name,
                size,
                LARGEST,
            )


@contextmanager
def computing(key: str) -> Iterator[None]:
    """Note what the value of a key is made of, while the body computes it."""
    token = computation.set(Computation(keys=keys_being_computed() | {key}))
    try:
        yield
    finally:
        computation.reset(token)


class Entry(NamedTuple):
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
        if not kept.is_kept:
            continue
        is_fresh = kept.is_fresh(store.lookup(key, tag_names(kept.tags)))
        yield Entry(function=kept.function, key=key, tags=tuple(kept.tags), size=len(text), fresh=is_fresh)


def check_is_plain(function: Callable[..., Any]) -> None:
    """:raises TypeError: what is no function, or returns no value that could be kept."""
    if not callable(function):
        raise TypeError(f"cached() takes a function, not {function!r}. Write it right above def.")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise TypeError(f"{name_for(function)}() can't be cached: write it as a plain function that returns its value.")


def names_taken(tags: Callable[..., Any], signature: Signature) -> tuple[str, ...] | None:
    """Return the arguments that a function of tags asks for by their names; None where it takes them as they come."""
    if inspect.iscoroutinefunction(tags) or inspect.isgeneratorfunction(tags):
        raise TypeError(f"cached(tags={tags!r}): give a plain function that returns a sequence of texts.")
    parameters = inspect.signature(tags).parameters.values()
    can_be_named = all(each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) for each in parameters)
    names = tuple(each.name for each in parameters)
    return names if can_be_named and signature.names.issuperset(names) else None
