"""The files of ours that browsers fetch: the client, how to show a change of pages, which links to fetch ahead."""

from __future__ import annotations

import json
from importlib.resources import files

from flask import Response, current_app, request

from ..app_state import AppState, state_of
from ..http.conditional import Conditions, answer_conditionally
from ..http.locations import argument_in
from ..http.negotiation import JSON
from ..pages.script import transitions_style
from ..security.signing import digest
from ..wsgi.prefetch import RULES_TYPE, rules

FOR_AN_HOUR = "public, max-age=3600"
FOR_GOOD = "public, max-age=31536000, immutable"  # a year
ASKED_EACH_TIME = "no-cache"
CSS, SCRIPT = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
STATIC = files("flask_serveractions").joinpath("static")
#: the client, and what it imports where a page has use for it
MODULES = {name: STATIC.joinpath(name).read_bytes() for name in ("client.js", "screen.js", "live.js", "transfer.js")}
CLIENT_VERSION = digest(b"".join(MODULES.values()).decode(), 12)


def client_module(state: AppState, name: str) -> Response:
    """Serve a module of the client: itself by its versioned URL, else one line that leads there."""
    if is_asked_for(state.client_version):
        response = file_answer(MODULES[name], SCRIPT, FOR_GOOD)
        response.headers["SourceMap"] = f"{name}.map"
        return response
    url = f"{request.root_path}{state.settings.url_prefix}/{name}?v={state.client_version}"
    return file_answer(f"export * from {json.dumps(url)};\n", SCRIPT, ASKED_EACH_TIME)


def source_map(name: str) -> Response:
    """Serve the source map of a module, which only a developer's browser asks for."""
    return file_answer(STATIC.joinpath(f"{name}.map").read_bytes(), JSON, ASKED_EACH_TIME)


def prefetch_rules() -> Response:
    """Serve the speculation rules that a page's header names."""
    return file_answer(rules(request.root_path, state_of(current_app).settings.url_prefix), RULES_TYPE, FOR_AN_HOUR)


def transitions() -> Response:
    """Serve the style sheet that turns view transitions on; by its versioned URL for good."""
    style = transitions_style()
    return file_answer(style.text, CSS, FOR_GOOD if is_asked_for(style.version) else ASKED_EACH_TIME)


def is_asked_for(version: str) -> bool:
    """Whether the request's URL names this version of a file (``?v=…``): what it gets stays as it is for good."""
    return argument_in(request.environ.get("QUERY_STRING", ""), "v") == version


def file_answer(content: str | bytes, content_type: str, caching: str, tag: str | None = None) -> Response:
    """Return the answer that holds a file, or a 304 for who has it.

    :param caching: its ``Cache-Control``.
    :param tag: its entity tag, where that is known: else it is made of the content.
    """
    response: Response = current_app.response_class(content, content_type=content_type)
    response.headers["Cache-Control"] = caching
    response.headers["X-Content-Type-Options"] = "nosniff"
    if tag is not None:
        response.set_etag(tag)
    answer_conditionally(response, request.method, Conditions.of(request.environ))
    return response
