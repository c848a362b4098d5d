"""The URL rules of resources, on an app or on a blueprint of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Flask
from flask.blueprints import BlueprintSetupState

from .resources import MethodRoute


class RegisteredRoute(NamedTuple):
    """A class under a rule, as ``@actions.route`` registered it."""

    rule: str
    endpoint: str
    view_class: type[MethodRoute]
    view: Callable[..., Any]
    blueprint: Any = None  # the app's Blueprint that it belongs to, or its name


def add_route(app: Flask, route: RegisteredRoute) -> None:
    """Give a resource its rule; one of a blueprint gets it when that is known."""
    if route.blueprint is None:
        add_resource_rule(app, app, route)


def add_resource_rule(app: Flask, owner: Flask | BlueprintSetupState, route: RegisteredRoute) -> None:
    """Add the rule of a resource.

    :param owner: the app, or its blueprint.
    :raises LookupError: the rule has a converter that the app does not.
    """
    try:
        owner.add_url_rule(route.rule, route.endpoint, route.view)
    except LookupError as error:
        known = ", ".join(sorted(app.url_map.converters))
        raise LookupError(
            f"{route.endpoint}: {error}, which {route.rule!r} names. Write one of {known}, or add yours to"
            " app.url_map.converters first."
        ) from None
