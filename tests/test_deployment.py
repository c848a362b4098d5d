"""The files of ``docs/deployment.rst`` at work: nginx in front of gunicorn, at the root of a host and under a path."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from http.client import RemoteDisconnected
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from examples.ports import free_port
from tests.callers import form_in
from tests.doc_blocks import blocks_of
from tests.nginx_servers import nginx
from tests.reliability_servers import HTML, JSON, ROOT, Program, Visitor, next_event, python
from tests.stores_processes import eventually

ORIGIN = "https://shop.example"
MEGABYTE = 1024 * 1024


def page_files() -> dict[str, str]:
    """Return the files that the page shows, by their names."""
    return {block.caption: block.code for block in blocks_of(ROOT / "docs" / "deployment.rst") if block.caption}


def nginx_conf(files: dict[str, str], port: int, backend: int) -> str:
    """Return the page's configuration on ports of our own.

    Somebody before it has taken TLS off, as a load balancer may: what it says of the scheme is what nginx would.
    """
    server = files["shop.conf"].rstrip().removesuffix("}") + files["mounted.conf"] + "}"
    page = re.sub(r"ssl_certificate\S* .*;", "", server.replace("listen 443 ssl", f"listen 127.0.0.1:{port}"))
    page = page.replace("ssl_reject_handshake on;", "return 444;").replace("$scheme", "https")
    return page.replace("127.0.0.1:8000", f"127.0.0.1:{backend}")


@contextlib.contextmanager
def gunicorn(folder: Path, backend: int) -> Iterator[Program]:
    ours = f"--bind 127.0.0.1:{backend} --workers 1 --no-control-socket --chdir {folder}"
    path = os.pathsep.join([str(folder), str(ROOT)])
    command = f"gunicorn --config {folder}/gunicorn.conf.py {ours} wsgi:app"
    program = python(command, folder, SHOP_DATA=str(folder), PYTHONPATH=path)
    try:
        yield program
    finally:
        program.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """Serve what the page deploys; its ``shop`` is the to-do example."""
    files, port, backend = page_files(), free_port(), free_port()
    for name in ("wsgi.py", "gunicorn.conf.py"):
        (folder / name).write_text(files[name])
    (folder / "shop.py").write_text("from tests.deployed_shop import create_app\n")
    with gunicorn(folder, backend) as program, nginx(folder, nginx_conf(files, port, backend)):

        def is_up() -> bool:
            assert program.process.poll() is None, program.said
            with contextlib.suppress(OSError):
                return Visitor(port, ORIGIN).send("GET", "/", HTML).status == 200
            return False

        eventually(is_up)
        yield port


@pytest.fixture
def visitor(port: int) -> Visitor:
    return Visitor(port, ORIGIN)


mounts = pytest.mark.parametrize("mount", ["", "/todo"], ids=["at the root", "under a path"])


@mounts
def test_a_form_goes_round_and_leads_back_below_the_mount_point(visitor: Visitor, mount: str) -> None:
    form = visitor.form("add_todo", f"{mount}/")
    assert form.url.startswith(f"{mount}/?_action=add_todo/")
    added = visitor.submit(form, HTML, text="Buy milk")
    assert (added.status, added.headers["Location"]) == (303, f"{mount}/")
    assert "Buy milk" in visitor.send("GET", f"{mount}/", HTML).text


@mounts
def test_a_form_that_fails_comes_back_with_what_was_typed(visitor: Visitor, mount: str) -> None:
    again = visitor.submit(visitor.form("add_todo", f"{mount}/"), HTML, text="x" * 201)
    assert again.status == 422
    assert "Write 1 to 200 characters." in again.text
    assert form_in(again.text, "add_todo").url.startswith(f"{mount}/?_action=")


@mounts
def test_who_is_not_signed_in_is_led_below_the_mount_point(visitor: Visitor, mount: str) -> None:
    sent = visitor.send("GET", f"{mount}/account", HTML)
    assert (sent.status, sent.headers["Location"]) == (303, f"{mount}/sign-in?next={mount}/account")


@mounts
def test_the_client_is_served_below_the_mount_point(visitor: Visitor, mount: str) -> None:
    page = visitor.send("GET", f"{mount}/", HTML).text
    source = re.search(r'src="([^"]+client\.js[^"]*)"', page)
    assert source is not None
    assert source[1].startswith(f"{mount}/_actions/client.js?v=")
    module = visitor.send("GET", source[1], {"Accept": "*/*"})
    assert (module.status, "immutable" in module.headers["Cache-Control"]) == (200, True)


def test_the_own_origin_is_what_the_browser_sees(visitor: Visitor) -> None:
    form = visitor.form("add_todo", "/")
    plain = visitor.submit(form, {**JSON, "Origin": "http://shop.example"}, text="Buy tea")
    assert plain.status == 403
    assert visitor.submit(form, JSON, text="Buy tea").status == 200


def test_what_a_visitor_says_of_proxies_does_not_arrive(visitor: Visitor) -> None:
    forged = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    form = form_in(visitor.send("GET", "/", {**HTML, **forged}).text, "add_todo")
    assert form.url.startswith("/?_action=")
    added = visitor.submit(form, {**HTML, **forged}, text="Buy rice")
    assert (added.status, urlsplit(added.headers["Location"])[:3]) == (303, ("", "", "/"))


def test_the_cookie_is_for_https_alone(visitor: Visitor) -> None:
    assert "; Secure;" in visitor.send("GET", "/", HTML).headers["Set-Cookie"]


def test_who_asks_for_another_host_gets_no_answer(visitor: Visitor) -> None:
    with pytest.raises(RemoteDisconnected):
        visitor.send("GET", "/", {**HTML, "Host": "evil.example"})


@mounts
def test_the_first_event_arrives_before_the_last_is_sent(visitor: Visitor, folder: Path, mount: str) -> None:
    form = visitor.form("slow", f"{mount}/slow")
    with visitor.streaming(form) as response:
        assert response.getheader("Content-Type") == "text/event-stream"
        assert next_event(response) == ("progress", {"done": 1, "total": 2, "message": "begun"})
        (folder / "go").touch()
        assert next_event(response)[1]["message"] == "ended"
        name, answer = next_event(response)
        assert (name, answer["data"]) == ("result", "done")
    (folder / "go").unlink()


def test_a_body_over_the_apps_limit_is_told_by_the_app_and_one_over_nginxs_by_nginx(visitor: Visitor) -> None:
    brief, measure = visitor.form("brief", "/slow"), visitor.form("measure", "/slow")
    by_app = visitor.submit(brief, JSON, text="x" * 5000)
    assert (by_app.status, by_app.headers["Content-Type"]) == (413, "application/problem+json")
    assert visitor.submit(measure, JSON, text="x" * (2 * MEGABYTE)).json["data"] == 2 * MEGABYTE
    by_nginx = visitor.submit(measure, JSON, text="x" * (11 * MEGABYTE))
    assert (by_nginx.status, by_nginx.headers["Content-Type"]) == (413, "text/html")
