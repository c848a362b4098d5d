"""The tree of files, served: ``python -m examples.files.demo [PORT]``."""

from __future__ import annotations

import sys

from flask import Flask, redirect
from werkzeug.serving import is_running_from_reloader
from werkzeug.wrappers import Response

from examples.ports import check_port

from . import create_app

GUIDE = """
Open {0}/docs: the API of the tree in examples/files/routes, to read and to try.
Whoever sends the token let-me-in may write; the page asks for it.

    curl {0}/api/todos
    curl {0}/api/todos -H "Authorization: Bearer let-me-in" -d "text=Buy tea"
    curl {0}/api/todos/1 -X PATCH -H "Authorization: Bearer let-me-in" -d completed=1
    curl {0}/api/health

Write a routes/hello/route.py with a function GET, and {0}/api/hello is there.
"""


def make_app() -> Flask:
    app = create_app({"SERVERACTIONS_DOCS": "/docs"})

    @app.get("/")
    def index() -> Response:
        return redirect("/docs")

    return app


def main(port: int = 5000) -> None:
    if not is_running_from_reloader():  # which holds the port, and has told the guide
        check_port(port, "make files")
        print(GUIDE.format(f"http://127.0.0.1:{port}"), flush=True)
    make_app().run(port=port, use_reloader=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
