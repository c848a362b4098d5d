"""``show_result=True``: success, too, is the page rendered again, with what was typed and the result."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, redirect, render_template_string

from flask_serveractions import ServerActions
from flask_serveractions.testing import ActionsClient
from tests.callers import form_in, post_json

PAGE = """<!doctype html>{% call(form) action_form(name) %}{{ form.fields() }}<button>Go</button>
<output>{{ form.result if form.submitted and form.ok else "nothing yet" }}</output>{% endcall %}"""


def app_for(function: Any, path: Path, **options: Any) -> tuple[Flask, ActionsClient]:
    app = Flask(__name__, instance_path=str(path))
    app.secret_key = "of the tests"
    app.test_client_class = ActionsClient
    actions = ServerActions(app)
    actions.register(name="calculate", show_result=True, **options)(function)
    app.add_url_rule("/", "index", lambda: render_template_string(PAGE, name="calculate"))
    client = app.test_client()
    assert isinstance(client, ActionsClient)
    return app, client


def double(price: Decimal, comment: str = "") -> Decimal:
    return price * 2


def test_the_page_comes_with_what_was_typed_and_the_result(tmp_path: Path) -> None:
    _, client = app_for(double, tmp_path)
    page = client.get("/")
    assert "<output>nothing yet</output>" in page.text
    answer = client.submit(page, "calculate", price="1.10", comment="of milk")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "<output>2.20</output>" in answer.text
    assert 'value="1.10"' in answer.text
    assert 'value="of milk"' in answer.text
    assert "aria-invalid" not in answer.text


def test_a_refusal_of_it_shows_no_result(tmp_path: Path) -> None:
    _, client = app_for(double, tmp_path)
    answer = client.submit(client.get("/"), "calculate", price="x")
    assert answer.status_code == 422
    assert "<output>nothing yet</output>" in answer.text


def test_the_form_is_not_reset_by_the_client(tmp_path: Path) -> None:
    _, client = app_for(double, tmp_path)
    assert 'data-reset="false"' in client.get("/").text


def test_a_script_gets_the_same_page_beside_the_data(tmp_path: Path) -> None:
    _, client = app_for(double, tmp_path)
    answer = post_json(client, form_in(client.get("/")), price="3")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["data"] == "6"
    assert "<output>6</output>" in answer.json["page"]


def test_a_redirect_wins(tmp_path: Path) -> None:
    _, client = app_for(lambda: redirect("/elsewhere"), tmp_path)
    answer = client.submit(client.get("/"), "calculate")
    assert (answer.status_code, answer.location) == (303, "/elsewhere")


def test_a_repeated_key_renders_the_kept_result_of_the_same_type(tmp_path: Path) -> None:
    calls: list[Decimal] = []

    def pay(price: Decimal) -> Decimal:
        calls.append(price)
        return price + len(calls)

    _, client = app_for(pay, tmp_path, once=True)
    page = client.get("/")
    answers = [client.submit(page, "calculate", price="1.5") for _ in range(2)]
    assert ["<output>2.5</output>" in answer.text for answer in answers] == [True, True]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(calls) == 1


def test_a_page_that_does_not_show_the_form_any_more_is_replaced_by_the_built_in_one(tmp_path: Path) -> None:
    app, client = app_for(double, tmp_path)
    page = client.get("/")
    app.view_functions["index"] = lambda: "another page"
    answer = client.submit(page, "calculate", price="4")
    assert answer.status_code == 200
    assert ">8</" in answer.text


def test_a_job_has_no_result_to_show_yet(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"double .*show_result=True with background=True.*Leave one of them out"):
        app_for(double, tmp_path, background=True)
