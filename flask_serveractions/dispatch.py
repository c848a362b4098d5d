"""The corridor: every call of either door comes through here, step by step."""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, got_request_exception
from werkzeug.exceptions import HTTPException, InternalServerError

from . import access, answers, arguments, failures, origin
from .bodies import MULTIPART, URLENCODED, Received, check_size, limit_stream, read_form, receive
from .call import Call, Trouble
from .errors import ActionError, Invalid, Refusal, UnknownAction
from .negotiation import EVENTS, HTML, JSON, PROBLEM, accepts
from .operation import Operation
from .signals import action_called, action_failed
from .signing import bound_in, verify_id
from .visitors import changed_hands, visitor_of

logger = logging.getLogger("flask_serveractions")

VALIDATE = "HTTP_SERVERACTIONS_VALIDATE"  # in the environ
LOGGED_LENGTH = 300  # characters of a refusal's reason


def dispatch(call: Call) -> Response:
    """Protect, authorise, load the arguments, call, answer; a step that fails ends it."""
    try:
        operation = protect(call)
        given = signed_or_path_arguments(call, operation)
        authorise(call, operation, given)
        check_acceptable(call, operation)
        loaded = load(call, operation, given)
        if call.is_action and VALIDATE in call.request.environ:
            return answers.nothing(call)
        return answers.answer(call, operation, invoke(call, operation, loaded))
    except Refusal as refusal:
        return refuse(call, refusal)
    except ActionError as error:
        return fail(call, error)
    except HTTPException as error:
        return abort(call, error)
    except Exception as error:
        return crash(call, error)


def protect(call: Call) -> Operation:
    """Check origin, size, signature and CSRF token, in this order."""
    request, settings = call.request, call.state.settings
    if call.operation is None or call.operation.method not in origin.SAFE_METHODS:
        origin.check_origin(request, settings.allowed_origins)
        check_size(request, call.limit)
    if not call.is_action:
        if request.method not in origin.SAFE_METHODS:
            limit_stream(request, call.limit)
        return call.operation  # type: ignore[return-value]
    operation = verified(call)
    if call.app.config.get("WTF_CSRF_ENABLED", True):
        origin.check_token(call.app.config, call.state.signing.tokens, call.session, request.headers, form_of(call))
    return operation


def verified(call: Call) -> Operation:
    """Return the operation of a valid ID; wrong, expired, foreign and unknown are one 404, after the same work."""
    settings = call.state.settings
    visitor = visitor_of(call.session) if settings.bind_session else ""
    name = call.operation.name if call.operation else None
    payload = verify_id(call.state.signing.ring, name, call.signed, visitor, settings.max_age)
    if payload is None or call.operation is None or (settings.bind_session and not visitor):
        raise UnknownAction("unknown action" if name is None else "wrong, expired or foreign ID")
    return call.operation


def form_of(call: Call) -> Mapping[str, str]:
    """Return the fields of a form body, for the token in it."""
    if call.request.mimetype not in (URLENCODED, MULTIPART):
        return {}
    form, files = read_form(call.request, call.limit)
    call.received = Received(form, files)
    return form


def signed_or_path_arguments(call: Call, operation: Operation) -> dict[str, Any]:
    if call.is_action:
        return arguments.load_bound(operation, bound_in(call.payload) or {}) if operation.bound else {}
    return arguments.load_path(operation, call.path_values)


def authorise(call: Call, operation: Operation, given: Mapping[str, Any]) -> None:
    try:
        identity = access.authorise(call.app, call.state.hook, operation, given)
    except HTTPException as error:
        log_refusal(call, f"the auth hook says {error.code}")
        raise
    if call.is_action and call.state.settings.bind_session and changed_hands(call.session, identity):
        raise UnknownAction("the ID was rendered for another identity")


def check_acceptable(call: Call, operation: Operation) -> None:
    """Refuse a caller who accepts nothing that we have, before anything runs (406)."""
    accept = call.accept
    if not accept or "*/*" in accept or JSON in accept:
        return
    if call.is_action and not accepts(accept, JSON, HTML, PROBLEM, EVENTS):
        raise Refusal(406, f"Accept {accept!r}", f"This answers with {JSON} or {HTML}.")
    if not call.is_action and operation.answer.is_json and not accepts(accept, JSON, PROBLEM):
        raise Refusal(406, f"Accept {accept!r}", f"This answers with {JSON}.")


def load(call: Call, operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """Return all arguments of the function; with ``Serveractions-Validate``, only some fields may fail."""
    if not (call.is_action or operation.has_body or operation.located):
        return given
    if call.received is None:
        needed = call.is_action or operation.has_body
        call.received = receive(call.request, call.limit) if needed else Received()
    try:
        return {**arguments.load_arguments(operation, call.request, call.received), **given}
    except Invalid as error:
        wanted = call.request.environ.get(VALIDATE) if call.is_action else None
        if wanted is None:
            raise
        errors = arguments.only(error.errors, [name.strip() for name in wanted.split(",") if name.strip()])
        if errors:
            raise Invalid(errors) from None
        return {}


def invoke(call: Call, operation: Operation, loaded: dict[str, Any]) -> Any:
    if call.is_action:
        call.flashed = len(call.session.get("_flashes", ()))
    function = call.app.ensure_sync(call.function) if operation.is_async else call.function
    result = function(**loaded)
    if action_called.receivers:
        identity = access.current_identity._get_current_object()
        action_called.send(call.app, operation=operation, identity=identity, result=result)
    return result


def refuse(call: Call, refusal: Refusal) -> Response:
    log_refusal(call, refusal.reason)
    tell(call, refusal)
    trouble = Trouble(
        status=refusal.status,
        message=refusal.detail,
        code=refusal.code,
        headers=failures.headers_of(call, refusal),
        stale=refusal.stale and call.is_action,
        login=failures.login_url(call) if refusal.status == 401 else None,
        again=refusal.stale and call.is_action,
    )
    return failures.tell(call, trouble)


def fail(call: Call, error: ActionError) -> Response:
    tell(call, error)
    trouble = Trouble(
        status=error.status,
        message=error.message,
        errors=error.errors,
        code=error.code,
        result=error.result,
        again=call.is_action and VALIDATE not in call.request.environ,
    )
    return failures.tell(call, trouble)


def abort(call: Call, error: HTTPException) -> Response:
    """Answer what ``abort()`` said; a browser, and whoever has a handler for it, gets the app's own page."""
    tell(call, error)
    if call.html or failures.has_own_handler(call, error):
        raise error
    return failures.http_problem(call, error)


def crash(call: Call, error: Exception) -> Response:
    """Log a bug with its traceback and answer 500, whose ``instance`` stands in the log."""
    tell(call, error)
    propagated = not call.is_action and call.app.config.get("PROPAGATE_EXCEPTIONS")
    if propagated or failures.has_own_handler(call, error):
        raise error
    instance = uuid.uuid4().urn
    got_request_exception.send(call.app, _async_wrapper=call.app.ensure_sync, exception=error)
    call.app.logger.error(
        "Exception on %s [%s] %s", failures.escaped(call.request.path), call.request.method, instance, exc_info=error
    )
    if call.html:
        failures.keep_from_caches(call)
        raise InternalServerError(f"Something went wrong ({instance}).", original_exception=error) from error
    detail = (
        "".join(traceback.format_exception(error)) if call.app.debug else "Something went wrong here. It was logged."
    )
    return failures.tell(call, Trouble(status=500, message=detail, instance=instance))


def tell(call: Call, error: Exception) -> None:
    if action_failed.receivers and call.operation is not None:
        action_failed.send(call.app, operation=call.operation, error=error)


def log_refusal(call: Call, reason: str) -> None:
    """Write one WARNING; what the client supplied is escaped and cut."""
    label, address = failures.escaped(call.label), call.request.remote_addr
    logger.warning("Refused %s for %s: %s", label, address, failures.escaped(reason)[:LOGGED_LENGTH])
