"""What a resource's method raises goes through what is around its view, as in Flask, and is answered where that ends.

So a decorator that rolls back, or answers the app's own exceptions, hears of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from ..pipeline.dispatch import handle_raised
from ..scope import running_request


def answer_what_is_raised(app: Flask) -> None:
    """Answer what methods raise before the app's error handlers do, which get what is theirs."""
    theirs: Callable[..., Any] = app.handle_user_exception

    def handle_user_exception(*context_and_error: Any) -> Any:
        *context, error = context_and_error
        try:
            answer = handle_raised(running_request(), error)
        except Exception as left:
            return theirs(*context, left)
        return theirs(*context, error) if answer is None else answer

    app.handle_user_exception = handle_user_exception  # type: ignore[assignment]
