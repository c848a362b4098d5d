"""Forms and regions in templates of an environment that renders asynchronously."""

from __future__ import annotations

import asyncio

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from flask_serveractions import ServerActions
from flask_serveractions.testing import ActionsClient

FORM = '{% call(form) action_form("save") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}'


async def rows() -> list[str]:
    await asyncio.sleep(0)
    return ["milk"]


def client_of(template: str) -> ActionsClient:
    app = Flask(__name__)
    app.jinja_options = {"enable_async": True}
    app.secret_key = "of the tests"
    ServerActions(app).register(save)
    app.add_url_rule("/", "page", lambda: render_template_string(template, rows=rows))
    return ActionsClient(app)


def save(text: str, count: int = 0) -> None: ...


TEMPLATES = {
    "a form": FORM,
    "a form in a region": f'{{% call region("list", tag="div") %}}{FORM}{{% endcall %}}',
    "a form in a lazy region": f'{{% call region("list", lazy=True) %}}{FORM}{{% endcall %}}',
    "a form that knows what was awaited above it": f"{{% set found = rows() %}}{FORM}{{{{ found[0] }}}}",
    "a form without an argument": '{% call action_form("save") %}<input name="text">{% endcall %}',
}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_form_is_rendered_filled_in_and_sent(template: str) -> None:
    client = client_of(template)
    page = client.get("/?_regions=list")
    assert "coroutine" not in page.text
    assert client.submit(page, "save", text="a", count="many").status_code == 422
    assert client.submit(page, "save", text="a").status_code == 303


def test_a_block_that_awaits_is_an_error_that_says_where_to_await() -> None:
    client: FlaskClient = client_of('{% call action_form("save") %}{{ rows()[0] }}{% endcall %}')
    client.application.testing = True
    with pytest.raises(RuntimeError, match=r"Await it above the block"):
        client.get("/")
