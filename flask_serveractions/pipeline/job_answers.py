"""What a background job's URL answers, to its owner alone: its state, its events, a page that looks again, its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, render_template, stream_with_context
from jinja2 import TemplateNotFound
from markupsafe import Markup

from ..answers.jobs import Job, accepted
from ..answers.json_texts import to_json
from ..answers.outcome import Outcome, load_outcome
from ..answers.render import render_json
from ..answers.responses import close_to_caches, plain_page, see_other
from ..app_state import localize
from ..call import Call
from ..errors import ActionError, Refusal
from ..http.locations import mounted
from ..http.messages import in_language
from ..http.negotiation import ANSWER, EVENTS, HTML_UTF8, JSON
from ..jobs.records import JobRecord
from ..operation import Submission
from ..shared.streams import HEARTBEAT, STREAM_HEADERS, event
from ..stores.store import StoreUnavailable
from .background import as_seen, error_of, jobs_of, owner_of

REFRESH_SECONDS = 1
NO_JOB = "There is no such job."
TEMPLATE = "serveractions/job.html"  # of the app's, where it has one

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
<form method="post" action="{url}">{fields}<button>{cancel}</button></form>
</main>
</html>
"""
)


def accept(call: Call, job: JobRecord) -> Response:
    """Answer 202 for a job that was just queued."""
    if not call.html:
        return marked(call, accepted(call.app, seen(call, job)))
    response = private(waiting_page(call, job))
    response.status_code = 202
    response.headers["Location"] = seen(call, job).url
    return response


def accept_again(call: Call, job_id: str) -> Response:
    """Answer 202 again, for a key that was sent before."""
    return accept(call, find(call, job_id))


def answer_job(call: Call, job_id: str) -> Response:
    """Answer for a job, to its owner alone: what it is doing, its events, or its end."""
    if call.request.method in ("DELETE", "POST"):
        return private(cancel(call, job_id))
    job = find(call, job_id)
    if call.html:
        return private(page_of(call, job))
    if EVENTS in call.accept:
        return private(stream(call, job_id))
    return private(json_of(call, job))


def cancel(call: Call, job_id: str) -> Response:
    """Cancel a job; a form leads back to the job's page."""
    job = found(call, jobs_of(call.app, call.state).cancel, job_id)
    if call.html and call.request.method == "POST":
        return see_other(call.app, page_url_of(call, job) or seen(call, job).url)
    return json_of(call, job)


def find(call: Call, job_id: str) -> JobRecord:
    return found(call, jobs_of(call.app, call.state).find, job_id)


def found(call: Call, look: Any, job_id: str) -> JobRecord:
    """Return a job of this caller's.

    :raises Refusal: 404 where there is none, 503 where the store is away.
    """
    try:
        job: JobRecord | None = look(job_id, owner_of(call))
    except StoreUnavailable as error:
        detail = "The state of the job can't be read just now."
        raise Refusal(503, str(error), detail, headers=[("Retry-After", "5")]) from error
    if job is None:
        raise Refusal(404, "a job that is unknown or somebody else's", NO_JOB)
    return job


def seen(call: Call, job: JobRecord) -> Job:
    return as_seen(call.app, call.state, job, call.request.root_path)


def page_url_of(call: Call, job: JobRecord) -> str | None:
    """Return where the form of a job stood; None where no page ordered it."""
    page = job.about.get("page")
    return None if page is None else mounted(call.request.root_path, page)


def json_of(call: Call, job: JobRecord) -> Response:
    body = f"{to_json(call.app, seen(call, job).to_json())}\n"
    return marked(call, call.app.response_class(body, content_type=JSON))


def marked(call: Call, response: Response) -> Response:
    """Let the client know an answer of ours by its header."""
    response.headers[ANSWER] = call.state.answer_mark
    return response


def stream(call: Call, job_id: str) -> Response:
    body = stream_with_context(events(call, job_id))
    return marked(call, call.app.response_class(body, content_type=EVENTS, headers=dict(STREAM_HEADERS)))


def events(call: Call, job_id: str) -> Iterator[bytes]:
    for job in jobs_of(call.app, call.state).watch(job_id, owner_of(call)):
        if job is None:
            yield HEARTBEAT
        elif not job.ended:
            yield event("progress", {"done": job.done, "total": job.total, "message": job.message})
        elif job.error is not None:
            yield event("error", to_json(call.app, error_of(call.app, job)))
        else:
            yield event("result", render_json(call, outcome_of_job(call, job)).get_data(as_text=True).strip())


def outcome_of_job(call: Call, job: JobRecord) -> Outcome:
    outcome = load_outcome(call.app, job.data)
    if isinstance(outcome, ActionError):
        raise outcome
    return outcome


def page_of(call: Call, job: JobRecord) -> Response:
    """Return what a browser without JavaScript gets: a page that looks again, and in the end the page of the form."""
    if not job.ended:
        return waiting_page(call, job)
    back = page_url_of(call, job) or f"{call.request.root_path}/"
    error = error_of(call.app, job)
    if error is None:
        return see_other(call.app, outcome_of_job(call, job).redirect or back)
    submission = Submission(
        action=job.about["operation"],
        payload="",
        ordinal="",
        values={},
        errors=error.get("errors") or {},
        message=error["detail"],
    )
    with in_language(call.app, job.about["language"]):
        return plain_page(call.app, error["status"], submission, back, frozenset())


def waiting_page(call: Call, job: JobRecord) -> Response:
    """Return the page that looks again, in the language of the job's order: the app's own where it has one."""
    shown = seen(call, job)
    with in_language(call.app, job.about["language"]):
        try:
            body = render_template(TEMPLATE, job=shown, page=page_url_of(call, job))
        except TemplateNotFound as error:
            if error.name != TEMPLATE:
                raise
            body = built_in_page(call, shown)
    response = call.app.response_class(body, content_type=HTML_UTF8)
    response.headers["Refresh"] = f"{REFRESH_SECONDS};url={shown.url}"
    return response


def built_in_page(call: Call, job: Job) -> str:
    amount = Markup(' value="{}" max="{}"').format(job.done, job.total) if job.total else Markup("")
    message = job.message or ("Waiting to begin." if job.state == "queued" else "Under way.")
    return PAGE.format(
        language=localize(call.app, "en"),
        title=localize(call.app, "Working"),
        again=localize(call.app, "Look again"),
        cancel=localize(call.app, "Cancel"),
        fields=job.hidden_fields,
        seconds=REFRESH_SECONDS,
        url=job.url,
        message=localize(call.app, message),
        amount=amount,
    )


def private(response: Response) -> Response:
    close_to_caches(response)
    return response
