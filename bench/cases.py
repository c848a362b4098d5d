"""What is measured: the calls of each case, and how much of the first contender's cost ours may have."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType

from .calls import WSGI, Call, form_call, json_call
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request that several contenders answer."""

    title: str
    calls: Mapping[str, Call]  # by contender; the first is what the others are held against
    statuses: frozenset[int]
    limits: Mapping[str, float] = field(default_factory=dict)  # ours, at most so many times each of these
    alike: bool = False  # whether all answer the same JSON

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


def cases(contenders: Mapping[str, ModuleType]) -> list[Case]:
    many = [many_actions(contenders[OURS])] if OURS in contenders else []
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
        limits={BARE: 1.6, FLASK_FORM: 0.65},
    )


def many_actions(ours: ModuleType) -> Case:
    few, many = "10 actions", "5,000 actions"
    return Case(
        title="action: among how many",
        calls={few: form_call(ours.action_app(others=9)), many: form_call(ours.action_app(others=4999))},
        statuses=frozenset({303}),
    )


def resources(contenders: Mapping[str, ModuleType]) -> list[Case]:
    apps = {name: module.rest_app() for name, module in contenders.items() if hasattr(module, "rest_app")}

    def case(title: str, prepare: Callable[[WSGI], Call], *statuses: int, limit: float | None = None) -> Case:
        calls = {name: prepare(app) for name, app in apps.items()}
        limits = {} if limit is None else {BARE: limit}
        return Case(title=title, calls=calls, statuses=frozenset(statuses), limits=limits, alike=min(statuses) < 300)

    return [
        case("GET one, a dict", lambda app: json_call(app, "GET", "/plain/7"), 200, limit=1.12),
        case("GET one, by schema", lambda app: json_call(app, "GET", "/todos/7"), 200),
        case("GET 20, by schema", lambda app: json_call(app, "GET", "/todos"), 200, limit=1.6),
        case("POST, validated", lambda app: json_call(app, "POST", "/todos", NEW), 201, limit=1.22),
        # Flask-RESTX answers 400
        case("POST, three mistakes", lambda app: json_call(app, "POST", "/todos", BAD), 422, 400, limit=1.4),
    ]
