"""Who answers a failure in our place: a handler of the resource's blueprint, or else ``@actions.problem_handler``.

App-wide handlers for HTTP errors are for browsers: an API's callers get one format, whatever failed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException, InternalServerError, default_exceptions
from werkzeug.wrappers import Response as WerkzeugResponse

from ..app_state import AppState, run_awaitable
from ..errors import ActionError, Problem, Refusal
from ..operation import STATE_KEY

#: classes that are nobody's own: handlers for them are the app's pages for browsers
ROOTS = frozenset({Exception, ActionError, HTTPException, *default_exceptions.values()})
#: headers of a problem that an answer to it must have (RFC 9110, 15.5.2 and 15.5.6; RFC 6585, 4)
NEEDED_HEADERS = ("Allow", "WWW-Authenticate", "Retry-After")


def has_own_handler(app: Flask, blueprints: Iterable[str], error: Exception) -> bool:
    """Whether the app, or a blueprint, has a handler for an exception class of the app's own."""
    own = [cls for cls in type(error).__mro__ if issubclass(cls, Exception) and cls not in ROOTS]
    spec = app.error_handler_spec
    for name in (*blueprints, None):
        if any(cls in handlers for handlers in spec.get(name, {}).values() for cls in own):
            return True
    return False


def has_handler(app: Flask, blueprints: Iterable[str | None], error: Exception) -> bool:
    """Whether a blueprint, or the app (None), has a handler for an error, be it one for every exception."""
    return blueprint_handler(app, blueprints, error) is not None


def answer_in_our_place(
    app: Flask, blueprints: Collection[str], problem: Problem, error: Exception | None = None
) -> Response | None:
    """Return what the handler of a blueprint answers, or else the problem handler; None where there is neither.

    :param blueprints: the resource's, the innermost first.
    :param error: what was raised.
    """
    of_blueprint = answer_of_blueprint(app, blueprints, problem, error)
    if of_blueprint is not None:
        return of_blueprint
    state: AppState | None = app.extensions.get(STATE_KEY)
    handler = None if state is None else state.registry.problem_handler
    answer = None if handler is None else answer_of(app, handler, replace(problem, errors=dict(problem.errors)))
    return None if answer is None else with_needed_headers(answer, problem)


def answer_of_blueprint(
    app: Flask, blueprints: Collection[str], problem: Problem, error: Exception | None
) -> Response | None:
    """Return what the handler of an operation's blueprint answers; None where it has none."""
    if not blueprints:  # making exceptions to look for would be a twentieth of a refusal
        return None
    for each in told_errors(problem, error):
        handler = blueprint_handler(app, blueprints, each)
        if handler is not None:
            answered: Any = run_awaitable(app, app.ensure_sync(handler)(each))
            return with_needed_headers(app.make_response(answered), problem)
    return None


def told_errors(problem: Problem, error: Exception | None) -> list[Exception]:
    """Return the exceptions that handlers are looked for, in the order of Flask: a bug is itself, and then a 500."""
    if isinstance(error, HTTPException):
        return [error]
    if error is None or isinstance(error, Refusal):
        return [http_error(problem)]
    if isinstance(error, ActionError):
        return [error, http_error(problem)]
    return [error, InternalServerError(problem.detail, original_exception=error)]


def blueprint_handler(app: Flask, blueprints: Iterable[str | None], error: Exception) -> Callable[[Any], Any] | None:
    """Return a blueprint's handler for an error, as Flask chooses it: by status, by blueprint, by class."""
    code = error.code if isinstance(error, HTTPException) else None
    # an ActionError is a 422 or so to handlers of all exceptions, and no bug
    classes = [cls for cls in type(error).__mro__ if not isinstance(error, ActionError) or cls is not Exception]
    for status in (code, None) if code else (None,):
        for name in blueprints:
            handlers: Any = app.error_handler_spec.get(name, {}).get(status, {})
            found = next((handlers[cls] for cls in classes if cls in handlers), None)
            if found is not None:
                handler: Callable[[Any], Any] = found
                return handler
    return None


def http_error(problem: Problem) -> HTTPException:
    """Return a problem as the exception that error handlers of an app know."""
    kind = default_exceptions.get(problem.status, HTTPException)
    error = kind(description=problem.detail)
    error.code = problem.status
    return error


def answer_of(app: Flask, handler: Callable[[Problem], Any], problem: Problem) -> Response | None:
    """Return what the problem handler answers, with the problem's status where it says none; None where it fails."""
    try:
        answered = run_awaitable(app, app.ensure_sync(handler)(problem))
        response = app.make_response(answered)
    except Exception as error:
        if app.config.get("PROPAGATE_EXCEPTIONS"):
            raise
        app.logger.error("Exception in the problem handler %r", handler, exc_info=error)
        return None
    if not isinstance(answered, (tuple, WerkzeugResponse)):
        response.status_code = problem.status
    return response


def with_needed_headers(response: Response, problem: Problem) -> Response:
    for name in NEEDED_HEADERS:
        if name in problem.headers:
            response.headers.setdefault(name, problem.headers[name])
    return response
