"""What is refused at our URLs before a view answers: by routing, by ``before_request``, by what is around the view."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask, Request, Response, after_this_request, current_app, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import MapAdapter
from werkzeug.routing.exceptions import RoutingException

from ..answers.error_handlers import answer_in_our_place, has_own_handler
from ..answers.failures import closed_to_caches, http_problem, with_retry_after
from ..answers.responses import problem_response
from ..app_state import localize, state_of
from ..call import Call
from ..errors import Problem
from ..http.locations import is_below
from ..http.negotiation import ANSWER, wants_html
from ..http.page_arguments import ActionArgument
from ..operation import ROUTE
from ..pipeline.dispatch import log_refused
from ..scope import running_app, running_request
from ..views.actions import call_of_action
from ..views.own_views import wraps_own
from ..views.resources import blueprints_of, known_operation, view_class_of


def answer_refusals(app: Flask) -> None:
    """Answer what is refused at our URLs ourselves, and leave what is refused elsewhere to the app's handlers."""
    theirs: Callable[..., Any] = app.handle_http_exception

    def handle_http_exception(*context_and_error: Any) -> Any:
        error = context_and_error[-1]
        ours = (refuse_method(error) if isinstance(error, MethodNotAllowed) else None) or refuse_early(error)
        return theirs(*context_and_error) if ours is None else ours

    app.handle_http_exception = handle_http_exception  # type: ignore[assignment]


def refuse_method(error: MethodNotAllowed) -> Response | None:
    """Answer a method that a URL of ours does not have; None where the URL is not ours, or a browser asked."""
    endpoint = endpoint_of(error)
    if endpoint is None:
        return None
    log_refused(request.path, request.remote_addr, f"method {request.method}")
    after_this_request(closed_to_caches)
    if wants_html(request.headers.get("Accept", "")):
        return None
    allow = ", ".join(sorted(error.valid_methods or ()))
    app = running_app()
    detail = localize(app, f"{request.method} is not allowed here. Allowed: {allow}.")
    problem = Problem(status=405, detail=detail, headers=Headers([("Allow", allow)]))
    return refused(app, endpoint, problem, error)


def refuse_early(error: HTTPException) -> Response | None:
    """Answer what refused a call of ours before its view, as the view would; None where the app's own page shall.

    It comes from ``before_request``, as of a blueprint that is for admins, or a rate limit, and from what is around a
    view.
    """
    app, asked = running_app(), running_request()
    if not wraps_own(app.view_functions.get(asked.endpoint or "")):
        return None
    call = call_before_view(app, asked)
    after_this_request(closed_to_caches)
    if error.code == 429:
        after_this_request(partial(with_retry_after, app))
    if call.html or error.response is not None or has_own_handler(app, asked.blueprints, error):
        return None
    return http_problem(call, error)


def call_before_view(app: Flask, asked: Request) -> Call:
    """Return the call that a request would have been."""
    state = state_of(app)
    if is_of_action(app):
        return call_of_action(state, None, "", "")
    return Call(app, state, asked, known_operation(state, asked.url_rule, asked.method), ROUTE)


def refused(app: Flask, endpoint: str, problem: Problem, error: HTTPException) -> Response:
    """Return the answer to a method that a URL does not have: a resource's API may have a format of its own."""
    response = None
    if view_class_of(app.view_functions.get(endpoint)) is not None:
        response = answer_in_our_place(app, blueprints_of(endpoint), problem, error)
    response = response or problem_response(app, problem.status, problem.detail, headers=problem.headers)
    if is_of_action(app):
        response.headers[ANSWER] = state_of(app).answer_mark
    return response


def is_of_action(app: Flask) -> bool:
    """Whether a request came to an action, on a page or under the prefix."""
    return ActionArgument.KEY in request.environ or is_below(request.path, state_of(app).settings.url_prefix)


def endpoint_of(error: MethodNotAllowed) -> str | None:
    """Return the endpoint of the URL that was asked for; None where it is none of ours."""
    adapter = current_app.create_url_adapter(request)
    if error is not request.routing_exception or adapter is None:
        return None
    endpoints = (matched_endpoint(adapter, method) for method in error.valid_methods or ())
    return next((each for each in endpoints if wraps_own(current_app.view_functions.get(each or ""))), None)


def matched_endpoint(adapter: MapAdapter, method: str) -> str | None:
    try:
        endpoint: str = adapter.match(method=method)[0]
    except (HTTPException, RoutingException):  # a redirect to the URL with a slash
        return None
    return endpoint
