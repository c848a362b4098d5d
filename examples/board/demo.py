"""The board with cards on it: ``python -m examples.board.demo [PORT] [sqlite|redis]``; with Redis, several workers."""

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
    *((f"Old card {number}", "done", "", 1) for number in range(1, 61)),
    ("Write the release notes", "todo", "Ada", 0),
    ("Check contrast in dark mode", "todo", "", 0),
    ("Answer the security review", "doing", "Grace", 0),
    ("Draw the new icons", "doing", "Margaret", 0),
    ("Measure a cold start", "done", "Katherine", 0),
)
GUIDE = """
Open {0}/ in two browsers, and choose a name in each: there are no passwords.
Try: move a card, and watch the other browser; open a card; search; scroll the archive; export the board. Then turn
JavaScript off, and do it all again.

{0}/docs has the API, to read and to try. A card that a program adds is on all open boards:

    curl {0}/api/cards?q=icons
    curl {0}/api/cards -H "Authorization: Bearer Grace" -d "title=Feed the cat"
"""


def seed(app: Flask) -> Flask:
    """Put cards on a board that has none, and into its archive."""
    with app.app_context():
        if not store.rows("SELECT 1 FROM cards LIMIT 1"):
            for card in CARDS:
                store.change("INSERT INTO cards (title, stage, person, archived) VALUES (?, ?, ?, ?)", *card)
    return app


def main(port: str = "5000", state: str = "sqlite") -> None:
    check_port(int(port), "make board")
    print(GUIDE.format(f"http://127.0.0.1:{port}"), flush=True)
    if state == "redis":
        serve_with_redis(port)
    elif state == "sqlite":
        seed(create_app()).run(port=int(port), threaded=True)
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
        store_command = (redis_server(), *redis.split(), "--save", "")
        command = (sys.executable, "-m", "gunicorn", *gunicorn.split(), "examples.board:create_app()")
        run_together((store_command, command), environ)


if __name__ == "__main__":
    main(*sys.argv[1:])
