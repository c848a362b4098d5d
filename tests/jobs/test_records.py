"""Background jobs in the threads of a process: what their records say, whatever becomes of the process."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flask_serveractions.errors import Refusal
from flask_serveractions.jobs.queues import ThreadPool
from flask_serveractions.jobs.records import Jobs
from flask_serveractions.stores.store import Store, StoreUnavailable, open_store
from tests.jobs.jobs_apps import OWNER, describe, run, started, until
from tests.stores_processes import AT_ONCE, RedisServer, eventually, kill, milliseconds, process

pytest_plugins = ["tests.stores_fixtures"]

LEASE = 3.0  # seconds; a busy machine misses one beat of the four in it, but not three


def jobs_in(store: Store, threads: int = 4, waiting: int = 100, **options: float) -> Jobs:
    return Jobs(lambda: store, run, describe, partial(ThreadPool, threads=threads, waiting=waiting), **options)


@pytest.fixture
def jobs(store: Store) -> Jobs:
    return jobs_in(store)


def test_a_job_is_queued_and_then_done_with_its_result(jobs: Jobs) -> None:
    job = jobs.start({"kind": "add", "a": 1, "b": 2}, owner=OWNER, about={"page": "/reports"})
    assert (job.state, job.ended) == ("queued", False)
    done = until(jobs, job.id, "done")
    assert done.to_json() == {
        "state": "done", "done": 0, "total": None, "message": "", "data": {"sum": 3}, "error": None,
    }  # fmt: skip
    assert done.about == {"page": "/reports"}


def test_a_job_says_how_far_it_has_come(jobs: Jobs, tmp_path: Path) -> None:
    job_id = started(jobs, "wait", folder=str(tmp_path))
    seen = eventually(lambda: at(jobs, job_id, 1))
    assert (seen.state, seen.total, seen.message) == ("running", 3, "begun")
    (tmp_path / "go").touch()
    done = until(jobs, job_id, "done")
    assert (done.done, done.message, done.data) == (2, "gone on", "done")


def at(jobs: Jobs, job_id: str, done: float) -> Any:
    job = jobs.find(job_id, OWNER)
    return job if job is not None and job.done == done else None


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("fail", {"status": 422, "detail": "Not today.", "code": "later"}),
        ("crash", {"status": 500, "detail": "ZeroDivisionError: oh"}),
        ("leave", {"status": 500, "detail": "SystemExit: 3"}),
        ("odd", {"status": 500, "detail": "TypeError: A background job yielded 'a text': yield Progress(done, total"
                                          ", message)."}),
        ("unstorable", {"status": 500, "detail": "TypeError: Object of type object is not JSON serializable"}),
    ],
)  # fmt: skip
def test_a_job_that_raises_has_failed_and_says_why(jobs: Jobs, kind: str, error: dict[str, Any]) -> None:
    assert until(jobs, started(jobs, kind), "failed").error == error


def test_a_job_that_exits_ends_none_of_the_threads(store: Store) -> None:
    jobs = jobs_in(store, threads=1)
    assert until(jobs, started(jobs, "leave"), "failed").error
    assert until(jobs, started(jobs, "add", a=1, b=2), "done").data == {"sum": 3}


def test_a_job_is_its_owners_alone(jobs: Jobs) -> None:
    job_id = started(jobs, "add", a=1, b=2)
    assert jobs.find(job_id, "bob") is None
    assert jobs.find(job_id, "größe") is None
    assert jobs.cancel(job_id, "bob") is None
    assert list(jobs.watch(job_id, "bob")) == []
    assert jobs.find("unknown", OWNER) is None
    assert until(jobs, job_id, "done")


def test_a_job_can_be_asked_for_as_long_as_it_is_kept(store: Store) -> None:
    jobs = jobs_in(store, kept=0.3)
    job_id = started(jobs, "add", a=1, b=2)
    eventually(lambda: jobs.find(job_id, OWNER) is None)


def test_watching_tells_every_change_and_gives_signs_of_life_until_the_end(jobs: Jobs, tmp_path: Path) -> None:
    job_id = started(jobs, "wait", folder=str(tmp_path))
    eventually(lambda: at(jobs, job_id, 1))
    watching = jobs.watch(job_id, OWNER, poll=0.005, heartbeat=0.02)
    first = next(watching)
    assert first is not None
    assert (first.state, first.done) == ("running", 1)
    assert next(watching) is None
    (tmp_path / "go").touch()
    states = [job.state for job in watching if job is not None]
    assert states[-1] == "done"
    assert set(states[:-1]) <= {"running"}


# Cancelling


def test_a_running_generator_is_closed_at_its_next_yield(jobs: Jobs, tmp_path: Path) -> None:
    job_id = started(jobs, "wait", folder=str(tmp_path))
    eventually(lambda: at(jobs, job_id, 1))
    cancelled = jobs.cancel(job_id, OWNER)
    assert cancelled is not None
    assert cancelled.error is not None
    assert (cancelled.state, cancelled.error["code"]) == ("failed", "cancelled")
    (tmp_path / "go").touch()
    eventually((tmp_path / "closed").exists)
    assert (tmp_path / "went").exists()
    assert not (tmp_path / "further").exists()
    assert jobs.find(job_id, OWNER) == cancelled


def test_the_result_of_a_cancelled_function_is_dropped(jobs: Jobs, tmp_path: Path) -> None:
    job_id = started(jobs, "block", folder=str(tmp_path))
    eventually((tmp_path / "begun").exists)
    cancelled = jobs.cancel(job_id, OWNER)
    (tmp_path / "go").touch()
    eventually((tmp_path / "went").exists)
    until(jobs, started(jobs, "add", a=1, b=2), "done")
    assert jobs.find(job_id, OWNER) == cancelled


def test_a_job_that_is_cancelled_while_it_waits_never_runs(store: Store, tmp_path: Path) -> None:
    jobs = jobs_in(store, threads=1)
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    started(jobs, "block", folder=str(first))
    waiting = started(jobs, "block", folder=str(second))
    eventually((first / "begun").exists)
    jobs.cancel(waiting, OWNER)
    (first / "go").touch()
    until(jobs, started(jobs, "add", a=1, b=2), "done")
    assert not (second / "begun").exists()


def test_what_has_ended_cannot_be_cancelled(jobs: Jobs) -> None:
    job_id = started(jobs, "add", a=1, b=2)
    done = until(jobs, job_id, "done")
    assert jobs.cancel(job_id, OWNER) == done


# What can't be started


def test_a_full_queue_is_503_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    jobs = jobs_in(store, threads=1, waiting=1)
    job_id = started(jobs, "block", folder=str(tmp_path))
    eventually((tmp_path / "begun").exists)
    started(jobs, "add", a=1, b=2)
    with pytest.raises(Refusal) as caught:
        started(jobs, "add", a=1, b=2)
    assert (caught.value.status, dict(caught.value.headers)) == (503, {"Retry-After": "5"})
    assert len(jobs._waiting) == 1
    (tmp_path / "go").touch()
    until(jobs, job_id, "done")
    until(jobs, started(jobs, "add", a=1, b=2), "done")


def test_without_a_store_nothing_is_queued(redis_server: RedisServer) -> None:
    jobs = jobs_in(open_store(redis_server.url, ""))
    redis_server.freeze()
    with pytest.raises(Refusal) as caught:
        started(jobs, "add", a=1, b=2)
    assert caught.value.status == 503
    assert milliseconds(lambda: started(jobs, "add", a=1, b=2)) < AT_ONCE
    assert jobs._waiting == {}


# A process that dies


def one_job(url: str, folder: str, lease: float) -> None:
    """Run one job, with another one waiting behind it, until the process is killed."""
    jobs = jobs_in(open_store(url, ""), threads=1, lease=lease)
    ids = [started(jobs, "wait", folder=folder), started(jobs, "add", a=1, b=2)]
    (Path(folder) / "ids").write_text(" ".join(ids))
    threading.Event().wait(60)


def ids_in(folder: Path) -> list[str]:
    path = folder / "ids"
    return path.read_text().split() if path.exists() else []


def test_jobs_of_a_killed_process_have_failed_whether_they_ran_or_waited(
    jobs: Jobs, store_url: str, tmp_path: Path
) -> None:
    with process(one_job, store_url, str(tmp_path), LEASE) as worker:
        running, waiting = eventually(lambda: ids_in(tmp_path))
        eventually(lambda: at(jobs, running, 1))
        threading.Event().wait(1.2 * LEASE)  # a process that lives renews it
        assert [jobs.find(each, OWNER).state for each in (running, waiting)] == ["running", "queued"]  # type: ignore[union-attr]
        kill(worker)
    for job_id in (running, waiting):
        failed = until(jobs, job_id, "failed")
        assert failed.error["code"] == "interrupted"


def test_a_job_that_was_said_to_have_failed_does_not_come_back(jobs: Jobs, store_url: str, tmp_path: Path) -> None:
    with process(one_job, store_url, str(tmp_path), LEASE) as worker:
        running, _ = eventually(lambda: ids_in(tmp_path))
        eventually(lambda: at(jobs, running, 1))
        os.kill(worker.pid, signal.SIGSTOP)
        failed = until(jobs, running, "failed")
        (tmp_path / "go").touch()
        os.kill(worker.pid, signal.SIGCONT)
        eventually((tmp_path / "closed").exists)
        assert not (tmp_path / "further").exists()
        assert jobs.find(running, OWNER) == failed


def test_a_forked_child_has_threads_of_its_own(jobs: Jobs) -> None:
    until(jobs, started(jobs, "add", a=1, b=2), "done")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads; that is what is tested
        child = os.fork()
    if child == 0:
        try:
            done = until(jobs, started(jobs, "add", a=2, b=2), "done").data == {"sum": 4}
        finally:
            os._exit(0 if done else 1)
    assert os.waitpid(child, 0)[1] == 0


# A store that fails meanwhile


@pytest.fixture
def on_redis(redis_server: RedisServer) -> Iterator[Jobs]:
    store = open_store(redis_server.url, "")
    yield jobs_in(store)
    store.close()


def test_a_job_goes_on_while_the_store_stands_still_and_its_end_is_told_later(
    on_redis: Jobs, redis_server: RedisServer, tmp_path: Path
) -> None:
    job_id = started(on_redis, "wait", folder=str(tmp_path))
    eventually(lambda: at(on_redis, job_id, 1))
    redis_server.freeze()
    (tmp_path / "go").touch()
    eventually((tmp_path / "closed").exists)
    redis_server.thaw()
    assert eventually(lambda: done_or_none(on_redis, job_id)).data == "done"


def done_or_none(jobs: Jobs, job_id: str) -> Any:
    try:
        job = jobs.find(job_id, OWNER)
    except StoreUnavailable:
        return None
    return job if job is not None and job.state == "done" else None


def test_a_watcher_outlasts_a_store_that_is_away_for_a_while(
    on_redis: Jobs, redis_server: RedisServer, tmp_path: Path
) -> None:
    job_id = started(on_redis, "wait", folder=str(tmp_path))
    eventually(lambda: at(on_redis, job_id, 1))
    watching = on_redis.watch(job_id, OWNER, poll=0.01, heartbeat=0.05)
    assert next(watching) is not None
    redis_server.freeze()
    assert [next(watching), next(watching)] == [None, None]
    redis_server.thaw()
    (tmp_path / "go").touch()
    assert [job.state for job in watching if job is not None][-1] == "done"


def test_a_job_goes_on_when_the_store_was_emptied(on_redis: Jobs, redis_server: RedisServer, tmp_path: Path) -> None:
    job_id = started(on_redis, "wait", folder=str(tmp_path))
    eventually(lambda: at(on_redis, job_id, 1))
    redis_server.client(lambda client: client.flushall())
    assert on_redis.find(job_id, OWNER) is None
    (tmp_path / "go").touch()
    eventually((tmp_path / "closed").exists)
    assert eventually(lambda: done_or_none(on_redis, job_id)).data == "done"
