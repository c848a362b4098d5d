"""Bare Flask: the views that everything else is held against."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator

from flask import Flask, Response, redirect, request

STEPS = 10  # events of a stream


def bare_app() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", view_func=hello)
    app.add_url_rule("/form", view_func=form, methods=["POST"])
    app.add_url_rule("/json", view_func=greet, methods=["POST"])
    app.add_url_rule("/stream", view_func=stream, methods=["POST"])
    app.add_url_rule("/blocks", view_func=blocks)
    return app


def blocks() -> dict[str, int]:
    """Say how many blocks of memory Python holds in this worker, when what is garbage is gone."""
    gc.collect()
    return {"worker": os.getpid(), "blocks": sys.getallocatedblocks()}


def hello() -> dict[str, str]:
    return {"text": "Hello"}


def form() -> Response:
    assert request.form["text"]
    return redirect("/bare/", 303)


def greet() -> dict[str, str]:
    return {"text": request.get_json()["text"]}


def stream() -> Response:
    return Response(events(), content_type="text/event-stream")


def events() -> Iterator[str]:
    for number in range(STEPS):
        yield f"event: progress\ndata: {json.dumps({'done': number, 'total': STEPS, 'message': ''})}\n\n"
    yield f"event: result\ndata: {json.dumps({'data': 'done'})}\n\n"
