"""What was sent to an action, for the page that is rendered again to show it in the form that it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from ..arguments.bodies import Received, receive
from ..arguments.loading import submitted_values
from ..call import Call
from ..errors import Refusal
from ..forms.controls import secrets_of
from ..forms.inputs import is_secret_name
from ..http.locations import host_said
from ..http.page_arguments import ACTION_ARGUMENT, ActionArgument
from ..operation import KEY_FIELD, REGION_FIELD, Rerender, Submission
from ..security.origin import token_field
from ..security.signing import load_payload


def request_rerender(
    call: Call,
    submission: Submission | None,
    response: Response,
    *,
    as_json: bool,
    must_show: bool = True,
    messages: Sequence[Mapping[str, str]] = (),
) -> Rerender:
    """Return the request for the page that the form stood on.

    :param submission: what the page shows; None where it is but to be fresh.
    :param must_show: the page counts only if it shows the submission.
    :param messages: what the function flashed, as the answer has it.
    """
    asked = call.request
    return Rerender(
        target=call.page,
        submission=submission,
        as_json=as_json,
        must_show=must_show,
        mount=asked.root_path,
        cookie_root=call.cookie_root,
        status=response.status_code,
        body=response.iter_encoded(),
        cookies=(type(asked), asked.environ.get("HTTP_COOKIE", ""), asked.cookies),
        host=(host_said(asked.environ), asked.environ[ActionArgument.KEY].host),
        messages=messages,
    )


def submission_of(call: Call, **came_of_it: Any) -> Submission:
    """Return what was sent, for its form to show again.

    :param came_of_it: further fields of the :class:`Submission`: errors and message, or a result.
    """
    return Submission(
        action=call.label,
        payload=call.payload,
        bound=load_payload(call.payload) if call.operation is not None and call.operation.bound else None,
        ordinal=call.ordinal,
        region=str(received_of(call).form.get(REGION_FIELD, "")),
        values=values_to_show(call),
        **came_of_it,
    )


def values_to_show(call: Call) -> Mapping[str, Any]:
    """Return what was typed, as far as it can be read: without secrets, tokens and keys."""
    hidden = {token_field(call.app.config), KEY_FIELD, ACTION_ARGUMENT, REGION_FIELD}
    values = submitted_values(received_of(call))
    is_secret = is_secret_name if call.operation is None else secrets_of(call.operation)
    return {name: value for name, value in values.items() if name not in hidden and not is_secret(name)}


def form_key_of(call: Call) -> str:
    """Return the key that a form brought, or ""."""
    return str(received_of(call).form.get(KEY_FIELD, ""))


def received_of(call: Call) -> Received:
    """Return what was sent, as far as it can be read; a body can be read once."""
    if call.received is None and call.unreadable is None:
        try:
            call.received = receive(call.request, call.limit)
        except Refusal as refusal:
            call.unreadable = refusal
    return Received() if call.received is None else call.received
