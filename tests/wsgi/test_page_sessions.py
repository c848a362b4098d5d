"""The session of a page that goes into an answer: as the action left it, and not checked twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask, current_app, render_template_string, session
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from flask_serveractions import revalidate_path
from tests.callers import ONE_FORM, SCRIPT, app_with, open_form, submit

LONG_AGO = datetime(2001, 2, 3, tzinfo=timezone.utc)


def app_that_shows_its_session(change: Callable[[], None]) -> Flask:
    """Return an app whose page shows what its session holds, and whose action may change that."""

    def act(text: str) -> None:
        change()
        revalidate_path("/shown")

    app = app_with(act)

    @app.get("/shown")
    def shown() -> str:
        return render_template_string("<pre>{{ cart }}</pre>" + ONE_FORM, cart=session.get("cart"), names=["act"])

    return app


def client_with(app: Flask, cart: object) -> FlaskClient:
    client = app.test_client()
    client.get("/shown")
    with client.session_transaction() as held:
        held["cart"] = cart
    return client


def shown_after_action(client: FlaskClient) -> str:
    page: str = submit(client, open_form(client, page="/shown"), headers=SCRIPT, text="x").json["page"]
    return page.partition("<pre>")[2].partition("</pre>")[0]


def nothing() -> None: ...


def lose_its_age() -> None:
    """Let every session's cookie be too old from now on."""
    current_app.permanent_session_lifetime = timedelta(seconds=-10)


@pytest.mark.parametrize(
    "cart", ["milk", ["milk"], {"milk": [1, 2.5, None, True]}, ("milk", ["eggs"]), b"milk", LONG_AGO]
)
def test_a_page_has_the_session_that_its_action_found(cart: Any) -> None:
    client = client_with(app_that_shows_its_session(nothing), cart)
    before = client.get("/shown").text
    assert f"<pre>{shown_after_action(client)}</pre>" in before


def test_what_an_action_put_into_the_session_is_on_the_page() -> None:
    client = client_with(app_that_shows_its_session(lambda: session.update(cart="eggs")), "milk")
    assert shown_after_action(client) == "eggs"


def test_what_a_session_was_not_told_of_is_not_on_the_page() -> None:
    client = client_with(app_that_shows_its_session(lambda: session["cart"].append("eggs")), ["milk"])
    assert shown_after_action(client) == "[&#39;milk&#39;]"


def test_a_session_that_was_found_a_moment_ago_is_not_checked_again() -> None:
    assert shown_after_action(client_with(app_that_shows_its_session(lose_its_age), "milk")) == "milk"


def test_one_that_holds_more_than_plain_values_is_read_again() -> None:
    assert shown_after_action(client_with(app_that_shows_its_session(lose_its_age), LONG_AGO)) == "None"


def test_only_flasks_own_sessions_are_shared_and_each_app_has_its_interface() -> None:
    class Own(SecureCookieSessionInterface):
        """One that may do more when it opens a session."""

    own = app_that_shows_its_session(lose_its_age)
    own.session_interface = interface = Own()
    assert shown_after_action(client_with(own, "milk")) == "None"
    assert own.session_interface is interface
    app_that_shows_its_session(nothing).test_client().get("/shown")
    assert "open_session" not in vars(Flask.session_interface)
