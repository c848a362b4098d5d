"""What is refused at our URLs before a view answers: methods that they do not have, more calls than a limit admits."""

from __future__ import annotations

from functools import partial

from flask import Flask, Response, after_this_request, current_app, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed, TooManyRequests
from werkzeug.routing import MapAdapter
from werkzeug.routing.exceptions import RoutingException

from ..answers.error_handlers import answer_in_our_place
from ..answers.failures import closed_to_caches, own_headers, with_retry_after
from ..answers.responses import problem_response
from ..app_state import localize, state_of
from ..errors import Problem
from ..http.locations import is_below
from ..http.negotiation import ANSWER, is_htmx, wants_html
from ..http.page_arguments import ActionArgument
from ..pipeline.dispatch import log_refused
from ..scope import running_app
from .own_views import wraps_own
from .resources import blueprints_of, view_class_of


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


def refuse_too_many(error: TooManyRequests) -> Response | None:
    """Answer a rate limit at a URL of ours (RFC 6585, 4); None where the URL is not ours, or a browser asked.

    It may come from before the view: Flask-Limiter's default limits count in ``before_request``.
    """
    endpoint = request.endpoint or ""
    if error.response is not None or not wraps_own(current_app.view_functions.get(endpoint)):
        return None
    app = running_app()
    after_this_request(closed_to_caches)
    after_this_request(partial(with_retry_after, app))
    if wants_html(request.headers.get("Accept", "")) or (is_of_action(app) and is_htmx(request.environ)):
        return None
    detail = localize(app, error.description or error.name)
    return refused(app, endpoint, Problem(status=429, detail=detail, headers=Headers(own_headers(error))), error)


def refused(app: Flask, endpoint: str, problem: Problem, error: HTTPException) -> Response:
    """Return the answer to what was refused before the view: a resource's API may have a format of its own."""
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
