"""``background=True``: calls that run elsewhere, and records in the store that say how they are getting on.

Whoever runs a job, or has it in its own queue, holds its record by a token and renews the lease. To cancel a job is to
take the token away, which the runner finds out at its next yield. A job whose holder has died is known by its lease.
One that waits in a broker is held by nobody: its lease only says when to remind the broker, which may have lost it.

Who runs a job holds a second record, its *place*, until the function is over: one that was cancelled may go on for
long, and counts as under way until it is.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import Refusal
from ..logs import logger
from ..shared.streams import HEARTBEAT_SECONDS
from ..stores.leases import Lease, hold_lease, holding_lease, release
from ..stores.store import Record, Store, StoreUnavailable
from .lists import JobList
from .progress import Progress
from .queues import Queue, Wanted, Work, not_started_refusal

LEASE_SECONDS = 45.0  # a job of a dead process is seen to have failed after so long
KEPT_SECONDS = 24 * 60 * 60.0
POLL_SECONDS = 0.25
RETRY_SECONDS = 0.5
RETRY_AFTER_SECONDS = 5

QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"

SHOWN = ("state", "done", "total", "message", "data", "error")  # of a job, to its owner

TOO_MANY = "You have too many jobs under way. Wait until one has ended, or cancel one."

Json = Mapping[str, Any]
#: Calls what a payload describes, in the app's context; gives JSON-ready data, or a generator of Progress that
#: returns them.
Run = Callable[[Json], Any]
#: Turns what was raised into problem details, and logs it where it is a bug.
Describe = Callable[[BaseException], Json]

CANCELLED: Json = {"title": "Conflict", "status": 409, "detail": "The job was cancelled.", "code": "cancelled"}
INTERRUPTED: Json = {
    "title": "Service Unavailable",
    "status": 503,
    "detail": "The job was interrupted: it may have been done in part.",
    "code": "interrupted",
}


class JobRecord(NamedTuple):
    """A job, as the store has it."""

    id: str
    owner: str
    about: Json  # what its starter wants to know later: the page, the action
    state: str = QUEUED
    done: float = 0
    total: float | None = None
    message: str = ""
    data: Any = None  # the result, once it is done
    error: Json | None = None  # problem details, once it has failed
    payload: Json | None = None  # until it runs
    pushes: int = 1  # how often the queue was told of it

    @property
    def ended(self) -> bool:
        return self.state in (DONE, FAILED)

    def to_json(self) -> dict[str, Any]:
        """Return what the job's URL answers: ``{"state", "done", "total", "message", "data", "error"}``."""
        return {name: getattr(self, name) for name in SHOWN}

    def record(self) -> dict[str, Any]:
        kept = {"owner": self.owner, "about": self.about, "payload": self.payload, "pushes": self.pushes}
        return {**self.to_json(), **kept}


class Jobs:
    """The background jobs of one app.

    :param store: gives the store, when it is needed.
    :param queue_for: makes the queue, given :meth:`work` and :meth:`is_wanted`.
    :param lease: seconds after which a job of a dead process counts as failed.
    :param kept: seconds that a job can be asked for.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        run: Run,
        describe: Describe,
        queue_for: Callable[[Work, Wanted], Queue],
        *,
        lease: float = LEASE_SECONDS,
        kept: float = KEPT_SECONDS,
    ) -> None:
        self.store = store
        self.run = run
        self.describe = describe
        self.lease = lease
        self.kept = kept
        self.queue = queue_for(self.work, self.is_wanted)
        self._waiting: dict[str, Lease] = {}  # by job ID, in this process's own queue

    def start(self, payload: Json, *, owner: str, about: Json | None = None, most: int | None = None) -> JobRecord:
        """Queue a call and return its job.

        :param payload: JSON-ready: what ``run`` gets.
        :param owner: who may see and cancel it.
        :param most: jobs that the owner may have under way; None for any number, which no list of jobs shows.
        :raises Refusal: 429 where the owner has so many; 503 where the queue is full, or the store or the broker is
            away. Then nothing will run.
        """
        job = JobRecord(id=secrets.token_urlsafe(16), owner=owner, about=about or {}, payload=payload)
        token = secrets.token_hex(16)
        try:
            store = self.store()
            self._add(store, job, token, most)
        except StoreUnavailable as error:
            raise not_started_refusal(str(error)) from error
        if self.queue.in_process:
            self._waiting[job.id] = hold_lease(store, key_of(job.id), token, self.lease)
        try:
            self.queue.push(job.id, payload)
        except BaseException:
            # also for a broker that takes the message after all: a job without a record does not run
            self._stop_waiting(job.id)
            store.later(lambda: store.remove(key_of(job.id), token))
            raise
        return job

    def _add(self, store: Store, job: JobRecord, token: str, most: int | None) -> None:
        """Add a job's record, and the job to its owner's: what stands in the list has a record."""
        listed = JobList(store, job.owner, self.kept)
        if most is not None and not listed.has_room(most, self._under_way(job.owner)):
            raise too_many(most)
        store.add(key_of(job.id), job.record(), self.kept, token, self.lease)
        try:
            if most is not None and not listed.add(job.id, most, self._under_way(job.owner)):
                raise too_many(most)
        except BaseException:
            store.later(lambda: store.remove(key_of(job.id), token))
            raise

    def _under_way(self, owner: str) -> Callable[[str], bool]:
        """Return what tells whether a job of this owner's waits or runs, or its function still does."""

        def is_under_way(job_id: str) -> bool:
            job = self.find(job_id, owner)
            if job is not None and not job.ended:
                return True
            place = self.store().get(place_of(job_id))
            return place is not None and not place.lapsed

        return is_under_way

    def of(self, owner: str) -> list[JobRecord]:
        """Return an owner's jobs, the newest first.

        :raises StoreUnavailable: the store is away.
        """
        jobs = (self.find(job_id, owner) for job_id in JobList(self.store(), owner, self.kept).ids())
        return [job for job in jobs if job is not None]

    def find(self, job_id: str, owner: str) -> JobRecord | None:
        """Return a job, or None where this owner has none of that ID.

        :raises StoreUnavailable: the store is away.
        """
        while True:
            record = self._record(job_id, owner)
            if record is None:
                return None
            job = JobRecord(id=job_id, **record.value)
            if job.ended or not record.lapsed:
                return job
            if self._waits_in_broker(job):
                return self._remind(job, record)
            # said once and for all: if the holder lives, it will find that the job is no longer its own
            failed = self._fail(job, record, INTERRUPTED)
            if failed is not None:
                logger.warning("Background job %s was interrupted: its process does not renew its lease.", job_id)
                return failed

    def cancel(self, job_id: str, owner: str) -> JobRecord | None:
        """Cancel a job, unless it has ended, and return it.

        A generator is closed at its next yield; a plain function runs to its end, and its result is dropped.

        :raises StoreUnavailable: the store is away.
        """
        while True:
            record = self._record(job_id, owner)
            if record is None:
                return None
            job = JobRecord(id=job_id, **record.value)
            if job.ended:
                return job
            died = record.lapsed and not self._waits_in_broker(job)
            failed = self._fail(job, record, INTERRUPTED if died else CANCELLED)
            if failed is not None:
                return failed

    def watch(
        self, job_id: str, owner: str, *, poll: float = POLL_SECONDS, heartbeat: float = HEARTBEAT_SECONDS
    ) -> Iterator[JobRecord | None]:
        """Yield a job, and again whenever it has changed, until it has ended; in between None, to keep the line.

        :param poll: seconds between two looks, ``heartbeat`` between two signs of life.
        :raises StoreUnavailable: the store is away for longer than a lease.
        """
        seen: JobRecord | None = None
        told = looked = time.monotonic()
        while seen is None or not seen.ended:
            try:
                job = self.find(job_id, owner)
                looked = time.monotonic()
            except StoreUnavailable:
                job = seen
                if time.monotonic() - looked > self.lease:
                    raise
            if job is None:
                return
            if job != seen or time.monotonic() - told >= heartbeat:
                told = time.monotonic()
                yield job if job != seen else None
                seen = job
            else:
                time.sleep(poll)

    def work(self, job_id: str, payload: Json) -> None:
        """Run a queued job: the queue calls this. Nothing happens where it was cancelled, or has begun before."""
        taken = self._take(job_id)
        if taken is not None:
            with self._in_place(taken), holding_lease(taken.store, taken.key, taken.token, self.lease):
                taken.perform(self.run, self.describe, payload)

    def is_wanted(self, job_id: str) -> bool:
        """Return whether a job that waits in this process is still to be run."""
        try:
            record = self.store().get(key_of(job_id))
        except StoreUnavailable:
            return True
        if record is not None and record.value["state"] == QUEUED:
            return True
        self._stop_waiting(job_id)
        return False

    @contextmanager
    def _in_place(self, taken: Running) -> Iterator[None]:
        """Hold a job's place while the body runs."""
        store, key = taken.store, place_of(taken.job.id)
        try:
            with holding_lease(store, key, taken.token, self.lease):
                yield
        finally:
            store.later(lambda: store.remove(key, taken.token))

    def _take(self, job_id: str) -> Running | None:
        """Return the job as running and ours, or None. A store that is away is waited for."""
        token = secrets.token_hex(16)
        try:
            while True:
                try:
                    return self._take_now(job_id, token)
                except StoreUnavailable:
                    time.sleep(RETRY_SECONDS)
        finally:
            self._stop_waiting(job_id)

    def _take_now(self, job_id: str, token: str) -> Running | None:
        store, key = self.store(), key_of(job_id)
        record = store.get(key)
        if record is None or record.value["state"] != QUEUED:
            return None
        job = JobRecord(id=job_id, **record.value)._replace(state=RUNNING, payload=None)
        running = Running(store, key, token, job, self.lease, self.kept)
        store.add(place_of(job_id), None, self.kept, token, self.lease)
        if store.swap(key, record.token, job.record(), self.kept, token, self.lease):
            return running
        store.later(lambda: store.remove(place_of(job_id), token))
        return None

    def _record(self, job_id: str, owner: str) -> Record | None:
        record = self.store().get(key_of(job_id))
        if record is None or not hmac.compare_digest(str(record.value["owner"]).encode(), owner.encode()):
            return None
        return record

    def _waits_in_broker(self, job: JobRecord) -> bool:
        return job.state == QUEUED and not self.queue.in_process

    def _remind(self, job: JobRecord, record: Record) -> JobRecord:
        """Tell the broker of a job again, at ever longer intervals: a worker that died may have had it in its hands.

        That does no harm where all workers are busy, since a job begins only once.
        """
        again = job._replace(pushes=job.pushes + 1)
        lease = self.lease * 2**job.pushes
        swapped = self.store().swap(key_of(job.id), record.token, again.record(), self.kept, record.token, lease)
        if swapped:
            with suppress(Refusal):  # the broker is away: next time
                self.queue.push(job.id, job.payload or {})
        return again if swapped else job

    def _fail(self, job: JobRecord, record: Record, error: Json) -> JobRecord | None:
        """Take a job from its holder; None where somebody else was quicker."""
        failed = job._replace(state=FAILED, error=error, payload=None)
        swapped = self.store().swap(key_of(job.id), record.token, failed.record(), self.kept)
        return failed if swapped else None

    def _stop_waiting(self, job_id: str) -> None:
        hold = self._waiting.pop(job_id, None)
        if hold is not None:
            release(hold)


@dataclass(slots=True, eq=False)
class Running:
    """A job in the hands of its runner."""

    store: Store
    key: str
    token: str
    job: JobRecord
    lease: float
    kept: float

    def perform(self, run: Run, describe: Describe, payload: Json) -> None:
        """Run the job and store what comes of it; what ends a process comes through."""
        try:
            outcome = run(payload)
            data = self._drain(outcome) if isinstance(outcome, Generator) else outcome
            self._end(state=DONE, data=data)
        except BaseException as error:
            self._end(state=FAILED, error=describe(error))
            if not isinstance(error, Exception):
                raise

    def _drain(self, steps: Generator[Progress, None, Any]) -> Any:
        """Return what a generator returns; None where the job was cancelled meanwhile, and the generator closed."""
        try:
            while True:
                step = next(steps)
                if not isinstance(step, Progress):
                    raise TypeError(f"A background job yielded {step!r}: yield Progress(done, total, message).")
                if not self._report(step):
                    return None
        except StopIteration as stop:
            return stop.value
        finally:
            steps.close()

    def _report(self, step: Progress) -> bool:
        """Return whether to go on: the job is still ours, or there is no telling."""
        self.job = self.job._replace(done=step.done, total=step.total, message=step.message)
        try:
            return self._store(self.job, self.token)
        except StoreUnavailable:
            return True

    def _end(self, **outcome: Any) -> None:
        ended = self.job._replace(**outcome)
        self.store.later(lambda: self._store(ended, ""))

    def _store(self, job: JobRecord, token: str) -> bool:
        """Replace the record if it is still ours, or if the store was emptied; return whether."""
        arguments = (job.record(), self.kept, token, self.lease)
        return self.store.swap(self.key, self.token, *arguments) or self.store.add(self.key, *arguments) is None


def key_of(job_id: str) -> str:
    return f"job:{job_id}"


def place_of(job_id: str) -> str:
    return f"place:{job_id}"


def too_many(most: int) -> Refusal:
    headers = [("Retry-After", str(RETRY_AFTER_SECONDS))]
    return Refusal(429, f"{most} jobs of one visitor are under way", TOO_MANY, headers=headers, code="too-many-jobs")
