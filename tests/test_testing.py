"""The test client calls actions as the JavaScript client does, and submits forms as a browser without it."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import pytest
from flask import Flask, render_template_string, request, session
from flask_wtf import FlaskForm
from marshmallow.validate import Length
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse
from wtforms import SelectField, StringField

from flask_serveractions import ActionError, Bound, ServerActions
from flask_serveractions.testing import ActionsClient

actions = ServerActions()
seen: list[Any] = []

PAGE = """
<!doctype html><title>To do</title>
{% for todo_id in todos %}
  {% call action_form("delete_todo", todo_id=todo_id) %}<button>Delete</button>{% endcall %}
{% endfor %}
{% call(form) action_form("create_todo") %}
  <input {{ form.attrs("text", value="Buy milk") }}> {{ form.error("text") }}
  <input {{ form.attrs("done") }}>
{% endcall %}
{% call action_form("attach") %}<input type="file" name="file"><input name="note" value="a note">{% endcall %}
<form method="post">{{ action_fields("press") }}<input name="text" value="by hand">
  <button name="how" value="plain">Elsewhere</button>
  <button formaction="{{ action_url("press") }}" name="how" value="first">First</button>
  <button formaction="{{ action_url("press") }}" name="how" value="second">Second</button>
</form>
<form method="get" action="{{ action_url("create_todo") }}"></form>
"""


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Address:
    city: str
    since: dt.date | None = None


@actions.register
def create_todo(text: Annotated[str, Length(1, 20)], done: bool = False) -> dict[str, Any]:
    if text == "twice":
        raise ActionError("You already have that one.", field="text")
    seen.append((text, done))
    return {"text": text}


@actions.register(name="delete_todo")
def delete(todo_id: Bound[int], day: Bound[dt.date | None] = None) -> None:
    seen.append(todo_id)


@actions.register
def attach(note: str, file: FileStorage | None = None) -> str | None:
    seen.append((note, file and (file.filename, file.read())))
    return file and file.filename


@actions.register
def press(how: str, text: str) -> None:
    seen.append((how, text))


@actions.register(name="todos.move")
def move(address: Address, colour: Colour, tags: list[str], days: list[dt.date] = []) -> None:  # noqa: B006
    seen.append((address, colour, tags, days))


@actions.register
def wait(time: dt.timedelta, file: FileStorage | None = None) -> None:
    seen.append(time)


@actions.register
def whoami() -> dict[str, Any]:
    session["calls"] = session.get("calls", 0) + 1
    return {"calls": session["calls"], "headers": dict(request.headers), "page": request.full_path}


@actions.register(once=True)
def pay() -> int:
    seen.append("paid")
    return len(seen)


class Contact(FlaskForm):
    name = StringField()
    colour = SelectField(choices=["red", "blue"])


@actions.register
def contact(form: Contact) -> dict[str, str]:
    return {"name": form.name.data, "colour": form.colour.data}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="a key for tests", WTF_CSRF_METHODS=["POST"])
    actions.init_app(app)

    @app.get("/")
    def index() -> str:
        from flask_wtf.csrf import generate_csrf

        return render_template_string(PAGE, todos=request.args.getlist("todo"), csrf_token=generate_csrf)

    seen.clear()
    return app


@pytest.fixture
def client(app: Flask) -> ActionsClient:
    return ActionsClient(app, app.response_class, use_cookies=True)


def json_of(response: TestResponse) -> dict[str, Any]:
    assert isinstance(response.json, dict)
    return response.json


# call_action


def test_a_call_answers_with_the_envelope(client: ActionsClient) -> None:
    response = client.call_action(create_todo, text="milk")
    assert response.status_code == 200
    assert response.json == {
        "data": {"text": "milk"},
        "redirect": None,
        "revalidated": {"paths": [], "tags": []},
        "messages": [],
        "page": None,
    }
    assert seen == [("milk", False)]


def test_an_action_is_called_by_its_name_too(client: ActionsClient) -> None:
    address = Address("Oslo", dt.date(2020, 2, 29))
    client.call_action("todos.move", address=address, colour=Colour.RED, tags=("a", "b"), days=[dt.date(2020, 1, 1)])
    assert seen == [(address, Colour.RED, ["a", "b"], [dt.date(2020, 1, 1)])]


def test_an_action_is_known_by_the_function_and_by_what_wraps_it(client: ActionsClient) -> None:
    @functools.wraps(create_todo)
    def wrapper(**arguments: Any) -> Any:
        return create_todo(**arguments)

    assert client.call_action(wrapper, text="milk").status_code == 200


@pytest.mark.parametrize("time", [dt.timedelta(milliseconds=1500), dt.timedelta(days=-1, microseconds=7)])
def test_a_time_is_given_to_its_fraction(client: ActionsClient, time: dt.timedelta) -> None:
    client.call_action(wait, time=time)
    client.call_action(wait, time=time, file=(BytesIO(b"x"), "a.txt"))
    assert seen == [time, time]


def test_a_failure_is_problem_details(client: ActionsClient) -> None:
    response = client.call_action(create_todo, text="")
    assert (response.status_code, response.content_type) == (422, "application/problem+json")
    assert list(json_of(response)["errors"]) == ["text"]


def test_bound_arguments_are_signed(client: ActionsClient) -> None:
    assert client.call_action(delete, todo_id=7).status_code == 200
    assert seen == [7]


def test_a_bound_argument_of_the_wrong_type_is_an_error_of_the_test(client: ActionsClient) -> None:
    with pytest.raises(TypeError, match=r"bound argument 'todo_id' can't be 'x'"):
        client.call_action(delete, todo_id="x")


def test_a_missing_bound_argument_is_an_error_of_the_test(client: ActionsClient) -> None:
    with pytest.raises(TypeError, match="'todo_id' is missing"):
        client.call_action(delete)


def test_an_unknown_action_is_an_error_of_the_test(client: ActionsClient) -> None:
    with pytest.raises(LookupError, match="no action 'nothing'"):
        client.call_action("nothing")


def test_a_file_among_the_arguments_makes_the_call_a_form(client: ActionsClient) -> None:
    assert client.call_action(attach, note="x", file=(BytesIO(b"content"), "a.txt")).json
    assert seen == [("x", ("a.txt", b"content"))]


def test_the_session_lasts_from_call_to_call(client: ActionsClient) -> None:
    client.call_action(whoami)
    assert json_of(client.call_action(whoami))["data"]["calls"] == 2


def test_a_call_comes_from_a_page_and_looks_like_the_clients(client: ActionsClient) -> None:
    data = json_of(client.call_action("whoami", "/todos?page=2"))["data"]
    assert data["page"] == "/todos?page=2"
    sent = {name: data["headers"].get(name) for name in ("Accept", "Origin", "Sec-Fetch-Site", "Content-Type")}
    assert sent == {
        "Accept": "application/json",
        "Origin": "http://localhost",
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/json",
    }


def test_each_call_of_what_runs_once_is_a_call_of_its_own(client: ActionsClient) -> None:
    assert [json_of(client.call_action(pay))["data"] for _ in range(2)] == [1, 2]


def test_a_flask_form_is_filled_in_by_name(client: ActionsClient) -> None:
    response = client.call_action(contact, name="Ada", colour="blue")
    assert json_of(response)["data"] == {"name": "Ada", "colour": "blue"}


def test_calls_work_without_csrf_tokens(app: Flask, client: ActionsClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    assert client.call_action(create_todo, text="milk").status_code == 200


def test_calls_use_the_header_that_the_app_wants(app: Flask, client: ActionsClient) -> None:
    app.config["WTF_CSRF_HEADERS"] = ["X-Own-Token"]
    response = client.call_action(whoami)
    assert "X-Own-Token" in json_of(response)["data"]["headers"]


def test_calls_reach_an_app_that_is_mounted_below_a_path(app: Flask, client: ActionsClient) -> None:
    app.config["APPLICATION_ROOT"] = "/mount"
    assert client.call_action(create_todo, text="milk").status_code == 200
    assert client.submit(client.get("/"), "create_todo").location == "/mount/"


# submit


def test_a_form_is_submitted_as_it_stands(client: ActionsClient) -> None:
    response = client.submit(client.get("/"), "create_todo")
    assert (response.status_code, response.location) == (303, "/")
    assert seen == [("Buy milk", False)]


def test_fields_are_filled_in(client: ActionsClient) -> None:
    client.submit(client.get("/"), create_todo, text="bread", done=True)
    assert seen == [("bread", True)]


def test_html_will_do_instead_of_a_response(client: ActionsClient) -> None:
    client.submit(client.get("/").text, "create_todo")
    assert seen == [("Buy milk", False)]


def test_a_page_that_came_back_can_be_submitted_again(client: ActionsClient) -> None:
    failed = client.submit(client.get("/"), "create_todo", text="twice")
    assert failed.status_code == 422
    assert "You already have that one." in failed.text
    assert client.submit(failed, "create_todo", text="once").status_code == 303


def test_a_form_stands_on_the_page_that_it_came_from(client: ActionsClient) -> None:
    response = client.submit(client.get("/?todo=1"), "create_todo")
    assert response.location == "/?todo=1"


def test_a_bound_argument_chooses_among_several_forms(client: ActionsClient) -> None:
    client.submit(client.get("/?todo=1&todo=2"), "delete_todo", todo_id=2)
    client.submit(client.get("/?todo=1&todo=2"), "delete_todo", todo_id="1")
    assert seen == [2, 1]


def test_a_bound_argument_that_no_form_is_bound_to_is_posted_as_a_field(client: ActionsClient) -> None:
    client.submit(client.get("/?todo=1"), "delete_todo", todo_id="2")
    assert seen == [1]


def test_several_forms_and_no_choice_are_an_error_that_shows_them(client: ActionsClient) -> None:
    with pytest.raises(LookupError, match=r"2 forms .*'delete_todo'.*'todo_id': 1.*'todo_id': 2"):
        client.submit(client.get("/?todo=1&todo=2"), "delete_todo")


def test_several_equal_forms_are_as_good_as_one(client: ActionsClient) -> None:
    client.submit(client.get("/?todo=1&todo=1"), "delete_todo")
    assert seen == [1]


def test_no_form_is_an_error_that_names_the_action(client: ActionsClient) -> None:
    with pytest.raises(LookupError, match="no form that calls 'delete_todo'"):
        client.submit(client.get("/"), "delete_todo")


def test_what_is_no_page_is_an_error_that_says_what_came(client: ActionsClient) -> None:
    with pytest.raises(LookupError, match=r"The page '/nowhere' \(404 NOT FOUND\) has no form that calls 'attach'"):
        client.submit(client.get("/nowhere"), "attach")


def test_a_file_is_uploaded(client: ActionsClient) -> None:
    client.submit(client.get("/"), "attach", file=(BytesIO(b"content"), "a.txt"))
    assert seen == [("a note", ("a.txt", b"content"))]


def test_an_empty_file_input_is_an_empty_part(client: ActionsClient) -> None:
    client.submit(client.get("/"), "attach")
    client.submit(client.get("/"), "attach")
    assert seen == [("a note", None)] * 2


def test_a_button_leads_to_an_action_by_its_formaction(client: ActionsClient) -> None:
    client.submit(client.get("/"), "press")
    client.submit(client.get("/"), "press", how="second", text="typed")
    assert seen == [("first", "by hand"), ("second", "typed")]


def test_a_button_says_how_the_form_is_sent(client: ActionsClient) -> None:
    url = client.get("/").text.partition('formaction="')[2].partition('"')[0].replace("&amp;", "&")
    fields = '<input name=_action><input name="text"><input type=file name=file>'
    button = f'<button formaction="{url}" formmethod=post formenctype=multipart/form-data name=how value=x>'
    sent = client.submit(f"<form>{fields}{button}</form>", "press").request
    assert sent.content_type.startswith("multipart/form-data")
    with pytest.raises(LookupError, match="no form that calls 'press'"):
        client.submit(f'<form method=post>{fields}<button formaction="{url}" formmethod=get></form>', "press")
    with pytest.raises(LookupError, match="no form that calls 'press'"):
        client.submit(f'<form>{fields}<button formaction="{url}"></form>', "press")


def test_the_request_looks_like_a_browsers(client: ActionsClient) -> None:
    with client:
        client.submit(client.get("/?todo=1", base_url="https://shop.example"), "create_todo")
        sent = {name: request.headers[name] for name in ("Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode")}
        assert request.headers["Accept"].startswith("text/html,")
        assert request.url == "https://shop.example/?todo=1"
    assert sent == {
        "Origin": "https://shop.example",
        "Referer": "https://shop.example/?todo=1",
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-Mode": "navigate",
    }


def test_the_app_may_make_this_client_its_own(app: Flask) -> None:
    app.test_client_class = ActionsClient
    client: Any = app.test_client()
    assert client.call_action("create_todo", text="milk").status_code == 200


# The plugin

TESTS = """
import pytest
from flask import Flask
from flask_serveractions import ServerActions

@pytest.fixture
def app(tmp_path):
    app = Flask(__name__, instance_path=str(tmp_path))
    app.secret_key = "a key for tests"
    actions = ServerActions(app)

    @actions.register
    def double(number: int) -> int:
        return 2 * number

    return app

def test_double(actions_client):
    assert actions_client.call_action("double", number=2).json["data"] == 4
"""


def test_the_plugin_gives_a_client_of_the_fixture_app(tmp_path: Path) -> None:
    (tmp_path / "test_plugin.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "flask_serveractions.testing"]
    root = Path(__file__).parents[1]
    if is_installed_as_plugin():
        del command[-2:]
    ran = subprocess.run(
        [*command, str(tmp_path), "--rootdir", str(tmp_path)], cwd=root, capture_output=True, text=True, check=False
    )
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr


def is_installed_as_plugin() -> bool:
    from importlib.metadata import entry_points

    return "flask_serveractions.testing" in {each.value for each in entry_points(group="pytest11")}
