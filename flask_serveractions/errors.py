"""What can go wrong, as values: the expected failure, the refusal, and the mistake in a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: ``{field: [messages]}``; nested fields are written with dots: ``address.city``, ``items.0.text``.
Errors = Mapping[str, Sequence[str]]

#: The key of messages that belong to the whole body and to no field (marshmallow's own name for it).
WHOLE = "_schema"

INVALID = "Some of what was sent is not valid."


class ActionError(Exception):
    """An expected failure: the caller is told, the function's work is not done.

    :param message: what went wrong, for people.
    :param field: the argument at fault (nested names with dots); the message then stands beside it.
    :param status: the HTTP status, 400 to 599 (RFC 9110, 15.5 and 15.6).
    :param code: a short name that programs can rely on.
    :param result: anything the page wants to show with the failure: ``FormState.result``.
    :raises ValueError: the status is no error status.
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
        if not 400 <= status <= 599:
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

    def __init__(self, errors: dict[str, list[str]], message: str = INVALID) -> None:
        super().__init__(message)
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
    :param stale: a form that was right when it was rendered (``Serveractions-Stale``).
    """

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        stale: bool = False,
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
            404, reason, "There is no such action, or the form is no longer valid. Please send it again.", stale=True
        )


class Unreadable(Refusal):
    """A body that can't be read whole (400)."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, f"unreadable body: {reason}", f"The request's body could not be read: {reason}.")


class TooLarge(Refusal):
    """A body over the limit (RFC 9110, 15.5.14)."""

    def __init__(self, reason: str) -> None:
        super().__init__(413, f"too large: {reason}", f"The request is too large: {reason}.")
