"""The app whose processes are killed in tests: its actions say when they have begun, and wait to be let go on.

Served by gunicorn; its jobs are run by ``celery -A tests.reliability_app worker`` where there is a broker.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Generator
from pathlib import Path

from celery import Celery
from flask import Flask, Response, render_template_string

from flask_serveractions import Progress, ServerActions, cached
from flask_serveractions.jobs.records import Jobs
from flask_serveractions.shared.once import claim
from tests.stores_processes import eventually

FOLDER = Path(os.environ["FAULTS_FOLDER"])
LEASE_SECONDS = 4.0  # a busy machine misses a beat of the four in it, but not three
PAGE = """<!doctype html><title>Faults</title><main>{{ figure }}
{% for name in names %}{% call(form) action_form(name) %}{{ form.fields() }}{% endcall %}{% endfor %}
</main>"""

# what takes 90 and 45 seconds in earnest
claim.__kwdefaults__["lease"] = LEASE_SECONDS  # type: ignore[index]
Jobs.__init__.__kwdefaults__["lease"] = LEASE_SECONDS  # type: ignore[index]

actions = ServerActions()


def note(name: str, text: str) -> None:
    """Add a line to a file of the test's: small writes in append mode are whole."""
    with (FOLDER / name).open("a") as file:
        file.write(f"{text}\n")


def wait_to_go_on() -> None:
    eventually((FOLDER / "go").exists)


@actions.register(once=True)
def charge(text: str) -> str:
    note("begun", str(os.getpid()))
    wait_to_go_on()
    note("charged", text)
    return text


@actions.register
def steps(text: str) -> Generator[Progress, None, str]:
    yield Progress(1, 2, text)
    wait_to_go_on()
    yield Progress(2, 2, text)
    return text


@actions.register
def endless(text: str) -> Generator[Progress, None, None]:
    try:
        for done in itertools.count(1):
            yield Progress(done, None, text)
            time.sleep(0.01)
    finally:
        note("closed", text)


@actions.register(background=True)
def work(text: str) -> str:
    note("begun", str(os.getpid()))
    wait_to_go_on()
    note("worked", text)
    return text


@cached(tags=("figures",))
def figure() -> str:
    note("computed", str(os.getpid()))
    return "Forty-two"


def page() -> str:
    return render_template_string(PAGE, figure=figure(), names=("charge", "steps", "endless", "work"))


def say_who_answers(response: Response) -> Response:
    response.headers["X-Process"] = str(os.getpid())
    return response


def create_app() -> Flask:
    app = Flask(__name__, instance_path=str(FOLDER))
    app.config.update(SECRET_KEY="of the tests", SERVERACTIONS_STORE_URL=os.environ["FAULTS_STORE"])
    if "FAULTS_BROKER" in os.environ:
        broker = Celery("faults", broker=os.environ["FAULTS_BROKER"])
        broker.conf.broker_connection_retry_on_startup = True
        app.config["SERVERACTIONS_CELERY"] = broker
    actions.init_app(app)
    app.add_url_rule("/", view_func=page)
    app.after_request(say_who_answers)
    return app


application = create_app()
app = application.config.get("SERVERACTIONS_CELERY")  # what `celery -A` looks for
