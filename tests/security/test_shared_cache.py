"""Behind a real shared cache, set up as people do it: nobody is ever given what was made for somebody else."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from examples.ports import free_port
from tests.callers import Form, form_in
from tests.nginx_servers import nginx
from tests.reliability_servers import HTML, JSON, Answer, Program, Visitor, python
from tests.stores_processes import eventually

BROWSER = {"Accept": "text/html,*/*;q=0.8"}

CACHE = """
proxy_cache_path {folder}/cache levels=1:2 keys_zone=pages:1m max_size=10m inactive=10m use_temp_path=off;
proxy_cache pages;
proxy_cache_valid 200 301 302 303 10m;
proxy_cache_valid any 1m;
proxy_cache_revalidate on;
proxy_cache_use_stale error timeout updating;
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-Host $http_host;
proxy_set_header X-Forwarded-Prefix $prefix;
proxy_set_header SCRIPT_NAME $script;
add_header X-Cache $upstream_cache_status always;
server {{
    listen 127.0.0.1:{port};
    set $prefix "";
    set $script "";
    location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    location /kept/ {{ set $prefix /kept; proxy_pass http://127.0.0.1:{behind}/; }}
    location /passed/ {{ set $script /passed; proxy_pass http://127.0.0.1:{behind}; }}
}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def behind(folder: Path) -> Iterator[int]:
    """The app, by itself."""
    port = free_port()
    options = f"--bind 127.0.0.1:{port} --workers 1 --threads 4 --worker-class gthread --no-control-socket"
    program = python(f"gunicorn {options} tests.shared_app:application", folder)
    try:
        wait_for(program, port)
        yield port
    finally:
        program.kill()


@pytest.fixture(scope="module")
def port(folder: Path, behind: int) -> Iterator[int]:
    """The cache in front of it."""
    port = free_port()
    with nginx(folder, CACHE.format(folder=folder, port=port, behind=behind)) as program:
        wait_for(program, port)
        yield port


def wait_for(program: Program, port: int) -> None:
    def answers() -> bool:
        if program.process.poll() is not None:
            return True
        try:
            return Visitor(port).send("GET", "/page", HTML).status == 200
        except OSError:
            return False

    eventually(answers)
    assert program.process.poll() is None, program.said


class Person(Visitor):
    """A visitor who may have signed in."""

    def __init__(self, port: int, name: str | None = None, mount: str = "") -> None:
        super().__init__(port)
        self.mount = mount
        if name is not None:
            assert self.submit(self.form("sign_in"), BROWSER, name=name).status == 303

    def get(self, path: str, headers: Mapping[str, str] = JSON) -> Answer:
        return self.send("GET", self.mount + path, headers)

    def page(self, query: str = "") -> str:
        page = self.get(f"/page{query}", BROWSER)
        assert page.status == 200
        return page.text

    def form(self, action: str, path: str = "/page") -> Form:
        return form_in(self.get(path, BROWSER).text, action)


def cache(answer: Answer) -> str:
    """Return what the cache says that it did."""
    return answer.headers.get("X-Cache", "")


def secrets_of(page: str) -> set[str]:
    """Return the IDs and the token of a page."""
    forms = [form_in(page, name) for name in ("note", "sign_in", "report")]
    return {form.id for form in forms} | {form.token for form in forms}


def test_the_cache_keeps_what_says_nothing(port: int) -> None:
    first, second = (Person(port).get("/api/maybe?plain") for _ in range(2))
    assert (cache(first), cache(second)) == ("MISS", "HIT")


@pytest.mark.parametrize("first", ["ada", None])
def test_nobody_gets_another_ones_page_nor_the_ids_and_tokens_in_it(port: int, first: str | None) -> None:
    one, two, three = Person(port, first), Person(port, "bob"), Person(port)
    pages = [each.page(f"?{first}") for each in (one, two, three, one, two, three)]
    assert [f'<p id="who">{name}</p>' in page for name, page in zip((first or "", "bob", "") * 2, pages, strict=True)]
    for number, page in enumerate(pages[:3]):
        for other in pages[:number]:
            assert not secrets_of(page) & secrets_of(other)


def test_everybodys_form_works_and_changes_the_own_page_alone(port: int) -> None:
    ada, bob = Person(port, "ada"), Person(port, "bob")
    for each, text in ((ada, "tea"), (bob, "milk")):
        form = each.form("note")
        assert each.submit(form, BROWSER, text=text).headers["Location"] == "/page"
        assert f"<li>{text}" in each.submit(form, {**JSON, "Prefer": "return=representation"}, text=text).json["page"]
    assert ("<li>tea" in ada.page(), "<li>milk" in ada.page()) == (True, False)
    assert ("<li>tea" in bob.page(), "<li>milk" in bob.page()) == (False, True)


def test_a_page_that_shows_a_failure_is_seen_by_nobody_else(port: int) -> None:
    ada, bob = Person(port, "ada"), Person(port, "bob")
    failed = ada.submit(ada.form("note"), BROWSER, text="bad secret")
    assert (failed.status, "bad secret is bad." in failed.text) == (422, True)
    assert "bad secret" not in bob.page()
    assert "bad secret" not in ada.page()
    assert "bad secret" not in bob.submit(bob.form("note"), BROWSER, text="bad luck").text


@pytest.mark.parametrize("path", ["/api/me", "/api/maybe"])
@pytest.mark.parametrize("way", ["session", "Authorization"])
def test_nobody_gets_another_ones_json(port: int, path: str, way: str) -> None:
    by_session = way == "session"
    people = [Person(port, name if by_session else None) for name in ("ada", "bob")]
    headers = [JSON if by_session else {**JSON, "Authorization": f"Bearer {name}"} for name in ("ada", "bob")]
    asked = f"{path}?{way}"
    for _ in range(2):
        assert Person(port).get(asked).status == (401 if path == "/api/me" else 200)
        answers = [person.get(asked, each) for person, each in zip(people, headers, strict=True)]
        assert [answer.json["name"] for answer in answers] == ["ada", "bob"]


def test_a_jobs_answers_are_its_owners_alone(port: int) -> None:
    ada, bob = Person(port, "ada"), Person(port, "bob")
    url = ada.submit(ada.form("report")).headers["Location"]
    eventually(lambda: ada.get(url).json["state"] == "done")
    for _ in range(2):
        assert ada.get(url).json["data"] == "ada's report"
        assert bob.get(url).status == 404
        assert Person(port).get(url).status == 401


def test_a_refusal_that_somebody_provoked_is_not_kept_for_others(port: int) -> None:
    for _ in range(2):
        assert Person(port).get("/api/news?about=pictures", {"Accept": "image/png"}).status == 406
    assert Person(port).get("/api/news?about=pictures").status == 200


def test_what_was_not_there_is_seen_as_soon_as_it_is(port: int) -> None:
    ada = Person(port)
    for accept in (JSON, BROWSER):
        assert ada.get("/api/things/tea", accept).status == 404
    assert ada.send("PUT", "/api/things/tea", JSON).status == 204
    for accept in (JSON, BROWSER):
        assert ada.get("/api/things/tea", accept).json == {"name": "tea"}


def test_what_depends_on_a_cookie_or_a_header_is_kept_for_each(port: int) -> None:
    def asked(theme: str, language: str) -> Answer:
        person = Person(port)
        person.cookie = f"theme={theme}"
        return person.get("/api/themed", {**JSON, "Accept-Language": language})

    wanted = [(theme, language) for theme in ("dark", "light") for language in ("eo", "la")]
    answers = [asked(*each) for each in wanted * 2]
    assert [answer.json for answer in answers] == [list(each) for each in wanted * 2]
    assert [cache(answer) for answer in answers] == ["MISS"] * 4 + ["HIT"] * 4


def test_what_is_public_is_kept_for_whoever_asks(port: int) -> None:
    first, second = Person(port).get("/api/news"), Person(port).get("/api/news")
    assert (cache(second), second.json) == ("HIT", first.json)
    other = Person(port).get("/api/news", BROWSER)
    assert (cache(other), other.json) == ("HIT", first.json)


def test_the_cache_answers_304_to_who_has_it(port: int) -> None:
    first = Person(port).get("/api/news?about=tags")
    again = Person(port).get("/api/news?about=tags", {**JSON, "If-None-Match": first.headers["ETag"]})
    assert (again.status, again.text, cache(again)) == (304, "", "HIT")
    assert again.headers["ETag"] == first.headers["ETag"]
    changed = Person(port).get("/api/news?about=tags", {**JSON, "If-None-Match": '"other"'})
    assert (changed.status, changed.json) == (200, first.json)


def test_the_client_is_kept_by_its_version_alone(port: int) -> None:
    page = Person(port).page()
    url = page.partition('src="')[2].partition('"')[0]
    answers = [Person(port).get(url) for _ in range(2)]
    assert [cache(answer) for answer in answers] == ["MISS", "HIT"]
    line = [Person(port).get("/_actions/client.js") for _ in range(2)]
    assert [cache(answer) for answer in line] == ["MISS", "MISS"]
    assert line[1].text == f'export * from "{url}";\n'


MOUNTS = pytest.mark.parametrize("mount", ["/kept", "/passed"])


@MOUNTS
def test_below_a_mount_point_every_url_has_it_once(port: int, mount: str) -> None:
    ada = Person(port, "ada", mount)
    page = ada.page()
    form = form_in(page, "note")
    assert form.url.startswith(f"{mount}/page?_action=note/")
    assert f'src="{mount}/_actions/client.js?v=' in page
    assert f'from "{mount}/_actions/client.js?v=' in ada.get("/_actions/client.js").text
    assert ada.submit(form, BROWSER, text="tea").headers["Location"] == f"{mount}/page"
    assert "<li>tea" in ada.page()
    assert ada.submit(form, {**JSON, "Prefer": "return=representation"}, text="x").json["page"].count(mount) > 2
    assert "bad luck is bad." in ada.submit(form, BROWSER, text="bad luck").text
    assert ada.send("GET", form.url, BROWSER).status == 200
    job = ada.submit(form_in(page, "report")).headers["Location"]
    assert job.startswith(f"{mount}/_actions/-/jobs/")
    assert ada.send("GET", job, JSON).status == 200


@MOUNTS
def test_below_a_mount_point_the_own_origin_is_the_caches(port: int, behind: int, mount: str) -> None:
    ada = Person(port, "ada", mount)
    form = ada.form("note")
    for origin in (f"http://127.0.0.1:{behind}", "http://evil.example", "null"):
        assert ada.submit(form, {**JSON, "Origin": origin}, text="x").status == 403
    assert ada.submit(form, {**JSON, "X-Forwarded-Host": "evil.example", "Origin": "http://evil.example"}).status == 403


def test_a_visitors_own_forwarded_headers_change_nothing_for_others(port: int) -> None:
    hostile: dict[str, Any] = {**BROWSER, "X-Forwarded-Prefix": "//evil.example", "X-Forwarded-Host": "evil.example"}
    for path in ("/page?poisoned", "/openapi.json", "/_actions/client.js"):
        assert "evil.example" not in Person(port).get(path, hostile).text
        assert "evil.example" not in Person(port).get(path, BROWSER).text


SMUGGLED = b"GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
UNREAD_BODIES = {
    "from another site": "POST /_actions/note/x HTTP/1.1\r\nOrigin: http://evil.example\r\n",
    "unknown": "POST /_actions/nobody/x HTTP/1.1\r\n",
    "that the function does not take": "PUT /api/things/x HTTP/1.1\r\nContent-Type: text/x\r\n",
    "compressed": "PUT /api/things/x HTTP/1.1\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n",
    "of a method that is none": "DELETE /api/things/x HTTP/1.1\r\n",
}


@pytest.mark.parametrize("why", UNREAD_BODIES)
@pytest.mark.parametrize("where", ["port", "behind"])
def test_a_body_that_nobody_reads_is_no_request_of_its_own(
    request: pytest.FixtureRequest, where: str, why: str
) -> None:
    port = request.getfixturevalue(where)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        length = f"Host: 127.0.0.1\r\nAccept: application/json\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n"
        connection.sendall((UNREAD_BODIES[why] + length).encode() + SMUGGLED)
        connection.sendall(b"GET /api/maybe?last HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answers = b"".join(iter(lambda: connection.recv(65536), b""))
    statuses = re.findall(rb"^HTTP/1\.1 (\d+)", answers, re.MULTILINE)
    assert statuses[0] != b"200"
    assert b"Notes</title>" not in answers
    assert statuses[1:] in ([b"200"], [])  # or the connection is closed
