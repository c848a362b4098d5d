"""What a call achieved, before it becomes a response: it can be stored, and answered again."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers

from ..errors import ActionError
from ..logs import logger
from ..shared.revalidation import Revalidated
from ..stores import typed_json

if TYPE_CHECKING:
    from flask import Flask, Response


@dataclass(slots=True, kw_only=True, eq=False)
class Outcome:
    """The result of an action's function. Not frozen: it is made at each call, which takes a fifth so."""

    data: Any = None  # as the JSON provider takes it
    result: Any = None  # what the function returned, for the page that shows it
    status: int = 200
    headers: Headers = field(default_factory=Headers)
    redirect: str | None = None
    response: Response | None = None  # one that passes through, such as a file
    revalidated: Revalidated = field(default_factory=Revalidated)
    messages: list[dict[str, str]] = field(default_factory=list)


def dump_outcome(app: Flask, outcome: Outcome | ActionError, most: float = math.inf) -> dict[str, Any] | None:
    """Return an outcome, or an expected failure, as JSON-ready data; None where it is too large.

    :param most: bytes.
    :raises TypeError: it holds what JSON can't say.
    """
    if isinstance(outcome, ActionError):
        dumped = dump_error(app, outcome)
        return {"error": dumped} if len(dumped["result"] or "") <= most else None
    data = app.json.dumps(outcome.data)
    response = None if outcome.response is None else dump_response(outcome.response, most - len(data))
    if len(data) > most or (response is None and outcome.response is not None):
        return None
    return {
        "data": data,
        "result": None if outcome.result is None else dump_result(app, outcome.result),
        "status": outcome.status,
        "headers": outcome.headers.to_wsgi_list(),
        "redirect": outcome.redirect,
        "response": response,
        "revalidated": outcome.revalidated.as_json(),
        "messages": outcome.messages,
    }


def dump_error(app: Flask, error: ActionError) -> dict[str, Any]:
    return {
        "message": error.message,
        "field": error.field,
        "status": error.status,
        "code": error.code,
        "result": dump_result(app, error.result),
    }


def dump_result(app: Flask, value: Any) -> str | None:
    """Return what a page shows as text: of the same types, or what JSON makes of it, or None where it can't be told."""
    try:
        return typed_json.write(value)
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return typed_json.write(json.loads(app.json.dumps(value)))
    except (TypeError, ValueError, RecursionError) as error:
        logger.warning("The result of an action can't be kept, so it is not told again: %s", error)
        return None


def dump_response(response: Response, most: float) -> dict[str, Any] | None:
    """Return a response as JSON-ready data; None, and the response as good as before, where its body is too large."""
    body = read_body(response, most)
    if body is None:
        return None
    encoded = base64.b64encode(body).decode()
    return {"status": response.status_code, "headers": response.headers.to_wsgi_list(), "body": encoded}


def read_body(response: Response, most: float) -> bytes | None:
    if (response.content_length or 0) > most:
        return None
    source: Any = response.response
    response.direct_passthrough = False  # a file is read into memory
    chunks, size = [], 0
    rest = iter(response.iter_encoded())
    for chunk in rest:
        chunks.append(chunk)
        size += len(chunk)
        if size > most:
            break
    response.response = chain(chunks, rest) if size > most else chunks
    response.call_on_close(getattr(source, "close", lambda: None))
    return None if size > most else b"".join(chunks)


def load_outcome(app: Flask, data: Mapping[str, Any]) -> Outcome | ActionError:
    """Return what :func:`dump_outcome` made data of."""
    if "error" in data:
        error = dict(data["error"])
        result = error.pop("result")
        return ActionError(error.pop("message"), result=result and typed_json.read(result), **error)
    response = data["response"]
    return Outcome(
        data=json.loads(data["data"]),
        result=data["result"] and typed_json.read(data["result"]),
        status=data["status"],
        headers=Headers([(name, value) for name, value in data["headers"]]),
        redirect=data["redirect"],
        response=response and load_response(app, response),
        revalidated=Revalidated(**data["revalidated"]),
        messages=data["messages"],
    )


def load_response(app: Flask, response: Mapping[str, Any]) -> Response:
    headers = Headers([(name, value) for name, value in response["headers"]])
    return app.response_class(base64.b64decode(response["body"]), response["status"], headers)
