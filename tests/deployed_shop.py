"""The ``shop`` that ``docs/deployment.rst`` deploys, in the tests: the to-do example, with an action that waits."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

from flask import Flask, render_template_string

from examples.todo import create_app as create_todo_app
from examples.todo.extensions import server
from flask_serveractions import Progress, public
from tests.stores_processes import eventually

FOLDER = Path(os.environ["SHOP_DATA"])
PAGE = """<!doctype html><title>Slow</title><main>{% call action_form("slow") %}<button>Go</button>{% endcall %}
{% call action_form("measure") %}<button>Go</button>{% endcall %}
{% call action_form("brief") %}<button>Go</button>{% endcall %}</main>"""


@server.register
@public
def slow() -> Generator[Progress, None, str]:
    """Say that it has begun, and end when the test lets it."""
    yield Progress(1, 2, "begun")
    eventually((FOLDER / "go").exists)
    yield Progress(2, 2, "ended")
    return "done"


@server.register(max_content_length=1000)
@public
def brief(text: str) -> None: ...


@server.register(max_content_length=4 * 1024 * 1024)
@public
def measure(text: str) -> int:
    return len(text)


def create_app() -> Flask:
    app = create_todo_app(
        {
            "SECRET_KEY": "of the tests",
            "SESSION_COOKIE_SECURE": True,
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{FOLDER / 'todo.sqlite3'}",
            "SERVERACTIONS_STORE_URL": f"sqlite:///{FOLDER / 'state.sqlite3'}",
        }
    )
    app.add_url_rule("/slow", view_func=lambda: render_template_string(PAGE), endpoint="slow-page")
    return app
