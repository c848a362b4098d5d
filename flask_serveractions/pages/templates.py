"""What templates call: ``action_form`` and its like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from flask import current_app, request
from markupsafe import Markup

from ..app_state import AppState, state_of
from ..http.action_argument import ARGUMENT, with_action
from ..marks import chain_of
from ..operation import REGION, REGION_FIELD, Operation, Region, Submission, middleware_state_of
from ..schemas.flask_forms import filled_form
from ..scope import scope
from ..security.signing import digest, load_payload, random_key, sign_id
from .bound_arguments import bound_payload, bound_values
from .controls import control_names, describe, has_files
from .flask_form_state import form_shown
from .form_state import FormState, check_values
from .handwritten import fill_in
from .inputs import Input, render_attributes
from .page_forms import csrf_token, page_for, page_forms, token_field, visitor_for, who_for

if TYPE_CHECKING:
    from flask import Flask


Action = str | Callable[..., Any]

NOT_IN_IDS = re.compile(r"[^\w-]")


def action_form(
    action: Action,
    /,
    *,
    values: Any = None,
    attrs: Mapping[str, Any] | None = None,
    caller: Any = None,
    **bound: Any,
) -> Markup:
    """Return a form that calls an action: for ``{% call(form) action_form("create_todo") %}``.

    The block gets the form's :class:`~flask_serveractions.FormState`; one that does not want it is
    ``{% call action_form("clear") %}``. Hidden fields, and a place for the form's message, stand before its content.

    :param action: its name, or the function.
    :param values: a mapping or an object that the clean form shows: the record that is edited.
    :param attrs: further attributes of the form element: ``{"class": "wide", "data-reset": "false"}``.
    :param caller: Jinja's: the block.
    :param bound: the action's bound arguments, signed.
    :raises LookupError: no action has this name.
    :raises TypeError: bound arguments that the action does not take, or that are missing.
    """
    if caller is None:
        raise TypeError(
            f"action_form({action!r}) needs a body: {{% call(form) action_form({action!r}) %}}…{{% endcall %}}."
        )
    state, operation = find(action)
    check_values(values, operation.where)
    payload = bound_payload(operation, bound)
    ordinal = next_ordinal(operation, payload)
    form = state_for(operation, payload, ordinal, values)
    page_forms().ids.add(form.id)
    with open_form(operation):
        # a template that does not escape gives plain text, which is as it means it
        content = Markup(fill_in(str(caller(form) if caller.arguments else caller())))  # noqa: S704
    attributes = {
        "id": f"{form.id}-form",
        "method": "post",
        "action": url_for_action(state, operation, payload, bound, ordinal),
        "data-serveraction": operation.name,
        "enctype": "multipart/form-data" if needs_multipart(operation) else None,
        "data-reset": "false" if operation.show_result else None,
        **(attrs or {}),
    }
    message = Markup('<div class="serveractions-message" data-message role="alert">{}</div>').format(
        form.unplaced_error()
    )
    return Markup("<form {}>\n{}{}\n{}</form>").format(
        render_attributes(attributes), hidden(state, operation, bound), message, content
    )


@contextmanager
def open_form(operation: Operation) -> Iterator[None]:
    """Refuse a form within a form, of which browsers make one (HTML, 4.10.3).

    :raises TypeError: one is open.
    """
    forms = page_forms()
    if forms.open:
        raise TypeError(
            f"action_form({operation.name!r}) stands within action_form({forms.open!r}), and HTML nests no forms."
            ' Close that one first, or give it a second button: <button formaction="{{ action_url(...) }}">.'
        )
    forms.open = operation.name
    try:
        yield
    finally:
        forms.open = ""


def hidden(state: AppState, operation: Operation, bound: Mapping[str, Any]) -> Markup:
    """Return the hidden fields: whose form of which action it is, the CSRF token, and a key for what runs once."""
    fields: dict[str, str] = {ARGUMENT: f"{operation.name}:{who_for(state, operation, bound)}"}
    if current_app.config.get("WTF_CSRF_ENABLED", True):
        fields[token_field()] = csrf_token()
    if operation.once:
        fields["idempotency_key"] = random_key()
    region = region_of()
    if region is not None:
        fields[REGION_FIELD] = region.name
    one = Markup('<input type="hidden" name="{}" value="{}">\n')
    return Markup("").join(one.format(*pair) for pair in fields.items())


def action_fields(action: Action, /, **bound: Any) -> Markup:
    """Return the hidden fields of a form that is written by hand around :func:`action_url`; they come first in it.

    Without the field ``_action`` a form is the page's own, and calls no action.

    :param action: its name, or the function.
    :param bound: as they were given to :func:`action_url`.
    :raises LookupError: no action has this name.
    :raises TypeError: bound arguments that the action does not take, or that are missing.
    """
    state, operation = find(action)
    bound_payload(operation, bound)
    page_forms()
    return hidden(state, operation, bound)


def action_url(action: Action, /, **bound: Any) -> str:
    """Return the signed URL of an action, for ``formaction``, ``data-action`` and ``hx-post``.

    It is the URL of the page that is being rendered, with ``SCRIPT_NAME``, and ``_action`` at the end of its query. It
    is good for this visitor alone.

    :param action: its name, or the function.
    :param bound: the action's bound arguments, signed.
    :raises LookupError: no action has this name.
    :raises TypeError: bound arguments that the action does not take, or that are missing.
    """
    state, operation = find(action)
    return url_for_action(state, operation, bound_payload(operation, bound), bound)


def action_state(action: Action, /, **bound: Any) -> FormState:
    """Return the state of a form that is written by hand around :func:`action_url`.

    :param action: its name, or the function.
    :param bound: as they were given to :func:`action_url`: they say which of several forms this is.
    :raises LookupError: no action has this name.
    :raises TypeError: bound arguments that the action does not take, or that are missing.
    """
    _, operation = find(action)
    return state_for(operation, bound_payload(operation, bound), "")


def find(action: Action) -> tuple[AppState, Operation]:
    """Return the operation of an action, by its name or by its function."""
    state = state_of(current_app)
    actions = state.actions or state.registry.actions
    if isinstance(action, str):
        operation = actions.get(action)
    else:
        below = list(chain_of(action))  # decorators may stand above @register
        operation = next((each for each in actions.values() if each.function in (action, *below)), None)
    if operation is None:
        known = ", ".join(sorted(actions)) or "none at all"
        raise LookupError(f"There is no action {action!r}. Registered are: {known}.")
    return state, operation


def next_ordinal(operation: Operation, payload: str) -> str:
    """Return ``""`` for the first of equal forms of a region, or of the rest of the page; then ``"2"``, ``"3"``."""
    seen, region = page_forms().seen, region_of()
    key = (region.name if region else "", operation.name, payload)
    seen[key] += 1
    return "" if seen[key] == 1 else str(seen[key])


def region_of() -> Region | None:
    """Return the region that is being rendered; None outside of all."""
    region: Region | None = scope().get(REGION)
    return region


def form_id(operation: Operation, payload: str, ordinal: str) -> str:
    """Return an ID for a form, the same whatever other regions show: that of a lazy one is part of it."""
    region = region_of()
    about = [operation.name.replace(".", "-"), digest(payload, 8) if operation.bound else ""]
    plain = "-".join(filter(None, [*about, ordinal]))
    if region is None or not (region.lazy or plain in page_forms().ids):
        return plain
    return "-".join(filter(None, [*about, NOT_IN_IDS.sub("-", region.name), ordinal]))


def state_for(operation: Operation, payload: str, ordinal: str, initial: Any = None) -> FormState:
    form = FormState(
        id=form_id(operation, payload, ordinal),
        describe=describer(operation, payload),
        names=partial(control_names, operation),
        initial=initial,
        make_wtf=wtf_maker(operation, payload),
    )
    middleware = middleware_state_of(request.environ)
    submission = middleware.submission if middleware else None
    if submission is not None and is_of(submission, operation, payload, ordinal):
        submission.is_shown = True
        form.values, form.errors = submission.values, submission.errors
        form.summary, form.result, form.submitted = submission.message, submission.result, True
        form.failed = submission.failed
    return form


def describer(operation: Operation, payload: str) -> Callable[[str], Input]:
    """Return what describes the controls: the same for all requests, unless a factory makes the form in each."""
    if operation.form is None or operation.form.make_form is None:
        return partial(input_for, operation)

    def describe_here(name: str) -> Input:
        return describe(operation, name, form_of_request(operation, payload))

    return describe_here


def form_of_request(operation: Operation, payload: str) -> Any:
    """Return the empty form that the action's factory makes, once per request and payload."""
    made = page_forms().made
    if (operation.name, payload) not in made:
        parameter: Any = operation.form
        made[operation.name, payload] = filled_form(parameter, None, bound=bound_values(operation, payload))
    return made[operation.name, payload]


def wtf_maker(operation: Operation, payload: str) -> Callable[[FormState], Any] | None:
    parameter = operation.form
    if parameter is None:
        return None
    return lambda form: form_shown(parameter, bound_values(operation, payload), form)


def is_of(submission: Submission, operation: Operation, payload: str, ordinal: str) -> bool:
    """Whether a submission belongs to a form; its payload is not verified, and may be spelled otherwise."""
    region = region_of()
    place = (operation.name, region.name if region else "", ordinal)
    if (submission.action, submission.region, submission.ordinal) != place:
        return False
    if not operation.bound or submission.payload == payload:
        return True
    return submission.bound is not None and submission.bound == load_payload(payload)


@lru_cache(maxsize=4096)
def input_for(operation: Operation, name: str) -> Input:
    return describe(operation, name)


@lru_cache(maxsize=4096)
def needs_multipart(operation: Operation) -> bool:
    return has_files(operation)


def url_for_action(
    state: AppState, operation: Operation, payload: str, bound: Mapping[str, Any], ordinal: str = ""
) -> str:
    visitor = visitor_for(state, operation, bound)
    signed = sign_id(state.signing.ring, operation.name, payload, visitor, state.settings.max_age)
    return with_action(page_for(state), operation.name, signed, ordinal)


def install(app: Flask) -> None:
    """Give an app's templates the helpers."""
    helpers: tuple[Callable[..., Any], ...] = (
        action_form,
        action_fields,
        action_url,
        action_state,
    )
    app.jinja_env.globals.update({each.__name__: each for each in helpers})
