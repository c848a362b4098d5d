"""The heartbeat: one thread per process renews the leases of everything that the process holds in a store."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .stores import Store, StoreUnavailable

logger = logging.getLogger("flask_serveractions")

BEATS = 4  # per lease: three may be missed
RETRY_SECONDS = 1.0  # while the store is away


@dataclass(slots=True, eq=False)
class Hold:
    """A record that this process holds, and goes on holding until :func:`let_go`."""

    store: Store
    key: str
    token: str
    lease: float  # seconds
    due: float = 0.0  # when to renew, on the monotonic clock

    def renew(self) -> bool:
        """Return whether to go on: the record is still ours, or there is no telling."""
        pause = self.lease / BEATS
        try:
            still_ours = self.store.renew(self.key, self.token, self.lease)
        except StoreUnavailable:
            still_ours, pause = True, min(pause, RETRY_SECONDS)
        self.due = time.monotonic() + pause
        return still_ours


class Heartbeat:
    """The holds of one process and the thread that renews them, started with the first."""

    def __init__(self) -> None:
        self._holds: set[Hold] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, hold: Hold) -> None:
        hold.due = time.monotonic() + hold.lease / BEATS
        with self._changed:
            self._holds.add(hold)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="serveractions-heartbeat", daemon=True)
                self._thread.start()
            self._changed.notify()

    def discard(self, hold: Hold) -> None:
        with self._changed:
            self._holds.discard(hold)

    def _run(self) -> None:
        while True:
            for hold in self._due():
                try:
                    going_on = hold.renew()
                except Exception:
                    logger.exception("A lease could not be renewed: %s", hold.key)
                    going_on = False
                if not going_on:
                    self.discard(hold)

    def _due(self) -> list[Hold]:
        """Wait until something is due, and return it."""
        with self._changed:
            while True:
                now = time.monotonic()
                due = [hold for hold in self._holds if hold.due <= now]
                if due:
                    return due
                self._changed.wait(min((hold.due - now for hold in self._holds), default=None))


heartbeat = Heartbeat()


def keep(store: Store, key: str, token: str, lease: float) -> Hold:
    """Renew the lease of a record that is held already, until :func:`let_go`.

    :param lease: seconds; it is renewed four times in each.
    """
    hold = Hold(store, key, token, lease)
    heartbeat.add(hold)
    return hold


def let_go(hold: Hold) -> None:
    """Renew no more. The record stays as it is."""
    heartbeat.discard(hold)


@contextmanager
def keeping(store: Store, key: str, token: str, lease: float) -> Iterator[None]:
    """Renew a lease while the body runs."""
    hold = keep(store, key, token, lease)
    try:
        yield
    finally:
        let_go(hold)


def start_anew() -> None:
    """What the parent holds, the parent renews; its thread does not exist in the child."""
    global heartbeat
    heartbeat = Heartbeat()


os.register_at_fork(after_in_child=start_anew)
