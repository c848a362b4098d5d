"""What a refusal says, and for how long: until something is sent again, whatever comes by itself meanwhile."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import pytest
from flask import flash, request
from marshmallow import ValidationError
from marshmallow.validate import Length
from playwright.sync_api import Page, expect

from flask_serveractions import ActionError, Bound
from tests.browser.readiness import await_ready
from tests.browser.stage import Stage, await_events, open_page

Text = Annotated[str, Length(1, 20)]
CLOCK = '<p id="clock" data-region="clock" data-poll="0.5s">{{ n }}</p>'
FIELD = """{% call(form) action_form("add", attrs={"novalidate": True}) %}
<input {{ form.attrs("text") }}>{{ form.error("text") }}<button>Add</button>{% endcall %}"""

#: of each way to be refused: the page, and what is read in it then
REFUSED = {
    "a field in which nothing was typed": (FIELD, "Length must be between"),
    "a button of a row": (
        """<ul>{% for row in (1, 2) %}<li>{{ row }} {{ n }}
        {% call action_form("take", row=row) %}<button>Take</button>{% endcall %}</li>{% endfor %}</ul>""",
        "Taken by Bob.",
    ),
    "a button without a form": (
        """<p>{{ n }} <button data-action="{{ action_url('leave') }}">Leave</button></p>""",
        "Nobody may.",
    ),
    "a control outside of its form": (
        """{% call(form) action_form("rename") %}{% endcall %}
        <input form="rename-form" name="text" value="x" aria-describedby="outside">
        <button form="rename-form">Go</button>
        <span id="outside" data-error="text"></span>""",
        "No such name.",
    ),
}


def set_actions(stage: Stage) -> None:
    def add(text: Text) -> None:
        flash("Added.")

    def take(row: Bound[int]) -> None:
        raise ActionError("Taken by Bob.")

    def leave() -> None:
        raise ActionError("Nobody may.")

    def rename(text: str) -> None:
        raise ActionError("No such name.", field="text")

    for action in (add, take, leave, rename):
        stage.actions.register(action)


def set_page(stage: Stage, body: str) -> None:
    set_actions(stage)
    stage.page("/p", f"{CLOCK}<main>{body}</main>", n=lambda: len(stage.visits))


def await_page(page: Page) -> None:
    """Wait until the page has come by itself once more."""
    clock = page.locator("#clock")
    expect(clock).not_to_have_text(clock.inner_text())


@pytest.mark.parametrize("kind", REFUSED)
def test_a_page_that_comes_by_itself_takes_no_refusal_away(stage: Stage, page: Page, kind: str) -> None:
    body, said = REFUSED[kind]
    set_page(stage, body)
    open_page(page, "/p")
    page.locator("main button").last.click()
    await_events(page, "error", 1)
    told = page.get_by_text(said)
    expect(told).to_be_visible()
    for _ in range(2):
        await_page(page)
        assert told.is_visible()
    fields = page.locator("[name=text]")
    assert fields.and_(page.locator("[aria-invalid=true]")).count() == fields.count()


def test_a_refusal_is_over_when_something_else_has_been_sent(stage: Stage, page: Page) -> None:
    set_page(stage, FIELD + """<button id="leave" data-action="{{ action_url('leave') }}">Leave</button>""")
    open_page(page, "/p")
    page.click("#leave")
    expect(page.get_by_text("Nobody may.")).to_be_visible()
    await_page(page)
    page.fill("[name=text]", "milk")
    page.press("[name=text]", "Enter")
    await_events(page, "success", 1)
    expect(page.get_by_text("Nobody may.")).to_have_count(0)


def test_what_a_field_was_refused_for_is_not_taken_back_by_a_check_that_was_sent_before(
    stage: Stage, page: Page
) -> None:
    @stage.actions.register
    def add(text: Text) -> None:
        raise ActionError("You have that one.", field="text")

    @stage.app.before_request
    def check() -> None:
        if "Serveractions-Validate" in request.headers:
            stage.wait("check")

    stage.page("/p", FIELD.replace('"novalidate"', '"data-validate"'))
    open_page(page, "/p")
    page.fill("[name=text]", "milk")
    with page.expect_request(lambda request: "serveractions-validate" in request.headers) as checked:
        page.press("[name=text]", "Tab")
    page.press("[name=text]", "Enter")
    told = page.get_by_text("You have that one.")
    expect(told).to_be_visible()
    stage.gate("check").set()
    checked.value.response()
    page.evaluate("new Promise(requestAnimationFrame)")
    assert told.is_visible()


def test_what_was_flashed_is_not_taken_away_by_a_page_that_comes_by_itself(stage: Stage, page: Page) -> None:
    set_page(stage, FIELD + "<div data-messages></div>")
    open_page(page, "/p")
    page.fill("[name=text]", "milk")
    page.press("[name=text]", "Enter")
    messages = page.locator("[data-messages] > p")
    expect(messages).to_have_text(["Added."])
    await_page(page)
    assert messages.all_inner_texts() == ["Added."]
    page.fill("[name=text]", "bread")
    page.press("[name=text]", "Enter")
    await_events(page, "success", 2)
    expect(messages).to_have_text(["Added."])  # once


DATE = """<main>{% call(form) action_form("plan", attrs=attrs) %}<input {{ form.attrs("day") }}>{{ form.error("day") }}
<button>Plan</button>{% endcall %}</main>"""


def set_dates(stage: Stage, **attrs: str) -> list[date]:
    """Set a form for a date; return those that were taken."""
    taken: list[date] = []

    def check(day: date) -> None:
        if day.year < 2000:
            raise ValidationError("Too early.")

    @stage.actions.register
    def plan(day: Annotated[date, check]) -> None:
        taken.append(day)

    stage.page("/p", DATE, attrs=attrs)
    return taken


def test_a_date_is_checked_when_its_year_has_been_typed(stage: Stage, page: Page) -> None:
    set_dates(stage, **{"data-validate": ""})
    open_page(page, "/p")
    day = page.locator("[name=day]")
    day.press_sequentially("03040202")
    assert (day.input_value(), stage.calls) == ("0202-03-04", [])
    page.focus("button")
    expect(page.get_by_text("Too early.")).to_be_visible()
    day.press_sequentially("03042026")
    assert len(stage.calls) == 1
    page.focus("button")
    expect(page.get_by_text("Too early.")).to_have_count(0)


def test_a_date_that_saves_itself_is_saved_when_its_year_has_been_typed(stage: Stage, page: Page) -> None:
    taken = set_dates(stage, **{"data-submit": "change"})
    open_page(page, "/p")
    page.locator("[name=day]").press_sequentially("03042026", delay=30)
    await_events(page, "finish", 1)
    assert (taken, len(stage.calls)) == ([date(2026, 3, 4)], 1)


ANSWERED = (
    CLOCK
    + """<main>{% call(form) action_form("double") %}<input {{ form.attrs("text") }}>{{ form.error("text") }}
<output>{{ form.result or "" }}</output><button>Double</button>{% endcall %}</main>"""
)
ANSWERS = {"abc": "abcabc", "x": "Not that one.", "y": "Try later."}


@pytest.mark.parametrize("text", ANSWERS)
@pytest.mark.parametrize("way", ["natively", "by the client"])
def test_what_a_form_was_answered_stays_though_a_page_comes_by_itself(
    stage: Stage, page: Page, way: str, text: str
) -> None:
    @stage.actions.register(show_result=True)
    def double(text: str) -> str:
        if len(text) == 1:
            raise ActionError(ANSWERS[text], field="text" if text == "x" else None)
        return text * 2

    stage.page("/p", ANSWERED, n=lambda: len(stage.visits))
    if way == "natively":
        page.route("**/client.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    open_page(page, "/p")
    page.unroute_all()
    page.fill("[name=text]", text)
    page.click("button")
    answer = page.get_by_text(ANSWERS[text])
    expect(answer).to_be_visible()
    for _ in range(2):
        await_page(page)
    assert answer.is_visible()
    expect(page.locator("[name=text]")).to_have_value(text)
    page.fill("[name=text]", "z" * 3)
    page.click("button")
    expect(page.locator("output")).to_have_text("zzzzzz")


def test_what_the_browser_has_sent_is_not_sent_again_by_the_client_that_comes_with_its_refusal(
    stage: Stage, page: Page
) -> None:
    sent: list[str] = []

    @stage.actions.register
    def save(text: str) -> None:
        sent.append(text)
        if text == "x":
            raise ActionError("Not that one.", field="text")

    stage.page(
        "/p",
        """<main>{% call(form) action_form("save", attrs={"data-submit": "input 10ms"}) %}
        <input {{ form.attrs("text") }}>{{ form.error("text") }}{% endcall %}</main>""",
    )
    page.route("**/client.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.add_init_script(
        "{ const later = setTimeout; window.setTimeout = (act, _, ...given) => later(act, 0, ...given); }"
    )
    open_page(page, "/p")
    page.unroute_all()
    page.fill("[name=text]", "x")
    page.press("[name=text]", "Enter")
    expect(page.get_by_text("Not that one.")).to_be_visible()
    await_ready(page)
    page.evaluate("new Promise(requestAnimationFrame)")  # what is not to wait has begun
    page.fill("[name=text]", "y")
    await_events(page, "success", 1)
    assert sent == ["x", "y"]
