"""What an action flashed, and whether its page shows it or leaves it to the client."""

from __future__ import annotations

import pytest
from flask import flash

from tests.callers import WITH_PAGE, app_with, open_form, submit


def flashing() -> None:
    flash("Saved.", "good")


SHOWS = "{% for text in get_flashed_messages() %}{{ text }}{% endfor %}"
PLACE = "<div data-messages></div>"


@pytest.mark.parametrize(
    ("shown", "unread", "kept"),
    [(PLACE, "true", ["Earlier."]), (SHOWS, None, []), (PLACE + SHOWS, None, []), ("", None, ["Earlier.", "Saved."])],
    ids=["a place", "shown", "shown beside a place", "neither"],
)
def test_what_was_flashed_is_left_to_the_client_where_the_page_has_but_a_place_for_it(
    shown: str, unread: str | None, kept: list[str]
) -> None:
    client = app_with(flashing, page=f"{{% call action_form('flashing') %}}{{% endcall %}}{shown}").test_client()
    form = open_form(client)
    with client.session_transaction() as held:
        held["_flashes"] = [("message", "Earlier.")]
    answer = submit(client, form, headers=WITH_PAGE)
    assert answer.json["messages"] == [{"category": "good", "message": "Saved."}]
    assert answer.headers.get("Serveractions-Unread") == unread
    with client.session_transaction() as held:
        assert [text for _, text in held.get("_flashes", [])] == kept


def test_an_answer_that_is_given_again_uses_up_no_message() -> None:
    app = app_with(page=f"{{% call action_form('flashing') %}}{{% endcall %}}{PLACE}")
    app.extensions["serveractions"].register(once=True)(flashing)
    client = app.test_client()
    form = open_form(client)
    submit(client, form, headers=WITH_PAGE)
    with client.session_transaction() as held:
        held["_flashes"] = [("message", "Later.")]
    answer = submit(client, form, headers=WITH_PAGE)
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert "Serveractions-Unread" not in answer.headers
    with client.session_transaction() as held:
        assert held["_flashes"] == [("message", "Later.")]
