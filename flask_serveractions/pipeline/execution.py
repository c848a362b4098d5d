"""Calling the function: at most once for a key, and step by step where it reports its progress."""

from __future__ import annotations

import inspect
from collections.abc import Generator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from weakref import ref

from werkzeug.exceptions import HTTPException

from ..answers.outcome import Outcome
from ..answers.render import outcome_of
from ..app_state import run_awaitable
from ..call import Call
from ..errors import ActionError, Invalid
from ..jobs.progress import Progress
from ..operation import Operation
from ..scope import running_app, scope
from ..security.access import current_identity
from ..shared.once import Claim, running
from ..shared.revalidation import begin_unpublished, mark_stale_again
from ..signals import action_called
from .idempotency import interrupted_by_a_bug, keep

if TYPE_CHECKING:
    from flask import Request

Steps = Generator[Progress, None, Outcome]


class Failed(NamedTuple):
    """An expected failure, in a result's place."""

    error: ActionError


def call_function(call: Call, operation: Operation, loaded: dict[str, Any], held: Claim | None) -> Steps:
    """Call the function, yielding its progress, and return what it achieved.

    An expected failure is raised, after it was kept like a success. What else the function raises frees the key; once
    it is over, nothing does.
    """
    with nullcontext() if held is None else running(call.state.store, held):
        result = yield from result_of(call, operation, loaded)
    with nullcontext() if held is None else interrupted_by_a_bug(call, held):
        outcome = achieved(call, operation, result)
        if held is not None:
            keep(call, held, outcome)
    if isinstance(outcome, ActionError):
        raise outcome
    return outcome


def result_of(call: Call, operation: Operation, loaded: dict[str, Any]) -> Generator[Progress, None, Any]:
    """Return what the function returned, the response that it gave to ``abort``, or how it failed."""
    try:
        returned = run_function(call, operation, loaded)
        if inspect.isgenerator(returned):
            returned = yield from checked_steps(cast("Generator[Any, None, Any]", returned), operation)
    except Invalid:
        raise
    except ActionError as error:
        return Failed(error)
    except HTTPException as error:
        if error.response is None:
            raise
        return error.response
    return returned


def achieved(call: Call, operation: Operation, result: Any) -> Outcome | ActionError:
    if isinstance(result, Failed):
        return result.error
    send_called_signal(call, operation, result)
    return outcome_of(call, operation, result)


def checked_steps(steps: Generator[Any, None, Any], operation: Operation) -> Generator[Progress, None, Any]:
    """Hand on what a generator yields.

    :raises TypeError: it yields something else than Progress.
    """
    current_scope = scope()
    begin_unpublished(current_scope)
    try:
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                return stop.value
            if not isinstance(step, Progress):
                raise TypeError(f"{operation.where} yields {step!r}. Yield Progress(done, total, message).")
            yield step
    finally:
        steps.close()
        mark_stale_again(running_app(), current_scope)


def run_to_the_end(steps: Steps) -> Outcome:
    """Return what is achieved in the end, for who does not want to hear of progress."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome


def invoke(call: Call, operation: Operation, loaded: dict[str, Any]) -> Any:
    """Call the function, and send the signal."""
    result = run_function(call, operation, loaded)
    send_called_signal(call, operation, result)
    return result


def invoke_wrapped(call: Call, operation: Operation, loaded: dict[str, Any]) -> Any:
    """Call the method of a view that something is around: what the method raises is left to that first."""
    try:
        return invoke(call, operation, loaded)
    except Exception as error:
        leave_to_wrappers(call, error)
        raise


RAISED = "flask_serveractions.raised"  # in the environ: the ID of what a method raised, and its call


def leave_to_wrappers(call: Call, error: Exception) -> None:
    """Let what a method raised go through what is around its view, as in Flask; what comes out is answered then.

    Nothing is written on the error, which may be one for all requests; and the request holds neither it nor the call,
    of which none would be gone with it.
    """
    call.request.environ[RAISED] = id(error), ref(call)


def is_left_to_wrappers(call: Call, error: Exception) -> bool:
    return call_that_raised(call.request, error) is call


def call_that_raised(asked: Request, error: Exception) -> Call | None:
    """Return the call whose method raised something that was left to what is around its view; None: no method did."""
    left: tuple[int, ref[Call]] | None = asked.environ.get(RAISED)
    return left[1]() if left is not None and left[0] == id(error) else None


def run_function(call: Call, operation: Operation, loaded: dict[str, Any]) -> Any:
    """Call the function itself."""
    if call.is_action:
        call.flashed = len(call.session.get("_flashes", ()))
    for check in operation.checks:
        check()
    is_change = operation.method != "GET"
    if is_change:
        current_scope = scope()
        begin_unpublished(current_scope)
    try:
        if operation.is_async:
            return run_awaitable(call.app, call.app.ensure_sync(call.function)(**loaded))
        return call.function(**loaded)
    finally:
        if is_change:
            mark_stale_again(call.app, current_scope)


def send_called_signal(call: Call, operation: Operation, result: Any) -> None:
    if action_called.receivers:
        identity = current_identity._get_current_object()
        action_called.send(
            call.app, _async_wrapper=call.app.ensure_sync, operation=operation, identity=identity, result=result
        )
