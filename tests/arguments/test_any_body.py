"""Whatever comes as a body: it is an argument, or refused, and never a bug."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_serveractions import Bound
from tests.calling import Door

URLENCODED = "application/x-www-form-urlencoded"


MULTIPART = "multipart/form-data; boundary=b"


def taking(*, value: str = "nothing", done: bool = False) -> None: ...


@pytest.fixture
def door() -> Door:
    return Door(taking)


# Whatever comes


DOOR = Door(taking)
SIGNED = DOOR.signed()
TYPES = [
    "application/json",
    URLENCODED,
    MULTIPART,
    "multipart/form-data",
    "text/html",
    "",
    "application/json; charset=x",
]
PIECES = st.sampled_from(
    [
        b"--b",
        b"\r\n",
        b"--",
        b'Content-Disposition: form-data; name="value"',
        b"value=",
        b"&",
        b'{"value": ',
        b"}",
        b'"a"',
    ]
)


@given(st.lists(PIECES | st.binary(max_size=20)).map(b"".join), st.sampled_from(TYPES))
@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
def test_whatever_the_bytes_the_answer_is_no_bug(body: bytes, content_type: str) -> None:
    url, headers = SIGNED
    answer = DOOR.client.post(url, headers=headers, data=body, content_type=content_type)
    assert answer.status_code in (200, 400, 413, 415, 422)
    if DOOR.calls:
        call = DOOR.calls.pop()
        assert isinstance(call["value"], str)
        assert isinstance(call["done"], bool)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("value"), inner, max_size=3),
    max_leaves=6,
)


@given(JSON_VALUES)
@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
def test_whatever_the_json_the_answer_is_no_bug(value: Any) -> None:
    url, headers = SIGNED
    answer = DOOR.client.post(url, headers=headers, data=json.dumps(value), content_type="application/json")
    assert answer.status_code in (200, 400, 422)
    if answer.status_code == 200:
        assert isinstance(DOOR.calls.pop()["value"], str)


def test_what_the_client_posts_under_the_name_of_a_bound_argument_is_ignored() -> None:
    def delete(*, todo_id: Bound[int], why: str = "") -> None: ...

    door = Door(delete)
    door.form({"todo_id": "2", "why": "x"}, todo_id=1)
    door.json({"todo_id": 2, "why": "x"}, todo_id=1)
    assert door.calls == [{"todo_id": 1, "why": "x"}] * 2


@given(st.lists(PIECES | st.binary(max_size=20)).map(b"".join), st.sampled_from(TYPES), st.booleans())
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
def test_whatever_the_bytes_a_stale_form_is_no_bug(body: bytes, content_type: str, has_token: bool) -> None:
    url, headers = SIGNED
    headers = {"Accept": "text/html", **({"X-CSRFToken": headers["X-CSRFToken"]} if has_token else {})}
    signature = url + ("x" if has_token else "")
    answer = DOOR.client.post(signature, headers=headers, data=body, content_type=content_type)
    assert answer.status_code in (400, 404, 405, 413, 415)  # a form without our field is the page's
    assert DOOR.calls == []
