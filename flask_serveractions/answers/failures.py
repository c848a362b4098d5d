"""The answer to a call that failed, for whoever asked: the page again, problem details, or the app's own error page."""

from __future__ import annotations

import uuid
from traceback import format_exception, format_exception_only
from urllib.parse import urlencode

from flask import Flask, Response, after_this_request, url_for
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from ..app_state import localize
from ..call import Call
from ..errors import NO_ERRORS, ActionError, Problem
from ..forms.controls import control_names, declared_names, describe
from ..http.headers import without
from ..http.locations import safe_page
from ..http.negotiation import ANSWER, HTML, preference
from ..logs import loggable, logger
from ..operation import Operation, Submission
from ..security.origin import SAFE_METHODS
from ..security.rate_limits import retry_after
from ..shared.once import RUNNING
from .error_handlers import answer_in_our_place, answer_of_blueprint, http_error
from .responses import close_to_caches, plain_page, problem_response, see_other
from .submissions import form_key_of, request_rerender, submission_of

STALE = "Serveractions-Stale"


def respond_with_problem(call: Call, problem: Problem, error: Exception | None = None) -> Response:
    """Return the answer to a call that came to nothing.

    :param error: what was raised, for handlers of the app's.
    """
    if not call.html:
        return resource_problem(call, problem, error) or as_problem(call, problem)
    if problem.login is not None:
        return see_other(call.app, problem.login)
    if problem.rerender:
        return rerender_page(call, problem)
    keep_from_caches()
    raise http_error(problem)


def is_told_plainly(call: Call) -> bool:
    """Whether a program called a resource, and nobody but us answers its failures: as nearly always."""
    if call.is_action or call.operation is None or "." in call.operation.endpoint:
        return False
    return call.state.registry.problem_handler is None and HTML not in call.request.environ.get("HTTP_ACCEPT", "")


def plain_problem(call: Call, error: ActionError, detail: str, errors: dict[str, list[str]]) -> Response:
    """Return what :func:`respond_with_problem` does where :func:`is_told_plainly`: a twentieth of a refusal less."""
    return problem_response(call.app, error.status, detail, errors=errors, code=error.code, closed=is_cacheable(call))


def resource_problem(call: Call, problem: Problem, error: Exception | None) -> Response | None:
    """Return what a blueprint answers, or a resource's API in its own format; None where there is neither."""
    if call.is_action:
        return None if problem.rerender or call.in_stream else blueprint_problem(call, problem, error)
    if call.operation is None or call.operation.verifier is not None:
        return None
    if problem.status == 401 and may_challenge(call):
        problem.headers.setdefault("WWW-Authenticate", challenge(call))
    # most resources are of no blueprint: asking the request for it takes a two-hundredth of a refusal
    blueprints = call.request.blueprints if "." in call.operation.endpoint else ()
    response = answer_in_our_place(call.app, blueprints, problem, error)
    if response is not None and is_cacheable(call):
        close_to_caches(response)
    return None if response is None else unchallenged(call, response)


def blueprint_problem(call: Call, problem: Problem, error: Exception | None) -> Response | None:
    """Return what the blueprint of an action answers, as for its views; None where it has no handler."""
    response = answer_of_blueprint(call.app, call.request.blueprints, problem, error)
    return None if response is None else closed_to_caches(unchallenged(call, response))


def as_problem(call: Call, problem: Problem) -> Response:
    preferred = preference(call.request) if call.is_action else None
    rerenders = problem.rerender and problem.stale != "true" and preferred == "representation"
    response = problem_response(
        call.app,
        problem.status,
        problem.detail,
        errors=None if problem.errors is NO_ERRORS else problem.errors,
        code=problem.code,
        headers=problem.headers,
        with_page=rerenders,
        closed=is_cacheable(call),
        login=login_url(call) if problem.status == 401 else None,
        instance=problem.instance,
        traceback=problem.traceback,
    )
    if call.is_action:
        response.headers[ANSWER] = call.state.answer_mark
    if problem.stale:
        response.headers[STALE] = call.state.answer_mark + problem.stale
    if rerenders or preferred == "minimal":
        response.headers["Preference-Applied"] = f"return={preferred}"
    if rerenders and call.has_page and call.middleware is not None:
        call.middleware.rerender = request_rerender(call, submission_of_problem(call, problem), response, as_json=True)
    return with_challenge(call, response) if problem.status == 401 else response


def rerender_page(call: Call, problem: Problem) -> Response:
    """Return the built-in page, and request the page itself in its place."""
    submission = submission_of_problem(call, problem)
    declared = declared_names(call.operation) if call.operation else frozenset()
    response = plain_page(call.app, problem.status, submission, call.page_url, declared)
    response.headers.extend(problem.headers)
    if problem.stale:
        response.headers[STALE] = call.state.answer_mark + problem.stale
    if call.has_page and call.middleware is not None:
        call.middleware.rerender = request_rerender(call, submission, response, as_json=False)
    return closed_to_caches(response)


def warn_of_unknown_field(call: Call, error: ActionError) -> None:
    """Tell of ``ActionError(field=...)`` that names no argument: no form has a place for its message."""
    operation, name = call.operation, error.field
    if name is None or operation is None or operation.verifier is not None or takes(operation, name):
        return
    logger.warning(
        "%s raises ActionError(field=%r), which is no argument of it: no form has a place for that. It takes: %s.",
        operation.where,
        name,
        ", ".join(control_names(operation)) or "none at all",
    )


def takes(operation: Operation, name: str) -> bool:
    if name.partition(".")[0] in {each.key for each in (*operation.path, *operation.bound, *operation.located)}:
        return True
    try:
        describe(operation, name)
    except LookupError:
        return False
    return True


def submission_of_problem(call: Call, problem: Problem) -> Submission:
    errors = {name: list(texts) for name, texts in problem.errors.items()}
    key = form_key_of(call) if problem.code == RUNNING else ""
    return submission_of(call, errors=errors, message=problem.detail, result=problem.result, key=key)


def http_problem(call: Call, error: HTTPException) -> Response:
    """Return ``abort(404)`` as problem details; a response given to ``abort`` is sent as it is.

    So is what an error of the app's own class writes, unless a handler answers it.
    """
    if error.response is not None or error.code is None or error.code < 400:
        return own_response(call, error)
    headers = Headers(own_headers(error))
    seconds = retry_after(call.app) if error.code == 429 else None
    if seconds is not None:
        headers.setdefault("Retry-After", str(seconds))
    detail = localize(call.app, error.description or error.name)
    problem = Problem(status=error.code, detail=detail, headers=headers)
    if not call.is_action and writes_itself(error):
        return resource_problem(call, problem, error) or own_response(call, error)
    return respond_with_problem(call, problem, error)


def own_response(call: Call, error: HTTPException) -> Response:
    response = call.app.make_response(error.get_response(call.request.environ))
    return closed_to_caches(unchallenged(call, response))


def writes_itself(error: HTTPException) -> bool:
    """Whether an exception's class says how its response is written, which Werkzeug's own errors do not."""
    kind = type(error)
    return kind.get_response is not HTTPException.get_response or kind.get_body is not HTTPException.get_body


def status_of(error: HTTPException) -> int | None:
    """Return the status that an exception stands for, also where it brings its response."""
    return error.code if error.response is None else error.response.status_code


def own_headers(error: HTTPException) -> list[tuple[str, str]]:
    """Return the headers of an error without what describes its body."""
    return without(error.get_headers(), {"content-type"})


def with_retry_after(app: Flask, response: Response) -> Response:
    """Let a rate limit say when it begins anew, where Flask-Limiter knows."""
    seconds = retry_after(app)
    if seconds is not None:
        response.headers.setdefault("Retry-After", str(seconds))
    return response


def challenge(call: Call) -> str:
    """Return the ``WWW-Authenticate`` of a 401 (RFC 9110, 11.6.1), from the hook's security schemes."""
    hook = call.state.hook
    schemes = [each["scheme"] for each in hook.schemes.values() if each.get("type") == "http"] if hook else []
    realm = call.app.name.replace('"', "")
    return ", ".join(f'{scheme.capitalize()} realm="{realm}"' for scheme in schemes or ["session"])


def login_url(call: Call) -> str | None:
    """Return the sign-in page, which leads back; None where the app names none."""
    view = call.state.settings.login_view
    if view is None:
        return None
    back = call.page_url
    if not call.is_action:
        request = call.request
        back = safe_page(request.full_path.rstrip("?"), call.state.settings.url_prefix)
        back = request.root_path + back if request.method in SAFE_METHODS else ""
    location = url_for(view)
    return f"{location}{'&' if '?' in location else '?'}{urlencode({'next': back}, safe='/')}" if back else location


def is_cacheable(call: Call) -> bool:
    """Whether caches could keep a refusal, unless told not to: of a change at a resource they do not (RFC 9111, 3)."""
    return call.is_action or call.request.method in SAFE_METHODS


def with_challenge(call: Call, response: Response) -> Response:
    """Let a 401 say how to sign in, but to no browser: it would open a dialog of its own for ``Basic``."""
    if response.status_code == 401 and may_challenge(call) and "WWW-Authenticate" not in response.headers:
        response.headers["WWW-Authenticate"] = challenge(call)
    return unchallenged(call, response)


def unchallenged(call: Call, response: Response) -> Response:
    if response.status_code == 401 and not may_challenge(call):
        response.headers.remove("WWW-Authenticate")
    return response


def may_challenge(call: Call) -> bool:
    """Whether who asked may be told by ``WWW-Authenticate``: an API client of a resource, or somebody who goes there.

    Browsers tell what they fetch by ``Sec-Fetch-Mode`` (Fetch Metadata, 2.2).
    """
    sent = {key: value for key, value in call.request.environ.items() if key.startswith("HTTP_SEC_FETCH_")}
    goes_there = call.html and sent.get("HTTP_SEC_FETCH_MODE") == "navigate"
    return not call.is_action and (goes_there or not sent)


def keep_from_caches() -> None:
    """Let the app's own error page keep the door's headers."""
    after_this_request(closed_to_caches)


def closed_to_caches(response: Response) -> Response:
    close_to_caches(response)
    return response


LOGGED = "Something went wrong here. It was logged."


def shows_debugger(call: Call) -> bool:
    """Whether a bug is Werkzeug's debugger's, as in any view: in debug mode, where a browser asked."""
    config = call.app.config
    return call.html and not call.in_stream and call.app.debug and config.get("PROPAGATE_EXCEPTIONS") is not False


def bug_problem(call: Call, error: Exception, instance: str) -> Problem:
    """Return a bug as its caller is told of it: in debug mode what was raised, else that it is in the log."""
    if not call.app.debug:
        return Problem(status=500, detail=localize(call.app, LOGGED), instance=instance)
    *_, raised = format_exception_only(error)
    return Problem(status=500, detail=raised.strip(), instance=instance, traceback="".join(format_exception(error)))


def log_bug(app: Flask, place: str, error: BaseException) -> str:
    """Write a bug with its traceback to the app's own log; return the ``instance`` that names it there."""
    instance = uuid.uuid4().urn
    app.logger.error("Exception on %s %s", loggable(place), instance, exc_info=error)
    return instance
