"""The action door, and what else stands under its prefix."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template_string

from flask_serveractions import ActionError, ServerActions
from flask_serveractions.views.actions import check_name
from flask_serveractions.wsgi.page_urls import CATCH_ALL
from tests.callers import BROWSER, SCRIPT, app_with, form_in, open_form, post_json, submit

calls: list[str] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


def create_todo(text: str) -> None:
    calls.append(text)


def delete_all() -> None:
    calls.append("all")


@pytest.fixture
def client() -> Any:
    return app_with(create_todo, delete_all).test_client()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "headers", [BROWSER, SCRIPT, {"Sec-Fetch-Site": "cross-site"}], ids=["browser", "script", "far"]
)
def test_get_on_an_actions_own_url_leads_to_the_root_and_runs_nothing(client: Any, method: str, headers: Any) -> None:
    form = open_form(client, "delete_all", page="/todos?sort=text")
    answer = client.open(form.direct, method=method, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert calls == []


def test_get_on_whatever_else_is_under_the_prefix_leads_there_too(client: Any) -> None:
    for path in ("/_actions/nothing", "/_actions/nothing/x/y", "/_actions/create_todo/wrong"):
        answer = client.get(f"{path}?page=/todos")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    "path", ["nothing", "nothing/x", "nothing/x/y", "create_todo", "create_todo/x/y", "-/jobs/x/y"]
)
def test_posting_to_no_actions_url_is_the_one_404(client: Any, path: str) -> None:
    form = open_form(client)
    reference = client.post("/_actions/create_todo/wrong", headers=SCRIPT)
    answer = client.post(f"/_actions/{path}", headers={**SCRIPT, "X-CSRFToken": form.token})
    assert (answer.status_code, answer.data) == (404, reference.data)
    assert answer.headers["Serveractions-Stale"] == "true"


def test_the_catch_all_checks_the_origin_like_a_door(client: Any) -> None:
    assert client.post("/_actions/nothing/x", headers={"Origin": "null"}).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_method_is_405_with_allow(client: Any, method: str) -> None:
    form = open_form(client)
    for path in (form.direct, "/_actions/nothing/x"):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
        assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("name", ["create_todo", "todos.delete_all", "nobodys"])
def test_options_say_the_same_of_every_name_in_the_same_order(client: Any, name: str) -> None:
    answer = client.options(f"/_actions/{name}/e30.x")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert calls == []


def test_a_browser_gets_the_apps_own_page_for_another_method() -> None:
    app = app_with(create_todo)
    app.register_error_handler(405, lambda error: ("Own page", 405))
    client = app.test_client()
    answer = client.put(open_form(client).direct, headers=BROWSER)
    assert (answer.status_code, answer.text) == (405, "Own page")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_url_that_no_rule_matches_is_the_apps_own_404() -> None:
    app = app_with(create_todo)
    app.register_error_handler(404, lambda error: ("Own page", 404))
    client = app.test_client()
    for path in ("/_actions", "/_actions/", "/nowhere"):
        answer = client.post(path, headers=SCRIPT)
        assert (answer.status_code, answer.text) == (404, "Own page")


def test_a_function_that_aborts_404_in_the_door_is_not_the_apps_own_page_for_scripts() -> None:
    from flask import abort

    def gone(text: str = "") -> None:
        abort(404)

    client = app_with(gone).test_client()
    answer = post_json(client, open_form(client))
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_every_action_has_a_rule_of_its_own_whose_name_is_a_static_segment(client: Any) -> None:
    rules = {rule.endpoint: rule for rule in client.application.url_map.iter_rules()}
    rule = rules["actions.create_todo"]
    assert rule.rule == "/_actions/create_todo/<signature>"
    assert rule.methods is not None
    assert "POST" in rule.methods
    assert "GET" not in rule.methods


def test_an_action_may_have_any_name_beside_what_else_is_under_the_prefix() -> None:
    app = Flask(__name__)
    ServerActions(app)
    endpoints = [rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("actions.")]
    assert CATCH_ALL in endpoints
    for endpoint in endpoints:
        with pytest.raises(ValueError, match="is no name for an action"):
            ServerActions().register(name=endpoint.removeprefix("actions.").replace("-", "."))(len)


def test_the_prefix_is_the_apps_choice() -> None:
    client = app_with(create_todo, SERVERACTIONS_URL_PREFIX="/do/it").test_client()
    form = open_form(client)
    assert form.url.startswith("/?_action=create_todo/")
    assert submit(client, form, text="milk").status_code == 303
    assert client.post(f"/do/it/{form.id}", data=form.values, headers=BROWSER).status_code == 303
    assert client.get("/_actions/create_todo/x").status_code == 404


@pytest.mark.parametrize("name", ["create", "todos.create", "_x", "a1.b2.c3", "client", "Create"])
def test_a_name_is_letters_digits_and_dots(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", ".", "a.", ".a", "a..b", "a-b", "a/b", "a b", "1a", "é", "a\n", "?"])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        check_name(name)


# Several apps, factories


actions = ServerActions()


@actions.register
def shared(text: str) -> None:
    if text == "bad":
        raise ActionError("No.", field="text")
    calls.append(text)


PAGE = '{% call(form) action_form("shared") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}'


def create_app(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update({"SECRET_KEY": "of the factory", **config})
    actions.init_app(app)
    app.add_url_rule("/", "index", lambda: render_template_string(PAGE))
    return app


def test_one_extension_serves_several_apps_each_with_its_own_settings() -> None:
    one, other = create_app(), create_app(SERVERACTIONS_URL_PREFIX="/do", SECRET_KEY="another")
    for app, prefix in ((one, "/_actions"), (other, "/do")):
        client = app.test_client()
        form = open_form(client)
        assert client.post(f"{prefix}/{form.id}", data={**form.values, "text": "x"}, headers=SCRIPT).status_code == 200
        assert submit(client, form, text=prefix).status_code == 303
        assert form_in(submit(client, form, text="bad")).errors["text"] == "No."
    assert calls == ["x", "/_actions", "x", "/do"]


def test_an_id_of_one_app_is_void_in_the_other() -> None:
    one, other = create_app().test_client(), create_app(SECRET_KEY="another").test_client()
    foreign, form = open_form(one), open_form(other)
    answer = other.post(foreign.url, json={"text": "x"}, headers={**SCRIPT, "X-CSRFToken": form.token})
    assert (answer.status_code, calls) == (404, [])


def test_a_second_extension_on_one_app_is_a_value_error() -> None:
    app = create_app()
    with pytest.raises(ValueError, match="already"):
        ServerActions(app)


def test_the_app_holds_the_extension() -> None:
    assert create_app().extensions["serveractions"] is actions
