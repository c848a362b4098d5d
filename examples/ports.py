"""The port that an example is served at."""

from __future__ import annotations

import socket


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
