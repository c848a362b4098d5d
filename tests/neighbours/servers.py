"""Every server that a page of the neighbours shows, with the page's own configuration, on a free port."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from examples.ports import free_port
from tests.doc_blocks import blocks_of
from tests.reliability_servers import HTML, ROOT, Program, Visitor
from tests.stores_processes import eventually

PAGES = ROOT / "docs" / "neighbours"
FILES = {
    block.caption: block.code
    for name in ("gunicorn", "uwsgi", "asgi")
    for block in blocks_of(PAGES / f"{name}.rst")
    if block.caption and block.caption != "app.py"
}
GUNICORN = "-m gunicorn --bind 127.0.0.1:{port} --workers 1 --no-control-socket"
#: by name: what Python is told
COMMANDS = {
    "gunicorn sync": f"{GUNICORN} --config {{folder}}/sync.conf.py app:app",
    "gunicorn threads": f"{GUNICORN} --config {{folder}}/gunicorn.conf.py app:app",
    "gunicorn gevent": f"{GUNICORN} --config {{folder}}/gevent.conf.py app:app",
    "uWSGI": "{bin}/uwsgi {folder}/uwsgi.ini",
    "uWSGI of one thread": "{bin}/uwsgi {folder}/one.ini",
    "uvicorn": "-m uvicorn --port {port} asgi:app",
    "uvicorn, one thread": "-m uvicorn --port {port} plain:app",
}
APP = "from tests.neighbours.served_app import application as app\n"
PLAIN = "from asgiref.wsgi import WsgiToAsgi\nfrom app import app as flask_app\napp = WsgiToAsgi(flask_app)\n"


class Server:
    """A server of one process that serves :mod:`tests.neighbours.served_app`.

    :param app: the text of its module ``app``.
    """

    def __init__(self, name: str, folder: Path, app: str = APP) -> None:
        self.name, self.folder, self.port, self.app = name, folder, free_port(), app
        for path, text in self.files().items():
            (folder / path).write_text(text)
        command = COMMANDS[name].format(port=self.port, folder=folder, bin=Path(sys.executable).parent).split()
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
            "PYTHONUNBUFFERED": "1",
            "SERVED_FOLDER": str(folder),
        }
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=folder, env=environ, stdout=log, stderr=log, start_new_session=True
            )
        self.program = Program(process, folder / "log")

    def files(self) -> dict[str, str]:
        """Return the pages' files and the app, with a port of our own and one process."""
        ini = FILES["uwsgi.ini"].replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        ini = re.sub(r"processes = \d+", "processes = 1", ini)
        one = re.sub(r"threads = \d+", "threads = 1", ini)
        return {**FILES, "uwsgi.ini": ini, "one.ini": one, "sync.conf.py": "", "app.py": self.app, "plain.py": PLAIN}

    def answers(self) -> bool:
        assert self.program.process.poll() is None, self.program.said
        with contextlib.suppress(OSError):
            return Visitor(self.port).send("GET", "/", HTML).status == 200
        return False

    def let_go(self) -> None:
        """Let the functions go on that wait for it."""
        (self.folder / "go").touch()


@contextlib.contextmanager
def serving(name: str, folder: Path, app: str = APP) -> Iterator[Server]:
    server = Server(name, folder, app)
    try:
        eventually(server.answers)
        yield server
    finally:
        server.program.kill()
