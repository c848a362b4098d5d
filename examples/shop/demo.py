"""The shop with tea in it: ``python -m examples.shop.demo [PORT] [STORE]``.

STORE is ``sqlite`` (one process) or ``redis``: then a Redis, a Celery worker and gunicorn's workers are started, and
ended together.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from flask import Flask
from sqlalchemy import select

from examples.ports import check_port, free_port

from . import create_app
from .extensions import db
from .models import Product

PRODUCTS = (
    Product(sku="ASSAM", name="Assam", note="Strong and malty, for the morning.", price=390),
    Product(sku="DARJEELING", name="Darjeeling", note="First flush, light and flowery.", price=690),
    Product(sku="MINT", name="Mint", note="No tea at all, but fresh.", price=250),
    Product(sku="SENCHA", name="Sencha", note="Green, from Shizuoka.", price=540),
    Product(sku="TEA", name="Tea", note="Just tea.", price=420),
)
PACE = {"FLASK_BANK_SECONDS": "1.0", "FLASK_REPORT_SECONDS": "0.5"}
GUIDE = """
Open {address}/ and shop: no account is needed, and any 16 digits are a card.
Sign in as the shopkeeper for prices and the report; the password is demo-password.
Try: send the payment twice; close the tab while the report runs, and come back.

The supplier changes a price by a webhook, and the API has it at once:

    python -m examples.shop.supplier TEA 4.90 {address}
    curl {address}/api/products

{address}/docs has the API, to read and to try.
"""
HINT = "Any 16 digits are a card. The shopkeeper's password, for prices and the report, is demo-password."
PATIENCE = 10  # seconds that a process may take to end


def seed(app: Flask) -> None:
    """Put products into a database that has none."""
    with app.app_context():
        if db.session.scalar(select(Product.id).limit(1)) is None:
            db.session.add_all(Product(sku=p.sku, name=p.name, note=p.note, price=p.price) for p in PRODUCTS)
            db.session.commit()


def main(port: str = "5000", store: str = "sqlite") -> None:
    check_port(int(port), "make shop")
    os.environ.update({**PACE, "FLASK_HINT": HINT, **os.environ})
    print(GUIDE.format(address=f"http://127.0.0.1:{port}"), flush=True)
    if store == "redis":
        serve_with_redis(port)
    elif store == "sqlite":
        app = create_app()
        seed(app)
        app.run(port=int(port))
    else:
        raise SystemExit(f"STORE={store}: it is sqlite or redis.")


def serve_with_redis(port: str) -> None:
    """Serve with a Redis, a Celery worker and three workers of gunicorn, until one ends or a signal comes."""
    signal.signal(signal.SIGTERM, interrupt)
    with tempfile.TemporaryDirectory() as folder:
        redis_port = free_port()
        url = f"redis://127.0.0.1:{redis_port}"
        environ = {
            **os.environ,
            "FLASK_SERVERACTIONS_STORE_URL": f"{url}/0",
            "FLASK_BROKER_URL": f"{url}/1",
        }
        seed(create_app())
        run_together(commands(port, redis_port, folder), environ)


def commands(port: str, redis_port: int, folder: str) -> Sequence[Sequence[str]]:
    redis = f"--bind 127.0.0.1 --port {redis_port} --dir {folder} --appendonly no"
    worker = "-m celery -A examples.shop.worker worker --loglevel WARNING --concurrency 2"
    gunicorn = f"-m gunicorn --bind 127.0.0.1:{port} --no-control-socket --worker-class gthread --workers 3 --threads 8"
    return (
        (redis_server(), *redis.split(), "--save", ""),
        (sys.executable, *worker.split()),
        (sys.executable, *gunicorn.split(), "examples.shop:create_app()"),
    )


def redis_server() -> str:
    """Return where the Redis server is: beside this Python, or in PATH."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("redis-server", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise SystemExit("There is no redis-server. `make shop STORE=redis` installs one.")
    return found


def run_together(lines: Sequence[Sequence[str]], environ: Mapping[str, str]) -> None:
    """Run commands until one ends or a signal comes; then end the others, last started first."""
    children: list[subprocess.Popen[bytes]] = []
    try:
        for line in lines:
            # a session of their own: Ctrl-C reaches us alone, and we end them in order
            child = subprocess.Popen(line, env=dict(environ), start_new_session=True)  # noqa: S603 (our own commands)
            children.append(child)
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        raise SystemExit("One of the processes has ended, so the others end too.")
    except KeyboardInterrupt:
        return
    finally:
        for child in reversed(children):
            end(child)


def end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(*sys.argv[1:])
