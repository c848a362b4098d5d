"""What a call achieved, before it is told to anybody: it can be kept, and told again."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers

from ..errors import ActionError

if TYPE_CHECKING:
    from flask import Flask, Response

NOTHING_REVALIDATED: Mapping[str, list[str]] = {"paths": [], "tags": []}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """The result of an action's function."""

    data: Any = None  # as the JSON provider takes it
    status: int = 200
    headers: Headers = field(default_factory=Headers)
    redirect: str | None = None
    response: Response | None = None  # one that passes through, such as a file
    revalidated: Mapping[str, list[str]] = field(default_factory=lambda: NOTHING_REVALIDATED)
    messages: list[dict[str, str]] = field(default_factory=list)


def dump_outcome(app: Flask, outcome: Outcome | ActionError) -> dict[str, Any]:
    """Return an outcome, or an expected failure, as JSON-ready data."""
    if isinstance(outcome, ActionError):
        return {"error": dump_error(app, outcome)}
    return {
        "data": json_ready(app, outcome.data),
        "status": outcome.status,
        "headers": outcome.headers.to_wsgi_list(),
        "redirect": outcome.redirect,
        "response": dump_response(outcome.response),
        "revalidated": outcome.revalidated,
        "messages": outcome.messages,
    }


def dump_error(app: Flask, error: ActionError) -> dict[str, Any]:
    return {
        "message": error.message,
        "field": error.field,
        "status": error.status,
        "code": error.code,
        "result": json_ready(app, error.result),
    }


def dump_response(response: Response | None) -> dict[str, Any] | None:
    if response is None:
        return None
    response.direct_passthrough = False  # a file is read into memory
    body = base64.b64encode(response.get_data()).decode()
    return {"status": response.status_code, "headers": response.headers.to_wsgi_list(), "body": body}


def json_ready(app: Flask, value: Any) -> Any:
    return json.loads(app.json.dumps(value))


def load_outcome(app: Flask, data: Mapping[str, Any]) -> Outcome | ActionError:
    """Return what :func:`kept` kept."""
    if "error" in data:
        error = dict(data["error"])
        return ActionError(error.pop("message"), **error)
    response = data["response"]
    return Outcome(
        data=data["data"],
        status=data["status"],
        headers=Headers([(name, value) for name, value in data["headers"]]),
        redirect=data["redirect"],
        response=response and load_response(app, response),
        revalidated=data["revalidated"],
        messages=data["messages"],
    )


def load_response(app: Flask, response: Mapping[str, Any]) -> Response:
    headers = Headers([(name, value) for name, value in response["headers"]])
    return app.response_class(base64.b64decode(response["body"]), response["status"], headers)
