"""``background=True``: a call becomes a job, and the job's URL says how it is getting on."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, stream_with_context
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ..answers.failures import LOGGED, log_bug
from ..answers.outcome import Outcome, dump_outcome, load_outcome
from ..answers.render import render_json
from ..answers.responses import HTML_UTF8, close_to_caches, plain_page, see_other, status_phrase
from ..app_state import AppState, localize, state_of
from ..arguments.bodies import Received
from ..arguments.loading import load_arguments, load_bound
from ..call import Call
from ..errors import ActionError, Refusal
from ..http.negotiation import EVENTS, JSON
from ..identities import identity_text
from ..operation import ACTION, Operation, Submission
from ..scope import scope
from ..security.access import IDENTITY
from ..security.signing import load_payload, sign_text, unsign_text
from ..shared.jobs import DONE, Job, Jobs
from ..shared.once import Claim, KeptAnswer, complete, free
from ..shared.progress import HEARTBEAT, STREAM_HEADERS, Progress, event
from ..shared.queues import CeleryQueue, ThreadPool
from ..signals import action_failed
from ..stores.store import StoreUnavailable
from .execution import call_function

if TYPE_CHECKING:
    from flask import Request

PURPOSE = "job"  # of the signature
REFRESH_SECONDS = 1
NO_JOB = "There is no such job."

PAGE = Markup(
    """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{seconds};url={url}">
<title>{title}</title>
<main>
<h1>{title}</h1>
<p role="status">{message}</p>
<p><progress{amount}></progress></p>
<p><a href="{url}">{again}</a></p>
</main>
</html>
"""
)


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


def start(call: Call, operation: Operation, held: Claim | None) -> Response:
    """Queue a call and answer 202.

    :raises Refusal: 503 where the queue is full, or the store or the broker is away; then nothing will run.
    """
    about = {"page": call.page, "action": operation.name}
    try:
        for check in operation.checks:
            check()
        job = jobs_of(call.app, call.state).start(payload_of(call, operation), owner=owner_of(call), about=about)
    except Exception:
        if held is not None:
            free(call.state.store, held)
        raise
    if held is not None:
        complete(call.state.store, held, KeptAnswer(status=202, envelope={"job": job.id}))
    return accept_job(call, job)


def payload_of(call: Call, operation: Operation) -> dict[str, Any]:
    """Return what the job needs of the call, JSON-ready: its arguments as they were sent."""
    request: Request = call.request
    received = call.received or Received()
    keys = {parameter.key for parameter in operation.located}
    return {
        "operation": operation.name,
        "bound": call.payload,
        "json": received.json,
        "is_json": received.is_json,
        "form": list(received.form.items(multi=True)),
        "query": list(request.args.items(multi=True)),
        "headers": {key: request.headers[key] for key in keys if key in request.headers},
        "cookies": {key: request.cookies[key] for key in keys if key in request.cookies},
        "root_path": request.root_path,
        "page": call.page,
        "identity": plain_identity(call.identity),
    }


def plain_identity(identity: Any) -> Any:
    """Return an identity as a job can have it: the value itself where it is plain, else its ID."""
    if identity is None or isinstance(identity, (str, int, float, bool)):
        return identity
    return identity_text(identity)


def owner_of(call: Call) -> str:
    """Return whose a job is: the identity's, or for somebody unknown the session's."""
    return f"who:{identity_text(call.identity)}" if call.identity else f"session:{call.session_mark}"


def run(app: Flask, payload: Mapping[str, Any]) -> Generator[Progress, None, Any]:
    """Run a job in the app's context, yielding its progress; return its outcome, JSON-ready."""
    with app.app_context():
        state = state_of(app)
        operation = state.registry.actions[payload["operation"]]
        sent: Any = SubmittedRequest(payload)
        call = Call(app, state, sent, operation, ACTION)
        call.function, call.session, call.page = operation.function, {}, payload["page"]
        call.identity = payload["identity"]
        scope()[IDENTITY] = payload["identity"]
        received = Received(form=multi_dict(payload["form"]), json=payload["json"], is_json=payload["is_json"])
        bound = load_bound(operation, load_payload(payload["bound"]) or {})
        loaded = {**load_arguments(operation, sent, received), **bound}
        try:
            outcome = yield from call_function(call, operation, loaded, None)
        except Exception as error:
            action_failed.send(app, operation=operation, error=error)
            raise
        return dump_outcome(app, outcome)


def problem_details_of(app: Flask, error: Exception) -> dict[str, Any]:
    """Return problem details of what a job raised; a bug is logged, and named by its ``instance``."""
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


def job_url(call: Call, job: Job) -> str:
    name = call.operation.name if call.operation else ""
    signed = sign_text(call.state.signing.ring, PURPOSE, f"{job.id}:{name}:{call.payload}")
    return f"{call.request.root_path}{call.state.settings.url_prefix}/-/jobs/{signed}"


def parse_signed_job(state: AppState, signed: str) -> tuple[str, str, str] | None:
    """Return job ID, action and bound payload of a job's URL, or None where it is not ours."""
    text = unsign_text(state.signing.ring, PURPOSE, signed)
    parts = text.split(":") if text is not None else []
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None


def accept_again(call: Call, job_id: str) -> Response:
    """Answer 202 again, for a key that was sent before."""
    return accept_job(call, find(call, job_id))


def accept_job(call: Call, job: Job) -> Response:
    url = job_url(call, job)
    response = (
        waiting_page(call, job, url)
        if call.html
        else json_response(call, {"job": {"url": url, **job_as_json(call, job)}})
    )
    response.status_code = 202
    response.headers["Location"] = url
    return closed_to_caches(response)


def answer_job(call: Call, job_id: str) -> Response:
    """Answer for a job, to its owner alone: what it is doing, its events, or its end."""
    if call.request.method == "DELETE":
        return closed_to_caches(
            json_response(call, job_as_json(call, look_up(call, jobs_of(call.app, call.state).cancel, job_id)))
        )
    job = find(call, job_id)
    if call.html:
        return closed_to_caches(page_of(call, job))
    if EVENTS in call.accept:
        return closed_to_caches(stream(call, job_id))
    return closed_to_caches(json_response(call, job_as_json(call, job)))


def find(call: Call, job_id: str) -> Job:
    return look_up(call, jobs_of(call.app, call.state).find, job_id)


def look_up(call: Call, look: Any, job_id: str) -> Job:
    """Return a job of this caller's.

    :raises Refusal: 404 where there is none, 503 where the store is away.
    """
    try:
        job: Job | None = look(job_id, owner_of(call))
    except StoreUnavailable as error:
        detail = "The state of the job can't be read just now."
        raise Refusal(503, str(error), detail, headers=[("Retry-After", "5")]) from error
    if job is None:
        raise Refusal(404, "a job that is unknown or somebody else's", NO_JOB)
    return job


def job_as_json(call: Call, job: Job) -> dict[str, Any]:
    """Return a job as its URL answers: ``{"state", "done", "total", "message", "data", "error"}``."""
    data = json.loads(job.data["data"]) if job.state == DONE and job.data else None
    return {**job.to_json(), "data": data, "error": error_of(call, job)}


def error_of(call: Call, job: Job) -> dict[str, Any] | None:
    """Return a job's problem details, in the language of who asks now."""
    return None if job.error is None else {**job.error, "detail": localize(call.app, job.error["detail"])}


def json_response(call: Call, data: Mapping[str, Any]) -> Response:
    return call.app.response_class(f"{call.app.json.dumps(data)}\n", content_type=JSON)


def stream(call: Call, job_id: str) -> Response:
    body = stream_with_context(events(call, job_id))
    return call.app.response_class(body, content_type=EVENTS, headers=dict(STREAM_HEADERS))


def events(call: Call, job_id: str) -> Iterator[bytes]:
    for job in jobs_of(call.app, call.state).watch(job_id, owner_of(call)):
        if job is None:
            yield HEARTBEAT
        elif not job.ended:
            yield event("progress", {"done": job.done, "total": job.total, "message": job.message})
        elif job.error is not None:
            yield event("error", call.app.json.dumps(error_of(call, job)))
        else:
            yield event("result", render_json(call, outcome_of_job(call, job)).get_data(as_text=True).strip())


def outcome_of_job(call: Call, job: Job) -> Outcome:
    outcome = load_outcome(call.app, job.data)
    if isinstance(outcome, ActionError):
        raise outcome
    return outcome


def page_of(call: Call, job: Job) -> Response:
    """Return what a browser without JavaScript gets: a page that looks again, and in the end the page of the form."""
    back = f"{call.request.root_path}{job.about.get('page', '/')}"
    if not job.ended:
        return waiting_page(call, job, job_url(call, job))
    if job.error is None:
        return see_other(call.app, outcome_of_job(call, job).redirect or back)
    submission = Submission(
        action=str(job.about.get("action", "")),
        payload="",
        ordinal="",
        values={},
        errors=job.error.get("errors") or {},
        message=localize(call.app, job.error["detail"]),
    )
    return plain_page(call.app, job.error["status"], submission, back, frozenset())


def waiting_page(call: Call, job: Job, url: str) -> Response:
    amount = Markup(' value="{}" max="{}"').format(job.done, job.total) if job.total else Markup("")
    message = job.message or ("Waiting to begin." if job.state == "queued" else "Under way.")
    body = PAGE.format(
        language=localize(call.app, "en"),
        title=localize(call.app, "Working"),
        again=localize(call.app, "Look again"),
        seconds=REFRESH_SECONDS,
        url=url,
        message=localize(call.app, message),
        amount=amount,
    )
    response = call.app.response_class(body, content_type=HTML_UTF8)
    response.headers["Refresh"] = f"{REFRESH_SECONDS};url={url}"
    return response


def closed_to_caches(response: Response) -> Response:
    close_to_caches(response)
    return response
