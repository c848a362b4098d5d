"""What background jobs do in tests, run by threads or by a Celery worker: ``celery -A tests.jobs.jobs_apps``."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from celery import Celery

from flask_serveractions.errors import ActionError
from flask_serveractions.jobs.progress import Progress
from flask_serveractions.jobs.queues import CeleryQueue
from flask_serveractions.jobs.records import Jobs
from flask_serveractions.stores.store import open_store
from tests.stores_processes import eventually

OWNER = "ada"


def run(payload: Mapping[str, Any]) -> Any:
    return KINDS[payload["kind"]](**{name: value for name, value in payload.items() if name != "kind"})


def add(a: Any, b: Any) -> Any:
    return {"sum": a + b}


def fail() -> None:
    raise ActionError("Not today.", code="later")


def crash() -> None:
    raise ZeroDivisionError("oh")


def leave() -> None:
    raise SystemExit(3)


def count(total: int) -> Generator[Progress, None, str]:
    for done in range(1, total + 1):
        yield Progress(done, total, f"step {done}")
    return "counted"


def odd() -> Generator[Any, None, None]:
    yield "a text"


def unstorable() -> object:
    return object()


def wait(folder: str) -> Generator[Progress, None, str]:
    """Begin, and go on when there is a file ``go``; leave a file for each thing that happens."""
    place = Path(folder)
    try:
        (place / "begun").write_text(str(os.getpid()))
        yield Progress(1, 3, "begun")
        eventually((place / "go").exists)
        (place / "went").touch()
        yield Progress(2, 3, "gone on")
        (place / "further").touch()
        return "done"
    finally:
        (place / "closed").touch()


def block(folder: str) -> str:
    (Path(folder) / "begun").touch()
    eventually((Path(folder) / "go").exists)
    (Path(folder) / "went").touch()
    return "done"


KINDS = {each.__name__: each for each in (add, fail, crash, leave, count, odd, unstorable, wait, block)}


def describe(error: BaseException) -> dict[str, Any]:
    if isinstance(error, ActionError):
        return {"status": error.status, "detail": error.message, "code": error.code}
    return {"status": 500, "detail": f"{type(error).__name__}: {error}"}


def celery_jobs(celery: Celery, store_url: str, lease: float) -> Jobs:
    store = open_store(store_url, "")
    return Jobs(lambda: store, run, describe, partial(CeleryQueue, celery=celery), lease=lease)


def started(jobs: Jobs, kind: str, most: int | None = None, owner: str = OWNER, **payload: Any) -> str:
    """Return the ID of a new job."""
    return jobs.start({"kind": kind, **payload}, owner=owner, most=most).id


def until(jobs: Jobs, job_id: str, state: str, seconds: float = 60) -> Any:
    """Return the job as soon as it is in a state."""
    deadline = time.monotonic() + seconds
    job = jobs.find(job_id, OWNER)
    while job is not None and job.state != state and time.monotonic() < deadline:
        time.sleep(0.01)
        job = jobs.find(job_id, OWNER)
    assert job is not None
    assert job.state == state, job
    return job


celery = Celery("jobs", broker=os.environ.get("JOBS_BROKER", "memory://"))
celery.conf.broker_connection_retry_on_startup = True
if "JOBS_STORE" in os.environ:
    jobs = celery_jobs(celery, os.environ["JOBS_STORE"], float(os.environ["JOBS_LEASE"]))
