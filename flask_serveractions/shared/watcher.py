"""One thread of a process looks for changes of the store, for all who wait for some; it ends when nobody does."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from ..logs import logger
from ..stores.backend import Changes
from ..stores.store import Generations, Store, StoreUnavailable

WAIT_SECONDS = 1.0  # the longest between two looks, also where Redis tells of changes
PAUSE_SECONDS = 0.25  # where it can't be asked to tell
LATE_SECONDS = 3.0  # after the last look: then the thread does not run, or the store is away


class Watcher:
    """Reads the generations that somebody waits for.

    :param store: gives the store; raises :class:`StoreUnavailable` where it can't be opened.
    """

    def __init__(self, store: Callable[[], Store]) -> None:
        self.store = store
        self.pid = os.getpid()
        self.changed = threading.Condition()
        self.names: Counter[str] = Counter()  # by how many wait for them
        self.read: frozenset[str] = frozenset()  # the names of what was seen last
        self.seen: Generations | None = None
        self.looked = 0.0  # when; monotonic
        self.thread: threading.Thread | None = None

    @contextmanager
    def listening(self, names: Sequence[str]) -> Iterator[None]:
        """Watch names while the body waits for them."""
        with self.changed:
            self.names.update(names)
            self._start()
        try:
            yield
        finally:
            if self.pid == os.getpid():  # a lock of before a fork may be held for ever
                with self.changed:
                    self.names.subtract(names)
                    self.names = +self.names

    def wait_for(
        self, names: Sequence[str], is_news: Callable[[Generations], bool], seconds: float
    ) -> Generations | None:
        """Return what is seen of names as soon as that is news; None where it takes too long."""

        def news() -> Generations | None:
            known = self.seen is not None and self.read.issuperset(names)
            return self.seen if known and self.seen is not None and is_news(self.seen) else None

        with self.changed:
            return self.changed.wait_for(news, seconds)

    def is_late(self) -> bool:
        """Whether the thread can't be relied on just now."""
        return time.monotonic() - self.looked > LATE_SECONDS

    def _start(self) -> None:
        if self.thread is None:
            self.looked = time.monotonic()
            self.thread = threading.Thread(target=self._run, name="serveractions-live", daemon=True)
            try:
                self.thread.start()
            except RuntimeError:  # there are too many: whoever waits looks
                self.thread = None

    def _run(self) -> None:
        changes: Changes | None = None
        try:
            while self._is_needed():
                changes = changes or self._watch()
                self._look()
                self._wait(changes)
        except Exception:
            logger.exception("Live stopped watching the store; it begins anew with the next page.")
            with self.changed:
                self.thread = None
        finally:
            if changes is not None:
                changes.close()

    def _is_needed(self) -> bool:
        with self.changed:
            if not self.names:
                self.thread, self.seen, self.read = None, None, frozenset()
            return bool(self.names)

    def _watch(self) -> Changes | None:
        try:
            return self.store().backend.watch()
        except StoreUnavailable:
            return None

    def _look(self) -> None:
        with self.changed:
            names, seen = tuple(self.names), self.seen
        with suppress(StoreUnavailable):
            if seen is not None and self.read.issuperset(names):
                now = self.store().generations()
                if (now.epoch, now.counter) == (seen.epoch, seen.counter):
                    self.looked = time.monotonic()
                    return
            seen = self.store().generations(names)
            with self.changed:
                self.seen, self.read, self.looked = seen, frozenset(names), time.monotonic()
                self.changed.notify_all()

    def _wait(self, changes: Changes | None) -> None:
        if changes is not None:
            with suppress(*self.store().backend.failures):
                changes.wait(WAIT_SECONDS)
                return
        time.sleep(PAUSE_SECONDS)
