"""Flask-Limiter's limits on our functions, in whichever order the decorators stand."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..marks import chain_of
from ..operation import Operation

if TYPE_CHECKING:
    from flask import Flask

LIMITED = "__wrapper-limiter-instance"  # Flask-Limiter's own mark on what it has wrapped


def limiters_of(app: Flask) -> Iterable[Any]:
    """Return an app's Flask-Limiters; most have one, or none."""
    found: Iterable[Any] = app.extensions.get("limiter", ())
    return found


def with_limits(app: Flask, operation: Operation) -> Operation:
    """Return an operation that counts for its limits, whichever way a call of it ends.

    A wrapper below ``@register`` counts when the function is called; one above it is never called.

    :raises RuntimeError: a job would have to count, and it has no request.
    """
    limits, checks = [], []
    for limiter in limiters_of(app):
        name = limited_name(limiter, operation.function)
        wrapped = is_wrapped(limiter, operation.function)
        if wrapped and operation.background:
            raise RuntimeError(f"{operation.where} runs in the background, where no request counts: {ABOVE}")
        if name:
            # what the wrapper calls; Flask-Limiter 4 has no public name for it
            limits.append(partial(limiter._check_request_limit, in_middleware=False, callable_name=name))
            checks += [] if wrapped else limits[-1:]
    return dataclasses.replace(operation, limits=tuple(limits), checks=tuple(checks)) if limits else operation


def count(operation: Operation) -> None:
    """Count a call that does not come to the function, as a view counts every request.

    :raises TooManyRequests: a limit is exceeded.
    """
    for limit in operation.limits:
        limit()


ABOVE = "put the limit above @register, and it counts when the job is ordered."


def is_limit(wrapper: Any) -> bool:
    """Whether a wrapper is Flask-Limiter's, whose limits count wherever they stand."""
    return LIMITED in getattr(wrapper, "__dict__", {})


def is_wrapped(limiter: Any, function: Any) -> bool:
    # by equality: what Flask-Limiter sets there is a weak reference
    return any(getattr(each, "__dict__", {}).get(LIMITED) == limiter for each in chain_of(function))


def check_class(app: Flask, view_class: type[Any]) -> None:
    """:raises TypeError: a limit stands on the class, where no request comes by."""
    if any(limited_name(limiter, view_class) for limiter in limiters_of(app)):
        raise TypeError(
            f"A limit on the class {view_class!r} never counts. Write decorators = [limiter.limit(...)] in it."
        )


def limited_name(limiter: Any, limited: Any) -> str | None:
    """Return the name by which a Flask-Limiter knows the limits of a function or a class; None where it has none."""
    if not hasattr(limited, "__name__"):
        return None
    name = f"{limited.__module__}.{limited.__name__}.{limited.__qualname__}"
    return name if limiter.limit_manager.decorated_limits(name) else None


def retry_after(app: Flask) -> int | None:
    """Return after how many seconds the limit that was exceeded begins anew, at least 1 (RFC 9110, 10.2.3)."""
    exceeded = [limiter.current_limit for limiter in limiters_of(app)]
    seconds = [each.reset_at - time.time() for each in exceeded if each is not None and each.breached]
    return max(1, math.ceil(max(seconds))) if seconds else None
