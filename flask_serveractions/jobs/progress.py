"""``Progress``, which generator actions and background jobs yield."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..http.messages import is_message


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long action has come.

    :param done: how much is done, 0 or more, in any unit.
    :param total: how much there is to do, in the same unit; None where that is not known.
    :param message: what is going on, for people.
    :raises TypeError: not a number, or not a text.
    :raises ValueError: a number below 0, or not finite.
    """

    done: float
    total: float | None = None
    message: str = ""

    def __post_init__(self) -> None:
        check_amount("done", self.done)
        if self.total is not None:
            check_amount("total", self.total)
        if not is_message(self.message):
            raise TypeError(f"Progress(message={self.message!r}): give a text.")
        object.__setattr__(self, "message", str(self.message))  # a lazy one is told in the language of this call

    def to_json(self) -> dict[str, Any]:
        """Return ``{"done", "total", "message"}``."""
        return {"done": self.done, "total": self.total, "message": self.message}


def check_amount(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"Progress({name}={value!r}): give a number.")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"Progress({name}={value!r}): give a finite number, 0 or more.")
