"""Stale forms, expired sessions, broken connections, answers of somebody else, hostile values."""

from __future__ import annotations

import re
import secrets

import pytest
from flask import abort, flash, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from markupsafe import Markup
from playwright.sync_api import Dialog, Page, Route, expect
from werkzeug.wrappers import Response

from flask_serveractions import ActionError, public
from tests.browser.stage import OURS, Stage, await_events, open_page

ADD = """<main><h1>Todos</h1>{% call(form) action_form("create") %}<input {{ form.attrs("text") }}>
{{ form.error("text") }}<button id="add">Add</button>{% endcall %}
<ul id="list">{% for item in todos %}<li>{{ item }}</li>{% endfor %}</ul></main>"""

# What the client asks to wait: how long it waits then, is the machine's
NOTE_PAUSES = """
window.pauses = [];
const wait = setTimeout;
window.setTimeout = (act, milliseconds, ...given) => {
  if (milliseconds >= 500) window.pauses.push(milliseconds);
  return wait(act, milliseconds, ...given);
};
"""


ADDING = re.compile("_action=create/")


def set_todos(stage: Stage, *, once: bool = False, error: Exception | None = None) -> list[str]:
    """Set a page with a list and a form to add to it.

    :param error: what adding raises in any case.
    """
    items: list[str] = []

    @stage.actions.register(once=once)
    def create(text: str) -> str:
        if error is not None:
            raise error
        items.append(text)
        return text

    stage.page("/todos", ADD, todos=lambda: list(items))
    return items


def add(page: Page, text: str = "milk") -> None:
    page.fill("[name=text]", text)
    page.click("#add")


def test_a_form_whose_key_was_rotated_is_sent_again_once_by_itself(stage: Stage, page: Page) -> None:
    items = set_todos(stage)
    open_page(page, "/todos")
    stage.app.config["SECRET_KEY"] = "another"
    add(page)
    expect(page.locator("#list > li")).to_have_text(["milk"])
    assert items == ["milk"]
    assert len({call.signature for call in stage.calls}) == 2
    add(page, "eggs")
    expect(page.locator("#list > li")).to_have_text(["milk", "eggs"])
    assert len(stage.calls) == 3, "the fresh form is not stale"


def test_a_form_of_a_session_that_is_gone_is_sent_again_by_itself(stage: Stage, page: Page) -> None:
    items = set_todos(stage)
    open_page(page, "/todos")
    page.context.clear_cookies()
    add(page)
    expect(page.locator("#list > li")).to_have_text(["milk"])
    assert (items, len(stage.calls)) == (["milk"], 2)


def test_a_form_that_was_begun_two_sessions_ago_is_sent_again_by_itself(stage: Stage, page: Page) -> None:
    items = set_todos(stage)
    open_page(page, "/todos")
    page.fill("[name=text]", "milk")
    for _ in range(2):
        page.context.clear_cookies()
        page.evaluate("async () => await (await import('/_actions/client.js')).refresh()")
    page.context.clear_cookies()
    page.get_by_role("button").click()
    expect(page.locator("#list > li")).to_have_text(["milk"])
    assert items == ["milk"]


def test_a_form_with_a_flask_forms_token_beside_its_own_is_sent_again_by_itself(stage: Stage, page: Page) -> None:
    items = set_todos(stage)
    stage.page("/two", ADD.replace("<button", "{{ hidden_tag }}<button"), todos=items, hidden_tag=hidden_tag)
    open_page(page, "/two")
    page.context.clear_cookies()
    add(page)
    expect(page.locator("#list > li")).to_have_text(["milk"])
    assert (items, len(stage.calls)) == (["milk"], 2)


def hidden_tag() -> Markup:
    return FlaskForm().hidden_tag()


def test_a_form_that_stays_stale_is_sent_twice_and_no_more(stage: Stage, page: Page) -> None:
    set_todos(stage)

    @stage.app.before_request
    def rotate() -> None:
        if request.method == "POST":
            stage.app.config["SECRET_KEY"] = secrets.token_hex()

    open_page(page, "/todos")
    add(page)
    expect(page.locator("[data-message]")).to_contain_text("send it again")
    expect(page.locator("[name=text]")).to_have_value("milk")
    assert len(stage.calls) == 2


def test_only_the_mark_makes_a_form_stale(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def create(text: str) -> None:
        abort(404, "Nothing there.")

    stage.page("/todos", ADD)
    open_page(page, "/todos")
    add(page)
    expect(page.locator("[data-message]")).to_have_text("Nothing there.")
    assert len(stage.calls) == 1


@pytest.mark.parametrize("config", [{"SERVERACTIONS_LOGIN_VIEW": "/sign-in"}])
def test_who_is_not_signed_in_is_led_to_the_sign_in(stage: Stage, page: Page) -> None:
    items = set_todos(stage)

    @stage.actions.auth_hook
    def who(operation: object) -> str | None:
        return session.get("user")

    stage.page("/sign-in", "<h1>Sign in</h1>")
    open_page(page, "/todos")
    add(page)
    expect(page.locator("h1")).to_have_text("Sign in")
    assert page.url.endswith("/sign-in?next=/todos")
    assert items == []


@pytest.mark.parametrize("config", [{"SERVERACTIONS_LOGIN_VIEW": "/sign-in"}])
@pytest.mark.parametrize("guarded", [False, True], ids=["by the app", "by something before it"])
def test_another_form_that_was_begun_is_not_lost_to_the_sign_in(stage: Stage, page: Page, guarded: bool) -> None:
    items = set_todos(stage)
    stage.actions.auth_hook(lambda operation: session.get("user"))
    stage.page(
        "/both", ADD.replace("</main>", "<form><textarea id='note' name='note'></textarea></form></main>"), todos=items
    )

    @stage.app.get("/sign-in", endpoint="/sign-in")
    def sign_in() -> str:
        session["user"] = "ada"
        return "in"

    @stage.app.get("/sign-out")
    def sign_out() -> str:
        session.clear()
        return "out"

    @stage.app.before_request
    def guard() -> ResponseReturnValue | None:
        return redirect("/sign-in") if guarded and request.path == "/both" and not session else None

    page.goto("/sign-in")
    open_page(page, "/both")
    other = page.context.new_page()
    other.goto("/sign-out")
    page.fill("#note", "half a letter")
    if guarded:
        stage.instead["create"] = (302, {"Location": "/sign-in"}, "")
    add(page)
    link = page.locator("[data-message] a[target=_blank]")
    expect(link).to_have_attribute("href", re.compile("/both$" if guarded else "/sign-in[?]next=/both$"))
    stage.instead.clear()
    other.goto("/sign-in")
    page.click("#add")
    expect(page.locator("#list > li")).to_have_text(["milk"])
    expect(page.locator("#note")).to_have_value("half a letter")
    assert items == ["milk"]


@pytest.mark.parametrize("config", [{"SERVERACTIONS_LOGIN_VIEW": "/sign-in"}])
def test_who_types_in_a_form_that_sends_itself_is_not_led_away_from_it(stage: Stage, page: Page) -> None:
    items = set_todos(stage)
    stage.actions.auth_hook(lambda operation: request.cookies.get("user"))
    stage.page("/sign-in", "<h1>Sign in</h1>")
    stage.page("/draft", ADD.replace('"create"', '"create", attrs={"data-submit": "input 10ms"}'), todos=items)
    open_page(page, "/draft")
    page.fill("[name=text]", "half a letter")
    link = page.locator("[data-message] a[target=_blank]")
    expect(link).to_have_attribute("href", re.compile("/sign-in[?]next=/draft$"))
    expect(page.locator("[name=text]")).to_have_value("half a letter")
    page.evaluate("document.cookie = 'user=ann'")
    page.press("[name=text]", "End")
    page.keyboard.type("!")
    expect(page.locator("#list > li")).to_have_text(["half a letter!"])
    expect(link).to_have_count(0)


FOREIGN = [
    (200, {"Content-Type": "application/json"}, '{"data": 1, "page": "<main><h1>Evil</h1></main>"}'),
    (200, {"Content-Type": "application/json", **OURS}, "[1]"),
    (200, {"Content-Type": "application/json", **OURS}, '{"data": '),
    (200, {"Content-Type": "text/event-stream", **OURS}, 'event: result\ndata: {"da'),
    (500, {"Content-Type": "application/json", **OURS}, "null"),
    (204, OURS, ""),
    (502, {"Content-Type": "text/html"}, "<main>Bad gateway<script>evil()</script></main>"),
    (413, {"Content-Type": "text/html"}, "<h1>Too large</h1>"),
    (200, {"Content-Type": "text/html"}, "<main>A login page</main>"),
    (200, {"Content-Type": "application/json"}, "[1]"),
    (200, {"Content-Type": "application/json"}, '{"data": '),
    (200, {"Content-Type": "text/event-stream"}, 'event: progress\ndata: {"done": 1}\n\nevent: result\ndata: {"da'),
    (500, {"Content-Type": "application/json"}, "null"),
    (204, {}, ""),
]


@pytest.mark.parametrize("answer", FOREIGN, ids=lambda answer: f"{answer[0]} {answer[2][:9]}")
def test_an_answer_that_is_not_the_contracts_is_told_and_never_swapped_in(
    stage: Stage, page: Page, answer: tuple[int, dict[str, str], str]
) -> None:
    items = set_todos(stage)
    stage.page("/other", "<main><h1>Other</h1></main>")
    stage.instead["create"] = answer
    open_page(page, "/todos")
    add(page)
    expect(page.locator("[data-message]")).to_have_text("No usable answer. Please try again.")
    expect(page.locator("h1")).to_have_text("Todos")
    expect(page.locator("[name=text]")).to_have_value("milk")
    assert page.url.endswith("/todos")
    assert (items, stage.visits) == ([], ["/todos"])


def test_a_broken_connection_is_told_and_the_form_not_sent_again(stage: Stage, page: Page) -> None:
    set_todos(stage)
    open_page(page, "/todos")
    sent: list[str] = []

    def cut(route: Route) -> None:
        sent.append(route.request.url)
        route.abort()

    page.route(re.compile("_action=create/"), cut)
    add(page)
    expect(page.locator("[data-message]")).not_to_be_empty()
    expect(page.locator("#add")).to_be_enabled()
    expect(page.locator("[name=text]")).to_have_value("milk")
    assert len(sent) == 1


def test_once_is_sent_again_at_most_three_times_with_growing_pauses_and_one_key(stage: Stage, page: Page) -> None:
    set_todos(stage, once=True)
    page.add_init_script(NOTE_PAUSES)
    open_page(page, "/todos")
    sent: list[str] = []

    def cut(route: Route) -> None:
        sent.append(route.request.headers["idempotency-key"])
        route.abort()

    page.route(re.compile("_action=create/"), cut)
    add(page)
    expect(page.locator("[data-message]")).not_to_be_empty()
    pauses = page.evaluate("window.pauses")
    assert (len(sent), len(pauses)) == (4, 3)
    assert pauses == sorted(set(pauses))
    assert set(sent) == {page.input_value("[name=idempotency_key]")}


def test_once_runs_once_though_the_first_answer_is_lost(stage: Stage, page: Page) -> None:
    items = set_todos(stage, once=True)
    open_page(page, "/todos")
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)  # the action has run
            route.abort()

    page.route(re.compile("_action=create/"), lose)
    add(page)
    expect(page.locator("#list > li")).to_have_text(["milk"])
    assert (items, lost, len(stage.calls)) == (["milk"], [200], 2)


def test_an_answered_failure_gives_the_form_a_fresh_key(stage: Stage, page: Page) -> None:
    set_todos(stage, once=True, error=ActionError("No."))
    open_page(page, "/todos")
    key = page.input_value("[name=idempotency_key]")
    add(page)
    expect(page.locator("[data-message]")).to_have_text("No.")
    assert page.input_value("[name=idempotency_key]") not in ("", key)


def test_a_form_that_is_left_keeps_its_key_so_that_after_back_it_runs_nothing(stage: Stage, page: Page) -> None:
    @stage.actions.register(once=True)
    def create(text: str) -> Response:
        return redirect("/done")

    stage.page("/todos", ADD, todos=list)
    stage.page("/done", "<p id=done>Done</p>")
    page.add_init_script(
        "addEventListener('pagehide', () => sessionStorage.left = document.forms[0]?.idempotency_key.value)"
    )
    open_page(page, "/todos")
    key = page.input_value("[name=idempotency_key]")
    add(page)
    expect(page.locator("#done")).to_be_visible()
    assert page.evaluate("sessionStorage.left") == key


PROBLEM = {"Content-Type": "application/problem+json", "Serveractions": "1", "Retry-After": "1"}


@pytest.mark.parametrize(
    "answer", [(409, PROBLEM, '{"title": "Conflict", "status": 409, "detail": "It still runs."}'), (502, {}, "bad")]
)
def test_a_call_whose_outcome_is_open_keeps_its_key(
    stage: Stage, page: Page, answer: tuple[int, dict[str, str], str]
) -> None:
    set_todos(stage, once=True)
    stage.instead["create"] = answer
    open_page(page, "/todos")
    key = page.input_value("[name=idempotency_key]")
    add(page)
    expect(page.locator("[data-message]")).not_to_be_empty()
    expect(page.locator("[name=idempotency_key]")).to_have_value(key)


EVIL = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>${7*7}{{7*7}}</textarea></title>"


def test_hostile_values_run_no_script_and_violate_no_policy(stage: Stage, page: Page) -> None:
    @stage.actions.register
    def create(text: str) -> None:
        flash(text)
        raise ActionError(text, field="text")

    flashes = "{% for text in get_flashed_messages() %}<p class=flash>{{ text }}</p>{% endfor %}"
    stage.page("/todos", ADD.replace("</main>", f"{flashes}</main>"), "{{ evil }}", evil=EVIL, todos=[EVIL])
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    open_page(page, "/todos")
    add(page, EVIL)
    expect(page.locator("[data-error=text]")).to_have_text(EVIL)
    expect(page.locator("[name=text]")).to_have_value(EVIL)
    expect(page.locator(".flash")).to_have_text(EVIL)
    assert page.title() == EVIL
    assert (dialogs, page.locator("img").count()) == ([], 0)


def test_hostile_problem_details_run_no_script(stage: Stage, page: Page) -> None:
    set_todos(stage)
    text = EVIL.replace('"', '\\"')
    problem = f'{{"title": "x", "status": 422, "detail": "{text}", "errors": {{"text": ["{text}"], "{text}": ["x"]}}}}'
    stage.instead["create"] = (422, {"Content-Type": "application/problem+json", "Serveractions": "1"}, problem)
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    open_page(page, "/todos")
    add(page)
    await_events(page, "finish", 1)
    expect(page.locator("[data-error=text]")).to_have_text(EVIL)
    assert (dialogs, page.locator("img").count()) == ([], 0)


def test_a_bug_in_the_action_is_told_and_what_was_typed_stays(stage: Stage, page: Page) -> None:
    set_todos(stage, error=ZeroDivisionError())
    open_page(page, "/todos")
    add(page)
    expect(page.locator("[data-message]")).not_to_be_empty()
    expect(page.locator("[name=text]")).to_have_value("milk")
    expect(page.locator("#add")).to_be_enabled()


def test_a_public_action_needs_no_sign_in(stage: Stage, page: Page) -> None:
    ran: list[str] = []

    @stage.actions.register
    @public
    def create(text: str) -> None:
        ran.append(text)

    stage.actions.auth_hook(lambda operation: None)
    stage.page("/todos", ADD, todos=lambda: list(ran))
    open_page(page, "/todos")
    add(page)
    expect(page.locator("#list > li")).to_have_text(["milk"])
