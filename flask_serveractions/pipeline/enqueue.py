"""Jobs from Python: ``enqueue(action, **arguments)`` starts one, ``action_jobs()`` shows a visitor theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Flask, after_this_request, has_app_context, has_request_context, request, session
from werkzeug.exceptions import HTTPException, ServiceUnavailable, TooManyRequests

from ..answers.jobs import Job
from ..app_state import AppState, localize, state_of
from ..arguments.bodies import Received
from ..arguments.bound_arguments import bound_payload
from ..arguments.encoding import EncodedArguments, encode_arguments
from ..arguments.loading import load_arguments
from ..errors import Refusal
from ..http.messages import language_of
from ..operation import ACTION, Operation
from ..pages.page_forms import identify, page_forms, remember_session_of
from ..pages.templates import Action, find
from ..scope import running_app, scope
from ..security.access import IDENTITY
from ..security.origin import token_field
from ..security.visitors import session_mark, visitor_for_page
from ..stores.store import StoreUnavailable
from .background import ORDERED, PAGE, SubmittedRequest, as_seen, jobs_of, owner, plain_identity, queue

PROGRAM = "program:"  # whose jobs are that no visitor ordered: nobody's URL shows them

SOMEBODY = Operation(name="", kind=ACTION, method="POST", function=lambda: None, public=True)  # for: who is it?


class Orderer(NamedTuple):
    """Who orders a job, and where."""

    owner: str
    identity: Any = None  # as the function will see it
    root_path: str = ""
    page: str | None = None  # where a browser goes to when the job is done


def enqueue(action: Action, /, **arguments: Any) -> Job:
    """Start a background job from Python, and return it as it is now.

    It belongs to whoever is calling: to the identity that the auth hook gave, or to the session where nobody is known.
    A job that a job starts has the same owner; what a webhook, a command or a thread starts belongs to no visitor, so
    that no URL shows it. The auth hook is not asked: that is for what comes from outside.

    :param action: the function, or its name; registered with ``background=True``.
    :param arguments: by name, the bound ones too: of the types that the function takes, or as JSON has them. They are
        checked as those of a call.
    :raises ActionError: 422, arguments that are not valid.
    :raises TypeError: arguments that the function does not take, or that are missing; an action that is no job.
    :raises LookupError: no action has this name.
    :raises RuntimeError: there is no app.
    :raises werkzeug.exceptions.HTTPException: 429, the visitor has too many jobs; 503, the queue is full, or the store
        or the broker is away. Nothing will run.
    """
    if not has_app_context():
        raise RuntimeError(
            f"enqueue({action!r}) needs an app: call it in a request, or under `with app.app_context():`."
        )
    app = running_app()
    state, operation = find(action)
    if not operation.background:
        raise TypeError(f"{operation.where} is no background job. Register it with background=True, or call it.")
    encoded = encode_arguments(operation, arguments)
    orderer = orderer_of(app, state)
    payload = payload_of(app, operation, encoded, orderer)
    load_arguments(operation, SubmittedRequest(payload), Received(json=payload["json"], is_json=True))  # type: ignore[arg-type]
    most = None if orderer.owner == PROGRAM else state.settings.max_jobs
    try:
        job = queue(app, state, payload, most)
    except Refusal as refusal:
        raise http_error_of(app, refusal) from refusal
    return as_seen(app, state, job, orderer.root_path)


def payload_of(app: Flask, operation: Operation, encoded: EncodedArguments, orderer: Orderer) -> dict[str, Any]:
    return {
        "operation": operation.name,
        "bound": bound_payload(operation, encoded.bound),
        "json": encoded.json,
        "is_json": True,
        "is_empty": False,
        "form": [],
        "query": encoded.query,
        "headers": encoded.headers,
        "cookies": encoded.cookies,
        "root_path": orderer.root_path,
        "page": orderer.page,
        "identity": orderer.identity,
        "owner": orderer.owner,
        "from_python": True,
        "language": language_of(app),
    }


def orderer_of(app: Flask, state: AppState) -> Orderer:
    """Return who orders a job now."""
    ordered: Mapping[str, Any] | None = scope().get(ORDERED)
    if ordered is not None:  # a job orders another one
        return Orderer(ordered["owner"], ordered["identity"], ordered["root_path"], ordered["page"])
    if not has_request_context():
        return Orderer(PROGRAM, root_path=app.config["APPLICATION_ROOT"].rstrip("/"))
    if request.endpoint in state.registry.webhooks:
        return Orderer(PROGRAM, root_path=request.root_path)
    # in a view of the app's own nobody has asked the hook yet
    identity = scope()[IDENTITY] if IDENTITY in scope() else identify(state, SOMEBODY, {})
    mark = "" if identity else mark_of_session(app)
    return Orderer(owner(identity, mark), plain_identity(identity), request.root_path, scope().get(PAGE))


def mark_of_session(app: Flask) -> str:
    """Return what tells this session from others, from now on."""
    mark = session_mark(session, token_field(app.config))
    if not mark:
        mark = visitor_for_page(session, lambda: None)
        after_this_request(remember_session_of)
    return mark


def http_error_of(app: Flask, refusal: Refusal) -> HTTPException:
    """Return a refusal as any view of Flask's can raise it."""
    seconds = int(dict(refusal.headers).get("Retry-After", 5))
    kind = TooManyRequests if refusal.status == 429 else ServiceUnavailable
    return kind(localize(app, refusal.detail), retry_after=seconds)


# A page that shows them


def action_jobs(name: Action | None = None) -> list[Job]:
    """Return the jobs of whoever looks at the page, the newest first: those under way, and the last of the others.

    A job can be asked for, and is in this list, for a day. While the store is away the list is empty.

    :param name: of an action, or the function: its jobs alone.
    :raises LookupError: no action has this name.
    """
    app = running_app()
    state = state_of(app)
    wanted = None if name is None else find(name)[1].name
    page_forms()  # what the page shows is for this visitor alone
    identity = identify(state, SOMEBODY, {})
    mark = session_mark(session, token_field(app.config))
    if not identity and not mark:
        return []
    try:
        jobs = jobs_of(app, state).of(owner(identity, mark))
    except StoreUnavailable:
        return []
    return [
        as_seen(app, state, job, request.root_path)
        for job in jobs
        if wanted is None or job.about["operation"] == wanted
    ]
