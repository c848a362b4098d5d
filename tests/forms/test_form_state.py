"""The state of a form, and the attributes of its inputs."""

from __future__ import annotations

import datetime as dt
import enum
import re
import sqlite3
from contextlib import closing
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple

import pytest
from flask import render_template_string
from flask_wtf import FlaskForm
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from marshmallow import Schema, fields
from marshmallow.validate import Length, Range
from werkzeug.datastructures import FileStorage
from wtforms import FormField, IntegerField, PasswordField, StringField
from wtforms.validators import DataRequired
from wtforms.validators import Length as WtfLength

from flask_serveractions import ActionError, FormState
from flask_serveractions.forms.inputs import Input, render_attributes
from tests.callers import app_with, form_in, open_form, submit
from tests.forms.form_clients import client_of_form


class Colour(enum.Enum):
    RED = "red"


class Address(Schema):
    city = fields.String(required=True, validate=Length(max=30))
    number = fields.Integer(validate=Range(1, 999))


class Person(Schema):
    name = fields.String(required=True)
    address = fields.Nested(Address)
    pets = fields.List(fields.Nested(Address))
    pin = fields.String(load_only=True)


class Wtf(FlaskForm):
    name = StringField(validators=[DataRequired(), WtfLength(max=9)])
    age = IntegerField()
    word = PasswordField()
    inner = FormField(type("Inner", (FlaskForm,), {"city": StringField()}))


def typed(
    text: Annotated[str, Length(1, 200)],
    count: Annotated[int, Range(1, 9)],
    price: Decimal,
    ratio: float,
    day: dt.date,
    at: dt.datetime,
    time: dt.time,
    document: FileStorage,
    email: Annotated[str, fields.Email()],
    password: str,
    colour: Colour,
    done: bool = False,
    note: str = "",
    maybe: int | None = None,
    tags: list[str] = [],  # noqa: B006
) -> None:
    raise ActionError("No.", field="text")


def whole(person: Annotated[dict[str, Any], Person()]) -> None:
    raise ActionError("No.", field="address.city")


def wtf(form: Wtf) -> None:
    raise ActionError("No.")


def page_for(*names: str, **attributes: Any) -> str:
    """Return a page with one input per name."""
    inputs = "".join(f"<input {{{{ form.attrs({name!r}) }}}}>" for name in names)
    return f"{{% call(form) action_form(names[0]) %}}{inputs}{{% endcall %}}"


def inputs_of(function: Any, *names: str) -> dict[str, dict[str, str]]:
    client = app_with(function, page=page_for(*names)).test_client()
    return open_form(client).inputs


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text", {"required": "", "maxlength": "200"}),
        ("count", {"type": "number", "required": "", "min": "1", "max": "9"}),
        ("price", {"type": "number", "required": "", "step": "any"}),
        ("ratio", {"type": "number", "required": "", "step": "any"}),
        ("day", {"type": "date", "required": ""}),
        ("at", {"type": "datetime-local", "required": ""}),
        ("time", {"type": "time", "required": ""}),
        ("document", {"type": "file", "required": ""}),
        ("email", {"type": "email", "required": ""}),
        ("password", {"type": "password", "required": ""}),
        ("colour", {"required": ""}),
        ("done", {"type": "checkbox", "value": "true"}),
        ("note", {}),
        ("maybe", {"type": "number"}),
    ],
)
def test_the_attributes_of_an_input_come_from_the_signature(name: str, expected: dict[str, str]) -> None:
    made = inputs_of(typed, name)[name]
    common = {"name": name, "id": f"typed-{name}", "aria-describedby": f"typed-{name}-error"}
    assert {key: value for key, value in made.items() if key != "step" or "step" in expected} == {**common, **expected}


def test_nested_names_are_described_at_every_depth() -> None:
    made = inputs_of(whole, "name", "address.city", "address.number", "pets.0.city", "pin")
    assert "required" in made["name"]
    assert made["address.city"]["maxlength"] == "30"
    assert (made["address.number"]["min"], made["address.number"]["max"]) == ("1", "999")
    assert made["pets.0.city"]["maxlength"] == "30"
    assert made["pets.0.city"]["id"] == "whole-pets-0-city"
    assert made["pin"]["type"] == "password"


def test_the_value_of_what_has_fields_is_what_was_sent_below_its_name() -> None:
    template = """{% call(form) action_form("whole") %}
      [{{ form.value("pets", ["none"]) | tojson | safe }} {{ form.value("address") | tojson | safe }}]{% endcall %}"""
    client = app_with(whole, page=template).test_client()
    sent = {
        "pets.1.city": "Bergen",
        "pets.0.city": "Oslo",
        "pets.0.number": "x",
        "pets.0.odd": "1",
        "address.number": "7",
    }
    failed = submit(client, open_form(client), **sent)
    assert '[[{"city": "Oslo", "number": "x"}, {"city": "Bergen"}] {"number": 7}]' in failed.text
    assert '[["none"] null]' in client.get("/").text


def test_a_flask_form_describes_its_fields() -> None:
    made = inputs_of(wtf, "name", "age", "word", "inner-city")
    assert "required" in made["name"]
    assert made["name"]["maxlength"] == "9"
    assert made["age"]["type"] == "number"
    assert made["word"]["type"] == "password"


def test_errors_are_tied_to_their_input() -> None:
    template = """{% call(form) action_form("whole") %}<input {{ form.attrs("address.city") }}>
    {{ form.error("address.city") }}<input {{ form.attrs("name") }}>{{ form.error("name") }}{% endcall %}"""
    client = app_with(whole, page=template).test_client()
    clean = client.get("/").get_data(as_text=True)
    place = '<span class="serveractions-error" id="whole-address-city-error" data-error="address.city">{}</span>'
    assert place.format("") in clean
    assert "aria-invalid" not in clean
    page = submit(client, open_form(client), **{"address.city": "Rome", "name": "Ada"}).get_data(as_text=True)
    assert place.format("No.") in page
    form = form_in(page)
    assert form.inputs["address.city"]["aria-invalid"] == "true"
    assert form.inputs["address.city"]["aria-describedby"] == "whole-address-city-error"
    assert "aria-invalid" not in form.inputs["name"]
    assert (form.inputs["address.city"]["value"], form.inputs["name"]["value"]) == ("Rome", "Ada")


def test_an_error_that_is_shown_twice_has_two_ids_and_the_first_is_its_input_s() -> None:
    shown = '{{ form.error("address.city") }}{{ form.error("address.city", class_="loud") }}'
    template = f"""{{% call(form) action_form("whole") %}}{shown}
    <input {{{{ form.attrs("address.city") }}}}><input {{{{ form.attrs("name") }}}}>{{% endcall %}}"""
    client = app_with(whole, page=template).test_client()
    for page in (client.get("/"), submit(client, open_form(client), **{"address.city": "Rome", "name": "Ada"})):
        text = page.get_data(as_text=True)
        ids = re.findall(r' id="(whole-address-city-error[^"]*)"', text)
        assert ids == ["whole-address-city-error", "whole-address-city-error-2"]
        assert 'aria-describedby="whole-address-city-error"' in text
    assert text.count(">No.</span>") == 2


SHOWN = """{% call(form) action_form(names[0]) %}<input {{ form.attrs("text") }}>
<p>{{ [form.submitted, form.ok, form.values, form.errors, form.result, form.value("text", "?")] | tojson }}</p>
{{ form.message }}{% endcall %}"""


def act(text: str) -> None:
    raise ActionError("Not now.", field="text" if text == "field" else None, result={"left": 3})


def state_in(page: Any) -> Any:
    from flask import json

    return json.loads(unescape(re.findall("<p>(.*?)</p>", page.get_data(as_text=True))[0]))


def test_a_form_state_is_clean_until_its_form_has_failed() -> None:
    client = app_with(act, page=SHOWN).test_client()
    assert state_in(client.get("/")) == [False, True, {}, {}, None, "?"]
    failed = submit(client, open_form(client), text="field")
    assert state_in(failed) == [True, False, {"text": "field"}, {"text": ["Not now."]}, {"left": 3}, "field"]
    failed = submit(client, open_form(client), text="whole")
    assert state_in(failed) == [True, False, {"text": "whole"}, {}, {"left": 3}, "whole"]


def test_a_message_that_the_template_shows_is_not_shown_twice() -> None:
    client = app_with(act, page=SHOWN).test_client()
    assert submit(client, open_form(client), text="whole").get_data(as_text=True).count("Not now.") == 1


def test_a_message_that_the_template_has_no_place_for_is_in_the_forms_own() -> None:
    client = app_with(act, page='{% call action_form("act") %}<input name="text">{% endcall %}').test_client()
    assert form_in(submit(client, open_form(client), text="whole")).message == "Not now."
    assert "Not now." in form_in(submit(client, open_form(client), text="field")).message


def test_a_box_that_was_ticked_is_ticked_again_and_one_that_was_not_is_not() -> None:
    def boxes(one: bool, two: bool) -> None:
        raise ActionError("No.")

    template = """{% call(form) action_form("boxes") %}<input {{ form.attrs("one") }}>
    <input {{ form.attrs("two", checked=true) }}>{% endcall %}"""
    client = app_with(boxes, page=template).test_client()
    form = open_form(client)
    assert form.values.keys() == {"_action", "csrf_token", "two"}
    again = form_in(submit(client, form, one="true", two=None))
    assert again.values.keys() == {"_action", "csrf_token", "one"}


def test_further_attributes_are_the_templates_and_what_was_typed_replaces_the_first_value() -> None:
    template = """{% call(form) action_form("act") %}
    <input {{ form.attrs("text", value="first", class_="wide", placeholder='"Text"', required=false, data_x=1) }}>
    {% endcall %}"""
    client = app_with(act, page=template).test_client()
    made = open_form(client).inputs["text"]
    assert (made["value"], made["class"], made["placeholder"], made["data-x"]) == ("first", "wide", '"Text"', "1")
    assert "required" not in made
    assert form_in(submit(client, open_form(client), text="second")).inputs["text"]["value"] == "second"


# By itself


def state(**parts: Any) -> FormState:
    return FormState(id="act", describe=lambda name: Input(secret="password" in name), **parts)


@given(text=st.text(), name=st.text(min_size=1))
def test_everything_is_escaped(text: str, name: str) -> None:
    hostile = f'"><script>{text}'
    form = state(values={name: hostile}, errors={name: [hostile]}, summary=hostile, submitted=True)
    for made in (form.attrs(name), form.error(name), form.attrs(name, title=hostile)):
        assert "<script" not in made
        assert '">&lt;script' not in made
    assert str(render_attributes({"title": hostile})).count('"') == 2


def test_a_secret_is_never_given_back() -> None:
    form = state(values={"password": "s3cret"}, submitted=True)
    assert form.value("password") == ""
    assert "s3cret" not in form.attrs("password")


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"a": "1", "b": 2}, 'a="1" b="2"'),
        ({"a": True, "b": False, "c": None, "d": ""}, 'a d=""'),
        ({}, ""),
    ],
)
def test_attributes_are_pairs_and_true_stands_alone(attributes: dict[str, Any], text: str) -> None:
    assert render_attributes(attributes) == text


LINK = Markup('<a href="x onfocus=alert(1) autofocus y">link</a>')


class Clean:
    """HTML that a sanitiser has passed, in a class of its own."""

    def __html__(self) -> str:
        return str(LINK)

    def __str__(self) -> str:
        return str(LINK)


@pytest.mark.parametrize("value", [LINK, Clean()], ids=["Markup", "another class"])
def test_markup_in_an_attribute_is_text(value: Any) -> None:
    rendered = render_attributes({"title": value, "data-x": [value]})
    assert rendered.count('"') == 4
    assert unescape(rendered.split('"')[1]) == str(LINK)


@pytest.mark.parametrize(
    "template",
    [
        "{{ form.textarea('text') }}",
        "{{ form.textarea('text', value=html) }}",
        "{{ form.field('text', value=html, type='textarea') }}",
        "{{ form.select('text', [html]) }}",
        "{{ form.select('text', ['a'], value=html) }}",
        "{{ form.radios('text', [html]) }}",
        "<textarea {{ form.attrs('text', value=html) }}></textarea>",
    ],
)
def test_markup_that_is_a_value_is_text_in_every_control(template: str) -> None:
    def save(text: str = "") -> None: ...

    app, page = (
        app_with(save),
        "{% call(form) action_form('save', values={'text': html}) %}" + template + "{% endcall %}",
    )
    with app.test_request_context():
        html = render_template_string(page, html=Markup("</textarea></option><script>alert(1)</script>&amp;"))
    assert "<script" not in html
    assert "&amp;amp;" in html


@pytest.mark.parametrize(
    "template",
    [
        "{% call(form) action_form('save') %}<input {{ form.attrs('text', value=html) }}>{% endcall %}",
        "{% call(form) action_form('save') %}<input {{ form.attrs('text', title=html) }}>{% endcall %}",
        "{% call(form) action_form('save') %}<input {{ form.attrs('text', aria_describedby=html) }}>{% endcall %}",
        "{% call(form) action_form('save') %}<input {{ form.attrs('data.' ~ html) }}>{% endcall %}",
        "{% call(form) action_form('save') %}<p title=x>{{ form.error('data.' ~ html) }}{% endcall %}",
        "{% call action_form('save', attrs={'title': html}) %}{% endcall %}",
        "{{ serveractions_script(nonce=html) }}",
    ],
)
def test_markup_stays_inside_of_its_quotes_in_every_helper(template: str) -> None:
    def save(text: str = "", data: dict[str, Any] = {}) -> None: ...  # noqa: B006

    app = app_with(save)
    found: list[str] = []

    class Attributes(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(name for name, _ in attrs)

    with app.test_request_context():
        Attributes().feed(render_template_string(template, html=LINK))
    assert found
    assert "onfocus" not in found


@pytest.mark.parametrize("name", ["", "a b", "a\tb", "a\n", "a/b", "a>b", "a=b", 'a"b', "a'b", "<a", "a\x00b", "\x0c"])
def test_what_is_no_name_of_an_attribute_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="no name of an attribute"):
        render_attributes({name: "x"})
    with pytest.raises(ValueError, match="no name of an attribute"):
        render_attributes({name: True})


class Line(NamedTuple):
    text: str
    count: int


def row_of_sqlite() -> sqlite3.Row:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        row: sqlite3.Row = connection.execute("SELECT 'milk' AS text, 3 AS count, NULL AS note").fetchone()
        return row


@pytest.mark.parametrize(
    "stored",
    [{"text": "milk", "count": 3}, SimpleNamespace(text="milk", count=3), Line("milk", 3), row_of_sqlite()],
    ids=["mapping", "object", "named tuple", "row of sqlite3"],
)
def test_an_edit_form_is_filled_from_whatever_gives_values_by_their_names(stored: Any) -> None:
    def save(text: str, count: int = 0, note: str | None = None, due: str = "later") -> None: ...

    app = app_with(save)
    page = '{% call(form) action_form("save", values=stored) %}{{ form.fields() }}{% endcall %}'
    app.add_url_rule("/edit", "edit", lambda: render_template_string(page, stored=stored))
    inputs = open_form(app.test_client(), page="/edit").inputs
    shown = {name: inputs[name].get("value", "") for name in ("text", "count", "note", "due")}
    assert shown == {"text": "milk", "count": "3", "note": "", "due": "later"}


MICROSECONDS = dt.datetime(2026, 1, 2, 3, 4, 5, 6)
TEXTS: list[tuple[Any, list[Any], list[tuple[str, str, str]]]] = [
    (int, [1, 10**400], [("number", "", "1"), ("text", "", f"1{'0' * 400}"), ("number", "", "")]),
    (float, [0.5], [("number", "any", "0.5"), ("number", "any", "")]),
    (
        dt.time,
        [dt.time(1, 2), dt.time(1, 2, 3)],
        [("time", "any", "01:02:00"), ("time", "any", "01:02:03"), ("time", "", "")],
    ),
    (dt.datetime, [MICROSECONDS], [("text", "", "2026-01-02T03:04:05.000006"), ("datetime-local", "", "")]),
    (dt.date, ["1 May"], [("text", "", "1 May"), ("date", "", "")]),
]


@pytest.mark.parametrize(("item", "values", "shown"), TEXTS, ids=[item.__name__ for item, *_ in TEXTS])
def test_an_input_of_a_list_is_native_where_it_holds_its_value(
    item: Any, values: list[Any], shown: list[tuple[str, str, str]]
) -> None:
    def collect(items) -> None: ...  # type: ignore[no-untyped-def]

    collect.__annotations__["items"] = list[item]
    page = client_of_form(collect, '{{ form.field("items") }}', values={"items": values}).get("/").text
    inputs = [re.search(r'name="items".*', each) for each in page.split("<input ")]
    found = [each.group() for each in inputs if each is not None]
    assert [tuple(attribute_of(each, name) for name in ("type", "step", "value")) for each in found] == shown


def attribute_of(text: str, name: str) -> str:
    match = re.search(rf'\b{name}="([^"]*)"', text)
    return match.group(1) if match else ""


def test_keys_of_a_mapping_may_have_dots() -> None:
    def count(visits: dict[str, int]) -> None: ...

    client = client_of_form(count, "{{ form.fields() }}", values={"visits": {"example.com": 7, "www.example.com": 1}})
    shown = client.get("/")
    assert 'name="visits.example.com" id="count-visits-example-com" type="number" value="7"' in shown.text
    answer = client.submit(shown, "count", **{"visits.www.example.com": "many"})
    assert 'value="many" aria-invalid="true"' in answer.text
    assert 'data-error="visits.www.example.com">Not a valid integer.<' in answer.text
    assert client.submit(answer, "count", **{"visits.www.example.com": "2"}).status_code == 303
