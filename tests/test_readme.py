"""The README's first program, run as it stands there, by a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest

from tests.doc_blocks import blocks_of

ROOT = Path(__file__).parents[1]
README = ROOT / "README.rst"


class Forms(HTMLParser):
    """The forms of a page: ``{action: {"url": str, "values": {name: value}}}``."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, dict] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.form = {"url": attributes["action"], "values": {}}
            self.forms[str(attributes["data-serveraction"])] = self.form
        if tag == "input" and "name" in attributes:
            self.form["values"][attributes["name"]] = attributes.get("value") or ""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where the program is served: ``http://127.0.0.1:41203``."""
    program = next(block for block in blocks_of(README) if block.language == "python")
    (tmp_path / "app.py").write_text(program.code, encoding="utf-8")
    command = [sys.executable, "-m", "flask", "run", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            lines: list[str] = []
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", lines[-1] if lines else "")):
                lines.append(server.stderr.readline())
                assert server.poll() is None, "".join(lines) + server.stderr.read()
            yield found[0]
        finally:
            server.terminate()


@pytest.fixture
def browser() -> OpenerDirector:
    """A visitor without JavaScript, who keeps cookies and follows redirects."""
    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    opener.addheaders = [("Accept", "text/html,*/*;q=0.8")]
    return opener


def send(browser: OpenerDirector, address: str, form: dict, **values: str) -> str:
    """Send a form as a browser does and return the page that comes back."""
    data = urlencode({**form["values"], **values}).encode()
    headers = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
    return browser.open(Request(address + form["url"], data, headers)).read().decode()


def test_its_form_adds_and_removes_without_javascript(address: str, browser: OpenerDirector) -> None:
    page = browser.open(address).read().decode()
    assert "Buy milk" in page
    page = send(browser, address, Forms(page).forms["add"], text="Call <the> bank")
    assert "Call &lt;the&gt; bank" in page
    page = send(browser, address, Forms(page).forms["remove"])
    page = send(browser, address, Forms(page).forms["remove"])
    assert "<li>" not in page


def test_its_form_says_what_is_wrong_and_keeps_what_was_typed(address: str, browser: OpenerDirector) -> None:
    form = Forms(browser.open(address).read().decode()).forms["add"]
    with pytest.raises(HTTPError) as caught:
        send(browser, address, form, text="Buy milk")
    page = caught.value.read().decode()
    assert caught.value.code == 422
    assert "You already have that one." in page
    assert Forms(page).forms["add"]["values"]["text"] == "Buy milk"


def test_its_resource_lists_and_adds_as_the_readme_shows(address: str) -> None:
    client = build_opener()
    assert client.open(f"{address}/api/todos").read() == b'["Buy milk"]\n'
    answer = client.open(f"{address}/api/todos", b"text=Call the bank")
    assert (answer.status, answer.read()) == (201, b'{"text":"Call the bank"}\n')
    assert json.load(client.open(f"{address}/api/todos")) == ["Buy milk", "Call the bank"]


def test_its_picture_is_in_the_repository() -> None:
    paths = re.findall(r"^\.\. image:: https://\S+?/main/(\S+)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert [Path(ROOT, path).stat().st_size < 60_000 for path in paths] == [True]
