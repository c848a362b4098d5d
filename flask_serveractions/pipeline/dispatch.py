"""The pipeline: every call, of an action or of a resource, comes through here, step by step."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any

from flask import Request, Response, after_this_request, got_request_exception
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, InternalServerError

from ..answers import failures, render
from ..answers.error_handlers import has_handler, has_own_handler
from ..answers.outcome import Outcome, load_outcome
from ..answers.responses import close_to_caches
from ..app_state import localize, localize_errors
from ..arguments import loading
from ..arguments.bodies import (
    Received,
    receive,
)
from ..call import Call
from ..errors import ActionError, Invalid, Problem, Refusal, UnknownAction
from ..http.conditional import CHANGING_METHODS
from ..http.negotiation import ANSWER, EVENTS, HTML, JSON, PROBLEM, accepts, accepts_kind_of_json
from ..logs import loggable, logger
from ..operation import MiddlewareState, Operation
from ..representations.listing import paginate_result, requested_page
from ..representations.preconditions import check_conditions, tag_new_state
from ..scope import tear_down_with
from ..security import access
from ..security.rate_limits import count
from ..security.signing import load_payload
from ..shared.once import KeptAnswer
from ..shared.streams import HEARTBEAT, STREAM_HEADERS, WithHeartbeats, event, in_this_context
from ..signals import action_failed
from . import background, execution, job_answers
from .delivery import deliver
from .idempotency import claim_key
from .protection import check_identity, protect, protect_job

VALIDATE = "HTTP_SERVERACTIONS_VALIDATE"  # in the environ


def dispatch(call: Call) -> Response:
    """Take a call through the pipeline; a step that fails ends it."""
    try:
        return process(call)
    except Exception as error:
        if execution.is_left_to_wrappers(call, error):
            raise
        return handle_exception(call, error)


def handle_raised(asked: Request, error: Exception) -> Response | None:
    """Answer what a method raised and nothing around its view has taken care of; None where it is something else."""
    call = execution.call_that_raised(asked, error)
    return None if call is None else handle_exception(call, error)


def dispatch_webhook(call: Call) -> Response:
    """Take a webhook's message to its function."""
    try:
        return deliver(call)
    except Exception as error:
        return handle_exception(call, error)


def process(call: Call) -> Response:
    """Protect, authorise, load the arguments, call, answer."""
    operation = protect(call)
    given = load_bound(call, operation) if call.is_action else loading.load_path(operation, call.path_values)
    authorise(call, operation, given)
    check_acceptable(call, operation)
    loaded = load_or_count(call, operation, given) if operation.limits else load(call, operation, given)
    if call.is_action and VALIDATE in call.request.environ:
        return render.no_errors(call)
    if not call.is_action:
        return call_resource(call, operation, loaded)
    if operation.is_plain:
        return render.answer_action(call, operation, execution.invoke(call, operation, loaded))
    return run(call, operation, loaded)


def call_resource(call: Call, operation: Operation, loaded: dict[str, Any]) -> Response:
    """Call a resource's method: a change under its conditions, a list page by page."""
    if operation.method in CHANGING_METHODS:
        check_conditions(call, operation)
    wanted = requested_page(call, operation) if operation.paginate else None
    invoke = execution.invoke_wrapped if operation.is_wrapped else execution.invoke
    returned = invoke(call, operation, loaded)
    if wanted is not None:
        returned = paginate_result(call, operation, returned, wanted)
    response = render.answer_resource(call, operation, returned)
    if call.siblings:
        tag_new_state(call, operation, response)
    return response


def run(call: Call, operation: Operation, loaded: dict[str, Any]) -> Response:
    """Call a function that runs once for a key, in the background, or step by step."""
    held = claim_key(call, operation, loaded) if operation.once else None
    if isinstance(held, KeptAnswer):
        return replay(call, held)
    if operation.background:
        return job_answers.accept(call, background.start(call, operation, held))
    steps = execution.call_function(call, operation, loaded, held)
    if operation.is_generator and EVENTS in call.accept and not call.html:
        return stream(call, steps)
    return render.render(call, execution.run_to_the_end(steps))


def replay(call: Call, answer: KeptAnswer) -> Response:
    """Answer with the first call's outcome, for whoever asks now."""
    stored = answer.envelope or {}
    if "job" in stored:
        response = job_answers.accept_again(call, stored["job"])
    else:
        outcome = load_outcome(call.app, stored)
        response = (
            handle_action_error(call, outcome) if isinstance(outcome, ActionError) else render.render(call, outcome)
        )
    response.headers["Idempotency-Replayed"] = "true"
    return response


def dispatch_job(call: Call, job_id: str) -> Response:
    """Answer for a background job: only to its owner, whom the hook knows."""
    try:
        operation = protect_job(call)
        try:
            authorise(call, operation, loading.load_bound(operation, load_payload(call.payload) or {}))
        except UnknownAction:  # the session has changed hands; what somebody known has ordered is theirs in any session
            if not call.identity:
                raise
        return job_answers.answer_job(call, job_id)
    except UnknownAction as error:  # the job is somebody else's
        return handle_refusal(call, Refusal(404, error.reason, job_answers.NO_JOB))
    except Exception as error:
        return handle_exception(call, error)


def stream(call: Call, steps: execution.Steps) -> Response:
    """Answer with server-sent events as they happen; the middleware sends the last one, with the page in it."""
    call.in_stream = True
    if call.middleware is not None:
        call.middleware.streams = True
    body = in_this_context(WithHeartbeats(events(call, steps), HEARTBEAT))
    response = call.app.response_class(body, content_type=EVENTS, headers=dict(STREAM_HEADERS))
    response.headers[ANSWER] = call.state.answer_mark
    close_to_caches(response)
    return response


def events(call: Call, steps: execution.Steps) -> Generator[bytes, None, None]:
    middleware = call.middleware or MiddlewareState()
    call.session.modified = False  # it is sent with the headers; from now on it can't change
    try:
        outcome = yield from progress_events(steps)
        check_session(call)
        middleware.last_event = "result", render.render_json(call, outcome).get_data()
    except Exception as error:
        middleware.last_event = "error", handle_exception(call, error).get_data()
    if call.middleware is None:
        yield event(middleware.last_event[0], middleware.last_event[1].decode())


def progress_events(steps: execution.Steps) -> Generator[bytes, None, Outcome]:
    """Turn progress into events, and return the outcome."""
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                outcome: Outcome = stop.value
                return outcome
            yield event("progress", step.to_json())
    finally:
        steps.close()


def check_session(call: Call) -> None:
    """Complain of a session that was changed when its cookie was sent already."""
    if not call.session.modified:
        return
    complaint = f"{call.label} changed the session in a stream, where it can't be sent any more: the change is lost."
    if call.app.debug:
        raise RuntimeError(f"{complaint} Change it in another action.")
    logger.warning(complaint)


def load_bound(call: Call, operation: Operation) -> dict[str, Any]:
    return loading.load_bound(operation, load_payload(call.payload) or {}) if operation.bound else {}


def authorise(call: Call, operation: Operation, given: Mapping[str, Any]) -> None:
    if call.state.registry.hook is None and not call.is_action and not operation.requires:
        return  # nobody is asked, and nothing is bound to anybody
    try:
        identity = access.authorise(call.app, call.state.hook, operation, given)
    except HTTPException as error:
        log_refusal(call, f"the auth hook says {failures.status_of(error)}")
        raise
    call.identity = identity
    if call.is_action:
        check_identity(call, identity)


def check_acceptable(call: Call, operation: Operation) -> None:
    """Refuse a caller who accepts nothing that we have, before anything runs (406)."""
    accept = call.request.environ.get("HTTP_ACCEPT", "")
    if not accept or (("*/*" in accept or JSON in accept) and "q=0" not in accept):
        return
    if call.is_action and not accepts(accept, JSON, HTML, PROBLEM, EVENTS):
        raise Refusal(406, f"Accept {accept!r}", f"This answers with {JSON} or {HTML}.")
    if call.is_action or not operation.answer.is_json:
        return
    if not (accepts(accept, JSON, PROBLEM) or accepts_kind_of_json(accept)):
        raise Refusal(406, f"Accept {accept!r}", f"This answers with {JSON}.")


def load_or_count(call: Call, operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """Return all arguments; a call that comes no further counts for its rate limits here, others before the function.

    :raises TooManyRequests: a limit is exceeded.
    """
    try:
        loaded = load(call, operation, given)
    except (Refusal, ActionError):
        count(operation)
        raise
    if call.is_action and VALIDATE in call.request.environ:
        count(operation)
    return loaded


def load(call: Call, operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """Return all arguments of the function."""
    if not (call.is_action or operation.has_body or operation.located):
        return given
    if call.unreadable is not None:
        raise call.unreadable
    if call.received is None:
        needed = call.is_action or operation.has_body
        call.received = receive(call.request, call.limit) if needed else Received()
    if call.is_action and VALIDATE in call.request.environ:
        check_fields(operation, call.request, call.received, given)
        return {}
    return {**loading.load_arguments(operation, call.request, call.received, given), **given}


def check_fields(operation: Operation, request: Request, received: Received, given: Mapping[str, Any]) -> None:
    """:raises Invalid: one of the fields that ``Serveractions-Validate`` names is wrong."""
    names = [name.strip() for name in request.environ[VALIDATE].split(",") if name.strip()]
    try:
        loading.load_arguments(operation, request, received, given)
    except Invalid as error:
        errors = loading.errors_below(error.errors, names)
        if errors:
            raise Invalid(errors) from None


def handle_exception(call: Call, error: Exception) -> Response:
    """Return the answer to what went wrong; what is the app's own to answer is raised again."""
    for kind, answer in HANDLERS:
        if isinstance(error, kind):
            return answer(call, error)
    raise error  # which can not be: the last kind is every one


def handle_refusal(call: Call, refusal: Refusal) -> Response:
    log_refusal(call, refusal.reason)
    send_failed_signal(call, refusal)
    problem = Problem(
        status=refusal.status,
        detail=localize(call.app, refusal.detail),
        code=refusal.code,
        headers=Headers(list(refusal.headers)),
        stale=refusal.stale if call.is_action else "",
        login=failures.login_url(call) if refusal.status == 401 else None,
        rerender=bool(refusal.stale or refusal.rerender) and call.is_action,
    )
    return failures.respond_with_problem(call, problem, refusal)


def handle_action_error(call: Call, error: ActionError) -> Response:
    send_failed_signal(call, error)
    is_kept = call.operation is not None and call.operation.once  # without its class, and all answers to it are alike
    if type(error) not in (ActionError, Invalid) and not is_kept and is_for_the_app(call, error):
        failures.keep_from_caches()
        raise error
    failures.warn_of_unknown_field(call, error)
    detail, errors = localize(call.app, error.message), localize_errors(call.app, error.errors)
    if error.status != 401 and failures.is_told_plainly(call):
        return failures.plain_problem(call, error, detail, errors)
    problem = Problem(
        status=error.status,
        detail=detail,
        errors=errors,
        code=error.code,
        result=error.result,
        rerender=call.is_action and VALIDATE not in call.request.environ,
    )
    return failures.respond_with_problem(call, problem, error)


def handle_http_exception(call: Call, error: HTTPException) -> Response:
    """Answer what ``abort()`` said; a browser, and whoever has a handler for it, gets the app's own page."""
    send_failed_signal(call, error)
    if not call.in_stream:
        after_this_request(partial(failures.unchallenged, call))
    if call.is_action and call.operation is not None and error.response is not None:  # abort(redirect(...))
        return render.render(call, render.outcome_of(call, call.operation, error.response))
    if (call.html and not call.in_stream) or is_for_the_app(call, error):
        failures.keep_from_caches()
        raise error
    return failures.http_problem(call, error)


def handle_bug(call: Call, error: Exception) -> Response:
    """Log a bug with its traceback and answer 500, whose ``instance`` stands in the log."""
    send_failed_signal(call, error)
    propagated = failures.shows_debugger(call) or (not call.is_action and call.app.config.get("PROPAGATE_EXCEPTIONS"))
    if propagated or is_for_the_app(call, error):
        failures.keep_from_caches()
        raise error
    got_request_exception.send(call.app, _async_wrapper=call.app.ensure_sync, exception=error)
    instance = failures.log_bug(call.app, f"{call.request.path} [{call.request.method}]", error)
    if call.html and has_handler(call.app, (*call.request.blueprints, None), error):
        failures.keep_from_caches()
        raise error
    if not has_handler(call.app, call.request.blueprints, error):
        tear_down_with(error)
    if call.html:
        failures.keep_from_caches()
        raise InternalServerError(f"Something went wrong ({instance}).", original_exception=error) from error
    return failures.respond_with_problem(call, failures.bug_problem(call, error, instance), error)


def is_for_the_app(call: Call, error: Exception) -> bool:
    """Whether the app has a handler for an error's class, which can still answer."""
    return not call.in_stream and has_own_handler(call.app, call.request.blueprints, error)


#: what can go wrong, and who answers it
HANDLERS: tuple[tuple[type[Exception], Callable[[Call, Any], Response]], ...] = (
    (Refusal, handle_refusal),
    (ActionError, handle_action_error),
    (HTTPException, handle_http_exception),
    (Exception, handle_bug),
)


def send_failed_signal(call: Call, error: Exception) -> None:
    if action_failed.receivers and call.operation is not None:
        action_failed.send(call.app, _async_wrapper=call.app.ensure_sync, operation=call.operation, error=error)


def log_refusal(call: Call, reason: str) -> None:
    log_refused(call.label, call.request.remote_addr, reason)


def log_refused(label: str, address: str | None, reason: str) -> None:
    """Write one WARNING; what the client supplied is escaped and cut."""
    parts = (loggable(part) for part in (label, address or "nobody", reason))
    logger.warning("Refused %s for %s: %s", *parts)
