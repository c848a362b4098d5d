"""The port that an example is served at, and ports for what runs beside it."""

from __future__ import annotations

import random
import socket

# Below those that the kernel gives to clients: none can take it before its server does.
GIVEN_TO_NO_CLIENT = range(12_000, 32_000)


def check_port(port: int, command: str) -> None:
    """Exit with the mend where another program listens at a port of 127.0.0.1.

    :param command: what was typed: ``"make demo"``.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: a port just left is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise SystemExit(f"Port {port} is taken. Try another: {command} PORT={port + 1}") from None


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens, for a server that can't be asked which one it took."""
    while True:
        port = random.SystemRandom().choice(GIVEN_TO_NO_CLIENT)  # two that ask at once find different ones
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
