"""Operations that belong to a blueprint of the app's: ``blueprint=``, a ``Blueprint`` or the name it is registered by.

Such a name is known when the blueprint has been registered on the app. So rules are added as soon as they can be: when
an app context is pushed, as by ``flask routes``, and at the latest when the app starts.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from typing import Any, NoReturn
from weakref import WeakSet

from flask import Blueprint, Flask, abort, appcontext_pushed, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from ..answers.responses import problem_response
from ..app_state import AppState, localize, state_of
from ..errors import NOTHING_HERE
from ..http.negotiation import ANSWER, wants_html
from ..operation import Operation
from ..pipeline.dispatch import log_refused
from ..views.actions import add_rule
from ..views.rules import RegisteredRoute, add_resource_rule

Preprocessor = Callable[[str | None, dict[str, Any] | None], None]


#: what notes where a blueprint is registered, for those that were named by the ``Blueprint`` before
NOTED: WeakSet[Blueprint] = WeakSet()
SETUPS = "serveractions.setups"  # in app.extensions: by blueprint, how it was registered


def check_blueprint(blueprint: Any) -> None:
    """Take a ``blueprint=`` argument, and note where that blueprint will be registered.

    :raises TypeError: neither a ``Blueprint`` nor a name.
    """
    if not isinstance(blueprint, (Blueprint, str)) or not blueprint:
        raise TypeError(f"blueprint={blueprint!r}: give a Blueprint, or the name it is registered by: 'shop.admin'.")
    if isinstance(blueprint, Blueprint):
        note_registrations_of(blueprint)


def note_registrations_of(blueprint: Blueprint) -> None:
    """Note how a blueprint will be registered."""
    if blueprint not in NOTED:
        with suppress(AssertionError):  # it is registered already
            blueprint.record(note_setup)
            NOTED.add(blueprint)


def note_registrations(app: Flask) -> None:
    """Note how each blueprint is registered from now on: what belongs to one by its name does not know it before."""
    register = app.register_blueprint

    @wraps(register)
    def register_blueprint(blueprint: Any, **options: Any) -> None:
        for each in with_nested(blueprint):
            note_registrations_of(each)
        register(blueprint, **options)

    app.register_blueprint = register_blueprint  # type: ignore[method-assign]


def with_nested(blueprint: Any) -> Iterator[Any]:
    yield blueprint
    for nested, _ in blueprint._blueprints:
        yield from with_nested(nested)


def note_setup(setup: BlueprintSetupState) -> None:
    setups: dict[Any, list[BlueprintSetupState]] = setup.app.extensions.setdefault(SETUPS, {})
    setups.setdefault(setup.blueprint, []).append(setup)


def place_when_known(app: Flask, state: AppState, routes: list[RegisteredRoute]) -> None:
    """Add the rules of what belongs to blueprints whenever an app context is pushed, until the app has started."""

    note_registrations(app)

    def place(sender: Flask, **more: Any) -> None:
        place_in_blueprints(app, state, routes, at_start=False)

    def place_at_start() -> None:
        appcontext_pushed.disconnect(place)  # wholly: by its sender alone, each later signal would still look for it
        place_in_blueprints(app, state, routes, at_start=True)

    appcontext_pushed.connect(place, app)  # weakly: a signal would keep the app for ever
    state.place_at_start = place_at_start  # which holds it


def place_in_blueprints(app: Flask, state: AppState, routes: list[RegisteredRoute], *, at_start: bool) -> None:
    """Add the rules of what belongs to a blueprint that the app has.

    :raises ValueError: at start: the app does not have it, or has it twice.
    """
    for operation in state.registry.actions.values():
        if operation.blueprint is not None:
            place_action(app, state, operation, registered_name(app, operation.blueprint, operation.name, at_start))
    for route in routes:
        if route.blueprint is not None:
            place_route(app, state, route, registered_name(app, route.blueprint, route.endpoint, at_start))


def registered_name(app: Flask, blueprint: Blueprint | str, owner: str, at_start: bool) -> str | None:
    """Return the name that a blueprint is registered by; None where that can't be said yet.

    :param owner: what belongs to it, for messages.
    """
    names = [name for name, known in app.blueprints.items() if blueprint in (name, known)]
    if len(names) == 1:
        return names[0]
    if not at_start:
        return None
    if names:
        raise ValueError(
            f"{owner!r} belongs to a blueprint that is registered {len(names)} times: {', '.join(map(repr, names))}."
            " Give one of these names: blueprint=…."
        )
    raise ValueError(
        f"{owner!r} belongs to {blueprint!r}, which is not registered on {app!r}."
        f" Register it, or give one of these names: {', '.join(map(repr, app.blueprints))}."
    )


def place_action(app: Flask, state: AppState, operation: Operation, name: str | None) -> None:
    if name is None or operation.name in state.placed:
        return
    placed = dataclasses.replace(operation, endpoint=f"{name}.{operation.name.replace('.', '-')}")
    check_free(app, placed.endpoint, placed.where)
    add_rule(app, state, placed)
    state.placed[operation.name] = placed.endpoint


def place_route(app: Flask, state: AppState, route: RegisteredRoute, name: str | None) -> None:
    if name is None or route in state.placed_routes:
        return
    endpoint = f"{name}.{route.endpoint}"
    if app.view_functions.get(endpoint) is not route.view:  # another rule of the same class
        check_free(app, endpoint, repr(route.view_class))
    add_resource_rule(app, setup_of(app, name), route)
    state.placed_routes.add(route)


def check_free(app: Flask, endpoint: str, where: str) -> None:
    """:raises ValueError: the blueprint has a view of this name."""
    if endpoint in app.view_functions:
        raise ValueError(f"The endpoint {endpoint!r} of {where} is taken by a view. Give one of them another name.")


def with_endpoint(state: AppState, operation: Operation) -> Operation:
    """Return an operation with the endpoint that it has in this app."""
    endpoint = state.placed.get(operation.name)
    return operation if endpoint is None else dataclasses.replace(operation, endpoint=endpoint)


def setup_of(app: Flask, name: str) -> BlueprintSetupState:
    """Return how a blueprint was registered: noted, or made again from what it says of itself and from its rules."""
    blueprint: Any = app.blueprints[name]
    setups: dict[Blueprint, list[BlueprintSetupState]] = app.extensions.get(SETUPS, {})
    noted = setups.get(blueprint, [])
    for setup in noted:
        if f"{setup.name_prefix}.{setup.name}".lstrip(".") == name:
            return setup
    options: dict[str, Any] = {"name_prefix": name.rpartition(".")[0], "name": name.rpartition(".")[2]}
    options |= placed_by_rule(app, name, blueprint) or placed_by_itself(app, name, blueprint)
    made: BlueprintSetupState = blueprint.make_setup_state(app, options, first_registration=False)
    return made


def placed_by_rule(app: Flask, name: str, blueprint: Blueprint) -> dict[str, Any] | None:
    """Return URL prefix and subdomain of a blueprint, from a view that it has in the app; None where it has none."""
    for endpoint, own in own_rules(blueprint).items():
        placed = [rule for rule in app.url_map.iter_rules() if rule.endpoint == f"{name}.{endpoint}"]
        written = {rule.rule.rstrip("/") for rule in placed}
        for rule in placed:
            prefix = rule.rule.removesuffix(own[0].lstrip("/")).rstrip("/")
            if written == {f"{prefix}/{each.lstrip('/')}".rstrip("/") for each in own}:
                return {"url_prefix": prefix, "subdomain": rule.subdomain or None}
    return None


def own_rules(blueprint: Blueprint) -> dict[str, list[str]]:
    """Return the rules that a blueprint adds, as they are written, by their endpoints."""
    found: dict[str, list[str]] = {}
    if blueprint.has_static_folder:
        found["static"] = [f"{blueprint.static_url_path}/<path:filename>"]
    for deferred in blueprint.deferred_functions:
        written = inspect.getclosurevars(deferred).nonlocals if inspect.isfunction(deferred) else {}
        rule, view = written.get("rule"), written.get("view_func")
        if isinstance(rule, str):
            endpoint = str(written.get("endpoint") or getattr(view, "__name__", ""))
            found.setdefault(endpoint, []).append(rule)
    return found


def placed_by_itself(app: Flask, name: str, blueprint: Blueprint) -> dict[str, Any]:
    """Return URL prefix and subdomain of a blueprint that has no rules, as it and those around it say."""
    around = name.rpartition(".")[0]
    outer = setup_of(app, around) if around else None
    given: dict[str, Any] = dict(outer.blueprint._blueprints).get(blueprint, {}) if outer else {}
    own_prefix = given.get("url_prefix")
    prefixes = [outer.url_prefix if outer else None, blueprint.url_prefix if own_prefix is None else own_prefix]
    prefix = "/".join(each.strip("/") for each in prefixes if each and each.strip("/"))
    subdomains = [given.get("subdomain") or blueprint.subdomain, outer.subdomain if outer else None]
    return {"url_prefix": f"/{prefix}" if prefix else None, "subdomain": ".".join(filter(None, subdomains)) or None}


def guard_url_values(app: Flask, state: AppState) -> None:
    """Let a value that the URL of a call does not have be a 404 for the actions of blueprints."""
    for name, functions in app.url_value_preprocessors.items():
        if name is None or any(endpoint.startswith(f"{name}.") for endpoint in state.placed.values()):
            functions[:] = [or_not_found(app, state, each) for each in functions]


def or_not_found(app: Flask, state: AppState, function: Preprocessor) -> Preprocessor:
    @wraps(function)
    def preprocess(endpoint: str | None, values: dict[str, Any] | None) -> None:
        try:
            function(endpoint, values)
        except KeyError as error:
            if isinstance(error, HTTPException) or endpoint not in state.placed.values():
                raise
            refuse_without_page(app, error)

    return preprocess


def refuse_without_page(app: Flask, missing: KeyError) -> NoReturn:
    """:raises NotFound: for a browser; for others with problem details."""
    log_refused(request.path, request.remote_addr, f"a value of the page's URL is missing: {missing}")
    if wants_html(request.headers.get("Accept", "")):
        abort(404)
    response = problem_response(app, 404, localize(app, NOTHING_HERE))
    response.headers[ANSWER] = state_of(app).answer_mark
    abort(response)
