"""``revalidate_path`` and ``revalidate_tag``: what a call made stale."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from flask import Flask, has_request_context, request

from ..logs import logger
from ..operation import STATE_KEY, middleware_state_of
from ..scope import running_app, running_request, scope
from ..signals import revalidated as revalidated_signal
from ..stores.store import StoreUnavailable
from .url_rules import SHOWN, rules_of

RECORD = "flask_serveractions.revalidated"  # in the scope
PATHS = "flask_serveractions.paths"  # in the scope
UNPUBLISHED = "flask_serveractions.unpublished"  # in the scope while a function runs: open pages hear of it at its end

#: the functions that ``@cached`` keeps the results of, in this process
CACHED_FUNCTIONS: set[str] = set()


@dataclass(slots=True, eq=False)
class Revalidated:
    """What one call has revalidated so far; ``paths`` are paths, as :func:`normal` writes them, or URL rules."""

    paths: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def concerns(self, page: str) -> bool:
        """Whether a page is stale now: by its path, by a rule, or by any tag."""
        path = unquote(without_query(page))
        if self.tags or normal(path) in self.paths:
            return True
        has_rule = any("<" in each for each in self.paths)
        return has_rule and not set(rules_of(running_app()).matching(path)).isdisjoint(self.paths)

    def as_json(self) -> dict[str, list[str]]:
        return {"paths": self.paths, "tags": self.tags}


def revalidate_path(path: str) -> None:
    """Say that what is shown at a path has changed.

    What ``url_for`` made is a path, whatever is in it: it escapes ``<``.

    :param path: ``/todos``, or a URL rule of this app for all its paths: ``/todos/<int:todo_id>``. A query is ignored.
    :raises ValueError: not a path, or a rule that the app does not have.
    :raises RuntimeError: called while a page is rendered for an action: pages only read.
    """
    if not isinstance(path, str) or not path.startswith("/"):
        raise ValueError(f"revalidate_path({path!r}): give a path of this app, such as '/todos' or url_for('todos').")
    bare = without_query(path)
    record(paths=[rule_named(path) if "<" in bare else normal(without_mount(unquote(bare)))])


def rule_named(text: str) -> str:
    rules = rules_of(running_app())
    name = rules.name_of(text) or rules.name_of(without_mount(text))
    if name is None:
        shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
        known = ", ".join(map(repr, rules.alike(without_mount(text)))) or "none with variables"
        raise ValueError(
            f"revalidate_path({shown!r}): the app has no such URL rule, but {known}. Give one of its rules, or a path"
            " that url_for made, which escapes '<'."
        )
    return name


def without_query(path: str) -> str:
    return path.partition("#")[0].partition("?")[0]


def normal(path: str) -> str:
    """Return a path in the one spelling that is compared: not quoted, but for ``%`` and ``<``, which no rule has so."""
    return path.replace("%", "%25").replace("<", "%3C")


def paths_being_rendered() -> tuple[str, ...]:
    """Return the request's path and the URL rules that match it: each may be revalidated."""
    if not has_request_context():
        return ()
    current = running_request()
    paths: tuple[str, ...] | None = current.environ.get(PATHS)
    if paths is None:
        path = current.path
        paths = current.environ[PATHS] = (normal(path), *rules_of(running_app()).matching(path))
    return paths


def revalidate_tag(*tags: str) -> None:
    """Say that everything cached under these tags has changed.

    :raises ValueError: a tag that is no text, or no tag at all.
    :raises RuntimeError: called while a page is rendered for an action: pages only read.
    """
    if not tags or not all(isinstance(tag, str) and tag for tag in tags):
        raise ValueError(f"revalidate_tag{tags!r}: give one or more tags, each a text.")
    record(tags=tags)


def record(paths: Iterable[str] = (), tags: Iterable[str] = ()) -> None:
    middleware = middleware_state_of(request.environ) if has_request_context() else None
    if middleware is not None and middleware.page_for is not None:
        raise RuntimeError("A page is being rendered for an action: it can't revalidate. Do it in the action.")
    current = revalidated_so_far()
    current.paths += [each for each in paths if each not in current.paths]
    current.tags += [each for each in tags if each not in current.tags]
    app = running_app()
    mark_stale(app, paths, tags)
    revalidated_signal.send(app, _async_wrapper=app.ensure_sync, paths=tuple(paths), tags=tuple(tags))


def mark_stale(app: Flask, paths: Iterable[str], tags: Iterable[str]) -> None:
    """Make cached values stale in every process that shares the store; where nothing can be cached there is none.

    Open pages are told as well, unless a function runs that may not have changed yet what it says it did.
    """
    state = app.extensions.get(STATE_KEY)
    if state is None or not (CACHED_FUNCTIONS or state.is_store_used()):
        return
    try:
        store = state.store
    except StoreUnavailable as error:
        logger.warning("Cached values can't be made stale: %s", error)
        return
    published = [] if UNPUBLISHED in scope() else live_names(tags)
    store.impatient.bump([*path_names(paths), *tag_names(tags), *published])


def begin_unpublished(current_scope: MutableMapping[str, Any]) -> None:
    """Let open pages hear of what is revalidated from now on when the function is over."""
    current_scope[UNPUBLISHED] = True


def mark_stale_again(app: Flask, current_scope: MutableMapping[str, Any]) -> None:
    """Do it once more when the function is over: it may have revalidated before it changed anything."""
    current_scope.pop(UNPUBLISHED, None)
    current: Revalidated | None = current_scope.get(RECORD)
    if current is not None:
        mark_stale(app, current.paths, current.tags)


def tag_names(tags: Iterable[str]) -> list[str]:
    """Return the names whose generations a revalidation of tags bumps."""
    return names_of("tag", tags)


def live_names(tags: Iterable[str]) -> list[str]:
    """Return the names whose generations open pages are told of: bumped when it is over what revalidates the tags."""
    return names_of("live", tags)


def path_names(paths: Iterable[str]) -> list[str]:
    """Return the names whose generations a revalidation of paths, or of URL rules, bumps.

    :param paths: as :class:`Revalidated` has them.
    """
    return names_of("path", paths)


def names_of(kind: str, texts: Iterable[str]) -> list[str]:
    """Return the names of texts in the store, which has no half of a surrogate pair: names of files may hold some."""
    return [f"{kind}:{text}".encode(errors="backslashreplace").decode() for text in texts]


def revalidated_so_far() -> Revalidated:
    """Return the record of the running call; an app context is needed."""
    current: Revalidated | None = scope().get(RECORD)
    if current is None:
        current = scope()[RECORD] = Revalidated()
    return current


def without_mount(path: str) -> str:
    """Return a path without ``SCRIPT_NAME``, which ``url_for`` puts before it."""
    mount = request.root_path if has_request_context() else ""
    return path[len(mount) :] or "/" if mount and (path == mount or path.startswith(mount + "/")) else path
