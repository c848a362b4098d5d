"""The elements that a form writes, and those written by hand around ``form.attrs``."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Annotated, Any, Literal

import pytest
from flask import Flask, render_template_string
from marshmallow import fields
from marshmallow.validate import Length
from sqlalchemy import NullPool, create_engine, text

from flask_serveractions import Bound, ServerActions
from flask_serveractions.html_forms import forms_in
from flask_serveractions.testing import ActionsClient
from tests.forms.form_clients import client_of_form

got: list[Any] = []


def client_of(annotation: Any, content: str, **context: Any) -> ActionsClient:
    """Return a client of an app with one action, ``save(value, name)``, whose form has the given content."""
    got.clear()

    def save(value, name: Annotated[str, Length(1, 5)] = "x") -> None:  # type: ignore[no-untyped-def]
        got.append(value)

    save.__annotations__["value"] = annotation
    return client_of_form(save, content, **context)


def rows_of_sqlite() -> list[Any]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("SELECT 1 AS id, 'One' AS name UNION SELECT 2, 'Two'").fetchall()


def rows_of_sqlalchemy() -> list[Any]:
    with create_engine("sqlite://", poolclass=NullPool).connect() as connection:
        return list(connection.execute(text("SELECT 1 AS id, 'One' AS name UNION SELECT 2, 'Two'")))


OPTIONS = {
    "tuples": [(1, "One"), (2, "Two")],
    "lists": [[1, "One"], [2, "Two"]],
    "rows of sqlite3": rows_of_sqlite(),
    "rows of SQLAlchemy": rows_of_sqlalchemy(),
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("called", ["select", "radios"])
def test_an_option_is_any_pair_of_value_and_label(called: str, options: Any) -> None:
    client = client_of(int, f"{{{{ form.{called}('value', options) }}}}", options=options)
    page = client.get("/")
    assert re.search(r'value="2"[^>]*> ?Two<', page.text)
    assert client.submit(page, "save", value="2").status_code == 303
    assert got == [2]


def test_a_text_of_two_letters_is_no_pair() -> None:
    page = client_of(str, "{{ form.select('value', ['no', 'de']) }}").get("/")
    assert '<option value="no">no</option><option value="de">de</option>' in page.text


@pytest.mark.parametrize("annotation", [list[int], list[Literal[1, 2, 3]]], ids=["free", "of choices"])
@pytest.mark.parametrize(
    "content",
    [
        "{{ form.select('value', [1, 2, 3]) }}",
        "<select {{ form.attrs('value') }}><option>1</option><option value='2'>b</option><option>3</option></select>",
        '<select multiple {{ form.attrs("value") }}><option>1<option value="2">b<option selected>3</select>',
    ],
    ids=["ours", "by hand", "by hand, multiple"],
)
def test_of_many_several_can_be_chosen_and_stay_chosen(content: str, annotation: Any) -> None:
    content = content.replace("'2'", '"2"')
    client = client_of(annotation, content + "<input {{ form.attrs('name') }}>", values={"value": [1, 2]})
    page = client.get("/")
    assert len(re.findall(r"<select[^>]*\smultiple\b", page.text)) == 1
    assert len(re.findall(r"\bmultiple\b", page.text)) == 1
    refused = client.submit(page, "save", value=["2", "3"], name="far too long")
    assert refused.status_code == 422
    assert client.submit(refused, "save", name="x").status_code == 303
    assert got == [[2, 3]]


def test_an_input_of_a_free_list_is_no_button() -> None:
    page = client_of(list[str], "{{ form.field('value') }}", values={"value": ["a", "b"]}).get("/")
    assert page.text.count("<input name") == 3
    assert "checked" not in page.text


def test_a_free_list_that_was_refused_has_one_empty_input_as_before() -> None:
    client = client_of(list[str], "{{ form.fields() }}", values={"value": ["a", "b"]})
    page = client.get("/")
    for _ in range(2):
        page = client.submit(page, "save", name="far too long")
        assert page.status_code == 422
        assert page.text.count('<input name="value"') == 3
    assert client.submit(page, "save", name="x").status_code == 303
    assert got == [["a", "b"]]


@pytest.mark.parametrize(("rows", "inputs"), [(0, 1), (2, 3)])
def test_a_free_list_has_as_many_empty_inputs_as_are_asked_for_before_and_after_a_refusal(
    rows: int, inputs: int
) -> None:
    content = f"{{{{ form.field('value', empty_rows={rows}) }}}}{{{{ form.field('name') }}}}"
    client = client_of(list[str], content, values={"value": ["a"]})
    page = client.get("/")
    assert page.text.count('<input name="value"') == inputs
    assert "empty" not in page.text
    refused = client.submit(page, "save", name="far too long")
    assert refused.text.count('<input name="value"') == inputs


def test_a_field_is_radio_buttons_where_the_template_says_so() -> None:
    content = """{{ form.field("value", "Drink", type="radio", options=[(1, "Tea"), (2, "Coffee")]) }}
        {{ form.field("name") }}"""
    client = client_of(int, content)
    page = client.get("/")
    assert "<legend>Drink</legend>" in page.text
    assert len(re.findall(r'<label><input name="value"[^>]* type="radio"', page.text)) == 2
    refused = client.submit(page, "save", value="2", name="far too long")
    assert re.findall(r'value="(\d)" checked', refused.text) == ["2"]
    assert client.submit(refused, "save", name="x").status_code == 303
    assert got == [2]


def test_a_box_sends_what_its_field_takes_for_yes() -> None:
    german = fields.Boolean(truthy={"ja"}, falsy={"nein"})
    client = client_of(Annotated[bool, german], "{{ form.field('value') }}", values={"value": True})
    page = client.get("/")
    assert re.search(r'<input name="value"[^>]*value="ja" checked', page.text)
    assert client.submit(page, "save").status_code == 303
    assert client.submit(page, "save", value=False).status_code == 303
    assert got == [True, False]


@dataclass
class Address:
    city: Annotated[str, Length(1)]
    kind: Literal["home", "work"] = "work"
    number: int = 7
    is_paid: bool = False
    notes: list[str] = field(default_factory=list)


def test_an_object_of_which_nothing_was_filled_in_is_none_where_it_may_be() -> None:
    client = client_of(Address | None, "{{ form.fields() }}")
    page = client.get("/")
    assert 'value="7"' not in page.text
    assert " required" not in page.text.partition("Name")[0]
    assert client.submit(page, "save").status_code == 303
    assert client.submit(page, "save", **{"value.city": "Oslo", "value.number": "3"}).status_code == 303
    assert got == [None, Address("Oslo", number=3)]


def test_an_object_of_which_something_was_filled_in_is_checked() -> None:
    client = client_of(Address | None, "{{ form.fields() }}")
    refused = client.submit(client.get("/"), "save", **{"value.kind": "home"})
    assert refused.status_code == 422
    assert '<option value="home" selected>' in refused.text
    assert '<option value="">' in refused.text  # so that it can be left out after all
    assert client.submit(refused, "save", **{"value.kind": ""}).status_code == 303
    assert got == [None]


def test_an_object_that_must_be_is_missed() -> None:
    client = client_of(Address, "{{ form.fields() }}")
    page = client.get("/")
    assert 'value="7"' in page.text
    refused = client.submit(page, "save")
    assert re.search(r'data-error="value.city">[^<]+<', refused.text)
    assert got == []


EVERY_PIECE = {
    "error": ("{{ form.error('value', class_='wide', data_x=1) }}", "span"),
    "label": ("{{ form.label('value', class_='wide', data_x=1) }}", "label"),
    "textarea": ("{{ form.textarea('value', class_='wide', data_x=1) }}", "textarea"),
    "select": ("{{ form.select('value', ['a'], class_='wide', data_x=1) }}", "select"),
    "radios": ("{{ form.radios('value', ['a'], class_='wide', data_x=1) }}", "input"),
    "attrs": ("<input {{ form.attrs('value', class_='wide', data_x=1) }}>", "input"),
    "field": ("{{ form.field('value', class_='wide', data_x=1) }}", "input"),
}


@pytest.mark.parametrize(("piece", "tag"), EVERY_PIECE.values(), ids=EVERY_PIECE)
def test_every_piece_takes_attributes(piece: str, tag: str) -> None:
    page = client_of(str, piece).get("/")
    [found] = [each for each in re.findall(rf"<{tag} [^>]*>", page.text) if 'class="wide"' in each]
    assert 'data-x="1"' in found


def test_attributes_of_a_group_are_those_of_its_buttons() -> None:
    page = client_of(list[Literal["a", "b"]], "{{ form.field('value', class_='wide') }}").get("/")
    assert len(re.findall(r'<input [^>]*type="checkbox"[^>]*class="wide"', page.text)) == 2


@pytest.mark.parametrize("called", ["checkboxes", "field"])
def test_value_of_a_group_is_what_is_chosen_initially(called: str) -> None:
    annotation = list[Literal["a", "b", "c"]]
    client = client_of(annotation, f"{{{{ form.{called}('value', value=['a', 'c']) }}}}{{{{ form.field('name') }}}}")
    page = client.get("/")
    refused = client.submit(page, "save", value=["b"], name="far too long")
    assert client.submit(page, "save").status_code == client.submit(refused, "save", name="x").status_code == 303
    assert got == [["a", "c"], ["b"]]


def answer(
    many: list[Literal["a", "b", "c"]],
    one: Literal["a", "b", "c"] = "a",
    chosen: Literal["a", "b"] = "a",
    box: bool = True,
    three: bool | None = None,
    name: Annotated[str, Length(1, 5)] = "x",
) -> None: ...


BY_HAND = """{% for each in "abc" %}<input type="checkbox" {{ form.attrs("many", value=each) }}>
<input {{ form.attrs("one", value=each, type="radio") }}>{% endfor %}
<select {{ form.attrs("chosen") }}><option>a</option><option>b</option></select>
<input {{ form.attrs("box") }}>{{ form.select("three") }}<input {{ form.attrs("name") }}>"""
BY_GROUPS = """{{ form.checkboxes("many") }}{{ form.radios("one") }}{{ form.select("chosen") }}
<input {{ form.attrs("box") }}>{{ form.radios("three", [("", "?"), (True, "Yes"), (False, "No")]) }}
<input {{ form.attrs("name") }}>"""


def shown(page: str) -> dict[str, list[str]]:
    """Return what a browser would send of the controls that are chosen from."""
    [form] = forms_in(page)
    sent = [each for each in form.controls if each.sent and each.kind != "hidden"]
    return {
        name: [each.value for each in sent if each.name == name] for name in ("many", "one", "chosen", "box", "three")
    }


@pytest.mark.parametrize("content", ["{{ form.fields() }}", BY_GROUPS, BY_HAND], ids=["fields", "groups", "by hand"])
def test_after_a_refusal_every_control_shows_what_was_sent(content: str) -> None:
    app = Flask(__name__)
    app.secret_key = "of the tests"
    app.test_client_class = ActionsClient
    ServerActions(app).register(answer)
    page = f'{{% call(form) action_form("answer") %}}{content}{{% endcall %}}'
    app.add_url_rule("/", "index", lambda: render_template_string(page))
    client = app.test_client()
    assert isinstance(client, ActionsClient)
    for many, one, chosen, box, three in [
        (["b", "c"], "b", "b", False, "false"),
        ([], "c", "a", False, "true"),
        (["a", "b", "c"], "a", "b", True, ""),
    ]:
        sent = {"many": many, "one": one, "chosen": chosen, "box": box, "three": three}
        refused = client.submit(client.get("/"), "answer", name="far too long", **sent)
        assert refused.status_code == 422
        expected = {"many": many, "one": [one], "chosen": [chosen], "box": ["true"] * box, "three": [three]}
        assert shown(refused.text) == expected


class References(HTMLParser):
    """The IDs of a page, and what refers to them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.named: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.named |= {*given.get("aria-describedby", "").split(), *([given["for"]] if "for" in given else [])}


def test_several_forms_of_one_action_share_no_id_and_name_their_own() -> None:
    hinted = fields.String(metadata={"description": "A hint."})

    def save(text, rows, tags, size, of) -> None: ...  # type: ignore[no-untyped-def]

    app = Flask(__name__)
    app.secret_key = "of the tests"
    app.test_client_class = ActionsClient
    save.__annotations__ = {
        "text": Annotated[str, hinted],
        "rows": list[Address],
        "tags": list[str],
        "size": Literal["s", "l"],
        "of": Bound[int],
    }
    ServerActions(app).register(save)
    stored = {"rows": [{"city": "Oslo"}, {"city": "Rome"}], "tags": ["a", "b"]}
    page = """{% for of in [1, 1, 2] %}{% call(form) action_form("save", of=of, values=values) %}
    {{ form.fields() }}{{ form.radios("size") }}{{ form.label("text") }}{% endcall %}{% endfor %}"""
    app.add_url_rule("/", "index", lambda: render_template_string(page, values=stored))
    client = app.test_client()
    assert isinstance(client, ActionsClient)
    clean = client.get("/")
    for shown_page in (clean.text, client.submit(clean, "save", of=2, text="x", size="").text):
        found = References(shown_page)
        assert len(found.ids) == len(set(found.ids)) > 60
        assert found.named <= set(found.ids)
