"""All that an app does by either door, over each server that people run Flask with."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode

import pytest

from tests.neighbours.servers import COMMANDS, Server, serving
from tests.reliability_servers import EVENTS, HTML, JSON, Answer, Visitor, filled_in, next_event
from tests.stores_processes import eventually

#: those that serve others while somebody waits
CONCURRENT = ("gunicorn threads", "gunicorn gevent", "uWSGI", "uvicorn")
#: WsgiToAsgi alone does not learn that a visitor has left
NOTICING = [name for name in COMMANDS if name != "uvicorn, one thread"]
BOUNDARY = "of-the-tests"


@pytest.fixture(scope="module", params=COMMANDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(request.param, tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def visitor(server: Server) -> Visitor:
    (server.folder / "go").unlink(missing_ok=True)
    return Visitor(server.port)


def json_of(visitor: Visitor, action: str, **fields: str) -> dict[str, object]:
    answer = visitor.submit(visitor.form(action), JSON, **fields)
    assert answer.status in (200, 202), answer.text
    found: dict[str, object] = answer.json
    return found


@contextlib.contextmanager
def asking(visitor: Visitor, path: str, accept: str) -> Iterator[HTTPResponse]:
    with contextlib.closing(visitor.connection()) as connection:
        connection.request("GET", path, headers={"Accept": accept, "Cookie": visitor.cookie})
        with connection.getresponse() as response:
            yield response


def header(answer: Answer, name: str) -> str | None:
    """Return a header of an answer; ASGI servers write their names in lower case."""
    return {key.lower(): value for key, value in answer.headers.items()}.get(name.lower())


def test_a_form_goes_round_and_comes_back_where_it_is_refused(visitor: Visitor) -> None:
    form = visitor.form("add")
    added = visitor.submit(form, HTML, text="Ünïcode 1")
    assert (added.status, header(added, "Location")) == (303, "/")
    again = visitor.submit(form, HTML, text="Ünïcode 1")
    assert again.status == 422
    assert "You already have that one." in again.text
    assert 'value="Ünïcode 1"' in again.text


def test_a_script_gets_data_and_the_fresh_page(visitor: Visitor) -> None:
    answer = json_of(visitor, "add", text="by a script")
    assert answer["data"] == "by a script"
    assert "<li>by a script</li>" in str(answer["page"])


def test_a_bug_is_answered_and_logged_with_one_number(server: Server, visitor: Visitor) -> None:
    answer = visitor.submit(visitor.form("broken"), JSON)
    assert (answer.status, "drawer" in answer.text) == (500, False)
    instance = answer.json["instance"]
    eventually(lambda: instance in server.program.said and "the drawer is empty" in server.program.said)


def test_a_key_runs_an_action_once(visitor: Visitor) -> None:
    form = visitor.form("charge")
    first, second = (visitor.submit(form, JSON) for _ in range(2))
    assert first.json["data"] == second.json["data"]
    assert header(second, "Idempotency-Replayed") == "true"


def test_an_upload_arrives_whole(visitor: Visitor) -> None:
    form, content = visitor.form("measure"), "x" * 300_000
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
             for name, value in form.values.items()]  # fmt: skip
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n{content}\r\n'
    headers = {**JSON, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = visitor.send("POST", form.url, headers, f"{''.join(parts)}{file}--{BOUNDARY}--\r\n")
    assert answer.json["data"] == 300_000


def test_a_resource_is_posted_to_listed_and_not_sent_again_unchanged(visitor: Visitor) -> None:
    headers = {**JSON, "Content-Type": "application/json"}
    assert visitor.send("POST", "/api/notes", headers, '{"text": "by REST"}').status == 201
    listed = visitor.send("GET", "/api/notes", JSON)
    assert "by REST" in listed.json
    assert visitor.send("GET", "/api/notes", {**JSON, "If-None-Match": header(listed, "ETag")}).status == 304
    assert visitor.send("POST", "/api/notes", headers, '{"text": 3}').status == 422


def test_an_async_action_sees_its_request_and_its_own_context(visitor: Visitor) -> None:
    data = json_of(visitor, "add_later", text="Ada")["data"]
    assert data == {"text": "Ada", "asked_by": "Ada", "path": "/"}


@pytest.mark.parametrize("server", CONCURRENT, indirect=True)
def test_two_async_actions_wait_at_a_time_but_under_gevent(server: Server, visitor: Visitor) -> None:
    form = visitor.form("wait")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(visitor.submit, form, JSON, text="first")
        eventually((server.folder / "waits-first").exists)
        second = pool.submit(visitor.submit, form, JSON, text="second")
        if server.name == "gunicorn gevent":  # asyncio has one loop for each thread of the system
            assert second.result().status == 500
        else:
            eventually((server.folder / "waits-second").exists)
        server.let_go()
        assert first.result().status == 200
    assert ("event loop" in server.program.said) is (server.name == "gunicorn gevent")


def test_an_event_arrives_before_the_next_is_made(server: Server, visitor: Visitor) -> None:
    with visitor.streaming(visitor.form("steps")) as response:
        assert next_event(response) == ("progress", {"done": 1, "total": 2, "message": "tea"})
        server.let_go()
        assert next_event(response)[1]["done"] == 2
        name, answer = next_event(response)
    assert (name, answer["data"]) == ("result", "tea")


def test_a_job_tells_its_progress_and_its_end(server: Server, visitor: Visitor) -> None:
    job = json_of(visitor, "report", text="tea")["job"]
    url = job["url"]  # type: ignore[index]
    with asking(visitor, url, EVENTS["Accept"]) as response:
        while next_event(response)[1]["message"] != "begun":
            pass
        server.let_go()
        event = next_event(response)
        while event[0] == "progress":
            event = next_event(response)
    assert event[1]["data"] == "tea: done"
    assert visitor.send("GET", url, JSON).json["state"] == "done"


def test_a_job_goes_on_while_nobody_asks(server: Server, visitor: Visitor) -> None:
    json_of(visitor, "leave", text="job")
    eventually((server.folder / "left-job").exists)


@pytest.mark.parametrize("server", NOTICING, indirect=True)
def test_a_stream_that_its_visitor_leaves_ends_its_function(server: Server, visitor: Visitor) -> None:
    with visitor.streaming(visitor.form("endless"), text=server.name) as response:
        next_event(response)
    eventually((server.folder / f"closed-{server.name}").exists)


@pytest.mark.parametrize("server", CONCURRENT, indirect=True)
def test_others_are_served_while_one_streams(server: Server, visitor: Visitor) -> None:
    with visitor.streaming(visitor.form("steps")) as response:
        next_event(response)
        assert Visitor(server.port).send("GET", "/", HTML).status == 200
        server.let_go()
        assert next_event(response)[1]["done"] == 2


def live_url(page: str) -> str:
    topic, known = re.findall('data-live="(.*?)" data-since="(.*?)"', page)[0]
    return f"/_actions/-/live?{urlencode({'topic': topic, 'since': known})}"


def test_a_live_page_is_told_at_once_or_asks_again(server: Server, visitor: Visitor) -> None:
    url = live_url(visitor.send("GET", "/", HTML).text)
    with asking(visitor, url, "text/event-stream") as response:
        assert response.readline().startswith(b"retry: ")
        if server.name not in CONCURRENT:
            assert response.read() == b""  # the connection is over: nobody waits for it
        json_of(visitor, "add", text="news")
        if server.name in CONCURRENT:
            told = next(line for line in iter(response.readline, b"") if line.startswith(b"data: "))
            assert told == b'data: {"tags": ["notes"]}\n'
    with asking(visitor, url, "text/event-stream") as response:
        assert next(line for line in iter(response.readline, b"") if line.startswith(b"data: ")) == (
            b'data: {"tags": ["notes"]}\n'
        )


def test_a_body_without_a_known_end_runs_nothing_or_is_read_whole(server: Server, visitor: Visitor) -> None:
    form = visitor.form("add")
    body = filled_in(form, text="in chunks").encode()
    with contextlib.closing(HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        headers = {**JSON, "Cookie": visitor.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        with contextlib.suppress(ConnectionError):  # it has answered, and does not wait for the body
            connection.request("POST", form.url, iter([body[:10], body[10:]]), headers, encode_chunked=True)
        response = connection.getresponse()
        expected = 200 if server.name.startswith("gunicorn") else 400
        assert response.status == expected
        response.read()
    assert ("<li>in chunks</li>" in visitor.send("GET", "/", HTML).text) is (expected == 200)


def test_a_server_that_serves_one_at_a_time_in_secret_is_told_of(server: Server) -> None:
    assert ("WsgiToAsgi serves one request at a time" in server.program.said) is (server.name == "uvicorn, one thread")
