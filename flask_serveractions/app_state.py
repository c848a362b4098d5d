"""What one app has, and what one extension object has for all its apps."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from threading import RLock
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from .config import DEFAULT_STORE, Settings
from .errors import Problem
from .http.messages import Gettext, translated
from .identities import behind_proxies, identity_in
from .logs import logger
from .operation import STATE_KEY, Operation
from .shared.live import Live
from .stores.store import Store, open_store

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

    from .security.signing import Signing


class AuthHook(NamedTuple):
    """The one hook: who is calling?"""

    function: Callable[..., Any]
    takes_arguments: bool  # a second parameter gets the signed or path arguments
    is_async: bool = False
    schemes: Mapping[str, Mapping[str, Any]] = MappingProxyType({})  # OpenAPI security schemes by name

    def ask(self, app: Flask, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        """Return the caller's identity; None for nobody. Whatever the hook raises comes through.

        :raises HTTPException: the hook returned an answer, which is its response.
        :raises TypeError: it returned neither an identity nor an answer.
        """
        function = app.ensure_sync(self.function) if self.is_async else self.function
        returned = function(operation, arguments) if self.takes_arguments else function(operation)
        if type(returned) is str:  # an ID: there is nothing to look into
            return returned or None
        return identity_in(app, run_awaitable(app, behind_proxies(returned)))  # a coroutine is truthy, whoever asks


def run_awaitable(app: Flask, result: Any) -> Any:
    """Return what a function gave, or what that gives in the end: async behind a decorator that is not."""
    return app.async_to_sync(await_result)(result) if hasattr(type(result), "__await__") else result


async def await_result(result: Any) -> Any:
    return await result


@dataclass(slots=True, eq=False)
class Registry:
    """What was registered on one extension object, for all its apps."""

    actions: dict[str, Operation] = field(default_factory=dict)
    webhooks: dict[str, Operation] = field(default_factory=dict)  # by endpoint
    hook: AuthHook | None = None
    scopes: dict[str, FrameType] = field(default_factory=dict)  # of actions that a local scope defines, until the start
    problem_handler: Callable[[Problem], Any] | None = None  # answers the failures of resources
    closed: bool = False  # after the first request of any of its apps

    def close(self) -> None:
        self.closed = True
        self.scopes.clear()

    def check_open(self, what: str) -> None:
        """:raises RuntimeError: a request was served already."""
        if self.closed:
            raise RuntimeError(
                f"{what} comes too late: the app has served its first request. Register while the app is being made,"
                " for instance by importing the module in the application factory."
            )


@dataclass(slots=True, eq=False)
class AppState:
    """The extension's state in one app, under :data:`STATE_KEY`."""

    settings: Settings
    registry: Registry
    signing: Signing
    client_version: str = ""
    instance_path: str = ""
    shares_store: bool = False  # the app names its store: other programs may keep values in it
    #: the header ``Serveractions`` of our own answers, until the middleware sends ``1``: nobody else can set it
    answer_mark: str = field(default_factory=token_urlsafe)

    # how far the app is
    starting: RLock = field(default_factory=RLock)
    started: bool = False
    place_at_start: Callable[[], None] = lambda: None
    told: set[str] = field(default_factory=set)  # the settings that were warned of

    # its operations, with their marks, once it serves
    actions: dict[str, Operation] = field(default_factory=dict)
    action_rules: dict[str, Rule] = field(default_factory=dict)  # by name; "" is that of unknown names
    routes: dict[tuple[str, str], dict[str, Operation]] = field(default_factory=dict)  # by endpoint and rule, by method
    known: dict[tuple[int, str], Operation] = field(default_factory=dict)  # those by the rule's identity, as asked for
    plain_reads: set[Operation] = field(default_factory=set)  # those of them that take the short way
    preprocessed: dict[Any, dict[str, Operation]] = field(default_factory=dict)  # for path values of a preprocessor's
    placed: dict[str, str] = field(default_factory=dict)  # endpoints of actions in blueprints of the app's, by name
    placed_routes: set[Any] = field(default_factory=set)  # the same of resources

    # what is found out or opened when it is first needed
    form_parts: dict[Operation, Any] = field(default_factory=dict)  # what the forms of an action have in common
    live_endpoints: dict[str, bool] = field(default_factory=dict)  # whether their pages have live regions
    gettext: Gettext | None = None  # once the app serves, where it speaks several languages
    jobs: Any = None  # its background jobs
    _store: Store | None = None
    _live: Live | None = None

    @property
    def store(self) -> Store:
        """Return the store, opened when it is first needed.

        :raises StoreUnavailable: it can't be opened.
        """
        with self.starting:
            if self._store is None:
                self._store = open_store(self.settings.store_url, self.instance_path)
                warn_of_another_app(self._store, self.settings.store_url, self.signing)
            return self._store

    def is_store_used(self) -> bool:
        """Whether the store may hold something: of this process, or of another one."""
        known = self.shares_store or self._store is not None
        # a tenth of the time of Path.exists; os.path.exists raises and catches where nothing is, as nearly always
        return known or os.access(os.path.join(self.instance_path, DEFAULT_STORE), os.F_OK)

    @property
    def live(self) -> Live:
        """Return what tells the open pages of this process."""
        live = self._live
        if live is None or live.pid != os.getpid():  # after a fork its connections and its thread are the parent's
            with self.starting:
                if self._live is None or self._live.pid != os.getpid():
                    self._live = Live(lambda: self.store.impatient, self.settings.live_streams)
                live = self._live
        return live

    @property
    def hook(self) -> AuthHook | None:
        return self.registry.hook


#: by its description and its URL, whose keys are those of the app that has opened a store first
OPENED: WeakValueDictionary[tuple[str, str], Signing] = WeakValueDictionary()


def warn_of_another_app(store: Store, url: str, signing: Signing) -> None:
    """Tell of two apps in one store that no key makes one: what belongs to an ID, or to a function, is of both.

    Tests make many apps, one after the other: of theirs nothing is told.
    """
    first = OPENED.setdefault((repr(store), url), signing)
    is_test = first.app.testing or signing.app.testing
    if first.keys and signing.keys and first.keys.isdisjoint(signing.keys) and not is_test:
        logger.warning(
            "%r and %r have one store, %r, and no SECRET_KEY in common: each shows the other's jobs and cached values"
            " to users of its own. Give each a SERVERACTIONS_STORE_URL.",
            first.app,
            signing.app,
            store,
        )


def state_of(app: Flask) -> AppState:
    """Return the extension's state in an app.

    :raises RuntimeError: the app has none.
    """
    state: AppState | None = app.extensions.get(STATE_KEY)
    if state is None:
        raise RuntimeError(f"{app!r} has no ServerActions. Call actions.init_app(app) where the app is made.")
    return state


def localize(app: Flask, text: Any) -> str:
    """Return a text as the visitor is to read it: ours in their language, one that is lazy as it is by now."""
    gettext = gettext_in(app)
    return str(text) if gettext is None else translated(gettext, str(text))


def localize_errors(app: Flask, errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the messages of fields as the visitor is to read them."""
    gettext = gettext_in(app)
    if gettext is None:
        return errors
    return {name: [translated(gettext, text) for text in texts] for name, texts in errors.items()}


def gettext_in(app: Flask) -> Gettext | None:
    state: AppState | None = app.extensions.get(STATE_KEY)
    return state.gettext if state is not None else None
