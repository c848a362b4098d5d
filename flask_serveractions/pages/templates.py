"""What templates call: ``action_form`` and its like, and ``serveractions_script``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from flask import after_this_request, current_app, g, request, session
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from ..app_state import AppState, state_of
from ..http.action_argument import ARGUMENT, with_action
from ..http.locations import mounted
from ..marks import chain_of
from ..operation import HOLDS_FORMS, Operation, Submission, middleware_state_of
from ..schemas.flask_forms import filled_form
from ..security.access import NOBODYS
from ..security.signing import digest, load_payload, random_key, sign_id, who_mark
from ..security.visitors import distinct_identity, known_identity, remember_session, visitor_for_page, visitor_of
from .bound_arguments import bound_payload, bound_values
from .controls import control_names, describe, has_files
from .flask_form_state import form_shown
from .form_state import FormState, check_values
from .handwritten import fill_in
from .inputs import Input, render_attributes
from .page_urls import page_of_forms
from .referrer_policy import mend_no_referrer
from .session_cookies import warn_of_lost_cookie
from .streamed_pages import check_session_is_sent, check_still_private

if TYPE_CHECKING:
    from flask import Flask, Response


Action = str | Callable[..., Any]


@dataclass(slots=True, eq=False)
class PageForms:
    """What the page that is being rendered has of ours."""

    seen: Counter[tuple[str, str]] = field(default_factory=Counter)  # equal forms
    visitor: str | None = None
    who: str | None = None  # its visitor's identity, as a mark
    url: str | None = None  # where its forms are posted
    made: dict[tuple[str, str], Any] = field(default_factory=dict)  # by factories, by action and payload
    open: str = ""  # the action whose form is being rendered


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
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        warn_of_lost_cookie(app, state_of(app), request)
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
