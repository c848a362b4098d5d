"""What templates call: ``action_form`` and its like, and ``serveractions_script``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import after_this_request, current_app, g, request, session
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from marshmallow import ValidationError

from ..app_state import AppState, state_of
from ..http.action_argument import ARGUMENT, with_action
from ..http.locations import mounted
from ..marks import chain_of
from ..operation import HOLDS_FORMS, MISSING, Operation, Submission, middleware_state_of
from ..security.access import NOBODYS
from ..security.signing import digest, dump_payload, load_payload, random_key, sign_id, who_mark
from ..security.visitors import distinct_identity, known_identity, remember_session, visitor_for_page, visitor_of
from .controls import control_names, describe, has_files
from .flask_form_state import form_shown
from .form_state import FormState
from .handwritten import fill_in
from .inputs import Input, render_attributes
from .page_urls import page_of_forms
from .referrer_policy import mend_no_referrer
from .streamed_pages import check_session_is_sent, check_still_private

if TYPE_CHECKING:
    from flask import Flask, Response


PLAIN = (bool, int, float, str, Decimal, date, time, timedelta, UUID)

Action = str | Callable[..., Any]


@dataclass(slots=True, eq=False)
class PageForms:
    """What the page that is being rendered has of ours."""

    seen: Counter[tuple[str, str]] = field(default_factory=Counter)  # equal forms
    visitor: str | None = None
    who: str | None = None  # its visitor's identity, as a mark
    url: str | None = None  # where its forms are posted


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
    payload = bound_payload(operation, bound)
    ordinal = next_ordinal(operation, payload)
    form = state_for(operation, payload, ordinal, values)
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


def hidden(state: AppState, operation: Operation, bound: Mapping[str, Any]) -> Markup:
    """Return the hidden fields: whose form of which action it is, the CSRF token, and a key for what runs once."""
    fields: dict[str, str] = {ARGUMENT: f"{operation.name}:{who_for(state, operation, bound)}"}
    if current_app.config.get("WTF_CSRF_ENABLED", True):
        fields[token_field()] = csrf_token()
    if operation.once:
        fields["idempotency_key"] = random_key()
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


def serveractions_script(*names: Action, nonce: str | None = None) -> Markup:
    """Return the element that loads the client.

    :param names: the actions that scripts may call by name.
    :param nonce: where the page's policy lets scripts in by a nonce alone (CSP3, ``'strict-dynamic'``).
    :raises LookupError: no action has such a name.
    """
    state = state_of(current_app)
    urls = {find(name)[1].name: action_url(name) for name in names}
    token = csrf_token() if current_app.config.get("WTF_CSRF_ENABLED", True) else None
    header = next(iter(current_app.config.get("WTF_CSRF_HEADERS", ("X-CSRFToken",))), "X-CSRFToken")
    page_forms()
    attributes = {
        "type": "module",
        "src": f"{request.root_path}{state.settings.url_prefix}/client.js?v={state.client_version}",
        "id": "serveractions",
        "nonce": nonce,
        "data-token": token,
        "data-field": current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token"),
        "data-header": header,
        "data-actions": json.dumps(urls),
        "data-who": who_for(state, NOBODYS, {}),
    }
    return Markup("<script {}></script>").format(render_attributes(attributes))


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


def bound_payload(operation: Operation, bound: Mapping[str, Any]) -> str:
    """Return the readable part of an ID.

    :raises TypeError: an argument is missing, unknown, or of a type that the annotation does not allow.
    """
    known = {parameter.name: parameter for parameter in operation.bound}
    for name in bound:
        if name not in known:
            raise TypeError(f"{operation.where}: {name!r} is not Bound. Annotate it as in {name}: Bound[int].")
    values = {}
    for name, parameter in known.items():
        value = bound.get(name, MISSING)
        if value is not MISSING:
            values[name] = serialized(operation, parameter, value)
        elif parameter.required:
            raise TypeError(f"{operation.where}: the bound argument {name!r} is missing. Give it to the form.")
    return dump_payload(values)


def serialized(operation: Operation, parameter: Any, value: Any) -> Any:
    """Return a bound argument as the ID holds it, if it comes back as what was given."""
    if value is None and parameter.optional:
        return None
    try:
        made = parameter.json.serialize(parameter.name, {parameter.name: value})
        again = parameter.json.deserialize(made)
        meant = parameter.text.deserialize(value) if isinstance(value, str) else value
    except (ValidationError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise not_bindable(operation, parameter, value, f"{error}") from error
    if not is_same(meant, again):
        raise not_bindable(operation, parameter, value, f"it would come back as {again!r}")
    return made if isinstance(made, (str, int, float, bool, list, dict, type(None))) else str(made)


def not_bindable(operation: Operation, parameter: Any, value: Any, why: str) -> TypeError:
    return TypeError(
        f"{operation.where}: the bound argument {parameter.name!r} can't be {value!r} ({why})."
        f" Give what {parameter.annotation!r} allows."
    )


def is_same(given: Any, again: Any) -> bool:
    """Whether a value came back as it was given, in type too: ``True`` is no 1, and 1.5 no whole number."""
    if isinstance(given, (list, tuple)) and isinstance(again, list):
        return len(given) == len(again) and all(map(is_same, given, again))
    if isinstance(again, Enum):
        return again == given or is_same(given, again.value)
    if isinstance(given, float) and isinstance(again, Decimal):
        return float(again) == given
    if not isinstance(given, PLAIN):
        return True  # an object of yours, in a field of yours
    return isinstance(given, bool) == isinstance(again, bool) and bool(again == given)


def next_ordinal(operation: Operation, payload: str) -> str:
    """Return ``""`` for the first of equal forms on a page, then ``"2"``, ``"3"``."""
    seen = page_forms().seen
    seen[operation.name, payload] += 1
    count = seen[operation.name, payload]
    return "" if count == 1 else str(count)


def state_for(operation: Operation, payload: str, ordinal: str, initial: Any = None) -> FormState:
    parts = [operation.name.replace(".", "-"), digest(payload, 8) if operation.bound else "", ordinal]
    form = FormState(
        id="-".join(filter(None, parts)),
        describe=partial(input_for, operation),
        names=partial(control_names, operation),
        initial=initial,
        make_wtf=partial(form_shown, operation.form) if operation.form is not None else None,
    )
    middleware = middleware_state_of(request.environ)
    submission = middleware.submission if middleware else None
    if submission is not None and is_of(submission, operation, payload, ordinal):
        submission.is_shown = True
        form.values, form.errors = submission.values, submission.errors
        form.text, form.result, form.submitted = submission.message, submission.result, True
        form.failed = submission.failed
    return form


def is_of(submission: Submission, operation: Operation, payload: str, ordinal: str) -> bool:
    """Whether a submission belongs to a form; its payload is not verified, and may be spelled otherwise."""
    if (submission.action, submission.ordinal) != (operation.name, ordinal):
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


def page_for(state: AppState) -> str:
    """Return the URL of the page, with its mount point; found out once for a page."""
    forms = page_forms()
    if forms.url is None:
        forms.url = mounted(request.root_path, page_of_forms(request.environ, state.settings.url_prefix))
    return forms.url


def visitor_for(state: AppState, operation: Operation, bound: Mapping[str, Any]) -> str:
    forms = page_forms()
    if forms.visitor is None:
        forms.visitor = ""
        if state.settings.bind_session:
            before = visitor_of(session)
            forms.visitor = visitor_for_page(session, partial(identify, state, operation, bound))
            after_this_request(remember_session_of)
            if forms.visitor != before:
                check_session_is_sent()
    return forms.visitor


def who_for(state: AppState, operation: Operation, bound: Mapping[str, Any]) -> str:
    """Return the mark of who looks at the page, so that nothing is sent as somebody else; found out once for a page."""
    forms = page_forms()
    if forms.who is None:
        if state.settings.bind_session:
            visitor_for(state, operation, bound)
            known = known_identity(session)
        else:
            known = distinct_identity(identify(state, operation, bound))
        forms.who = who_mark(state.signing.ring, known)
    return forms.who


def remember_session_of(response: Response) -> Response:
    remember_session(session)
    return response


def identify(state: AppState, operation: Operation, bound: Mapping[str, Any]) -> Any:
    """Ask the hook who is looking at the page; its refusals are for calls, not for pages.

    A first request is no exception: a proxy may say who it is, and a hook may make a guest of who has no cookie yet.
    """
    if state.hook is None:
        return None
    try:
        return state.hook.ask(current_app._get_current_object(), operation, bound)  # type: ignore[attr-defined]
    except Exception:
        return None


def page_forms() -> PageForms:
    """Return what the page has of ours.

    :raises RuntimeError: in debug: its headers are sent, and let shared caches keep this visitor's IDs and token.
    """
    forms: PageForms | None = request.environ.get(HOLDS_FORMS)
    if forms is None:
        check_still_private()
        after_this_request(mend_no_referrer)
        forms = request.environ[HOLDS_FORMS] = PageForms()
        # Flask-WTF's token of this request; g may hold another visitor's, where an app context outlives requests
        g.pop(token_field(), None)
    return forms


def token_field() -> str:
    name: str = current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    return name


def csrf_token() -> str:
    """Return Flask-WTF's token, which the session must hold when it is sent."""
    before = session.get(token_field())
    token: str = generate_csrf()
    if session.get(token_field()) != before:
        check_session_is_sent()
    return token


def install(app: Flask) -> None:
    """Give an app's templates the helpers."""
    helpers: tuple[Callable[..., Any], ...] = (
        action_form,
        action_fields,
        action_url,
        action_state,
        serveractions_script,
    )
    app.jinja_env.globals.update({each.__name__: each for each in helpers})
