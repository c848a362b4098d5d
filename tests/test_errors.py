"""What can go wrong, as values."""

from __future__ import annotations

from typing import Any

import pytest

from flask_serveractions import ActionError
from flask_serveractions.errors import INVALID, Invalid, Refusal, TooLarge, UnknownAction, Unreadable, readable_size
from tests.calling import Door


def test_an_action_error_is_an_expected_failure_with_status_422() -> None:
    error = ActionError("You already have that one.")
    assert (error.message, error.status, error.field, error.code, error.result) == (
        "You already have that one.",
        422,
        None,
        None,
        None,
    )
    assert str(error) == "You already have that one."
    assert error.errors == {}


def test_an_action_error_at_a_field_is_an_error_of_that_field() -> None:
    error = ActionError("No such city.", field="address.city", status=409, code="city", result=[1])
    assert error.errors == {"address.city": ["No such city."]}
    assert (error.status, error.code, error.result) == (409, "city", [1])


@pytest.mark.parametrize("status", [0, 200, 303, 399, 600, -1])
def test_a_failure_has_a_status_from_400_to_599(status: int) -> None:
    with pytest.raises(ValueError, match=f"status={status}"):
        ActionError("x", status=status)
    assert [ActionError("x", status=edge).status for edge in (400, 599)] == [400, 599]


def test_a_message_may_be_a_lazy_text() -> None:
    class Lazy:
        def __str__(self) -> str:
            return "translated"

    assert ActionError(Lazy(), field="a").errors == {"a": ["translated"]}  # type: ignore[arg-type]


def test_invalid_arguments_are_an_action_error_with_all_fields_at_once() -> None:
    error = Invalid({"a": ["x", "y"], "b.0": ["z"]})
    assert isinstance(error, ActionError)
    assert (error.status, error.message) == (422, INVALID)
    assert error.errors == {"a": ["x", "y"], "b.0": ["z"]}


def test_a_refusal_tells_the_log_more_than_the_caller() -> None:
    for error, status in [(UnknownAction("expired"), 404), (Refusal(403, "reason", "detail"), 403)]:
        assert error.status == status
        assert error.reason not in error.detail
    assert UnknownAction("expired").detail == UnknownAction("foreign").detail


def test_a_form_that_was_right_when_it_was_rendered_is_stale_and_a_body_is_not() -> None:
    assert UnknownAction("expired").stale
    assert not Unreadable("it is cut off").stale
    assert (Unreadable("x").status, TooLarge("x").status) == (400, 413)


def test_an_action_error_is_problem_details_with_its_field_status_code_and_message() -> None:
    def fail() -> None:
        raise ActionError("You already have that one.", field="text", status=409, code="taken")

    door = Door()
    door.name = "fail"
    door.actions.register(fail)
    answer = door.post()
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "You already have that one.",
        "errors": {"text": ["You already have that one."]},
        "code": "taken",
    }


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"status": 302}, ValueError),
        ({"status": "422"}, ValueError),
        ({"field": 3}, TypeError),
        ({"code": 3}, TypeError),
    ],
)
def test_an_action_error_that_can_not_be_told_is_an_error_where_it_is_made(
    options: dict[str, Any], error: type[Exception]
) -> None:
    (name,) = options
    with pytest.raises(error, match=rf"ActionError\({name}="):
        ActionError("No.", **options)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KB"),
        (500_000, "488.2 KB"),
        (2**20 - 1, "1023.9 KB"),
        (2**20, "1 MB"),
        (16_000_000, "15.2 MB"),
        (5 * 2**40, "5120 GB"),
    ],
)
def test_a_size_is_written_as_a_person_reads_it_and_never_as_more(size: int, expected: str) -> None:
    assert readable_size(size) == expected


def test_a_body_that_is_too_large_is_told_in_bytes_to_the_log_alone() -> None:
    answer = Door(lambda: None, SERVERACTIONS_MAX_CONTENT_LENGTH=2048).json({"value": "x" * 3000})
    assert answer.json["detail"] == "The request is too large: at most 2 KB can be sent."
