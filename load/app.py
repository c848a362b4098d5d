"""What gunicorn serves: the to-do example, with notes to write, and two small apps to hold it against.

``LOAD_FOLDER`` is where the databases and the keys are; ``LOAD_LEASE`` and ``LOAD_KEPT`` shorten what takes
90 seconds and a day in earnest.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from examples.todo import create_app
from flask_serveractions.jobs.records import Jobs
from flask_serveractions.shared.once import claim

from . import notes
from .bare import bare_app
from .hand import hand
from .keys import FollowKeys
from .plain import plain_app
from .server import DATABASE, KEYS, STORE, ready_file

FOLDER = Path(os.environ["LOAD_FOLDER"])


def shorten(lease: str | None, kept: str | None) -> None:
    """Shorten how long claims and jobs are leased, and answers kept."""
    if lease is not None:
        claim.__kwdefaults__["lease"] = Jobs.__init__.__kwdefaults__["lease"] = float(lease)
    if kept is not None:
        claim.__kwdefaults__["kept"] = float(kept)


def example() -> Flask:
    config = {
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{FOLDER / DATABASE}",
        "SERVERACTIONS_STORE_URL": f"sqlite:///{FOLDER / STORE}",
    }
    with (FOLDER / "lock").open("w") as lock:  # the tables are made by one worker
        fcntl.flock(lock, fcntl.LOCK_EX)
        app = create_app(config)
    app.register_blueprint(notes.pages)
    app.register_blueprint(hand, url_prefix="/hand")
    return app


shorten(lease=os.environ.get("LOAD_LEASE"), kept=os.environ.get("LOAD_KEPT"))
application = DispatcherMiddleware(
    FollowKeys(example(), FOLDER / KEYS), {"/bare": bare_app(), "/plain": plain_app(FOLDER)}
)
(FOLDER / ready_file(os.getpid())).touch()
