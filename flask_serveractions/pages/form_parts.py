"""What the forms of one action have in common in an app: found out when the first one is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

from ..app_state import AppState
from ..forms.controls import control_names, describe, has_files
from ..forms.inputs import Input, render_attributes
from ..http.negotiation import MULTIPART
from ..operation import Operation


class FormParts(NamedTuple):
    """The parts of a form that are the same whenever it is rendered."""

    describe: Callable[[str], Input]  # which remembers what it said
    names: Callable[[], Iterable[str]]
    prefix: str  # of all IDs in the form
    attributes: Mapping[str, str | None]  # those of the element that follow its URL
    tail: str  # the same, rendered
    clean: dict[str, str]  # attributes of controls that show nothing, but for their IDs


def parts_of(state: AppState, operation: Operation) -> FormParts:
    """Return the parts of an action's forms. The app has them, and nobody else: they go with it."""
    parts: FormParts | None = state.form_parts.get(operation)
    if parts is None:
        parts = state.form_parts[operation] = make_parts(operation)
    return parts


def make_parts(operation: Operation) -> FormParts:
    attributes = {
        "data-serveraction": operation.name,
        "enctype": MULTIPART if has_files(operation) else None,
        "data-reset": "false" if operation.show_result else None,
        "data-result": "" if operation.show_result else None,  # in a dialog it is read there
    }
    return FormParts(
        describe=lru_cache(maxsize=4096)(partial(describe, operation)),
        names=partial(control_names, operation),
        prefix=operation.name.replace(".", "-"),
        attributes=attributes,
        tail=str(render_attributes(attributes)),
        clean={},
    )
