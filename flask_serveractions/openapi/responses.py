"""An operation's answers in an OpenAPI document: what succeeds, and each failure that can really happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from werkzeug.http import HTTP_STATUS_CODES

from ..app_state import AuthHook
from ..http.conditional import CHANGING_METHODS
from ..http.negotiation import EVENTS, HTML, JSON, PROBLEM
from ..json_schemas.converter import Components, JsonSchema
from ..json_schemas.descriptions import Description, Statuses
from ..operation import ACTION, MISSING, Operation
from ..representations.listing import BY_CURSOR
from ..representations.pagination import TOTAL_HEADER
from ..schemas.annotations import NOTHING, unfold
from ..security.origin import SAFE_METHODS
from .returned import ANYTHING, Returned, returned_of, returns_job, tuple_statuses

NO_MATCH = "NotFoundOrNoMatch"
UNKNOWN = "2XX"  # the signature does not say
TEXT: JsonSchema = {"type": "string"}

PROBLEM_SCHEMA: JsonSchema = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "For people."},
        "code": {"type": "string", "description": "For programs."},
        "errors": {
            "type": "object",
            "description": "Messages by field; nested ones with dots, `items.0.text`.",
            "additionalProperties": {"type": "array", "items": TEXT},
        },
        "instance": {"type": "string", "format": "uri-reference", "description": "Stands in the log."},
        "login": {"type": "string", "format": "uri-reference", "description": "Where to sign in."},
        "page": {"type": ["string", "null"], "description": "The page with the form, rendered again."},
    },
    "required": ["type", "title", "status", "detail"],
}
REVALIDATED_SCHEMA: JsonSchema = {
    "type": "object",
    "properties": {"paths": {"type": "array", "items": TEXT}, "tags": {"type": "array", "items": TEXT}},
    "required": ["paths", "tags"],
}
MESSAGE_SCHEMA: JsonSchema = {
    "type": "object",
    "properties": {"category": TEXT, "message": TEXT},
    "required": ["category", "message"],
}
JOB_SCHEMA: JsonSchema = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "format": "uri-reference"},
        "state": {"enum": ["queued", "running", "done", "failed"]},
        "done": {"type": "number"},
        "total": {"type": ["number", "null"]},
        "message": TEXT,
        "data": {},
        "error": {"anyOf": [{"$ref": "#/components/schemas/Problem"}, {"type": "null"}]},
    },
    "required": ["state", "done", "total", "message", "data", "error"],
}

#: what a failure means, where no docstring says it
FAILURES: Mapping[int, str] = {
    400: "The request could not be read.",
    401: "Nobody is known to be calling.",
    403: "The caller may not do this.",
    404: "There is nothing here.",
    406: "There is no answer of a media type that the caller accepts.",
    409: "A call with this key still runs, or was interrupted.",
    412: "What is there now is not what the condition names.",
    413: "The body is too large.",
    415: "The body is neither a form nor JSON, or is compressed.",
    422: "An argument is not valid; `errors` says which.",
    428: "The change needs an `If-Match` header.",
    429: "The caller has too many jobs under way.",
    500: "A bug; `instance` stands in the log.",
    503: "Nothing was run: the store or the queue is away.",
}
FAILURE_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": "How to say who is calling."},
    409: {"Retry-After": "Seconds."},
    429: {"Retry-After": "Seconds."},
    503: {"Retry-After": "Seconds."},
}


@dataclass(frozen=True, slots=True)
class FailureStyle:
    """How failures are told: in problem details, or as the app answers them itself."""

    prefix: str  # of the names of components
    content: Mapping[str, JsonSchema]  # by media type


PROBLEM_DETAILS = FailureStyle("", {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}})
#: of a blueprint with error handlers, which may answer some of them
HANDLED = FailureStyle("Handled", {**PROBLEM_DETAILS.content, ANYTHING: {}})


def answers_of(
    components: Components,
    operation: Operation,
    hook: AuthHook | None,
    about: Description,
    statuses: Statuses,
    *,
    style: FailureStyle = PROBLEM_DETAILS,
    is_choosy: bool = False,
) -> dict[str, JsonSchema]:
    """Return an operation's responses by status, in order.

    :param style: how its failures are told.
    :param is_choosy: a value in the path may not fit its rule: then the app's own 404 answers.
    """
    returned = returned_of(components, operation)
    typed = tuple_statuses(operation.answer.annotation)
    statuses = replace(statuses, returned=statuses.returned | typed, is_open=statuses.is_open and not typed)
    named = successes(operation, about, statuses)
    succeeding = {str(status): success(operation, status, about, returned) for status in named}
    special = {str(status): made for status, made in further_answers(operation, returned)}
    failed = {*failures_of(operation, hook), *statuses.raised, *(each for each in about.statuses if each >= 400)}
    failing = {str(status): failure(status, about.statuses.get(status), style) for status in failed}
    if is_choosy and failing.get("404") == failure(404, None, style):
        failing["404"] = {"$ref": f"#/components/responses/{style.prefix}{NO_MATCH}"}
    for status in (each for each in statuses.returned - set(named) if each >= 400):
        failing[str(status)] = refusal(status, about, returned, style if status in failed else None)
    return dict(sorted({**special, **succeeding, **failing}.items()))


def refusal(status: int, about: Description, returned: Returned, style: FailureStyle | None) -> JsonSchema:
    """Return a refusal that the function returns, which is sent as it is.

    :param style: how the same status is told where it is raised; None where it never is.
    """
    content = {**returned.refusals, **(style.content if style is not None else {})}
    return {"description": about.statuses.get(status) or status_phrase(status), "content": content}


def failures_of(operation: Operation, hook: AuthHook | None) -> Iterator[int]:
    """Yield the statuses of what can go wrong before and beside the function."""
    yield 500
    checks: Mapping[int, bool] = {
        400: operation.method not in SAFE_METHODS or operation.has_body,
        401: hook is not None and not operation.public and operation.verifier is None,
        403: (operation.method not in SAFE_METHODS or hook is not None) and operation.verifier is None,
        404: operation.kind == ACTION or bool(operation.path) or operation.open_ended,
        406: operation.kind == ACTION or (operation.answer.is_json and operation.verifier is None),
        409: operation.once,
        412: operation.owner is not None and operation.method in CHANGING_METHODS,
        413: operation.method not in SAFE_METHODS or operation.has_body,
        415: operation.kind == ACTION or operation.has_body or operation.verifier is not None,
        422: takes_arguments(operation) or bool(operation.paginate) or operation.once,
        428: operation.method in CHANGING_METHODS and getattr(operation.owner, "require_if_match", False),
        429: orders_job(operation),
        503: operation.once or orders_job(operation) or operation.verifier is not None,
    }
    yield from (status for status, can_happen in checks.items() if can_happen)


def takes_arguments(operation: Operation) -> bool:
    return operation.kind == ACTION or operation.has_body or bool(operation.located)


def failure(status: int, text: str | None, style: FailureStyle = PROBLEM_DETAILS) -> JsonSchema:
    """Return a failure as it is told; a shared component, where the docstring has nothing to add."""
    if text is None and status in FAILURES:
        return {"$ref": f"#/components/responses/{style.prefix}{component_name(status)}"}
    return problem_response(status, text or status_phrase(status), style)


def no_match_response(style: FailureStyle) -> JsonSchema:
    """Return the 404 of a path that may match no rule at all, which the app's own page answers."""
    made = problem_response(404, FAILURES[404], style)
    return {**made, "content": {**made["content"], HTML: {"schema": TEXT}}}


def job_response(*more: str) -> JsonSchema:
    """Return a job, as its URL answers.

    :param more: media types of text that it can come in as well.
    """
    content = {JSON: {"schema": {"$ref": "#/components/schemas/Job"}}, **{each: {"schema": TEXT} for each in more}}
    return {"description": "The job.", "content": content}


def component_name(status: int) -> str:
    return "".join(word.capitalize() for word in status_phrase(status).split())


def problem_response(status: int, text: str, style: FailureStyle) -> JsonSchema:
    made: JsonSchema = {"description": text, "content": dict(style.content)}
    headers = {name: {"description": each, "schema": TEXT} for name, each in FAILURE_HEADERS.get(status, {}).items()}
    return {**made, "headers": headers} if headers else made


def status_phrase(status: int | str) -> str:
    return HTTP_STATUS_CODES.get(int(status), "Success") if str(status).isdigit() else "Success"


def successes(operation: Operation, about: Description, statuses: Statuses) -> list[int | str]:
    """Return the statuses of success: the docstring's, else the code's and the annotation's."""
    documented = [status for status in about.statuses if status < 400]
    if documented:
        return list(documented)
    named = {told_status(operation, status) for status in statuses.returned if status < 400}
    if orders_job(operation):
        return sorted(named) or [202]
    default = [default_status(operation)] if statuses.is_open or not named else []
    return [*sorted(named), *(each for each in default if each not in named)]


def told_status(operation: Operation, status: int) -> int:
    """Return the status of an answer: an action's has a body, whatever the function says."""
    return 200 if operation.kind == ACTION and status in (204, 205) else status


def orders_job(operation: Operation) -> bool:
    """Whether the answer is a job: of a background action, and of a function that says that it returns one."""
    return operation.background or returns_job(operation.answer.annotation)


def default_status(operation: Operation) -> int | str:
    annotation = operation.answer.annotation
    if operation.answer.status is not None:
        return told_status(operation, operation.answer.status)
    if operation.kind == ACTION:
        return 200
    if annotation is MISSING:
        return UNKNOWN
    return 204 if unfold(annotation).plain is NOTHING else 200


def success(operation: Operation, status: int | str, about: Description, returned: Returned) -> JsonSchema:
    documented = about.statuses.get(status) if isinstance(status, int) else None
    made: JsonSchema = {"description": documented or about.returns or status_phrase(status)}
    content = content_of(operation, status, returned)
    headers = {name: {"description": text, "schema": TEXT} for name, text in headers_of(operation, status)}
    return {**made, **({"headers": headers} if headers else {}), **({"content": content} if content else {})}


def content_of(operation: Operation, status: int | str, returned: Returned) -> JsonSchema:
    if status in (204, 205, 304):
        return {}
    if isinstance(status, int) and status >= 300:
        return {ANYTHING: {}}
    if orders_job(operation):
        job = {"type": "object", "properties": {"job": {"$ref": "#/components/schemas/Job"}}, "required": ["job"]}
        return {JSON: {"schema": job}}
    return action_content(operation, returned) if operation.kind == ACTION else dict(returned.content)


def action_content(operation: Operation, returned: Returned) -> JsonSchema:
    """Return an action's JSON answer, its events, and the response that passes through."""
    text_or_null = {"type": ["string", "null"]}
    envelope = {
        "type": "object",
        "properties": {
            "data": returned.data,
            "redirect": text_or_null,
            "revalidated": {"$ref": "#/components/schemas/Revalidated"},
            "messages": {"type": "array", "items": {"$ref": "#/components/schemas/Message"}},
            "page": text_or_null,
        },
        "required": ["data", "redirect", "revalidated", "messages", "page"],
    }
    content: JsonSchema = {JSON: {"schema": envelope}}
    if operation.is_generator:
        content[EVENTS] = {"schema": TEXT}
    if returned.has_response:
        content[ANYTHING] = {}  # a file; a redirect is told in the JSON
    return content


def headers_of(operation: Operation, status: int | str) -> Iterator[tuple[str, str]]:
    if orders_job(operation):
        yield "Location", "The job's URL."
    if status == 201:
        yield "Location", "Where it is."
    if status == 200 and operation.owner is not None and operation.method == "GET":
        yield "ETag", "Changes with the answer; for `If-None-Match` and `If-Match`."
    if operation.paginate:
        yield "Link", "The first and the next page; by numbers also the previous and the last (RFC 8288)."
    if operation.paginate and operation.paginate != BY_CURSOR:
        yield TOTAL_HEADER, "How many there are on all pages."


def further_answers(operation: Operation, returned: Returned) -> Iterator[tuple[int, JsonSchema]]:
    """Yield what comes in place of the function's own success."""
    if operation.kind == ACTION:
        yield 204, {"description": "With `Serveractions-Validate`: those fields are valid. Nothing was run."}
    if operation.verifier is not None:
        yield 200, {"description": "The message was handled before."}
    if operation.owner is not None and operation.method == "GET":
        yield 304, {"description": "The caller has it already."}
    if operation.kind != ACTION and returned.may_be_none and operation.answer.status is None:
        yield 204, {"description": status_phrase(204)}
