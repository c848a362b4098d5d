"""An app with a live page, for two processes of gunicorn that share a store."""

from __future__ import annotations

import os

from flask import Flask, Response, render_template_string

from flask_serveractions import ServerActions, revalidate_tag

PAGE = """<!doctype html><title>Live</title><main>
{% call region("todos", live=("todos",)) %}{% endcall %}
{% call(form) action_form("change") %}{{ form.fields() }}{% endcall %}</main>"""

actions = ServerActions()


@actions.register
def change() -> None:
    revalidate_tag("todos")


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
        return render_template_string(PAGE)

    @app.after_request
    def name_process(response: Response) -> Response:
        response.headers["X-Process"] = str(os.getpid())
        return response

    return app


application = create_app()
