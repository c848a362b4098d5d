"""Controls in Chromium: what a form shows comes back as it was, and a refused form shows what was sent."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from flask import Flask, render_template_string
from marshmallow import fields
from marshmallow.validate import Length
from playwright.sync_api import Browser, Page, expect

from flask_serveractions import ActionError, ServerActions
from tests.browser.book import AXE, FOUND
from tests.todo_app import served


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Address:
    city: str
    number: int | None = None
    since: dt.date = dt.date(2000, 1, 1)
    is_home: bool = False


ZONE = dt.timezone(dt.timedelta(hours=-5, minutes=30))
HOSTILE = "a\n\n \"q\" <b>&amp; 'x' \N{GRINNING FACE}\n"

KINDS: dict[str, tuple[Any, list[Any]]] = {
    "text": (str, ["x", " two  spaces ", '"<b>&amp;', "\N{GRINNING FACE}"]),
    "area": (Annotated[str, Length(max=1000)], ["x", HOSTILE, "\nfirst"]),
    "lines": (str, [HOSTILE]),
    "maybe_text": (str | None, [None, "x"]),
    "whole": (int, [0, -7, 10**30]),
    "maybe_whole": (int | None, [None, 0]),
    "real": (float, [0.0, -1.5e-7, 1e300]),
    "exact": (Decimal, [Decimal("1.10"), Decimal("-1E+3"), Decimal(0)]),
    "truth": (bool, [True, False]),
    "maybe_truth": (bool | None, [None, True, False]),
    "moment": (dt.datetime, [dt.datetime(2026, 1, 31, 9, 30), dt.datetime(2026, 1, 31, 9, 30, 5, 123456)]),
    "aware": (dt.datetime, [dt.datetime(2026, 1, 31, 9, 30, tzinfo=ZONE)]),
    "day": (dt.date, [dt.date(2026, 1, 31), dt.date(1, 1, 1)]),
    "clock": (dt.time, [dt.time(0, 0), dt.time(23, 59, 59, 999999)]),
    "period": (dt.timedelta, [dt.timedelta(days=3, microseconds=1), dt.timedelta(0), dt.timedelta(seconds=-90)]),
    "key": (uuid.UUID, [uuid.UUID(int=7)]),
    "size": (Size, [Size.LARGE]),
    "maybe_size": (Size | None, [None, Size.SMALL]),
    "level": (Level, [Level.HIGH]),
    "choice": (Literal["a", "b c", 'q"<'], ['q"<']),
    "number_choice": (Literal[1, 2, 10], [10]),
    "texts": (list[str], [[], ["a", "", "b"], [""]]),
    "numbers": (list[int], [[], [3, 1]]),
    "sizes": (list[Size], [[], [Size.SMALL, Size.LARGE]]),
    "address": (Address, [Address("Oslo", None, dt.date(2026, 1, 1), True)]),
    "addresses": (list[Address], [[], [Address("Oslo", 1), Address("Rome", None)]]),
    "maybe_address": (Address | None, [None, Address("Oslo", 0, dt.date(2026, 1, 1), True)]),
    "by_key": (dict[str, int], [{"a": 1, "b": 2}]),
}


def app_for(values: dict[str, Any], got: list[Any], with_scripts: bool) -> Flask:
    app = Flask("controls")
    app.secret_key = "of the tests"
    actions = ServerActions(app)
    written: dict[str, Any] = {"got": got}
    exec(f"def save({', '.join(KINDS)}):\n    got.append(locals())", written)  # parameters of any name
    function = written["save"]
    function.__annotations__ = {name: kind for name, (kind, _) in KINDS.items()}
    actions.register(function)
    script = "{{ serveractions_script() }}" if with_scripts else ""
    page = f"""<!doctype html><html lang="en"><title>Controls</title>{script}<main><h1>Controls</h1>
    {{% call(form) action_form("save", values=values) %}}{{{{ form.fields() }}}}<button id="go">Save</button>
    {{% endcall %}}</main>"""
    app.add_url_rule("/", "index", lambda: render_template_string(page, values=values))
    return app


@pytest.mark.parametrize("with_scripts", [True, False], ids=["scripts on", "scripts off"])
def test_what_a_form_shows_comes_back_as_it_was(browser: Browser, with_scripts: bool) -> None:
    rounds = max(len(values) for _, values in KINDS.values())
    values = dict.fromkeys(KINDS)
    got: list[Any] = []
    app = app_for(values, got, with_scripts)
    with served(app) as address:
        context = browser.new_context(base_url=address, java_script_enabled=with_scripts)
        page = context.new_page()
        for number in range(rounds):
            values.update({name: each[number % len(each)] for name, (_, each) in KINDS.items()})
            page.goto("/")
            invalid = "all => all.map(({name, value, validationMessage}) => [name, value, validationMessage])"
            assert page.locator("form :is(input, select, textarea):invalid").evaluate_all(invalid) == []
            with page.expect_response(lambda response: response.request.method == "POST") as answer:
                page.locator("#go").click()
            assert answer.value.status in (200, 303), page.content()
            assert got.pop() == values
        context.close()


@dataclass
class Row:
    text: Annotated[str, Length(1, 5)]
    tags: list[Literal["a", "b"]] = field(default_factory=list)


HINTED = fields.String(metadata={"description": "As on the bell."})


def failing(
    name: Annotated[str, HINTED],
    extras: list[Literal["milk", "sugar", "salt"]],
    size: Literal["s", "l"],
    rows: list[Row],
    note: Annotated[str, Length(max=500)] = "",
    news: bool = True,
) -> None:
    raise ActionError("Not that one.", field="name")


REFUSED = """<!doctype html><html lang="en"><title>Refused</title>{{ serveractions_script() if scripts }}<main>
<h1>Refused</h1>{% call(form) action_form("failing", values={"extras": ["milk"], "rows": [{"text": "x"}]}) %}
{{ form.fields("name", "extras") }}<fieldset><legend>Size</legend>{{ form.radios("size") }}</fieldset>
{{ form.fields("rows", "note", "news") }}<button id="go">Save</button>{% endcall %}</main>"""


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts on", "scripts off"])
def test_a_refused_form_shows_what_was_sent_and_axe_finds_nothing(browser: Browser, scripts: bool) -> None:
    app = Flask("refused")
    app.secret_key = "of the tests"
    ServerActions(app).register(failing)
    app.add_url_rule("/", "index", lambda: render_template_string(REFUSED, scripts=scripts))
    with served(app) as address:
        context = browser.new_context(base_url=address, java_script_enabled=scripts)
        page = context.new_page()
        page.goto("/")
        fill_and_send(page)
        expect(page.locator('[data-error="name"]')).to_have_text("Not that one.")
        check_what_is_shown(page)
        if scripts:
            page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
            found = page.evaluate(FOUND, {})
            assert found == []
        context.close()


def fill_and_send(page: Page) -> None:
    page.get_by_label("Name").fill("Ada")
    for label, ticked in [("milk", False), ("sugar", True), ("salt", True), ("News", False), ("b", True)]:
        page.get_by_label(label, exact=True).set_checked(ticked)
    page.get_by_label("l", exact=True).check()
    page.get_by_label("Note").fill("one\ntwo")
    page.locator("#go").click()


def check_what_is_shown(page: Page) -> None:
    name = page.get_by_label("Name")
    expect(name).to_have_value("Ada")
    expect(name).to_have_attribute("aria-invalid", "true")
    described = (name.get_attribute("aria-describedby") or "").split()
    assert described[0].endswith("-error")
    assert page.locator(f"#{described[1]}").text_content() == "As on the bell."
    expect(page.get_by_label("Note")).to_have_value("one\ntwo")
    for label, ticked in [("milk", False), ("sugar", True), ("salt", True), ("News", False), ("b", True), ("a", False)]:
        expect(page.get_by_label(label, exact=True)).to_be_checked(checked=ticked)
    expect(page.get_by_label("l", exact=True)).to_be_checked()
    expect(page.get_by_label("s", exact=True)).not_to_be_checked()
    ids = page.locator("[id]").evaluate_all("all => all.map(({id}) => id)")
    assert len(ids) == len(set(ids))


AREA = fields.String(metadata={"type": "textarea"})
FACES = "\N{GRINNING FACE}" * 5


def short(line: Annotated[str, Length(1, 5)], area: Annotated[str, Length(1, 5), AREA]) -> None:
    taken.append((line, area))


taken: list[tuple[str, str]] = []


@pytest.fixture
def short_page(browser: Browser) -> Iterator[Page]:
    """A page with two controls for five characters; both show five emojis at ``/edit``."""
    taken.clear()
    app = Flask("short")
    app.secret_key = "of the tests"
    ServerActions(app).register(short)
    template = """{% call(form) action_form("short", values=values) %}{{ form.fields() }}<button>Go</button>
    {% endcall %}"""
    app.add_url_rule("/", "new", lambda: render_template_string(template, values=None))
    stored = {"line": FACES, "area": FACES}
    app.add_url_rule("/edit", "edit", lambda: render_template_string(template, values=stored))
    with served(app) as address:
        context = browser.new_context(base_url=address)
        yield context.new_page()
        context.close()


def send(page: Page) -> int:
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button").click()
    return answer.value.status


def test_what_a_browser_lets_through_is_not_too_long(short_page: Page) -> None:
    short_page.goto("/")
    short_page.get_by_label("Line").press_sequentially(FACES)
    short_page.get_by_label("Area").press_sequentially("a\nb\ncdef")
    expect(short_page.get_by_label("Line")).to_have_value(
        FACES[:2]
    )  # a browser counts four, and one more is half a face
    expect(short_page.get_by_label("Area")).to_have_value("a\nb\nc")
    assert send(short_page) == 303
    assert taken == [(FACES[:2], "a\nb\nc")]


def test_a_text_that_was_taken_can_be_edited_at_its_full_length(short_page: Page) -> None:
    short_page.goto("/edit")
    for label in ("Line", "Area"):
        control = short_page.get_by_label(label)
        control.press("End")
        control.press("Backspace")
        control.press("x")
        expect(control).to_have_value(FACES[:4] + "x")
    assert send(short_page) == 303
    assert taken == [(FACES[:4] + "x", FACES[:4] + "x")]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts on", "scripts off"])
def test_what_is_no_option_any_more_is_still_shown_as_chosen_and_none_stays_none(
    browser: Browser, scripts: bool
) -> None:
    options = ["Oslo", "Rome"]

    def travel(city: str, way: str, stops: list[str], extras: list[str], name: str) -> None:
        raise ActionError("Not there.", field="city")

    app = Flask("options")
    app.secret_key = "of the tests"
    ServerActions(app).register(travel)
    template = """{{ serveractions_script() if scripts }}{% call(form) action_form("travel") %}
    {{ form.label("city") }}{{ form.select("city", options) }}{{ form.radios("way", options) }}
    {{ form.label("stops") }}{{ form.select("stops", options) }}{{ form.checkboxes("extras", options) }}
    {{ form.field("name") }}<button id="go">Go</button>{{ form.error("city") }}{% endcall %}"""
    app.add_url_rule("/", "index", lambda: render_template_string(template, options=options, scripts=scripts))
    with served(app) as address:
        context = browser.new_context(base_url=address, java_script_enabled=scripts)
        page = context.new_page()
        page.goto("/")
        page.get_by_label("City").select_option("Rome")
        page.get_by_role("radio", name="Rome").check()
        page.get_by_label("Stops").select_option(["Oslo", "Rome"])
        page.get_by_label("Name").fill("Ada")
        options.remove("Rome")
        page.locator("#go").click()
        expect(page.locator('[data-error="city"]')).to_have_text("Not there.")
        expect(page.get_by_label("City")).to_have_value("Rome")
        expect(page.get_by_role("radio", name="Rome")).to_be_checked()
        expect(page.get_by_label("Stops")).to_have_values(["Rome", "Oslo"])
        expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
        context.close()
