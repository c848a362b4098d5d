"""64 KB of anything cost little, whatever they are made of."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from .event_streams import ask, cuts
from .shapes import FAMILIES, SIZE
from .speed import LIMIT, TRIES, measured

# what grows with the square of its size is far beyond this; the limit itself, `make fuzz` holds on a machine of its own
BUSY = 10 * LIMIT


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_no_64_kilobytes_take_long(family: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "flask_serveractions")
    taken = measured(family, BUSY)
    assert {name: seconds for name, (seconds, _) in taken.items() if seconds > BUSY} == {}
    assert {name: status for name, (_, status) in taken.items() if status >= 500} == {}


EVENTS = [b"a", b"\n", b"\r", b"\r\n", b":", b"data:", b"data\n", b"data: a\n\n", b"event: a\n"]


@pytest.mark.parametrize("unit", EVENTS)
def test_the_client_does_not_read_64_kilobytes_of_events_for_long(unit: bytes) -> None:
    stream = b"data: " + unit * (SIZE // len(unit)) + b"\n\n"
    assert any(ask([cuts(stream, 1024)])["seconds"] < BUSY for _ in range(TRIES))
