"""An operation's answers in an OpenAPI document: what succeeds, and each failure that can really happen."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

from ..answers.jobs import Job
from ..answers.listing import BY_CURSOR
from ..answers.pagination import TOTAL_HEADER
from ..app_state import AuthHook
from ..http.conditional import CHANGING_METHODS
from ..http.negotiation import EVENTS, HTML, JSON, PROBLEM
from ..operation import ACTION, MISSING, Operation
from ..schemas.annotations import unaliased
from ..security.origin import SAFE_METHODS
from .descriptions import Description, Statuses
from .plain_types import type_schema
from .schemas import Components, JsonSchema

NO_MATCH = "NotFoundOrNoMatch"
UNKNOWN = "2XX"  # the signature does not say
UNIONS = ("Union", "UnionType")
STREAMS = ("Generator", "Iterator", "Iterable", "AsyncGenerator", "AsyncIterator", "AsyncIterable")
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


def answers_of(
    components: Components,
    operation: Operation,
    hook: AuthHook | None,
    about: Description,
    statuses: Statuses,
    *,
    is_choosy: bool = False,
) -> dict[str, JsonSchema]:
    """Return an operation's responses by status, in order.

    :param is_choosy: a value in the path may not fit its rule: then the app's own 404 answers.
    """
    named = successes(operation, about, statuses)
    succeeding = {str(status): success(components, operation, status, about) for status in named}
    special = {str(status): made for status, made in further_answers(operation)}
    failed = {*failures_of(operation, hook), *statuses.raised, *(each for each in about.statuses if each >= 400)}
    failing = {str(status): failure(status, about.statuses.get(status)) for status in failed}
    if is_choosy and failing.get("404") == failure(404, None):
        failing["404"] = {"$ref": f"#/components/responses/{NO_MATCH}"}
    return dict(sorted({**special, **succeeding, **failing}.items()))


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


def failure(status: int, text: str | None) -> JsonSchema:
    """Return problem details; a shared component, where the docstring has nothing to add."""
    if text is None and status in FAILURES:
        return {"$ref": f"#/components/responses/{component_name(status)}"}
    return problem_response(status, text or status_phrase(status))


def no_match_response() -> JsonSchema:
    """Return the 404 of a path that may match no rule at all, which the app's own page answers."""
    made = problem_response(404, FAILURES[404])
    return {**made, "content": {**made["content"], HTML: {"schema": TEXT}}}


def job_response(*more: str) -> JsonSchema:
    """Return a job, as its URL answers.

    :param more: media types of text that it can come in as well.
    """
    content = {JSON: {"schema": {"$ref": "#/components/schemas/Job"}}, **{each: {"schema": TEXT} for each in more}}
    return {"description": "The job.", "content": content}


def component_name(status: int) -> str:
    return "".join(word.capitalize() for word in status_phrase(status).split())


def problem_response(status: int, text: str) -> JsonSchema:
    made: JsonSchema = {"description": text, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    headers = {name: {"description": each, "schema": TEXT} for name, each in FAILURE_HEADERS.get(status, {}).items()}
    return {**made, "headers": headers} if headers else made


def status_phrase(status: int | str) -> str:
    return HTTP_STATUS_CODES.get(int(status), "Success") if str(status).isdigit() else "Success"


def successes(operation: Operation, about: Description, statuses: Statuses) -> list[int | str]:
    """Return the statuses of success: the docstring's, else the code's and the annotation's."""
    documented = [status for status in about.statuses if status < 400]
    if documented:
        return list(documented)
    named = {status for status in statuses.returned if status < 400}
    if orders_job(operation):
        return sorted(named) or [202]
    return sorted(named) or [operation.answer.status or default_status(operation)]


def orders_job(operation: Operation) -> bool:
    """Whether the answer is a job: of a background action, and of a function that says that it returns one."""
    return operation.background or unwrapped_result(operation.answer.annotation) is Job


def default_status(operation: Operation) -> int | str:
    annotation = operation.answer.annotation
    if operation.kind == ACTION:
        return 200
    if annotation is MISSING:
        return UNKNOWN
    return 204 if annotation is type(None) else 200


def success(components: Components, operation: Operation, status: int | str, about: Description) -> JsonSchema:
    documented = about.statuses.get(status) if isinstance(status, int) else None
    made: JsonSchema = {"description": documented or about.returns or status_phrase(status)}
    content = {} if status in (204, 304) else content_of(components, operation)
    headers = {name: {"description": text, "schema": TEXT} for name, text in headers_of(operation, status)}
    return {**made, **({"headers": headers} if headers else {}), **({"content": content} if content else {})}


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


def content_of(components: Components, operation: Operation) -> JsonSchema:
    if orders_job(operation):
        job = {"type": "object", "properties": {"job": {"$ref": "#/components/schemas/Job"}}, "required": ["job"]}
        return {JSON: {"schema": job}}
    if operation.kind == ACTION:
        return action_content(components, operation)
    schema = returned_schema(components, operation)
    plain = unwrapped_result(operation.answer.annotation)
    if operation.answer.schema is None and plain in (str, bytes):
        return {HTML: {"schema": TEXT}}
    if operation.answer.schema is None and (passes_through(plain) or is_stream(plain)):
        return {"*/*": {}}
    passes = operation.answer.dump is not None and not operation.answer.is_json  # a response beside the schema
    return {JSON: {"schema": schema}, **({"*/*": {}} if passes else {})}


def action_content(components: Components, operation: Operation) -> JsonSchema:
    """Return an action's JSON answer, its events, and the response that passes through."""
    text_or_null = {"type": ["string", "null"]}
    envelope = {
        "type": "object",
        "properties": {
            "data": returned_schema(components, operation),
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
    if is_response(unwrapped_result(operation.answer.annotation)):
        content["*/*"] = {}  # a file; a redirect is told in the JSON
    return content


def returned_schema(components: Components, operation: Operation) -> JsonSchema:
    """Return the JSON Schema of what a function returns."""
    answer = operation.answer
    result = result_of(answer.annotation)
    if answer.schema is None and answer.dump is not None:  # schemas within a type: it would tell what they hide
        return {}
    if answer.schema is None:
        plain = unwrapped_result(answer.annotation)
        return {} if passes_through(plain) or plain is MISSING else type_schema(result)
    made = components.returned.reference(answer.schema)
    made = {"type": "array", "items": made} if answer.many and not answer.schema.many else made
    return {"anyOf": [made, {"type": "null"}]} if may_be_none(result) and operation.kind == ACTION else made


def result_of(annotation: Any) -> Any:
    """Return the type of the value: the first of a tuple, the last of a generator."""
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple and parts:
        return parts[0]
    name = getattr(typing.get_origin(annotation), "__name__", "")
    return parts[2] if name == "Generator" and len(parts) == 3 else annotation


def unwrapped_result(annotation: Any) -> Any:
    """Return the type of the value, without ``None`` and metadata."""
    result = unaliased(result_of(annotation))
    parts = [each for each in typing.get_args(result) if each is not type(None)]
    if typing.get_origin(result) is typing.Annotated:
        return unwrapped_result(parts[0])
    return unwrapped_result(parts[0]) if may_be_none(result) and len(parts) == 1 else result


def may_be_none(annotation: Any) -> bool:
    return type(None) in typing.get_args(annotation)


def passes_through(plain: Any) -> bool:
    """Whether Flask renders the value in a way that the annotation does not say."""
    is_union = getattr(typing.get_origin(plain), "__name__", "") in UNIONS
    return plain is MISSING or is_union or is_response(plain)


def is_response(plain: Any) -> bool:
    return inspect.isclass(plain) and issubclass(plain, Response)


def is_stream(plain: Any) -> bool:
    return getattr(typing.get_origin(plain) or plain, "__name__", "") in STREAMS


def further_answers(operation: Operation) -> Iterator[tuple[int, JsonSchema]]:
    """Yield what comes in place of the function's own success."""
    if operation.kind == ACTION:
        yield 204, {"description": "With `Serveractions-Validate`: those fields are valid. Nothing was run."}
    if operation.verifier is not None:
        yield 200, {"description": "The message was handled before."}
    if operation.owner is not None and operation.method == "GET":
        yield 304, {"description": "The caller has it already."}
    if operation.kind != ACTION and may_be_none(result_of(operation.answer.annotation)):
        yield 204, {"description": status_phrase(204)}
