"""An app with a live page, for two processes of gunicorn that share a store."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response, render_template_string

from flask_serveractions import ServerActions, revalidate_tag

PAGE = """<!doctype html><title>Live</title><main>
{% call region("todos", live=("todos",)) %}{{ changes() }}{% endcall %}
{% call(form) action_form("change") %}<button>Change</button>{% endcall %}</main>
{{ serveractions_script() }}"""

actions = ServerActions()
log = Path(os.environ["FAULTS_FOLDER"]).parent / "changes"  # of both processes


@actions.register
def change() -> None:
    with log.open("a") as file:
        file.write(".")
    revalidate_tag("todos")


def changes() -> int:
    return log.stat().st_size if log.exists() else 0


def create_app() -> Flask:
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="of the tests",
        SERVERACTIONS_STORE_URL=os.environ["LIVE_STORE"],
        SERVERACTIONS_LIVE_STREAMS=int(os.environ["LIVE_STREAMS"]),
    )
    actions.init_app(app)

    @app.get("/")
    def index() -> str:
        return render_template_string(PAGE, changes=changes)

    @app.after_request
    def name_process(response: Response) -> Response:
        response.headers["X-Process"] = str(os.getpid())
        return response

    return app


application = create_app()
