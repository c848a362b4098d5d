"""What stands between ``{% call %}`` and ``{% endcall %}``, rendered: with ``enable_async``, too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from types import CoroutineType
from typing import Any


def rendered_block(caller: Callable[..., Any], *arguments: Any) -> Any:
    """Return what the block of a template makes.

    :raises RuntimeError: it awaits something: then nobody knows which form or region it stands in.
    """
    made = caller(*arguments)
    return at_once(made) if type(made) is CoroutineType else made


def at_once(steps: Coroutine[Any, Any, Any]) -> Any:
    try:
        steps.send(None)
    except StopIteration as end:
        return end.value
    steps.close()
    raise RuntimeError(
        "The block of an action_form or a region awaits something. Await it above the block: {% set rows = load() %}."
    )
