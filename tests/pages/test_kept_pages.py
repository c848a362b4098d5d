"""A page with forms that a cache keeps for everybody is told of, once."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_caching import Cache

from flask_serveractions import ServerActions, cached
from flask_serveractions.testing import ActionsClient

PAGE = "<!doctype html><main>{% call(form) action_form('add') %}{{ form.fields() }}{% endcall %}</main>"
SCRIPT = "<!doctype html>{{ serveractions_script('add') }}"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="of the tests", CACHE_TYPE="SimpleCache")
    cache = Cache(app)
    actions = ServerActions(app)

    @actions.register
    def add(text: str) -> None: ...

    @cached()
    def fragment() -> str:
        return render_template_string(PAGE)

    app.add_url_rule("/cached", "cached", cache.cached()(lambda: render_template_string(PAGE)))
    app.add_url_rule("/script", "script", cache.cached()(lambda: render_template_string(SCRIPT)))
    app.add_url_rule("/without", "without", cache.cached()(lambda: "<!doctype html>Nothing of ours"))
    app.add_url_rule("/ours", "ours", cached()(lambda: render_template_string(PAGE)))
    app.add_url_rule("/fragment", "fragment", lambda: render_template_string(PAGE) + fragment())
    app.add_url_rule("/each", "each", lambda: render_template_string(PAGE))
    return app


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/cached", "What 'cached' shows is kept by @cache.cached"),
        ("/script", "What 'script' shows is kept by @cache.cached"),
        ("/ours", "What 'ours' shows is kept by @cached"),
        ("/fragment", "What 'fragment' shows is kept by @cached"),
        ("/without", None),
        ("/each", None),
    ],
)
def test_a_kept_page_is_told_of_where_it_holds_what_is_one_visitors(
    app: Flask, caplog: pytest.LogCaptureFixture, path: str, told: str | None
) -> None:
    caplog.set_level(logging.WARNING, logger="flask_serveractions")
    for query in ("", "?again"):
        assert app.test_client().get(path + query).status_code == 200
    assert [record.getMessage().partition(", and its forms")[0] for record in caplog.records] == [told][: bool(told)]


def test_it_is_true_that_nobody_else_can_send_its_form(app: Flask) -> None:
    first, second = (ActionsClient(app, app.response_class) for _ in range(2))
    page = first.get("/cached")
    assert second.get("/cached").text == page.text
    assert second.submit(second.get("/cached"), "add", text="Tea").status_code == 404
    assert first.submit(page, "add", text="Tea").status_code == 303
