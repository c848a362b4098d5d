"""What templates call: ``action_form`` and its like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from jinja2 import UndefinedError
from markupsafe import Markup, escape

from ..app_state import AppState, state_of
from ..arguments.bound_arguments import bound_payload, bound_values
from ..forms.controls import describe
from ..forms.elements import fill_in
from ..forms.flask_form_state import form_shown
from ..forms.form_state import FormState
from ..forms.initial_values import check_values
from ..forms.inputs import Input, render_attributes
from ..http.page_arguments import ACTION_ARGUMENT, value_of
from ..marks import chain_of
from ..operation import KEY_FIELD, REGION_FIELD, Operation, Region, Submission
from ..schemas.flask_forms import filled_form
from ..scope import running_app
from ..security.signing import digest, load_payload, random_key, sign_id
from .blocks import rendered_block
from .form_parts import FormParts, parts_of
from .mistakes import (
    UNCALLED,
    block_without_form,
    form_within,
    nested_form,
    no_attributes,
    no_body,
    uncalled,
    unknown_action,
)
from .page_forms import PageForms, find_url, hidden_input, page_forms, ring_for, token_input, visitor_for, who_for

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
        raise no_body(action)
    state, operation = find(action)
    if values is not None:
        check_values(values, operation.where)
    if attrs is not None and not isinstance(attrs, Mapping):
        raise no_attributes(operation, attrs)
    payload = bound_payload(operation, bound)
    # all three from here on as parameters: to look for one of them takes as long as to write the form's tag
    forms, parts = page_forms(), parts_of(state, operation)
    region = forms.place.region
    ordinal = next_ordinal(forms, region, operation, payload)
    identity = id_for(forms, region, parts, operation, payload, ordinal)
    make_form = partial(state_for, forms, region, parts, operation, payload, ordinal, identity, values)
    # nobody asks a button for the state of its form, which is a tenth of its time
    form = make_form() if caller.arguments or forms.submission is not None else None
    content = content_of(forms, operation, identity, caller, form)
    if "<textarea" in content or "<select" in content:
        content = fill_in(make_form() if form is None else form, content)
    value = signed_value(forms, state, operation, payload, bound, ordinal)
    message = escape(form.unplaced_error()) if form is not None and form.submitted else ""
    # all parts are escaped where they are made; Markup.format would take half of a form's time
    return Markup(  # noqa: S704
        f"<form {form_attributes(forms, parts, identity, value, attrs)}>\n"
        f"{hidden(forms, region, state, operation, bound, payload, ordinal)}"
        f'<div class="serveractions-message" data-message role="alert">{message}</div>\n{content}</form>'
    )


def content_of(forms: PageForms, operation: Operation, identity: str, caller: Any, form: FormState | None) -> str:
    """Return what the template's block makes of a form.

    :param identity: the form's ID.
    :raises TypeError: it stands within another form.
    """
    if forms.open:
        raise nested_form(operation, forms.open)
    forms.ids.add(identity)
    forms.open = operation.name
    try:
        # a template that does not escape gives plain text, which is as it means it
        content = str(rendered_block(caller, form) if caller.arguments else rendered_block(caller))
    except UndefinedError as error:
        if caller.arguments or str(error) != "'form' is undefined":
            raise
        raise block_without_form(operation) from None
    finally:
        forms.open = ""
    if UNCALLED in content:
        raise uncalled(content)
    return without_inner_form(operation, content) if "<form" in content else content


INNER = re.compile(r"<(?:form\b[^>]*|/form)>")
OTHER_ACTION = re.compile(r'\saction="[^"]')


def without_inner_form(operation: Operation, content: str) -> str:
    """Return the content of a form without the tags that a macro for whole forms writes: browsers drop them.

    :raises TypeError: it is a form of its own, with a URL.
    """
    if "<template" in content:
        return content
    tag = next(filter(OTHER_ACTION.search, INNER.findall(content)), None)
    if tag is not None:
        raise form_within(operation, tag)
    return INNER.sub("", content)


def form_attributes(
    forms: PageForms, parts: FormParts, identity: str, value: str, attrs: Mapping[str, Any] | None
) -> str:
    """Return the attributes of the form element, rendered; those that are given may be others for ours.

    :param value: that of ``_action`` in the form's URL.
    """
    if not attrs:  # of these three only the page's URL has something to escape
        return f'id="{identity}-form" method="post" action="{forms.escaped_url}{value}" {parts.tail}'
    first = {"id": f"{identity}-form", "method": "post", "action": f"{forms.url}{value}"}
    return render_attributes({**first, **parts.attributes, **attrs})


def hidden(
    forms: PageForms,
    region: Region | None,
    state: AppState,
    operation: Operation,
    bound: Mapping[str, Any],
    payload: str,
    ordinal: str = "",
) -> str:
    """Return the hidden fields: whose form of which action it is, the CSRF token, and a key for what runs once."""
    made = forms.fields.get(operation.name)
    if made is None:
        who = who_for(forms, state, operation, bound)
        made = forms.fields[operation.name] = hidden_input(ACTION_ARGUMENT, f"{operation.name}:{who}")
    if forms.tokens is None:
        forms.tokens = token_input(running_app())
    key = hidden_input(KEY_FIELD, key_for(forms, region, operation, payload, ordinal)) if operation.once else ""
    place = hidden_input(REGION_FIELD, region.path) if region is not None else ""
    return made + forms.tokens + key + place


def key_for(forms: PageForms, region: Region | None, operation: Operation, payload: str, ordinal: str) -> str:
    """Return a fresh key, or the one that a form was sent with, where that still runs."""
    sent = forms.submission
    if sent is not None and sent.key and is_of(sent, region, operation, payload, ordinal):
        return sent.key
    return random_key()


def action_fields(action: Action, /, **bound: Any) -> Markup:
    """Return the hidden fields of a form that is written by hand around :func:`action_url`; they come first in it.

    Without the field ``_action`` a form is the page's own, and calls no action.

    :param action: its name, or the function.
    :param bound: as they were given to :func:`action_url`.
    :raises LookupError: no action has this name.
    :raises TypeError: bound arguments that the action does not take, or that are missing.
    """
    state, operation = find(action)
    payload = bound_payload(operation, bound)
    forms = page_forms()
    return Markup(hidden(forms, forms.place.region, state, operation, bound, payload))  # noqa: S704  # escaped there


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
    payload = bound_payload(operation, bound)
    forms = page_forms()
    value = signed_value(forms, state, operation, payload, bound)
    return f"{forms.url}{value}"


def action_state(action: Action, /, **bound: Any) -> FormState:
    """Return the state of a form that is written by hand, or by a macro, around :func:`action_url`.

    ``hidden_tag()`` of its ``wtf`` writes our hidden fields too, as :func:`action_fields` does.

    :param action: its name, or the function.
    :param bound: as they were given to :func:`action_url`: they say which of several forms this is.
    :raises LookupError: no action has this name.
    :raises TypeError: bound arguments that the action does not take, or that are missing.
    """
    state, operation = find(action)
    payload = bound_payload(operation, bound)
    forms, parts = page_forms(), parts_of(state, operation)
    region = forms.place.region
    identity = id_for(forms, region, parts, operation, payload, "")
    form = state_for(forms, region, parts, operation, payload, "", identity)
    form.make_hidden = partial(hidden, forms, region, state, operation, bound, payload)
    return form


def find(action: Action) -> tuple[AppState, Operation]:
    """Return the operation of an action, by its name or by its function."""
    state = state_of(running_app())
    actions = state.actions or state.registry.actions
    if isinstance(action, str):
        operation = actions.get(action)
    else:
        below = list(chain_of(action))  # decorators may stand above @register
        operation = next((each for each in actions.values() if each.function in (action, *below)), None)
    if operation is None:
        raise unknown_action(action, sorted(actions))
    return state, operation


def next_ordinal(forms: PageForms, region: Region | None, operation: Operation, payload: str) -> str:
    """Return ``""`` for the first of equal forms of a region, or of the rest of the page; then ``"2"``, ``"3"``."""
    which = (region.name if region else "", operation.name, payload)
    count = forms.seen[which] = forms.seen.get(which, 0) + 1
    return "" if count == 1 else str(count)


def id_for(
    forms: PageForms, region: Region | None, parts: FormParts, operation: Operation, payload: str, ordinal: str
) -> str:
    """Return an ID for a form, the same whatever other regions show: that of a lazy one is part of it.

    It consists of letters, digits, ``-`` and ``_``.
    """
    about = f"{parts.prefix}-{digest(payload, 8)}" if operation.bound else parts.prefix
    plain = f"{about}-{ordinal}" if ordinal else about
    if region is None or not (region.lazy or plain in forms.ids):
        return plain
    return "-".join(filter(None, [about, NOT_IN_IDS.sub("-", region.name), ordinal]))


def state_for(
    forms: PageForms,
    region: Region | None,
    parts: FormParts,
    operation: Operation,
    payload: str,
    ordinal: str,
    identity: str,
    initial: Any = None,
) -> FormState:
    is_wtf = operation.form is not None  # its choices and defaults may be others in each request
    form = FormState(
        id=identity,
        describe=described_in_request(operation, payload) if is_wtf else parts.describe,
        names=parts.names,
        initial=initial,
        make_wtf=wtf_maker(operation, payload),
        clean={} if is_wtf else parts.clean,
    )
    submission = forms.submission
    if submission is not None and is_of(submission, region, operation, payload, ordinal):
        submission.is_shown = True
        form.values, form.errors = submission.values, submission.errors
        form.summary, form.result, form.submitted = submission.message, submission.result, True
        form.failed = submission.failed
    return form


def described_in_request(operation: Operation, payload: str) -> Callable[[str], Input]:
    """Return what describes the controls of a ``FlaskForm``, which is made in each request."""

    @cache
    def describe_here(name: str) -> Input:
        return describe(operation, name, form_of_request(operation, payload))

    return describe_here


def form_of_request(operation: Operation, payload: str) -> Any:
    """Return the empty form of an action, made once per request and payload."""
    made = page_forms().made
    parameter: Any = operation.form
    which = (operation.name, payload if parameter.make_form else "")  # a class is made without bound arguments
    if which not in made:
        made[which] = filled_form(parameter, None, bound=bound_values(operation, payload))
    return made[which]


def wtf_maker(operation: Operation, payload: str) -> Callable[[FormState], Any] | None:
    parameter = operation.form
    if parameter is None:
        return None
    return lambda form: form_shown(parameter, bound_values(operation, payload), form)


def is_of(submission: Submission, region: Region | None, operation: Operation, payload: str, ordinal: str) -> bool:
    """Whether a submission belongs to a form; its payload is not verified, and may be spelled otherwise."""
    place = (operation.name, region.path if region else "", ordinal)
    if (submission.action, submission.region, submission.ordinal) != place:
        return False
    if not operation.bound or submission.payload == payload:
        return True
    return submission.bound is not None and submission.bound == load_payload(payload)


def signed_value(
    forms: PageForms,
    state: AppState,
    operation: Operation,
    payload: str,
    bound: Mapping[str, Any],
    ordinal: str = "",
) -> str:
    """Return the value of ``_action``, which follows the page's URL; this is known from then on."""
    if forms.url is None:
        find_url(forms, state)
    visitor = visitor_for(forms, state, operation, bound)
    signed = sign_id(ring_for(forms, state), operation.name, payload, visitor, state.settings.max_age)
    return value_of(operation.name, signed, ordinal)


def install(app: Flask) -> None:
    """Give an app's templates the helpers."""
    helpers: tuple[Callable[..., Any], ...] = (
        action_form,
        action_fields,
        action_url,
        action_state,
    )
    app.jinja_env.globals.update({each.__name__: each for each in helpers})
