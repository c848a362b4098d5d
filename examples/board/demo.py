"""The board with cards on it: ``python -m examples.board.demo [PORT] [STORE]``.

STORE is ``sqlite`` (one process) or ``redis``: then a Redis and several workers of gunicorn are started, and
ended together.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile

from flask import Flask

from examples.ports import check_port, free_port
from examples.shop.demo import interrupt, redis_server, run_together

from . import create_app, store

CARDS = (
    ("Write the release notes", "todo", "Ada"),
    ("Check contrast in dark mode", "todo", ""),
    ("Answer the security review", "doing", "Grace"),
    ("Draw the new icons", "doing", "Margaret"),
    ("Measure a cold start", "done", "Katherine"),
)
GUIDE = """
Open {0}/ in two browsers, and choose a name in each: there are no passwords.
Try: move a card, and watch the other browser; open a card; search; scroll the archive; export the board.
Then turn JavaScript off, and do it all again.

{0}/docs has the API, to read and to try. A card that a program adds is on all open boards:

    curl {0}/api/cards?q=icons
    curl {0}/api/cards -H "Authorization: Bearer Grace" -d "title=Feed the cat"
"""


def seed(app: Flask) -> None:
    """Put cards on a board that has none, and into its archive."""
    with app.app_context():
        if store.rows("SELECT 1 FROM cards LIMIT 1"):
            return
        for number in range(60):
            store.change("INSERT INTO cards (title, stage, archived) VALUES (?, 'done', 1)", f"Old card {number + 1}")
        for card in CARDS:
            store.change("INSERT INTO cards (title, stage, person) VALUES (?, ?, ?)", *card)


def main(port: str = "5000", state: str = "sqlite") -> None:
    check_port(int(port), "make board")
    print(GUIDE.format(f"http://127.0.0.1:{port}"), flush=True)
    if state == "redis":
        serve_with_redis(port)
    elif state == "sqlite":
        app = create_app()
        seed(app)
        app.run(port=int(port), threaded=True)
    else:
        raise SystemExit(f"STORE={state}: it is sqlite or redis.")


def serve_with_redis(port: str) -> None:
    """Serve with a Redis and three workers of gunicorn, until one ends or a signal comes."""
    signal.signal(signal.SIGTERM, interrupt)
    with tempfile.TemporaryDirectory() as folder:
        redis_port = free_port()
        store_url = f"redis://127.0.0.1:{redis_port}/0"
        environ = {"FLASK_SECRET_KEY": secrets.token_hex(), **os.environ, "FLASK_SERVERACTIONS_STORE_URL": store_url}
        redis = f"--bind 127.0.0.1 --port {redis_port} --dir {folder} --appendonly no"
        gunicorn = f"--bind 127.0.0.1:{port} --no-control-socket --worker-class gthread --workers 3 --threads 8"
        seed(create_app())
        commands = (
            (redis_server(), *redis.split(), "--save", ""),
            (sys.executable, "-m", "gunicorn", *gunicorn.split(), "examples.board:create_app()"),
        )
        run_together(commands, environ)


if __name__ == "__main__":
    main(*sys.argv[1:])
