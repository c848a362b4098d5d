"""Origin, size, signature and CSRF token, in this order; and whether a form is still its visitor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..answers.submissions import received_of
from ..arguments.bodies import Received, check_encoding, check_size, limit_stream, mimetype_of, read_form
from ..call import Call
from ..errors import OtherIdentity, Refusal, UnknownAction
from ..http.locations import is_flood
from ..http.negotiation import MULTIPART, URLENCODED
from ..http.page_arguments import ACTION_ARGUMENT
from ..operation import Operation
from ..security import access, origin
from ..security.signing import is_who, verify_id
from ..security.visitors import distinct_identity, identities_of_forms, identity_changed, known_identity, visitor_of
from .job_answers import NO_JOB

SIGN_IN = "Sign in to do this."


def protect(call: Call) -> Operation:
    """Check origin, size, signature and CSRF token, in this order."""
    request, settings = call.request, call.state.settings
    if call.operation is None or call.operation.method not in origin.SAFE_METHODS:
        if call.is_action or not origin.has_bearer_alone(request.environ):
            origin.check_origin(request, settings.allowed_origins)
        if call.is_action:
            call.is_verified = is_genuine(call)  # so that an unknown name has no other limit than a known one
        limit = call.limit
        check_size(request, limit)
        if not call.is_action:
            limit_stream(request, limit)
    if is_flood(request.environ.get("QUERY_STRING", "")):
        raise Refusal(414, "a flood of arguments", "The address has too many arguments.")
    if not call.is_action:
        return call.operation  # type: ignore[return-value]
    if not call.is_verified:
        raise void_id(call)
    try:
        check_token(call)
    except Refusal as refusal:
        if refusal.stale and is_somebody_else(call):
            raise OtherIdentity(refusal.status) from None
        raise
    return call.operation  # type: ignore[return-value]


def check_token(call: Call) -> None:
    if origin.wants_token(call.app.config):
        tokens = call.state.signing.tokens
        origin.check_token(call.app.config, tokens, call.session, call.request.headers, form_of(call))


def is_genuine(call: Call) -> bool:
    """Whether a call's ID is valid: wrong, expired, foreign and unknown ones cost the same work."""
    settings = call.state.settings
    visitor = visitor_of(call.session) if settings.bind_session else ""
    name = call.operation.name if call.operation else None
    payload = verify_id(call.state.signing.ring, name, call.signed, visitor, settings.max_age)
    return payload is not None and call.operation is not None and bool(visitor or not settings.bind_session)


def void_id(call: Call) -> Refusal:
    """Return the one 404 for an ID that is wrong, expired, foreign or unknown.

    The hook is asked who is there: nobody is led to sign in (401), and who is somebody else by now is told.
    """
    refusal = UnknownAction("unknown action" if call.operation is None else "wrong, expired or foreign ID")
    if call.state.hook is None:
        return refusal
    identity = access.who_is_there(call.app, call.state.hook)
    if identity is None and not (call.operation is not None and call.operation.public):
        return Refusal(401, "a void ID, and no identity", SIGN_IN)
    return refusal if is_same_identity(call, distinct_identity(identity)) else OtherIdentity()


def is_somebody_else(call: Call) -> bool:
    """Whether a form says for whom it was rendered, and the hook that somebody else is there."""
    if call.state.hook is None or sent_who(call) is None:
        return False
    return not is_same_identity(call, distinct_identity(access.who_is_there(call.app, call.state.hook)))


def is_same_identity(call: Call, identity: str | None) -> bool:
    """Whether a form was rendered for who is there now, as far as it says for whom it was: it need not.

    :param identity: a digest of it.
    """
    mark = sent_who(call)
    bound = call.state.settings.bind_session
    possible = identities_of_forms(call.session, identity) if bound else {identity}
    return mark is None or any(is_who(call.state.signing.ring, mark, each) for each in possible)


def sent_who(call: Call) -> str | None:
    """Return the mark that the form or the script has sent; None where there is none."""
    form = received_of(call).form if call.request.mimetype in (URLENCODED, MULTIPART) else {}
    _, separator, mark = form.get(ACTION_ARGUMENT, "").partition(":")
    header: str | None = call.request.environ.get("HTTP_SERVERACTIONS_WHO")
    return mark if separator else header


def form_of(call: Call) -> Mapping[str, str]:
    """Return the fields of a form body, for the token in it."""
    if mimetype_of(call.request) not in (URLENCODED, MULTIPART):
        return {}
    check_encoding(call.request)
    form, files = read_form(call.request, call.limit)
    call.received = Received(form, files)
    return form


def protect_job(call: Call) -> Operation:
    if call.operation is None:
        raise Refusal(404, "unknown job", NO_JOB)
    if call.request.method not in origin.SAFE_METHODS:
        origin.check_origin(call.request, call.state.settings.allowed_origins)
        check_size(call.request, call.limit)
        check_token(call)
    return call.operation


def check_identity(call: Call, identity: Any) -> None:
    """:raises Refusal: the form was rendered for somebody else."""
    if not call.state.settings.bind_session:
        if identity and not is_same_identity(call, distinct_identity(identity)):
            raise OtherIdentity
        return
    now = distinct_identity(identity)
    if now is not None and now == known_identity(call.session):  # as nearly always: the session's key was made for them
        return
    is_same = is_same_identity(call, now)
    if identity_changed(call.session, identity):  # else the session's key says that it is the same visitor
        raise UnknownAction("the ID was rendered for another identity") if is_same else OtherIdentity
