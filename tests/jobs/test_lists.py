"""Whose jobs are whose: how many may be under way, and which a page shows."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flask_serveractions.errors import Refusal
from flask_serveractions.jobs.lists import LISTED, JobList
from flask_serveractions.jobs.queues import ThreadPool
from flask_serveractions.jobs.records import Jobs
from flask_serveractions.stores.store import Store, open_store
from tests.jobs.jobs_apps import OWNER, describe, run, until
from tests.stores_processes import EightProcesses, eventually, kill, process

pytest_plugins = ["tests.stores_fixtures"]

LEASE = 3.0  # seconds; a busy machine misses one beat of the four in it, but not three


def jobs_in(store: Store, **options: Any) -> Jobs:
    return Jobs(lambda: store, run, describe, partial(ThreadPool, **options), lease=LEASE)


def started(jobs: Jobs, kind: str, most: int = 1, owner: str = OWNER, **payload: Any) -> str:
    return jobs.start({"kind": kind, **payload}, owner=owner, most=most).id


def is_refused(jobs: Jobs, most: int = 1) -> bool:
    try:
        started(jobs, "add", most, a=1, b=2)
    except Refusal as refusal:
        return refusal.status == 429
    return False


def test_an_owners_jobs_are_listed_newest_first_whether_they_have_ended_or_not(store: Store, tmp_path: Path) -> None:
    jobs = jobs_in(store)
    first, second = started(jobs, "add", 3, a=1, b=2), started(jobs, "wait", 3, folder=str(tmp_path))
    started(jobs, "add", owner="bob", a=1, b=2)
    until(jobs, first, "done")
    assert [job.id for job in jobs.of(OWNER)] == [second, first]
    assert jobs.of("nobody") == []
    (tmp_path / "go").touch()


def test_what_is_over_is_forgotten_when_there_is_much_of_it_and_what_is_not_never(store: Store) -> None:
    listed, ended = JobList(store, OWNER, 60), set[str]()
    for number in range(LISTED + 20):
        assert listed.add(str(number), 5, lambda job_id: job_id not in ended)
        if number > 2:
            ended.add(str(number))
    ids = listed.ids()
    assert ids[0] == str(LISTED + 19)
    assert ids[-3:] == ["2", "1", "0"]
    assert len(ids) <= LISTED + 5


def test_a_refused_job_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    jobs = jobs_in(store)
    held = started(jobs, "wait", folder=str(tmp_path))
    assert is_refused(jobs)
    assert [job.id for job in jobs.of(OWNER)] == [held]
    assert list(jobs._waiting) in ([], [held])
    (tmp_path / "go").touch()


def keep_busy(url: str, folder: str) -> None:
    """Run a job that never yields, until the process is killed."""
    started(jobs_in(open_store(url, "")), "block", folder=folder)
    threading.Event().wait(60)


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_job_whose_process_is_killed_holds_no_place_after_its_lease(
    store: Store, store_url: str, tmp_path: Path, cancelled: bool
) -> None:
    jobs = jobs_in(store)
    with process(keep_busy, store_url, str(tmp_path)) as worker:
        eventually((tmp_path / "begun").exists)
        if cancelled:
            jobs.cancel(jobs.of(OWNER)[0].id, OWNER)
        threading.Event().wait(1.2 * LEASE)  # a process that lives renews what it holds
        assert is_refused(jobs)
        kill(worker)
    eventually(lambda: not is_refused(jobs))


def test_a_process_that_stands_still_gets_its_place_back_when_it_goes_on(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    jobs = jobs_in(store)
    with process(keep_busy, store_url, str(tmp_path)) as worker:
        eventually((tmp_path / "begun").exists)
        os.kill(worker.pid, signal.SIGSTOP)
        eventually(lambda: jobs.of(OWNER)[0].state == "failed")
        os.kill(worker.pid, signal.SIGCONT)
        (tmp_path / "go").touch()
        eventually((tmp_path / "went").exists)
    eventually(lambda: not is_refused(jobs))


def order_many(number: int, url: str) -> int:
    listed = JobList(open_store(url, ""), OWNER, 60)
    return sum(listed.add(f"{number}-{job}", 20, lambda _: True) for job in range(20))


def test_of_eight_processes_that_order_at_once_none_goes_over_the_limit(
    eight: EightProcesses, store: Store, store_url: str
) -> None:
    assert sum(eight.run(order_many, store_url)) == 20
    assert len(set(JobList(store, OWNER, 60).ids())) == 20
