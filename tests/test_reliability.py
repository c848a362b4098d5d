"""What visitors see when processes and stores fail: real servers, a real Redis, real HTTP."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.callers import form_in
from tests.reliability_servers import HTML, Answer, Server, Visitor, next_event, python, seconds_of
from tests.stores_processes import PROMPT, RedisServer, eventually

pytest_plugins = ["tests.stores_fixtures"]


@pytest.fixture(scope="module")
def sqlite_served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sqlite")
    server = Server(folder, f"sqlite:///{folder / 'state.sqlite3'}")
    yield server
    server.program.kill()


@pytest.fixture(scope="module")
def redis_served(tmp_path_factory: pytest.TempPathFactory, shared_redis: RedisServer) -> Iterator[Server]:
    broker = shared_redis.url.removesuffix("/0") + "/1"
    server = Server(tmp_path_factory.mktemp("redis"), shared_redis.url, FAULTS_BROKER=broker)
    yield server
    server.program.kill()


def ready(server: Server) -> Server:
    server.wait()
    server.forget()
    return server


@pytest.fixture
def on_sqlite(sqlite_served: Server) -> Server:
    return ready(sqlite_served)


@pytest.fixture
def on_redis(redis_served: Server, redis_server: RedisServer) -> Server:
    return ready(redis_served)


@pytest.fixture(params=["on_sqlite", "on_redis"])
def server(request: pytest.FixtureRequest) -> Server:
    served: Server = request.getfixturevalue(request.param)
    return served


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_what_runs_once_and_is_sent_eight_times_to_two_processes_runs_once(
    server: Server, threads: ThreadPoolExecutor
) -> None:
    visitor = Visitor(server.port)
    form = visitor.form("charge")
    sent: list[Future[Answer]] = [threads.submit(visitor.submit, form) for _ in range(8)]
    eventually(lambda: sum(each.done() for each in sent) == 7)
    assert {each.result().code for each in sent if each.done()} == {"running"}
    eventually(lambda: visitor.submit(form).process not in server.lines("begun"))  # the other one has been asked
    server.go_on()
    assert sorted(each.result().status for each in sent) == [200] + [409] * 7
    again = visitor.submit(form)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert server.lines("charged") == ["tea"]


def test_what_runs_once_in_a_process_that_is_killed_never_runs_again_and_the_visitor_decides(
    server: Server, threads: ThreadPoolExecutor
) -> None:
    visitor = Visitor(server.port)
    form = visitor.form("charge")
    lost = threads.submit(visitor.submit, form)
    (process,) = eventually(lambda: server.lines("begun"))
    os.kill(int(process), signal.SIGKILL)
    with pytest.raises(OSError):  # noqa: PT011 (the connection was cut in one way or another)
        lost.result()

    running = visitor.submit(form)
    assert (running.status, running.code) == (409, "running")
    assert int(running.headers["Retry-After"]) >= 1
    eventually(lambda: visitor.submit(form).code == "interrupted")
    server.go_on()
    page = visitor.submit(form, HTML)
    assert page.status == 409
    assert "it may have been done, or not" in page.text
    assert server.lines("charged") == []

    fresh = form_in(page.text, "charge")
    assert fresh.values["idempotency_key"] != form.values["idempotency_key"]
    assert visitor.submit(fresh).status == 200
    assert server.lines("charged") == ["tea"]


def test_events_reach_the_visitor_while_the_function_runs(on_sqlite: Server) -> None:
    visitor = Visitor(on_sqlite.port)
    with visitor.streaming(visitor.form("steps")) as stream:
        assert stream.getheader("X-Accel-Buffering") == "no"
        assert next_event(stream) == ("progress", {"done": 1, "total": 2, "message": "tea"})
        on_sqlite.go_on()
        assert next_event(stream)[1]["done"] == 2
        name, answer = next_event(stream)
        assert (name, answer["data"]) == ("result", "tea")


def test_a_generator_is_closed_when_its_visitor_is_gone(on_sqlite: Server) -> None:
    visitor = Visitor(on_sqlite.port)
    with visitor.streaming(visitor.form("endless")) as stream:
        next_event(stream)
        assert not on_sqlite.lines("closed")
    eventually(lambda: (on_sqlite.folder / "closed").exists())


def test_a_job_whose_celery_worker_is_killed_has_failed_and_does_not_run_again(on_redis: Server) -> None:
    visitor = Visitor(on_redis.port)
    worker = on_redis.worker()
    try:
        accepted = visitor.submit(visitor.form("work"))
        assert accepted.status == 202, accepted.text
        job = accepted.headers["Location"]
        eventually(lambda: on_redis.lines("begun"))
        assert visitor.send("GET", job, {"Accept": "application/json"}).json["state"] == "running"
    finally:
        worker.kill()
    failed = eventually(lambda: in_state(visitor, job, "failed"))
    assert failed.json["error"]["code"] == "interrupted"

    second = on_redis.worker()
    try:
        on_redis.go_on()
        other = visitor.submit(visitor.form("work")).headers["Location"]
        eventually(lambda: in_state(visitor, other, "done"))
    finally:
        second.kill()
    assert on_redis.lines("worked") == ["tea"]
    assert in_state(visitor, job, "failed")


def in_state(visitor: Visitor, job: str, state: str) -> Answer | None:
    answer = visitor.send("GET", job, {"Accept": "application/json"})
    assert answer.status == 200, answer.text
    return answer if answer.json["state"] == state else None


def refused(visitor: Visitor) -> Answer:
    answer = visitor.submit(visitor.form("charge"))
    assert answer.status == 503, answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    return answer


def works_again(server: Server) -> None:
    server.go_on()
    visitor = Visitor(server.port)
    eventually(lambda: visitor.submit(visitor.form("charge")).status == 200)


def twenty_pages(server: Server) -> None:
    for _ in range(20):
        page = Visitor(server.port).send("GET", "/", HTML)
        assert (page.status, "Forty-two" in page.text) == (200, True)


def test_a_redis_that_stands_still_costs_each_process_a_second_once_and_pages_stay_up(
    on_redis: Server, redis_server: RedisServer
) -> None:
    redis_server.freeze()
    assert seconds_of(lambda: [twenty_pages(on_redis) for _ in range(3)]) < 30  # 54 at least, if each waited
    assert seconds_of(lambda: refused(Visitor(on_redis.port))) < PROMPT
    assert not on_redis.lines("begun")
    redis_server.thaw()
    works_again(on_redis)


def test_a_redis_that_is_killed_and_started_again_is_used_again_and_pages_stay_up(
    on_redis: Server, redis_server: RedisServer
) -> None:
    redis_server.kill()
    twenty_pages(on_redis)
    refused(Visitor(on_redis.port))
    assert not on_redis.lines("begun")
    redis_server.start()
    works_again(on_redis)


def kept(server: Server) -> bool:
    """Load pages, and return whether both processes took them from the store."""
    server.forget()
    twenty_pages(server)
    return not server.lines("computed")


def test_a_redis_that_is_emptied_costs_a_computation(on_redis: Server, redis_server: RedisServer) -> None:
    def computed_once_when_emptied() -> bool:
        eventually(lambda: kept(on_redis))
        redis_server.client(lambda client: client.flushall())
        on_redis.forget()
        twenty_pages(on_redis)
        return len(on_redis.lines("computed")) == 1

    eventually(computed_once_when_emptied)  # a Redis that is slow on a busy machine counts as away for a while
    works_again(on_redis)


def test_a_file_that_is_deleted_while_it_is_served_is_made_anew(on_sqlite: Server) -> None:
    twenty_pages(on_sqlite)
    for path in on_sqlite.folder.glob("state.sqlite3*"):
        path.unlink()
    twenty_pages(on_sqlite)
    works_again(on_sqlite)
    assert (on_sqlite.folder / "state.sqlite3").exists()


def test_a_file_that_is_broken_at_start_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite3"
    file.write_bytes(b"This was a database once. " * 400)
    audit = python(
        "flask --app tests.reliability_app:application actions audit", tmp_path, FAULTS_STORE=f"sqlite:///{file}"
    )
    assert audit.process.wait(120) == 1
    assert str(file) in audit.said
    assert "Move the file away" in audit.said
    assert "Traceback" not in audit.said
