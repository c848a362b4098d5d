"""Background jobs in Celery: a real broker, a real worker, and what becomes of the jobs when they fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from flask_serveractions.errors import Refusal
from flask_serveractions.jobs.queues import TASK
from flask_serveractions.jobs.records import Jobs
from tests.jobs.jobs_apps import OWNER, celery_jobs, started, until
from tests.stores_processes import AT_ONCE, RedisServer, eventually, milliseconds

pytest_plugins = ["tests.stores_fixtures"]

ROOT = Path(__file__).parents[2]
LEASE = 2.0


class Worker:
    """A process of ``celery worker`` with two children."""

    def __init__(self, redis: RedisServer) -> None:
        self.environment = {
            **os.environ,
            "JOBS_BROKER": broker_of(redis),
            "JOBS_STORE": redis.url,
            "JOBS_LEASE": str(LEASE),
            "PYTHONPATH": str(ROOT),
        }
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "tests.jobs.jobs_apps",
            "worker",
            "-c",
            "2",
            "--without-mingle",
        ]
        options = ["--without-gossip", "--loglevel", "error"]
        self.process = subprocess.Popen(
            [*command, *options], cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def kill(self) -> None:
        """Kill the worker and its children, as a machine that is switched off does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def broker_of(redis: RedisServer) -> str:
    return redis.url.removesuffix("/0") + "/1"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("broker"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def worker(redis: RedisServer) -> Iterator[Worker]:
    running = Worker(redis)
    yield running
    running.kill()


@pytest.fixture
def jobs(redis: RedisServer) -> Iterator[Jobs]:
    celery = Celery("jobs", broker=broker_of(redis))
    yield celery_jobs(celery, redis.url, LEASE)
    celery.close()


@pytest.mark.usefixtures("worker")
def test_a_worker_runs_jobs_and_tells_of_their_progress_results_and_failures(jobs: Jobs, tmp_path: Path) -> None:
    waiting = started(jobs, "wait", folder=str(tmp_path))
    added, failed = started(jobs, "add", a=1, b=2), started(jobs, "fail")
    assert until(jobs, added, "done").data == {"sum": 3}
    assert until(jobs, failed, "failed").error["code"] == "later"
    until(jobs, waiting, "running")  # it runs before it tells how far it has come
    running = eventually(lambda: told if (told := jobs.find(waiting, OWNER)) and told.message else None)
    assert (running.done, running.total, running.message) == (1, 3, "begun")
    assert int((tmp_path / "begun").read_text()) != os.getpid()
    (tmp_path / "go").touch()
    assert until(jobs, waiting, "done").data == "done"


@pytest.mark.usefixtures("worker")
def test_a_job_in_a_worker_is_closed_at_its_next_yield_when_it_is_cancelled(jobs: Jobs, tmp_path: Path) -> None:
    job_id = started(jobs, "wait", folder=str(tmp_path))
    until(jobs, job_id, "running")
    eventually((tmp_path / "begun").exists)
    jobs.cancel(job_id, OWNER)
    (tmp_path / "go").touch()
    eventually((tmp_path / "closed").exists)
    assert not (tmp_path / "further").exists()


@pytest.mark.usefixtures("worker")
def test_a_job_whose_child_process_is_killed_has_failed_and_does_not_run_again(jobs: Jobs, tmp_path: Path) -> None:
    job_id = started(jobs, "wait", folder=str(tmp_path))
    until(jobs, job_id, "running")
    eventually((tmp_path / "begun").exists)
    child = eventually((tmp_path / "begun").read_text)
    os.kill(int(child), signal.SIGKILL)
    assert until(jobs, job_id, "failed").error["code"] == "interrupted"
    until(jobs, started(jobs, "add", a=1, b=2), "done")
    assert (tmp_path / "begun").read_text() == child


def test_a_killed_worker_leaves_its_job_failed_and_the_waiting_ones_to_the_next(
    jobs: Jobs, worker: Worker, tmp_path: Path
) -> None:
    running = started(jobs, "wait", folder=str(tmp_path))
    until(jobs, running, "running")
    worker.kill()
    waiting = started(jobs, "add", a=1, b=2)
    assert until(jobs, running, "failed").error["code"] == "interrupted"
    assert jobs.find(waiting, OWNER).state == "queued"  # type: ignore[union-attr]
    worker.start()
    assert until(jobs, waiting, "done").data == {"sum": 3}


def test_a_job_that_is_cancelled_in_the_brokers_queue_never_runs(jobs: Jobs, worker: Worker, tmp_path: Path) -> None:
    worker.kill()
    cancelled = started(jobs, "wait", folder=str(tmp_path))
    assert jobs.cancel(cancelled, OWNER).state == "failed"  # type: ignore[union-attr]
    last = started(jobs, "add", a=1, b=2)
    worker.start()
    until(jobs, last, "done")
    assert not (tmp_path / "begun").exists()


def test_a_message_that_comes_twice_runs_once(jobs: Jobs, worker: Worker, tmp_path: Path) -> None:
    job_id = started(jobs, "block", folder=str(tmp_path))
    jobs.queue.push(job_id, {"kind": "block", "folder": str(tmp_path)})
    until(jobs, job_id, "running")
    until(jobs, started(jobs, "add", a=1, b=2), "done")  # by the other child, after the second message
    (tmp_path / "go").touch()
    assert until(jobs, job_id, "done").data == "done"


# A broker that fails


def refusal(jobs: Jobs) -> Refusal:
    with pytest.raises(Refusal) as caught:
        started(jobs, "add", a=1, b=2)
    return caught.value


@pytest.fixture
def broken(redis_server: RedisServer, redis: RedisServer) -> Iterator[tuple[Jobs, RedisServer]]:
    """Jobs whose store works, and whose broker may fail."""
    celery = Celery("jobs", broker=redis_server.url)
    yield celery_jobs(celery, redis.url, LEASE), redis_server
    redis_server.thaw()
    celery.close()


def test_a_broker_that_is_away_is_503_and_nothing_is_queued(broken: tuple[Jobs, RedisServer]) -> None:
    jobs, broker = broken
    broker.kill()
    assert milliseconds(lambda: refusal(jobs)) < 3000
    assert refusal(jobs).status == 503


def test_a_broker_that_stands_still_is_503_and_what_it_takes_later_does_not_run(
    broken: tuple[Jobs, RedisServer], redis: RedisServer
) -> None:
    jobs, broker = broken
    before = redis.client(lambda client: client.keys("*record:job:*"))
    broker.freeze()
    assert milliseconds(lambda: refusal(jobs)) < 3000
    assert milliseconds(lambda: refusal(jobs)) < AT_ONCE  # the next one does not wait
    assert refusal(jobs).status == 503
    assert redis.client(lambda client: client.keys("*record:job:*")) == before  # a job without a record does not run
    broker.thaw()
    started_again = eventually(lambda: started_or_none(jobs))
    assert jobs.find(started_again, OWNER).state == "queued"  # type: ignore[union-attr]


def started_or_none(jobs: Jobs) -> str | None:
    try:
        return started(jobs, "add", a=1, b=2)
    except Refusal:
        return None


def test_a_job_without_a_record_does_not_run(jobs: Jobs, tmp_path: Path) -> None:
    jobs.work("unknown", {"kind": "block", "folder": str(tmp_path)})
    assert not (tmp_path / "begun").exists()


def test_with_celerys_eager_setting_a_job_has_ended_when_it_was_started(redis: RedisServer) -> None:
    celery = Celery("jobs", broker="memory://")
    celery.conf.task_always_eager = True
    jobs = celery_jobs(celery, redis.url, LEASE)
    assert until(jobs, started(jobs, "count", total=3), "done", 0).data == "counted"


def test_one_task_is_registered_and_the_last_app_answers_for_it(redis: RedisServer) -> None:
    celery = Celery("jobs", broker="memory://")
    celery.conf.task_always_eager = True
    first, last = (celery_jobs(celery, redis.url, LEASE) for _ in range(2))
    assert [name for name in celery.tasks if not name.startswith("celery.")] == [TASK]
    ran: list[str] = []
    last.run = lambda payload: ran.append("last")
    until(first, started(first, "add", a=1, b=2), "done", 0)
    assert ran == ["last"]
