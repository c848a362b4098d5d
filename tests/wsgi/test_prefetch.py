"""Pages that a browser fetches before they are asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask, flash, get_flashed_messages
from flask.testing import FlaskClient
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from flask_serveractions import ActionError
from tests.callers import BROWSER, app_with, form_in, open_form, post_json, submit

SCRIPT_TAG = "{{ serveractions_script(prefetch=True) }}{% call action_form('act') %}{% endcall %}"


def act() -> None:
    pass


def refuse() -> None:
    raise ActionError("No.")


@pytest.fixture
def app() -> Flask:
    app = app_with(act, refuse, page=SCRIPT_TAG)

    @app.get("/flash")
    def put() -> str:
        flash("Saved.")
        return ""

    @app.get("/shown")
    def shown() -> dict[str, Any]:
        return {"messages": get_flashed_messages()}

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def rules_of(client: Any, root: str = "") -> Any:
    page = client.get(f"{root}/")
    assert page.headers["Speculation-Rules"] == f'"{root}/_actions/-/prefetch.json"'
    answer = client.get(f"{root}/_actions/-/prefetch.json")
    assert answer.headers["Content-Type"] == "application/speculationrules+json"
    return json.loads(answer.text)


def test_the_rules_come_by_a_header_and_no_script_stands_in_the_page(client: FlaskClient) -> None:
    (rule,) = rules_of(client)["prefetch"]
    assert (rule["source"], rule["eagerness"]) == ("document", "moderate")
    assert "speculationrules" not in client.get("/").text


def test_only_the_app_s_own_pages_are_fetched(client: FlaskClient) -> None:
    inside, below, exempt = rules_of(client)["prefetch"][0]["where"]["and"]
    assert inside == {"href_matches": "/*"}
    assert below == {"not": {"href_matches": "/_actions/*"}}
    selectors = exempt["not"]["selector_matches"]
    assert '[data-prefetch="false"]' in selectors
    for text in (
        "logout",
        "log-out",
        "log_out",
        "signout",
        "sign-out",
        "sign_out",
        "logoff",
        "abmelden",
        "cerrar-sesion",
    ):
        assert f'[href*="{text}" i]' in selectors


def test_below_a_mount_point_the_rules_are_of_that_app(app: Flask) -> None:
    mounted = Client(DispatcherMiddleware(NotFound(), {"/shop": app.wsgi_app}), TestResponse)
    inside, below, _ = rules_of(mounted, "/shop")["prefetch"][0]["where"]["and"]
    assert (inside, below) == ({"href_matches": "/shop/*"}, {"not": {"href_matches": "/shop/_actions/*"}})


def test_without_the_option_there_are_none() -> None:
    page = app_with(act, page="{{ serveractions_script() }}").test_client().get("/")
    assert "Speculation-Rules" not in page.headers


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_a_page_that_is_fetched_ahead_leaves_the_messages_that_wait(client: FlaskClient, purpose: str) -> None:
    client.get("/flash")
    answer = client.get("/shown", headers={"Sec-Purpose": purpose})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
    assert client.get("/shown").json == {"messages": ["Saved."]}
    assert client.get("/shown", headers={"Sec-Purpose": purpose}).json == {"messages": []}


def test_every_answer_of_an_action_voids_what_was_fetched_before_it(client: FlaskClient) -> None:
    form = open_form(client)
    refused = form.on("/", form_in(app_with(refuse).test_client().get("/")).id)
    for answer in (
        submit(client, form),
        post_json(client, form),
        client.post(refused, data=form.values, headers=BROWSER),
    ):
        assert answer.headers.getlist("Clear-Site-Data") == ['"prefetchCache"']
    assert "Clear-Site-Data" not in client.get("/").headers
