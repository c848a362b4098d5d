"""Apps for tests of what functions receive, and callers that send it: by form, by JSON, by query and by signed ID."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Flask, jsonify
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from flask_serveractions import MethodRoute, ServerActions
from flask_serveractions.pages.templates import action_url

JSON = {"Accept": "application/json"}


def make_app(**config: Any) -> tuple[Flask, ServerActions]:
    """Return an app with the extension, where nothing is registered yet."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key for tests", TESTING=True, **config)
    return app, ServerActions(app)


class Door:
    """A function behind both doors of an app of its own; it remembers what it was called with."""

    def __init__(self, function: Callable[..., Any] | None = None, **config: Any) -> None:
        self.app, self.actions = make_app(**config)
        self.calls: list[dict[str, Any]] = []
        self.bound: Mapping[str, Any] = {}
        self.name = ""
        self.app.add_url_rule("/ids", "ids", self.ids)
        if function is not None:
            self.register(function)

    def ids(self) -> Any:
        return jsonify(url=action_url(self.name, **self.bound), token=generate_csrf())

    def register(self, function: Callable[..., Any], **options: Any) -> None:
        self.name = options.setdefault("name", "act")
        self.actions.register(**options)(self.recording(function))

    def recording(self, function: Callable[..., Any], is_method: bool = False) -> Callable[..., Any]:
        """Return a function of the same signature, which remembers its arguments."""

        def recorder(*args: Any, **arguments: Any) -> None:
            self.calls.append(arguments)

        parameters = list(inspect.signature(function).parameters.values())
        if is_method:
            parameters.insert(0, inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD))
        recorder.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        recorder.__wrapped__ = function  # type: ignore[attr-defined]
        return recorder

    def route(self, function: Callable[..., Any], method: str = "get", rule: str = "/resource") -> None:
        body = {method: self.recording(function, is_method=True)}
        self.actions.route(rule)(type("Resource", (MethodRoute,), body))

    @property
    def client(self) -> FlaskClient:
        if not hasattr(self, "_client"):
            self._client = self.app.test_client()
        return self._client

    def signed(self, **bound: Any) -> tuple[str, dict[str, str]]:
        """Return the URL of the action for this visitor, and the headers of a script's call."""
        self.bound = bound
        given = self.client.get("/ids").json
        assert given is not None
        return given["url"], {**JSON, "X-CSRFToken": given["token"]}

    def post(
        self, bound: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, **what: Any
    ) -> TestResponse:
        url, known = self.signed(**(bound or {}))
        return self.client.post(url, headers={**known, **(headers or {})}, **what)

    def form(self, fields: Iterable[tuple[str, Any]] | Mapping[str, Any] = (), **bound: Any) -> TestResponse:
        """Post a form: ``multipart/form-data`` where it has files, else urlencoded."""
        data: Any = dict(fields) if isinstance(fields, Mapping) else MultiDict(fields)
        return self.post(bound, data=data, content_type=None if data else "application/x-www-form-urlencoded")

    def json(self, value: Any, **bound: Any) -> TestResponse:
        return self.post(bound, data=json.dumps(value), content_type="application/json")

    @property
    def last(self) -> dict[str, Any]:
        """Return the arguments of the last call, which must have been."""
        assert self.calls, "the function was not called"
        return self.calls[-1]


def errors_of(response: TestResponse) -> dict[str, list[str]]:
    """Return the errors of a 422."""
    assert response.status_code == 422, (response.status_code, response.get_data(as_text=True))
    assert response.json is not None
    errors: dict[str, list[str]] = response.json["errors"]
    return errors


def function_of(annotation: Any, default: Any = inspect.Parameter.empty, name: str = "value") -> Callable[..., Any]:
    """Return a function with one parameter."""

    def taking(**arguments: Any) -> None:
        """Do nothing."""

    kind = inspect.Parameter.KEYWORD_ONLY
    taking.__signature__ = inspect.Signature([inspect.Parameter(name, kind, default=default, annotation=annotation)])  # type: ignore[attr-defined]
    taking.__annotations__ = {name: annotation}
    return taking


def door_of(annotation: Any, default: Any = inspect.Parameter.empty, name: str = "value") -> Door:
    """Return an action with one parameter."""
    return Door(function_of(annotation, default, name))
