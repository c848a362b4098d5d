"""What happens once, before the first request of any URL: marks are read, settings and operations are checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.views import http_method_funcs

from .app_state import AppState
from .config import nearest_key, unknown_keys
from .http.messages import gettext_of
from .integration.blueprints import guard_url_values, with_endpoint
from .integration.csrf_protect import exempt_from_csrf_protect
from .integration.decorators_above import check_decorators, check_marks_above, check_views
from .integration.early_forms import strict_parsing
from .integration.refusals import answer_refusals
from .logs import logger
from .marks import check_methods, check_nothing_is_hidden, check_other_view, marks_of, with_marks
from .operation import Operation
from .pages.regions import remember_position
from .scope import running_request
from .security.access import no_hook
from .security.origin import SAFE_METHODS
from .security.rate_limits import check_class, with_limits
from .shared.revalidation import CACHED_FUNCTIONS
from .stores.store import StoreCorrupt, StoreUnavailable
from .views.actions import action_rules
from .views.own_views import is_own
from .views.raised import answer_what_is_raised
from .views.resources import blueprints_of, compile_rule, route_rules, view_class_of
from .wsgi.page_sessions import FLASHED, is_kept_by_server, leave_messages_to_client, set_savepoint
from .wsgi.prefetch import is_prefetched, refuse_to_show_flashes
from .wsgi.quick_sessions import quicken_sessions


def start(app: Flask, state: AppState) -> None:
    """Make an app ready to serve, once; several threads may bring the first requests.

    :raises ValueError: a login view that no route has, or a blueprint that the app does not have.
    :raises TypeError: a signature of a MethodRoute that can't work, or an action that is a view as well.
    :raises RuntimeError: something is required, and there is no hook to say who has it, or a decorator hides it; or a
        decorator stands above ``@register``, where nobody calls it.
    """
    with state.starting:
        if not state.started:
            state.place_at_start()
            warn_of_settings(app)
            check_login_view(app, state)
            compile_operations(app, state)
            state.action_rules = action_rules(app, state)
            check_access(app, state)
            check_decorators(state)
            check_marks_above(state, all_operations(state))
            check_views(app, state)
            check_store(state)
            exempt_from_csrf_protect(app, state)
            guard_url_values(app, state)
            look_first(app, state)
            quicken_sessions(app)
            answer_what_is_raised(app)
            answer_refusals(app)
            state.gettext = state.settings.gettext or gettext_of(app)
            state.registry.close()
            state.started = True


def look_first(app: Flask, state: AppState) -> None:
    """Look at each request once its rule is known, and before the app's own functions see it.

    The signal and ``before_request`` would do. They ask at each request whether each of their functions is async, which
    is a tenth of a small answer.
    """
    theirs: Callable[..., Any] = app.preprocess_request
    parse_strictly, by_server = strict_parsing(app, state), is_kept_by_server(app)

    def preprocess_request(*context: Any) -> Any:
        asked = running_request()
        if asked.method not in SAFE_METHODS:
            parse_strictly(asked)
        remember_position(state, asked)
        if by_server:
            set_savepoint(app, asked)
        if FLASHED in asked.environ:
            leave_messages_to_client(asked)
        refusal = refuse_to_show_flashes() if is_prefetched(asked.environ) else None
        return theirs(*context) if refusal is None else refusal

    app.preprocess_request = preprocess_request  # type: ignore[method-assign]


def compile_operations(app: Flask, state: AppState) -> None:
    registered = state.registry.actions.items()
    placed = {name: with_endpoint(state, operation) for name, operation in registered}
    state.actions = {name: with_limits(app, with_marks(operation)) for name, operation in placed.items()}
    for rule, view_class in route_rules(app):
        compile_rule(app, state, view_class, rule)
        check_class(app, view_class)
        check_methods(view_class, http_method_funcs | {each.lower() for each in view_class.methods or ()})


def check_access(app: Flask, state: AppState) -> None:
    """:raises RuntimeError: something is required that can't be asked for."""
    operations = all_operations(state)
    check_nothing_is_hidden(operations)
    for endpoint, view in app.view_functions.items():
        if view_class_of(view) is None and not is_own(view):
            check_other_view(endpoint, view)
    for operation in operations:
        if operation.requires and state.hook is None:
            raise RuntimeError(no_hook(operation))
        if operation.verifier is not None and marks_of(operation).requires:
            raise RuntimeError(f"{operation.where}: nobody asks the hook for a webhook's sender. Leave @requires out.")


def check_store(state: AppState) -> None:
    """Open the store where something needs it; one that is merely away may come back.

    :raises StoreCorrupt: its file is broken; the message names it.
    """
    needed = [operation for operation in all_operations(state) if needs_store(operation)]
    if needed or CACHED_FUNCTIONS:
        try:
            state.store  # noqa: B018 opens it
        except StoreCorrupt:
            raise
        except StoreUnavailable as error:
            logger.warning("The store is away: %s", error)


def needs_store(operation: Operation) -> bool:
    return operation.once or operation.background or operation.verifier is not None


def all_operations(state: AppState) -> list[Operation]:
    """Return every operation, actions first."""
    routes = [operation for by_method in state.routes.values() for operation in by_method.values()]
    return [*state.actions.values(), *routes, *state.registry.webhooks.values()]


def warn_of_settings(app: Flask) -> None:
    """Tell of keys that nobody reads, and of fallback keys that are no secrets."""
    for key in unknown_keys(app.config):
        logger.warning("%s is no setting. Is %s meant?", key, nearest_key(key))
    given = app.config.get("SECRET_KEY_FALLBACKS") or ()
    if isinstance(given, (str, bytes)):
        logger.warning("SECRET_KEY_FALLBACKS is one text, each letter of which Flask takes for a key. Give a list.")
    elif not all(given):
        logger.warning("SECRET_KEY_FALLBACKS holds an empty key, by which anybody could sign. Leave it out.")


def check_login_view(app: Flask, state: AppState) -> None:
    view = state.settings.login_view
    if view is None:
        return
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == view and "GET" in (rule.methods or ("GET",))]
    if not rules:
        known = ", ".join(sorted(app.view_functions))
        raise ValueError(
            f"SERVERACTIONS_LOGIN_VIEW is {view!r}, which no route for GET has. Give one of the endpoints: {known}."
        )
    needed = min((rule.arguments.difference(rule.defaults or ()) for rule in rules), key=len)
    if needed and not any(app.url_default_functions.get(name) for name in (None, *blueprints_of(view))):
        raise ValueError(
            f"SERVERACTIONS_LOGIN_VIEW is {view!r}, whose URL needs {', '.join(sorted(needed))}."
            " Let @app.url_defaults give it, or name a view without."
        )
