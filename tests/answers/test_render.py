"""From what a function returned to the answer for whoever asked."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from flask import Flask, Response, flash, make_response, redirect, send_file
from marshmallow import Schema, fields
from werkzeug.test import TestResponse

from flask_serveractions import MethodRoute, ServerActions, revalidate_path, revalidate_tag
from tests.callers import BROWSER, SCRIPT, WITH_PAGE, app_with, flashes_in, open_form, post_json, submit

CLOSED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class TodoSchema(Schema):
    id = fields.Integer()
    text = fields.String()


@dataclass
class Todo:
    id: int = 7
    text: str = "milk"
    secret: str = "kept"


TodoOut = Annotated[Todo, TodoSchema()]
CreatedTodo = Annotated[Todo, TodoSchema(), 201]


def act(function: Callable[..., Any], headers: dict[str, str] = SCRIPT, **config: Any) -> TestResponse:
    """Call one action, from the form on a page."""
    app = app_with(function, **config)
    app.add_url_rule("/<path:page>", "elsewhere", lambda page: "")
    client = app.test_client()
    form = open_form(client, page="/todos")
    if headers["Accept"].startswith("text/html"):
        return submit(client, form, headers=headers, text="x")
    return post_json(client, form, headers=headers, text="x")


# What a function may return


def nothing(text: str) -> None:
    return None


def a_value(text: str) -> dict[str, Any]:
    return {"id": 7, "texts": [text]}


def a_text(text: str) -> str:
    return "milk"


def through_a_schema(text: str) -> TodoOut:
    return Todo()


def many_through_a_schema(text: str) -> list[TodoOut]:
    return [Todo(), Todo(8)]


def a_dataclass(text: str) -> Any:
    return Todo(secret="")


async def asynchronous(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("function", "data"),
    [
        (nothing, None),
        (a_value, {"id": 7, "texts": ["x"]}),
        (a_text, "milk"),
        (through_a_schema, {"id": 7, "text": "milk"}),
        (many_through_a_schema, [{"id": 7, "text": "milk"}, {"id": 8, "text": "milk"}]),
        (a_dataclass, {"id": 7, "text": "milk", "secret": ""}),
        (asynchronous, "x"),
    ],
)
def test_a_value_is_the_data_of_the_json_answer(function: Callable[..., Any], data: Any) -> None:
    answer = act(function)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    nothing_else = {"redirect": None, "revalidated": {"paths": [], "tags": []}, "messages": [], "page": None}
    assert answer.json == {"data": data, **nothing_else}
    assert answer.headers["Vary"] == "Accept, Cookie"
    assert {name: answer.headers[name] for name in CLOSED} == CLOSED


@pytest.mark.parametrize("function", [nothing, a_value, through_a_schema, asynchronous])
def test_a_browser_goes_back_to_the_page(function: Callable[..., Any]) -> None:
    answer = act(function, BROWSER)
    assert (answer.status_code, answer.headers["Location"], answer.data) == (303, "/todos", b"")
    assert {name: answer.headers[name] for name in CLOSED} == CLOSED


def created(text: str) -> Any:
    return {"id": 7}, 201


def created_as_annotated(text: str) -> CreatedTodo:
    return Todo()


def with_headers(text: str) -> Any:
    return {"id": 7}, 202, {"X-Count": "3", "Content-Length": "9999", "Content-Type": "text/plain"}


def with_headers_alone(text: str) -> Any:
    return {"id": 7}, {"X-Count": "3", "Set-Cookie": "theme=dark; Path=/"}


def with_cache_control(text: str) -> Any:
    return "x", 200, {"Cache-Control": "private, max-age=5"}


def created_somewhere(text: str) -> Any:
    return {"id": 7}, 201, {"Location": "/todos/7"}


def empty_204(text: str) -> Any:
    return None, 204


def test_json_keeps_the_functions_own_2xx() -> None:
    assert (act(created).status_code, act(created).json["data"]) == (201, {"id": 7})
    assert (act(created_as_annotated).status_code, act(created_as_annotated).json["data"]["text"]) == (201, "milk")


def test_an_envelope_is_never_sent_with_a_status_that_has_no_body() -> None:
    answer = act(empty_204)
    assert (answer.status_code, answer.json["data"]) == (200, None)


@pytest.mark.parametrize("function", [created, created_as_annotated, with_headers, created_somewhere, empty_204])
def test_a_browsers_success_is_always_303(function: Callable[..., Any]) -> None:
    answer = act(function, BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/todos")


def test_headers_from_the_tuple_go_on_both() -> None:
    for headers in (SCRIPT, BROWSER):
        answer = act(with_headers, headers)
        assert answer.headers["X-Count"] == "3"
        assert answer.headers["Content-Length"] != "9999"
        assert not answer.headers["Content-Type"].startswith("text/plain")
        answer = act(with_headers_alone, headers)
        assert answer.headers["X-Count"] == "3"
        assert "theme=dark; Path=/" in answer.headers.getlist("Set-Cookie")
        assert act(with_cache_control, headers).headers["Cache-Control"] == "private, max-age=5"


def test_a_json_answer_says_where_what_it_made_stands() -> None:
    assert act(created_somewhere).headers["Location"] == "/todos/7"


def a_file(text: str) -> Response:
    return send_file(io.BytesIO(b"a,b\n"), "text/csv", as_attachment=True, download_name="todos.csv")


def a_response(text: str) -> Response:
    response = make_response("tea?", 418)
    response.headers["X-Pot"] = "short and stout"
    return response


def a_response_with_more(text: str) -> Any:
    return make_response("x", {"X-A": "1"}), 202, {"X-A": "2", "X-B": "3"}


@pytest.mark.parametrize("headers", [SCRIPT, BROWSER, WITH_PAGE], ids=["json", "browser", "with page"])
def test_a_response_passes_through(headers: dict[str, str]) -> None:
    answer = act(a_file, headers)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "text/csv", b"a,b\n")
    assert "todos.csv" in answer.headers["Content-Disposition"]
    assert {name: answer.headers[name] for name in CLOSED} == CLOSED
    answer = act(a_response, headers)
    assert (answer.status_code, answer.text, answer.headers["X-Pot"]) == (418, "tea?", "short and stout")
    answer = act(a_response_with_more, headers)
    assert (answer.status_code, answer.headers.getlist("X-A"), answer.headers["X-B"]) == (202, ["2"], "3")


def a_failing_status(text: str) -> Any:
    return {"error": "none left"}, 409


def a_failing_status_with_a_dataclass(text: str) -> Any:
    return [Todo(secret="")], 409


def a_number_with_a_failing_status(text: str) -> Any:
    return 0, 409


@pytest.mark.parametrize(
    ("function", "body"),
    [
        (a_failing_status, {"error": "none left"}),
        (a_failing_status_with_a_dataclass, [{"id": 7, "text": "milk", "secret": ""}]),
        (a_number_with_a_failing_status, 0),
    ],
)
def test_a_status_that_is_no_success_is_sent_as_in_flask(function: Callable[..., Any], body: Any) -> None:
    for headers in (SCRIPT, BROWSER):
        answer = act(function, headers)
        assert (answer.status_code, answer.json) == (409, body)


def a_redirect(text: str) -> Response:
    response = redirect("/done")
    response.set_cookie("theme", "dark")
    return response  # type: ignore[return-value]


def a_redirect_in_a_tuple(text: str) -> Any:
    return "", 302, {"Location": "/done"}


def test_a_redirect_is_told_and_keeps_its_cookies() -> None:
    answer = act(a_redirect)
    assert (answer.status_code, answer.json["redirect"], answer.json["data"]) == (200, "/done", None)
    assert "Location" not in answer.headers
    assert any(each.startswith("theme=dark") for each in answer.headers.getlist("Set-Cookie"))
    answer = act(a_redirect, BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/done")
    assert any(each.startswith("theme=dark") for each in answer.headers.getlist("Set-Cookie"))


def test_a_redirect_may_stand_in_a_tuple() -> None:
    assert act(a_redirect_in_a_tuple).json["redirect"] == "/done"
    answer = act(a_redirect_in_a_tuple, BROWSER)
    assert (answer.status_code, answer.headers.getlist("Location")) == (303, ["/done"])


# The page


def changes_the_page(text: str) -> None:
    revalidate_path("/todos")


def changes_another_page(text: str) -> None:
    revalidate_path("/elsewhere")


def changes_all_todos(text: str) -> None:
    revalidate_path("/<path:page>")


def changes_a_tag(text: str) -> None:
    revalidate_tag("todos", "counts")


@pytest.mark.parametrize(
    ("function", "revalidated", "has_page"),
    [
        (nothing, {"paths": [], "tags": []}, False),
        (changes_the_page, {"paths": ["/todos"], "tags": []}, True),
        (changes_another_page, {"paths": ["/elsewhere"], "tags": []}, False),
        (changes_all_todos, {"paths": ["/<path:page>"], "tags": []}, True),
        (changes_a_tag, {"paths": [], "tags": ["todos", "counts"]}, True),
    ],
)
def test_the_fresh_page_comes_when_the_call_made_it_stale(
    function: Callable[..., Any], revalidated: Any, has_page: bool
) -> None:
    answer = act(function).json
    assert answer["revalidated"] == revalidated
    assert ("<form" in (answer["page"] or "")) is has_page


def test_the_page_always_comes_when_it_is_preferred() -> None:
    answer = act(nothing, WITH_PAGE)
    assert "<form" in answer.json["page"]
    assert answer.headers["Preference-Applied"] == "return=representation"


def test_a_minimal_answer_has_no_page() -> None:
    answer = act(changes_the_page, {**SCRIPT, "Prefer": "Return=Minimal"})
    assert answer.json["page"] is None
    assert answer.headers["Preference-Applied"] == "return=minimal"


def test_other_preferences_are_ignored() -> None:
    answer = act(nothing, {**SCRIPT, "Prefer": "respond-async"})
    assert answer.json["page"] is None
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize(("prefer", "applied"), [("return=representation", None), ("return=minimal", "return=minimal")])
def test_a_form_in_a_dialog_gets_no_page_and_is_not_told_that_its_preference_was_followed(
    prefer: str, applied: str | None
) -> None:
    answer = act(changes_the_page, {**SCRIPT, "Serveractions-Dialog": "1", "Prefer": prefer})
    assert answer.json["page"] is None
    assert answer.headers.get("Preference-Applied") == applied


# Flashed messages


def flashing(text: str) -> None:
    flash("Saved.", "success")
    flash("Twice.")


def flashing_and_changing(text: str) -> None:
    flash("Saved.", "success")
    revalidate_path("/todos")


def flashing_and_going(text: str) -> Any:
    flash("Saved.", "success")
    return redirect("/todos")


SAVED = [{"category": "success", "message": "Saved."}]


def flashing_app(function: Callable[..., Any]) -> Flask:
    app = app_with(function)

    @app.get("/flash")
    def earlier() -> str:
        flash("Earlier.", "info")
        return "Flashed"

    return app


def test_messages_are_those_of_the_call_alone() -> None:
    client = flashing_app(flashing).test_client()
    form = open_form(client)
    client.get("/flash")
    assert post_json(client, form, text="x").json["messages"] == [*SAVED, {"category": "message", "message": "Twice."}]
    assert flashes_in(client.get("/")) == ["info: Earlier."]


def test_what_a_form_in_a_dialog_flashed_waits_for_the_page_below() -> None:
    client = flashing_app(flashing_and_changing).test_client()
    answer = post_json(client, open_form(client), headers={**WITH_PAGE, "Serveractions-Dialog": "1"}, text="x")
    assert (answer.json["page"], answer.json["messages"]) == (None, SAVED)
    assert flashes_in(client.get("/")) == ["success: Saved."]


def test_messages_are_used_up_where_no_page_and_no_redirect_comes() -> None:
    client = flashing_app(flashing).test_client()
    post_json(client, open_form(client), text="x")
    assert flashes_in(client.get("/")) == []


def test_the_page_shows_the_messages_and_uses_them_up() -> None:
    client = flashing_app(flashing_and_changing).test_client()
    answer = post_json(client, open_form(client, page="/todos"), text="x").json
    assert answer["messages"] == SAVED
    assert "success: Saved." in answer["page"]
    assert flashes_in(client.get("/")) == []


def test_a_redirect_keeps_the_messages_for_its_target() -> None:
    client = flashing_app(flashing_and_going).test_client()
    assert post_json(client, open_form(client), text="x").json["messages"] == SAVED
    assert flashes_in(client.get("/todos")) == ["success: Saved."]


def test_a_browser_sees_the_messages_on_the_page_that_it_goes_to() -> None:
    client = flashing_app(flashing).test_client()
    answer = submit(client, open_form(client), text="x")
    assert flashes_in(client.get(answer.headers["Location"])) == ["success: Saved.", "message: Twice."]


def test_lazy_texts_are_messages_too() -> None:
    class Lazy:
        def __str__(self) -> str:
            return "<b>Saved</b>"

        def __html__(self) -> str:
            return str(self)

    def flash_lazily(text: str) -> None:
        from markupsafe import Markup

        flash(Markup(Lazy()))

    assert act(flash_lazily).json["messages"] == [{"category": "message", "message": "<b>Saved</b>"}]


# What nobody can be told


def no_json(text: str) -> Any:
    return {"connection": io.BytesIO()}


def no_json_in_a_tuple(text: str) -> Any:
    return object(), 201


def keys_that_are_no_text(text: str) -> Any:
    return {(1, 2): "a pair"}


def a_circle(text: str) -> Any:
    made: list[Any] = []
    made.append(made)
    return made


@pytest.mark.parametrize("function", [no_json, no_json_in_a_tuple, keys_that_are_no_text, a_circle])
@pytest.mark.parametrize("headers", [SCRIPT, BROWSER])
def test_what_can_not_be_json_is_a_bug_whoever_asked(
    function: Callable[..., Any], headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert act(function, headers).status_code == 500
    for part in (repr(function.__name__), "class", "JSON", "TodoSchema"):
        assert part in caplog.text


@pytest.mark.parametrize("function", [no_json, no_json_in_a_tuple, keys_that_are_no_text, a_circle])
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_can_not_be_json_is_a_bug_of_a_resource_that_says_whose(
    function: Callable[..., Any], method: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    members = {method: lambda self: function("")}
    ServerActions(app).route("/things")(type("Things", (MethodRoute,), members))
    assert app.test_client().open("/things", method=method.upper()).status_code == 500
    for part in (f"The method 'Things.{method}'", "class", "JSON", "TodoSchema"):
        assert part in caplog.text


def a_page(text: str) -> str:
    return "\n<!doctype html>\n<title>Todos</title>"


def a_page_that_failed(text: str) -> Any:
    return "<html>no</html>", 409


@pytest.mark.parametrize("headers", [SCRIPT, BROWSER])
def test_a_page_of_html_is_warned_of(headers: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    act(a_page, headers)
    (warning,) = caplog.records
    assert "The action 'a_page'" in warning.getMessage()
    assert "returns a page of HTML, which nobody sees" in warning.getMessage()


def test_a_page_with_a_refusal_s_status_is_shown_to_a_browser_and_warned_of_to_a_script(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert "<html>no" in act(a_page_that_failed, BROWSER).text
    assert caplog.records == []
    act(a_page_that_failed, SCRIPT)
    (warning,) = caplog.records
    assert "scripts take for no usable answer" in warning.getMessage()


@pytest.mark.parametrize(
    ("function", "headers", "is_told"),
    [
        (a_response, SCRIPT, True),
        (a_response, BROWSER, False),
        (a_file, SCRIPT, False),
        (a_failing_status, SCRIPT, True),
        (a_redirect, SCRIPT, False),
    ],
)
def test_a_response_that_scripts_can_not_use_is_warned_of(
    function: Callable[..., Any], headers: dict[str, str], is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    act(function, headers)
    assert ("scripts take for no usable answer" in caplog.text) is is_told


def a_piece(text: str) -> str:
    return "<li>milk</li>"


def test_a_piece_of_html_is_a_value(caplog: pytest.LogCaptureFixture) -> None:
    assert act(a_piece).json["data"] == "<li>milk</li>"
    assert caplog.records == []


# A refusal, and what stands beside a schema


def refuses(text: str) -> CreatedTodo:
    return {"why": "It is there."}, 409  # type: ignore[return-value]  # a refusal says something else


def goes_or_shows(text: str) -> TodoOut | Response:
    return Todo()


def a_mapping(text: str) -> dict[str, TodoOut]:
    return {"first": Todo()}


def test_what_a_refusal_says_goes_past_the_schema() -> None:
    answer = act(refuses)
    assert (answer.status_code, answer.json) == (409, {"why": "It is there."})


def test_a_schema_counts_beside_a_response_and_in_a_mapping() -> None:
    assert act(goes_or_shows).json["data"] == {"id": 7, "text": "milk"}
    assert act(a_mapping).json["data"] == {"first": {"id": 7, "text": "milk"}}
