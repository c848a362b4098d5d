"""Live: open pages are told which tags are stale, as it happens; never what they hold.

A process holds few connections open, since each takes one of its threads. Everybody else gets an answer at once, and is
told when to ask again: so that many viewers make it polling, and never an outage.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from hashlib import sha256
from math import ceil
from typing import NamedTuple

from ..stores.store import Generations, Store, StoreUnavailable
from .revalidation import live_names
from .streams import HEARTBEAT
from .watcher import Watcher

HELD_SECONDS = 25.0  # proxies cut what takes longer than 30
HEARTBEAT_SECONDS = 2.0  # a page that has gone is noticed by the second one
OVERDUE_SECONDS = 30.0  # a connection that a server has forgotten to close no longer counts so long after its end

MOST_OF_A_BROWSER = 2  # of the six connections that one opens to a host by HTTP/1.1: other processes hold as many

SOONEST_SECONDS = 1.0  # until who is not held asks again
SPACING_SECONDS = 1 / 16  # between two who ask again
LATEST_SECONDS = 300.0
APART = 4  # turns, from one of a visitor's to the next

RENEW = b"retry: 30000\nevent: renew\ndata: {}\n\n"
POSITION = re.compile(r"([0-9a-f]{12})-([0-9]{1,18})", re.ASCII)


class Position(NamedTuple):
    """How far the store was at a moment: ``<epoch>-<counter>``, the ID of an event."""

    epoch: str  # 12 hexadecimal digits
    counter: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.counter}"


def position_of(generations: Generations) -> Position:
    return Position(short(generations.epoch), generations.counter)


@lru_cache(maxsize=16)
def short(epoch: str) -> str:
    return sha256(epoch.encode()).hexdigest()[:12]


def parse_position(text: str) -> Position | None:
    """Return what a client says it knows; None for nothing that is ours."""
    found = POSITION.fullmatch(text)
    return Position(found[1], int(found[2])) if found else None


class Live:
    """What one process tells the open pages of one app.

    :param store: gives the app's store; raises :class:`StoreUnavailable` where it can't be opened.
    :param most: connections that are held open at a time.
    :param held_seconds: how long each of them is.
    :param heartbeat_seconds: after which something is sent, be there news or not.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        most: int,
        held_seconds: float = HELD_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self.store = store
        self.pid = os.getpid()
        self.watcher = Watcher(store)
        self.slots = Slots(most, held_seconds + OVERDUE_SECONDS)
        self.held_seconds = held_seconds
        self.heartbeat_seconds = heartbeat_seconds
        self.turns = Turns()

    def position(self) -> Position:
        """Return how far the store is.

        :raises StoreUnavailable: it is away.
        """
        return position_of(self.store().generations())

    def events(
        self,
        tags: Sequence[str],
        since: Position | None,
        can_wait: bool,
        visitor: str | None = None,
        is_browser: bool = True,
    ) -> Iterator[bytes]:
        """Yield the events of a connection, as bytes; whoever stops before the end closes the generator.

        :param since: what the page knows; None: all is stale.
        :param can_wait: whether this process serves others meanwhile.
        :param visitor: whose windows share what is held, and the turns; None for one who can't be told from others.
        :param is_browser: else it is a program, of which as many as it likes are held.
        """
        token = self.slots.take(visitor if is_browser else None) if can_wait else None
        if token is None:
            seconds = self.turns.seconds_until_next(time.monotonic(), visitor)
            yield retry_after(seconds) + self.look(tags, since)[1]
            return
        try:
            yield from self._held(tags, since)
        finally:
            if self.pid == os.getpid():
                self.slots.give_back(token)

    def _held(self, tags: Sequence[str], since: Position | None) -> Iterator[bytes]:
        ends = time.monotonic() + self.held_seconds
        names = live_names(tags)
        with self.watcher.listening(names):
            since, told = self.look(tags, since)
            yield retry_after(SOONEST_SECONDS) + told
            while (left := ends - time.monotonic()) > 0:
                seen = self.watcher.wait_for(names, partial(is_beyond, since), min(left, self.heartbeat_seconds))
                if seen is None:
                    since, told = self.look(tags, since) if self.watcher.is_late() else (since, b"")
                else:
                    since, told = events_of(tags, since, seen)
                yield told or HEARTBEAT

    def look(self, tags: Sequence[str], since: Position | None) -> tuple[Position | None, bytes]:
        """Return what is known now, and the event that tells of it; what was known before where the store is away."""
        try:
            return events_of(tags, since, self.store().generations(live_names(tags)))
        except StoreUnavailable:
            return since, HEARTBEAT


def events_of(tags: Sequence[str], since: Position | None, seen: Generations) -> tuple[Position, bytes]:
    """Return what is known now, and the event that tells of it; ``b""`` where there is nothing to tell."""
    now = position_of(seen)
    if since == now:
        return now, b""
    is_other = since is None or since.epoch != now.epoch
    if since and not is_other and since.counter > now.counter:
        # the store was set back, by a Redis that lost its last seconds, say: pages that know more take nothing for news
        return now, events_of(tags, None, seen)[1] + RENEW
    stale = [tag for tag, name in zip(tags, live_names(tags), strict=True) if is_other or is_newer(seen, name, since)]
    if not stale:
        return now, f"id: {now}\n\n".encode()  # without data it is no event, and is remembered (WHATWG HTML, 9.2.6)
    return now, f"id: {now}\nevent: stale\ndata: {json.dumps({'tags': stale})}\n\n".encode()


def is_beyond(since: Position | None, seen: Generations) -> bool:
    now = position_of(seen)
    return since is None or since.epoch != now.epoch or since.counter < now.counter


def is_newer(seen: Generations, name: str, since: Position | None) -> bool:
    return since is None or seen.numbers.get(name, 0) > since.counter


def retry_after(seconds: float) -> bytes:
    return f"retry: {round(seconds * 1000)}\n".encode()


class Slots:
    """The connections that are held open.

    :param seconds: after so many one counts no longer, whatever has become of it.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self.taken: dict[object, tuple[float, str | None]] = {}  # until when, and by which browser; by token
        self.lock = threading.Lock()

    def take(self, browser: str | None = None) -> object | None:
        """Return a token to give back, or None where all are taken, or a browser has its share."""
        now = time.monotonic()
        with self.lock:
            if not self._has_room(browser):
                self.taken = {token: each for token, each in self.taken.items() if each[0] > now}
            if not self._has_room(browser):
                return None
            token = object()
            self.taken[token] = (now + self.seconds, browser)
            return token

    def _has_room(self, browser: str | None) -> bool:
        if len(self.taken) >= self.most:
            return False
        return browser is None or sum(each == browser for _, each in self.taken.values()) < MOST_OF_A_BROWSER

    def give_back(self, token: object) -> None:
        with self.lock:
            self.taken.pop(token, None)


class Turns:
    """When those who are not held ask again: one after the other, so that they are never too many at a time.

    A turn is a sixteenth of a second, by its number. Of one visitor's turns each leaves others between it and the last,
    so that nobody who asks without end keeps everybody waiting.
    """

    def __init__(self) -> None:
        self.taken: dict[int, int] = {}  # by number: from where on the next one may be free
        self.last: dict[str, int] = {}  # by visitor
        self.lock = threading.Lock()

    def seconds_until_next(self, now: float, visitor: str | None = None) -> float:
        """Return how long one waits until it is their turn.

        :param now: seconds, monotonic.
        :param visitor: None for somebody who can't be told from others.
        """
        soonest = ceil((now + SOONEST_SECONDS) / SPACING_SECONDS)
        latest = soonest + round(LATEST_SECONDS / SPACING_SECONDS)
        with self.lock:
            if len(self.taken) > 2 * (latest - soonest):
                self._forget_before(soonest)
            own = self.last.get(visitor, 0) if visitor else 0
            turn = self._free_from(max(soonest, own + APART))
            if turn > latest:
                return LATEST_SECONDS
            self.taken[turn] = turn + 1
            if visitor:
                self.last[visitor] = turn
            return turn * SPACING_SECONDS - now

    def _free_from(self, turn: int) -> int:
        """Return the first turn from one on that nobody has, and remember the way there."""
        passed = []
        while turn in self.taken:
            passed.append(turn)
            turn = self.taken[turn]
        self.taken.update(dict.fromkeys(passed, turn))
        return turn

    def _forget_before(self, turn: int) -> None:
        self.taken = {each: free for each, free in self.taken.items() if each >= turn}
        self.last = {visitor: last for visitor, last in self.last.items() if last >= turn}
