"""Trees of ``route.py`` files, and the apps that serve them."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from flask_serveractions import ServerActions

SAYS = "def GET(**values):\n    return {'file': __name__.rpartition('.')[0].partition('.')[2], **values}\n"


def tree(directory: Path, **files: str) -> Path:
    """Write a tree of files: names with ``/`` between."""
    for name, source in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return directory


def says(directory: Path, *folders: str) -> Path:
    """Write a ``route.py`` into each folder that answers with its folder and the values from the URL."""
    return tree(directory, **{f"{folder}/route.py".removeprefix("/"): SAYS for folder in folders})


def app_of(directory: Path | str, url_prefix: str = "/api", actions: ServerActions | None = None) -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for tests"
    actions = actions or ServerActions()
    actions.init_app(app)
    actions.discover(directory, url_prefix)
    return app
