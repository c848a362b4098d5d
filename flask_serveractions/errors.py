"""What can go wrong, as values: the expected failure, the refusal, and the mistake in a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES

#: ``{field: [messages]}``; nested fields are written with dots: ``address.city``, ``items.0.text``.
Errors = Mapping[str, Sequence[str]]

#: The key of messages that belong to the whole body and to no field (marshmallow's own name for it).
WHOLE = "_schema"

INVALID = "Some of what was sent is not valid."
NOTHING_HERE = "There is nothing here."

BYTE_UNITS = (("GB", 2**30), ("MB", 2**20), ("KB", 2**10))


#: what a problem has where no argument was looked at
NO_ERRORS: Mapping[str, list[str]] = MappingProxyType({})


@dataclass(slots=True, kw_only=True, eq=False)
class Problem:
    """What a call came to in place of its answer, as its caller is told (RFC 9457).

    ``@actions.problem_handler`` gets one.
    """

    status: int  # 400 to 599
    detail: str  # for people, in their language
    title: str = ""  # the status in words: "Not Found"
    # messages by field; the fields of what is nested have dots
    errors: Mapping[str, list[str]] = field(default_factory=lambda: NO_ERRORS)
    code: str | None = None  # for programs
    instance: str | None = None  # of a bug: stands in the log too
    traceback: str | None = None  # of a bug, in debug mode
    headers: Headers = field(default_factory=Headers)  # such as Allow
    login: str | None = None  # where to sign in
    result: Any = None  # what ActionError brought for the page
    stale: str = ""  # "true": a form that was right when it was rendered; "identity": for somebody else
    rerender: bool = False  # the page is rendered again, with what was sent

    def __post_init__(self) -> None:
        self.title = self.title or status_phrase(self.status)


def status_phrase(status: int) -> str:
    """Return an error's status in words: ``"Not Found"``."""
    return HTTP_STATUS_CODES.get(status, "Error")


class ActionError(Exception):
    """An expected failure: the caller is told, the function's work is not done.

    :param message: what went wrong, for people.
    :param field: the argument at fault (nested names with dots); the message then stands beside it.
    :param status: the HTTP status, 400 to 599 (RFC 9110, 15.5 and 15.6).
    :param code: a short name that programs can rely on.
    :param result: anything the page wants to show with the failure: ``FormState.result``.
    :raises ValueError: the status is no error status.
    :raises TypeError: the message is no text, or the field or the code is none.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        status: int = 422,
        code: str | None = None,
        result: Any = None,
    ) -> None:
        if isinstance(message, (list, tuple, dict)):
            raise TypeError(
                f"ActionError({message!r}): a message is one text for people. Raise it for the first mistake."
            )
        for name, text in (("field", field), ("code", code)):
            if not (text is None or isinstance(text, str)):
                raise TypeError(f"ActionError({name}={text!r}): give a text, or leave it out.")
        if not (isinstance(status, int) and 400 <= status <= 599):
            raise ValueError(f"ActionError(status={status!r}): a failure has a status from 400 to 599.")
        super().__init__(message)
        self.message = str(message)
        self.field = field
        self.status = status
        self.code = code
        self.result = result

    @property
    def errors(self) -> dict[str, list[str]]:
        """Return ``{field: [message]}``, or ``{}`` where no field is at fault."""
        return {self.field: [self.message]} if self.field else {}


class Invalid(ActionError):
    """Arguments that did not load: a 422 with the messages of all fields at once."""

    field = code = result = None
    status = 422

    def __init__(self, errors: dict[str, list[str]], message: str = INVALID) -> None:
        Exception.__init__(self, message)  # ActionError's own checks what others write: a hundredth of a refusal
        self.message = message
        self.all_errors = errors

    @property
    def errors(self) -> dict[str, list[str]]:
        return self.all_errors


class Refusal(Exception):
    """A step says no: nothing was run.

    :param status: the HTTP status that the caller gets.
    :param reason: for the log alone; it may tell causes apart.
    :param detail: for the caller; it must not.
    :param headers: more headers of the answer, such as ``Allow``.
    :param stale: a form that was right when it was rendered: ``Serveractions-Stale``, ``"true"`` or ``"identity"``.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        stale: str = "",
        code: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.headers = tuple(headers)
        self.stale = stale
        self.code = code
        self.rerender = False  # the page is rendered again with what was typed, though the form is not stale


class UnknownAction(Refusal):
    """Wrong, expired, foreign or unknown: one and the same 404."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            404, reason, "There is no such action, or the form is no longer valid. Please send it again.", stale="true"
        )


class OtherIdentity(Refusal):
    """The form was rendered for somebody else: the visitor is told, and decides."""

    def __init__(self, status: int = 404) -> None:
        detail = "You are somebody else by now than when this page was shown. Please check what you typed, and send it."
        super().__init__(status, "the form was rendered for another identity", detail, stale="identity")


class Unreadable(Refusal):
    """A body that can't be read whole (400)."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, f"unreadable body: {reason}", f"The request's body could not be read: {reason}.")


class TooLarge(Refusal):
    """A body over the limit (RFC 9110, 15.5.14).

    :param most: how many bytes are allowed, where there are more: a person is told in other words.
    """

    def __init__(self, reason: str, most: int | None = None) -> None:
        detail = reason if most is None else f"at most {readable_size(most)} can be sent"
        super().__init__(413, f"too large: {reason}", f"The request is too large: {detail}.")


def readable_size(size: int) -> str:
    """Return a number of bytes as a person reads it, and never more than it is: ``"1.5 MB"``."""
    unit, factor = next((each for each in BYTE_UNITS if size >= each[1]), ("B", 1))
    return f"{size * 10 // factor / 10:g} {unit}"


class SignatureError(Exception):
    """A webhook's message whose sender is not known.

    What it says holds nothing of the secret or of the right signature.
    """
