"""The JSON answer of an action, as bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_serveractions.http.envelope import NO_PAGE, envelope_of, with_page


def test_an_envelope_has_five_members_and_the_page_last() -> None:
    answer = json.loads(envelope_of('{"page": null}'))
    assert list(answer) == ["data", "redirect", "revalidated", "messages", "page"]
    assert answer["data"] == {"page": None}
    assert answer["page"] is None


@pytest.mark.parametrize(
    ("redirect", "messages"),
    [
        (None, []),
        ("/", []),
        (None, [{"category": "info", "message": "é"}]),
    ],
)
def test_an_envelope_says_what_it_was_given(redirect: str | None, messages: list[dict[str, str]]) -> None:
    answer = json.loads(envelope_of("1", redirect, ["/todos"], ["todos"], messages))
    assert (answer["redirect"], answer["messages"]) == (redirect, messages)
    assert answer["revalidated"] == {"paths": ["/todos"], "tags": ["todos"]}


@given(page=st.text(), data=st.text() | st.just(NO_PAGE.decode()))
def test_a_page_goes_in_at_the_end_whatever_the_data_holds(page: str, data: str) -> None:
    whole = with_page(b'{"data":%b,%b\n' % (json.dumps(data).encode(), NO_PAGE), page)
    assert json.loads(whole) == {"data": data, "page": page}
