"""The views of actions, on a page or under the prefix, and what else stands under it."""

from __future__ import annotations

import re
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, current_app, request

from ..answers.responses import see_other
from ..app_state import AppState, state_of
from ..call import Call
from ..http.locations import mounted
from ..http.page_arguments import ActionArgument
from ..operation import ACTION, middleware_state_of
from ..pipeline.background import PAGE, operation_to_ask, parse_signed_job
from ..pipeline.dispatch import dispatch, dispatch_job
from ..scope import running_app, running_request
from ..wsgi.page_urls import CATCH_ALL, page_of_call
from ..wsgi.prefetch import RULES_PATH
from .live import live_view
from .own_views import own
from .served_files import MODULES, client_module, prefetch_rules, source_map, transitions

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..operation import Operation

NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)*", re.ASCII)
METHODS = ("GET", "OPTIONS", "POST")
ALLOW = "GET, HEAD, OPTIONS, POST"


def check_name(name: str) -> None:
    """:raises ValueError: not a name that a URL and a template can carry."""
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is no name for an action. Use letters, digits and _, with dots between: 'todos.create'."
        )


def call_action(state: AppState, operation: Operation | None, name: str, signed: str) -> Response:
    """Call an action by its signed ID, on the page that the URL is of, or on none.

    :param signed: the ID in the path.
    """
    call = call_of_action(state, operation, name, signed)
    if call.middleware is not None:
        call.middleware.reached = True
    return dispatch(call)


def call_of_action(state: AppState, operation: Operation | None, name: str, signed: str) -> Call:
    """Return the call that the running request is."""
    asked = running_request()
    call = Call(running_app(), state, asked, operation, ACTION)
    call.function = operation.function if operation else None
    call.name, call.signed = name, signed
    argument = asked.environ.get(ActionArgument.KEY)
    if isinstance(argument, ActionArgument):
        call.name, call.signed, call.ordinal = argument.name or name, argument.signed, argument.ordinal
        call.page = page_of_call(asked, argument, state.settings.url_prefix)
        # what a Referer names is led to, and not rendered: a guard around the app has not seen that path
        call.has_page = argument.answers_get or call.page == "/"
    call.payload = call.signed.partition(".")[0]
    asked.environ[PAGE] = call.page
    call.middleware = middleware_state_of(asked.environ)
    return call


def catch_all(path: str, **page_values: Any) -> Response:
    """Answer what is no action's own rule: GET leads to the root, a POST of any name gets the one 404.

    OPTIONS comes here for actions, too: in one order of ``Allow``, which tells no name that is known from another.

    :param page_values: of the page's URL, whatever it is.
    """
    if request.method == "OPTIONS":
        return current_app.response_class(headers={"Allow": ALLOW})
    if request.method in ("GET", "HEAD"):
        return see_other(running_app(), mounted(request.root_path, "/"))
    name, _, signed = path.partition("/")
    return call_action(state_of(current_app), None, name, signed)


def job_view(signed: str) -> Response:
    """Answer for a background job by its signed URL."""
    app = running_app()
    state = state_of(app)
    job_id, name, payload = parse_signed_job(state, signed) or ("", "", "")
    asked = running_request()
    call = Call(app, state, asked, operation_to_ask(state, name, payload), ACTION)
    call.name, call.payload = name, payload
    return dispatch_job(call, job_id)


def add_rule(app: Flask, state: AppState, operation: Operation) -> None:
    """Give an action its own rule, so that ``flask routes`` shows it; the name is a static segment."""
    name = operation.name
    rule = f"{state.settings.url_prefix}/{name}/<signature>"

    def view(**values: Any) -> Any:
        return call_action(state, state.actions.get(name), name, str(values.get("signature", "")))

    # neighbours, such as Flask-Limiter, know a function by its names
    update_wrapper(view, operation.function, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    del view.__wrapped__  # type: ignore[attr-defined]
    app.add_url_rule(rule, operation.endpoint, own(view), methods=["POST"], provide_automatic_options=False)


def action_rules(app: Flask, state: AppState) -> dict[str, Rule]:
    """Return the rule of each action by its name; of unknown names by ``""``."""
    endpoints = {name: operation.endpoint for name, operation in state.actions.items()}
    return {name: next(app.url_map.iter_rules(each)) for name, each in (endpoints | {"": CATCH_ALL}).items()}


def make_blueprint(state: AppState) -> Blueprint:
    """Return the blueprint ``actions``: the catch-all and the client."""
    blueprint = Blueprint("actions", "flask_serveractions", url_prefix=state.settings.url_prefix)
    # an action's endpoint has no hyphen first
    module = f"/<any({', '.join(map(repr, MODULES))}):name>"
    blueprint.add_url_rule(module, "-client", lambda name: client_module(state, name))
    blueprint.add_url_rule(f"{module}.map", "-source-map", source_map)
    blueprint.add_url_rule("/-/live", "-live", live_view)
    blueprint.add_url_rule(RULES_PATH, "-prefetch", prefetch_rules)
    blueprint.add_url_rule("/transitions.css", "-transitions", transitions)
    blueprint.add_url_rule("/-/jobs/<signed>", "-job", job_view, methods=["GET", "POST", "DELETE"])
    every: dict[str, Any] = {"methods": METHODS, "provide_automatic_options": False}
    blueprint.add_url_rule("/<path:path>", "-catch-all", catch_all, **every)
    return blueprint
