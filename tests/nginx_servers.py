"""nginx in front of an app: what every configuration of ours begins with, and a server that runs one."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.reliability_servers import Program

NGINX = "/usr/sbin/nginx"

# pytest's folders are for their owner alone: as root, nginx's workers would be somebody else
CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
}}
"""


@contextmanager
def nginx(folder: Path, http: str) -> Iterator[Program]:
    """Run nginx with the directives of its ``http`` block; what it says goes into a file of the folder."""
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, http=http, user=user))
    command = [NGINX, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with (folder / "nginx.log").open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        yield Program(process, folder / "nginx.log")
    finally:
        process.terminate()
        process.wait()
