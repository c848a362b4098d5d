"""``background=True``: a call becomes a job, which runs in the app's context without its request."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from ..answers.failures import LOGGED, log_bug
from ..answers.jobs import Job
from ..answers.outcome import dump_outcome
from ..app_state import AppState, localize, state_of
from ..arguments.bodies import Received
from ..arguments.loading import load_arguments, load_bound
from ..call import Call
from ..errors import ActionError, Refusal, status_phrase
from ..http.messages import in_language, language_of
from ..identities import identity_text
from ..jobs.progress import Progress
from ..jobs.queues import CeleryQueue, ThreadPool
from ..jobs.records import DONE, JobRecord, Jobs
from ..operation import ACTION, MISSING, Operation
from ..scope import scope
from ..security.access import IDENTITY
from ..security.signing import load_payload, sign_text, unsign_text
from ..shared.once import Claim, KeptAnswer, complete, free
from ..signals import action_failed
from .execution import call_function

if TYPE_CHECKING:
    from flask import Request

PURPOSE = "job"  # of the signature
PAGE = "flask_serveractions.page"  # in the scope of an action's call: where its form stood
ORDERED = "flask_serveractions.ordered"  # in the scope of a job that runs: its payload


class SubmittedRequest:
    """What a job keeps of the request that started it, in the request's place."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.args = multi_dict(payload["query"])
        self.headers: Mapping[str, str] = payload["headers"]
        self.cookies: Mapping[str, str] = payload["cookies"]
        self.root_path: str = payload["root_path"]


def multi_dict(items: Iterable[Iterable[str]]) -> MultiDict[str, str]:
    return MultiDict([(name, value) for name, value in items])


def jobs_of(app: Flask, state: AppState) -> Jobs:
    """Return the jobs of an app: run by Celery where a Celery app is set, else by threads of this process."""
    if state.jobs is None:
        celery = state.settings.celery
        queue_for = partial(CeleryQueue, celery=celery) if celery is not None else ThreadPool
        state.jobs = Jobs(lambda: state.store, partial(run, app), partial(problem_details_of, app), queue_for)
    jobs: Jobs = state.jobs
    return jobs


def start(call: Call, operation: Operation, held: Claim | None) -> JobRecord:
    """Queue a call as a job.

    :raises Refusal: 429 where the visitor has too many; 503 where the queue is full, or the store or the broker is
        away. Then nothing will run.
    """
    try:
        for check in operation.checks:
            check()
        job = queue(call.app, call.state, payload_of(call, operation), call.state.settings.max_jobs)
    except Exception as error:
        if held is not None:
            free(call.state.store, held)
        if isinstance(error, Refusal):
            error.rerender = True  # the page comes back with what was typed
        raise
    if held is not None:
        complete(call.state.store, held, KeptAnswer(status=202, envelope={"job": job.id}))
    return job


def queue(app: Flask, state: AppState, payload: Mapping[str, Any], most: int | None) -> JobRecord:
    """Queue what a payload describes.

    :param most: jobs that its owner may have under way; None for any number.
    :raises Refusal: 429 or 503; nothing will run.
    """
    about = {name: payload[name] for name in ("page", "operation", "bound", "language", "from_python")}
    return jobs_of(app, state).start(payload, owner=payload["owner"], about=about, most=most)


def payload_of(call: Call, operation: Operation) -> dict[str, Any]:
    """Return what the job needs of the call, JSON-ready: its arguments as they were sent."""
    request: Request = call.request
    received = call.received or Received()
    keys = {parameter.key for parameter in operation.located}
    return {
        "operation": operation.name,
        "bound": call.payload,
        "json": None if received.json is MISSING else received.json,
        "is_json": received.is_json,
        "is_empty": received.json is MISSING,
        "form": list(received.form.items(multi=True)),
        "query": list(request.args.items(multi=True)),
        "headers": {key: request.headers[key] for key in keys if key in request.headers},
        "cookies": {key: request.cookies[key] for key in keys if key in request.cookies},
        "root_path": request.root_path,
        "page": call.page,
        "identity": plain_identity(call.identity),
        "owner": owner_of(call),
        "from_python": False,
        "language": language_of(call.app),
    }


def plain_identity(identity: Any) -> Any:
    """Return an identity as a job can have it: the value itself where it is plain, else its ID."""
    if identity is None or isinstance(identity, (str, int, float, bool)):
        return identity
    return identity_text(identity)


def owner_of(call: Call) -> str:
    """Return whose a call's job is."""
    return owner(call.identity, call.session_mark)


def owner(identity: Any, session_mark: str) -> str:
    """Return whose a job is: the identity's, or for somebody unknown the session's."""
    return f"who:{identity_text(identity)}" if identity else f"session:{session_mark}"


def run(app: Flask, payload: Mapping[str, Any]) -> Generator[Progress, None, Any]:
    """Run a job in the app's context, in the language of its order; yield its progress, return its outcome as data."""
    with app.app_context(), in_language(app, payload["language"]):
        state = state_of(app)
        operation = state.registry.actions[payload["operation"]]
        sent: Any = SubmittedRequest(payload)
        call = Call(app, state, sent, operation, ACTION)
        call.function, call.session, call.page = operation.function, {}, payload["page"]
        call.identity = payload["identity"]
        scope().update({IDENTITY: payload["identity"], ORDERED: payload})
        body = MISSING if payload["is_empty"] else payload["json"]
        received = Received(form=multi_dict(payload["form"]), json=body, is_json=payload["is_json"])
        bound = load_bound(operation, load_payload(payload["bound"]) or {})
        loaded = {**load_arguments(operation, sent, received), **bound}
        try:
            outcome = yield from call_function(call, operation, loaded, None)
        except Exception as error:
            action_failed.send(app, _async_wrapper=app.ensure_sync, operation=operation, error=error)
            raise
        if outcome.response is not None:
            raise TypeError(
                f"{operation.where} returns {outcome.response!r}, and its job has nobody to send it to."
                " Store the file, and return where it is to be had: redirect(url_for(…)), or the URL."
            )
        return dump_outcome(app, outcome)


def problem_details_of(app: Flask, error: BaseException) -> dict[str, Any]:
    """Return problem details of what a job raised; a bug is logged, and named by its ``instance``."""
    if isinstance(error, HTTPException) and error.code is not None and error.code >= 400:
        return {"title": status_phrase(error.code), "status": error.code, "detail": error.description or error.name}
    if isinstance(error, ActionError):
        return {
            "title": status_phrase(error.status),
            "status": error.status,
            "detail": error.message,
            "errors": error.errors,
            "code": error.code,
        }
    return {
        "title": status_phrase(500),
        "status": 500,
        "detail": LOGGED,
        "instance": log_bug(app, "a background job", error),
    }


def job_url(state: AppState, job: JobRecord, root_path: str) -> str:
    """Return a job's signed URL: a path with ``SCRIPT_NAME``.

    It holds what the auth hook is asked with. Of a job from Python nothing is asked but who is there: whoever ordered
    it need not be somebody who may call the action.
    """
    bound = "" if job.about["from_python"] else job.about["bound"]
    text = f"{job.id}:{job.about['operation']}:{bound}"
    return f"{root_path}{state.settings.url_prefix}/-/jobs/{sign_text(state.signing.ring, PURPOSE, text)}"


def parse_signed_job(state: AppState, signed: str) -> tuple[str, str, str] | None:
    """Return job ID, action and bound payload of a job's URL, or None where it is not ours."""
    text = unsign_text(state.signing.ring, PURPOSE, signed)
    parts = text.split(":") if text is not None else []
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def operation_to_ask(state: AppState, name: str, bound: str) -> Operation | None:
    """Return what the auth hook is asked about, from the parts of a job's URL; None where there is no such action."""
    operation = state.actions.get(name)
    if operation is None or bound:
        return operation
    return replace(operation, public=True, requires=frozenset(), bound=())


def as_seen(app: Flask, state: AppState, job: JobRecord, root_path: str) -> Job:
    """Return a job as its owner sees it."""
    return Job(
        url=job_url(state, job, root_path),
        action=job.about["operation"],
        state=job.state,
        done=job.done,
        total=job.total,
        message=job.message,
        data=json.loads(job.data["data"]) if job.state == DONE and job.data else None,
        error=error_of(app, job),
    )


def error_of(app: Flask, job: JobRecord) -> dict[str, Any] | None:
    """Return a job's problem details; our own are told in the language of its order."""
    if job.error is None:
        return None
    told = {name: value for name, value in job.error.items() if value is not None}
    with in_language(app, job.about.get("language")):
        return {"type": "about:blank", **told, "detail": localize(app, job.error["detail"])}
