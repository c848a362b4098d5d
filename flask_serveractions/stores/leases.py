"""The heartbeat: one thread per process renews the leases of everything that the process holds in a store."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..logs import logger
from .store import Store, StoreUnavailable

BEATS = 4  # per lease: three may be missed
TICK_SECONDS = 0.05
RETRY_SECONDS = 1.0  # while the store is away


@dataclass(slots=True, eq=False)
class Lease:
    """A record that this process holds, and goes on holding until :func:`release`."""

    store: Store
    key: str
    token: str
    lease: float  # seconds
    due_in: float  # seconds

    def tick(self) -> bool:
        """Renew the lease where that is due; return whether to go on."""
        self.due_in -= TICK_SECONDS
        if self.due_in > 0:
            return True
        self.due_in = self.lease / BEATS
        try:
            return self.store.renew(self.key, self.token, self.lease)
        except StoreUnavailable:
            self.due_in = min(self.due_in, RETRY_SECONDS)
            return True  # there is no telling whose it is


class Heartbeat:
    """The holds of one process, and the thread that renews them: there is one while there are holds.

    It counts its own ticks and asks no clock, since a clock may be set.
    """

    def __init__(self) -> None:
        self._holds: set[Lease] = set()
        self._lock = threading.Lock()
        self._beating = False

    def add(self, hold: Lease) -> None:
        with self._lock:
            self._holds.add(hold)
            if not self._beating:
                self._beating = True
                threading.Thread(target=self._run, name="serveractions-heartbeat", daemon=True).start()

    def discard(self, hold: Lease) -> None:
        with self._lock:
            self._holds.discard(hold)

    def _run(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            with self._lock:
                if not self._holds:
                    self._beating = False
                    return
                holds = list(self._holds)
            for hold in holds:
                self._tick(hold)

    def _tick(self, hold: Lease) -> None:
        try:
            going_on = hold.tick()
        except Exception:  # the others must be renewed all the same
            logger.exception("A lease could not be renewed: %s", hold.key)
            going_on = False
        if not going_on:
            self.discard(hold)


heartbeat = Heartbeat()


def hold_lease(store: Store, key: str, token: str, lease: float) -> Lease:
    """Renew the lease of a record that is held already, until :func:`release`.

    :param lease: seconds; it is renewed four times in each.
    """
    hold = Lease(store, key, token, lease, lease / BEATS)
    heartbeat.add(hold)
    return hold


def release(hold: Lease) -> None:
    """Renew no more. The record stays as it is."""
    heartbeat.discard(hold)


@contextmanager
def holding_lease(store: Store, key: str, token: str, lease: float) -> Iterator[None]:
    """Renew a lease while the body runs."""
    hold = hold_lease(store, key, token, lease)
    try:
        yield
    finally:
        release(hold)


def start_new_heartbeat() -> None:
    """What the parent holds, the parent renews; its thread does not exist in the child."""
    global heartbeat
    heartbeat = Heartbeat()


os.register_at_fork(after_in_child=start_new_heartbeat)
