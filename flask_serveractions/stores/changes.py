"""Waiting for changes of the store: by looking again after a while, or until Redis tells of one."""

from __future__ import annotations

import time
from typing import Any

LOOK_SECONDS = 0.25  # between two looks


class Looks:
    """Wakes up often enough to look for changes oneself."""

    def wait(self, seconds: float) -> None:
        """Return when it is time to look, after ``seconds`` at most."""
        time.sleep(min(LOOK_SECONDS, seconds))

    def close(self) -> None:
        pass


class Subscription:
    """Wakes up when Redis says that a generation was given (pub/sub).

    :param connection: redis-py's, of its own: what subscribes can do nothing else.
    :param channel: what :mod:`.redis` publishes to.
    """

    def __init__(self, connection: Any, channel: str) -> None:
        self.connection = connection
        self.channel = channel
        self.is_subscribed = False

    def wait(self, seconds: float) -> None:
        """Return when something was published, or may have been: after a new subscription too, or ``seconds``.

        :raises RedisError: the server is away, or lets this account subscribe to nothing.
        :raises OSError: the same.
        """
        if not self.is_subscribed:
            self._subscribe()
            return
        try:
            if self.connection.can_read(seconds):
                self.connection.read_response()
        except Exception:
            self.close()
            raise

    def _subscribe(self) -> None:
        try:
            self.connection.connect()
            self.connection.send_command("SUBSCRIBE", self.channel)
            self.connection.read_response()
        except Exception:
            self.close()
            raise
        self.is_subscribed = True

    def close(self) -> None:
        self.is_subscribed = False
        self.connection.disconnect()
