"""The app whose visitors leave in the middle of a stream; ``/state`` tells what that has left behind."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from flask import Flask, render_template_string

from flask_serveractions import Progress, ServerActions, cached
from flask_serveractions.stores import leases, store

PAGE = """{% for name in ("steps", "work") %}{% call action_form(name) %}<input name="text">{% endcall %}{% endfor %}"""
PACE_SECONDS = 0.005
store.HASTE = 60.0  # a store counts as hung no sooner, however busy the machine

application = Flask(__name__, instance_path=os.environ["FAULTS_FOLDER"])
application.config["SECRET_KEY"] = "of the tests"
actions = ServerActions(application)
begun, closed, computed = itertools.count(), itertools.count(), itertools.count()
seen = {"begun": 0, "closed": 0, "computed": 0}


def count(what: str, counter: Any) -> None:
    seen[what] = next(counter) + 1


@cached(ttl=3600)  # longer than any machine takes for a test
def figure(number: int) -> int:
    count("computed", computed)
    time.sleep(PACE_SECONDS)
    return number


@actions.register(once=True)
def steps(text: str = "") -> Generator[Progress, None, str]:
    """Go on until nobody listens any more."""
    count("begun", begun)
    try:
        for number in itertools.count():
            yield Progress(figure(number % 50))
            time.sleep(PACE_SECONDS)
    finally:
        count("closed", closed)
    return text


@actions.register(background=True)
def work(text: str = "") -> Generator[Progress, None, str]:
    done = Path(application.instance_path) / "done"
    for number in itertools.count():
        if done.exists():
            return text
        yield Progress(number)
        time.sleep(PACE_SECONDS)
    return text


@application.get("/")
def page() -> str:
    return render_template_string(PAGE)


@application.get("/state")
def state() -> dict[str, Any]:
    names = [thread.name for thread in threading.enumerate()]
    return {
        "process": os.getpid(),
        "leases": len(leases.heartbeat._holds),
        "ours": [name for name in names if name in ("serveractions-stream", "serveractions-heartbeat")],
        **seen,
    }
