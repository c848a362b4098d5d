"""Where background jobs wait: a bounded pool of threads in this process, or Celery's broker."""

from __future__ import annotations

import contextvars
import os
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from ..errors import Refusal
from ..logs import logger

THREADS = 4
WAITING = 100  # jobs that wait for a thread; beyond, new ones are refused
PUBLISH_SECONDS = 2.0
TASK = "flask_serveractions.job"
NOT_STARTED = "This can't be started just now. Please try again in a moment."

Payload = Mapping[str, Any]
#: Runs the job of an ID; does nothing where it was cancelled, or has run.
Work = Callable[[str, Payload], None]
#: Whether the job of an ID is still to be run.
Wanted = Callable[[str], bool]


class Queue(Protocol):
    """What brings jobs to :data:`Work`."""

    in_process: bool  # what waits here is lost with the process

    def push(self, job_id: str, payload: Payload) -> None:
        """Queue a job.

        :raises Refusal: 503, it will not run.
        """


def not_started_refusal(reason: str) -> Refusal:
    return Refusal(503, reason, NOT_STARTED, headers=[("Retry-After", "5")])


class Workers:
    """The waiting jobs and the threads of one process."""

    def __init__(self, waiting: int) -> None:
        self.jobs: queue.Queue[tuple[str, Payload]] = queue.Queue(waiting)
        self.threads: list[threading.Thread] = []
        self.lock = threading.Lock()

    def forget_all_but(self, wanted: Wanted) -> None:
        """Make room: jobs that were cancelled while they waited, in whatever process, wait no more."""
        with self.jobs.mutex:
            waiting = [job_id for job_id, _ in self.jobs.queue]
        unwanted = {job_id for job_id in waiting if not wanted(job_id)}
        with self.jobs.mutex:
            kept = [each for each in self.jobs.queue if each[0] not in unwanted]
            self.jobs.queue.clear()
            self.jobs.queue.extend(kept)


class ThreadPool:
    """Threads of this process, started as they are needed. They do not hold up its end: what runs then is interrupted.

    :param threads: jobs that run at once.
    :param waiting: jobs that wait at most.
    """

    in_process = True

    def __init__(self, work: Work, wanted: Wanted, threads: int = THREADS, waiting: int = WAITING) -> None:
        self.work = work
        self.wanted = wanted
        self.threads = threads
        self.waiting = waiting
        self._workers: dict[int, Workers] = {}  # by process: a fork inherits neither threads nor their jobs

    def push(self, job_id: str, payload: Payload) -> None:
        workers = self._workers.setdefault(os.getpid(), Workers(self.waiting))
        if workers.jobs.full():
            workers.forget_all_but(self.wanted)
        try:
            workers.jobs.put_nowait((job_id, payload))
        except queue.Full:
            raise not_started_refusal(f"{self.waiting} background jobs wait already") from None
        with workers.lock:
            if len(workers.threads) < self.threads:
                thread = threading.Thread(target=self._serve, args=(workers,), name="serveractions-job", daemon=True)
                workers.threads.append(thread)
                thread.start()

    def _serve(self, workers: Workers) -> None:
        while True:
            job_id, payload = workers.jobs.get()
            try:
                self.work(job_id, payload)
            except Exception:
                logger.exception("Background job %s broke down.", job_id)
            except BaseException as error:  # SystemExit, as a command line's main() raises it: the thread goes on
                logger.debug("Background job %s ended by %r.", job_id, error)


#: By Celery app: what its one task does. The Flask app that was made last counts.
works: WeakKeyDictionary[Any, Work] = WeakKeyDictionary()


class CeleryQueue:
    """One task on a Celery app, which any of its workers runs.

    The message is acknowledged when the task has ended, so that a worker that dies before the job has begun does not
    lose it; a job that has begun is never begun again.

    :param celery: the Celery app.
    :param seconds: that the broker may take to accept a job.
    """

    in_process = False

    def __init__(self, work: Work, wanted: Wanted, celery: Any, seconds: float = PUBLISH_SECONDS) -> None:
        self.celery = celery
        self.seconds = seconds
        self._stuck: threading.Thread | None = None
        if celery not in works:
            register(celery)
        works[celery] = work

    def push(self, job_id: str, payload: Payload) -> None:
        if self._stuck is not None and self._stuck.is_alive():
            raise not_started_refusal("Celery's broker does not answer")
        publishing = Publishing(self.celery, job_id, payload)
        if self.celery.conf.task_always_eager:  # the job is not of the request that orders it: a worker's has none
            contextvars.Context().run(publishing.run)
        else:
            publishing.start()
            publishing.join(self.seconds)
        if publishing.is_alive():
            self._stuck = publishing
            raise not_started_refusal("Celery's broker does not answer")
        if publishing.error is not None:
            raise not_started_refusal(f"Celery's broker: {publishing.error!r}") from publishing.error


class Publishing(threading.Thread):
    """Hands one job to the broker: in a thread, because no setting of Celery's ends every wait for a broker."""

    def __init__(self, celery: Any, job_id: str, payload: Payload) -> None:
        super().__init__(name="serveractions-publish", daemon=True)
        self.celery = celery
        self.arguments = (job_id, payload)
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.celery.tasks[TASK].apply_async(self.arguments, retry=False, serializer="json")
        except Exception as error:
            self.error = error


def register(celery: Any) -> None:
    @celery.task(name=TASK, shared=False, ignore_result=True, acks_late=True, reject_on_worker_lost=True)  # type: ignore[untyped-decorator]  # Celery has no types
    def job(job_id: str, payload: Payload) -> None:
        works[celery](job_id, payload)
