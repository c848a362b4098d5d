"""How far something is, as a function says it."""

from __future__ import annotations

from typing import Any

import pytest

from flask_serveractions.jobs.progress import Progress


def test_progress_says_how_far_it_has_come() -> None:
    assert Progress(3).to_json() == {"done": 3, "total": None, "message": ""}
    assert Progress(0.5, 2, "Counting").to_json() == {"done": 0.5, "total": 2, "message": "Counting"}
    assert Progress(0, 0) == Progress(done=0, total=0)


@pytest.mark.parametrize("value", ["3", None, True, [1], 1j])
def test_progress_that_is_no_number_is_an_error_that_shows_it(value: Any) -> None:
    with pytest.raises(TypeError, match=r"Progress\(done=.*give a number"):
        Progress(value)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_progress_below_zero_or_without_end_is_an_error_that_shows_it(value: float) -> None:
    with pytest.raises(ValueError, match=r"Progress\(total=.*give a finite number"):
        Progress(1, value)


def test_a_message_is_a_text() -> None:
    with pytest.raises(TypeError, match="message=3"):
        Progress(1, 2, 3)  # type: ignore[arg-type]
