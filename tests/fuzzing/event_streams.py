"""The JavaScript client's parser of event streams, in node, beside one that follows the standard to the letter."""

from __future__ import annotations

import atexit
import json
import re
import shutil
import subprocess
from base64 import b64encode
from functools import lru_cache
from pathlib import Path
from typing import Any

import flask_serveractions

Events = list[list[str]]

SCRIPT = Path(__file__).parent / "event_streams.mjs"
CLIENT = Path(flask_serveractions.__file__).parent / "static" / "client.js"  # also where the package is installed


@lru_cache(maxsize=1)
def reader() -> subprocess.Popen[str]:
    """Return the process of node that reads streams, which lives as long as this one."""
    node = shutil.which("node")
    assert node is not None, "node is needed: make puts it into .venv"
    # it is ours alone, and its pipes end with us
    command = [node, str(SCRIPT), str(CLIENT)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(end, running)
    return running


def end(running: subprocess.Popen[str]) -> None:
    running.communicate()


def ask(ways: list[list[bytes]]) -> dict[str, Any]:
    """Return what the client makes of streams, each given in its chunks: ``{"results": [events], "seconds": CPU}``."""
    running = reader()
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(json.dumps([[b64encode(chunk).decode() for chunk in chunks] for chunks in ways]) + "\n")
    running.stdin.flush()
    answer: dict[str, Any] = json.loads(running.stdout.readline())
    return answer


def expected_events(stream: bytes) -> Events:
    """Return the events of a stream, as WHATWG HTML 9.2.6 has it, line by line."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = re.split(r"\r\n|\r|\n", text)[:-1]  # what no end of a line follows is none
    events: Events = []
    data, kind = "", ""
    for line in lines:
        if not line:
            if data:
                events.append([kind or "message", data.removesuffix("\n")])
            data, kind = "", ""
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data += value + "\n"
        elif name == "event":
            kind = value
    return events


def cuts(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def read_events(data: bytes) -> None:
    """Let the client read a stream whole, byte by byte, and in chunks of as many bytes as the first byte says.

    :raises AssertionError: one way gives other events than the standard.
    """
    size, stream = max(1, data[0] % 32) if data else 1, data[1:]
    expected = expected_events(stream)
    ways = [[stream], cuts(stream, 1), cuts(stream, size)]
    for chunks, events in zip(ways, ask(ways)["results"], strict=True):
        assert events == expected, f"{events} where {expected} stands, from {chunks}"
