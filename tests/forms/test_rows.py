"""Lists of objects that grow: rows, a template for one more, and a button for browsers without scripts."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field, make_dataclass
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from flask import Flask, redirect, render_template_string
from flask_wtf import FlaskForm
from marshmallow import Schema, fields
from marshmallow.validate import Length
from wtforms import FieldList, StringField

from flask_serveractions import ServerActions
from flask_serveractions.testing import ActionsClient
from tests.calling import make_app
from tests.forms.form_clients import client_of_form

ORDER = """{% call(form) action_form("order") %}
{{ form.field("items", empty_rows=1 if form.values.get("add") else 0) }}
<button>Order</button> <button name="add" value="items" formnovalidate>One more</button>
<output>{{ form.value("items", "clean") }}</output>{% endcall %}"""


@dataclass
class Item:
    text: Annotated[str, Length(1, 9)]
    amount: int = 1


@dataclass
class Branch:
    name: str
    twigs: list[Branch] = field(default_factory=list)
    parent: Branch | None = None


got: list[Any] = []


@pytest.fixture
def client() -> ActionsClient:
    got.clear()
    app = Flask(__name__)
    app.secret_key = "of the tests"
    app.test_client_class = ActionsClient
    actions = ServerActions(app)

    @actions.register(show_result=True)
    def order(items: list[Item], add: Literal["items"] | None = None) -> Any:
        if add:
            return None
        got.extend(items)
        return redirect("/done")

    @actions.register
    def grow(tree: Branch) -> None:
        got.append(tree)

    app.add_url_rule("/", "index", lambda: render_template_string(ORDER))
    client = app.test_client()
    assert isinstance(client, ActionsClient)
    return client


def names_in(page: str) -> list[str]:
    return re.findall('name="(items[^"]*)"', re.sub("<template.*?</template>", "", page, flags=re.DOTALL))


def test_a_button_adds_a_row_where_there_are_no_scripts(client: ActionsClient) -> None:
    page = client.get("/")
    assert names_in(page.text) == []
    page = client.submit(page, "order", add="items")
    assert page.status_code == 200
    assert names_in(page.text) == ["items.0.text", "items.0.amount"]
    page = client.submit(page, "order", add="items", **{"items.0.text": "milk"})
    assert names_in(page.text) == ["items.0.text", "items.0.amount", "items.1.text", "items.1.amount"]
    assert 'value="milk"' in page.text
    answer = client.submit(page, "order", **{"items.1.text": "tea", "items.1.amount": "2"})
    assert (answer.status_code, answer.location) == (303, "/done")
    assert got == [Item("milk"), Item("tea", 2)]


def test_a_template_holds_the_row_that_follows(client: ActionsClient) -> None:
    text = client.get("/").text
    template = re.search('<template data-row="items.0">(.*?)</template>', text, re.DOTALL)
    assert template is not None
    assert 'name="items.0.text" id="order-items-0-text"' in template[1]


def test_errors_stand_at_their_rows_by_the_numbers_that_were_sent(client: ActionsClient) -> None:
    sent = {"items.2.text": "far too long for it", "items.10.text": "milk", "items.7.text": "tea"}
    answer = client.submit(client.get("/"), "order", **sent)
    assert answer.status_code == 422
    assert names_in(answer.text)[::2] == ["items.2.text", "items.7.text", "items.10.text"]
    assert re.search('data-error="items.2.text">[^<]*9', answer.text)
    assert '<template data-row="items.11">' in answer.text
    assert "{&#39;text&#39;: &#39;milk&#39;" in answer.text


def test_a_type_that_holds_itself_ends(client: ActionsClient) -> None:
    with client.application.test_request_context():
        page = render_template_string('{% call(form) action_form("grow") %}{{ form.fields() }}{% endcall %}')
    assert "tree.twigs.0.name" in page
    assert len(page) < 1_000_000


def test_what_a_type_that_holds_itself_holds_is_shown_as_deep_as_it_goes(client: ActionsClient) -> None:
    tree = {"name": "leaf 12", "twigs": []}
    for depth in range(11, 0, -1):
        tree = {"name": f"leaf {depth}", "parent" if depth % 2 else "twigs": tree if depth % 2 else [tree]}
    page = '{% call(form) action_form("grow", values={"tree": tree}) %}{{ form.fields() }}{% endcall %}'
    client.application.add_url_rule("/tree", "tree", lambda: render_template_string(page, tree=tree))
    shown = client.get("/tree")
    deepest = "tree" + ".parent.twigs.0" * 5 + ".parent.name"
    assert [f'value="leaf {depth}"' in shown.text for depth in range(1, 13)] == [True] * 12
    assert f'name="{deepest}"' in shown.text
    again = client.submit(shown, "grow", **{deepest: "changed", "tree.name": None})
    assert (again.status_code, 'value="changed"' in again.text) == (422, True)


@pytest.mark.parametrize("way", ["parent", "twigs"])
def test_what_data_leads_back_to_is_shown_once_it_is_deep_no_more(client: ActionsClient, way: str) -> None:
    inner = SimpleNamespace(name="inner")
    outer = SimpleNamespace(name="outer", parent=inner, twigs=[inner])
    setattr(inner, way, outer if way == "parent" else [outer])
    page = '{% call(form) action_form("grow", values={"tree": tree}) %}{{ form.fields() }}{% endcall %}'
    client.application.add_url_rule("/tree", "tree", lambda: render_template_string(page, tree=outer))
    shown = client.get("/tree")
    assert ('value="outer"' in shown.text, 'value="inner"' in shown.text) == (True, True)
    assert f'name="tree{(".parent" if way == "parent" else ".twigs.0") * 7}.name"' not in shown.text


def test_an_object_that_may_hold_its_like_and_is_left_without_one_is_taken(client: ActionsClient) -> None:
    page = '{% call(form) action_form("grow") %}{{ form.fields() }}{% endcall %}'
    client.application.add_url_rule("/tree", "tree", lambda: render_template_string(page))
    assert client.submit(client.get("/tree"), "grow", **{"tree.name": "birch"}).status_code == 303
    assert got == [Branch("birch")]


def test_objects_that_do_not_hold_their_like_are_shown_at_any_depth() -> None:
    kind: Any = make_dataclass("Innermost", [("text", str)])
    for number in range(9):
        kind = make_dataclass(f"Outer{number}", [("name", str), ("inner", kind)])
    app, actions = make_app()

    def keep(outer) -> None: ...  # type: ignore[no-untyped-def]

    keep.__annotations__["outer"] = kind
    actions.register(keep)
    with app.test_request_context():
        page = render_template_string('{% call(form) action_form("keep") %}{{ form.fields() }}{% endcall %}')
    assert f'name="outer{".inner" * 9}.text"' in page


class WordsForm(FlaskForm):
    words = FieldList(StringField(), min_entries=2)


@pytest.mark.parametrize(("annotation", "name"), [(list[list[int]], "words"), (WordsForm, "form")])
def test_an_item_that_is_no_object_is_one_field_with_one_place_for_its_error(annotation: Any, name: str) -> None:
    app, actions = make_app()

    def write(**given: Any) -> None: ...

    write.__annotations__[name] = annotation
    write.__signature__ = inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)])  # type: ignore[attr-defined]  # read by inspect
    actions.register(write)
    template = '{% call(form) action_form("write", values=values) %}{{ form.field("words") }}{% endcall %}'
    with app.test_request_context():
        page = render_template_string(template, values={"words": [[1, 2], [3]] if name == "words" else ["a", "b"]})
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert sorted(set(ids)) == sorted(ids)


def test_a_schema_for_many_is_rows_without_a_name() -> None:
    app, actions = make_app()
    lines = Schema.from_dict({"text": fields.String(required=True, validate=Length(1)), "price": fields.Integer()})

    @actions.register
    def bill(lines: Annotated[list[dict[str, Any]], lines(many=True)]) -> None:
        got.extend(lines)

    page = """{% call(form) action_form("bill", values={"1": {"price": 7}}) %}
    {{ form.fields() }}{{ form.field("1") }}{% endcall %}"""
    app.add_url_rule("/", "index", lambda: render_template_string(page))
    client = ActionsClient(app, app.response_class)
    got.clear()
    shown = client.get("/")
    names = re.findall(r' name="(\d[^"]*)"', shown.text)
    assert names == ["0.text", "0.price", "1.text", "1.price"]
    refused = client.submit(shown, "bill", **{"0.text": "", "1.text": "tea"})
    assert 'data-error="0.text">At least 1 character.' in refused.text
    client.submit(refused, "bill", **{"0.text": "milk"})
    assert got == [{"text": "milk"}, {"text": "tea", "price": 7}]


class Shelf(Schema):
    books = fields.List(fields.Nested(lambda: Volume()))


class Volume(Schema):
    shelf = fields.Nested(Shelf)


class NewEachTime:
    """What a database gives that makes objects anew: no one of them is any other."""

    @property
    def books(self) -> list[NewEachTime]:
        return [NewEachTime(), NewEachTime()]

    @property
    def shelf(self) -> NewEachTime:
        return NewEachTime()


def test_data_that_leads_back_to_itself_by_new_objects_is_an_error_that_says_so() -> None:
    def arrange(shelf: Annotated[dict[str, Any], Shelf()]) -> None: ...

    client = client_of_form(arrange, "{{ form.fields() }}", values=NewEachTime())
    client.application.testing = True
    with pytest.raises(
        LookupError, match=r"more than 50 steps, 'books\.0\.shelf.* Leave the way back out of the schema"
    ):
        client.get("/")
