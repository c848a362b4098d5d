"""From what a function returned to the answer for whoever asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from types import GeneratorType
from typing import Any

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as WerkzeugResponse
from werkzeug.wsgi import ClosingIterator

from ..app_state import localize
from ..call import Call
from ..forms.controls import declared_names
from ..http.conditional import Conditions, answer_conditionally, entity_tag
from ..http.envelope import envelope_of
from ..http.headers import headers_of
from ..http.locations import redirect_target
from ..http.negotiation import ANSWER, is_from_dialog, preference
from ..logs import logger
from ..operation import Answer, Operation, Submission
from ..shared.revalidation import revalidated_so_far
from ..wsgi.quick_sessions import spare_vary
from .jobs import Job, accepted
from .json_texts import json_text, warn_of_page
from .outcome import Outcome
from .responses import (
    Result,
    close_to_caches,
    dump_value,
    is_redirect,
    json_response,
    plain_json,
    plain_page,
    see_other,
    split_result,
    whole_response,
    without_body_headers,
)
from .submissions import request_rerender, submission_of


def answer_resource(call: Call, operation: Operation, returned: Any) -> Response:
    """Return a resource's answer; a GET's has its entity tag, and is a 304 for who has it already."""
    if operation.method != "GET":
        return answer_route(call, operation, returned)
    is_plain, environ = is_plain_json(call.app, operation, returned), call.request.environ
    response = plain_json(call.app, operation, returned) if is_plain else answer_route(call, operation, returned)
    if operation.vary or call.state.registry.hook is not None or "HTTP_AUTHORIZATION" in environ:
        add_cache_headers(call, operation, response.headers, none_yet=is_plain)
    if is_plain and "HTTP_IF_NONE_MATCH" not in environ and "HTTP_IF_MATCH" not in environ:
        return with_entity_tag(response)
    answer_conditionally(response, call.request.method, Conditions.of(environ))
    return response


def with_entity_tag(response: Response) -> Response:
    """Give the commonest answer its entity tag: it has no other one, and no date."""
    chunks: Any = response.response
    response.headers.add("ETag", entity_tag(chunks[0]))
    return response


def add_cache_headers(call: Call, operation: Operation, headers: Headers, *, none_yet: bool) -> None:
    """Say whom an answer is for, and by which headers of the request it was chosen (RFC 9110, 12.5.5).

    Shared caches there are that keep answers which say nothing, also those to requests with credentials.

    :param none_yet: the headers are ours alone: neither ``Cache-Control`` nor ``Vary`` is among them.
    """
    chosen_by: tuple[str, ...] = operation.vary
    if call.identity is not None or "HTTP_AUTHORIZATION" in call.request.environ:
        headers.setdefault("Cache-Control", "private")
    elif call.state.hook is not None and (none_yet or "Cache-Control" not in headers):
        chosen_by += CREDENTIALS  # somebody who is known might have got another one
    if chosen_by:
        said = None if none_yet else headers.get("Vary")
        headers["Vary"] = ", ".join(dict.fromkeys(chosen_by if said is None else (said, *chosen_by)))


CREDENTIALS = ("Authorization", "Cookie")


def is_plain_json(app: Flask, operation: Operation, returned: Any) -> bool:
    """Whether a result can but be 200 and JSON, with no headers of its own, nor of a response class of the app's."""
    if operation.answer.status is not None or app.response_class is not Response:
        return False
    if operation.answer.dump is None:
        return type(returned) in (dict, list)
    texts = operation.answer.texts
    is_special = isinstance(returned, (tuple, WerkzeugResponse)) or (texts and isinstance(returned, texts))
    return returned is not None and not is_special


def answer_route(call: Call, operation: Operation, returned: Any) -> Response:
    """Return a resource's answer: JSON for values, nothing for None, and what Flask makes of anything else."""
    if type(returned) is not tuple:
        return answer_value(call, operation, returned)
    result = split_result(returned, operation.answer)
    response = answer_value(call, operation, result.value, result.status, result.headers)
    if result.status_line is not None:
        response.status = result.status_line
    return response


def answer_value(
    call: Call, operation: Operation, value: Any, status: int | None = None, headers: Headers | None = None
) -> Response:
    """Return a resource's answer, as :func:`answer_route` does, for a result that was taken apart."""
    dump = None if is_as_it_is(operation.answer, value, status) else operation.answer.dump
    if status is None and not isinstance(value, WerkzeugResponse):  # which has its own
        status = operation.answer.status
    if isinstance(value, Job):
        return accepted(call.app, value, status, headers)
    if value is None:
        return no_content(call, 204 if status is None else status, headers)
    if type(value) not in (dict, list) and not dump and isinstance(value, Iterator):
        value = as_stream(call.app, value)
    if type(value) not in (dict, list) and (isinstance(value, WerkzeugResponse) or (not dump and is_for_flask(value))):
        whole: Any = (value, status, headers) if status or headers else value
        return call.app.make_response(whole)
    response = json_response(call.app, dump(value) if dump else value, status, operation)
    if headers:
        response.headers.update(headers)
    return response


def is_as_it_is(answer: Answer, value: Any, status: int | None) -> bool:
    """Whether the schema is not for a value: for text beside it, and for what a refusal says.

    :param status: the one that was returned with the value: that of the annotation is the schema's own.
    """
    is_refusal = status is not None and status >= 400 and status != answer.status
    return is_refusal or isinstance(value, answer.texts)


def is_for_flask(value: Any) -> bool:
    """Whether Flask renders a value otherwise than as JSON."""
    return isinstance(value, (str, bytes, bytearray, WerkzeugResponse, *STREAMS)) or callable(value)


#: what Flask streams: generators, and iterators that give text
STREAMS = (GeneratorType, ClosingIterator)


def as_stream(app: Flask, items: Iterator[Any]) -> Iterator[Any]:
    """Return what streams an iterator's text, the first of which is fetched at once; other iterators for JSON.

    What else an iterator gives, such as rows of a database, is no JSON to Flask: that is told while an answer can be,
    and of the very iterator. An app's own JSON may know better, and gets the first as well.
    """
    if isinstance(items, GeneratorType):
        return items
    first = list(islice(items, 1))
    if all(isinstance(each, (str, bytes)) for each in first):
        return ClosingIterator(chain(first, items), getattr(items, "close", None))
    is_refused = getattr(app.json, "default", None) is DefaultJSONProvider.default
    return items if is_refused else chain(first, items)


def answer_action(call: Call, operation: Operation, returned: Any) -> Response:
    if call.html and not operation.show_result and not isinstance(returned, (tuple, WerkzeugResponse, Job)):
        if returned is not None:
            check_result(call, operation, dump_value(operation.answer, returned))
            warn_of_page(returned, operation)
        response = see_other(call.app, call.page_url)
        spare_vary(call.app, call.session)
        return response
    return render(call, outcome_of(call, operation, returned))


def outcome_of(call: Call, operation: Operation, returned: Any) -> Outcome:
    """Return what an action's function achieved, before it is told to anybody.

    :raises ValueError: it redirects to what is neither a path nor an http(s) URL.
    """
    about: dict[str, Any] = {"revalidated": revalidated_so_far(), "messages": flashed_messages(call)}
    if returned is None:  # as most actions return: there is nothing to take apart, nor to write
        return Outcome(status=status_of_success(operation.answer.status), **about)
    result = split_result(returned, operation.answer)
    if isinstance(result.value, WerkzeugResponse):
        return outcome_of_response(call, result, about)
    if isinstance(result.value, Job):
        return outcome_of_job(call, operation, result, about)
    as_it_is = is_as_it_is(operation.answer, result.value, result.status)
    data = result.value if as_it_is else dump_value(operation.answer, result.value)
    is_no_success = result.status is not None and not 200 <= result.status < 300
    if is_no_success or not operation.is_plain or call.html:  # else it is told in JSON, where a fault shows
        check_result(call, operation, data)
    if is_no_success:
        value = make_response_value(call, data)
        whole: Any = (value, result.status, result.headers or Headers())
        made = call.app.make_response(whole)
        return outcome_of_response(call, Result(made), about)
    warn_of_page(data, operation)
    status = status_of_success(result.status or operation.answer.status)
    shown = result.value if operation.show_result else None
    return Outcome(data=data, result=shown, status=status, headers=without_body_headers(result.headers), **about)


def status_of_success(chosen: int | None) -> int:
    return 200 if chosen in (None, 204, 205) else chosen  # the envelope is a body


def check_result(call: Call, operation: Operation, data: Any) -> None:
    """Complain of a result that nobody can be told, whoever asks now.

    :raises TypeError: it can't be JSON.
    """
    if not isinstance(data, HARMLESS):
        json_text(call.app, data, operation)


HARMLESS = (type(None), bool, int)


def make_response_value(call: Call, value: Any) -> Any:
    """Return what Flask makes a response of, from any value."""
    if value is None:
        return ""
    return value if is_for_flask(value) or isinstance(value, (dict, list)) else json_response(call.app, value)


def outcome_of_response(call: Call, result: Result, about: Mapping[str, Any]) -> Outcome:
    """A redirect becomes a place to go to, anything else passes through."""
    response = call.app.make_response(result.value)
    response.headers.update(result.headers or ())
    if result.status is not None:
        response.status_code = result.status
    if not is_redirect(response):
        return Outcome(response=response, status=response.status_code, **about)
    location = redirect_target(response.headers["Location"], call.page, call.request.root_path)
    if location is None:
        raise ValueError(
            f"{call.label} redirects to {response.headers['Location']!r}."
            " Redirect to a path of this app, or to an http(s) URL."
        )
    headers = without_body_headers(response.headers)
    headers.remove("Location")
    return Outcome(redirect=location, headers=headers, **about)


def outcome_of_job(call: Call, operation: Operation, result: Result, about: Mapping[str, Any]) -> Outcome:
    """A browser goes to the job's page, as it does from one job to the next, and from a stream; a script gets 202."""
    job: Job = result.value
    if operation.background or call.html or call.in_stream:
        return Outcome(redirect=job.url, headers=without_body_headers(result.headers), **about)
    response = accepted(call.app, job, result.status, result.headers)
    response.headers[ANSWER] = call.state.answer_mark
    return Outcome(response=response, status=response.status_code, **about)


def render(call: Call, outcome: Outcome) -> Response:
    """Tell an outcome to whoever asked."""
    if outcome.response is not None:
        response = outcome.response
        warn_of_no_answer(call, response)
    elif call.html and outcome.redirect is None and shows_result(call):
        return show_page(call, outcome)
    elif call.html:
        return see_other(call.app, outcome.redirect or call.page_url, Headers(outcome.headers))
    else:
        response = render_json(call, outcome)
    close_to_caches(response)
    spare_vary(call.app, call.session)
    return response


def warn_of_no_answer(call: Call, response: Response) -> None:
    """Tell, once for each action, of a response that a script has asked for, and can't use: no answer of the contract,
    and no file.
    """
    is_file = response.headers.get("Content-Disposition", "").lower().startswith("attachment")
    key = f"no answer {call.label}"
    if call.html or is_file or ANSWER in response.headers or key in call.state.told:
        return
    call.state.told.add(key)
    logger.warning(
        "The action %s returns a response (%s), which scripts take for no usable answer. Return the value itself or a"
        " redirect, raise ActionError for a refusal, or send a file as an attachment.",
        call.label,
        response.mimetype,
    )


def shows_result(call: Call) -> bool:
    return call.operation is not None and call.operation.show_result


def show_page(call: Call, outcome: Outcome) -> Response:
    """Return the built-in page, and request the page itself in its place, with what was typed and the result."""
    submission = submission_of_success(call, outcome)
    is_structure = outcome.data is None or isinstance(outcome.data, (dict, list))
    shown = localize(call.app, "Done.") if is_structure else str(outcome.data)
    built_in = replace(submission, message=shown)
    response = plain_page(call.app, 200, built_in, call.page_url, declared_names(call.operation))  # type: ignore[arg-type]  # it shows its result
    response.headers.extend(outcome.headers)
    if call.has_page and call.middleware is not None:
        call.middleware.rerender = request_rerender(call, submission, response, as_json=False)
    close_to_caches(response)
    return response


def submission_of_success(call: Call, outcome: Outcome) -> Submission:
    return submission_of(call, result=outcome.result, failed=False)


def render_json(call: Call, outcome: Outcome) -> Response:
    """Answer the JavaScript client; the page that it wants is put in by the second pass."""
    preferred, is_in_dialog = preference(call.request), is_from_dialog(call.request.environ)
    is_page_wanted = not is_in_dialog and wants_page(call, outcome, preferred)
    headers = headers_of(outcome.headers) if outcome.headers else Headers()
    if preferred is not None:
        headers["Preference-Applied"] = f"return={preferred}"
    if not is_page_wanted and outcome.redirect is None and not is_in_dialog:
        use_up_flashes(call)
    data, revalidated = json_text(call.app, outcome.data, call.operation), outcome.revalidated
    body = envelope_of(data, outcome.redirect, revalidated.paths, revalidated.tags, outcome.messages)
    response = whole_response(call.app, body, outcome.status, headers=headers)
    response.headers.add(ANSWER, call.state.answer_mark)
    if is_page_wanted and call.middleware is not None:
        submission = submission_of_success(call, outcome) if shows_result(call) else None
        call.middleware.rerender = request_rerender(
            call, submission, response, as_json=True, must_show=False, messages=outcome.messages
        )
    return response


def wants_page(call: Call, outcome: Outcome, preferred: str | None) -> bool:
    """Whether the page that the form stood on goes into the answer; a redirect's is the browser's."""
    if not call.has_page or preferred == "minimal" or outcome.redirect is not None:
        return False
    return preferred is not None or outcome.revalidated.concerns(call.page) or shows_result(call)


def flashed_messages(call: Call) -> list[dict[str, str]]:
    """Return what the function flashed; the session keeps it for the page."""
    flashes = call.session.get("_flashes", ())
    if len(flashes) <= call.flashed:
        return []
    new = list(flashes)[call.flashed :]
    return [{"category": str(category), "message": str(message)} for category, message in new]


def use_up_flashes(call: Call) -> None:
    """Take what the function flashed out of the session: no page comes that could show it."""
    flashes = list(call.session.get("_flashes", ()))
    if len(flashes) > call.flashed:
        call.session["_flashes"] = flashes[: call.flashed]


def no_errors(call: Call) -> Response:
    """Answer a validation that found nothing (204)."""
    response = no_content(call, 204)
    response.headers[ANSWER] = call.state.answer_mark
    close_to_caches(response)
    return response


def no_content(call: Call, status: int, headers: Headers | None = None) -> Response:
    response: Response = call.app.response_class(b"", status, headers)
    if status == 204:
        response.headers.remove("Content-Type")
    return response
