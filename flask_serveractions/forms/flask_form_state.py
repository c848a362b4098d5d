"""A ``FlaskForm`` as a page shows it, for WTForms' own rendering: ``form.wtf``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ..operation import Parameter
from ..schemas.flask_forms import fields_of, filled_form
from .native_inputs import plain_text

if TYPE_CHECKING:
    from .form_state import FormState


def form_shown(parameter: Parameter, bound: Mapping[str, Any], state: FormState) -> Any:
    """Return the form with what was sent and its errors; a clean one with its initial values."""
    form = form_with_errors(parameter, bound, state)
    if state.make_hidden is not None and hasattr(form, "hidden_tag"):
        form.hidden_tag = partial(hidden_tag, state.make_hidden, form.hidden_tag)
    return form


def hidden_tag(make_hidden: Callable[[], str], own_tag: Callable[..., str], *names: Any) -> Markup:
    """Return what Flask-WTF's ``hidden_tag`` returns, behind the hidden fields of the action."""
    return Markup(f"{make_hidden()}{own_tag(*names)}")  # noqa: S704  # both are escaped


def form_with_errors(parameter: Parameter, bound: Mapping[str, Any], state: FormState) -> Any:
    if not state.submitted:
        return filled_form(parameter, None, initial=state.initial, bound=bound)
    sent = pairs_sent(state.values)
    form = filled_form(parameter, sent, bound=bound)
    for place in fields_of(form, sent):
        messages = state.errors.get(place.name) or state.errors.get(place.path)
        if messages:
            place.field.errors = list(messages)
    return form


def pairs_sent(values: Mapping[str, Any]) -> MultiDict[str, str]:
    pairs: MultiDict[str, str] = MultiDict()
    for name, value in values.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                pairs.add(name, plain_text(each))
    return pairs
