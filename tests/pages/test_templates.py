"""What templates call."""

from __future__ import annotations

import json
import re
from html import unescape
from io import BytesIO
from typing import Annotated, Any

import pytest
from flask import Flask, render_template, render_template_string, url_for
from flask.testing import FlaskClient
from jinja2 import DictLoader
from marshmallow.validate import Length
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from flask_serveractions import ActionError, Bound, ServerActions
from flask_serveractions.security.signing import load_payload
from tests.callers import BROWSER, WITH_PAGE, Form, app_with, extension_of, form_in, forms_in, open_form, submit

calls: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    calls.clear()


def create_todo(text: Annotated[str, Length(1, 200)]) -> None:
    if text == "bad":
        raise ActionError("Not that one.", field="text", result={"left": 3})
    if text == "never":
        raise ActionError("Never.")
    calls.append(text)


def rename(todo_id: Bound[int], text: str, kind: Bound[str] = "plain") -> None:
    if text == "bad":
        raise ActionError(f"Not {todo_id}.", field="text")
    calls.append((todo_id, kind, text))


def page_with(template: str, *functions: Any, **config: Any) -> FlaskClient:
    return app_with(*(functions or (create_todo, rename)), page=template, **config).test_client()


def render(template: str, *functions: Any, **config: Any) -> str:
    return page_with(template, *functions, **config).get("/todos?sort=text").get_data(as_text=True)


FIELD = '<input {{ form.attrs("text") }}>{{ form.error("text") }}'


# action_form


def test_a_form_is_a_post_to_a_signed_url_that_names_its_page() -> None:
    form = form_in(render('{% call(form) action_form("create_todo") %}' + FIELD + "{% endcall %}"))
    assert form.attributes["method"] == "post"
    assert re.fullmatch(r"/todos\?sort=text&_action=create_todo/e30\.[\w-]{43}", form.url)
    assert form.action == "create_todo"
    assert "enctype" not in form.attributes
    assert list(form.inputs) == ["_action", "csrf_token", "text"]
    assert form.inputs["_action"]["value"] == "create_todo:"
    assert form.inputs["csrf_token"]["type"] == "hidden"


def test_a_form_always_has_a_place_for_its_message() -> None:
    page = render('{% call(form) action_form("create_todo") %}' + FIELD + "{% endcall %}")
    assert '<div class="serveractions-message" data-message role="alert"></div>' in page


@pytest.mark.parametrize("call", ["call(form)", "call"])
def test_call_works_with_and_without_its_argument(call: str) -> None:
    template = '{% CALL action_form("create_todo") %}<input name="text">{% endcall %}'.replace("CALL", call)
    client = page_with(template)
    assert submit(client, open_form(client), text="milk").status_code == 303
    answer = submit(client, open_form(client), text="bad")
    assert answer.status_code == 422
    assert "Not that one." in form_in(answer).message
    assert calls == ["milk"]


def test_an_action_may_be_given_as_its_function() -> None:
    app = app_with(create_todo)
    app.jinja_env.globals["function"] = create_todo

    @app.get("/by-function")
    def page() -> str:
        return render_template_string('{% call action_form(function) %}<input name="text">{% endcall %}')

    client = app.test_client()
    assert submit(client, open_form(client, page="/by-function"), text="milk").status_code == 303


def test_attributes_of_the_form_are_the_templates() -> None:
    template = """{% call action_form("create_todo", attrs={"class": "wide", "data-confirm": 'Sure "so"?',
    "novalidate": true, "hidden": false}) %}{% endcall %}"""
    attributes = form_in(render(template)).attributes
    assert attributes["class"] == "wide"
    assert attributes["data-confirm"] == 'Sure "so"?'
    assert "novalidate" in attributes
    assert "hidden" not in attributes


def upload(document: FileStorage) -> None:
    calls.append(document.read())


def test_a_form_whose_action_takes_a_file_is_multipart() -> None:
    client = page_with(
        '{% call(form) action_form("upload") %}<input {{ form.attrs("document") }}>{% endcall %}', upload
    )
    form = open_form(client)
    assert form.attributes["enctype"] == "multipart/form-data"
    assert form.inputs["document"]["type"] == "file"
    assert submit(client, form, document=(BytesIO(b"text"), "a.txt")).status_code == 303
    assert calls == [b"text"]


def test_a_file_is_never_filled_in_again() -> None:
    def refuse(document: FileStorage | None = None, name: str = "") -> None:
        raise ActionError("No.")

    template = """{% call(form) action_form("refuse") %}
    <input {{ form.attrs("document") }}><input {{ form.attrs("name") }}>{% endcall %}"""
    client = page_with(template, refuse)
    form = open_form(client)
    again = form_in(submit(client, form, document=(BytesIO(b"text"), "a.txt"), name="kept"))
    assert "value" not in again.inputs["document"]
    assert again.inputs["name"]["value"] == "kept"


def test_the_content_of_a_template_that_does_not_escape_is_not_escaped_twice() -> None:
    app = app_with(create_todo)
    app.jinja_loader = DictLoader(  # type: ignore[misc]
        {"page.txt": '{% call(form) action_form("create_todo") %}<b>{{ form.attrs("text") }}</b>{% endcall %}'}
    )
    app.add_url_rule("/text", "text", lambda: render_template("page.txt"))
    assert '<b>name="text"' in app.test_client().get("/text").text


# Mistakes in a template


@pytest.mark.parametrize(
    ("template", "error", "message"),
    [
        ('{{ action_url("nothing") }}', LookupError, "nothing.*create_todo, rename"),
        ('{{ action_state("nothing") }}', LookupError, "nothing"),
        ('{{ serveractions_script("nothing") }}', LookupError, "nothing"),
        ('{% call action_form("nothing") %}{% endcall %}', LookupError, "nothing"),
        ('{{ action_form("create_todo") }}', TypeError, "call"),
        ('{{ action_url("rename") }}', TypeError, "rename.*todo_id.*missing"),
        ('{{ action_url("rename", todo_id="seven") }}', TypeError, "rename.*todo_id.*seven"),
        ('{{ action_url("rename", todo_id=none) }}', TypeError, "rename.*todo_id"),
        ('{{ action_url("rename", todo_id=7, text="x") }}', TypeError, "rename.*text.*Bound"),
        ('{{ action_url("create_todo", todo_id=7) }}', TypeError, "create_todo.*todo_id.*Bound"),
    ],
)
def test_a_mistake_in_a_template_is_named(template: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"(?s){message}"):
        render(template, TESTING=True)


def test_an_app_without_the_extension_is_told_so() -> None:
    app, other = Flask(__name__), app_with(create_todo)
    app.jinja_env.globals.update(action_url=other.jinja_env.globals["action_url"])
    with app.test_request_context(), pytest.raises(RuntimeError, match="init_app"):
        render_template_string('{{ action_url("create_todo") }}')


# action_url


def test_a_buttons_formaction_calls_another_action_with_the_forms_fields() -> None:
    template = """{% call action_form("create_todo") %}<input name="text">
    <button formaction="{{ action_url("rename", todo_id=7) }}">Rename</button>{% endcall %}"""
    client = page_with(template)
    page = client.get("/todos").get_data(as_text=True)
    other = unescape(re.findall('formaction="([^"]*)"', page)[0])
    form = form_in(page)
    answer = submit(client, Form({**form.attributes, "action": other}, form.inputs), text="eggs")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/todos")
    assert calls == [(7, "plain", "eggs")]


def test_bound_arguments_are_signed_and_can_be_read() -> None:
    url = render('{{ action_url("rename", todo_id=7, kind="odd") }}')
    payload = url.rpartition("=rename/")[2].partition(".")[0]
    assert load_payload(payload) == {"todo_id": 7, "kind": "odd"}


def test_a_bound_argument_posted_by_the_client_is_ignored() -> None:
    client = page_with('{% call action_form("rename", todo_id=7) %}<input name="text">{% endcall %}')
    form = open_form(client)
    assert submit(client, form, text="milk", todo_id="8", kind="odd").status_code == 303
    assert (
        client.post(f"{form.url}&todo_id=8", data={**form.values, "text": "eggs"}, headers=BROWSER).status_code == 303
    )
    assert calls == [(7, "plain", "milk"), (7, "plain", "eggs")]


@pytest.mark.parametrize("path", ["/caf%C3%A9/a%20b?q=%26%3D%2B&r=%22%3E", "/a%2Fb?x", "/%E2%82%AC"])
def test_the_page_of_a_form_is_where_it_stands(path: str) -> None:
    app = app_with(create_todo)

    @app.get("/<path:rest>")
    def anywhere(rest: str) -> str:
        return rest + render_template_string('{% call(form) action_form("create_todo") %}' + FIELD + "{% endcall %}")

    client = app.test_client()
    form = open_form(client, page=path)
    before = client.get(path).get_data(as_text=True).partition("<form")[0]
    back = client.get(submit(client, form, text="milk").headers["Location"])
    assert back.get_data(as_text=True).partition("<form")[0] == before
    again = submit(client, form, text="bad")
    assert again.status_code == 422
    assert again.get_data(as_text=True).partition("<form")[0] == before
    assert form_in(again).url == form.url


def test_a_form_that_an_action_renders_stands_on_the_actions_page() -> None:
    def partly(text: str = "") -> str:
        return render_template_string('{% call action_form("partly") %}{% endcall %}')

    client = page_with('{% call action_form("partly") %}{% endcall %}', partly)
    form = open_form(client, page="/todos?sort=text")
    answer = client.post(form.url, data=form.values, headers={**BROWSER, "Accept": "application/json"})
    assert form_in(answer.json["data"]).url == form.url


# State belongs to the one form that was sent


TWO = """{% for id in [7, 8] %}{% call(form) action_form("rename", todo_id=id) %}
<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}{% endfor %}
{% call(form) action_form("create_todo") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}"""


def states(answer: TestResponse | str) -> list[tuple[str | None, str, str]]:
    return [(form.inputs["text"].get("value"), form.errors["text"], form.message) for form in forms_in(answer)]


CLEAN = (None, "", "")


def page_of(answer: TestResponse) -> str:
    return answer.json["page"] if answer.is_json else answer.get_data(as_text=True)


@pytest.mark.parametrize("headers", [BROWSER, WITH_PAGE], ids=["browser", "json"])
def test_the_same_action_with_other_bound_arguments_stays_clean(headers: dict[str, str]) -> None:
    client = page_with(TWO)
    forms = forms_in(client.get("/"))
    page = page_of(submit(client, forms[1], headers=headers, text="bad"))
    assert states(page) == [CLEAN, ("bad", "Not 8.", ""), CLEAN]
    page = page_of(submit(client, forms[2], headers=headers, text="bad"))
    assert states(page) == [CLEAN, CLEAN, ("bad", "Not that one.", "")]


EQUAL = '{% for each in "abc" %}{% call(form) action_form("create_todo") %}' + FIELD + "{% endcall %}{% endfor %}"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_of_equal_forms_on_a_page_the_one_that_was_sent_has_the_state(number: int) -> None:
    client = page_with(EQUAL)
    forms = forms_in(client.get("/"))
    answer = submit(client, forms[number], text="bad")
    assert states(answer) == [("bad", "Not that one.", "") if each == number else CLEAN for each in range(3)]
    assert submit(client, forms[number], text="milk").headers["Location"] == "/"


def test_ids_are_unique_on_a_page_and_the_same_when_it_is_rendered_again() -> None:
    client = page_with(TWO + EQUAL)
    page = client.get("/").get_data(as_text=True)
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids)) == 18
    described = re.findall(r'aria-describedby="([^"]*)"', page)
    assert set(described) <= set(ids)
    again = submit(client, forms_in(page)[3], text="bad").get_data(as_text=True)
    assert re.findall(r' id="([^"]*)"', again) == ids


def test_a_clean_page_shows_nothing_of_a_failure_before() -> None:
    client = page_with(TWO)
    submit(client, open_form(client), text="bad")
    assert states(client.get("/").get_data(as_text=True)) == [CLEAN, CLEAN, CLEAN]


# action_state, and a form that is written by hand


BY_HAND = """{% set form = action_state("rename", todo_id=7) %}
<form method="post" action="{{ action_url("rename", todo_id=7) }}" data-serveraction="rename">
{{ action_fields("rename", todo_id=7) }}
<input {{ form.attrs("text") }}>{{ form.error("text") }}<p>{{ form.ok }} {{ form.submitted }}</p>
</form>"""


@pytest.mark.parametrize("headers", [BROWSER, WITH_PAGE], ids=["browser", "json"])
def test_a_form_written_by_hand_has_its_state(headers: dict[str, str]) -> None:
    app = app_with(create_todo, rename, page=BY_HAND)
    client = app.test_client()
    form = open_form(client)
    assert "True False" in form.text
    again = form_in(page_of(submit(client, form, headers=headers, text="bad")))
    assert (again.inputs["text"]["value"], again.errors["text"]) == ("bad", "Not 7.")
    assert "False True" in again.text
    assert submit(client, again, text="milk").status_code == 303
    assert calls == [(7, "plain", "milk")]


# The script


def script_in(page: str) -> dict[str, str]:
    (found,) = re.findall(r"<script ([^>]*)></script>", page)
    return {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', found)}


def test_the_script_loads_the_client_with_the_token_and_the_named_actions() -> None:
    client = page_with('{{ serveractions_script("create_todo") }}{% call action_form("create_todo") %}{% endcall %}')
    page = client.get("/todos").get_data(as_text=True)
    script = script_in(page)
    assert script["type"] == "module"
    assert script["id"] == "serveractions"
    assert re.fullmatch(r"/_actions/client\.js\?v=\w+", script["src"])
    assert script["data-header"] == "X-CSRFToken"
    form = form_in(page)
    assert script["data-token"] == form.token
    assert json.loads(script["data-actions"]) == {"create_todo": form.url}
    headers = {"Accept": "application/json", "X-CSRFToken": script["data-token"]}
    assert client.post(form.url, json={"text": "milk"}, headers=headers).status_code == 200


def test_the_script_may_name_no_action() -> None:
    script = script_in(render("{{ serveractions_script() }}"))
    assert script["data-actions"] == "{}"


def test_the_script_knows_the_apps_own_header() -> None:
    script = script_in(render("{{ serveractions_script() }}", WTF_CSRF_HEADERS=["X-Proof", "X-Other"]))
    assert script["data-header"] == "X-Proof"
    assert "data-token" not in script_in(render("{{ serveractions_script() }}", WTF_CSRF_ENABLED=False))


def test_a_page_with_the_script_alone_is_private_too() -> None:
    response = page_with("{{ serveractions_script() }}").get("/")
    assert response.headers["Cache-Control"] == "private"


# Names with dots, modules, prefixes


def test_names_with_dots_work_everywhere() -> None:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="of the tests", SERVERACTIONS_URL_PREFIX="/do")
    actions = ServerActions(app)
    actions.register(name="todos.create")(create_todo)
    template = '{% call(form) action_form("todos.create") %}' + FIELD + "{% endcall %}"
    app.add_url_rule("/", "index", lambda: render_template_string(template))
    client = app.test_client()
    form = open_form(client)
    assert form.url.startswith("/?_action=todos.create/")
    assert form.inputs["text"]["id"] == "todos-create-text"
    assert submit(client, form, text="milk").status_code == 303
    assert states(submit(client, form, text="bad")) == [("bad", "Not that one.", "")]
    with app.test_request_context():
        assert url_for("actions.todos-create", signature="x") == "/do/todos.create/x"


def test_an_action_may_have_any_name_that_a_function_can_have() -> None:
    def client(text: str = "") -> None:
        calls.append("client")

    def catch_all(text: str = "") -> None:
        calls.append("catch_all")

    def static(text: str = "") -> None:
        calls.append("static")

    app = app_with(client, catch_all, static)
    caller = app.test_client()
    for name in ("client", "catch_all", "static"):
        assert submit(caller, open_form(caller, name)).status_code == 303
    assert calls == ["client", "catch_all", "static"]
    assert extension_of(app) is app.extensions["serveractions"]
