"""What is measured: the calls of each case, and how much of the first contender's cost ours may have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType

from flask import Flask

from .calls import WSGI, Call, Sends, form_call, json_call
from .todos import BAD, NEW

BARE = "bare Flask"
FLASK_FORM = "FlaskForm + CSRFProtect"
OURS = "Flask-ServerActions"

CONTENDERS: Mapping[str, str] = {
    BARE: "bare",
    FLASK_FORM: "flask_form",
    "MethodView + marshmallow": "method_view",
    "flask-smorest": "smorest",
    "APIFlask": "api_flask",
    "Flask-RESTX": "restx",
    "flask-openapi3": "openapi3",
    "Django Ninja": "ninja",
    OURS: "ours",
}
OPTIONAL = [name for name in CONTENDERS if name not in (BARE, FLASK_FORM)]  # these two give others their request
AMONG = "action: among how many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request that several contenders answer."""

    title: str
    calls: Mapping[str, Sends]  # by contender; the first is what the others are held against
    statuses: frozenset[int]
    limits: Mapping[str, float] = field(default_factory=dict)  # ours, at most so many times each of these
    alike: bool = False  # whether all answer the same JSON
    ahead: bool = False  # whether ours shall cost less than each but the first

    def check(self) -> None:
        """Send each call once.

        :raises RuntimeError: a contender does not do the work; its time would mean nothing.
        """
        bodies = {name: call.send() for name, call in self.calls.items()}
        wanted = json.loads(next(iter(bodies.values()))) if self.alike else None
        for name, call in self.calls.items():
            status, body = call.status(), bodies[name]
            if status not in self.statuses or (self.alike and json.loads(body) != wanted):
                raise RuntimeError(f"{self.title}: {name} answers {status} {body!r}.")


def load(without: Iterable[str]) -> dict[str, ModuleType]:
    """Return the contenders by name, but for some."""
    names = [name for name in CONTENDERS if name not in set(without)]
    return {name: import_module(f".contenders.{CONTENDERS[name]}", __package__) for name in names}


def cases(contenders: Mapping[str, ModuleType], only: str = "") -> list[Case]:
    """Return the cases of two doors.

    :param only: a part of titles; the case that takes long to make is left out where it is not meant.
    """
    many = [many_actions(contenders[OURS])] if OURS in contenders and only in AMONG else []
    return [action(contenders), *many, *resources(contenders)]


def action(contenders: Mapping[str, ModuleType]) -> Case:
    """A form with a session cookie and a CSRF token is sent, and answered by a redirect.

    The bare view gets the very request of the ``FlaskForm`` one, and looks at the fields alone.
    """
    apps = {name: module.action_app() for name, module in contenders.items() if hasattr(module, "action_app")}
    own = {name: form_call(app) for name, app in apps.items() if name != BARE}
    return Case(
        title="action: form, token, 303",
        calls={BARE: form_call(apps[BARE], like=own[FLASK_FORM]), **own},
        statuses=frozenset({303}),
        limits={BARE: 1.3, FLASK_FORM: 0.5},
    )


def many_actions(ours: ModuleType) -> Case:
    few, many = "10 actions", "5,000 actions"
    return Case(
        title=AMONG,
        calls={few: form_call(ours.action_app(others=9)), many: form_call(ours.action_app(others=4999))},
        statuses=frozenset({303}),
    )


def resources(contenders: Mapping[str, ModuleType]) -> list[Case]:
    apps = {name: module.rest_app() for name, module in contenders.items() if hasattr(module, "rest_app")}
    for app in apps.values():
        if isinstance(app, Flask):
            app.secret_key = "bench"  # as nearly every app has one: Flask looks for a session at each request

    def case(title: str, prepare: Callable[[WSGI], Call], *statuses: int, limit: float) -> Case:
        return Case(
            title=title,
            calls={name: prepare(app) for name, app in apps.items()},
            statuses=frozenset(statuses),
            limits={BARE: limit},
            alike=min(statuses) < 300,
            ahead=title != "GET one, a dict",  # where most of them do nothing
        )

    return [
        case("GET one, a dict", lambda app: json_call(app, "GET", "/plain/7"), 200, limit=1.12),
        case("GET one, by schema", lambda app: json_call(app, "GET", "/todos/7"), 200, limit=1.1),
        case("GET 20, by schema", lambda app: json_call(app, "GET", "/todos"), 200, limit=1.26),
        case("POST, validated", lambda app: json_call(app, "POST", "/todos", NEW), 201, limit=1.11),
        # Flask-RESTX answers 400
        case("POST, three mistakes", lambda app: json_call(app, "POST", "/todos", BAD), 422, 400, limit=1.23),
    ]
