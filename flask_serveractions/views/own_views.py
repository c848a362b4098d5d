"""Which view functions are this package's own: they alone are guarded by its rules in place of ``CSRFProtect``'s."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from ..marks import chain_of

View = TypeVar("View", bound=Callable[..., Any])

#: what actions and resources made, by identity: a function that copies a view's attributes is not that view
MADE: WeakValueDictionary[int, Any] = WeakValueDictionary()
#: the same where a class has decorators of its own around it
DECORATED: WeakValueDictionary[int, Any] = WeakValueDictionary()


def own(view: View, made: WeakValueDictionary[int, Any] = MADE) -> View:
    """Remember a view function as made for an operation; returns it."""
    with suppress(TypeError):  # an object that takes no weak reference is nobody's
        made[id(view)] = view
    return view


def is_own(view: Any) -> bool:
    """Whether a view function is ours itself: an action's, a MethodRoute's, or what else this package serves."""
    return MADE.get(id(view)) is view or is_written_here(view)


def is_written_here(view: Any) -> bool:
    """Whether a function of the package serves a page; a decorator of ours around another's says where that is from."""
    written_in = getattr(view, "__globals__", {}).get("__name__", "")
    return all(str(name).startswith("flask_serveractions.") for name in (written_in, getattr(view, "__module__", "")))


def wraps_own(view: Any) -> bool:
    """Whether a view function is ours, or ours with its class's decorators, or says that it wraps one of ours."""
    return any(is_own(each) or DECORATED.get(id(each)) is each for each in chain_of(view))
